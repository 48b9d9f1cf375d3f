"""The rows of a synthetic mirror, made one at a time from their numbers, traps and all."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from pico_banana.rehearsal.making.dice import Dice
from pico_banana.rehearsal.making.layout import Row, preference_row, session_row, single_turn_row
from pico_banana.rehearsal.making.names import STALE_PREFIX
from pico_banana.rehearsal.making.phrases import instructions, session_instructions
from pico_banana.rehearsal.making.traps import Trap

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pico_banana.rehearsal.making.plan import MirrorPlan

UNKNOWN_LABEL = "Add a lens flare"
_TEXT, _PROMPTS, _PREFIX = 31, 32, 33
_SPELLINGS = (Trap.REJECTED_STALE_PREFIX,) * 7 + (Trap.REJECTED_RELATIVE,) * 2 + (Trap.REJECTED_ABSOLUTE,)


@dataclass(frozen=True, slots=True)
class Made:
    """A row that was made, and the traps it fell into.

    Attributes:
        number: its number in its file.
        row: what is published.
        traps: its problems.
    """

    number: int
    row: Row
    traps: tuple[Trap, ...] = ()


def single_turn(plan: MirrorPlan, number: int) -> Made:
    """Make a row of sft.jsonl.

    Args:
        plan: the mirror's plan.
        number: the row's number.

    Returns:
        The row, and its trap if it has one.
    """
    trap = plan.row_traps.at(number)
    if trap in {Trap.SHARED_OUTPUT, Trap.REPEATED_ROW} and not plan.shares_output(number):
        trap = None
    if trap is Trap.REPEATED_ROW:
        return Made(number, single_turn(plan, plan.twin(number)).row, (trap,))
    kind = plan.edit_type(number)
    text, short = instructions(kind, Dice(plan.spec.seed, _TEXT, number))
    text, shortened = spoilt(trap, text, short)
    row = single_turn_row(
        photo=plan.names.photo(plan.photo(number)),
        text=text,
        edited=plan.edited_path(number),
        label=UNKNOWN_LABEL if trap is Trap.UNKNOWN_EDIT_TYPE else kind.label,
        short=shortened,
    )
    return Made(number, row, (trap,) if trap else ())


def spoilt(trap: Trap | None, text: str, short: str) -> tuple[str, str | None]:
    """Do to the texts of a row what the release did to some.

    Args:
        trap: the row's problem, or None.
        text: the long instruction.
        short: the short instruction.

    Returns:
        (long, short) as they are published.
    """
    if trap is Trap.SHORT_EQUALS_LONG:
        return text, text
    if trap is Trap.SHORT_CUT_START:
        return text, f"ly, {short[0].lower()}{short[1:]}"
    if trap is Trap.SHORT_CHAT_TEMPLATE:
        return text, f"ext\nuser\n{short}"
    if trap is Trap.SHORT_MISSING:
        return text, None
    if trap is Trap.LINE_SEPARATOR:
        return text.replace(", ", ",\u2028", 1), short
    return text, short


def preference(plan: MirrorPlan, made: Made) -> Made | None:
    """Make the row of preference.jsonl that goes with a row of sft.jsonl.

    Args:
        plan: the mirror's plan.
        made: the single-turn row.

    Returns:
        The row; None when the first attempt succeeded.
    """
    if plan.preference(made.number) is None:
        return None
    repeated = Trap.REPEATED_ROW in made.traps
    owner = plan.twin(made.number) if repeated else made.number
    dice = Dice(plan.spec.seed, _PREFIX, owner)
    spelt = [_spelt(plan, path, dice) for path in plan.rejected_paths(owner)]
    traps = tuple(trap for _, trap in spelt if trap) if spelt else (Trap.REJECTED_EMPTY,)
    return Made(made.number, preference_row(made.row, [path for path, _ in spelt]), traps)


def _spelt(plan: MirrorPlan, path: str, dice: Dice) -> tuple[str, Trap | None]:
    """Write a rejected picture's path as the release does: mostly with a prefix that is no longer true."""
    if not plan.spec.traps:
        return path, None
    way = dice.pick(_SPELLINGS)
    before = {Trap.REJECTED_ABSOLUTE: plan.spec.base_url, Trap.REJECTED_STALE_PREFIX: STALE_PREFIX}
    return before.get(way, "") + path, way


def sessions(plan: MirrorPlan) -> Iterator[Made]:
    """Make the rows of multi-turn.jsonl.

    Args:
        plan: the mirror's plan.

    Yields:
        One row a session.
    """
    for number in range(plan.spec.sessions):
        trap = plan.session_traps.at(number)
        prompts = session_instructions(plan.turn_types(number), Dice(plan.spec.seed, _PROMPTS, number))
        photo = plan.names.photo(plan.session_photo(number))
        yield Made(number, session_row(photo, prompts, plan.turn_paths(number)), (trap,) if trap else ())
