"""Values to rows of the ledger and back."""

from __future__ import annotations

import json
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from pico_banana.regenerate.values import Item, KnownObject, Outcome, Photo, Picture, Reply, Usage
from pico_banana.taxonomy import edit_type_from_label

if TYPE_CHECKING:
    import sqlite3


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
    """Give the columns of `calls` that hold a reply.

    Args:
        reply: the reply; its picture is kept elsewhere, by its hash.

    Returns:
        Column to value.
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
    }


def reply_from(row: sqlite3.Row, picture: Picture | None) -> Reply:
    """Read a reply from its row.

    Args:
        row: a row of `calls`.
        picture: the picture it names.

    Returns:
        The reply as it came.
    """
    return Reply(
        Outcome(row["outcome"]),
        row["text"],
        picture,
        Usage(row["input_tokens"], row["output_tokens"], row["pictures"]),
        row["reason"],
        row["answered_by"],
        row["transport"],
        row["raw"],
    )
