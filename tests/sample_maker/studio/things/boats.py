"""What is on the water: boats, a buoy, a lighthouse."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.sample_maker.studio.colours import colour, darker, lighter
from tests.sample_maker.studio.curves import curve
from tests.sample_maker.studio.lettering import write
from tests.sample_maker.studio.paints import Blend

if TYPE_CHECKING:
    from tests.sample_maker.studio.painter import Painter
    from tests.sample_maker.studio.scene import Look, Thing

_WOOD = colour("brown")


def _wake(p: Painter, half: float) -> None:
    p.oval(0, 3, half, 3.2, (0.05, 0.12, 0.2), opacity=0.35, soft=2)


def rowing_boat(p: Painter, thing: Thing, look: Look) -> None:
    """Draw an open boat with two thwarts."""
    del look
    base = colour(thing.colour)
    _wake(p, 38)
    p.fill(curve([(-40, -14), (-32, 0), (0, 4), (32, 0), (42, -15), (0, -9)]), Blend((base, darker(base, 0.35))))
    p.fill(curve([(-38, -14), (0, -8.5), (40, -15), (0, -13)]), darker(_WOOD, 0.3))
    for x in (-14, 12):
        p.box(x - 3, -12.5, x + 3, -9.5, lighter(_WOOD, 0.3), radius=1)
    p.line(curve([(-40, -14), (0, -8.5), (42, -15)], closed=False), 1.6, lighter(base, 0.45))
    p.line([(-6, -12), (-26, 3)], 1.3, lighter(_WOOD, 0.4))


def canoe(p: Painter, thing: Thing, look: Look) -> None:
    """Draw a slim canoe with upturned ends."""
    del look
    base = colour(thing.colour)
    _wake(p, 44)
    p.fill(
        curve([(-48, -16), (-38, 0), (0, 3), (38, 0), (48, -16), (34, -8), (-34, -8)]), Blend((base, darker(base, 0.3)))
    )
    p.fill(curve([(-36, -8), (0, -5), (36, -8), (0, -9)]), darker(base, 0.55))
    p.line(curve([(-47, -15), (-34, -8), (0, -7), (34, -8), (47, -15)], closed=False), 1.2, lighter(base, 0.5))
    p.line([(4, -16), (22, 2)], 1.2, lighter(_WOOD, 0.4))
    p.oval(23, 3, 2.2, 4, lighter(_WOOD, 0.3), turn=-40)


def sailing_boat(p: Painter, thing: Thing, look: Look) -> None:
    """Draw a sloop: hull and two sails; the colour is the mainsail's."""
    del look
    sail, hull = colour(thing.colour), colour("white")
    _wake(p, 36)
    p.line([(2, -8), (2, -96)], 1.6, _WOOD)
    p.fill(
        curve([(5, -94), (10, -60), (34, -16), (5, -16)], steps=6),
        Blend((lighter(sail, 0.2), sail, darker(sail, 0.2)), across=True),
    )
    p.fill([(0, -88), (-1, -16), (-30, -15)], Blend((lighter(sail, 0.75), lighter(sail, 0.5))))
    p.line([(2, -14), (34, -14)], 1.4, _WOOD)
    p.fill(curve([(-36, -12), (-27, 0), (0, 3), (30, 1), (40, -12), (0, -11)]), Blend((hull, darker(hull, 0.25))))
    p.line(curve([(-33, -5), (0, -2), (36, -6)], closed=False), 1.5, darker(sail, 0.2))


def fishing_boat(p: Painter, thing: Thing, look: Look) -> None:
    """Draw a trawler with a wheelhouse; its name stands on the bow."""
    del look
    base = colour(thing.colour)
    _wake(p, 56)
    p.line([(-22, -30), (-22, -78)], 1.8, _WOOD)
    p.line([(-22, -74), (-52, -22)], 0.6, colour("charcoal"))
    p.line([(-22, -74), (52, -28)], 0.6, colour("charcoal"))
    p.box(-2, -50, 26, -22, Blend((colour("white"), colour("light grey")), across=True), radius=2)
    p.box(-5, -54, 29, -49, darker(base, 0.1), radius=1.5)
    for x in (2, 14):
        p.box(x, -45, x + 8, -35, colour("#38566b"), radius=1)
    p.fill(
        curve([(-58, -26), (-50, -3), (0, 4), (46, 1), (62, -32), (30, -23), (-30, -21)]),
        Blend((base, darker(base, 0.35))),
    )
    p.line(curve([(-57, -24), (-30, -19), (30, -21), (61, -30)], closed=False), 2, colour("cream"))
    p.line(curve([(-51, -4), (0, 1), (48, -1)], closed=False), 3, darker(base, 0.55))
    if thing.text:
        write(p, thing.text, 30, -13, height=6.5, colour=colour(thing.ink), hand=thing.hand, width=36)


def buoy(p: Painter, thing: Thing, look: Look) -> None:
    """Draw a buoy with a light on top."""
    del look
    base = colour(thing.colour)
    _wake(p, 11)
    p.fill(
        [(-9, 0), (-4.5, -24), (4.5, -24), (9, 0)], Blend((lighter(base, 0.2), base, darker(base, 0.3)), across=True)
    )
    p.fill([(-7.3, -9), (-6, -16), (6, -16), (7.3, -9)], colour("white"))
    p.line([(0, -24), (0, -31)], 1.2, colour("charcoal"))
    p.oval(0, -32, 2.6, 2.6, colour("#ffe9a0"))


def lighthouse(p: Painter, thing: Thing, look: Look) -> None:
    """Draw a banded tower on a rock."""
    base, white = colour(thing.colour), colour("white")
    p.fill(
        curve([(-46, 4), (-36, -10), (-12, -18), (14, -16), (36, -8), (50, 4)]),
        Blend((colour("#8d8579"), colour("#5c564e"))),
    )
    for step in range(4):
        low, high = -14 - step * 24, -14 - (step + 1) * 24
        half, upper = 13 - step * 1.6, 13 - (step + 1) * 1.6
        tint = base if step % 2 == 0 else white
        tower = [(-half, low), (-upper, high), (upper, high), (half, low)]
        p.fill(tower, Blend((lighter(tint, 0.2), tint, darker(tint, 0.3)), across=True))
    p.box(-10, -114, 10, -110, colour("charcoal"))
    p.box(-6, -127, 6, -114, colour("#fff1b8"), radius=1)
    p.fill([(-8, -127), (0, -137), (8, -127)], base)
    p.box(-3, -30, 3, -18, darker(white, 0.6), radius=2)
    if look.light in {"night", "sunset"}:
        with p.shining():
            p.oval(0, -120, 34, 14, colour("#fff1b8"), opacity=0.7, soft=8)
            p.box(-5, -126, 5, -115, colour("#fff1b8"), radius=1)


def pier(p: Painter, thing: Thing, look: Look) -> None:
    """Draw a wooden jetty on piles."""
    base = colour(thing.colour)
    for x in range(-60, 61, 30):
        p.box(x - 2.5, -8, x + 2.5, 16, darker(base, 0.5))
    p.box(-66, -14, 66, -7, Blend((lighter(base, 0.3), darker(base, 0.2))))
    for x in range(-60, 66, 9):
        p.line([(x, -13), (x, -8)], 0.7, darker(base, 0.45))
    if look.season == "winter":
        p.box(-66, -16, 66, -13, colour("white"), radius=1.5)
