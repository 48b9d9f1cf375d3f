"""What stands in rooms and on tables: fruit, crockery, furniture, books."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.sample_maker.studio.colours import colour, darker, lighter
from tests.sample_maker.studio.curves import curve
from tests.sample_maker.studio.lettering import write
from tests.sample_maker.studio.paints import Blend, Glow

if TYPE_CHECKING:
    from tests.sample_maker.studio.painter import Painter
    from tests.sample_maker.studio.scene import Look, Thing

_STALK = colour("#5b4025")
_LEAF = colour("#5d9440")


def apple(p: Painter, thing: Thing, look: Look) -> None:
    """Draw an apple."""
    del look
    base = colour(thing.colour)
    p.shadow(2, 0, 18, 3.4)
    body = curve(
        [(0, -29), (9, -32), (18, -25), (17, -10), (8, 0), (0, -1), (-8, 0), (-17, -10), (-18, -25), (-9, -32)]
    )
    p.fill(body, Glow(lighter(base, 0.35), darker(base, 0.25), 0.35, 0.3))
    p.line(curve([(0, -28), (1, -34), (4, -38)], closed=False), 1.8, _STALK)
    p.fill(curve([(2, -34), (10, -41), (17, -39), (10, -34)]), _LEAF)
    p.oval(-8, -22, 3, 5, (1, 1, 1), turn=25, opacity=0.45, soft=1)


def pear(p: Painter, thing: Thing, look: Look) -> None:
    """Draw a pear."""
    del look
    base = colour(thing.colour)
    p.shadow(2, 0, 17, 3.2)
    body = curve(
        [(0, -48), (6, -45), (8, -32), (17, -18), (13, -3), (0, 0), (-13, -3), (-17, -18), (-8, -32), (-6, -45)]
    )
    p.fill(body, Glow(lighter(base, 0.35), darker(base, 0.25), 0.38, 0.55))
    p.line(curve([(0, -47), (1, -52), (4, -56)], closed=False), 1.8, _STALK)


def orange(p: Painter, thing: Thing, look: Look) -> None:
    """Draw an orange, or another round fruit."""
    del look
    base = colour(thing.colour)
    p.shadow(2, 0, 17, 3.4)
    p.oval(0, -16, 16.5, 16, Glow(lighter(base, 0.4), darker(base, 0.2), 0.35, 0.3))
    p.oval(1, -29, 1.6, 1, _LEAF)


def bananas(p: Painter, thing: Thing, look: Look) -> None:
    """Draw a bunch of bananas."""
    del look
    base = colour(thing.colour)
    p.shadow(0, 0, 36, 3.4)
    for drop, tint in ((-8, darker(base, 0.15)), (-3, lighter(base, 0.05)), (3, base)):
        shape = curve(
            [
                (-34, -22 + drop),
                (-20, -8 + drop),
                (4, -4 + drop),
                (28, -14 + drop),
                (36, -24 + drop),
                (24, -19 + drop),
                (2, -15 + drop),
                (-16, -18 + drop),
            ]
        )
        p.fill(shape, Blend((lighter(tint, 0.2), darker(tint, 0.12))))
    p.line([(-33, -24), (-37, -30)], 4, _STALK)
    p.oval(35, -23, 2, 2.4, _STALK)


def bowl(p: Painter, thing: Thing, look: Look) -> None:
    """Draw a glazed bowl."""
    del look
    base = colour(thing.colour)
    p.shadow(0, 0, 40, 5)
    p.oval(0, -34, 50, 7, darker(base, 0.45))
    p.fill(
        curve([(-50, -34), (-40, -12), (-20, -1), (20, -1), (40, -12), (50, -34), (0, -28)]),
        Blend((lighter(base, 0.3), base, darker(base, 0.3)), across=True),
    )
    p.line(curve([(-46, -27), (0, -19), (46, -27)], closed=False), 1.6, lighter(base, 0.65))


def mug(p: Painter, thing: Thing, look: Look) -> None:
    """Draw a mug of coffee that steams."""
    del look
    base = colour(thing.colour)
    p.shadow(2, 0, 18, 3.4)
    p.line(curve([(15, -30), (26, -30), (27, -14), (14, -9)], closed=False), 3.4, darker(base, 0.15))
    p.fill(
        curve([(-16, -36), (-15, -3), (0, 1), (15, -3), (16, -36)], steps=5),
        Blend((lighter(base, 0.3), base, darker(base, 0.3)), across=True),
    )
    p.oval(0, -36, 16, 4, lighter(base, 0.4))
    p.oval(0, -35.6, 13.5, 2.8, colour("#4a2c18"))
    for x in (-5, 4):
        p.line(
            curve([(x, -40), (x + 4, -47), (x - 2, -54), (x + 3, -62)], closed=False),
            2,
            (1, 1, 1),
            opacity=0.35,
            soft=1.6,
        )
    if thing.text:
        write(p, thing.text, -1, -18, height=9, colour=colour(thing.ink), hand=thing.hand, width=24)


def teapot(p: Painter, thing: Thing, look: Look) -> None:
    """Draw a teapot."""
    del look
    base = colour(thing.colour)
    p.shadow(0, 0, 32, 4)
    p.line(curve([(-24, -36), (-42, -34), (-40, -14), (-24, -12)], closed=False), 4, darker(base, 0.15))
    p.fill(curve([(22, -20), (36, -28), (42, -42), (46, -41), (42, -22), (26, -8)]), darker(base, 0.05))
    p.fill(
        curve([(-28, -22), (-18, -44), (0, -48), (18, -44), (28, -22), (16, -2), (-16, -2)]),
        Glow(lighter(base, 0.4), darker(base, 0.25), 0.35, 0.3),
    )
    p.oval(0, -45, 13, 3.4, darker(base, 0.2))
    p.oval(0, -50, 4, 4, lighter(base, 0.2))


def vase(p: Painter, thing: Thing, look: Look) -> None:
    """Draw a vase with tulips."""
    del look
    base = colour(thing.colour)
    p.shadow(2, 0, 18, 3.6)
    for x, y, tint in ((-16, -86, "pink"), (0, -98, "red"), (16, -88, "yellow"), (-7, -78, "white"), (9, -76, "coral")):
        p.line(curve([(x * 0.2, -44), (x * 0.7, -62), (x, y)], closed=False), 1.5, _LEAF)
        petal = colour(tint)
        p.fill(
            curve([(x - 6, y - 9), (x - 5, y + 2), (x, y + 5), (x + 5, y + 2), (x + 6, y - 9), (x, y - 4)]),
            Blend((lighter(petal, 0.25), petal)),
        )
    p.oval(-12, -60, 3.4, 13, _LEAF, turn=-28)
    p.oval(13, -58, 3.4, 13, _LEAF, turn=30)
    p.fill(
        curve([(-8, -50), (-7, -40), (-18, -22), (-12, -1), (12, -1), (18, -22), (7, -40), (8, -50)]),
        Blend((lighter(base, 0.45), base, darker(base, 0.3)), across=True),
    )


def candle(p: Painter, thing: Thing, look: Look) -> None:
    """Draw a burning candle in a holder."""
    del look
    base = colour(thing.colour)
    p.shadow(0, 0, 15, 2.6)
    with p.shining():
        p.oval(0, -51, 26, 26, colour("#ffcf7a"), opacity=0.45, soft=9)
    p.oval(0, -2, 15, 3, colour("gold"))
    p.box(-5, -40, 5, -3, Blend((lighter(base, 0.4), base), across=True), radius=1)
    with p.shining():
        p.fill(curve([(0, -60), (4, -50), (0, -44), (-4, -50)]), Glow(colour("#fff6c9"), colour("#f59b2b"), 0.5, 0.7))


def book(p: Painter, thing: Thing, look: Look) -> None:
    """Draw a closed book lying flat, its title on the cover's edge."""
    del look
    base = colour(thing.colour)
    p.shadow(0, 0, 42, 3.4)
    p.box(-40, -13, 40, 0, base, radius=2)
    p.box(-36, -10.6, 41, -2.4, colour("cream"))
    p.fill([(-40, -13), (40, -13), (30, -22), (-30, -22)], Blend((lighter(base, 0.3), base)))
    if thing.text:
        write(p, thing.text, 0, -17.4, height=5.5, colour=colour(thing.ink), hand=thing.hand, width=48)


