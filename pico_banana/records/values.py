"""What one row is, as Python values: `SingleTurn`, `MultiTurn`, `Preference`, `InstructionPair`.

A record is a frozen value. A picture in it is an `ImageRef`: where the picture is, not the picture. Nothing is read
or fetched until `ImageRef.open()`, `.bytes()` or `.image()` is called.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, TypeAlias

from pico_banana.records.panels import Panel
from pico_banana.records.plain import Plain, Shown
from pico_banana.records.texts import clean_short_instruction

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pico_banana.records.image_ref import ImageRef
    from pico_banana.taxonomy import Category, EditType


class Subset(StrEnum):
    """The four ways to look at the release."""

    SINGLE_TURN = "single_turn"
    MULTI_TURN = "multi_turn"
    PREFERENCE = "preference"
    INSTRUCTIONS = "instructions"


class Flag(StrEnum):
    """A known problem of one row. A flagged row is kept; filter with `has_flags` and `lacks_flags`."""

    SHARED_OUTPUT = "shared_output"  # another row of the same file names the same edited picture
    REPEATED_ROW = "repeated_row"  # another row of the same file is equal in everything
    UNKNOWN_EDIT_TYPE = "unknown_edit_type"  # the label is none of the 35
    INSTRUCTION_EMPTY = "instruction_empty"  # the (long) instruction, or that of a turn, is empty
    SHORT_MISSING = "short_missing"  # there is no short instruction, or it is empty
    SHORT_EQUALS_LONG = "short_equals_long"  # the short instruction repeats the long one
    SHORT_CUT_START = "short_cut_start"  # the short instruction starts in the middle of a word or sentence
    SHORT_CHAT_TEMPLATE = "short_chat_template"  # the short instruction leaks a chat template
    REJECTED_EMPTY = "rejected_empty"  # a preference row without a rejected picture
    ODD_TURN_COUNT = "odd_turn_count"  # a session of fewer than 2 or more than 5 turns
    TURN_IMAGE_MISSING = "turn_image_missing"  # a session that lacks the picture of one of its turns
    # These three no row shows by itself: they come from a file of known trouble, see `rows/trouble.py`.
    MISSING_FILE = "missing_file"  # nobody has one of its pictures any more
    MISALIGNED = "misaligned"  # the edit is shifted, rescaled or framed anew against its source
    WRONG_PICTURE = "wrong_picture"  # one of its pictures is not what the row says


class Instructed(Shown):
    """A record of one edit: its instruction, long and short, and what kind of edit it is."""

    __slots__ = ()

    instruction: str
    short_instruction: str | None
    edit_type: EditType

    @property
    def category(self) -> Category:
        """The category of the edit type."""
        return self.edit_type.category

    @property
    def clean_short_instruction(self) -> str | None:
        """The short instruction without leaked template text; None where it is missing, cut or repeats the long one."""
        return clean_short_instruction(self.short_instruction, self.instruction)

    def texts(self) -> list[str]:
        """List the long instruction, and the short one where it is fit for use.

        Returns:
            One text a line.
        """
        short = self.clean_short_instruction
        return [self.instruction, *([f"Short: {short}"] if short else [])]


@dataclass(frozen=True, slots=True)
class SingleTurn(Instructed):
    """One edit: a photo, an instruction, the edited picture.

    Attributes:
        id: stable and readable, unique over all published files, made from the whole published path.
        source: the Open Images photo.
        edited: the accepted edit.
        instruction: the long instruction.
        short_instruction: the short instruction as published, or None; noisy, see `flags`.
        edit_type: one of the 35 types, or an unknown one (`edit_type.known` is False).
        flags: known problems of this row.
    """

    id: str
    source: ImageRef
    edited: ImageRef
    instruction: str
    short_instruction: str | None
    edit_type: EditType
    flags: frozenset[Flag]

    def panels(self) -> list[Panel]:
        """List the photo and the edit.

        Returns:
            Two panels.
        """
        return [Panel("source", self.source), Panel(f"edited: {self.edit_type}", self.edited)]


@dataclass(frozen=True, slots=True)
class Preference(Instructed):
    """One edit with the attempts that were rejected before it.

    Attributes:
        id: stable and readable, unique over all published files.
        source: the Open Images photo.
        chosen: the accepted edit.
        rejected: the rejected edits; 1 or 2 in the release, empty on a row flagged `rejected_empty`.
        instruction: the long instruction.
        short_instruction: the short instruction as published, or None.
        edit_type: one of the 35 types, or an unknown one.
        flags: known problems of this row.
    """

    id: str
    source: ImageRef
    chosen: ImageRef
    rejected: tuple[ImageRef, ...]
    instruction: str
    short_instruction: str | None
    edit_type: EditType
    flags: frozenset[Flag]

    def pairs(self) -> Iterator[tuple[ImageRef, ImageRef]]:
        """Give every (chosen, rejected) pair of this row.

        Yields:
            The chosen edit with each rejected one.
        """
        for rejected in self.rejected:
            yield self.chosen, rejected

    def panels(self) -> list[Panel]:
        """List the photo, the chosen edit and the rejected ones.

        Returns:
            One panel a picture.
        """
        rejected = [Panel(f"rejected {number}", picture) for number, picture in enumerate(self.rejected, 1)]
        return [Panel("source", self.source), Panel(f"chosen: {self.edit_type}", self.chosen), *rejected]


@dataclass(frozen=True, slots=True)
class Turn(Plain):
    """One step of a session.

    Attributes:
        instruction: what was asked at this turn.
        image: the picture after this turn, or None when the release lacks it.
        inferred_edit_type: the type our classifier reads from the instruction, or None where it finds no hint; the
            release has no types for sessions.
        inferred_confidence: how sure the classifier is, 0 to 1; 0 without a type.
    """

    instruction: str
    image: ImageRef | None
    inferred_edit_type: EditType | None
    inferred_confidence: float

    def _repr_html_(self) -> str:
        from pico_banana.records.html import turn_html

        return turn_html(self.instruction, self.image, self.inferred_edit_type)


@dataclass(frozen=True, slots=True)
class MultiTurn(Shown):
    """One session: a photo and 2 to 5 edits in a row, each on the result of the one before.

    Attributes:
        id: stable and readable, unique over all published files.
        source: the Open Images photo.
        turns: the edits in order of time.
        flags: known problems of this row.
    """

    id: str
    source: ImageRef
    turns: tuple[Turn, ...]
    flags: frozenset[Flag]

    @property
    def final(self) -> ImageRef | None:
        """The picture after the last turn."""
        return self.turns[-1].image if self.turns else None

    @property
    def instructions(self) -> tuple[str, ...]:
        """The instructions in order of time."""
        return tuple(turn.instruction for turn in self.turns)

    def steps(self) -> Iterator[tuple[ImageRef, str, ImageRef]]:
        """Give every edit of the session as a single-turn example.

        A turn whose picture, or whose predecessor's picture, is missing gives none.

        Yields:
            (picture before, instruction, picture after).
        """
        before: ImageRef | None = self.source
        for turn in self.turns:
            if before is not None and turn.image is not None:
                yield before, turn.instruction, turn.image
            before = turn.image

    def panels(self) -> list[Panel]:
        """List the photo and the picture after each turn, each with the one before it.

        Returns:
            One panel a picture; a turn whose picture is missing has none.
        """
        there = [(number, turn.image) for number, turn in enumerate(self.turns, 1) if turn.image is not None]
        turns = [Panel(f"turn {number}", image, before=place) for place, (number, image) in enumerate(there)]
        return [Panel("source", self.source), *turns]

    def texts(self) -> list[str]:
        """List the instructions, numbered.

        Returns:
            One text a turn.
        """
        return [f"{number}. {turn.instruction}" for number, turn in enumerate(self.turns, 1)]


@dataclass(frozen=True, slots=True)
class InstructionPair(Instructed):
    """The long and the short instruction of one single-turn edit; text only.

    Attributes:
        id: the id of the single-turn row, so that annotations join.
        instruction: the long instruction.
        short_instruction: the short instruction as published, or None.
        edit_type: one of the 35 types, or an unknown one.
        flags: known problems of this row.
    """

    id: str
    instruction: str
    short_instruction: str | None
    edit_type: EditType
    flags: frozenset[Flag]

    def panels(self) -> list[Panel]:
        """List nothing: it has no pictures.

        Returns:
            No panel.
        """
        return []


Record: TypeAlias = SingleTurn | MultiTurn | Preference | InstructionPair
