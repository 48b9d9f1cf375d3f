"""Writing without a buffer, which may take less than it is given where a disk gets full in the middle."""

from __future__ import annotations

import errno
import os
from typing import IO, TYPE_CHECKING

from pico_banana.mirrors.store import flush, writing

if TYPE_CHECKING:
    from pathlib import Path


def append_line(path: Path, line: bytes, *, durable: bool = False) -> None:
    """Add a line to a file of notes, which is made when it is missing and never reached through a link.

    Args:
        path: the file.
        line: the line with its end; one write, so that lines of two processes do not mix.
        durable: also flush it to the disk.

    Raises:
        DiskFullError: there is no room.
        StoreError: it cannot be written.
        OSError: what `store.writing` makes of it.
    """
    with writing(path):
        path.parent.mkdir(parents=True, exist_ok=True)
        handle = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT | getattr(os, "O_NOFOLLOW", 0), 0o666)
        try:
            if os.write(handle, line) < len(line):  # the rest of the disk was taken, and it was not enough
                raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
            if durable:
                os.fsync(handle)
            made = os.fstat(handle).st_size == len(line)
        finally:
            os.close(handle)
        if durable and made:
            flush(path.parent)


def write_whole(file: IO[bytes], data: bytes | memoryview) -> None:
    """Write all of some bytes to a file without a buffer, which may take less than it is given where a disk gets full.

    Args:
        file: open for writing.
        data: the bytes.

    Raises:
        OSError: there is no room for all of them.
    """
    left = memoryview(data)
    while left:
        left = left[file.write(left) :]
