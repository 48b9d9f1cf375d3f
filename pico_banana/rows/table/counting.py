"""How many rows there are of each kind."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Literal

import numpy as np

from pico_banana.errors import unknown_name
from pico_banana.records import Subset
from pico_banana.rows.lines.flags import BIT
from pico_banana.rows.table import query
from pico_banana.rows.table.mapped import NO_TYPE, RowTable

if TYPE_CHECKING:
    from pico_banana.rows.table.query import Rows

CountBy = Literal["edit_type", "category", "flag", "turns", "inferred_edit_type"]
UNDECIDED = "undecided"


def count_rows(table: RowTable, rows: Rows, *, by: CountBy) -> dict[str, int]:
    """Count rows of each kind.

    Args:
        table: the row store.
        rows: which rows.
        by: the kind, see `PicoBanana.counts`.

    Returns:
        Name to count, most first.

    Raises:
        UnknownNameError: these rows cannot be counted so.
    """
    sessions = table.subset is Subset.MULTI_TURN
    allowed = ["flag", "turns", "inferred_edit_type"] if sessions else ["flag", "edit_type", "category"]
    if by not in allowed:
        error = unknown_name(f"way to count {table.subset.value} rows", by, allowed)
        raise error
    counters = {"flag": _flags, "turns": _turns, "inferred_edit_type": _inferred}
    found = counters[by](table, rows) if by in counters else _groups(table, rows, by)
    return dict(sorted(found.items(), key=lambda item: -item[1]))


def _groups(table: RowTable, rows: Rows, by: str) -> dict[str, int]:
    groups, names = query.group_codes(table, rows, by)
    counts = np.bincount(groups, minlength=len(names)).tolist()
    return {name: count for name, count in zip(names, counts, strict=True) if count}


def _flags(table: RowTable, rows: Rows) -> dict[str, int]:
    bits = query.gather(table, "flags", rows, "I")
    return {flag.value: int(np.count_nonzero(bits & bit)) for flag, bit in BIT.items()}


def _turns(table: RowTable, rows: Rows) -> dict[str, int]:
    turns, counts = np.unique(query.turn_counts(table)[rows], return_counts=True)
    return {str(turn): int(count) for turn, count in zip(turns, counts, strict=True)}


def _inferred(table: RowTable, rows: Rows) -> dict[str, int]:
    """Count turns, not rows."""
    found: Counter[int] = Counter()
    chosen = np.bincount(rows, minlength=len(table))
    for batch, first in table.starts():
        here = chosen[first : first + table.length(batch)]
        bounds = np.asarray(table.view("turn_type", batch, "i"))[: len(here) + 1]
        codes = np.repeat(here, np.diff(bounds))  # how often each turn was chosen
        types = np.asarray(table.view("turn_type", batch, "H", buffer=3))[: len(codes)]
        found.update({code: int(codes[types == code].sum()) for code in np.unique(types).tolist()})
    names = {code: UNDECIDED if code == NO_TYPE else str(table.edit_types[code]) for code in found}
    return {names[code]: count for code, count in found.items() if count}
