"""The columns each subset is published with, and a record as a row of them.

They are the public columns of the rows (see `pico_banana.rows.table.arrow`) less what is ours and not the release's:
flags, cleaned texts and inferred types. Who publishes data as it is adds nothing to it; this library has them anyway.
"""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING, Any, TypeAlias

from pico_banana.mirrors.addresses import Address, key_of_url, parse_address
from pico_banana.records import ImageRef, InstructionPair, MultiTurn, Preference, Record, SingleTurn, Subset
from pico_banana.sharing.parquet.columns import Columns, Fields, Kind, Label, Many, Picture, Plain
from pico_banana.sharing.parquet.pictures import Cell
from pico_banana.taxonomy import categories, edit_types

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pico_banana.mirrors.catalog import Mirror
    from pico_banana.rows.sequence import RecordSequence
    from pico_banana.taxonomy import EditType

Row: TypeAlias = dict[str, Any]


class Form(StrEnum):
    """What of the pictures is published."""

    PICTURES = "pictures"  # every picture, embedded
    ROWS = "rows"  # addresses and URLs in their place


def columns(subset: Subset, form: Form) -> Columns:
    """Give the columns of a published subset.

    Args:
        subset: which of the four.
        form: with pictures, or with addresses in their place.

    Returns:
        Name and kind of each column, in order.
    """
    picture: Kind = Picture() if form is Form.PICTURES else Plain()
    texts: Columns = (
        ("instruction", Plain()),
        ("short_instruction", Plain()),
        ("edit_type", Label(tuple(map(str, edit_types())))),
        ("category", Label(tuple(map(str, categories())))),
        ("edit_type_label", Plain()),
        ("category_label", Plain()),
    )
    if subset is Subset.INSTRUCTIONS:
        return (("id", Plain()), *texts)
    named: list[tuple[str, Kind]] = [("edited_image", picture)]
    if subset is Subset.PREFERENCE:
        named.append(("rejected_images", Many(picture)))
    if subset is Subset.MULTI_TURN:
        named, texts = [("turns", Many(Fields((("instruction", Plain()), ("image", picture)))))], ()
    urls: list[tuple[str, Kind]] = []
    if form is Form.ROWS:
        urls = [("edited_urls", Many(Plain()))]
    return (("id", Plain()), ("source_image", picture), *named, *texts, ("source_url", Plain()), *urls)


def rows(dataset: RecordSequence[Any], form: Form, *, published_as: Mirror | None = None) -> Iterator[Row]:
    """Turn a dataset into published rows; no picture is read yet.

    Args:
        dataset: any rows.
        form: with pictures, or with addresses in their place.
        published_as: the mirror that addresses and URLs name; the dataset's own when None.

    Yields:
        A value for each column; a picture is a `Cell`, or its address.
    """
    urls: list[str | None] = [None] * len(dataset)
    if dataset.subset is not Subset.INSTRUCTIONS:
        urls = dataset.to_arrow(columns=["source_url"])["source_url"].to_pylist()
    for record, url in zip(dataset, urls, strict=True):
        row = row_of(record, url)
        yield row if form is Form.PICTURES else _without_pictures(row, published_as or dataset.mirror)


def row_of(record: Record, source_url: str | None) -> Row:
    """Turn a record into a row.

    Args:
        record: any record.
        source_url: the published URL of its photo; None for instructions.

    Returns:
        A value for each column with pictures; a picture is a `Cell` or None.
    """
    match record:
        case InstructionPair():
            return _texts(record)
        case SingleTurn():
            pictures: Row = {"edited_image": _edit(record.edited)}
        case Preference():
            rejected = [_edit(ref) for ref in record.rejected]
            pictures = {"edited_image": _edit(record.chosen), "rejected_images": rejected}
        case MultiTurn():
            turns = [{"instruction": turn.instruction, "image": _edit(turn.image)} for turn in record.turns]
            return {"id": record.id, "turns": turns, **_source(record.source, source_url)}
    return {**_texts(record), **pictures, **_source(record.source, source_url)}


def _texts(record: SingleTurn | Preference | InstructionPair) -> Row:
    texts = {"id": record.id, "instruction": record.instruction, "short_instruction": record.short_instruction}
    return {**texts, **_types(record.edit_type)}


def _types(kind: EditType) -> Row:
    number = edit_types().index(kind) if kind.known else None
    category = categories().index(kind.category) if kind.known else None
    labels = {"edit_type_label": kind.label, "category_label": kind.category.label if kind.known else None}
    return {"edit_type": number, "category": category, **labels}


def _source(source: ImageRef, url: str | None) -> Row:
    key = key_of_url(url) if url else source.address.rsplit("/", 1)[-1]
    return {"source_image": Cell(source, f"source/{key}"), "source_url": url}


def _edit(ref: ImageRef | None) -> Cell | None:
    return None if ref is None else Cell(ref, parse_address(ref.address).relative_path)


def _without_pictures(row: Row, mirror: Mirror) -> Row:
    """Put addresses in place of pictures, as the mirror that readers will have names them."""
    urls: list[str | None] = []

    def plain(value: object) -> object:
        match value:
            case Cell():
                address = Address(mirror.name, value.ref.role, value.path.partition("/")[2])
                if address.role == "edited":
                    urls.append(_public_url(address, mirror))
                return str(address)
            case list():
                return [plain(item) for item in value]
            case dict():
                return {name: plain(item) for name, item in value.items()}
        return value

    return {**{name: plain(value) for name, value in row.items()}, "edited_urls": urls}


def _public_url(address: Address, mirror: Mirror) -> str | None:
    """Give the URL of a picture, or None where it lies on this machine only."""
    url = mirror.url_of(address)
    return url if "://" in url else None
