"""What there is to see of a row: a picture with what it is."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from PIL.Image import Image

    from pico_banana.records.image_ref import ImageRef


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
        """Give the picture upright at a height, its width in proportion.

        Args:
            height: in pixels.

        Returns:
            An RGB picture.

        Raises:
            PictureMissingError: nobody has it.
            PictureCorruptError: the bytes are not a picture.
        """
        from pico_banana.records.decoding.images import image_of

        return image_of(self.picture.bytes(), height=height, address=self.picture.address)
