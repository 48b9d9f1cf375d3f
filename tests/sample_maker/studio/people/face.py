"""Head and face; origin at the chin, the crown 78 points above it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.sample_maker.studio.colours import Colour, colour, darker, lighter, mix
from tests.sample_maker.studio.curves import Points, curve, ellipse, moved
from tests.sample_maker.studio.paints import Blend
from tests.sample_maker.studio.people.person import CHILD, OLD, SOFT

if TYPE_CHECKING:
    from tests.sample_maker.studio.people.manner import Pen
    from tests.sample_maker.studio.people.person import Person

_EYE_Y, _NOSE_Y, _MOUTH_Y = -42.0, -27.0, -14.5
_WHITE: Colour = (0.98, 0.98, 0.97)
_BLACK: Colour = (0.07, 0.06, 0.07)
_STRONG_BROWS, _SMALL_NOSE, _LARGE_NOSE = 0.3, 0.5, 1.4
_BROW_LIFT = {"natural": -10.5, "anime": -16.0, "pixar": -15.5, "bulging": -17.0}


def face_outline(person: Person, chin: float) -> Points:
    """Give the outline of a face.

    Args:
        person: whose.
        chin: times the usual length of the chin.

    Returns:
        The outline; its lowest point is the chin.
    """
    drop, narrow = (chin - 1) * 26, person.soft
    right = [(13, -76), (27, -64), (32, -44), (30, -26), (25 - 4 * narrow, -11), (12 - 3 * narrow, 0 + drop)]
    if person.age < CHILD:
        right = [(14, -76), (29, -64), (33, -42), (32, -22), (24, -7), (10, 0 + drop)]
    left = [(-x, y) for x, y in reversed(right)]
    return curve([(0, -79), *right, (0, 2 + drop), *left])


def draw_face(pen: Pen, person: Person, skin: Colour) -> None:
    """Draw ears, face and features.

    Args:
        pen: what to draw with.
        person: who.
        skin: colour of the skin.
    """
    for side in (-1, 1):
        pen.oval(side * 31, -39, 6 * pen.manner.ears, 9.5 * pen.manner.ears, darker(skin, 0.06))
    pen.shape(face_outline(person, pen.manner.chin), skin, shade=0.2)
    if pen.manner.shading in {"soft", "round"}:
        for side in (-1, 1):
            pen.p.oval(side * 18, -24, 9, 6, mix(skin, colour("coral"), 0.45), opacity=0.45, soft=4)
    _wrinkles(pen, person, skin)
    if person.beard in {"full", "stubble"}:
        _beard(pen, person)
    for side in (-1, 1):
        _eye(pen, person, side, skin)
        _brow(pen, person, side)
    _nose(pen, person, skin)
    if person.extra != "mask":
        _mouth(pen, person, skin)
    if person.beard == "moustache":
        _beard(pen, person)


def _eye(pen: Pen, person: Person, side: int, skin: Colour) -> None:
    drawers = {"natural": _natural_eye, "anime": _anime_eye, "pixar": _pixar_eye, "bulging": _bulging_eye}
    grown = 1.3 if person.age < CHILD else 1.0
    apart = 13.5 if pen.manner.eye_shape != "bulging" else 10.5
    with pen.p.placed(side * apart, _EYE_Y, pen.manner.eyes * grown if pen.manner.eye_shape == "natural" else grown):
        drawers[pen.manner.eye_shape](pen, person, side, skin)


def _natural_eye(pen: Pen, person: Person, side: int, skin: Colour) -> None:
    shift = person.look_aside * 2.4
    pen.p.fill(curve([(-7, 0.6), (-3, -3.4), (3, -3.4), (7, 0.3), (2, 3.2), (-3, 3.2)]), _WHITE)
    if pen.manner.shading == "none":
        pen.p.oval(shift, -0.2, 2.4, 2.6, pen.manner.ink)
    else:
        pen.p.oval(shift, -0.1, 3.3, 3.4, pen.tint(colour(person.eyes)))
        pen.p.oval(shift, -0.1, 1.6, 1.7, _BLACK)
    pen.p.oval(shift - 1.1, -1.3, 0.9, 0.9, (1, 1, 1))
    lid = darker(skin, 0.75) if pen.manner.shading != "none" else pen.manner.ink
    lashes = 1.7 + 0.7 * person.soft
    pen.p.line(curve([(-7.4, 0.6), (-3, -3.7), (3, -3.7), (7.4, 0)], closed=False), lashes, lid)
    if person.soft > SOFT:
        pen.p.line([(side * 6.5, -1), (side * 9.6, -3.4)], 1.1, lid)


def _anime_eye(pen: Pen, person: Person, side: int, skin: Colour) -> None:
    del skin
    iris, shift = pen.tint(colour(person.eyes)), person.look_aside * 2
    pen.p.fill(curve([(-8, 2), (-6, -8), (0, -10.5), (7, -8), (8.5, 1), (3, 9), (-4, 9)]), _WHITE)
    pen.p.oval(shift, 0, 6.2, 9, Blend((darker(iris, 0.6), iris, lighter(iris, 0.5))))
    pen.p.oval(shift, -0.6, 2.6, 4.4, _BLACK)
    pen.p.oval(shift - 2.4, -4.4, 2.5, 3.1, (1, 1, 1))
    pen.p.oval(shift + 2.4, 4.4, 1.3, 1.7, (1, 1, 1))
    pen.p.line(curve([(-9, 0), (-6.5, -8.6), (0, -11), (7, -8.6), (9, -1)], closed=False), 2.4, _BLACK)
    pen.p.line([(side * 8, -4), (side * 11, -7)], 1.6, _BLACK)
    pen.p.line(curve([(-4, 9.4), (0, 10), (4, 9.4)], closed=False), 0.9, _BLACK)


def _pixar_eye(pen: Pen, person: Person, side: int, skin: Colour) -> None:
    iris, shift = pen.tint(colour(person.eyes)), person.look_aside * 3
    pen.p.oval(0, 0, 10.4, 10.8, darker(skin, 0.35), opacity=0.5, soft=1.6)
    pen.p.oval(0, 0, 9.6, 9.8, Blend((_WHITE, (0.86, 0.88, 0.92))))
    pen.p.oval(shift, 0.4, 6, 6.2, Blend((darker(iris, 0.45), lighter(iris, 0.35))))
    pen.p.oval(shift, 0.4, 3, 3.2, _BLACK)
    pen.p.oval(shift - 2.3, -2.4, 1.9, 2, (1, 1, 1))
    pen.p.oval(shift + 2, 2.8, 0.9, 0.9, (1, 1, 1), opacity=0.8)
    pen.p.line(curve([(-9.6, -2), (-5, -9), (3, -10), (9.6, -3)], closed=False), 2, darker(skin, 0.7))
    if person.soft > SOFT:
        pen.p.line([(side * 8.6, -5), (side * 12, -8.4)], 1.4, _BLACK)


def _bulging_eye(pen: Pen, person: Person, side: int, skin: Colour) -> None:
    del skin
    pen.p.oval(0, 0, 11, 11, _WHITE)
    pen.contour(ellipse(0, 0, 11, 11))
    pen.p.oval(-side * 2.6 + person.look_aside * 4, 0.5, 2.2, 2.2, _BLACK)
    if person.soft > SOFT:
        for dx in (2, 6, 9):
            pen.p.line([(side * dx, -9.5 + dx * 0.5), (side * (dx + 2.4), -14 + dx * 0.5)], 1.5, _BLACK)


def _brow(pen: Pen, person: Person, side: int) -> None:
    lift = _BROW_LIFT[pen.manner.eye_shape] - (2.5 if person.age < CHILD else 0)
    inner, outer = person.brows * 4.2, -person.brows * 1.2
    if pen.manner.eye_shape == "bulging" and abs(person.brows) < _STRONG_BROWS:
        return
    y = _EYE_Y + lift
    hair = darker(colour(person.hair), 0.25) if person.age < OLD else colour("grey")
    width = 3.4 - 1.5 * person.soft
    pen.stroke(
        curve(
            [(side * 5.5, y + inner + 1.2), (side * 13, y - 2 + inner * 0.4), (side * 21, y + 2 + outer)], closed=False
        ),
        width,
        hair,
    )


def _nose(pen: Pen, person: Person, skin: Colour) -> None:
    size = pen.manner.nose * (0.75 if person.age < CHILD else 1.0)
    y = _NOSE_Y
    if pen.manner.eye_shape == "bulging":
        pen.shape(ellipse(0, y - 1, 5.5, 6.5), skin)
        return
    shade = darker(skin, 0.35)
    if pen.manner.nose > _LARGE_NOSE:
        pen.shape(
            curve([(-4, -46), (-9, -31), (-11, -24), (0, -18), (11, -24), (9, -31), (4, -46)]),
            mix(skin, colour("coral"), 0.2),
            shade=0.25,
        )
    elif pen.manner.shading in {"soft", "round"}:
        pen.p.fill(
            curve([(-2, y - 10), (-6 * size, y + 1), (0, y + 4), (6 * size, y + 1), (2, y - 10)]),
            mix(skin, shade, 0.35),
            soft=1.3,
        )
        pen.p.oval(-0.6, y - 1.5, 2.4 * size, 2, lighter(skin, 0.4), opacity=0.8, soft=1)
    if size > _SMALL_NOSE:
        pen.stroke(
            curve(
                [(-6 * size, y + 0.6), (-3 * size, y + 3.4), (0, y + 2.6), (3 * size, y + 3.4), (6 * size, y + 0.6)],
                closed=False,
            ),
            1.1,
            shade,
        )
    else:
        pen.stroke([(0.6, y), (2, y + 3), (0, y + 3.4)], 0.9, shade)


def _mouth(pen: Pen, person: Person, skin: Colour) -> None:
    smile, half = person.smile, 10.5 + 2.5 * max(0.0, person.smile)
    y, lip = _MOUTH_Y + 1, colour(person.lips) if person.lips else mix(darker(skin, 0.25), colour("crimson"), 0.4)
    corner = y - 4.2 * smile
    if pen.manner.eye_shape == "bulging":
        pen.shape(
            curve([(-17, y - 5), (-10, y - 8), (10, y - 8), (17, y - 5), (15, y + 6), (0, y + 9), (-15, y + 6)]),
            mix(skin, colour("tan"), 0.75),
            line=False,
        )
    if person.open_mouth and smile > 0:
        inside = [
            *curve([(-half, corner), (0, y + 0.5), (half, corner)], closed=False),
            *curve([(half, corner), (0, y + 9 * smile + 2), (-half, corner)], closed=False),
        ]
        pen.p.fill(inside, (0.98, 0.97, 0.95))
        pen.stroke(curve([(half, corner), (0, y + 9 * smile + 2), (-half, corner)], closed=False), 2.2, lip)
        pen.stroke(curve([(-half, corner), (0, y + 0.5), (half, corner)], closed=False), 1.5, darker(lip, 0.2))
        return
    middle = y + 2.4 * smile
    line = curve(
        [
            (-half, corner),
            (-half * 0.5, (corner + middle) / 2 + smile),
            (0, middle),
            (half * 0.5, (corner + middle) / 2 + smile),
            (half, corner),
        ],
        closed=False,
    )
    if pen.manner.shading in {"soft", "round", "cel"} and pen.manner.eye_shape != "anime":
        full = 2.2 + 1.6 * person.soft
        pen.p.fill([*line, *moved(line[::-1], 0.0, full)], pen.tint(lighter(lip, 0.12)))
        pen.stroke(line - (0, 0.8), 1.4 + person.soft, lip)
    pen.stroke(line, 1.3, darker(lip, 0.4))


def _beard(pen: Pen, person: Person) -> None:
    hair = colour(person.hair) if person.age < OLD else colour("light grey")
    drop = (pen.manner.chin - 1) * 26
    if person.beard == "full":
        pen.shape(
            curve(
                [
                    (-31, -34),
                    (-27, -20),
                    (-14, -22),
                    (0, -21),
                    (14, -22),
                    (27, -20),
                    (31, -34),
                    (28, -10),
                    (14, 6 + drop),
                    (0, 10 + drop),
                    (-14, 6 + drop),
                    (-28, -10),
                ]
            ),
            hair,
            shade=0.2,
        )
    elif person.beard == "moustache":
        pen.shape(curve([(0, -22), (9, -22), (19, -15), (10, -16), (0, -18), (-10, -16), (-19, -15), (-9, -22)]), hair)
    elif pen.manner.shading != "none":
        pen.p.fill(
            curve([(-29, -28), (-14, -21), (0, -22), (14, -21), (29, -28), (24, -8), (0, 3 + drop), (-24, -8)]),
            hair,
            opacity=0.32,
            soft=1.5,
        )


def _wrinkles(pen: Pen, person: Person, skin: Colour) -> None:
    if person.age < OLD:
        return
    fold = darker(skin, 0.3)
    for y in (-66, -61.5, -57):
        pen.stroke(curve([(-14, y), (0, y - 1.6), (14, y)], closed=False), 0.9, fold)
    for side in (-1, 1):
        pen.stroke(curve([(side * 7.5, -25), (side * 12, -19), (side * 14, -11)], closed=False), 1.2, fold)
        pen.stroke(curve([(side * 7, -36), (side * 13, -33.6), (side * 19, -36)], closed=False), 1.1, fold)
        for dy in (-3, 0.5, 4):
            pen.stroke([(side * 22, -42 + dy * 0.6), (side * 26.5, -43 + dy)], 0.8, fold)
