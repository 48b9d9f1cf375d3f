"""How far an export is, and how much there is still to come, from what it has seen so far."""

from __future__ import annotations

import time
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Progress:
    """How far an export is.

    Attributes:
        rows: rows that are done, left-out ones included.
        total: rows in all.
        size: bytes of the pictures of those that are done.
        left_out: examples that are not in it.
        seconds: since the start.
    """

    rows: int
    total: int
    size: int
    left_out: int
    seconds: float

    @property
    def expected_size(self) -> int:
        """Bytes in all, about: as if the rows to come were like those that are done."""
        return round(self.size * self.total / self.rows) if self.rows else 0

    @property
    def seconds_left(self) -> float:
        """Seconds to go, about."""
        return self.seconds * (self.total - self.rows) / self.rows if self.rows else 0.0


class Counter:
    """Counts rows while their examples pass, several in a row for one."""

    def __init__(self, total: int) -> None:
        """Start at nothing.

        Args:
            total: rows in all.
        """
        self._total, self._rows, self._size = total, 0, 0
        self._row: str | None = None
        self._started = time.monotonic()

    def passed(self, row: str, size: int) -> None:
        """Count an example.

        Args:
            row: the id of its row.
            size: bytes of its pictures.
        """
        self._rows += row != self._row
        self._row = row
        self._size += size

    def skipped(self, examples: int, size: int) -> None:
        """Count examples that an earlier run has written.

        Args:
            examples: how many.
            size: bytes of them.
        """
        self._rows = min(self._total, self._rows + examples)
        self._size += size

    def progress(self, left_out: int) -> Progress:
        """Say how far it is.

        Args:
            left_out: examples that are not in it.

        Returns:
            The state by now.
        """
        return Progress(self._rows, self._total, self._size, left_out, time.monotonic() - self._started)
