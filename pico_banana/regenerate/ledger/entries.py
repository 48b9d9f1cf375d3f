"""Values to rows of the ledger and back."""

from __future__ import annotations

import json
from dataclasses import asdict, fields
from typing import TYPE_CHECKING, Any

from pico_banana.regenerate.ledger.journal import storable
from pico_banana.regenerate.ledger.packing import Told, pack, sample_of, unpack
from pico_banana.regenerate.settings.makers import maker_row
from pico_banana.regenerate.values import Item, KnownObject, Outcome, Photo, Picture, Reply, Usage
from pico_banana.taxonomy import edit_type_from_label

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Mapping


def photo_row(number: int, photo: Photo) -> dict[str, Any]:
    """Give the row of a photo.

    Args:
        number: its id in the ledger.
        photo: the photo.

    Returns:
        Column to value.
    """
    return {
        "id": number,
        "url": photo.url,
        "locator": photo.locator,
        "known": int(photo.known),
        "objects": json.dumps([asdict(thing) for thing in photo.objects]),
        "tags": json.dumps(sorted(photo.tags)),
    }


def item_from(row: sqlite3.Row) -> Item:
    """Read an item from its row, joined with its photo's.

    Args:
        row: id, edit_types, seed, url, locator, known, objects, tags.

    Returns:
        The item.
    """
    objects = tuple(KnownObject(**{**entry, "box": tuple(entry["box"])}) for entry in json.loads(row["objects"]))
    photo = Photo(row["url"], row["locator"], bool(row["known"]), objects, frozenset(json.loads(row["tags"])))
    kinds = tuple(map(edit_type_from_label, json.loads(row["edit_types"])))  # published rows have unknown types, too
    return Item(row["id"], photo, kinds, row["seed"])


def reply_row(reply: Reply) -> dict[str, Any]:
    """Give the columns of a call that hold a reply.

    Args:
        reply: the reply; its picture is kept elsewhere, by its hash.

    Returns:
        Column to value; `text` and `raw` are packed by `call_rows`.
    """
    return {
        "answered_by": reply.model,
        "transport": reply.transport,
        "outcome": reply.outcome,
        "reason": reply.reason,
        "text": reply.text,
        "picture": reply.picture.sha256 if reply.picture is not None else None,
        "raw": reply.raw,
        "input_tokens": reply.usage.input_tokens,
        "output_tokens": reply.usage.output_tokens,
        "pictures": reply.usage.pictures,
        "usage": json.dumps(asdict(reply.usage)),
    }


def call_rows(row: Mapping[str, Any], samples: dict[int, bytes]) -> tuple[dict[str, Any] | None, dict[str, Any]]:
    """Turn a call as the desk tells it into rows of the ledger.

    Args:
        row: what was asked, of whom, and the reply's columns.
        samples: maker to the sample its calls are packed against; a new maker is added.

    Returns:
        The row of the maker, None when it is known already, and the row of the call.
    """
    rest: dict[str, Any] = {name: storable(value) for name, value in row.items()}
    told = Told(*(str(rest.pop(name)) for name in Told._fields))
    parameters = json.loads(rest.pop("parameters"))
    most = parameters.pop("max_output_tokens", 0)
    maker = maker_row(rest["stage"], rest.pop("backend"), rest.pop("model"), parameters, rest.pop("prompt"))
    known = maker["id"] in samples
    sample = samples.setdefault(maker["id"], sample_of(told))
    rest["key"] = bytes.fromhex(rest["key"])
    call = {**rest, "maker": maker["id"], "most_output": most, "packed": pack(told, sample)}
    return None if known else {**maker, "sample": sample}, call


def reply_from(row: sqlite3.Row, picture: Picture | None) -> Reply:
    """Read a reply from its row.

    Args:
        row: a row of `calls` with its maker's `sample`.
        picture: the picture it names.

    Returns:
        The reply as it came, with the call's number.
    """
    told = unpack(row["packed"], row["sample"])
    known = {field.name for field in fields(Usage)}
    usage = Usage(**{name: count for name, count in json.loads(row["usage"]).items() if name in known})
    outcome, reason = Outcome(row["outcome"]), row["reason"]
    place = row["answered_by"], row["transport"]
    return Reply(outcome, told.text, picture, usage, reason, *place, told.raw, call=row["opened"])
