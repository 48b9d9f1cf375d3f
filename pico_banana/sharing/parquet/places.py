"""Where each picture lies inside a Parquet file, so that one Range request reads one picture.

Pictures are written uncompressed and without a dictionary, so each lies in one piece, behind its length in four bytes
(https://parquet.apache.org/docs/file-format/data-pages/encodings/, "Plain"). Between two pictures of a column chunk
there is at most a page header and the levels of a page.
"""

from __future__ import annotations

import mmap
import struct
from dataclasses import dataclass
from typing import TYPE_CHECKING

from pico_banana.errors import ExportError

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path

    import pyarrow as pa

_MARK_BYTES = 48
_GAP_BYTES = 1 << 20  # page header and levels of a page of a million rows


@dataclass(frozen=True, slots=True)
class Mark:
    """How to recognise a picture.

    Attributes:
        path: its published path.
        size: its length in bytes.
        head: its first bytes.
    """

    path: str
    size: int
    head: bytes


@dataclass(frozen=True, slots=True)
class Place:
    """Where a picture lies.

    Attributes:
        path: its published path.
        offset: of its first byte in the file.
        size: its length in bytes.
    """

    path: str
    offset: int
    size: int


def mark(path: str, data: bytes) -> Mark:
    """Remember how to recognise a picture.

    Args:
        path: its published path.
        data: its bytes.

    Returns:
        Its mark.
    """
    return Mark(path, len(data), data[:_MARK_BYTES])


def find_places(file: Path, chunks: Iterable[tuple[int, list[Mark]]]) -> Iterator[Place]:
    """Find pictures in a Parquet file.

    Args:
        file: the file.
        chunks: for each column chunk where it starts in the file, and its pictures in order.

    Yields:
        The place of each.

    Raises:
        ExportError: a picture is not where the format says it must be.
    """
    with file.open("rb") as handle, mmap.mmap(handle.fileno(), 0, access=mmap.ACCESS_READ) as data:
        for start, marks in chunks:
            position = start
            for wanted in marks:
                needle = struct.pack("<I", wanted.size) + wanted.head
                found = data.find(needle, position, position + _GAP_BYTES)
                if found < 0:
                    raise ExportError(f"{wanted.path} is not in one piece in {file.name}; was it written compressed?")
                yield Place(wanted.path, found + 4, wanted.size)
                position = found + 4 + wanted.size


def places_table(places: Iterable[Place], file: str) -> pa.Table:
    """Give places as a table.

    Args:
        places: places in one file.
        file: that file's path in the repository.

    Returns:
        Columns `path`, `file`, `offset`, `size`.
    """
    import pyarrow as pa

    found = list(places)
    return pa.table(
        {
            "path": pa.array([place.path for place in found], pa.string()),
            "file": pa.array([file] * len(found), pa.string()),
            "offset": pa.array([place.offset for place in found], pa.int64()),
            "size": pa.array([place.size for place in found], pa.int64()),
        }
    )
