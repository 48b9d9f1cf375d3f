"""Parquet of edits under a trainer's own column names."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pico_banana.sharing.export.embedding import Layout, Row, write_parquet

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from pico_banana.sharing.export.edits import Edit
    from pico_banana.sharing.export.job import Job
    from pico_banana.sharing.export.pictures import Picture


def write_edits(
    job: Job,
    layout: Layout,
    *,
    edits: list[Edit],
    row_of: Callable[[Edit, dict[str, Picture]], Row],
) -> None:
    """Write edits as Parquet.

    Args:
        job: the export.
        layout: the columns.
        edits: what to write.
        row_of: makes a row of an edit and its pictures by role.
    """

    def rows(start: int, stop: int) -> Iterator[tuple[str, Row]]:
        for edit, pictures in job.with_pictures(edits[start:stop], tally=False):
            yield edit.id, row_of(edit, pictures)

    write_parquet(job, layout, count=len(edits), rows=rows)
