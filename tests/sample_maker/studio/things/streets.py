"""What stands in streets and parks: lamps, benches, signs, awnings, boxes."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.sample_maker.studio.colours import colour, darker, lighter
from tests.sample_maker.studio.curves import curve
from tests.sample_maker.studio.lettering import write
from tests.sample_maker.studio.nature import is_white
from tests.sample_maker.studio.paints import Blend, Glow

if TYPE_CHECKING:
    from tests.sample_maker.studio.painter import Painter
    from tests.sample_maker.studio.scene import Look, Thing

_IRON = colour("#2f3438")
_SNOW = colour("#f4f7fa")


def _written(p: Painter, thing: Thing, x: float, y: float, height: float, width: float) -> None:
    if thing.text:
        write(p, thing.text, x, y, height=height, colour=colour(thing.ink), hand=thing.hand, width=width)


def street_lamp(p: Painter, thing: Thing, look: Look) -> None:
    """Draw an old street lamp; it shines in the dark."""
    iron = colour(thing.colour)
    p.shadow(0, 0, 9, 2)
    p.box(-4, -5, 4, 0, iron, radius=1)
    p.line([(0, 0), (0, -88)], 3, Blend((lighter(iron, 0.3), iron), across=True))
    p.line([(-7, -84), (7, -84)], 1.8, iron)
    lit = look.light in {"night", "sunset"}
    with p.shining(really=lit):
        if lit:
            p.oval(0, -97, 26, 26, colour("#ffd98a"), opacity=0.6, soft=10)
        p.fill([(-5, -89), (-8, -105), (8, -105), (5, -89)], colour("#fff0c2") if lit else colour("#e8ecec"))
    p.fill([(-10, -105), (0, -113), (10, -105)], iron)
    p.line([(-5, -89), (-8, -105)], 1, iron)
    p.line([(5, -89), (8, -105)], 1, iron)
    if is_white(look):
        p.fill(curve([(-9, -106), (0, -115), (9, -106), (0, -109)]), _SNOW)


def bench(p: Painter, thing: Thing, look: Look) -> None:
    """Draw a park bench."""
    wood = colour(thing.colour)
    p.shadow(0, 1, 44, 4)
    for x in (-34, 34):
        p.line([(x, 0), (x, -34)], 2.6, _IRON)
        p.line([(x, -15), (x + 4, 2)], 2.2, _IRON)
    for y in (-33.0, -26.0, -16.0):
        p.box(-42, y, 42, y + 5, Blend((lighter(wood, 0.25), darker(wood, 0.15))), radius=1.5)
    if is_white(look):
        for y in (-35, -18.5):
            p.box(-41, y, 41, y + 3.4, _SNOW, radius=1.7)


def sign_board(p: Painter, thing: Thing, look: Look) -> None:
    """Draw a board on two posts; its text on it."""
    board = colour(thing.colour)
    p.shadow(0, 0, 42, 3)
    for x in (-32, 32):
        p.box(x - 2.5, -50, x + 2.5, 0, colour("#6b4a33"))
    p.box(-50, -72, 50, -34, darker(board, 0.45), radius=4)
    p.box(-47.5, -69.5, 47.5, -36.5, Blend((lighter(board, 0.15), board)), radius=3)
    _written(p, thing, 0, -53, 15, 84)
    if is_white(look):
        p.fill(curve([(-50, -71), (-30, -76), (0, -74), (30, -77), (50, -71), (0, -70)]), _SNOW)


def billboard(p: Painter, thing: Thing, look: Look) -> None:
    """Draw a large billboard beside a road."""
    del look
    face = colour(thing.colour)
    p.shadow(0, 2, 74, 4)
    for x in (-50, 0, 50):
        p.box(x - 3, -60, x + 3, 2, colour("#5a5148"))
    p.box(-86, -122, 86, -46, colour("#44403c"), radius=2)
    p.box(-82, -118, 82, -50, Blend((lighter(face, 0.3), face)))
    p.oval(-52, -76, 17, 17, lighter(face, 0.55))
    _written(p, thing, 14, -84, 24, 118)


def shop_sign(p: Painter, thing: Thing, look: Look) -> None:
    """Draw the board over a shop window."""
    face = colour(thing.colour)
    p.box(-80, -26, 80, 6, darker(face, 0.4), radius=2)
    p.box(-77, -23, 77, 3, Blend((lighter(face, 0.12), face)), radius=1.5)
    _written(p, thing, 0, -10, 14, 140)
    if is_white(look):
        p.fill(curve([(-80, -25), (-40, -30), (0, -28), (40, -31), (80, -25), (0, -24)]), _SNOW)


def neon_sign(p: Painter, thing: Thing, look: Look) -> None:
    """Draw letters of glass tubes in a frame."""
    del look
    tube = colour(thing.colour)
    p.box(-56, -30, 56, 8, (0.06, 0.06, 0.1), radius=4)
    frame = curve([(-52, -26), (52, -26), (52, 4), (-52, 4), (-52, -26)], closed=False, steps=1)
    with p.shining():
        p.line(frame, 4, tube, opacity=0.5, soft=3)
        p.line(frame, 1.3, lighter(tube, 0.5))
        if thing.text:
            write(p, thing.text, 0, -11, height=19, colour=colour(thing.ink), hand=thing.hand, width=92)


def chalk_board(p: Painter, thing: Thing, look: Look) -> None:
    """Draw a folding board on the pavement."""
    del look
    p.shadow(0, 0, 20, 3)
    p.fill([(-20, 0), (-16, -50), (16, -50), (20, 0)], colour("#7a5233"))
    p.fill([(-16, -5), (-13.4, -46.5), (13.4, -46.5), (16, -5)], colour(thing.colour))
    _written(p, thing, 0, -32, 9, 25)


def awning(p: Painter, thing: Thing, look: Look) -> None:
    """Draw a striped awning over a window."""
    base = colour(thing.colour)
    for stripe in range(10):
        left, tint = -70 + stripe * 14, base if stripe % 2 == 0 else colour("cream")
        low = left * 1.12, (left + 14) * 1.12
        p.fill(
            [(left, -30), (left + 14, -30), (low[1], 0), (low[0], 0)], Blend((lighter(tint, 0.15), darker(tint, 0.15)))
        )
        p.oval((low[0] + low[1]) / 2, 0, 7.9, 4.2, darker(tint, 0.15))
    if is_white(look):
        p.fill(curve([(-70, -29), (0, -35), (70, -29), (0, -26)]), _SNOW)


def letter_box(p: Painter, thing: Thing, look: Look) -> None:
    """Draw a round-topped letter box."""
    base = colour(thing.colour)
    p.shadow(0, 0, 13, 2.4)
    p.box(-11, -46, 11, 0, Blend((lighter(base, 0.3), base, darker(base, 0.35)), across=True), radius=2)
    p.fill(
        curve([(-12.5, -44), (-9, -53), (0, -56), (9, -53), (12.5, -44)]),
        Blend((lighter(base, 0.3), darker(base, 0.1)), across=True),
    )
    p.box(-7, -38, 7, -35.4, _IRON, radius=1)
    if is_white(look):
        p.fill(curve([(-11, -49), (0, -58), (11, -49), (0, -52)]), _SNOW)


def fountain(p: Painter, thing: Thing, look: Look) -> None:
    """Draw a stone fountain."""
    stone, blue = colour(thing.colour), colour("#9fcbe3")
    p.shadow(0, 2, 48, 5)
    for side in (-1, 1):
        for reach in (12, 24):
            p.line(
                curve([(0, -58), (side * reach * 0.6, -70), (side * reach, -26)], closed=False),
                1.6,
                lighter(blue, 0.5),
                opacity=0.85,
            )
    p.box(-5, -46, 5, -6, Blend((lighter(stone, 0.3), darker(stone, 0.2)), across=True))
    p.fill(curve([(-18, -46), (-8, -38), (8, -38), (18, -46), (0, -48)]), stone)
    p.fill(
        curve([(-46, -20), (-40, 2), (0, 6), (40, 2), (46, -20), (0, -16)]),
        Blend((lighter(stone, 0.2), darker(stone, 0.25))),
    )
    p.oval(0, -20, 45, 7, darker(stone, 0.15))
    p.oval(0, -20, 41, 5.4, blue if look.season != "winter" else _SNOW)


def lantern(p: Painter, thing: Thing, look: Look) -> None:
    """Draw a paper lantern; it hangs from its origin."""
    del look
    base = colour(thing.colour)
    p.line([(0, 0), (0, 8)], 0.8, _IRON)
    with p.shining():
        p.oval(0, 24, 24, 22, lighter(base, 0.4), opacity=0.5, soft=8)
        p.oval(0, 24, 15, 16, Glow(lighter(base, 0.7), base))
    for y in (14, 20, 26, 32):
        p.line(curve([(-13, y), (0, y + 1.6), (13, y)], closed=False), 0.5, darker(base, 0.25))
    p.box(-6, 6, 6, 9, _IRON, radius=1)
    p.box(-6, 39, 6, 42, _IRON, radius=1)


def umbrella(p: Painter, thing: Thing, look: Look) -> None:
    """Draw a large sunshade."""
    del look
    base = colour(thing.colour)
    p.shadow(10, 0, 44, 4)
    p.line([(0, 0), (0, -84)], 2.6, colour("tan"))
    canopy = curve([(-58, -66), (-40, -86), (0, -98), (40, -86), (58, -66)], closed=False)
    p.fill(
        [*canopy, (38, -70), (19, -66), (0, -70), (-19, -66), (-38, -70)],
        Blend((lighter(base, 0.2), darker(base, 0.15))),
    )
    for left, right in ((-38, -19), (0, 19), (38, 57)):
        p.fill([(left, -69), (0, -97), (right, -67)], colour("cream"), opacity=0.9)


def snowman(p: Painter, thing: Thing, look: Look) -> None:
    """Draw a snowman with a scarf."""
    del look
    white, cool = colour("#fbfcfd"), colour("#c9d6e4")
    p.shadow(0, 0, 24, 3)
    for y, r in ((-18, 20), (-46, 15), (-67, 10.5)):
        p.oval(0, y, r, r, Glow(white, cool, 0.35, 0.3))
    p.line(curve([(-9, -58), (0, -55), (9, -58)], closed=False), 4, colour(thing.colour))
    p.line([(7, -57), (10, -44)], 4, colour(thing.colour))
    for x, y in ((-3.6, -70), (3.6, -70), (0, -50), (0, -42), (0, -26)):
        p.oval(x, y, 1.4, 1.4, _IRON)
    p.fill([(0, -68.5), (11, -66), (0, -65.5)], colour("orange"))
    p.box(-9, -78, 9, -76, _IRON)
    p.box(-6.5, -91, 6.5, -77, _IRON, radius=1)
