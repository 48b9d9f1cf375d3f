"""Which text of a row a consumer wants: one of its two instructions, the short one cleaned, or one made anew.

Texts made anew lie in sidecars, one a row or a turn, and say by a hash which text of the row they take the place of:
where the row has another text by now, they are not used.
"""

from __future__ import annotations

import hashlib
from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal, NamedTuple, TypeAlias

from pico_banana.errors import ConfigError, unknown_name
from pico_banana.records.values import MultiTurn

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from pico_banana.records import InstructionPair, Preference, Record, SingleTurn

Wording: TypeAlias = Literal["long", "short", "clean_short", "repaired", "recaptioned", "translated"]
WORDINGS: tuple[Wording, ...] = ("long", "short", "clean_short", "repaired", "recaptioned", "translated")
MADE_ANEW: tuple[Wording, ...] = ("repaired", "recaptioned", "translated")
OUTDATED = "outdated"


class Told(NamedTuple):
    """A text made anew.

    Attributes:
        text: the text.
        of: the wording it takes the place of; empty where nobody says.
        replaces: `text_hash` of the text it takes the place of; None where that was missing or nobody says.
    """

    text: str
    of: str = ""
    replaces: str | None = None


@dataclass(frozen=True, slots=True)
class Texts:
    """Texts made anew; without any it is empty.

    Attributes:
        told: wording to a row's id, with `#turn2` for a turn, to its text.
        name: says which texts these are, as a short hash.
    """

    told: Mapping[str, Mapping[str, Told]] = field(default_factory=dict, repr=False)
    name: str = ""


class Worded(NamedTuple):
    """The text that a consumer gets.

    Attributes:
        text: the text.
        taken: which one it is: a wording, or "outdated" for the text of the row where the one made anew was made of
            another text than the row has.
    """

    text: str
    taken: str


NO_TEXTS = Texts()


def check_wording(name: str, texts: Texts = NO_TEXTS) -> Wording:
    """Check the name of a wording, and that its texts are there.

    Args:
        name: one of `WORDINGS`.
        texts: those that are given with the rows.

    Returns:
        The same name.

    Raises:
        ConfigError: texts made anew are wanted, and no such are given.
    """
    wording = _known(name)
    if wording in MADE_ANEW and wording not in texts.told:
        text = (
            f"wording={name!r} needs the texts that were made: load(..., texts='{name}.parquet') or .with_texts(...), "
            "--texts on the command line; `pico-banana texts` makes them"
        )
        raise ConfigError(text, key="wording")
    return wording


def text_hash(text: str | None) -> str | None:
    """Hash a text, to know later whether it is still the same.

    Args:
        text: the text, or None.

    Returns:
        Its SHA-256, hexadecimal; None for none.
    """
    return None if text is None else hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()


def worded(record: SingleTurn | Preference | InstructionPair, wording: Wording, texts: Texts = NO_TEXTS) -> Worded:
    """Give a row's instruction in the wanted wording.

    Args:
        record: the row.
        wording: which instruction; the short ones fall back to the long one where they are missing or unusable, a
            repaired one to the clean short one, the others made anew to the long one.
        texts: those made anew.

    Returns:
        The instruction, and which one it is.
    """
    if wording in MADE_ANEW:
        told = texts.told.get(wording, {}).get(record.id)
        if told is not None and _still_said(told, record.instruction, record.short_instruction):
            return Worded(told.text, wording)
        rest = worded(record, "clean_short" if wording == "repaired" else "long")
        return rest if told is None else Worded(rest.text, OUTDATED)
    if wording == "long":
        return Worded(record.instruction, "long")
    short = record.clean_short_instruction if wording == "clean_short" else record.short_instruction
    return Worded(short, wording) if short else Worded(record.instruction, "long")


def worded_turn(session: MultiTurn, number: int, wording: Wording, texts: Texts = NO_TEXTS) -> Worded:
    """Give the instruction of a turn in the wanted wording; sessions have no short ones.

    Args:
        session: the row.
        number: the turn, from 1.
        wording: which instruction.
        texts: those made anew.

    Returns:
        The instruction, and which one it is.
    """
    said = session.turns[number - 1].instruction
    told = texts.told.get(wording, {}).get(turn_id(session.id, number)) if wording in MADE_ANEW else None
    if told is None:
        return Worded(said, "long")
    return Worded(told.text, wording) if _still_said(told, said, None) else Worded(said, OUTDATED)


def turn_id(identity: str, number: int) -> str:
    """Name a turn in annotations.

    Args:
        identity: the session's id.
        number: the turn, from 1.

    Returns:
        Such as `multi_turn/multi-turn/7#turn2`.
    """
    return f"{identity}#turn{number}"


def taken_texts(records: Iterable[Record], wording: Wording, texts: Texts = NO_TEXTS) -> Counter[str]:
    """Count which texts rows and turns take.

    Args:
        records: the rows.
        wording: what is wanted.
        texts: those made anew.

    Returns:
        What is taken ("repaired", "clean_short", "long", "outdated", …) to how many rows, or turns of sessions.
    """
    taken: Counter[str] = Counter()
    for record in records:
        if isinstance(record, MultiTurn):
            taken.update(worded_turn(record, n, wording, texts).taken for n in range(1, len(record.turns) + 1))
        else:
            taken[worded(record, wording, texts).taken] += 1
    return taken


def _still_said(told: Told, long: str, short: str | None) -> bool:
    """Whether a row still has the text that one made anew takes the place of; what cannot be known is believed."""
    if told.of == "long":
        return told.replaces in {None, text_hash(long)}
    if told.of == "short":
        return told.replaces == text_hash(short)
    return True


def _known(name: str) -> Wording:
    for wording in WORDINGS:
        if wording == name:
            return wording
    raise unknown_name("wording", name, WORDINGS)
