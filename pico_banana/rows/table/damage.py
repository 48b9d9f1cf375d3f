"""Noticing damage: an index that carries its own checksum, checksums of buffers, and who has a file open."""

from __future__ import annotations

import json
import zlib
from contextlib import suppress
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import mmap
    from collections.abc import Iterable, Mapping, Sequence
    from pathlib import Path


def hold(handle: int) -> None:
    """Tell other processes that a file is in use, as long as it is open; where there are no such locks, do nothing.

    Args:
        handle: the open file.
    """
    with suppress(ImportError, OSError):
        import fcntl

        fcntl.flock(handle, fcntl.LOCK_SH | fcntl.LOCK_NB)


_CHECK = b'{"check": "%08x", '
_CHECK_BYTES = len(_CHECK % 0)


def index_bytes(index: dict[str, Any]) -> bytes:
    """Write an index, with a checksum of itself in front.

    Args:
        index: its content.

    Returns:
        JSON.
    """
    rest = json.dumps({name: value for name, value in index.items() if name != "check"}).encode()[1:]
    return _CHECK % zlib.crc32(rest) + rest


def read_index(path: Path) -> dict[str, Any]:
    """Read an index.

    Args:
        path: its file.

    Returns:
        Its content.

    Raises:
        ValueError: it is damaged, or none of ours.
    """
    data = path.read_bytes()
    if data[:_CHECK_BYTES] != _CHECK % zlib.crc32(data[_CHECK_BYTES:]):
        raise ValueError(f"{path} is damaged")
    index: dict[str, Any] = json.loads(data)
    return index


def checksum(data: mmap.mmap, buffers: Iterable[Sequence[int] | None]) -> int:
    """Give the CRC-32 of some buffers of a file.

    Args:
        data: the mapped file.
        buffers: (offset, length) of each; None for one that is absent.

    Returns:
        The checksum.
    """
    found, view = 0, memoryview(data)
    for buffer in buffers:
        if buffer is not None:
            found = zlib.crc32(view[buffer[0] : buffer[0] + buffer[1]], found)
    return found


def gaps(places: Mapping[str, Sequence[Sequence[Sequence[int] | None]]], size: int) -> list[tuple[int, int]]:
    """Give what of a file lies in no buffer: its head, its footer, what describes the batches.

    Args:
        places: where the buffers lie.
        size: the file's length in bytes.

    Returns:
        (offset, length) of each stretch.
    """
    buffers = [buffer for batches in places.values() for batch in batches for buffer in batch if buffer is not None]
    found, end = [], 0
    for offset, length in sorted((buffer[0], buffer[1]) for buffer in buffers):
        if offset > end:
            found.append((end, offset - end))
        end = max(end, offset + length)
    return [*found, (end, size - end)]
