"""Finding the rows of a Selection, the commonest questions first.

"Everything", "the first N" and "these edit types" are answered with bytes alone, which saves importing NumPy: most of
the time of a short script. Anything else goes to `query.py`.
"""

from __future__ import annotations

import sys
from array import array
from dataclasses import replace
from itertools import compress, count
from typing import TYPE_CHECKING

from pico_banana.rows.table.wanted import wanted_codes

if TYPE_CHECKING:
    from pico_banana.rows.choosing.selection import Selection
    from pico_banana.rows.table.mapped import RowTable

_BYTE_VALUES = 256


def find_rows(table: RowTable, selection: Selection, *, among: memoryview | None = None) -> memoryview | Masks | None:
    """Find the rows of a Selection.

    Args:
        table: the rows of the Selection's subset.
        selection: which rows.
        among: only these rows (int64), in this order; None for all, in the order of the file.

    Returns:
        Row numbers in the Selection's order, as int64 or as masks; None when that is all rows in the order of the file.
    """
    bare = replace(selection, edit_types=(), categories=(), limit=None)
    if among is None and len(table.labels) <= _BYTE_VALUES and not bare.parts():
        return _rows_of_types(table, selection)
    from pico_banana.rows.table.query import search

    return search(table, selection, among)


class Masks:
    """Row numbers as a mask a batch, a byte a row: written out as numbers only when somebody reads them.

    How many there are is known from the index, so that nobody counts; the numbers must come to as many, which notices
    a damaged column without a checksum.
    """

    __slots__ = ("_by_code", "_count", "_exact", "_masks", "_table")

    def __init__(self, table: RowTable, by_code: bytes, limit: int, total: int) -> None:
        """Look at the batches until `limit` rows are found; `total` are there, by the index."""
        self._table, self._by_code = table, by_code
        self._count, self._exact = min(limit, total), total <= limit
        self._masks = self._look()

    def __len__(self) -> int:
        """Count the numbers."""
        return self._count

    def numbers(self) -> memoryview:
        """Write the numbers out.

        Returns:
            One int64 per row.

        Raises:
            StoreError: the column of types is damaged, and the store could not be built anew.
        """
        found = _places(b"".join(self._masks))
        if len(found) < self._count or (self._exact and len(found) > self._count):
            self._table.mend("low_type")
            self._masks = self._look()
            found = _places(b"".join(self._masks))
        return found[: self._count]

    def _look(self) -> list[bytes]:
        masks, seen = [], 0
        for batch, _ in self._table.starts():
            masks.append(self._table.copy("low_type", batch)[: self._table.length(batch)].translate(self._by_code))
            if not self._exact:
                seen += masks[-1].count(1)
                if seen >= self._count:
                    break
        return masks


def _places(mask: bytes) -> memoryview:
    if "numpy" not in sys.modules:  # 30 times as fast, and not worth the import
        return memoryview(array("q", compress(count(), mask)))
    import numpy as np

    return np.flatnonzero(np.frombuffer(mask, np.bool_)).astype(np.int64, copy=False).data


def _rows_of_types(table: RowTable, selection: Selection) -> Masks | memoryview | None:
    limit = len(table) if selection.limit is None else selection.limit
    if not selection.edit_types and not selection.categories:
        return None if selection.limit is None else memoryview(array("q", range(min(limit, len(table)))))
    wanted = wanted_codes(table, selection)
    total = sum(compress(table.type_counts, wanted))
    return Masks(table, bytes(wanted).ljust(_BYTE_VALUES, b"\0"), limit, total)
