"""Which of a row's two instructions a consumer wants: the long one, the short one, or the short one cleaned."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal, TypeAlias

from pico_banana.errors import unknown_name

if TYPE_CHECKING:
    from pico_banana.records import InstructionPair, Preference, SingleTurn

Wording: TypeAlias = Literal["long", "short", "clean_short"]
WORDINGS: tuple[Wording, ...] = ("long", "short", "clean_short")


def check_wording(name: str) -> Wording:
    """Check the name of a wording.

    Args:
        name: one of `WORDINGS`.

    Returns:
        The same name.
    """
    return _known(name)


def worded(record: SingleTurn | Preference | InstructionPair, wording: Wording) -> str:
    """Give a row's instruction in the wanted wording.

    Args:
        record: the row.
        wording: which instruction; the short ones fall back to the long one where they are missing or unusable.

    Returns:
        The instruction.
    """
    if wording == "long":
        return record.instruction
    short = record.clean_short_instruction if wording == "clean_short" else record.short_instruction
    return short or record.instruction


def _known(name: str) -> Wording:
    for wording in WORDINGS:
        if wording == name:
            return wording
    raise unknown_name("wording", name, WORDINGS)
