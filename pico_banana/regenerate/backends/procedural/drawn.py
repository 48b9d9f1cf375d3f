"""Things drawn from scratch that can be put into a photo: a ball, a balloon, a kite, an umbrella."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from PIL import Image, ImageDraw

from pico_banana.regenerate.backends.procedural.pixels import Mask, Pixels, blur, from_image

if TYPE_CHECKING:
    from collections.abc import Callable

Colour = tuple[int, int, int]
_FINE = 4  # drawn this much larger, then made smaller: smooth edges

PALETTE: dict[str, Colour] = {
    "red": (205, 42, 40),
    "blue": (38, 84, 190),
    "yellow": (240, 196, 40),
    "green": (40, 140, 72),
    "orange": (236, 122, 32),
    "violet": (122, 62, 160),
}


@dataclass(frozen=True, slots=True)
class Drawable:
    """Something that can be drawn.

    Attributes:
        name: what it is.
        flies: it belongs into the air, not onto the ground.
        shape: width over height.
        draw: draws it on a canvas of a given size.
    """

    name: str
    flies: bool
    shape: float
    draw: Callable[[ImageDraw.ImageDraw, int, int, Colour], None]


def render(thing: Drawable, colour: str, height: int) -> tuple[Pixels, Mask]:
    """Draw a thing with soft shading from the upper left.

    Args:
        thing: what to draw.
        colour: a name of `PALETTE`.
        height: pixels.

    Returns:
        Its pixels and its shape.
    """
    size = (max(4, round(height * thing.shape)), max(4, height))
    canvas = Image.new("RGBA", (size[0] * _FINE, size[1] * _FINE))
    thing.draw(ImageDraw.Draw(canvas), canvas.width, canvas.height, PALETTE[colour])
    small = canvas.resize(size, Image.Resampling.LANCZOS)
    mask = np.asarray(small.getchannel("A"), dtype=np.float32) / 255
    down, across = np.mgrid[0 : 1 : size[1] * 1j, 0 : 1 : size[0] * 1j]
    light = np.exp(-(((across - 0.33) ** 2 + (down - 0.28) ** 2) / 0.07)).astype(np.float32)
    shade = (1.08 - 0.5 * np.clip((across - 0.3) ** 2 + (down - 0.25) ** 2, 0, 1)).astype(np.float32)
    return np.clip(from_image(small) * shade[..., None] + light[..., None] * 0.26, 0, 1), mask


def shadow(photo: Pixels, centre: tuple[float, float], radius: tuple[float, float]) -> Mask:
    """Make the shadow of a thing that stands on the ground.

    Args:
        photo: the photo.
        centre: x and y, pixels.
        radius: across and down, pixels.

    Returns:
        How dark, 0 to 1.
    """
    height, width = photo.shape[:2]
    image = Image.new("L", (width, height))
    x, y = centre
    ImageDraw.Draw(image).ellipse((x - radius[0], y - radius[1], x + radius[0], y + radius[1]), fill=255)
    return blur(np.asarray(image, dtype=np.float32) / 255, max(1.0, radius[1] * 0.6)) * 0.5


def _ball(draw: ImageDraw.ImageDraw, width: int, height: int, colour: Colour) -> None:
    draw.ellipse((0, 0, width - 1, height - 1), fill=(245, 240, 228, 255))
    for begin in range(-90, 270, 120):
        draw.pieslice((0, 0, width - 1, height - 1), begin, begin + 60, fill=(*colour, 255))
    middle = width * 0.09
    draw.ellipse(
        (width / 2 - middle, height / 2 - middle, width / 2 + middle, height / 2 + middle), fill=(245, 240, 228, 255)
    )


def _balloon(draw: ImageDraw.ImageDraw, width: int, height: int, colour: Colour) -> None:
    bag = height * 0.70
    draw.polygon(
        [
            (width * 0.10, bag * 0.66),
            (width * 0.90, bag * 0.66),
            (width * 0.60, height * 0.84),
            (width * 0.40, height * 0.84),
        ],
        fill=(*colour, 255),
    )
    draw.ellipse((0, 0, width - 1, bag), fill=(*colour, 255))
    pale = tuple(min(255, part + 90) for part in colour)
    for share in (0.30, 0.70):
        draw.ellipse((width * (share - 0.10), bag * 0.01, width * (share + 0.10), bag * 0.99), fill=(*pale, 255))
    draw.line(
        (width * 0.42, height * 0.83, width * 0.44, height * 0.92), fill=(70, 50, 30, 255), width=max(1, width // 60)
    )
    draw.line(
        (width * 0.58, height * 0.83, width * 0.56, height * 0.92), fill=(70, 50, 30, 255), width=max(1, width // 60)
    )
    draw.rectangle((width * 0.41, height * 0.90, width * 0.59, height - 1), fill=(122, 80, 42, 255))


def _kite(draw: ImageDraw.ImageDraw, width: int, height: int, colour: Colour) -> None:
    pale = tuple(min(255, part + 80) for part in colour)
    middle, tip = (width * 0.5, height * 0.28), height * 0.70
    draw.polygon(
        [(width * 0.5, 0), (width, height * 0.28), (width * 0.5, tip), (0, height * 0.28)], fill=(*colour, 255)
    )
    draw.polygon([(width * 0.5, 0), (width, height * 0.28), middle], fill=(*pale, 255))
    draw.polygon([middle, (0, height * 0.28), (width * 0.5, tip)], fill=(*pale, 255))
    tail = [(width * (0.5 + 0.14 * np.sin(step / 3)), tip + (height - tip) * step / 20) for step in range(21)]
    draw.line(tail, fill=(60, 50, 50, 255), width=max(2, width // 40))
    for x, y in tail[4::6]:
        draw.ellipse((x - width * 0.05, y - width * 0.03, x + width * 0.05, y + width * 0.03), fill=(*colour, 255))


def _umbrella(draw: ImageDraw.ImageDraw, width: int, height: int, colour: Colour) -> None:
    pale = (246, 240, 226)
    draw.rectangle((width * 0.485, height * 0.05, width * 0.515, height - 1), fill=(120, 92, 60, 255))
    for part in range(6):
        draw.pieslice(
            (0, 0, width - 1, height * 0.9),
            180 + part * 30,
            210 + part * 30,
            fill=(*(colour if part % 2 else pale), 255),
        )


THINGS = {
    thing.name: thing
    for thing in (
        Drawable("beach ball", flies=False, shape=1.0, draw=_ball),
        Drawable("hot-air balloon", flies=True, shape=0.74, draw=_balloon),
        Drawable("kite", flies=True, shape=0.62, draw=_kite),
        Drawable("beach umbrella", flies=False, shape=1.0, draw=_umbrella),
    )
}
