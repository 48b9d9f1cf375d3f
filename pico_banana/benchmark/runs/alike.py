"""Two pictures made alike as files: one size, one codec, and one length, so that a file says nothing of its content.

PNG without compression has the same length for every picture of a size. What is left to tell a chosen edit from a
rejected one is what can be seen.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from pico_banana.benchmark.runs.making import encoded
from pico_banana.records.decoding.images import image_of

if TYPE_CHECKING:
    from pico_banana.regenerate.values import Picture


def alike(one: Picture, other: Picture) -> tuple[Picture, Picture]:
    """Give two pictures the size of the smaller one and the same codec.

    Args:
        one: a picture.
        other: a picture.

    Returns:
        Both as RGB, PNG without compression or metadata, in files of one length.
    """
    from PIL import Image

    images = [image_of(picture.data) for picture in (one, other)]
    size = min((image.size for image in images), key=lambda size: size[0] * size[1])
    # A picture that is resized and one that is not differ in their finest detail: both are, by way of a smaller one.
    fine = (max(1, size[0] * 15 // 16), max(1, size[1] * 15 // 16))
    first, second = (encoded(image.resize(fine, Image.Resampling.LANCZOS), compress_level=0) for image in images)
    return first, second
