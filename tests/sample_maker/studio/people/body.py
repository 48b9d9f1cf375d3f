"""Neck, trunk, clothes and arms; origin between the hips, the chin 106 points above it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.sample_maker.studio.colours import Colour, colour, darker, lighter
from tests.sample_maker.studio.curves import Points, arc, curve, ellipse, points
from tests.sample_maker.studio.people.person import CHILD

if TYPE_CHECKING:
    from tests.sample_maker.studio.people.manner import Pen
    from tests.sample_maker.studio.people.person import Person

CHIN = -106.0
_ELBOWS = -40.0
_LIGHT_CLOTH = 2.0  # red, green and blue together


def half_width(person: Person) -> float:
    """Give half the width of the shoulders.

    Args:
        person: whose.

    Returns:
        In points; a child's are narrow.
    """
    return 56 - 6 * person.soft - (14 if person.age < CHILD else 0)


def draw_body(pen: Pen, person: Person, skin: Colour) -> None:
    """Draw everything below the chin that lies behind the head.

    Args:
        pen: what to draw with.
        person: who.
        skin: colour of the skin.
    """
    half = half_width(person)
    pen.shape(
        curve([(-16, CHIN - 10), (-16, -94), (-30, -80), (30, -80), (16, -94), (16, CHIN - 10)], steps=5),
        darker(skin, 0.1),
    )
    if pen.manner.shading in {"soft", "round"}:
        pen.p.oval(0, CHIN + 3, 18, 7, darker(skin, 0.45), opacity=0.5, soft=3)
    _arms_behind(pen, person, skin, half)
    bare = person.top == "dress"
    trunk = _trunk(half, bare=False)
    if bare:
        pen.shape(trunk, skin)
        trunk = _trunk(half, bare=True)
    pen.shape(trunk, colour(person.cloth))
    _pattern(pen, person, half)
    _neckline(pen, person, skin)


def _trunk(half: float, *, bare: bool) -> Points:
    top = [
        (-half * 0.62, -66),
        (-half * 0.34, -84),
        (-half * 0.2, -58),
        (half * 0.2, -58),
        (half * 0.34, -84),
        (half * 0.62, -66),
    ]
    covered = [(-half, -62), (-half * 0.82, -80), (-22, -91), (22, -91), (half * 0.82, -80), (half, -62)]
    sides = [(half * 0.84, -20), (half * 0.86, 60), (-half * 0.86, 60), (-half * 0.84, -20)]
    return curve([*(top if bare else covered), *sides], steps=6)


def _pattern(pen: Pen, person: Person, half: float) -> None:
    cloth, tint = colour(person.cloth), lighter(colour(person.cloth), 0.7)
    if pen.manner.shading == "none" or person.pattern == "plain":
        return
    if person.pattern == "stripes":
        for y in range(-62, 60, 15):
            edge = half * (0.9 if y < _ELBOWS else 0.8)
            pen.p.line(curve([(-edge, y), (0, y + 5), (edge, y)], closed=False), 4.6, pen.tint(tint), opacity=0.92)
        return
    for row, y in enumerate(range(-66, 56, 13)):
        for column in range(-3, 4):
            x = column * 13 + (row % 2) * 6.5
            if abs(x) < half * 0.78:
                pen.p.oval(x, y, 2.6, 2.6, pen.tint(tint if sum(cloth) < _LIGHT_CLOTH else darker(cloth, 0.5)))


def _neckline(pen: Pen, person: Person, skin: Colour) -> None:
    cloth = colour(person.cloth)
    if person.top in {"t-shirt", "jumper"}:
        collar = ellipse(0, -92, 19, 12)
        pen.shape(collar, darker(skin, 0.12), line=False)
        thick = 5.0 if person.top == "jumper" else 2.6
        pen.stroke(
            curve([(-19, -93), (-13, -83), (0, -80), (13, -83), (19, -93)], closed=False), thick, darker(cloth, 0.22)
        )
    elif person.top == "dress":
        for side in (-1, 1):
            pen.stroke([(side * 19, -76), (side * 16, -94)], 4, cloth)
    elif person.top == "shirt":
        _open_collar(pen, skin, cloth)
        for y in (-62, -40, -18, 6):
            pen.p.oval(0, y, 1.7, 1.7, pen.tint(lighter(cloth, 0.6)))
    else:
        _lapels(pen, person, cloth)


def _open_collar(pen: Pen, skin: Colour, cloth: Colour) -> None:
    pen.shape([(-14, -96), (14, -96), (0, -72)], darker(skin, 0.1), line=False)
    for side in (-1, 1):
        pen.shape([(side * 5, -98), (side * 21, -96), (side * 17, -79), (side * 1, -71)], lighter(cloth, 0.2))
    pen.stroke([(0, -71), (0, 50)], 1, darker(cloth, 0.35))


def _lapels(pen: Pen, person: Person, cloth: Colour) -> None:
    white = colour("white")
    pen.shape([(-20, -96), (20, -96), (0, -34)], white, line=False)
    if person.top == "suit":
        pen.shape([(-4.5, -88), (4.5, -88), (7, -50), (0, -40), (-7, -50)], colour("crimson"))
        pen.shape([(-6, -93), (6, -93), (4, -85), (-4, -85)], colour("crimson"))
    for side in (-1, 1):
        pen.shape([(side * 3, -97), (side * 14, -99), (side * 12, -86), (side * 3, -84)], white)
        pen.shape(
            [(side * 12, -98), (side * 25, -92), (side * 29, -70), (side * 22, -66), (side * 1, -32)],
            darker(cloth, 0.18),
        )
    pen.stroke([(0, -32), (0, 60)], 1, darker(cloth, 0.4))


def _arms_behind(pen: Pen, person: Person, skin: Colour, half: float) -> None:
    """Draw the arms that hang, wave or rest on the hips."""
    sleeve = skin if person.top == "dress" else colour(person.cloth)
    for side in (-1, 1):
        shoulder = (side * (half - 12), -68)
        if person.arms == "wave" and side == 1:
            _limb(
                pen, [shoulder, (half + 16, -40), (half + 15, -100)], sleeve, short=person.top == "t-shirt", skin=skin
            )
            _hand(pen, half + 15, -111, skin, up=True)
        elif person.arms == "hips":
            _limb(
                pen,
                [shoulder, (side * (half + 26), -22), (side * half * 0.86, 14)],
                sleeve,
                short=person.top == "t-shirt",
                skin=skin,
            )
        else:
            _limb(
                pen,
                [shoulder, (side * (half + 4), -14), (side * (half + 2), 60)],
                sleeve,
                short=person.top == "t-shirt",
                skin=skin,
            )


def _limb(pen: Pen, joints: list[tuple[float, float]], sleeve: Colour, *, short: bool, skin: Colour) -> None:
    """Draw an arm along its joints; a short sleeve ends above the elbow."""
    line = curve(joints, closed=False, steps=8)
    pen.shape(_thick(line, 12.5), skin if short else sleeve)
    if short:
        pen.shape(_thick(line[: len(line) // 3], 14.5), sleeve)


def _thick(line: Points, radius: float) -> Points:
    """Outline a line of some breadth."""
    import numpy as np

    along = np.gradient(line, axis=0)
    along /= np.maximum(np.hypot(along[:, 0], along[:, 1])[:, None], 1e-6)
    aside = np.stack([-along[:, 1], along[:, 0]], axis=1)
    width = np.linspace(radius, radius * 0.78, len(line))[:, None]
    start = float(np.degrees(np.arctan2(aside[0, 1], aside[0, 0])))
    cap = arc(line[0, 0], line[0, 1], radius, radius, start - 180, start, steps=8)
    return points(np.vstack([cap[:-1], line + aside * width, (line - aside * width)[::-1]]))


def _hand(pen: Pen, x: float, y: float, skin: Colour, *, up: bool) -> None:
    if up:
        for dx, length, turn in ((-9, 13, -16), (-4, 17, -5), (2, 17, 5), (8, 14, 15)):
            with pen.p.placed(x + dx, y - 6, turn=turn):
                pen.shape(ellipse(0, -length / 2, 3.2, length / 2 + 2), skin)
        with pen.p.placed(x - 11, y + 4, turn=-58):
            pen.shape(ellipse(0, -5, 3.2, 8), skin)
    pen.oval(x, y, 11, 11, skin)


def draw_arms_before(pen: Pen, person: Person, skin: Colour) -> None:
    """Draw the arms that lie before the trunk or the face.

    Args:
        pen: what to draw with.
        person: who.
        skin: colour of the skin.
    """
    half = half_width(person)
    sleeve = skin if person.top == "dress" else colour(person.cloth)
    if person.arms == "crossed":
        for side in (1, -1):
            pen.shape(
                _thick(
                    curve(
                        [(side * (half + 2), -20), (side * half * 0.5, -4), (-side * half * 0.55, -14)], closed=False
                    ),
                    13,
                ),
                sleeve,
            )
            _hand(pen, -side * half * 0.6, -15, skin, up=False)
    if person.arms == "thinking":
        pen.shape(
            _thick(curve([(half * 0.95, 30), (half * 0.75, -10), (half * 0.34, CHIN + 24)], closed=False), 13), sleeve
        )
        _hand(pen, half * 0.3, CHIN + 10, skin, up=False)
