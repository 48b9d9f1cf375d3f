"""Backdrops indoors: kitchen, living room, desk, library, and plain or blurred ones for portraits."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pico_banana.rehearsal.making.dice import Dice
from tests.sample_maker.studio.colours import colour, darker, lighter, mix
from tests.sample_maker.studio.curves import curve
from tests.sample_maker.studio.nature import BEYOND, FAR, leaves
from tests.sample_maker.studio.paints import Blend, Glow

if TYPE_CHECKING:
    from tests.sample_maker.studio.painter import Painter
    from tests.sample_maker.studio.scene import Look

_LIT = {"day": 0.0, "golden": 0.1, "sunset": 0.2, "night": 0.55, "fluorescent": 0.0}


def kitchen(p: Painter, look: Look) -> None:
    """Paint a tiled wall, a window and a wooden table."""
    wall = mix(colour("#e6ebe4"), (0.05, 0.06, 0.14), _LIT[look.light])
    p.box(-FAR, -FAR, 400 + FAR, 200, Blend((lighter(wall, 0.2), wall)))
    for x in range(-300, 700, 25):
        p.line([(x, -200), (x, 200)], 0.7, darker(wall, 0.12))
    for y in range(-200, 200, 25):
        p.line([(-300, y), (700, y)], 0.7, darker(wall, 0.12))
    _window(p, look, 36, 16, 150, 128)
    _window(p, look, -190, 16, -76, 128)
    wood = colour("#8a5f3c")
    p.box(258, 58, 560, 66, Blend((lighter(wood, 0.3), darker(wood, 0.2))))
    for x, tint, height in (
        (276, "teal", 26),
        (300, "coral", 20),
        (326, "mustard", 30),
        (352, "white", 22),
        (430, "navy", 28),
        (470, "red", 20),
    ):
        p.box(
            x,
            58 - height,
            x + 17,
            58,
            Blend((lighter(colour(tint), 0.3), colour(tint), darker(colour(tint), 0.25)), across=True),
            radius=3,
        )
    _table(p, wood, 186)


def _window(p: Painter, look: Look, x0: float, y0: float, x1: float, y1: float) -> None:
    outside = {"night": ("#141c3d", "#2b3763"), "sunset": ("#7a5a8a", "#ffb56b"), "golden": ("#f2d7a0", "#ffe6b5")}
    top, low = (colour(name) for name in outside.get(look.light, ("#a9d3ee", "#e8f4f2")))
    p.box(x0 - 7, y0 - 7, x1 + 7, y1 + 7, colour("#f4f0e6"))
    p.box(x0, y0, x1, y1, Blend((top, low)))
    if look.weather == "rain":
        p.box(x0, y0, x1, y1, Blend((colour("#77838d"), colour("#a3adb3"))))
    green = mix(leaves(look), low, 0.35)
    for x, r in ((0.15, 15), (0.42, 20), (0.75, 17)):
        with_x = x0 + (x1 - x0) * x
        p.fill(
            curve(
                [(with_x - r, y1), (with_x - r, y1 - r), (with_x, y1 - r * 1.9), (with_x + r, y1 - r), (with_x + r, y1)]
            ),
            green,
        )
    p.box(x0 - 7, y1, x1 + 7, y1 + 7, colour("#e4decf"))
    middle = (x0 + x1) / 2
    p.box(middle - 2, y0, middle + 2, y1, colour("#f4f0e6"))
    p.box(x0, (y0 + y1) / 2 - 2, x1, (y0 + y1) / 2 + 2, colour("#f4f0e6"))


def _table(p: Painter, wood: tuple[float, float, float], top: float) -> None:
    p.box(-FAR, top, 400 + FAR, 300 + FAR, Blend((lighter(wood, 0.35), wood, darker(wood, 0.2), darker(wood, 0.2))))
    dice = Dice(13)
    for _ in range(70):
        x, y = -300 + 1000 * dice.unit(), top + 6 + 120 * dice.unit()
        p.line([(x, y), (x + 30 + 60 * dice.unit(), y + 2 * dice.unit())], 0.7, darker(wood, 0.25), opacity=0.4)
    for step in range(1, 4):
        y = top + step * step * 13
        p.line([(-300, y), (700, y)], 0.9, darker(wood, 0.35), opacity=0.7)


def living_room(p: Painter, look: Look) -> None:
    """Paint a papered wall, a window and a wooden floor."""
    wall = mix(colour("#cfd8c8"), (0.05, 0.06, 0.14), _LIT[look.light])
    p.box(-FAR, -FAR, 400 + FAR, 228, Blend((lighter(wall, 0.2), wall)))
    for x in range(-300, 700, 22):
        p.box(x, -200, x + 11, 220, lighter(wall, 0.12), opacity=0.45)
    _window(p, look, 26, 26, 120, 140)
    p.box(-FAR, 218, 400 + FAR, 229, colour("#f1ece0"))
    wood = colour("#a8794e")
    p.box(-FAR, 227, 400 + FAR, 300 + FAR, Blend((lighter(wood, 0.15), darker(wood, 0.2), darker(wood, 0.3))))
    for x in range(-500, 900, 38):
        p.line([(200 + (x - 200) * 0.7, 227), (200 + (x - 200) * 1.5, 330)], 0.7, darker(wood, 0.35))
    p.oval(216, 274, 150, 24, colour("#b9564a"))
    p.oval(216, 274, 134, 19, colour("#d98f6f"))
    p.oval(216, 274, 118, 15, colour("#b9564a"))


def desk(p: Painter, look: Look) -> None:
    """Paint a desk seen from its front edge, a cork wall behind."""
    del look
    cork = colour("#c79a63")
    p.box(-FAR, -FAR, 400 + FAR, 150, Blend((lighter(cork, 0.15), cork)))
    dice = Dice(37)
    for _ in range(420):
        p.oval(-300 + 1000 * dice.unit(), -150 + 300 * dice.unit(), 1.3, 0.9, darker(cork, 0.3), opacity=0.45)
    for x, y, tint, turn in (
        (52, 40, "cream", -4),
        (118, 62, "yellow", 5),
        (-80, 50, "pink", 3),
        (470, 44, "sky blue", -5),
    ):
        with p.placed(x, y, turn=turn):
            p.box(-24, -24, 26, 28, (0, 0, 0), opacity=0.25, soft=2)
            p.box(-25, -26, 25, 26, Blend((lighter(colour(tint), 0.3), colour(tint))))
            p.oval(0, -21, 3, 3, colour("red"))
    _table(p, colour("#9b7653"), 148)


def library(p: Painter, look: Look) -> None:
    """Paint shelves full of books."""
    del look
    wood = colour("#5d3d28")
    p.box(-FAR, -FAR, 400 + FAR, 300 + FAR, darker(wood, 0.35))
    tints = ("crimson", "navy", "emerald", "mustard", "brown", "teal", "cream", "purple", "charcoal", "copper", "olive")
    dice = Dice(43)
    for row in range(-2, 6):
        low = 56 + row * 66
        x = -300.0
        while x < BEYOND:
            width, height = 7 + 7 * dice.unit(), 40 + 14 * dice.unit()
            tint = colour(tints[dice.roll(len(tints))])
            p.box(x, low - height, x + width - 0.8, low, Blend((lighter(tint, 0.15), darker(tint, 0.25)), across=True))
            p.box(x + 1.5, low - height + 6, x + width - 2.3, low - height + 8, colour("gold"), opacity=0.7)
            x += width
        p.box(-FAR, low, 400 + FAR, low + 8, Blend((lighter(wood, 0.2), wood)))


def studio(p: Painter, look: Look) -> None:
    """Paint a plain grey backdrop, lit in the middle."""
    del look
    p.box(-FAR, -FAR, 400 + FAR, 400 + FAR, colour("#7d8792"))
    p.oval(200, 140, 420, 400, Glow(colour("#c3cad0"), colour("#7d8792")))


def white_paper(p: Painter, look: Look) -> None:
    """Paint a blank white sheet."""
    del look
    p.box(-FAR, -FAR, 400 + FAR, 400 + FAR, (1.0, 1.0, 1.0))


def mint_paper(p: Painter, look: Look) -> None:
    """Paint a plain, pale green sheet, as stickers come on."""
    del look
    p.box(-FAR, -FAR, 400 + FAR, 400 + FAR, colour("#b5dcc8"))


def blurred_park(p: Painter, look: Look) -> None:
    """Paint leaves and light far out of focus."""
    green = mix(leaves(look), colour("#4a7a4a"), 0.35)
    p.box(-FAR, -FAR, 400 + FAR, 400 + FAR, darker(green, 0.35))
    p.box(-FAR, -120, 400 + FAR, 400, Blend((mix(green, (1, 1, 0.9), 0.45), green, darker(green, 0.35))))
    _bokeh(p, 47, tuple(mix(green, (1, 1, 0.8), share) for share in (0.25, 0.5, 0.75)))


def blurred_city(p: Painter, look: Look) -> None:
    """Paint street lights far out of focus."""
    del look
    p.box(-FAR, -FAR, 400 + FAR, 400 + FAR, colour("#7a5a5f"))
    p.box(-FAR, -120, 400 + FAR, 400, Blend((colour("#26304f"), colour("#4b4566"), colour("#7a5a5f"))))
    _bokeh(p, 53, tuple(colour(name) for name in ("amber", "coral", "sky blue", "#ffe2a8")))


def blurred_beach(p: Painter, look: Look) -> None:
    """Paint sea and sky far out of focus."""
    del look
    p.box(-FAR, -FAR, 400 + FAR, 300, Blend((colour("#8cc4e6"), colour("#dcecf0"))))
    p.box(-FAR, 180, 400 + FAR, 290, Blend((colour("#6fb5c6"), colour("#a9d6d4"))), soft=6)
    p.box(-FAR, 282, 400 + FAR, 400 + FAR, colour("#e9d6ab"), soft=8)
    p.box(-FAR, 296, 400 + FAR, 400 + FAR, colour("#e9d6ab"))
    _bokeh(p, 59, ((1.0, 1.0, 1.0), colour("#e8f6f6")))


def _bokeh(p: Painter, seed: int, tints: tuple[tuple[float, float, float], ...]) -> None:
    dice = Dice(seed)
    for _ in range(90):
        x, y, r = -250 + 850 * dice.unit(), -100 + 460 * dice.unit(), 9 + 20 * dice.unit()
        p.oval(x, y, r, r, dice.pick(tints), opacity=0.22, soft=1.5)
