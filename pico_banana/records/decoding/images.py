"""Pillow images of encoded pictures, and small copies of them that stand in a page."""

from __future__ import annotations

import io
from base64 import b64encode
from typing import TYPE_CHECKING

from pico_banana.records.decoding.decode import Colour, decode

if TYPE_CHECKING:
    from PIL.Image import Image as PillowImage


def image_of(data: bytes, *, background: Colour | None = None, address: str = "") -> PillowImage:
    """Decode a picture into a Pillow image, upright.

    Args:
        data: the encoded picture.
        background: what to put under transparent pixels; None drops the alpha channel as Pillow does.
        address: what to call the picture in an error.

    Returns:
        The picture in RGB.

    Raises:
        PictureCorruptError: the bytes are cut off, damaged, hostile or no picture.
    """
    from PIL import Image

    return Image.fromarray(decode(data, background=background, address=address))


def jpeg_uri(image: PillowImage, *, side: int, quality: int) -> str:
    """Encode a small copy of an image as an address that holds it.

    Args:
        image: in a mode that converts to RGB; it is itself made smaller.
        side: at most so many pixels wide and high.
        quality: of the JPEG, 1 to 100.

    Returns:
        `data:image/jpeg;base64,…`.
    """
    image.thumbnail((side, side))
    held = io.BytesIO()
    image.convert("RGB").save(held, "JPEG", quality=quality)
    return f"data:image/jpeg;base64,{b64encode(held.getvalue()).decode()}"
