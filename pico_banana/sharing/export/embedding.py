"""Parquet shards of an export, through the writer of `sharing.parquet`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeAlias

from pico_banana.sharing.export.shards import shard_names, write_shards
from pico_banana.sharing.parquet.pictures import FilledRow
from pico_banana.sharing.parquet.sheet import Pen, write_sheet
from pico_banana.sharing.parquet.writing import Limits, groups

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from pico_banana.sharing.export.edits import Edit
    from pico_banana.sharing.export.job import Job
    from pico_banana.sharing.export.pictures import Picture
    from pico_banana.sharing.parquet.columns import Columns

Row: TypeAlias = dict[str, Any]


def write_parquet(job: Job, columns: Columns, *, count: int, rows: Callable[[int, int], Iterator[FilledRow]]) -> None:
    """Write rows with pictures into Parquet shards under `data/`; unlike published ones cut by rows, to be resumed.

    Args:
        job: the export.
        columns: name and kind of each column.
        count: how many rows there are.
        rows: gives the rows from one place to another; a picture in a row is a `Picture`, a row without all its
            pictures is not given and noted in the report.
    """
    size = job.options.shard_rows
    names = shard_names(count, size, f"data/{job.options.split}-{{number}}-of-{{count}}.parquet")
    with Pen() as pen:

        def write(number: int, name: str) -> int:
            part = rows(number * size, min(count, (number + 1) * size))
            return write_sheet(job.folder / name, columns, groups(part, Limits()), pen)

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

    def rows(start: int, stop: int) -> Iterator[FilledRow]:
        for edit, pictures in job.with_pictures(edits[start:stop], tally=False):
            yield filled_row(row_of(edit, pictures), pictures)

    write_parquet(job, columns, count=len(edits), rows=rows)


def filled_row(row: Row, pictures: dict[str, Picture]) -> FilledRow:
    """Say how large a row is.

    Args:
        row: a value for each column.
        pictures: those in it.

    Returns:
        The row with its size.
    """
    return FilledRow(row, sum(picture.size for picture in pictures.values()))