def notebook(p: Painter, thing: Thing, look: Look) -> None:
    """Draw an open page with lines, and handwriting on it."""
    del look
    p.shadow(0, -2, 60, 5)
    p.fill([(-62, 0), (-52, -62), (52, -62), (62, 0)], colour(thing.colour))
    for step in range(1, 6):
        y = -62 + step * 11
        half = 50 + step * 1.7
        p.line([(-half, y), (half, y)], 0.5, colour("sky blue"))
    p.line([(-40, -62), (-47, 0)], 0.6, colour("coral"))
    if thing.text:
        write(p, thing.text, 4, -37, height=14, colour=colour(thing.ink), hand=thing.hand, width=84)


def sofa(p: Painter, thing: Thing, look: Look) -> None:
    """Draw a sofa with two cushions."""
    del look
    base = colour(thing.colour)
    p.shadow(0, 1, 92, 6)
    for x in (-72, 72):
        p.box(x - 3, -8, x + 3, 0, _STALK)
    p.box(-80, -70, 80, -18, Blend((lighter(base, 0.22), base)), radius=14)
    p.box(-70, -38, 70, -7, Blend((lighter(base, 0.12), darker(base, 0.22))), radius=7)
    p.line([(0, -37), (0, -9)], 0.9, darker(base, 0.4))
    for side in (-1, 1):
        left, right = sorted((side * 64, side * 92))
        p.box(left, -50, right, -6, Blend((lighter(base, 0.2), darker(base, 0.18))), radius=9)
    for x, tint in ((-44, "mustard"), (46, "cream")):
        with p.placed(x, -46, turn=x * 0.25):
            p.box(-15, -14, 15, 14, Glow(lighter(colour(tint), 0.2), colour(tint)), radius=5)


