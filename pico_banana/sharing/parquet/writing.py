"""Parquet as the Hub's viewer, `datasets` and Range requests like it.

- Pictures are embedded byte for byte, neither compressed nor dictionary-encoded, so each lies in one piece in the file.
- A row group is closed at a number of bytes and of rows, a shard at a number of bytes; there is a page index.
- Pages are cut by content, so that a shard that changed a little is uploaded a little (Xet), where pyarrow can.
- A stopped run goes on after its last whole shard; final names appear only when all shards are whole.
"""

from __future__ import annotations

from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeAlias

from pico_banana.sharing.parquet.noted import NotedSheet
from pico_banana.sharing.parquet.pictures import CHECK, FilledRow, Reader, fill
from pico_banana.sharing.parquet.run import ParquetRun, Written
from pico_banana.sharing.parquet.sheet import Pen

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator
    from pathlib import Path

    from pico_banana.sharing.parquet.columns import Columns

Row: TypeAlias = dict[str, Any]
_MB = 1_000_000


@dataclass(frozen=True, slots=True)
class Limits:
    """Where to cut.

    Attributes:
        group_bytes: a row group is closed at this size; the viewer reads at most 300 MB for a page of 100 rows.
        group_rows: and at this many rows.
        shard_bytes: a file is closed at this size.
    """

    group_bytes: int = 100 * _MB
    group_rows: int = 100
    shard_bytes: int = 500 * _MB


def write_parquet(  # noqa: PLR0913 - every keyword is one independent choice of the caller's
    rows: Iterable[Row],
    folder: Path,
    columns: Columns,
    *,
    read: Reader,
    key: str,
    split: str = "train",
    limits: Limits | None = None,
    progress: Callable[[int, int, int], None] | None = None,
) -> Written:
    """Write rows as Parquet shards, `<folder>/<split>-00000-of-00002.parquet` and so on.

    Args:
        rows: a value for each column; pictures are `Cell`. Each row has an "id".
        folder: where the shards go; its name is the config's, its parent the repository.
        columns: name and kind of each column.
        read: gives the encoded bytes of a picture; called from several threads.
        key: names everything the content depends on (selection, form, release); a stopped or finished run with the
            same key is taken over.
        split: the split's name.
        limits: where to cut row groups and files; `Limits()` when None.
        progress: told rows, bytes and pictures left out since it was last told.

    Returns:
        The shards; a picture that could not be had is a null cell and listed in `missing`.

    Raises:
        ExportError: a picture is not in one piece in a written file.
        DiskFullError: there is no room; whole shards stay, and the next run goes on after them.
    """
    cut = limits or Limits()
    run = ParquetRun(folder, split, f"{key}|{columns}|{cut}|{CHECK}")
    run.load()
    left = run.skip(rows)
    reused = len(run.shards)
    tell = progress or _tell_nobody
    tell(sum(shard.rows for shard in run.shards), sum(shard.size for shard in run.shards), 0)
    if not run.finished:
        _write_rest(groups(fill(left, read), cut), run, columns, cut, tell)
        run.finish()
    return Written(folder, split, tuple(run.shards), reused)


def groups(rows: Iterable[FilledRow], limits: Limits) -> Iterator[list[FilledRow]]:
    """Cut rows into row groups.

    Args:
        rows: the rows with their pictures.
        limits: where to cut.

    Yields:
        The rows of each group; a larger row than is allowed is a group by itself.
    """
    group: list[FilledRow] = []
    for row in rows:
        group.append(row)
        if len(group) >= limits.group_rows or sum(one.size for one in group) >= limits.group_bytes:
            yield group
            group = []
    if group:
        yield group


def _tell_nobody(*_: int) -> None:
    """Tell nobody."""


def _write_rest(
    left: Iterator[list[FilledRow]],
    run: ParquetRun,
    columns: Columns,
    limits: Limits,
    tell: Callable[[int, int, int], None],
) -> None:
    """Write what no earlier run has: this thread gathers, one writes, one looks over what is written."""
    with Pen() as pen, ThreadPoolExecutor(1, "closing") as closing:
        closed: Future[None] | None = None
        number, group = len(run.shards), next(left, None)
        while group is not None or number == 0:
            sheet = NotedSheet(run.part(number), columns, pen)
            try:
                while group is not None and sheet.size < limits.shard_bytes:
                    sheet.write(group)
                    tell(len(group), sum(row.size for row in group), sum(len(row.missing) for row in group))
                    group = next(left, None)
                sheet.close()
                if closed is not None:
                    closed.result()
            except BaseException:
                sheet.abandon()
                raise
            closed = closing.submit(_close, sheet, run)
            number += 1
        if closed is not None:
            closed.result()


def _close(sheet: NotedSheet, run: ParquetRun) -> None:
    run.add(sheet.finish(run.folder.parent))
