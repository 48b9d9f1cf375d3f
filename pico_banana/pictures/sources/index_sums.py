"""Checksums of a photo index's columns of numbers: one for each stretch of rows, behind the texts.

A wrong id or hash fetches or refuses the wrong photo without a word, so a stretch is compared when it is first read.
Texts need none, for zlib checks its own.
"""

from __future__ import annotations

import zlib
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    import mmap
    from collections.abc import Mapping

    import numpy.typing as npt

STRETCH_ROWS = 1 << 16


def stretches(rows: int) -> int:
    """Say how many stretches so many rows have.

    Args:
        rows: how many.

    Returns:
        A count.
    """
    return -(-rows // STRETCH_ROWS)


class Summer:
    """Sums columns up as they are written, in order."""

    def __init__(self, widths: Mapping[str, int]) -> None:
        """Begin with nothing.

        Args:
            widths: bytes of one value, by column, in the file's order.
        """
        self._widths = dict(widths)
        self._sums: dict[str, list[int]] = {name: [] for name in widths}
        self._filled = dict.fromkeys(widths, 0)

    def add(self, name: str, data: bytes) -> None:
        """Take what is written of a column next.

        Args:
            name: the column.
            data: its bytes.
        """
        length, sums = self._widths[name] * STRETCH_ROWS, self._sums[name]
        while data:
            filled = self._filled[name]
            piece, data = data[: length - filled], data[length - filled :]
            if filled == 0:
                sums.append(0)
            sums[-1] = zlib.crc32(piece, sums[-1])
            self._filled[name] = (filled + len(piece)) % length

    def tobytes(self) -> bytes:
        """Give the checksums: column after column, four bytes a stretch."""
        return b"".join(np.array(sums, "<u4").tobytes() for sums in self._sums.values())


class Sums:
    """Compares columns of a mapped index with their checksums; each stretch once."""

    def __init__(self, data: mmap.mmap, columns: Mapping[str, npt.NDArray[np.generic]], place: int | None) -> None:
        """Look at nothing yet.

        Args:
            data: the mapped file.
            columns: its columns of numbers, in the file's order.
            place: where the checksums lie; None for an index of the time before there were any.
        """
        rows = len(next(iter(columns.values())))
        self._columns, self._stretches = dict(columns), stretches(rows)
        count = len(columns) * self._stretches
        found = np.zeros(0, "<u4") if place is None else np.frombuffer(data, "<u4", count, place)
        self._sums = None if place is None else dict(zip(columns, found.reshape(len(columns), -1), strict=True))
        self._sound: set[tuple[str, int]] = set()

    def is_sound(self, name: str, row: int | None = None) -> bool:
        """Say whether a column is as it was written.

        Args:
            name: the column.
            row: a row in the stretch that is meant; None for all of it.

        Returns:
            True where it is, or nobody can tell.
        """
        meant = range(self._stretches) if row is None else (row // STRETCH_ROWS,)
        return all(self._compared(name, stretch) for stretch in meant)

    def _compared(self, name: str, stretch: int) -> bool:
        if self._sums is None or (name, stretch) in self._sound:
            return True
        part = self._columns[name][stretch * STRETCH_ROWS : (stretch + 1) * STRETCH_ROWS]
        if zlib.crc32(part.tobytes()) != int(self._sums[name][stretch]):
            return False
        self._sound.add((name, stretch))
        return True