def floor_lamp(p: Painter, thing: Thing, look: Look) -> None:
    """Draw a floor lamp that shines."""
    del look
    base = colour(thing.colour)
    p.shadow(0, 0, 16, 2.6)
    p.oval(0, -1, 14, 2.6, colour("charcoal"))
    p.line([(0, -2), (0, -118)], 2, colour("charcoal"))
    with p.shining():
        p.oval(0, -122, 52, 46, colour("#ffdf9e"), opacity=0.4, soft=14)
        p.fill([(-24, -112), (-14, -146), (14, -146), (24, -112)], Blend((lighter(base, 0.5), lighter(base, 0.15))))


def armchair(p: Painter, thing: Thing, look: Look) -> None:
    """Draw an armchair."""
    with p.placed(0, 0, 0.9, wide=0.58, tall=1.15):
        sofa(p, thing, look)


def picture_frame(p: Painter, thing: Thing, look: Look) -> None:
    """Draw a framed landscape that hangs on a wall; origin at its lower edge."""
    del look
    p.box(-40, -54, 44, 4, (0, 0, 0), opacity=0.25, soft=3)
    p.box(-42, -58, 42, 0, Blend((colour("#c9a24f"), colour("#8a6726"))), radius=1)
    base = colour(thing.colour)
    p.box(-36, -52, 36, -6, Blend((lighter(base, 0.6), base)))
    p.fill(
        curve([(-36, -22), (-18, -34), (0, -24), (20, -38), (36, -26), (36, -6), (-36, -6)], steps=4),
        darker(base, 0.35),
    )
    p.oval(20, -44, 4.5, 4.5, colour("#fff3cf"))


def ball(p: Painter, thing: Thing, look: Look) -> None:
    """Draw a beach ball."""
    del look
    base = colour(thing.colour)
    p.shadow(2, 0, 17, 3)
    p.oval(0, -16, 16, 16, Glow(colour("white"), colour("light grey"), 0.35, 0.3))
    p.fill(curve([(0, -32), (-9, -24), (-8, -8), (0, 0), (3, -10), (2, -24)]), base)
    p.fill(curve([(4, -31), (12, -26), (15, -14), (8, -3), (10, -16)]), lighter(base, 0.25))


def cake(p: Painter, thing: Thing, look: Look) -> None:
    """Draw a cake with icing and cherries on a stand."""
    del look
    base = colour(thing.colour)
    p.shadow(0, 0, 36, 4)
    p.fill([(-8, 0), (-4, -12), (4, -12), (8, 0)], colour("silver"))
    p.oval(0, -13, 40, 5, lighter(colour("silver"), 0.4))
    p.box(-32, -42, 32, -13, Blend((lighter(base, 0.3), base, darker(base, 0.25)), across=True), radius=3)
    drip = [
        (-33, -44),
        (-26, -32),
        (-20, -38),
        (-12, -29),
        (-4, -37),
        (6, -30),
        (14, -38),
        (22, -30),
        (28, -37),
        (33, -44),
        (0, -48),
    ]
    p.fill(curve(drip, steps=5), colour("cream"))
    for x in (-22, -8, 8, 22):
        p.oval(x, -49, 4, 4, Glow(lighter(colour("crimson"), 0.4), colour("crimson"), 0.35, 0.3))


def wall_clock(p: Painter, thing: Thing, look: Look) -> None:
    """Draw a round clock on a wall; origin at its centre."""
    del look
    p.oval(1.5, 2, 25, 25, (0, 0, 0), opacity=0.3, soft=2.5)
    p.oval(0, 0, 25, 25, colour(thing.colour))
    p.oval(0, 0, 21, 21, colour("cream"))
    for hour in range(12):
        with p.placed(0, 0, turn=hour * 30):
            p.line([(0, -18.5), (0, -16)], 1.2, colour("charcoal"))
    p.line([(0, 0), (-7, -9)], 2, colour("charcoal"))
    p.line([(0, 0), (6, -15)], 1.4, colour("charcoal"))
