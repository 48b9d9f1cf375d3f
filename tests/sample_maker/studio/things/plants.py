"""What grows: trees, pines, bushes, flowers, pots."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pico_banana.rehearsal.making.dice import Dice
from tests.sample_maker.studio.colours import colour, darker, lighter, mix
from tests.sample_maker.studio.curves import curve
from tests.sample_maker.studio.nature import is_white, leaves
from tests.sample_maker.studio.paints import Blend

if TYPE_CHECKING:
    from tests.sample_maker.studio.colours import Colour
    from tests.sample_maker.studio.painter import Painter
    from tests.sample_maker.studio.scene import Look, Thing

_SNOW = colour("#f4f7fa")
_GREEN = colour("#4c8a45")


def tree(p: Painter, thing: Thing, look: Look) -> None:
    """Draw a broad-leaved tree; bare and white in winter."""
    bark = colour("#6b4a33")
    p.shadow(4, 0, 36, 5)
    p.fill(
        curve([(-7, 2), (-5, -30), (-9, -62), (0, -56), (8, -64), (5, -30), (8, 2)]),
        Blend((lighter(bark, 0.2), darker(bark, 0.35)), across=True),
    )
    if look.season == "winter":
        for x, y in ((-30.0, -92.0), (-14.0, -106.0), (2.0, -112.0), (18.0, -104.0), (32.0, -88.0)):
            p.line(curve([(0, -54), (x * 0.4, y * 0.72), (x, y)], closed=False), 2.2, bark)
            p.line(curve([(x * 0.4, y * 0.72 - 1), (x, y - 2), (x * 1.2, y - 5)], closed=False), 1.3, _SNOW)
        return
    crown = leaves(look)
    dice = Dice(int(thing.x), 9)
    for shade, spread, lift in ((0.3, 1.0, 0.0), (0.0, 0.86, -6.0), (-0.22, 0.6, -13.0)):
        tint = darker(crown, shade) if shade > 0 else lighter(crown, -shade)
        for _ in range(9):
            x, y = (dice.unit() - 0.5) * 68 * spread, -84 + lift + (dice.unit() - 0.5) * 46 * spread
            p.oval(x, y, 15 * spread + 4 * dice.unit(), 13 * spread + 4 * dice.unit(), tint)


def pine(p: Painter, thing: Thing, look: Look) -> None:
    """Draw a conifer."""
    base = mix(colour("#2f5d47"), colour(thing.colour), 0.25)
    p.box(-3, -12, 3, 2, colour("#5b4231"))
    for step in range(4):
        low, half = -8 - step * 20, 24 - step * 5
        tier = curve(
            [(-half, low), (-half * 0.35, low - 14), (0, low - 32), (half * 0.35, low - 14), (half, low), (0, low + 4)],
            steps=4,
        )
        p.fill(tier, Blend((lighter(base, 0.1), darker(base, 0.25))))
        if is_white(look):
            p.fill(curve([(-half * 0.7, low - 6), (0, low - 31), (half * 0.6, low - 9), (0, low - 13)], steps=4), _SNOW)


def bush(p: Painter, thing: Thing, look: Look) -> None:
    """Draw a round bush, with flowers of its colour in spring and summer."""
    base = leaves(look) if look.season != "summer" else _GREEN
    p.shadow(0, 0, 26, 3)
    for x, y, r in ((-14, -10, 13), (13, -10, 13), (0, -15, 16)):
        p.oval(x, y, r, r * 0.9, darker(base, 0.2))
    for x, y, r in ((-12, -13, 10), (11, -13, 10), (-1, -19, 12)):
        p.oval(x, y, r, r * 0.8, lighter(base, 0.08))
    if look.season in {"spring", "summer"}:
        dice = Dice(int(thing.x), 4)
        for _ in range(14):
            p.oval(-22 + 44 * dice.unit(), -25 + 20 * dice.unit(), 2, 2, colour(thing.colour))


def flower_bed(p: Painter, thing: Thing, look: Look) -> None:
    """Draw a bed of tulips; snow in winter."""
    p.fill(curve([(-52, -2), (-30, 6), (30, 6), (52, -2), (0, -8)]), colour("#6a4b36"))
    if look.season == "winter":
        p.fill(curve([(-50, -3), (-30, 3), (30, 3), (50, -3), (0, -12)]), _SNOW)
        return
    dice = Dice(int(thing.x), 8)
    for place in range(22):
        x, y = -46 + place * 4.3, 4 - 7 * dice.unit()
        height = 15 + 8 * dice.unit()
        p.line([(x, y), (x + 1, y - height)], 1, _GREEN)
        p.oval(x - 2.5, y - height * 0.4, 1.6, 5, lighter(_GREEN, 0.15), turn=-25)
        _tulip(p, x + 1, y - height, colour(thing.colour))


def _tulip(p: Painter, x: float, y: float, tint: Colour) -> None:
    p.fill(
        curve([(x - 3.4, y - 5), (x - 3, y + 1), (x, y + 3), (x + 3, y + 1), (x + 3.4, y - 5), (x, y - 2.5)]),
        Blend((lighter(tint, 0.3), tint)),
    )


def flower_pot(p: Painter, thing: Thing, look: Look) -> None:
    """Draw a clay pot with a plant in bloom."""
    clay = colour("#b9673f")
    p.shadow(0, 0, 15, 2.5)
    for x, y, turn in ((-9, -28, -35), (9, -28, 35), (-4, -34, -12), (5, -35, 14)):
        p.oval(x, y, 4.5, 10, _GREEN if look.season != "autumn" else leaves(look), turn=turn)
    for x, y in ((-10, -36), (0, -43), (10, -37), (-3, -32), (6, -31)):
        _flower(p, x, y, colour(thing.colour))
    p.fill([(-12, -18), (-9, 0), (9, 0), (12, -18)], Blend((lighter(clay, 0.2), darker(clay, 0.25)), across=True))
    p.box(-13.5, -22, 13.5, -17, Blend((lighter(clay, 0.25), darker(clay, 0.2)), across=True), radius=1.5)


def _flower(p: Painter, x: float, y: float, tint: Colour) -> None:
    for dx, dy in ((0, -3.2), (3, -1), (1.9, 2.6), (-1.9, 2.6), (-3, -1)):
        p.oval(x + dx, y + dy, 2.4, 2.4, tint)
    p.oval(x, y, 1.8, 1.8, colour("yellow"))


def sunflower(p: Painter, thing: Thing, look: Look) -> None:
    """Draw a tall sunflower."""
    del look
    p.line(curve([(0, 0), (2, -25), (0, -52)], closed=False), 2.2, _GREEN)
    for x, y, turn in ((-8, -22, 60), (9, -30, -60)):
        p.oval(x, y, 3.5, 9, _GREEN, turn=turn)
    petals = colour(thing.colour)
    for step in range(14):
        with p.placed(0, -58, turn=step * 360 / 14):
            p.oval(0, -11, 2.6, 6.5, petals)
    p.oval(0, -58, 7.5, 7.5, colour("dark brown"))


def reeds(p: Painter, thing: Thing, look: Look) -> None:
    """Draw reeds at the water's edge."""
    dice = Dice(int(thing.x), 2)
    tint = mix(leaves(look), colour("olive"), 0.6)
    for _ in range(16):
        x, height = -18 + 36 * dice.unit(), 18 + 20 * dice.unit()
        p.line(curve([(x, 2), (x + 1, -height * 0.6), (x + 5 * (dice.unit() - 0.4), -height)], closed=False), 1.1, tint)
