"""Pillow images of encoded pictures for people to look at, always upright, and small copies that stand in a page."""

from __future__ import annotations

import io
from base64 import b64encode
from typing import TYPE_CHECKING

from pico_banana.records.decoding.decode import Colour, decode
from pico_banana.records.decoding.header import read_header

if TYPE_CHECKING:
    from PIL.Image import Image as PillowImage


def image_of(
    data: bytes, *, height: int | None = None, background: Colour | None = None, address: str = ""
) -> PillowImage:
    """Decode a picture into a Pillow image, upright.

    Args:
        data: the encoded picture.
        height: of the image in pixels, its width in proportion; None keeps the picture's own size.
        background: what to put under transparent pixels; None drops the alpha channel as Pillow does.
        address: what to call the picture in an error.

    Returns:
        The picture in RGB.

    Raises:
        PictureCorruptError: the bytes are cut off, damaged, hostile or no picture.
    """
    from PIL import Image

    size = None
    if height is not None:
        width, own = read_header(data, address=address).size
        size = max(1, round(width * height / own)), height
    return Image.fromarray(decode(data, size=size, background=background, address=address))


def jpeg_of(image: PillowImage, *, quality: int) -> bytes:
    """Encode an image.

    Args:
        image: in a mode that converts to RGB.
        quality: of the JPEG, 1 to 100.

    Returns:
        The JPEG.
    """
    held = io.BytesIO()
    image.convert("RGB").save(held, "JPEG", quality=quality)
    return held.getvalue()


def in_page(jpeg: bytes) -> str:
    """Write a JPEG as an address that holds it.

    Args:
        jpeg: the encoded picture.

    Returns:
        `data:image/jpeg;base64,…`.
    """
    return f"data:image/jpeg;base64,{b64encode(jpeg).decode()}"


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
    return in_page(jpeg_of(image, quality=quality))
