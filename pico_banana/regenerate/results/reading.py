"""The rows of a ledger that results are derived from, some thousand items at a time."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import groupby
from operator import itemgetter
from typing import TYPE_CHECKING, Any, TypeAlias

if TYPE_CHECKING:
    import sqlite3

Slot: TypeAlias = tuple[int, int, int]  # item, turn, and the call it stands on

_WRITTEN = (
    "SELECT item, turn, base, call, writer, shortener, text, short, outcome, reason FROM instructions "
    "WHERE item >= ? AND item < ? ORDER BY item, turn, base, call"
)
_ATTEMPTS = (
    "SELECT a.item, a.turn, a.written, a.attempt, a.call, a.editor, a.outcome, a.reason, a.edited, a.media_type, "
    "a.checks, {told}, v.judged_by, v.judge, v.role, v.outcome, v.reason, v.scores, {reasons} "
    "FROM attempts a LEFT JOIN verdicts v ON v.item = a.item AND v.turn = a.turn AND v.call = a.call "
    "WHERE a.item >= ? AND a.item < ? ORDER BY a.item, a.turn, a.written, a.attempt, a.call"  # the primary key
)
_FULL = _ATTEMPTS.format(
    told="a.input_width, a.input_height, a.edited_width, a.edited_height, a.changed", reasons="v.reasons"
)
_BRIEF = _ATTEMPTS.format(told="NULL, NULL, NULL, NULL, NULL", reasons="'{}'")
_SLOT = itemgetter(0, 1, 2)


@dataclass(frozen=True, slots=True)
class Rows:
    """The rows of a span of items.

    Attributes:
        attempts: item, turn and the call that wrote the instruction, to the attempts with their verdicts.
        written: item, turn and the edit call it stands on, to the instructions.
    """

    attempts: dict[Slot, list[tuple[Any, ...]]]
    written: dict[Slot, list[tuple[Any, ...]]]


def read_rows(database: sqlite3.Connection, begin: int, end: int, *, brief: bool) -> Rows:
    """Read the rows of a span of items.

    Args:
        database: the ledger's.
        begin: the first item.
        end: the item after the last.
        brief: leave out what no count needs: sizes, the changed share, the judges' reasons.

    Returns:
        The rows.
    """
    attempts, written = (
        {slot: list(rows) for slot, rows in groupby(database.execute(query, (begin, end)), _SLOT)}
        for query in (_BRIEF if brief else _FULL, _WRITTEN)
    )
    return Rows(attempts, written)
