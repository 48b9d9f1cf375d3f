"""Where Parquet bytes go: a file object that never fails while Arrow holds it, and says afterwards what went wrong.

Arrow's own files end the process when the disk is full: its writer closes itself in a destructor, and an error there
aborts. This one takes everything after the first error and keeps nothing, so that the writer can be closed in peace.
"""

from __future__ import annotations

import shutil
from typing import TYPE_CHECKING, Self

from pico_banana.errors import DiskFullError
from pico_banana.mirrors.fetch.sizes import readable
from pico_banana.mirrors.store import translated

if TYPE_CHECKING:
    from pathlib import Path

_MARGIN = 1 << 16  # bytes: a footer and headers of pages


class Sink:
    """A file to write; a context manager that raises on leaving what went wrong on the way.

    Attributes:
        closed: whether it takes no more; pyarrow asks.
    """

    def __init__(self, file: Path, final: Path) -> None:
        """Open the file.

        Args:
            file: where to write.
            final: what to call it in an error.
        """
        self.closed = False
        self._final = final
        self._file = file.open("wb", buffering=0)
        self._error: OSError | None = None

    def __enter__(self) -> Self:
        """Give the sink."""
        return self

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        """Close the file, and say what went wrong unless something else did."""
        self.close()
        if kind is None:
            self.check()

    def write(self, data: bytes | memoryview) -> int:
        """Write, or let go of what comes after an error.

        Args:
            data: bytes.

        Returns:
            How many were taken: all.
        """
        left = memoryview(data).cast("B")
        size = len(left)
        try:
            while left and self._error is None:
                left = left[self._file.write(left) or 0 :]
        except OSError as error:
            self._error = error
        return size

    def flush(self) -> None:
        """Do nothing: nothing is held back."""

    def close(self) -> None:
        """Close the file."""
        self.closed = True
        try:
            self._file.close()
        except OSError as error:  # NFS says here that there is no room
            self._error = self._error or error

    def check(self) -> None:
        """Say what went wrong so far.

        Raises:
            DiskFullError: there is no room.
            StoreError: the file cannot be written.
            OSError: anything else.
        """
        if self._error is not None:
            ours = translated(self._error, self._final)
            raise ours from self._error

    def ask_room(self, size: int) -> None:
        """Make sure that there is room for what comes next.

        Args:
            size: bytes, about.

        Raises:
            DiskFullError: there is not.
        """
        free = shutil.disk_usage(self._final.parent).free
        if free < size + _MARGIN:
            text = f"{self._final} needs another {readable(size)}, and the disk has {readable(free)} left"
            raise DiskFullError(f"{text}; free some space, or take a larger disk", path=str(self._final))
