"""Sky, water, ground, hills, clouds, leaves: what outdoor backdrops are made of, in every season and weather."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from pico_banana.rehearsal.making.dice import Dice
from tests.sample_maker.studio.colours import Colour, colour, darker, lighter, mix
from tests.sample_maker.studio.curves import ridge
from tests.sample_maker.studio.paints import Blend, Glow

if TYPE_CHECKING:
    from tests.sample_maker.studio.painter import Painter
    from tests.sample_maker.studio.scene import Look

FAR = 700.0  # how far backdrops go on beyond the photo, in points
BEYOND = 700.0  # x that no wider view of a photo reaches

_SKIES = {  # colours at the zenith, half-way down, at the horizon
    "day": ("#5b9bd5", "#9cc8ea", "#e3eff5"),
    "golden": ("#8fa3b8", "#e8b77d", "#ffe0a3"),
    "sunset": ("#41467a", "#d9748a", "#ffb56b"),
    "night": ("#0b1230", "#1b2750", "#3a4675"),
    "fluorescent": ("#8fb3a5", "#b9d1c0", "#dde8d8"),
}
_GREY_SKIES = {
    "cloudy": ("#8f9ba8", "#b4bec7", "#d8dde0"),
    "rain": ("#66717d", "#8a949e", "#aab2b9"),
    "snow": ("#a9b3bf", "#c9d1d9", "#e6eaee"),
    "fog": ("#c3cacf", "#d0d6d9", "#dde1e2"),
    "storm": ("#39424f", "#5a6572", "#8a9299"),
}
_LEAVES = {"spring": "#8fc25a", "summer": "#4f8f46", "autumn": "#d98a2f", "winter": "#dfe7ee"}
_GRASS = {"spring": "#8dc363", "summer": "#74a84c", "autumn": "#a99a52", "winter": "#eef2f6"}


def sky(p: Painter, look: Look, horizon: float = 180.0) -> None:
    """Paint the sky, with sun or clouds.

    Args:
        p: where to paint.
        look: weather and light.
        horizon: y at which the sky ends.
    """
    names = _GREY_SKIES.get(look.weather, _SKIES[look.light]) if look.light != "night" else _SKIES["night"]
    zenith, middle, low = (colour(name) for name in names)
    p.box(-FAR, -FAR / 2, 400 + FAR, -60, zenith)
    p.box(-FAR, -60, 400 + FAR, horizon + 1, Blend((zenith, middle, low)))
    p.box(-FAR, horizon, 400 + FAR, 300 + FAR, low)
    if look.weather == "clear" and look.light != "night":
        clouds(p, number=4)
    if look.weather in {"cloudy", "rain", "storm", "snow"}:
        clouds(p, number=12, tint=mix(zenith, (1, 1, 1), 0.35))


def sun(p: Painter, x: float, y: float, *, size: float = 14.0, tint: str = "#fff6d8") -> None:
    """Paint the sun and its glow.

    Args:
        p: where to paint.
        x: of its centre.
        y: of its centre.
        size: its radius.
        tint: its colour.
    """
    p.oval(x, y, size * 3.2, size * 3.2, colour(tint), opacity=0.35, soft=size)
    p.oval(x, y, size, size, colour(tint))


def moon(p: Painter, x: float, y: float, *, size: float = 12.0) -> None:
    """Paint a full moon.

    Args:
        p: where to paint.
        x: of its centre.
        y: of its centre.
        size: its radius.
    """
    with p.shining():
        p.oval(x, y, size * 2.4, size * 2.4, colour("#cfd8f0"), opacity=0.25, soft=size)
        p.oval(x, y, size, size, Glow(colour("#fbf8ea"), colour("#dcdccf"), 0.4, 0.4))


def clouds(p: Painter, *, number: int, tint: Colour = (1.0, 1.0, 1.0)) -> None:
    """Paint soft clouds over the whole sky, beyond the photo too.

    Args:
        p: where to paint.
        number: how many to the width of a photo.
        tint: their colour.
    """
    dice = Dice(number, 7)
    for place in range(-number, 3 * number):
        x = (place + dice.unit()) * 400 / number
        y, width = 12 + 75 * dice.unit(), 26 + 30 * dice.unit()
        for part in (-0.5, -0.1, 0.35):
            lift = 5 * dice.unit()
            p.oval(x + part * width, y - lift, width * 0.42, width * 0.14 + lift, tint, opacity=0.5, soft=4)


def hills(p: Painter, heights: tuple[float, ...], tint: Colour, *, floor: float = 320.0) -> None:
    """Paint a range of hills, repeated beyond the photo.

    Args:
        p: where to paint.
        heights: y of its upper edge at equal distances over the width of a photo.
        tint: its colour.
        floor: y of its lower edge.
    """
    longer = (*heights[::-1], *heights[1:], *heights[::-1][1:])
    p.fill(ridge(longer, left=-400, right=800, floor=floor), Blend((tint, mix(tint, (0.9, 0.93, 0.95), 0.3))))


def ground(p: Painter, look: Look, *, top: float = 180.0, tint: str = "", blades: bool = True) -> None:
    """Paint a lawn or another flat ground.

    Args:
        p: where to paint.
        look: the season.
        top: y at which it begins.
        tint: its colour; grass of the season when empty.
        blades: whether tufts of grass stand on it.
    """
    base = colour(tint) if tint and look.season != "winter" else colour(_GRASS[look.season])
    p.box(-FAR, top, 400 + FAR, 300 + FAR, Blend((lighter(base, 0.22), base, darker(base, 0.28), darker(base, 0.3))))
    if not blades or look.season == "winter":
        return
    dice = Dice(int(top), 5)
    for _ in range(330):
        x, depth = -300 + 1000 * dice.unit(), dice.unit()
        y = top + 6 + depth * (330 - top)
        height = 1.6 + 5 * depth
        p.line([(x, y), (x + height * (dice.unit() - 0.5), y - height)], 0.5 + depth, darker(base, 0.18), opacity=0.5)


def water(p: Painter, look: Look, *, top: float, tint: str = "#3d7ea6", bottom: float = 320.0) -> None:
    """Turn everything below a line into water that mirrors what was painted above it.

    Args:
        p: where to paint.
        look: the season; the light.
        top: y of the water's far edge.
        tint: its own colour.
        bottom: y of its near edge.
    """
    base = mix(colour(tint), colour("#26324f"), 0.6) if look.light == "night" else colour(tint)
    edge = float(p.pixels([(0.0, top)])[0, 1])
    row = int(np.ceil(edge))
    height = p.size[1]
    p.box(-FAR, top, 400 + FAR, bottom + FAR, Blend((lighter(base, 0.25), base, darker(base, 0.25), darker(base, 0.3))))
    if 0 < row < height:
        depth = np.arange(height - row)
        mirror = p.picture[np.maximum(row - 1 - depth, 0)]
        wave = np.round(np.sin(depth * 1.1 * 1.6 / p.scale) * (0.4 + depth * 0.012) * p.scale).astype(int)
        mirror = np.stack([np.roll(line, shift, axis=0) for line, shift in zip(mirror, wave, strict=True)])
        share = np.clip(0.75 - depth / (110 * p.scale), 0.12, 0.75)[:, None, None]
        known = (depth < row)[:, None, None]
        p.picture[row:] += ((mirror - p.picture[row:]) * share * known).astype(np.float32)
        shine = p.light[np.maximum(row - 1 - depth, 0)]
        p.light[row:] = (
            np.stack([np.roll(line, shift) for line, shift in zip(shine, wave, strict=True)]) * (share * known)[:, :, 0]
        )
    ripples(p, top, bottom, lighter(base, 0.55))


def ripples(p: Painter, top: float, bottom: float, tint: Colour) -> None:
    """Paint short bright lines on water.

    Args:
        p: where to paint.
        top: y of the water's far edge.
        bottom: y of its near edge.
        tint: their colour.
    """
    dice = Dice(int(top), 3)
    for _ in range(150):
        depth = dice.unit() ** 1.5
        x, y = -300 + 1000 * dice.unit(), top + 4 + depth * (bottom - top)
        half = 2 + 9 * depth * dice.unit()
        p.line([(x - half, y), (x + half, y)], 0.35 + 0.5 * depth, tint, opacity=0.4)


def leaves(look: Look) -> Colour:
    """Give the colour of leaves.

    Args:
        look: the season.

    Returns:
        The colour; that of snow in winter.
    """
    return colour(_LEAVES[look.season])


def is_white(look: Look) -> bool:
    """Tell whether snow lies.

    Args:
        look: season and weather.

    Returns:
        True in winter and when it snows.
    """
    return look.season == "winter" or look.weather == "snow"
