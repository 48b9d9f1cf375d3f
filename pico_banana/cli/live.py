"""One line on stderr that says how far something is."""

from __future__ import annotations

import sys
import time
from typing import Self, TextIO

_PLAIN_EVERY_S = 30.0


class LiveLine:
    """A line that changes: rewritten in place on a terminal; in a file or a pipe a plain line now and then.

    Args:
        stream: where to; stderr when None.
    """

    def __init__(self, stream: TextIO | None = None) -> None:
        """Show nothing yet."""
        self._stream = sys.stderr if stream is None else stream
        self._in_place = self._stream.isatty()
        self._shown_at = time.monotonic()
        self._dirty = False

    def __enter__(self) -> Self:
        """Use it in a with block."""
        return self

    def __exit__(self, *_: object) -> None:
        """Wipe the line, so that what comes next begins on an empty one."""
        if self._dirty:
            self._stream.write("\r\033[K")
            self._stream.flush()

    def show(self, text: str) -> None:
        """Show how far it is.

        Args:
            text: one line.
        """
        now = time.monotonic()
        if self._in_place:
            self._stream.write(f"\r\033[K{text}")
            self._dirty = True
        elif now - self._shown_at >= _PLAIN_EVERY_S:
            self._stream.write(f"{text}\n")
            self._shown_at = now
        self._stream.flush()
