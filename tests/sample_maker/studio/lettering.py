"""Writing on things: a text in one of several hands, fitted into a width."""

from __future__ import annotations

from dataclasses import dataclass
from math import cos, sin
from typing import TYPE_CHECKING

import numpy as np

from tests.sample_maker.studio.colours import Colour, lighter, mix
from tests.sample_maker.studio.curves import moved, turned
from tests.sample_maker.studio.glyphs import CAP_HEIGHT, glyph

if TYPE_CHECKING:
    from tests.sample_maker.studio.curves import Points
    from tests.sample_maker.studio.painter import Painter


@dataclass(frozen=True, slots=True)
class Hand:
    """A way to write.

    Attributes:
        weight: width of the strokes, in parts of the letters' height.
        slant: how far the top leans to the right, in parts of the height.
        spacing: space between letters, in parts of the height.
        serif: length of the small strokes at the ends, in parts of the height; 0 for none.
        unsteady: how far a hand strays from the line, in parts of the height.
        glow: whether the strokes shine, as neon tubes do.
    """

    weight: float = 0.15
    slant: float = 0.0
    spacing: float = 0.26
    serif: float = 0.0
    unsteady: float = 0.0
    glow: bool = False


HANDS = {
    "plain": Hand(),
    "bold": Hand(weight=0.25, spacing=0.34),
    "thin": Hand(weight=0.07, spacing=0.34),
    "slab serif": Hand(weight=0.13, serif=0.2, spacing=0.4),
    "script": Hand(weight=0.09, slant=0.32, spacing=0.18, serif=0.12, unsteady=0.025),
    "handwritten": Hand(weight=0.1, slant=0.12, spacing=0.24, unsteady=0.05),
    "neon": Hand(weight=0.1, spacing=0.32, glow=True),
}


def write(
    p: Painter, text: str, x: float, y: float, *, height: float, colour: Colour, hand: str = "plain", width: float = 0.0
) -> None:
    """Write a line of text, centred.

    Args:
        p: where to write.
        text: capitals, figures and marks.
        x: of the text's centre, in points.
        y: of the text's centre.
        height: of a capital, in points; made smaller when the text would be too wide.
        colour: of the strokes.
        hand: one of `HANDS`.
        width: the most that the text may take; 0 for no limit.
    """
    style = HANDS[hand]
    lines, length = _set(text.upper(), style)
    size = height / CAP_HEIGHT
    if width and length * size > width:
        size = width / length
    with p.lettered():
        for line in lines:
            leaning = line + np.stack([(CAP_HEIGHT / 2 - line[:, 1]) * style.slant, np.zeros(len(line))], axis=1)
            placed = moved(moved(leaning, -length / 2, -CAP_HEIGHT / 2) * size, x, y)
            _stroke(p, placed, style, size * CAP_HEIGHT, colour)


def _set(text: str, style: Hand) -> tuple[list[Points], float]:
    """Put letters side by side: (their lines, the width of all), on the grid."""
    lines: list[Points] = []
    at = 0.0
    for number, letter in enumerate(text):
        strokes, width = glyph(letter)
        strokes += tuple(serif for line in strokes for serif in _serifs(line, style))
        lines += [moved(_shaken(line, style, number), at, 0.0) for line in strokes]
        at += width + style.spacing * CAP_HEIGHT
    return lines, max(1.0, at - style.spacing * CAP_HEIGHT)


def _serifs(line: Points, style: Hand) -> list[Points]:
    if not style.serif:
        return []
    half = style.serif * CAP_HEIGHT / 2
    ends = [end for end in (line[0], line[-1]) if end[1] in {0.0, CAP_HEIGHT}]
    return [np.array([[x - half, y], [x + half, y]]) for x, y in ends]


def _shaken(line: Points, style: Hand, number: int) -> Points:
    """Tilt and lift a letter a little, each one differently."""
    if not style.unsteady:
        return line
    tilt, lift = sin(number * 2.3) * style.unsteady * 90, cos(number * 1.7) * style.unsteady * CAP_HEIGHT
    return moved(turned(line, tilt, about=(2.0, CAP_HEIGHT / 2)), 0.0, lift)


def _stroke(p: Painter, line: Points, style: Hand, height: float, colour: Colour) -> None:
    width = style.weight * height
    if not style.glow:
        p.line(line, width, colour)
        return
    p.line(line, width * 3.2, colour, opacity=0.35, soft=width * 1.6)
    p.line(line, width, mix(colour, (1, 1, 1), 0.15))
    p.line(line, width * 0.45, lighter(colour, 0.75))
