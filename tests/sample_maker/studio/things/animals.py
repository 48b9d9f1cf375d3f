"""What lives: a dog, a cat, ducks and gulls."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.sample_maker.studio.colours import colour, darker, lighter
from tests.sample_maker.studio.curves import curve
from tests.sample_maker.studio.paints import Blend

if TYPE_CHECKING:
    from tests.sample_maker.studio.painter import Painter
    from tests.sample_maker.studio.scene import Look, Thing

_BLACK = colour("#1f1c1b")


def dog(p: Painter, thing: Thing, look: Look) -> None:
    """Draw a sitting dog with a collar."""
    del look
    coat = colour(thing.colour)
    p.shadow(0, 0, 26, 3.5)
    p.line(curve([(-18, -6), (-30, -12), (-31, -24)], closed=False), 5, darker(coat, 0.15))
    p.fill(
        curve([(-22, 0), (-24, -16), (-12, -34), (6, -44), (16, -34), (14, -2), (0, 0)]),
        Blend((lighter(coat, 0.15), darker(coat, 0.2))),
    )
    p.fill(curve([(6, -38), (15, -30), (13, -8), (6, -14)]), lighter(coat, 0.5))
    p.oval(-12, -9, 12, 10, darker(coat, 0.12))
    for x in (5, 13):
        p.box(x - 3.6, -18, x + 3.6, 0, darker(coat, 0.05), radius=3.4)
    p.oval(-8, -1.5, 9, 3.4, darker(coat, 0.1))
    p.fill(
        curve([(-2, -62), (2, -72), (14, -74), (24, -66), (36, -60), (35, -53), (22, -49), (6, -46), (-2, -52)]),
        Blend((lighter(coat, 0.2), coat)),
    )
    p.fill(curve([(20, -58), (35, -60), (35, -53), (22, -50)]), lighter(coat, 0.4))
    p.oval(35, -59.5, 3.4, 2.8, _BLACK)
    p.line(curve([(34, -55), (29, -52.5), (25, -53)], closed=False), 0.9, _BLACK)
    p.oval(17, -63, 2.2, 2.4, _BLACK)
    p.oval(17.7, -63.8, 0.7, 0.7, (1, 1, 1))
    p.fill(curve([(2, -71), (-9, -66), (-11, -50), (-2, -47), (5, -58)]), darker(coat, 0.35))
    p.line(curve([(-3, -47), (5, -44), (13, -45)], closed=False), 3, colour("red"))
    p.oval(9, -41.5, 2, 2, colour("gold"))


def cat(p: Painter, thing: Thing, look: Look) -> None:
    """Draw a cat that sits and looks at us."""
    del look
    coat = colour(thing.colour)
    p.shadow(0, 0, 18, 2.6)
    p.line(curve([(12, -4), (24, -6), (25, -20), (20, -26)], closed=False), 4.2, darker(coat, 0.15))
    p.fill(
        curve([(-14, 0), (-13, -18), (-7, -34), (7, -34), (13, -18), (14, 0), (0, 1)]),
        Blend((coat, darker(coat, 0.25))),
    )
    p.oval(0, -13, 6, 11, lighter(coat, 0.45))
    for x in (-5, 5):
        p.oval(x, -2, 4, 3, lighter(coat, 0.25))
    for side in (-1, 1):
        p.fill([(side * 12, -41), (side * 11, -57), (side * 3, -50)], darker(coat, 0.1))
        p.fill([(side * 10.6, -45), (side * 10, -53), (side * 5, -49)], colour("pink"))
    p.oval(0, -42, 13, 11, Blend((lighter(coat, 0.15), coat)))
    for y in (-51, -49, -47):
        p.line([(-2, y), (2, y - 0.6)], 0.8, darker(coat, 0.4))
    for side in (-1, 1):
        p.oval(side * 5, -43, 2.7, 3.1, colour("#9fc04a"))
        p.oval(side * 5, -43, 1, 2.7, _BLACK)
        p.oval(side * 2.4, -37, 3, 2.3, lighter(coat, 0.55))
        for lift in (-0.6, 0.8):
            p.line([(side * 4, -37 + lift), (side * 15, -38 + lift * 3)], 0.3, (1, 1, 1), opacity=0.8)
    p.fill([(-1.6, -39.6), (1.6, -39.6), (0, -37.8)], colour("pink"))


def duck(p: Painter, thing: Thing, look: Look) -> None:
    """Draw a swimming duck."""
    del look
    base = colour(thing.colour)
    p.oval(0, 1, 15, 2, (0.05, 0.12, 0.2), opacity=0.35, soft=1.5)
    p.fill(
        curve([(-17, -8), (-12, 0), (8, 1), (14, -6), (8, -11), (-8, -9)]),
        Blend((lighter(base, 0.2), darker(base, 0.2))),
    )
    p.fill(curve([(-12, -7), (-4, -2), (7, -4), (2, -9)]), darker(base, 0.25))
    p.line(curve([(9, -7), (11, -13), (11, -16)], closed=False), 5.2, darker(base, 0.05))
    p.oval(12, -17, 4.6, 4.2, darker(base, 0.05))
    p.fill([(15.5, -18), (22, -16.4), (15.5, -15)], colour("orange"))
    p.oval(13.4, -18.2, 0.8, 0.9, _BLACK)


def gull(p: Painter, thing: Thing, look: Look) -> None:
    """Draw a gull in flight."""
    del look
    base = colour(thing.colour)
    p.fill(
        curve([(-26, -10), (-14, -9), (0, 0), (14, -9), (26, -12), (14, -5), (0, 5), (-14, -4)]),
        Blend((lighter(base, 0.3), darker(base, 0.15))),
    )
    p.oval(3, 1, 7, 2.6, lighter(base, 0.4))
    p.fill([(9, 0), (13, 1.4), (9, 2.4)], colour("orange"))
    for side in (-1, 1):
        p.line([(side * 20, -10), (side * 26, -11)], 1.4, _BLACK)


def butterfly(p: Painter, thing: Thing, look: Look) -> None:
    """Draw a butterfly."""
    del look
    base = colour(thing.colour)
    for side in (-1, 1):
        p.oval(side * 6, -5, 4.4, 6.4, base, turn=side * 30)
        p.oval(side * 5, 4, 3.2, 4.2, lighter(base, 0.25), turn=side * -25)
        p.oval(side * 7, -6, 1.6, 2.2, lighter(base, 0.6))
        p.line(curve([(0, -6), (side * 1.6, -10), (side * 4, -12)], closed=False), 0.4, _BLACK)
    p.box(-0.9, -7, 0.9, 6, _BLACK, radius=0.9)
