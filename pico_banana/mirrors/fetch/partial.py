"""A file on its way in: `<path>.part`, which is also the claim that keeps two processes off the same file.

The claim is a lock on the open `.part` file. The kernel drops it when the process ends, however it ends, so there are
no stale claims and no heartbeats, and taking one costs microseconds. What came before an interruption stays in the
`.part` file; a small sidecar `<path>.part.from` names the URL and ETag it came from, and without one nothing is
resumed, because bytes of two different files would be glued together.
"""

from __future__ import annotations

import contextlib
import fcntl
import json
import os
import stat
from pathlib import Path
from typing import TYPE_CHECKING, Self

from pico_banana.errors import StoreError
from pico_banana.mirrors.addresses import UNFINISHED_ENDINGS
from pico_banana.mirrors.notes import read_note
from pico_banana.mirrors.store import translated
from pico_banana.mirrors.writing import append_line
from pico_banana.telling import redacted

if TYPE_CHECKING:
    from types import TracebackType

    from pico_banana.mirrors.fetch.response import Response

SUFFIX, _SIDECAR = UNFINISHED_ENDINGS


class Partial:
    """The claim on one file, and what is there of it.

    Attributes:
        final: where the file belongs.
        size: bytes here so far.
        total: length of the whole file where an earlier try noted it, else None.
    """

    def __init__(self, final: Path, number: int, size: int) -> None:
        """Take over an open, locked `.part` file; see `claim`.

        Args:
            final: where the file belongs.
            number: the descriptor.
            size: its length in bytes.
        """
        self.final = final
        self.number = number
        self.size = size
        self.total: int | None = None
        self._path = f"{final}{SUFFIX}"
        self._sidecar = f"{final}{_SIDECAR}"
        self._noted = self.size > 0
        self._done = False

    @classmethod
    def claim(cls, final: Path, *, wait: bool = False) -> Partial | None:
        """Claim a file for this process and thread.

        Args:
            final: where it belongs; its folder is made.
            wait: wait for whoever has it now.

        Returns:
            The claim, or None when somebody else has it.

        Raises:
            DiskFullError: there is no room for another file.
            StoreError: the folder cannot be written.
        """
        path = f"{final}{SUFFIX}"
        while True:
            try:
                number = _opened(path)
                if not _locked(number, wait=wait):
                    os.close(number)
                    return None
            except OSError as error:
                told = translated(error, final)
                raise told from error
            except ValueError as error:
                text = f"{str(final)!r} is no name that a file can have ({error})"
                raise StoreError(text, path=str(final)) from error
            # Whoever had it may have finished between open and lock: then the name means another file by now.
            opened = os.fstat(number)
            if _same(path, opened) and _is_ours(path, opened):
                return cls(final, number, opened.st_size)
            os.close(number)

    def resumable(self, url: str) -> str:
        """Say whether the bytes here began at `url`; forget them when not.

        Args:
            url: what will be asked.

        Returns:
            The ETag they came with, or an empty string when the file starts from nothing.
        """
        if self.size and self._noted:
            with contextlib.suppress(OSError, ValueError):
                note = read_note(Path(self._sidecar))
                if isinstance(note, dict) and note.get("url") == redacted(url) and isinstance(note.get("etag"), str):
                    total = note.get("total")
                    self.total = total if isinstance(total, int) else None
                    if note["etag"] and self.size <= (self.total or self.size):
                        return str(note["etag"])
        self.restart()
        return ""

    def restart(self) -> None:
        """Throw away what is here."""
        if self.size:
            os.ftruncate(self.number, 0)
            self.size = 0
        self.total = None
        self._forget()

    def note(self, response: Response, url: str) -> None:
        """Remember where the bytes come from, so that another run can go on.

        Args:
            response: the answer they come from.
            url: what was asked.

        Raises:
            DiskFullError: there is no room even for that.
            StoreError: it cannot be written.
        """
        if not response.etag:
            return
        self._noted = True
        try:
            note = {"url": redacted(url), "etag": response.etag, "total": response.total}
            Path(self._sidecar).unlink(missing_ok=True)  # never through a link that somebody planted
            append_line(Path(self._sidecar), json.dumps(note).encode())
        except OSError as error:
            self._forget()
            told = translated(error, Path(self._sidecar))
            raise told from error

    def write(self, data: memoryview) -> None:
        """Add bytes at the end.

        Args:
            data: the bytes.

        Raises:
            DiskFullError: there is no room.
            StoreError: they cannot be written.
        """
        try:
            while data:
                count = os.pwrite(self.number, data, self.size)
                self.size += count
                data = data[count:]
        except OSError as error:
            told = translated(error, self.final)
            raise told from error

    def publish(self, *, durable: bool) -> None:
        """Give the file its name. It is whole, so now it may be seen.

        Args:
            durable: flush it to the disk first, so that it is whole even after a power cut.

        Raises:
            DiskFullError: there is no room.
            StoreError: it cannot be moved.
        """
        try:
            if durable:
                os.fsync(self.number)
            os.replace(self._path, self.final)  # noqa: PTH105 - see _same
        except OSError as error:
            told = translated(error, self.final)
            raise told from error
        self._done = True
        self._forget()

    def discard(self) -> None:
        """Throw away what is here and the claim's file with it."""
        self.restart()

    def close(self) -> None:
        """Give up the claim; bytes that can be resumed stay."""
        if not self._done and not (self.size and self._noted):
            with contextlib.suppress(OSError):
                Path(self._path).unlink()
        os.close(self.number)

    def _forget(self) -> None:
        if self._noted:
            Path(self._sidecar).unlink(missing_ok=True)
            self._noted = False

    def __enter__(self) -> Self:
        """Give the claim itself."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Give it up."""
        self.close()


def _is_ours(path: str, opened: os.stat_result) -> bool:
    """Say whether a claim is a file of our own; what others left in a shared store is removed, not written to."""
    if stat.S_ISREG(opened.st_mode) and opened.st_uid == os.geteuid() and opened.st_nlink <= 1:
        return True
    Path(path).unlink(missing_ok=True)
    return False


def _opened(path: str) -> int:
    flags = os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW
    try:
        if os.path.islink(path):  # noqa: PTH114 - planted in a shared store, to have another file overwritten
            Path(path).unlink(missing_ok=True)
        return os.open(path, flags, 0o666)
    except FileNotFoundError:
        Path(path).parent.mkdir(parents=True, exist_ok=True)
        return os.open(path, flags, 0o666)


def _locked(number: int, *, wait: bool) -> bool:
    """Take the lock.

    Raises:
        OSError: this filesystem has no locks; the descriptor is closed.
    """
    try:
        fcntl.flock(number, fcntl.LOCK_EX | (0 if wait else fcntl.LOCK_NB))
    except BlockingIOError:
        return False
    except OSError:
        os.close(number)
        raise
    return True


def _same(path: str, opened: os.stat_result) -> bool:
    try:
        found = os.stat(path)  # noqa: PTH116 - making a Path costs more than the call, for each of a million files
    except FileNotFoundError:
        return False
    return (found.st_ino, found.st_dev) == (opened.st_ino, opened.st_dev)
