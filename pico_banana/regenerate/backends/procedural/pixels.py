"""Pictures as arrays, and the few operations the crafts share. Arrays are float32, (height, width, 3), 0 to 1."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING, Any, TypeAlias

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageFilter

from pico_banana.records.decoding.pillow import border
from pico_banana.regenerate.values import Picture

if TYPE_CHECKING:
    from collections.abc import Sequence

Pixels: TypeAlias = NDArray[np.floating[Any]]
Mask: TypeAlias = NDArray[np.floating[Any]]  # (height, width), 0 to 1
Box: TypeAlias = tuple[int, int, int, int]  # left, top, right, bottom, pixels
Generator: TypeAlias = np.random.Generator

_LUMA = np.array([0.299, 0.587, 0.114], dtype=np.float32)
_LARGEST = 1536  # longer photos are made smaller first, as the hosted editors do


def decode(picture: Picture) -> Pixels:
    """Decode a picture.

    Args:
        picture: the picture.

    Returns:
        Its pixels, at most 1536 a side.

    Raises:
        PictureCorruptError: the bytes are no picture.
    """
    with border(picture.sha256), Image.open(io.BytesIO(picture.data)) as image:
        image.thumbnail((_LARGEST, _LARGEST))
        return np.asarray(image.convert("RGB"), dtype=np.float32) / 255


def encode(pixels: Pixels) -> Picture:
    """Encode pixels as PNG.

    Args:
        pixels: values outside 0 to 1 are clipped.

    Returns:
        The picture.
    """
    buffer = io.BytesIO()
    as_image(pixels).save(buffer, "PNG", compress_level=4)
    return Picture.of(buffer.getvalue())


def as_image(pixels: Pixels) -> Image.Image:
    """Make a Pillow image.

    Args:
        pixels: values outside 0 to 1 are clipped.

    Returns:
        An RGB image.
    """
    return Image.fromarray((np.clip(pixels, 0, 1) * 255 + 0.5).astype(np.uint8))


def from_image(image: Image.Image) -> Pixels:
    """Take the pixels of a Pillow image.

    Args:
        image: any mode.

    Returns:
        RGB pixels.
    """
    return np.asarray(image.convert("RGB"), dtype=np.float32) / 255


def luma(pixels: Pixels) -> Mask:
    """Give the brightness as the eye weighs it.

    Args:
        pixels: RGB.

    Returns:
        (height, width), 0 to 1.
    """
    weighed: Mask = pixels @ _LUMA
    return weighed


def blur(values: NDArray[np.floating[Any]], radius: float) -> NDArray[np.floating[Any]]:
    """Blur pixels or a mask.

    Args:
        values: RGB pixels or a mask.
        radius: of the Gaussian, pixels.

    Returns:
        The same shape.
    """
    image = Image.fromarray((np.clip(values, 0, 1) * 255).astype(np.uint8)) if values.ndim == 2 else as_image(values)
    return np.asarray(image.filter(ImageFilter.GaussianBlur(radius)), dtype=np.float32) / 255


def mix(below: Pixels, above: Pixels | Sequence[float], mask: Mask | float) -> Pixels:
    """Lay one picture or colour over another.

    Args:
        below: pixels.
        above: pixels, or one colour.
        mask: how much of `above` shows, 0 to 1.

    Returns:
        The mixture.
    """
    share = mask[..., None] if isinstance(mask, np.ndarray) else np.float32(mask)
    return below * (1 - share) + np.asarray(above, dtype=np.float32) * share


def saturate(pixels: Pixels, factor: float) -> Pixels:
    """Change how strong colours are.

    Args:
        pixels: RGB.
        factor: 0 for grey, 1 for no change.

    Returns:
        RGB.
    """
    grey = luma(pixels)[..., None]
    changed: Pixels = grey + (pixels - grey) * np.float32(factor)
    return changed


def cloud(shape: tuple[int, int], rng: Generator, *, cells: int) -> Mask:
    """Make soft random clouds.

    Args:
        shape: height and width.
        rng: seeded.
        cells: blobs along the longer side.

    Returns:
        A mask, 0 to 1.
    """
    height, width = shape
    small = (max(2, cells * height // max(shape)), max(2, cells * width // max(shape)))
    noise = (rng.random(small) * 255).astype(np.uint8)
    resized = Image.fromarray(noise).resize((width, height), Image.Resampling.BICUBIC)
    return np.asarray(resized, dtype=np.float32) / 255


def edges(pixels: Pixels) -> Mask:
    """Measure how steep brightness is.

    Args:
        pixels: RGB.

    Returns:
        The length of the gradient, (height, width).
    """
    grey = luma(pixels)
    down, right = np.gradient(grey)
    made: Pixels = np.hypot(down, right).astype(np.float32)
    return made


def likeness(one: Mask, other: Mask) -> float:
    """Correlate two masks.

    Args:
        one: (height, width).
        other: the same shape.

    Returns:
        -1 to 1; 0 when one is flat.
    """
    first, second = one - one.mean(), other - other.mean()
    scale = float(np.sqrt((first**2).sum() * (second**2).sum()))
    return float((first * second).sum()) / scale if scale > 0 else 0.0


def resized(pixels: Pixels, width: int, height: int) -> Pixels:
    """Resize a picture.

    Args:
        pixels: RGB.
        width: pixels.
        height: pixels.

    Returns:
        RGB of that size.
    """
    return from_image(as_image(pixels).resize((width, height), Image.Resampling.LANCZOS))


def colour_name(colour: Sequence[float]) -> str:
    """Name a colour in plain English.

    Args:
        colour: RGB, 0 to 1.

    Returns:
        One of a dozen words.
    """
    import colorsys

    hue, saturation, value = colorsys.rgb_to_hsv(*(float(part) for part in colour))
    if value < 0.2:
        return "black"
    if saturation < 0.18:
        return "white" if value > 0.8 else "grey"
    names = (
        (20, "red"),
        (45, "orange"),
        (70, "yellow"),
        (165, "green"),
        (200, "turquoise"),
        (260, "blue"),
        (290, "violet"),
    )
    degrees = hue * 360
    name = next((name for limit, name in names if degrees < limit), "pink" if degrees < 340 else "red")
    return "brown" if name in ("orange", "red") and value < 0.55 and degrees > 10 else name
