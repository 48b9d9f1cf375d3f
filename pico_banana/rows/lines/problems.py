"""Known problems of rows, found a block at a time.

The problems themselves are described at `records.Flag`; what makes a short instruction noisy is in `texts`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from pico_banana.records import Flag
from pico_banana.records.texts import CUT_START, TEMPLATE_LEAK
from pico_banana.rows.buffers import blank, booleans, numbers
from pico_banana.rows.lines.flags import BIT

if TYPE_CHECKING:
    from collections.abc import Callable

MIN_TURNS, MAX_TURNS = 2, 5


def find_flags(table: pa.Table, known_type: npt.NDArray[np.bool_] | None) -> npt.NDArray[np.uint32]:
    """Find the problems that a row shows by itself.

    Args:
        table: a block of rows, columns as in `columns.schema`.
        known_type: for each row whether its edit type is one of the 35; None for sessions, which have none.

    Returns:
        One number of flag bits per row, uint32.
    """
    bits = np.zeros(table.num_rows, np.uint32)
    found = _session_flags(table) if "turn_image" in table.column_names else _text_flags(table)
    if known_type is not None:
        found[Flag.UNKNOWN_EDIT_TYPE] = ~known_type
    if "rejected" in table.column_names:
        found[Flag.REJECTED_EMPTY] = _lengths(table["rejected"]) == 0
    for flag, rows in found.items():
        bits[rows] |= BIT[flag]
    return bits


def _text_flags(table: pa.Table) -> dict[Flag, npt.NDArray[np.bool_]]:
    short, long = table["short"], table["instruction"]
    missing = blank(short)
    return {
        Flag.INSTRUCTION_EMPTY: blank(long),
        Flag.SHORT_MISSING: missing,
        Flag.SHORT_EQUALS_LONG: booleans(pc.equal(short, long)) & ~missing,
        Flag.SHORT_CUT_START: booleans(pc.match_substring_regex(short, CUT_START)),
        Flag.SHORT_CHAT_TEMPLATE: booleans(pc.match_substring_regex(short, TEMPLATE_LEAK)),
    }


def _session_flags(table: pa.Table) -> dict[Flag, npt.NDArray[np.bool_]]:
    turns = _lengths(table["turn_instruction"])
    left_over = numbers(table["pictures_left_over"], np.int32) > 0
    return {
        Flag.INSTRUCTION_EMPTY: _any_turn(table["turn_instruction"], blank),
        Flag.ODD_TURN_COUNT: (turns < MIN_TURNS) | (turns > MAX_TURNS) | left_over,
        Flag.TURN_IMAGE_MISSING: _any_turn(table["turn_image"], lambda images: booleans(pc.is_null(images))),
    }


def _any_turn(column: pa.ChunkedArray, test: Callable[[pa.Array], npt.NDArray[np.bool_]]) -> npt.NDArray[np.bool_]:
    """Tell for each session whether the test holds for any of its turns."""
    found = np.zeros(len(column), np.bool_)
    lists = column.combine_chunks()
    parents = numbers(pc.cast(pc.list_parent_indices(lists), "int64"), np.int64)
    found[parents[test(pc.list_flatten(lists))]] = True
    return found


def _lengths(column: pa.ChunkedArray) -> npt.NDArray[np.int32]:
    return numbers(pc.list_value_length(column), np.int32)
