"""What is to be told anew: which texts of which rows, and which rows are left as they are, and why."""

from __future__ import annotations

import hashlib
import json
from collections import Counter
from dataclasses import asdict, dataclass, field
from typing import TYPE_CHECKING, Literal, TypeAlias

from pico_banana.errors import ConfigError
from pico_banana.records import Flag, InstructionPair, MultiTurn, Preference, SingleTurn
from pico_banana.records.wording import NO_TEXTS, Texts, Wording, text_hash, turn_id, worded, worded_turn

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from pico_banana.records import ImageRef, Record
    from pico_banana.records.wording import Worded

Kind: TypeAlias = Literal["repaired", "recaptioned", "translated"]
SHORT_FLAGS = frozenset({Flag.SHORT_MISSING, Flag.SHORT_EQUALS_LONG, Flag.SHORT_CUT_START, Flag.SHORT_CHAT_TEMPLATE})
SHORT_ENOUGH = 8  # words; an instruction of so few has no shorter form worth asking for
SOUND, NO_LONG, LONG_IS_SHORT = "nothing is wrong with it", "the long instruction is empty", "the long one is short"
NO_PICTURE, EMPTY = "a picture is missing", "the text is empty"


@dataclass(frozen=True, slots=True)
class Question:
    """One text to be told anew; rows that would ask the same share it.

    Attributes:
        wording: what it will be: "repaired", "recaptioned" or "translated".
        text: what it is made of: the long instruction, or the text to translate; empty for a caption.
        of: the wording it takes the place of.
        flawed: the short instruction as published, of a repair; None where it is missing.
        replaces: `text_hash` of the text it takes the place of.
        edit_type: of the row; of a turn the inferred one; may be "unknown".
        source: the address of the picture before, of a caption.
        edited: the address of the picture after, of a caption.
        language: the tag of the language, of a translation.
    """

    wording: Kind
    text: str
    of: str
    replaces: str | None
    edit_type: str
    flawed: str | None = None
    source: str = ""
    edited: str = ""
    language: str = ""

    def content(self) -> str:
        """Give it as JSON text, the same for the same question."""
        return json.dumps(asdict(self), sort_keys=True)

    @property
    def digest(self) -> str:
        """What tells it from others; the type does not, for nobody is told of it."""
        told = {**asdict(self), "edit_type": ""}
        return hashlib.sha256(json.dumps(told, sort_keys=True).encode()).hexdigest()


@dataclass(slots=True)
class Gathered:
    """What is to be told anew of some rows.

    Attributes:
        wording: what it will be.
        language: the tag of the language, of translations.
        questions: the id of each row or turn to its question.
        skipped: why the other rows and turns are left as they are, and how many.
    """

    wording: Kind
    language: str = ""
    questions: dict[str, Question] = field(default_factory=dict)
    skipped: Counter[str] = field(default_factory=Counter)

    def add(self, name: str, question: Question | str) -> None:
        """Note a question, or why there is none."""
        if isinstance(question, str):
            self.skipped[question] += 1
        else:
            self.questions[name] = question


def faulty_texts(records: Iterable[Record]) -> Gathered:
    """Find the short instructions that are missing, repeat the long one, are cut, or leak a chat template.

    Args:
        records: rows of any subset but sessions, which have no short instructions.

    Returns:
        The rows to repair.

    Raises:
        ConfigError: the rows are sessions.
    """
    found = Gathered("repaired")
    for record in records:
        if isinstance(record, MultiTurn):
            raise ConfigError("sessions have no short instructions to repair", key="subset")
        found.add(record.id, _repair(record))
    return found


def captioned_edits(records: Iterable[Record]) -> Gathered:
    """Give every edit, to have said what it changed.

    Args:
        records: rows of any subset with pictures.

    Returns:
        The edits: rows, chosen edits of preference rows, turns of sessions.

    Raises:
        ConfigError: the rows have no pictures.
    """
    found = Gathered("recaptioned")
    for record in records:
        if isinstance(record, InstructionPair):
            raise ConfigError("instruction pairs have no pictures to caption; take single_turn", key="subset")
        for name, before, text, after, kind in _edits(record):
            found.add(name, NO_PICTURE if before is None or after is None else _caption(before, text, after, kind))
    return found


def texts_to_translate(
    records: Iterable[Record], language: str, *, wording: Wording = "long", texts: Texts = NO_TEXTS
) -> Gathered:
    """Give the texts of rows, to be put into another language.

    Args:
        records: the rows.
        language: the tag of the language, such as "de" or "zh-Hant".
        wording: which of their texts.
        texts: those made anew.

    Returns:
        The texts of rows and turns.
    """
    found = Gathered("translated", language)
    for record in records:
        for name, said, kind in _said(record, wording, texts):
            of = said.taken if said.taken in {"long", "short", "clean_short"} else wording
            question = Question("translated", said.text, of, text_hash(said.text), kind, language=language)
            found.add(name, question if said.text.strip() else EMPTY)
    return found


def _repair(record: SingleTurn | Preference | InstructionPair) -> Question | str:
    if not record.flags & SHORT_FLAGS and record.clean_short_instruction is not None:
        return SOUND
    if not record.instruction.strip():
        return NO_LONG
    if len(record.instruction.split()) <= SHORT_ENOUGH:
        return LONG_IS_SHORT
    short = record.short_instruction
    return Question("repaired", record.instruction, "short", text_hash(short), str(record.edit_type), short)


def _caption(before: ImageRef, text: str, after: ImageRef, kind: str) -> Question:
    pictures = {"source": before.address, "edited": after.address}
    return Question("recaptioned", "", "long", text_hash(text), kind, **pictures)


def _edits(
    record: SingleTurn | Preference | MultiTurn,
) -> Iterator[tuple[str, ImageRef | None, str, ImageRef | None, str]]:
    if not isinstance(record, MultiTurn):
        after = record.chosen if isinstance(record, Preference) else record.edited
        yield record.id, record.source, record.instruction, after, str(record.edit_type)
        return
    before: ImageRef | None = record.source
    for number, turn in enumerate(record.turns, 1):
        kind = str(turn.inferred_edit_type or "unknown")
        yield turn_id(record.id, number), before, turn.instruction, turn.image, kind
        before = turn.image


def _said(record: Record, wording: Wording, texts: Texts) -> Iterator[tuple[str, Worded, str]]:
    if not isinstance(record, MultiTurn):
        yield record.id, worded(record, wording, texts), str(record.edit_type)
        return
    for number, turn in enumerate(record.turns, 1):
        said = worded_turn(record, number, wording, texts)
        yield turn_id(record.id, number), said, str(turn.inferred_edit_type or "unknown")
