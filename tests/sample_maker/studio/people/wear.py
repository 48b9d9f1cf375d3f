"""Hats, glasses, jewellery, scarves, masks; origin at the chin."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.sample_maker.studio.colours import colour, darker, lighter
from tests.sample_maker.studio.curves import Points, box, curve, ellipse

if TYPE_CHECKING:
    from tests.sample_maker.studio.people.manner import Pen
    from tests.sample_maker.studio.people.person import Person

_DARK = colour("#22252a")


def draw_on_head(pen: Pen, person: Person) -> None:
    """Draw glasses, a mask, earrings, headphones and the hat.

    Args:
        pen: what to draw with.
        person: who wears them.
    """
    if person.extra == "mask":
        _mask(pen)
    if person.glasses != "none":
        _glasses(pen, person.glasses)
    if person.extra == "earrings":
        for side in (-1, 1):
            pen.oval(side * 32, -25, 3.4, 3.4, colour("gold"))
            pen.p.oval(side * 32 - 1, -26, 1, 1, (1, 1, 1))
    _hat(pen, person.hat)
    if person.extra == "headphones":
        pen.stroke(curve([(-36, -44), (-33, -72), (0, -89), (33, -72), (36, -44)], closed=False), 5, _DARK)
        for side in (-1, 1):
            pen.shape(box(side * 37 - 6, -54, side * 37 + 6, -26, 5), colour("red"))


def draw_round_neck(pen: Pen, person: Person) -> None:
    """Draw a scarf or a necklace.

    Args:
        pen: what to draw with, its origin at the chin.
        person: who wears it.
    """
    if person.extra == "scarf":
        red = colour("crimson")
        pen.shape(curve([(-26, 2), (0, 12), (26, 2), (32, 16), (0, 30), (-32, 16)]), red)
        pen.shape([(6, 20), (22, 20), (26, 74), (8, 74)], darker(red, 0.12))
        for x in (10, 15, 20, 24):
            pen.stroke([(x, 74), (x, 80)], 1.4, red)
    elif person.extra == "necklace":
        for step in range(-6, 7):
            pen.oval(step * 3.6, 30 - step * step * 0.42, 2.6, 2.6, colour("cream"))


def _mask(pen: Pen) -> None:
    cloth = colour("#9fd0dc")
    pen.shape(curve([(-27, -28), (0, -33), (27, -28), (23, -6), (0, 3), (-23, -6)]), cloth)
    for side in (-1, 1):
        pen.stroke([(side * 26, -26), (side * 31, -36)], 1.1, colour("white"))
    for y in (-22, -16, -10):
        pen.stroke(curve([(-21, y), (0, y - 2), (21, y)], closed=False), 0.7, darker(cloth, 0.25))


def _glasses(pen: Pen, kind: str) -> None:
    wide = max(1.0, 0.62 * pen.manner.eyes + 0.3)
    lens = ellipse if kind == "round" else _square
    for side in (-1, 1):
        rim = lens(side * 13.5, -42, 10.5 * wide, 9.5 * wide)
        if kind == "sunglasses":
            pen.p.fill(rim, (0.09, 0.1, 0.13))
            pen.p.line([(side * 13.5 - 6, -40), (side * 13.5 - 1, -47)], 1.6, (0.6, 0.7, 0.78), opacity=0.7)
        else:
            pen.p.fill(rim, (0.85, 0.93, 0.97), opacity=0.22)
        pen.p.line([*rim, rim[0]], 1.9, _DARK)
        pen.p.line([(side * (13.5 + 10.5 * wide), -43), (side * 31, -44)], 1.7, _DARK)
    pen.p.line(curve([(-3.2, -43), (0, -44.6), (3.2, -43)], closed=False), 1.9, _DARK)


def _square(x: float, y: float, rx: float, ry: float) -> Points:
    return box(x - rx, y - ry * 0.85, x + rx, y + ry * 0.85, 4)


def _hat(pen: Pen, kind: str) -> None:
    if kind == "straw hat":
        straw = colour("#e3c27a")
        pen.shape(curve([(-60, -62), (-30, -72), (30, -72), (60, -62), (30, -55), (-30, -55)]), straw)
        pen.shape(curve([(-31, -66), (-26, -92), (0, -99), (26, -92), (31, -66), (0, -61)]), lighter(straw, 0.12))
        pen.shape(curve([(-31, -66), (-30, -76), (0, -71), (30, -76), (31, -66), (0, -61)]), colour("crimson"))
    elif kind == "cap":
        pen.shape(curve([(-35, -58), (-31, -82), (0, -95), (31, -82), (35, -58), (0, -65)]), colour("navy"))
        pen.shape(curve([(-6, -64), (34, -62), (56, -55), (34, -53), (0, -58)]), darker(colour("navy"), 0.2))
        pen.oval(0, -94, 2.6, 2, colour("navy"))
    elif kind == "beret":
        pen.shape(
            curve([(-34, -60), (-46, -76), (-20, -96), (24, -92), (42, -72), (33, -60), (0, -68)]), colour("crimson")
        )
        pen.stroke([(2, -94), (4, -100)], 2.4, darker(colour("crimson"), 0.3))
    elif kind == "top hat":
        pen.shape(box(-29, -122, 29, -68, 3), _DARK)
        pen.shape(box(-29, -80, 29, -70), colour("crimson"))
        pen.shape(curve([(-50, -66), (0, -73), (50, -66), (0, -58)]), _DARK)
    elif kind == "crown":
        gold = colour("gold")
        pen.shape([(-30, -64), (-34, -98), (-17, -82), (0, -104), (17, -82), (34, -98), (30, -64)], gold)
        for x, tint in ((-16, "red"), (0, "blue"), (16, "green")):
            pen.oval(x, -71, 3.4, 3.4, colour(tint))
    elif kind == "woollen hat":
        wool = colour("teal")
        pen.shape(curve([(-34, -60), (-32, -84), (0, -99), (32, -84), (34, -60), (0, -66)]), wool)
        pen.shape(box(-36, -70, 36, -56, 6), lighter(wool, 0.3))
        pen.oval(0, -101, 9, 9, colour("cream"))
