"""People as figurines: a vinyl toy with a large head, a minifigure of bricks; they stand on the origin."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from tests.sample_maker.studio.colours import Colour, colour, darker, lighter
from tests.sample_maker.studio.curves import arc, box, curve
from tests.sample_maker.studio.paints import Blend
from tests.sample_maker.studio.people.hair import draw_hair_before, draw_hair_behind
from tests.sample_maker.studio.people.manner import Manner, Pen
from tests.sample_maker.studio.people.wear import draw_on_head

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.sample_maker.studio.painter import Painter
    from tests.sample_maker.studio.people.person import Person

_VINYL = Manner("round", vivid=0.15)
_PLASTIC = Manner("flat", 1.1, (0.12, 0.1, 0.08), vivid=0.3)
_BLACK: Colour = (0.05, 0.05, 0.06)
_YELLOW = "#f6c62d"


def toy(p: Painter, who: Person) -> None:
    """Draw a vinyl toy: a boxy head as large as the body is tall, round black eyes, a stand.

    Args:
        p: where to draw.
        who: whose hair, skin and clothes it has.
    """
    pen = Pen(p, _VINYL)
    skin, cloth = colour(who.skin), colour(who.cloth)
    p.shadow(0, 2, 66, 7)
    p.fill(
        curve([(-62, -2), (-50, -9), (50, -9), (62, -2), (50, 7), (-50, 7)]),
        Blend((colour("charcoal"), colour("black"))),
    )
    with p.placed(0, -80, 1.42, wide=1.08):
        draw_hair_behind(pen, who)
    for side in (-1, 1):
        pen.shape(box(side * 14 - 11, -34, side * 14 + 11, -4, 5), colour("charcoal"))
        with p.placed(side * 31, -64, turn=side * -20):
            pen.shape(box(-7.5, -6, 7.5, 34, 7), cloth if who.top != "dress" else skin)
            pen.oval(0, 34, 7.5, 7.5, skin)
    pen.shape(curve([(-25, -76), (25, -76), (29, -32), (0, -27), (-29, -32)], steps=5), cloth)
    if who.top in {"suit", "jacket"}:
        pen.shape([(-9, -76), (9, -76), (0, -48)], colour("white"))
    if who.pattern == "stripes":
        for y in (-62, -50, -39):
            p.line([(-25, y), (25, y)], 3.6, lighter(cloth, 0.7))
    pen.shape(box(-50, -168, 50, -72, 30), skin)
    _toy_face(pen, who, skin)
    with p.placed(0, -74, 1.38, wide=1.12):
        draw_hair_before(pen, who)
        draw_on_head(pen, replace(who, glasses="none"))
    with p.placed(0, -60, 1.25, wide=1.45):
        draw_on_head(pen, replace(who, hat="none", extra="none"))


def _toy_face(pen: Pen, who: Person, skin: Colour) -> None:
    for side in (-1, 1):
        pen.p.oval(side * 25, -112, 10.5, 11, _BLACK)
        pen.p.oval(side * 25 - 3.4, -116, 3, 3, (1, 1, 1), opacity=0.9)
        pen.p.line([(side * 15, -131), (side * 35, -131)], 3.6, darker(colour(who.hair), 0.3))
        pen.p.oval(side * 36, -96, 7, 4.5, colour("coral"), opacity=0.35, soft=3)
    pen.p.fill(curve([(0, -107), (5, -99), (-5, -99)], steps=4), darker(skin, 0.22))
    if who.beard == "full":
        pen.shape(
            curve(
                [
                    (-49, -108),
                    (-40, -92),
                    (-18, -93),
                    (0, -91),
                    (18, -93),
                    (40, -92),
                    (49, -108),
                    (44, -80),
                    (0, -68),
                    (-44, -80),
                ]
            ),
            colour(who.hair),
        )


def brick(p: Painter, who: Person) -> None:
    """Draw a minifigure: a round yellow head with a stud, claw hands, block legs, on a studded plate.

    Args:
        p: where to draw.
        who: whose hair, face and clothes it has.
    """
    pen = Pen(p, _PLASTIC)
    cloth, yellow = colour(who.cloth), colour(_YELLOW)
    _plate(pen)
    with pen.p.placed(0, -117, 0.82):
        draw_hair_behind(pen, who)
    for side in (-1, 1):
        pen.shape(box(side * 16 - 15, -52, side * 16 + 15, -4, 3), colour("navy"))
        pen.shape(
            box(side * 16 - 15, -12, side * 16 + 18 * (side == 1) + 15 * (side == -1), -4, 2),
            darker(colour("navy"), 0.25),
        )
    pen.shape(box(-31, -62, 31, -50, 2), darker(colour("navy"), 0.15))
    for side in (-1, 1):
        _brick_arm(pen, side, cloth, yellow)
    pen.shape([(-22, -120), (22, -120), (33, -62), (-33, -62)], cloth)
    if who.pattern == "stripes":
        for y in (-106, -92, -78):
            pen.p.line([(-24 - (y + 106) * 0.2, y), (24 + (y + 106) * 0.2, y)], 4, lighter(cloth, 0.7))
    if who.top in {"suit", "jacket", "shirt"}:
        pen.shape([(-9, -120), (9, -120), (0, -92)], colour("white"))
    pen.shape(box(-9, -126, 9, -117), yellow)
    pen.shape(box(-11, -180, 11, -168, 2), yellow)
    pen.shape(box(-25, -170, 25, -122, 10), yellow)
    _brick_face(pen, who)
    if who.style != "bald":
        with pen.p.placed(0, -117, 0.8):
            draw_hair_before(pen, who)
    with pen.p.placed(0, -117, 0.8):
        draw_on_head(pen, who)


def _plate(pen: Pen) -> None:
    green = colour("emerald")
    for x in range(-66, 67, 22):
        pen.shape(box(x - 8, -9, x + 8, -2, 2), lighter(green, 0.1))
    pen.shape(box(-80, -4, 80, 10, 1.5), green)


def _brick_arm(pen: Pen, side: int, cloth: Colour, hand: Colour) -> None:
    arm = [(side * 20, -118), (side * 32, -114), (side * 46, -88), (side * 48, -78), (side * 38, -74), (side * 26, -98)]
    pen.shape(curve(arm, steps=6), darker(cloth, 0.08))
    claw = arc(side * 46, -68, 7, 7, -60, 240, turn=0)
    pen.p.line(claw, 7.4, _PLASTIC.ink)
    pen.p.line(claw, 5.2, pen.tint(hand))


def _brick_face(pen: Pen, who: Person) -> None:
    for side in (-1, 1):
        pen.p.oval(side * 9, -147, 2.8, 3, _BLACK)
        pen.p.oval(side * 9 - 0.9, -148, 0.9, 0.9, (1, 1, 1))
        pen.p.line(
            curve([(side * 5, -153), (side * 9, -155), (side * 13.5, -153)], closed=False),
            1.7,
            darker(colour(who.hair), 0.2),
        )
    lift = 3 * who.smile
    pen.p.line(curve([(-8, -136 - lift), (0, -135 + lift), (8, -136 - lift)], closed=False), 1.6, _BLACK)
    if who.lips:
        pen.p.line(
            curve([(-5, -136 - lift * 0.4), (0, -135 + lift), (5, -136 - lift * 0.4)], closed=False),
            2.6,
            colour(who.lips),
        )
    if who.beard == "full":
        pen.shape(
            curve(
                [
                    (-24, -142),
                    (-16, -138),
                    (-9, -141),
                    (0, -140),
                    (9, -141),
                    (16, -138),
                    (24, -142),
                    (22, -124),
                    (-22, -124),
                ],
                steps=5,
            ),
            colour(who.hair),
        )
        pen.p.line([(-6, -133), (6, -133)], 1.6, lighter(colour("crimson"), 0.2))


FIGURINES: dict[str, Callable[[Painter, Person], None]] = {"toy": toy, "brick": brick}
