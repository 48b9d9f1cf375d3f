"""Rows to lines of a file, with the differences in spelling that a reader must bear."""

from __future__ import annotations

import json
from collections import Counter
from typing import IO, TYPE_CHECKING

from pico_banana.rehearsal.making.traps import Trap

if TYPE_CHECKING:
    from pico_banana.rehearsal.making.synthetic import Made

_RAW = json.JSONEncoder(ensure_ascii=False).encode
_ESCAPED = json.JSONEncoder(ensure_ascii=True).encode
_ESCAPED_EVERY, _ESCAPED_AT = 5, 2


class LineWriter:
    """Writes rows to a file, and counts them and their traps."""

    def __init__(self, file: IO[bytes], *, traps: bool) -> None:
        """Write to `file`; with `traps`, some lines escape what is not ASCII."""
        self._file = file
        self._traps = traps
        self.count = 0
        self.trap_counts: Counter[Trap] = Counter()

    def write(self, made: Made) -> None:
        """Write one row.

        Args:
            made: the row and its traps.
        """
        self.count += 1
        self._file.write(self._text(made).encode() + _ending(made.traps))
        self.trap_counts.update(made.traps)

    def _text(self, made: Made) -> str:
        raw = _RAW(made.row)
        if not self._traps or made.number % _ESCAPED_EVERY != _ESCAPED_AT or raw.isascii():
            return raw
        self.trap_counts[Trap.ESCAPED_UTF8] += 1
        return _ESCAPED(made.row)


def _ending(traps: tuple[Trap, ...]) -> bytes:
    if Trap.CRLF in traps:
        return b"\r\n"
    return b"\n\n" if Trap.BLANK_LINE in traps else b"\n"
