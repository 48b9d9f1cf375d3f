"""Backdrops of the town: street, shop front, city at night, railway platform."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pico_banana.rehearsal.making.dice import Dice
from tests.sample_maker.studio.colours import Colour, colour, darker, lighter, mix
from tests.sample_maker.studio.nature import BEYOND, FAR, is_white, moon, sky, water
from tests.sample_maker.studio.paints import Blend

if TYPE_CHECKING:
    from tests.sample_maker.studio.painter import Painter
    from tests.sample_maker.studio.scene import Look

_SNOW = colour("#f1f5f9")
_SHOPS = 126.0  # y at which the ground floors begin
_FRONTS = ("beige", "coral", "light grey", "tan", "cream", "sky blue", "mustard", "pink")


def street(p: Painter, look: Look) -> None:
    """Paint a row of town houses, a pavement and a road."""
    sky(p, look, 110)
    x = -330.0
    for number in range(12):
        width = 84 + (number * 37) % 23
        _town_house(p, look, x, width, 22 + (number * 29) % 34, _FRONTS[number * 3 % len(_FRONTS)])
        x += width
    _pavement(p, look, 214, 238)
    _road(p, look, 238)


def _town_house(p: Painter, look: Look, x: float, width: float, top: float, tint: str) -> None:
    wall, lit = colour(tint), look.light in {"night", "sunset"}
    p.box(x, top, x + width, 216, Blend((lighter(wall, 0.12), darker(wall, 0.1))))
    p.box(x - 1.5, top - 5, x + width + 1.5, top + 2, _SNOW if is_white(look) else darker(wall, 0.35))
    p.box(x, 156, x + width, 160, darker(wall, 0.2))
    for row in range(3):
        y = top + 14 + row * 40
        if y > _SHOPS:
            break
        for column in range(3):
            left = x + 11 + column * (width - 22 - 15) / 2
            _window(p, left, y, wall, lit=lit and (row + column + int(x)) % 3 > 0)
    _shop_window(p, x, width, wall, lit=lit)


def _window(p: Painter, x: float, y: float, wall: Colour, *, lit: bool) -> None:
    p.box(x - 1.5, y - 1.5, x + 16.5, y + 25.5, lighter(wall, 0.5))
    with p.shining(really=lit):
        p.box(
            x,
            y,
            x + 15,
            y + 24,
            Blend((colour("#ffdf9a"), colour("#eeb45e"))) if lit else Blend((colour("#8fa9b8"), colour("#435564"))),
        )
    p.line([(x + 7.5, y), (x + 7.5, y + 24)], 1, lighter(wall, 0.5))
    p.line([(x, y + 11), (x + 15, y + 11)], 1, lighter(wall, 0.5))
    p.box(x - 3, y + 25, x + 18, y + 28, lighter(wall, 0.35))


def _shop_window(p: Painter, x: float, width: float, wall: Colour, *, lit: bool) -> None:
    glass = Blend((colour("#ffe3a8"), colour("#d99f55"))) if lit else Blend((colour("#9fb5c0"), colour("#4d606d")))
    p.box(x + 9, 171, x + width - 30, 206, darker(wall, 0.45))
    with p.shining(really=lit):
        p.box(x + 11, 173, x + width - 32, 204, glass)
    p.box(x + width - 25, 170, x + width - 8, 214, darker(wall, 0.5), radius=1)
    p.oval(x + width - 12, 193, 1.2, 1.2, colour("gold"))


def _pavement(p: Painter, look: Look, top: float, bottom: float) -> None:
    stone = mix(colour("#b9b4ab"), _SNOW, 0.8 if is_white(look) else 0.0)
    p.box(-FAR, top, 400 + FAR, 300 + FAR, darker(stone, 0.3))  # so that no gap shows beside what lies on it
    p.box(-FAR, top, 400 + FAR, bottom + 2, Blend((darker(stone, 0.12), stone)))
    if not is_white(look):
        for x in range(-300, 700, 26):
            p.line([(x, top), (x - 8, bottom)], 0.6, darker(stone, 0.25))
    p.box(-FAR, bottom, 400 + FAR, bottom + 7, darker(stone, 0.3))


def _road(p: Painter, look: Look, top: float) -> None:
    tar = mix(colour("#55585c"), _SNOW, 0.55 if is_white(look) else 0.0)
    p.box(-FAR, top + 5, 400 + FAR, 300 + FAR, Blend((lighter(tar, 0.08), darker(tar, 0.25), darker(tar, 0.4))))
    if not is_white(look):
        for x in range(-300, 700, 64):
            p.fill([(x, 281), (x + 30, 281), (x + 28, 286), (x - 4, 286)], colour("cream"), opacity=0.85)


def shop_front(p: Painter, look: Look) -> None:
    """Paint a brick house with a large window and a door."""
    brick = colour("#9c5a45")
    p.box(-FAR, -FAR, 400 + FAR, 250, Blend((brick, darker(brick, 0.1))))
    for row in range(-12, 31):
        y = row * 8
        p.line([(-300, y), (700, y)], 0.5, lighter(brick, 0.25), opacity=0.6)
        for column in range(-19, 45):
            x = column * 16 + (row % 2) * 8
            p.line([(x, y), (x, y + 8)], 0.5, lighter(brick, 0.25), opacity=0.6)
    _front_window(p, look, 52, 246)
    for left in (-170, 420):
        _front_window(p, look, left, left + 150)
    wood = colour("#3d5a4a")
    p.box(284, 92, 350, 240, darker(wood, 0.3))
    p.box(289, 97, 345, 240, Blend((lighter(wood, 0.15), wood)))
    p.box(
        297, 106, 337, 178, Blend((colour("#b9cfd6"), colour("#5d7683"))) if look.light == "day" else colour("#f0c47a")
    )
    p.oval(337, 192, 2.6, 2.6, colour("gold"))
    _pavement(p, look, 238, 280)
    _road(p, look, 280)


def _front_window(p: Painter, look: Look, left: float, right: float) -> None:
    frame = colour("#35503f")
    p.box(left - 7, 94, right + 7, 226, darker(frame, 0.25))
    inside = (
        Blend((colour("#fbe6b8"), colour("#d9b078")))
        if look.light != "day"
        else Blend((colour("#dce6e4"), colour("#8fa6a8")))
    )
    with p.shining(really=look.light in {"night", "sunset"}):
        p.box(left, 101, right, 218, inside)
    p.box(left, 192, right, 218, colour("#7b5a3c"))
    for number, tint in enumerate(("red", "yellow", "pink", "white", "violet", "orange", "coral")):
        x = left + 16 + number * (right - left - 32) / 6
        p.box(x - 7, 180, x + 7, 194, colour("#6f7f86"), radius=2)
        for dx, dy in ((-5, -4), (0, -9), (5, -4)):
            p.oval(x + dx, 176 + dy, 5, 5, colour("#5d8a4e"))
            p.oval(x + dx, 173 + dy, 3.4, 3.4, colour(tint))
    p.fill([(left, 101), (left + 40, 101), (left + 10, 192), (left, 192)], (1, 1, 1), opacity=0.14)
    middle = (left + right) / 2
    p.box(middle - 2, 101, middle + 2, 192, frame)


def night_city(p: Painter, look: Look) -> None:
    """Paint towers with lit windows over a river."""
    sky(p, look, 190)
    dark = look.light in {"night", "sunset"}
    if look.light == "night":
        moon(p, 330, 42)
    for layer, (low, tint) in enumerate(((0.55, "#4a5683"), (0.0, "#262d4d"))):
        dice = Dice(layer, 41)
        x = -320.0
        while x < BEYOND:
            width, height = 28 + 26 * dice.unit(), 60 + 75 * dice.unit() + 18 * (1 - layer)
            base = colour(tint) if dark else mix(colour(tint), colour("#a9b6c4"), 0.55 + 0.3 * low)
            p.box(x, 206 - height, x + width, 208, Blend((lighter(base, 0.06), darker(base, 0.2))))
            _windows(p, dice, x, width, height, lit=dark)
            x += width + 3 * dice.unit()
    p.box(-FAR, 205, 400 + FAR, 212, colour("#20243a") if dark else colour("#6a6f7d"))
    water(p, look, top=211, tint="#35507a")
    stone = colour("#8b8f96") if not is_white(look) else _SNOW
    p.box(-FAR, 252, 400 + FAR, 300 + FAR, Blend((lighter(stone, 0.2), stone, darker(stone, 0.2), darker(stone, 0.3))))
    p.box(-FAR, 252, 400 + FAR, 256, darker(stone, 0.3))


def _windows(p: Painter, dice: Dice, x: float, width: float, height: float, *, lit: bool) -> None:
    for row in range(int(height // 9) - 1):
        for column in range(int((width - 6) // 8)):
            left, y = x + 5 + column * 8, 206 - height + 7 + row * 9
            glow = dice.roll(5)
            if lit and glow:
                with p.shining():
                    p.box(left, y, left + 3.6, y + 4.6, colour("#ffd27f") if glow > 1 else colour("#b9d4ff"))
            elif not lit:
                p.box(left, y, left + 3.6, y + 4.6, colour("#5d7085"))


def platform(p: Painter, look: Look) -> None:
    """Paint a railway platform with a waiting train."""
    wall = colour("#d9cfbd")
    p.box(-FAR, -FAR, 400 + FAR, 230, Blend((lighter(wall, 0.2), wall)))
    p.box(-FAR, -60, 400 + FAR, 26, Blend((colour("#4b565e"), colour("#333b42"))))
    for x in range(-280, 700, 140):
        p.box(x - 5, 20, x + 5, 236, Blend((colour("#3f6b5e"), colour("#2b4a41")), across=True))
        p.fill([(x - 34, 22), (x + 34, 22), (x + 5, 52), (x - 5, 52)], colour("#3f6b5e"))
    body = colour("#2f6db5")
    p.box(-FAR, 118, 400 + FAR, 216, Blend((lighter(body, 0.35), body, darker(body, 0.3))))
    p.box(-FAR, 172, 400 + FAR, 180, colour("cream"))
    for x in range(-306, 700, 52):
        p.box(x, 130, x + 36, 162, Blend((colour("#dfeaf0"), colour("#8ea6b2"))), radius=4)
    p.box(-FAR, 214, 400 + FAR, 224, colour("#26292c"))
    stone = mix(colour("#aeb0ae"), _SNOW, 0.7 if is_white(look) else 0.0)
    p.box(-FAR, 224, 400 + FAR, 300 + FAR, Blend((lighter(stone, 0.15), darker(stone, 0.2))))
    p.box(-FAR, 232, 400 + FAR, 238, colour("mustard"))
