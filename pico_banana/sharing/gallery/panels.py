"""What there is to see of a row: its pictures, each with what it is, and its texts."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from pico_banana.records import ImageRef, MultiTurn, Preference, Record, SingleTurn

if TYPE_CHECKING:
    from collections.abc import Iterator

    from PIL.Image import Image


@dataclass(frozen=True, slots=True)
class Panel:
    """One picture of a row.

    Attributes:
        title: what it is, such as "edited: zoom_in".
        picture: the picture.
        before: which of the row's panels it was made from; its own place for the source.
    """

    title: str
    picture: ImageRef
    before: int = 0

    def scaled(self, height: int) -> Image:
        """Give the picture at a height, its width in proportion.

        Args:
            height: in pixels.

        Returns:
            An RGB picture.

        Raises:
            PictureMissingError: nobody has it.
        """
        picture = self.picture.image().convert("RGB")
        return picture.resize((max(1, round(picture.width * height / picture.height)), height))


def panels_of(record: Record) -> list[Panel]:
    """List the pictures of a row, the source first.

    Args:
        record: any row.

    Returns:
        One panel a picture; none for a row of texts.
    """
    return list(_panels(record))


def texts_of(record: Record) -> list[str]:
    """List the texts of a row: its instructions, or those of its turns.

    Args:
        record: any row.

    Returns:
        One text a line.
    """
    if isinstance(record, MultiTurn):
        return [f"{number}. {turn.instruction}" for number, turn in enumerate(record.turns, 1)]
    short = record.clean_short_instruction
    return [record.instruction, *([f"Short: {short}"] if short else [])]


def _panels(record: Record) -> Iterator[Panel]:
    if isinstance(record, (SingleTurn, Preference, MultiTurn)):
        yield Panel("source", record.source)
    if isinstance(record, SingleTurn):
        yield Panel(f"edited: {record.edit_type}", record.edited)
    if isinstance(record, Preference):
        yield Panel(f"chosen: {record.edit_type}", record.chosen)
        yield from (Panel(f"rejected {number}", picture) for number, picture in enumerate(record.rejected, 1))
    if isinstance(record, MultiTurn):
        place = 0
        for number, turn in enumerate(record.turns, 1):
            if turn.image is not None:
                yield Panel(f"turn {number}", turn.image, before=place)
                place += 1
