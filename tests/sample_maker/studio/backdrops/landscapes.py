"""Backdrops of the open country: harbour, lake, beach, meadow, desert, the moon."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pico_banana.rehearsal.making.dice import Dice
from tests.sample_maker.studio.colours import colour, darker, lighter, mix
from tests.sample_maker.studio.curves import Points, curve, ridge
from tests.sample_maker.studio.nature import FAR, ground, hills, is_white, leaves, moon, sky, sun, water
from tests.sample_maker.studio.paints import Blend, Glow

if TYPE_CHECKING:
    from tests.sample_maker.studio.painter import Painter
    from tests.sample_maker.studio.scene import Look

_SNOW = colour("#f1f5f9")
_HOUSES = ("coral", "cream", "mustard", "sky blue", "white", "pink", "turquoise", "tan", "red", "beige")


def harbour(p: Painter, look: Look) -> None:
    """Paint a row of coloured houses behind a quay, and water."""
    sky(p, look, 150)
    _light_above(p, look, 318, 46)
    hills(
        p,
        (128, 112, 120, 100, 110, 124, 116, 128),
        mix(colour("#7d9a8c"), _SNOW, 0.8 if is_white(look) else 0.15),
        floor=160,
    )
    dice = Dice(11)
    x = -320.0
    for number in range(34):
        width, height = 26 + 12 * dice.unit(), 34 + 30 * dice.unit()
        _house(p, look, x, width, height, _HOUSES[(number * 3) % len(_HOUSES)])
        x += width
    p.box(-FAR, 152, 400 + FAR, 163, Blend((colour("#9a948a"), colour("#5f5b55"))))
    water(p, look, top=162)


def _house(p: Painter, look: Look, x: float, width: float, height: float, tint: str) -> None:
    wall, roof = colour(tint), _SNOW if is_white(look) else colour("#a4523d")
    top = 154 - height
    p.box(x, top, x + width, 154, Blend((lighter(wall, 0.15), darker(wall, 0.12))))
    p.fill(
        [(x - 1, top), (x + width / 2, top - 11), (x + width + 1, top)], Blend((lighter(roof, 0.1), darker(roof, 0.1)))
    )
    lit = look.light in {"night", "sunset"}
    for row in range(int(height // 15)):
        for column in (0.25, 0.68):
            left, y = x + width * column - 3, top + 6 + row * 14
            bright = lit and (row + int(x)) % 3 > 0
            with p.shining(really=bright):
                p.box(left, y, left + 6, y + 8, colour("#ffd98a") if bright else colour("#4a5e6d"))


def _light_above(p: Painter, look: Look, x: float, y: float) -> None:
    """Paint what shines in the sky."""
    if look.light == "night":
        moon(p, x, y)
        dice = Dice(1)
        with p.shining():
            for _ in range(90):
                p.oval(
                    -300 + 1000 * dice.unit(),
                    -60 + 170 * dice.unit(),
                    0.7,
                    0.7,
                    (1, 1, 1),
                    opacity=0.3 + 0.6 * dice.unit(),
                )
    elif look.light == "golden":
        sun(p, x, y + 40, size=15, tint="#fff0b8")
    elif look.light == "sunset":
        sun(p, x, y + 66, size=17, tint="#ffd27a")
    elif look.weather == "clear":
        sun(p, x, y, size=12)


def lake(p: Painter, look: Look) -> None:
    """Paint mountains mirrored in a lake, pines on the shore."""
    sky(p, look, 160)
    _light_above(p, look, 88, 40)
    far, near = mix(colour("#8aa0b8"), _SNOW, 0.15), colour("#62788c")
    hills(p, (100, 70, 52, 84, 60, 34, 66, 92, 76, 104), far, floor=190)
    for x, y in ((131.0, 46.0), (222.0, 29.0)):
        p.fill(
            curve(
                [
                    (x - 26, y + 24),
                    (x - 9, y + 5),
                    (x, y - 1),
                    (x + 10, y + 6),
                    (x + 24, y + 26),
                    (x + 8, y + 17),
                    (x - 6, y + 23),
                ],
                steps=3,
            ),
            _SNOW,
        )
    hills(
        p,
        (140, 118, 128, 96, 112, 130, 104, 118, 100, 122),
        mix(near, _SNOW, 0.55 if is_white(look) else 0.0),
        floor=190,
    )
    hills(
        p,
        (152, 146, 150, 143, 149, 152, 146, 150, 144, 150),
        mix(darker(leaves(look), 0.35), _SNOW, 0.3 if is_white(look) else 0.0),
        floor=190,
    )
    dice = Dice(17)
    for _ in range(95):
        x = -300 + 1000 * dice.unit()
        _far_pine(p, look, x, 158 + 3 * dice.unit(), 12 + 16 * dice.unit())
    water(p, look, top=160, tint="#3b7488")


def _far_pine(p: Painter, look: Look, x: float, y: float, height: float) -> None:
    tint = mix(colour("#2c5242"), _SNOW, 0.45 if is_white(look) else 0.0)
    p.fill(
        [(x - height * 0.24, y), (x, y - height), (x + height * 0.24, y)],
        Blend((lighter(tint, 0.12), darker(tint, 0.15))),
    )


def beach(p: Painter, look: Look) -> None:
    """Paint sea and sand."""
    sky(p, look, 130)
    _light_above(p, look, 70, 44)
    sea = colour("#3f9fb5") if look.weather == "clear" else colour("#5b7d88")
    water(p, look, top=128, tint="#3f9fb5" if look.weather == "clear" else "#5b7d88", bottom=200)
    sand = mix(colour("#e9d3a1"), _SNOW, 0.85 if is_white(look) else 0.0)
    for drop, tint in ((0, lighter(sea, 0.75)), (5, mix(sand, sea, 0.35)), (13, sand)):
        wave = [186, 192, 186, 194, 188, 195, 187, 192]
        longer = tuple(height + drop for height in (*wave, *wave, *wave))
        p.fill(_shore(longer), Blend((tint, darker(tint, 0.08))) if tint is sand else tint)
    dice = Dice(23)
    for _ in range(160):
        x, y = -300 + 1000 * dice.unit(), 206 + 150 * dice.unit()
        p.oval(x, y, 1.2, 0.6, darker(sand, 0.18), opacity=0.5)


def _shore(heights: tuple[float, ...]) -> Points:
    return ridge(heights, left=-400, right=800, floor=1000)


def meadow(p: Painter, look: Look) -> None:
    """Paint rolling fields to the horizon."""
    sky(p, look, 190)
    _light_above(p, look, 60, 50)
    green = mix(leaves(look), colour("#9fb86a"), 0.4)
    hills(p, (188, 176, 182, 170, 178, 186, 174, 184), mix(green, colour("#9fb4c4"), 0.55), floor=230)
    hills(p, (206, 198, 192, 202, 208, 198, 190, 200), mix(green, colour("#c9b86a"), 0.35), floor=260)
    hills(p, (224, 230, 222, 212, 218, 230, 222, 214), green, floor=330)
    ground(p, look, top=246)


def desert(p: Painter, look: Look) -> None:
    """Paint a straight road through a desert with table mountains."""
    sky(p, look, 180)
    _light_above(p, look, 330, 48)
    rock = colour("#b8623f")
    for left, width, height in ((-190, 90, 60), (30, 110, 66), (236, 70, 50), (352, 130, 72), (560, 100, 50)):
        p.fill(
            [(left, 184), (left + 12, 184 - height), (left + width - 12, 184 - height), (left + width, 184)],
            Blend((lighter(rock, 0.2), rock, darker(rock, 0.15))),
        )
    p.box(
        -FAR,
        180,
        400 + FAR,
        300 + FAR,
        Blend((colour("#e3b27a"), colour("#c98b4f"), colour("#a86b3a"), colour("#9a6236"))),
    )
    p.fill([(196, 180), (204, 180), (360, 400), (40, 400)], Blend((colour("#6d6a6a"), colour("#4a4849"))))
    for step in range(9):
        low = 184 + step * step * 2.6
        p.box(200 - 0.4 - step * 0.5, low, 200.4 + step * 0.5, low + 2 + step * 1.6, colour("mustard"))
    dice = Dice(29)
    for _ in range(60):
        x, y = -300 + 1000 * dice.unit(), 192 + 120 * dice.unit()
        p.oval(x, y, 3 + 3 * dice.unit(), 2, colour("#8a7a45"), opacity=0.7)


def moon_surface(p: Painter, look: Look) -> None:
    """Paint craters under a black sky, the earth above."""
    del look
    p.box(-FAR, -FAR, 400 + FAR, 300 + FAR, Blend((colour("#05060d"), colour("#10131f"))))
    dice = Dice(31)
    for _ in range(130):
        p.oval(-300 + 1000 * dice.unit(), -80 + 280 * dice.unit(), 0.6, 0.6, (1, 1, 1), opacity=0.4 + 0.6 * dice.unit())
    p.oval(312, 62, 33, 33, Glow(colour("#8fc4ee"), colour("#1d4f8f"), 0.35, 0.35))
    for shape in (
        [(296, 46), (310, 40), (318, 52), (306, 62), (298, 58)],
        [(318, 70), (332, 66), (334, 78), (322, 84)],
    ):
        p.fill(curve(shape), colour("#7fae6a"), opacity=0.8)
    grey = colour("#a3a5a8")
    hills(p, (196, 186, 198, 190, 182, 194, 186, 198), darker(grey, 0.35), floor=320)
    p.box(-FAR, 208, 400 + FAR, 300 + FAR, Blend((lighter(grey, 0.1), darker(grey, 0.3))))
    for _ in range(26):
        x, y, r = -250 + 900 * dice.unit(), 220 + 90 * dice.unit(), 5 + 16 * dice.unit()
        p.oval(x, y, r, r * 0.3, darker(grey, 0.35))
        p.oval(x + 1, y + r * 0.08, r * 0.85, r * 0.22, darker(grey, 0.15))
