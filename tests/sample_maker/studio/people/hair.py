"""Hair: what lies behind the head, and what lies before it; origin at the chin."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.sample_maker.studio.colours import Colour, colour, darker, lighter
from tests.sample_maker.studio.curves import curve

if TYPE_CHECKING:
    from tests.sample_maker.studio.people.manner import Pen
    from tests.sample_maker.studio.people.person import Person

_BEHIND = {
    "long": [
        (0, -86), (28, -78), (40, -50), (41, -10), (46, 26), (30, 34), (-30, 34), (-46, 26), (-41, -10), (-40, -50),
        (-28, -78),
    ],
    "bob": [
        (0, -86), (28, -78), (41, -50), (43, -14), (34, -2), (-34, -2), (-43, -14), (-41, -50), (-28, -78),
    ],
    "pony tail": [
        (20, -70), (44, -66), (56, -36), (48, 2), (42, -4), (42, -34), (30, -52),
    ],
}  # fmt: skip
_FRINGES = {
    "long": [
        (-2, -84), (26, -78), (36, -52), (34, -28), (29, -46), (20, -62), (4, -66), (-8, -69), (-22, -58), (-29, -44),
        (-34, -26), (-36, -52), (-27, -78),
    ],
    "bob": [
        (0, -85), (27, -78), (37, -52), (35, -22), (30, -42), (24, -55), (8, -54), (-10, -56), (-24, -54), (-30, -42),
        (-35, -22), (-37, -52), (-27, -78),
    ],
    "pony tail": [
        (0, -85), (26, -78), (34, -56), (31, -46), (22, -62), (4, -70), (-14, -66), (-27, -54), (-32, -44),
        (-34, -58), (-26, -78),
    ],
    "bun": [
        (0, -84), (26, -77), (34, -54), (31, -44), (22, -62), (0, -69), (-22, -62), (-31, -44), (-34, -54),
        (-26, -77),
    ],
    "short": [
        (-4, -86), (22, -84), (34, -66), (33, -42), (29, -54), (22, -64), (4, -63), (-12, -67), (-26, -58),
        (-31, -42), (-35, -62), (-25, -80),
    ],
}  # fmt: skip


def draw_hair_behind(pen: Pen, person: Person) -> None:
    """Draw what the head covers.

    Args:
        pen: what to draw with.
        person: whose.
    """
    tint = colour(person.hair)
    if person.style in _BEHIND:
        pen.shape(curve(_BEHIND[person.style]), darker(tint, 0.18))
    elif person.style == "curly":
        _curls(
            pen,
            darker(tint, 0.18),
            ((-34, -30, 15), (34, -30, 15), (-38, -50, 15), (38, -50, 15), (-30, -70, 16), (30, -70, 16), (0, -82, 17)),
        )
    elif person.style == "bun":
        pen.oval(0, -90, 14, 13, tint)


def draw_hair_before(pen: Pen, person: Person) -> None:
    """Draw what covers the forehead.

    Args:
        pen: what to draw with.
        person: whose.
    """
    tint = colour(person.hair)
    if person.style == "curly":
        _curls(pen, tint, ((-29, -60, 11), (29, -60, 11), (-19, -72, 13), (19, -72, 13), (0, -77, 14)))
    elif person.style in _FRINGES:
        pen.shape(curve(_FRINGES[person.style]), tint)
        _strands(pen, tint)


def _curls(pen: Pen, tint: Colour, places: tuple[tuple[float, float, float], ...]) -> None:
    for x, y, r in places:
        pen.oval(x, y, r, r * 0.95, tint)


def _strands(pen: Pen, tint: Colour) -> None:
    shine = pen.manner.ink if pen.manner.shading == "none" else lighter(tint, 0.3)
    for x, reach in ((-18, -6), (-6, 4), (10, 12)):
        line = curve([(x, -80), (x + reach * 0.3 - 4, -74), (x + reach * 0.5 - 9, -67)], closed=False)
        pen.p.line(line, 1.4 if pen.manner.shading != "none" else 0.8, pen.tint(shine), opacity=0.55)
