"""Pictures of rows read ahead by several threads, in order, with those that could not be had listed."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any, TypeAlias

from pico_banana.errors import PictureCorruptError, PictureError, PictureMissingError, TransportError
from pico_banana.records import ImageRef
from pico_banana.records.decoding.whole import look_at
from pico_banana.sharing.parquet.arrays import Encoded

CHECK = 1  # raised when another picture passes the check, so that older shards are written again
Row: TypeAlias = dict[str, Any]
Reader: TypeAlias = Callable[[ImageRef], bytes]


@dataclass(frozen=True, slots=True)
class Cell:
    """A picture that is still to be read.

    Attributes:
        ref: where it is.
        path: its path in a folder of the published layout, `images/…` or `source/…`.
    """

    ref: ImageRef
    path: str


@dataclass(frozen=True, slots=True)
class Missing:
    """A picture that could not be had; its cell is null.

    Attributes:
        id: the row.
        address: the picture.
        reason: what went wrong.
        gone: asking again will not help: nobody has it, or what is there is no whole picture.
    """

    id: str
    address: str
    reason: str
    gone: bool


@dataclass(frozen=True, slots=True)
class FilledRow:
    """A row with its pictures.

    Attributes:
        row: a value for each column; a picture is a `Content` or None.
        size: bytes of all its pictures and texts, about.
        missing: the pictures that could not be had.
    """

    row: Row
    size: int
    missing: tuple[Missing, ...] = ()


def fill(rows: Iterable[Row], read: Reader, *, workers: int = 8) -> Iterator[FilledRow]:
    """Read the pictures of rows, a few rows ahead.

    Args:
        rows: rows whose pictures are `Cell`.
        read: gives the encoded bytes of a picture.
        workers: threads; at most two rows a thread are held.

    Yields:
        Each row with its pictures, in the order given.
    """
    # Imported before there are threads: fsspec learns of our protocol at the end of its own import, and a second thread
    # that imports a part of it meanwhile would ask too early.
    import fsspec  # noqa: F401

    waiting: deque[Future[FilledRow]] = deque()
    with ThreadPoolExecutor(workers, thread_name_prefix="pictures") as pool:
        try:
            for row in rows:
                waiting.append(pool.submit(_fill_row, row, read))
                if len(waiting) >= 2 * workers:
                    yield waiting.popleft().result()
            while waiting:
                yield waiting.popleft().result()
        finally:
            for future in waiting:
                future.cancel()


def _fill_row(row: Row, read: Reader) -> FilledRow:
    filling = _Filling(str(row["id"]), read)
    filled = {name: filling.value(value) for name, value in row.items()}
    return FilledRow(filled, filling.size, tuple(filling.missing))


class _Filling:
    def __init__(self, row_id: str, read: Reader) -> None:
        self.row_id, self.read = row_id, read
        self.size = 0
        self.missing: list[Missing] = []

    def value(self, value: object) -> object:
        match value:
            case Cell():
                return self.picture(value)
            case list():
                return [self.value(item) for item in value]
            case dict():
                return {name: self.value(item) for name, item in value.items()}
            case str():
                self.size += len(value)
        return value

    def picture(self, cell: Cell) -> Encoded | None:
        """Read a picture and look whether it is one: nothing else ever enters a shard."""
        try:
            data = self.read(cell.ref)
        except (PictureError, TransportError) as error:
            self._leave_out(cell, error, gone=isinstance(error, PictureMissingError))
            return None
        try:
            look_at(data, address=cell.ref.address)
        except PictureCorruptError as error:
            self._leave_out(cell, error, gone=True)
            return None
        self.size += len(data)
        return Encoded(data, cell.path)

    def _leave_out(self, cell: Cell, error: Exception, *, gone: bool) -> None:
        self.missing.append(Missing(self.row_id, cell.ref.address, f"{type(error).__name__}: {error}", gone))
