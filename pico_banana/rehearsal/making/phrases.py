"""Instructions for rows without pictures: for every edit type some long and short forms, filled from lists of words.

A long instruction has 250 to 400 characters, a short one about 80, as in the release. The words are in `phrases.toml`.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pico_banana.rehearsal.making.dice import Dice

_SAME_WORDS = {"other": "thing", "word2": "word"}  # slots filled from the words of another slot


@dataclass(frozen=True, slots=True)
class Phrases:
    """The content of `phrases.toml`.

    Attributes:
        words: what may fill a slot, by slot.
        details: half sentences that may follow any long instruction.
        closings: half sentences that may end it.
        edits: for each type's slug the (long, short) forms.
    """

    words: dict[str, tuple[str, ...]]
    details: tuple[str, ...]
    closings: tuple[str, ...]
    edits: dict[str, tuple[tuple[str, str], ...]]


@cache
def phrases() -> Phrases:
    """Read the words.

    Returns:
        What is in `phrases.toml`.
    """
    import tomllib
    from pathlib import Path

    data = tomllib.loads(Path(__file__).with_name("phrases.toml").read_text(encoding="utf-8"))
    return Phrases(
        words={slot: tuple(options) for slot, options in data["words"].items()},
        details=tuple(data["tails"]["details"]),
        closings=tuple(data["tails"]["closings"]),
        edits={slug: tuple((form["long"], form["short"]) for form in forms) for slug, forms in data["edits"].items()},
    )


def instructions(slug: str, dice: Dice) -> tuple[str, str]:
    """Write a long and a short instruction for one edit.

    Args:
        slug: the edit type.
        dice: what decides the words.

    Returns:
        (long, short); the same things are named in both.
    """
    known = phrases()
    slots = _Slots(known, dice)
    opening, short = dice.pick(known.edits[slug])
    first = dice.roll(len(known.details))
    second = known.details[(first + 1 + dice.roll(len(known.details) - 1)) % len(known.details)]
    long = f"{opening}, {known.details[first]}, {second}; {dice.pick(known.closings)}."
    return long.format_map(slots), short.format_map(slots)


def session_instructions(slugs: tuple[str, ...], dice: Dice) -> list[str]:
    """Write the instructions of one session: shorter, and sometimes referring back.

    Args:
        slugs: the edit type of each turn.
        dice: what decides the words.

    Returns:
        One instruction a turn.
    """
    known = phrases()
    prompts = [dice.pick(known.edits[slug])[0].format_map(_Slots(known, dice)) for slug in slugs]
    return [
        f"{prompt}, leaving that as it is" if turn and not dice.roll(3) else prompt
        for turn, prompt in enumerate(prompts)
    ]


class _Slots(dict[str, str]):
    """What fills the slots of a text, rolled when a slot is first met; the long and the short text share it."""

    def __init__(self, known: Phrases, dice: Dice) -> None:
        super().__init__()
        self._words = known.words
        self._dice = dice

    def __missing__(self, slot: str) -> str:
        self[slot] = self._dice.pick(self._words[_SAME_WORDS.get(slot, slot)])
        return self[slot]
