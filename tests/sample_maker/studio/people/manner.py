"""Manners of drawing a person: how large head and eyes are, how shapes are shaded and outlined.

The same face is drawn in every manner, so that the person stays recognisable.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import numpy as np

from tests.sample_maker.studio.colours import Colour, colour, darker, lighter
from tests.sample_maker.studio.curves import PointLike, ellipse, points
from tests.sample_maker.studio.paints import Blend, Glow

if TYPE_CHECKING:
    from tests.sample_maker.studio.painter import Painter

Shading = Literal["soft", "round", "cel", "flat", "none"]


@dataclass(frozen=True, slots=True)
class Manner:
    """A manner of drawing.

    Attributes:
        shading: soft as in a photo, round as in a 3D film, cel with one hard shadow, flat, or none (white).
        outline: width of the outlines, in points; 0 for none.
        ink: colour of the outlines.
        head: times the usual size of the head.
        eyes: times the usual size of the eyes.
        eye_shape: natural, anime, pixar, dots or bulging.
        nose: times the usual size of the nose.
        chin: times the usual length of the chin.
        ears: times the usual size of the ears.
        skin: colour that replaces everybody's skin; empty to keep it.
        vivid: how far colours are pushed toward the pure ones.
    """

    shading: Shading = "soft"
    outline: float = 0.0
    ink: Colour = (0.1, 0.09, 0.1)
    head: float = 1.0
    eyes: float = 1.0
    eye_shape: str = "natural"
    nose: float = 1.0
    chin: float = 1.0
    ears: float = 1.0
    skin: str = ""
    vivid: float = 0.0


MANNERS = {
    "photo": Manner(),
    "anime": Manner(
        "cel",
        1.1,
        colour("#3a2a33"),
        head=1.06,
        eyes=1.75,
        eye_shape="anime",
        nose=0.35,
        chin=0.92,
        ears=0.9,
        vivid=0.25,
    ),
    "pixar": Manner("round", 0, head=1.16, eyes=1.6, eye_shape="pixar", nose=0.9, chin=0.9, ears=1.15, vivid=0.2),
    "comic": Manner("cel", 2.6, (0.04, 0.04, 0.06), vivid=0.4),
    "ink": Manner("none", 1.5, (0.08, 0.08, 0.1)),
    "sticker": Manner("flat", 2.2, (0.1, 0.1, 0.16), head=1.1, eyes=1.15, vivid=0.3),
    "caricature": Manner(
        "soft", 0.9, colour("#4a352c"), head=1.22, eyes=0.95, nose=1.75, chin=1.3, ears=1.6, vivid=0.1
    ),
    "yellow": Manner(
        "flat", 1.7, (0.08, 0.08, 0.08), eyes=1.5, eye_shape="bulging", nose=1.15, skin="#f7d038", vivid=0.35
    ),
}

# what lies under a sticker, one over the other: the edge of the paper, then the white border
STICKER_BORDERS = (
    Manner("none", 15.0, colour("#9fb8ac"), head=1.1, eyes=1.15),
    Manner("none", 13.0, (1.0, 1.0, 1.0), head=1.1, eyes=1.15),
)


class Pen:
    """Paints shapes on a painter in one manner."""

    def __init__(self, p: Painter, manner: Manner) -> None:
        """Paint on `p` as `manner` says."""
        self.p = p
        self.manner = manner

    def tint(self, base: Colour) -> Colour:
        """Give a colour as this manner shows it.

        Args:
            base: the colour in a photo.

        Returns:
            The colour; purer where the manner is vivid.
        """
        grey = sum(base) / 3
        r, g, b = (min(1.0, max(0.0, part + (part - grey) * self.manner.vivid)) for part in base)
        return r, g, b

    def shape(self, outline: PointLike, base: Colour, *, shade: float = 0.25, line: bool = True) -> None:
        """Paint a shape: shaded, and outlined when the manner has outlines.

        Args:
            outline: in points.
            base: its colour.
            shade: how much darker its shaded side is.
            line: False leaves the outline out.
        """
        manner, tint = self.manner, self.tint(base)
        if manner.shading == "none":
            self.p.fill(outline, (1.0, 1.0, 1.0))
        elif manner.shading == "soft":
            self.p.fill(outline, Blend((lighter(tint, 0.12), tint, darker(tint, shade)), across=True))
        elif manner.shading == "round":
            self.p.fill(outline, Glow(lighter(tint, 0.28), darker(tint, shade), 0.38, 0.3))
        else:
            self.p.fill(outline, tint)
        if manner.shading == "cel":
            self._shadow_side(outline, darker(tint, shade * 0.9))
        if line and manner.outline:
            self.contour(outline)

    def _shadow_side(self, outline: PointLike, tint: Colour) -> None:
        """Paint a hard shadow on the right of a shape: what the shape, moved left, does not cover."""
        line = points(outline)
        width = float(np.ptp(line[:, 0]))
        self.p.fill_except(line, line - (width * 0.16, width * 0.03), tint)

    def contour(self, outline: PointLike, *, width: float = 1.0, closed: bool = True) -> None:
        """Draw an outline with the manner's ink.

        Args:
            outline: in points.
            width: times the manner's width.
            closed: whether its ends meet.
        """
        line = points(outline)
        ring = np.vstack([line, line[:1]]) if closed else line
        self.p.line(ring, max(0.5, self.manner.outline * width), self.manner.ink)

    def stroke(self, line: PointLike, width: float, base: Colour) -> None:
        """Draw a line that belongs to the drawing itself: a brow, a lip, a fold.

        Args:
            line: in points.
            width: in points.
            base: its colour in a photo.
        """
        if self.manner.shading == "none":
            self.p.line(line, min(width, self.manner.outline), self.manner.ink)
        else:
            self.p.line(line, width, self.tint(base))

    def oval(self, x: float, y: float, rx: float, ry: float, base: Colour, *, line: bool = True) -> None:
        """Paint an ellipse in this manner; see `shape`."""
        self.shape(ellipse(x, y, rx, ry), base, line=line)
