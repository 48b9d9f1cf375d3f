"""What one row is, as Python values: `SingleTurn`, `MultiTurn`, `Preference`, `InstructionPair`.

A record is a frozen value. A picture in it is an `ImageRef`: where the picture is, not the picture. Nothing is read
or fetched until `ImageRef.open()`, `.bytes()` or `.image()` is called.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import IO, TYPE_CHECKING, Literal, TypeAlias

from pico_banana.records.texts import clean_short_instruction

if TYPE_CHECKING:
    from collections.abc import Iterator

    from PIL.Image import Image

    from pico_banana.taxonomy import Category, EditType

Role: TypeAlias = Literal["source", "edited"]


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


@dataclass(frozen=True, slots=True)
class ImageRef:
    """Where a picture is, not the picture.

    Attributes:
        address: `picobanana://` address; any fsspec-aware library opens it.
        role: "source" (an Open Images photo) or "edited" (a model's output, accepted or rejected).
    """

    address: str
    role: Role

    def open(self) -> IO[bytes]:
        """Open the encoded picture for reading, fetching it on first use.

        Returns:
            A binary file; close it.

        Raises:
            PictureMissingError: nobody has this picture.
            TransportError: it could not be fetched this time.
        """
        import fsspec  # noqa: F401 - whole, before a part of it: our protocol is registered at its end
        from fsspec.core import url_to_fs

        from pico_banana.errors import PictureMissingError

        if "://" not in self.address and not Path(self.address).is_file():
            raise PictureMissingError(f"there is no file {self.address}", address=self.address)
        files, path = url_to_fs(self.address)  # fsspec.open would take a "*" or "[" in a name for a pattern
        file: IO[bytes] = files.open(path, "rb")
        return file

    @property
    def path(self) -> Path:
        """The local file of the encoded picture, whole; fetched on first use, with the errors of `open`."""
        with self.open() as file:
            return Path(file.name)

    @property
    def size(self) -> tuple[int, int]:
        """(width, height) in pixels of the upright picture, from its header; PictureCorruptError when it is none."""
        from pico_banana.decoding.header import read_size

        return read_size(self.path)

    def save(self, path: str | Path) -> Path:
        """Copy the encoded picture to a file, or under its own name into a folder, and give the file."""
        target = Path(path) / self.address.rsplit("/", 1)[-1] if Path(path).is_dir() else Path(path)
        target.write_bytes(self.bytes())
        return target

    def bytes(self) -> bytes:
        """Read the encoded picture (PNG or JPEG), fetching it on first use.

        Returns:
            The file as published, byte for byte.

        Raises:
            PictureMissingError: nobody has this picture.
            TransportError: it could not be fetched this time.
        """
        with self.open() as file:
            return file.read()

    def image(self) -> Image:
        """Decode the picture with Pillow, fetching it on first use.

        Returns:
            A loaded Pillow image in the file's own mode and size; no rotation, no resizing.

        Raises:
            PictureMissingError: nobody has this picture.
            PictureCorruptError: the bytes are not a picture.
            TransportError: it could not be fetched this time.
        """
        from pico_banana.decoding.pillow import loaded

        return loaded(self.bytes(), address=self.address)[0]


@dataclass(frozen=True, slots=True)
class SingleTurn:
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

    @property
    def category(self) -> Category:
        """The category of the edit type."""
        return self.edit_type.category

    @property
    def clean_short_instruction(self) -> str | None:
        """The short instruction without leaked template text; None where it is missing, cut or repeats the long one."""
        return clean_short_instruction(self.short_instruction, self.instruction)


@dataclass(frozen=True, slots=True)
class Preference:
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

    @property
    def category(self) -> Category:
        """The category of the edit type."""
        return self.edit_type.category

    @property
    def clean_short_instruction(self) -> str | None:
        """The short instruction without leaked template text; None where it is missing, cut or repeats the long one."""
        return clean_short_instruction(self.short_instruction, self.instruction)

    def pairs(self) -> Iterator[tuple[ImageRef, ImageRef]]:
        """Give every (chosen, rejected) pair of this row.

        Yields:
            The chosen edit with each rejected one.
        """
        for rejected in self.rejected:
            yield self.chosen, rejected


@dataclass(frozen=True, slots=True)
class Turn:
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


@dataclass(frozen=True, slots=True)
class MultiTurn:
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


@dataclass(frozen=True, slots=True)
class InstructionPair:
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

    @property
    def category(self) -> Category:
        """The category of the edit type."""
        return self.edit_type.category

    @property
    def clean_short_instruction(self) -> str | None:
        """The short instruction without leaked template text; None where it is missing, cut or repeats the long one."""
        return clean_short_instruction(self.short_instruction, self.instruction)


Record: TypeAlias = SingleTurn | MultiTurn | Preference | InstructionPair
