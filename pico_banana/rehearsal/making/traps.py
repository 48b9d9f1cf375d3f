"""The known traps of the published rows, and which rows of a synthetic mirror fall into which.

Frequent ones have about the rate seen in public; the rare ones are there at least once in any mirror with
enough rows. Which row has which trap depends on its number alone.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Trap(StrEnum):
    """One thing that makes a careless reader fail, or read wrongly."""

    SHARED_OUTPUT = "shared_output"  # two rows name the same edited picture
    REPEATED_ROW = "repeated_row"  # the same row twice
    UNKNOWN_EDIT_TYPE = "unknown_edit_type"  # a label that is none of the 35
    SHORT_MISSING = "short_missing"  # the short instruction is null
    LINE_SEPARATOR = "line_separator"  # U+2028 inside a text: no end of line, but `str.splitlines` thinks so
    BLANK_LINE = "blank_line"  # an empty line after the row
    CRLF = "crlf"  # the line ends in CR LF
    SHORT_CHAT_TEMPLATE = "short_chat_template"  # the short instruction leaks a chat template
    SHORT_CUT_START = "short_cut_start"  # the short instruction starts in the middle of a word
    SHORT_EQUALS_LONG = "short_equals_long"  # the short instruction repeats the long one
    ESCAPED_UTF8 = "escaped_utf8"  # non-ASCII characters are written as \\uXXXX
    REJECTED_EMPTY = "rejected_empty"  # a preference row without a rejected picture
    REJECTED_ABSOLUTE = "rejected_absolute"  # a rejected picture is an absolute address
    REJECTED_RELATIVE = "rejected_relative"  # a rejected picture is a path as elsewhere
    REJECTED_STALE_PREFIX = "rejected_stale_prefix"  # a rejected picture has a prefix that is no longer true
    TURN_IMAGE_MISSING = "turn_image_missing"  # a session lacks the picture of a turn
    TURNS_TOO_FEW = "turns_too_few"  # a session of one turn
    TURNS_TOO_MANY = "turns_too_many"  # a session of six turns


ROW_TRAPS = {
    # one row in so many; rarest first, because the first that fits is taken
    Trap.REPEATED_ROW: 50_000,
    Trap.UNKNOWN_EDIT_TYPE: 20_000,
    Trap.SHORT_MISSING: 10_000,
    Trap.LINE_SEPARATOR: 8_000,
    Trap.SHARED_OUTPUT: 4_000,
    Trap.BLANK_LINE: 3_000,
    Trap.CRLF: 2_500,
    Trap.SHORT_CHAT_TEMPLATE: 45,
    Trap.SHORT_CUT_START: 25,
    Trap.SHORT_EQUALS_LONG: 8,
}
PREFERENCE_TRAPS = {Trap.REJECTED_EMPTY: 9_000}
SESSION_TRAPS = {Trap.TURN_IMAGE_MISSING: 7_000, Trap.TURNS_TOO_MANY: 6_000, Trap.TURNS_TOO_FEW: 5_000}


@dataclass(frozen=True, slots=True)
class TrapPlan:
    """Which of some rows fall into which trap.

    Attributes:
        places: for each trap, in order of precedence: (trap, period, first row).
    """

    places: tuple[tuple[Trap, int, int], ...]

    @classmethod
    def of(cls, traps: dict[Trap, int], rows: int) -> TrapPlan:
        """Spread traps over rows so that each is there at least once when the rows are more than the traps.

        Args:
            traps: one row in so many falls into each; in order of precedence.
            rows: how many rows there are.

        Returns:
            The plan.
        """
        slot = max(1, rows // (len(traps) + 1))
        firsts = (
            (trap, min(period, max(1, rows)), (number + 1) * slot)
            for number, (trap, period) in enumerate(traps.items())
        )
        return cls(tuple((trap, period, first % period) for trap, period, first in firsts))

    def at(self, row: int) -> Trap | None:
        """Give the trap of a row.

        Args:
            row: its number.

        Returns:
            The trap, or None.
        """
        for trap, period, first in self.places:
            if row % period == first:
                return trap
        return None


NO_TRAPS = TrapPlan(())
