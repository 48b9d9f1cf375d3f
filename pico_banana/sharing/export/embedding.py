"""Parquet shards of an export, through the writer of `sharing.parquet`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeAlias

from pico_banana.sharing.export.shards import shard_names, write_shards
from pico_banana.sharing.parquet.pictures import FilledRow
from pico_banana.sharing.parquet.sheet import Pen, write_sheet
from pico_banana.sharing.parquet.writing import Limits, groups

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from pico_banana.sharing.export.edits import Edit
    from pico_banana.sharing.export.job import Job
    from pico_banana.sharing.export.pictures import Picture
    from pico_banana.sharing.parquet.columns import Columns

Row: TypeAlias = dict[str, Any]
Rows: TypeAlias = "Iterator[tuple[Row, Iterable[Picture]]]"  # each with the pictures in it


def write_parquet(
    job: Job,
    columns: Columns,
    *,
    count: int,
    rows: Callable[[int, int], Rows],
    limits: Limits | None = None,
) -> None:
    """Write rows with pictures into Parquet shards under `data/`; unlike published ones cut by rows, to be resumed.

    Args:
        job: the export.
        columns: name and kind of each column.
        count: how many rows there are.
        rows: gives the rows from one place to another, each with the pictures in it; a row without all its pictures is
            not given and noted in the report.
        limits: where to close row groups; those of publications when left out.
    """
    size = job.options.shard_rows
    names = shard_names(count, size, f"data/{job.options.split}-{{number}}-of-{{count}}.parquet")
    with Pen() as pen:

        def write(number: int, name: str) -> int:
            part = rows(number * size, min(count, (number + 1) * size))
            sized = (FilledRow(row, sum(picture.size for picture in pictures)) for row, pictures in part)
            return write_sheet(job.folder / name, columns, groups(sized, limits or Limits()), pen)

        write_shards(job, names, write)


def write_edits(
    job: Job, columns: Columns, *, edits: list[Edit], row_of: Callable[[Edit, dict[str, Picture]], Row]
) -> None:
    """Write edits as Parquet under a trainer's own column names.

    Args:
        job: the export.
        columns: name and kind of each column.
        edits: what to write.
        row_of: makes a row of an edit and its pictures by role.
    """

    def rows(start: int, stop: int) -> Rows:
        for edit, pictures in job.with_pictures(edits[start:stop], tally=False):
            yield row_of(edit, pictures), pictures.values()

    write_parquet(job, columns, count=len(edits), rows=rows)
