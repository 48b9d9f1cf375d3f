"""Parquet with the public columns and the pictures in it, for `load_dataset`, the Hub's viewer, pandas and DuckDB."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pico_banana.records import Subset
from pico_banana.sharing.export.embedding import Row, Rows, write_parquet
from pico_banana.sharing.export.registry import Format
from pico_banana.sharing.parquet.columns import Fields, Kind, Many, Picture, Plain

if TYPE_CHECKING:
    from pico_banana.sharing.export import pictures
    from pico_banana.sharing.export.job import Job

_TURN = Fields(
    (
        ("instruction", Plain()),
        ("image", Picture()),
        ("inferred_edit_type", Plain()),
        ("inferred_confidence", Plain("float32")),
    )
)
_KINDS: dict[str, Kind] = {
    "source_image": Picture(),
    "edited_image": Picture(),
    "rejected_images": Many(Picture()),
    "turns": Many(_TURN),
    "flags": Many(Plain()),
}


def _write(job: Job) -> None:
    from pico_banana.rows.table.arrow import public_schema

    columns = tuple((name, _KINDS.get(name, Plain())) for name in public_schema(job.dataset.subset).names)

    def rows(start: int, stop: int) -> Rows:
        for first in range(start, stop, 256):
            yield from _embedded(job, job.dataset[first : min(stop, first + 256)].to_arrow().to_pylist())

    write_parquet(job, columns, count=len(job.dataset), rows=rows)


def _embedded(job: Job, rows: list[Row]) -> Rows:
    """Put pictures in the place of addresses; a row that lacks one is noted and left out."""
    for whole, found in job.with_pictures(map(_Whole, rows), tally=False):
        yield _filled(whole.content, found), found.values()


class _Whole:
    """A row as one example; its pictures go by their addresses."""

    def __init__(self, content: Row) -> None:
        self.content = content
        self.id: str = content["id"]
        self.row = self.id
        self.pictures = {address: address for address in _addresses(content)}


def _addresses(row: Row) -> list[str]:
    """The addresses of a row's pictures; the source first, the edit second."""
    single = [row[name] for name in ("source_image", "edited_image") if name in row]
    turns = [turn["image"] for turn in row.get("turns", ()) if turn["image"] is not None]
    return single + list(row.get("rejected_images", ())) + turns


def _filled(row: Row, found: dict[str, pictures.Picture]) -> Row:
    filled = dict(row)
    for name in ("source_image", "edited_image"):
        if name in row:
            filled[name] = found[row[name]]
    if "rejected_images" in row:
        filled["rejected_images"] = [found[address] for address in row["rejected_images"]]
    if "turns" in row:
        filled["turns"] = [{**turn, "image": turn["image"] and found[turn["image"]]} for turn in row["turns"]]
    return filled


FORMAT = Format(
    "parquet",
    "Parquet with pictures inside: datasets, the Hub's viewer, DuckDB",
    frozenset(Subset),
    _write,
    splits=True,
    words=False,
)
