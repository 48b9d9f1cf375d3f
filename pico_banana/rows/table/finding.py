"""Finding the rows of a Selection, the commonest questions first.

"Everything", "the first N" and "these edit types" are answered with bytes alone, which saves importing NumPy: most of
the time of a short script. Anything else goes to `query.py`.
"""

from __future__ import annotations

from array import array
from dataclasses import replace
from itertools import chain
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pico_banana.rows.choosing.selection import Selection
    from pico_banana.rows.table.mapped import RowTable

_BYTE_VALUES = 256


def find_rows(table: RowTable, selection: Selection, *, among: memoryview | None = None) -> memoryview | Runs | None:
    """Find the rows of a Selection.

    Args:
        table: the rows of the Selection's subset.
        selection: which rows.
        among: only these rows (int64), in this order; None for all, in the order of the file.

    Returns:
        Row numbers in the Selection's order, as int64 or as runs; None when that is all rows in the order of the file.
    """
    bare = replace(selection, edit_types=(), categories=(), limit=None)
    if among is None and len(table.labels) <= _BYTE_VALUES and not bare.parts():
        return _rows_of_types(table, selection)
    from pico_banana.rows.table.query import search

    return search(table, selection, among)


def wanted_codes(table: RowTable, selection: Selection) -> list[bool]:
    """Say which edit type codes a Selection wants.

    Args:
        table: the row store whose codes these are.
        selection: any Selection.

    Returns:
        One answer per code.
    """
    return [
        (not selection.edit_types or kind in selection.edit_types)
        and (not selection.categories or kind.category in selection.categories)
        for kind in table.edit_types
    ]


class Runs:
    """Row numbers as runs: published rows come in blocks of one type, so a few runs say many numbers."""

    __slots__ = ("_runs",)

    def __init__(self) -> None:
        """Start with none."""
        self._runs: list[range] = []

    def __len__(self) -> int:
        """Count the numbers."""
        return sum(map(len, self._runs))

    def add(self, mask: bytes, first: int) -> None:
        """Take the places of the ones.

        Args:
            mask: a byte a row, 0 or 1.
            first: the number of the first row.
        """
        start = mask.find(1)
        while start >= 0:
            stop = mask.find(0, start)
            stop = len(mask) if stop < 0 else stop
            self._runs.append(range(first + start, first + stop))
            start = mask.find(1, stop)

    def cut(self, limit: int) -> None:
        """Keep the first numbers.

        Args:
            limit: how many at most.
        """
        while (surplus := len(self) - limit) > 0:
            last = self._runs.pop()
            if surplus < len(last):
                self._runs.append(last[:-surplus])

    def numbers(self) -> memoryview:
        """Write the numbers out.

        Returns:
            One int64 per row.
        """
        return memoryview(array("q", chain.from_iterable(self._runs)))


def _rows_of_types(table: RowTable, selection: Selection) -> Runs | None:
    found = Runs()
    if not selection.edit_types and not selection.categories:
        if selection.limit is None:
            return None
        found.add(b"\1" * min(selection.limit, len(table)), 0)
        return found
    wanted = bytes(wanted_codes(table, selection)).ljust(_BYTE_VALUES, b"\0")
    for batch, first in table.starts():
        low_bytes = table.copy("type", batch)[: 4 * table.length(batch) : 4]  # of uint32, little-endian
        found.add(low_bytes.translate(wanted), first)
        if selection.limit is not None and len(found) >= selection.limit:
            found.cut(selection.limit)
            break
    return found
