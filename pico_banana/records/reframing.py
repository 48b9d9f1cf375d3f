"""Which edits were told to show another frame: a zoom or an extended canvas is the edit, and no drift to be undone."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pico_banana.records.values import MultiTurn, Preference, SingleTurn

if TYPE_CHECKING:
    from collections.abc import Iterable

    from pico_banana.records.values import Record

_FRAME = "geometry"  # the scope of such types


def told_to_reframe(records: Iterable[Record]) -> frozenset[str]:
    """Find the edits whose type changes the frame.

    Args:
        records: rows; a turn counts by its inferred type.

    Returns:
        The addresses of their pictures, rejected ones included.
    """
    return frozenset(address for record in records for address in _told(record))


def _told(record: Record) -> list[str]:
    if isinstance(record, MultiTurn):
        return [
            turn.image.address
            for turn in record.turns
            if turn.image is not None
            and turn.inferred_edit_type is not None
            and turn.inferred_edit_type.scope == _FRAME
        ]
    if isinstance(record, SingleTurn) and record.edit_type.scope == _FRAME:
        return [record.edited.address]
    if isinstance(record, Preference) and record.edit_type.scope == _FRAME:
        return [picture.address for picture in (record.chosen, *record.rejected)]
    return []
