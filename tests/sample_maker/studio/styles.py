"""Pictures drawn anew in another style: brush strokes, dots, cartoon, comic, pencil, woodcut."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from pico_banana.rehearsal.making.dice import Dice
from tests.sample_maker.studio.colours import colour
from tests.sample_maker.studio.filters import luma, noise
from tests.sample_maker.studio.painter import Painter
from tests.sample_maker.studio.raster import box_blur

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.sample_maker.studio.painter import Picture
    from tests.sample_maker.studio.raster import Plane

_DARK = 0.5  # half as bright as white
_PAPER = np.array(colour("#f7f4ec"), dtype=np.float32)


def edges(picture: Picture, *, reach: int = 1) -> Plane:
    """Find where colours change.

    Args:
        picture: of shape (height, width, 3).
        reach: how far apart pixels are compared.

    Returns:
        From 0, even, to 1 and more, a sharp edge; of shape (height, width).
    """
    total = np.zeros(picture.shape[:2], dtype=np.float32)
    for channel in range(3):
        plane = box_blur(picture[:, :, channel], 1)
        across = np.abs(np.roll(plane, -reach, 1) - np.roll(plane, reach, 1))
        down = np.abs(np.roll(plane, -reach, 0) - np.roll(plane, reach, 0))
        total = np.maximum(total, across + down)
    total[:reach] = total[-reach:] = 0
    total[:, :reach] = total[:, -reach:] = 0
    return total


def brush_strokes(picture: Picture) -> Picture:
    """Paint with short, thick, swirling strokes of pure colour, as Van Gogh did."""
    height, width = picture.shape[:2]
    p = Painter((0, 0, width, height), (width, height))
    p.picture[:] = (picture * 0.8).clip(0, 1)
    dice = Dice(79)
    for breadth, number in ((width / 62, 1300), (width / 120, 2600)):
        for _ in range(number):
            x, y = dice.unit() * width, dice.unit() * height
            tint = _stronger(picture[min(height - 1, int(y)), min(width - 1, int(x))], dice.unit() * 0.26 - 0.13)
            p.line(_swirl(x, y, breadth * 3.2, width), breadth, tint)
    return p.picture.clip(0, 1)


def _swirl(x: float, y: float, length: float, width: float) -> list[tuple[float, float]]:
    """Give a stroke along a field that turns around three centres."""
    line = []
    for _ in range(4):
        line.append((x, y))
        angle = 0.25 * np.sin(x / width * 5) + 0.2
        for centre, turn in (((0.25, 0.2), 1.0), ((0.72, 0.16), -1.0), ((0.5, 0.62), 0.6)):
            dx, dy = x - centre[0] * width, y - centre[1] * width
            pull = np.exp(-(dx * dx + dy * dy) / (0.03 * width * width))
            angle += turn * pull * (np.arctan2(dy, dx) + 1.57)
        x, y = x + np.cos(angle) * length / 3, y + np.sin(angle) * length / 3
    return line


def _stronger(tint: Plane, shift: float) -> tuple[float, float, float]:
    pure = (tint - tint.mean()) * 1.45 + tint.mean() + shift
    r, g, b = pure.clip(0, 1)
    return float(r), float(g), float(b)


def dots(picture: Picture) -> Picture:
    """Paint with dots of pure colour side by side, as Seurat did."""
    height, width = picture.shape[:2]
    p = Painter((0, 0, width, height), (width, height))
    p.picture[:] = _PAPER * 0.93
    dice = Dice(83)
    step = width / 84
    for row in range(int(height / step) + 2):
        for column in range(int(width / step) + 2):
            x, y = (column + dice.unit() * 0.7) * step, (row + dice.unit() * 0.7) * step
            tint = picture[min(height - 1, int(y)), min(width - 1, int(x))]
            p.oval(x, y, step * 0.66, step * 0.66, _stronger(tint, dice.unit() * 0.3 - 0.15))
    return p.picture.clip(0, 1)


def cartoon(picture: Picture) -> Picture:
    """Draw with few, flat, strong colours and dark outlines."""
    levels = (np.round(picture * 5) / 5).astype(np.float32)
    tone = luma(levels)[:, :, None]
    vivid = (levels + (levels - tone) * 0.35).clip(0, 1)
    return vivid * (1 - _ink_lines(picture, 0.14, 0.28))


def comic(picture: Picture) -> Picture:
    """Print as a comic: heavy ink, few colours, dots in the shadows."""
    height, width = picture.shape[:2]
    levels = (np.round(picture * 4) / 4).astype(np.float32)
    tone = luma(levels)[:, :, None]
    vivid = (levels + (levels - tone) * 0.55).clip(0, 1)
    across, down = np.arange(width)[None, :], np.arange(height)[:, None]
    screen = ((across + down) // 2 % 2 == 0) & ((across - down) // 2 % 2 == 0)  # dots turned by 45 degrees
    shadow = luma(picture) < _DARK
    vivid[screen & shadow] *= 0.7
    return vivid * (1 - _ink_lines(picture, 0.16, 0.32))


def _ink_lines(picture: Picture, low: float, high: float) -> Plane:
    line: Plane = np.clip((edges(picture) - low) / (high - low), 0, 1) * np.float32(0.92)
    return line[:, :, None]


def pencil(picture: Picture) -> Picture:
    """Draw with a pencil: contours, and hatching where it is dark."""
    height, width = picture.shape[:2]
    tone = luma(picture)
    across, down = np.arange(width)[None, :], np.arange(height)[:, None]
    sheet = np.ones((height, width), dtype=np.float32)
    for limit, lean in ((0.62, 1), (0.45, -1), (0.28, 2)):
        hatch = ((across + lean * down) % 5 < 1) & (tone < limit)
        sheet[hatch] -= 0.22
    sheet -= np.clip(edges(picture) * 2.1 - 0.12, 0, 0.85)
    sheet += np.round(noise((height, width), 13)) * 0.02
    return (sheet.clip(0.1, 1)[:, :, None] * _PAPER).clip(0, 1)


def woodcut(picture: Picture) -> Picture:
    """Print in four inks on paper, as a Japanese woodblock print."""
    inks = np.array(
        [colour(name) for name in ("#1f2d4d", "#3f6d8e", "#c8553d", "#d9b779", "#efe3c4", "#7f9a78")], dtype=np.float32
    )
    distance = ((picture[:, :, None, :] - inks[None, None]) ** 2).sum(axis=3)
    printed = inks[distance.argmin(axis=2)]
    inked: Picture = printed * (1 - _ink_lines(picture, 0.12, 0.22) * 0.9)
    return inked


STYLES: dict[str, Callable[[Picture], Picture]] = {
    "brush strokes": brush_strokes,
    "cartoon": cartoon,
    "comic": comic,
    "dots": dots,
    "pencil": pencil,
    "woodcut": woodcut,
}
