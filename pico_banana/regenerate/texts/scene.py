"""One question on the desk: what its writer and its judges are asked about."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from typing import TYPE_CHECKING

from pico_banana.regenerate.plan.photos import read_photo
from pico_banana.regenerate.values import Photo

if TYPE_CHECKING:
    from pico_banana.regenerate.texts.questions import Question
    from pico_banana.regenerate.values import Item, Picture
    from pico_banana.regenerate.work.desk import Desk
    from pico_banana.regenerate.work.staff import Staff


@dataclass(frozen=True, slots=True)
class TextScene:
    """One question, and who is asked about it.

    Attributes:
        desk: where calls go over.
        staff: who does the work.
        item: the question's item.
        question: the question.
        pictures: of a caption the picture after and the one before; else none.
    """

    desk: Desk
    staff: Staff
    item: Item
    question: Question
    pictures: tuple[Picture, ...]

    @property
    def picture_hashes(self) -> list[str]:
        """What calls about these pictures depend on."""
        return [picture.sha256 for picture in self.pictures]


async def set_scene(desk: Desk, staff: Staff, item: Item, question: Question) -> TextScene:
    """Read the pictures of a question.

    Args:
        desk: where calls go over.
        staff: who does the work.
        item: the question's item.
        question: the question.

    Returns:
        All that is needed to ask it.
    """
    addresses = (question.edited, question.source) if question.wording == "recaptioned" else ()
    pictures = [await asyncio.to_thread(read_photo, Photo(address, address)) for address in addresses]
    return TextScene(desk, staff, item, question, tuple(pictures))
