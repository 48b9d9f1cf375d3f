"""Colours by name and by mixture: values from 0 to 1, red, green, blue as a screen shows them."""

from __future__ import annotations

from typing import TypeAlias

Colour: TypeAlias = tuple[float, float, float]

NAMED = {
    "red": "#c8322f", "crimson": "#a51c30", "coral": "#ee7b5c", "orange": "#e8822a", "amber": "#e9a23b",
    "yellow": "#f2c53d", "mustard": "#cf9d2c", "lime": "#9bc53d", "green": "#3f8f4f", "emerald": "#1f8a5b",
    "olive": "#79803f", "teal": "#21828a", "turquoise": "#3ab5b0", "sky blue": "#7db8e0", "blue": "#2f6db5",
    "navy": "#22386b", "violet": "#7350a8", "purple": "#663a82", "lilac": "#b79ad6", "pink": "#e58fb1",
    "magenta": "#c63d86", "brown": "#7b4f31", "dark brown": "#4a2f20", "tan": "#c19a6b", "beige": "#ddcdb0",
    "cream": "#f3e9d2", "white": "#f5f3ee", "light grey": "#c9cbcc", "grey": "#8d9194", "charcoal": "#3f444a",
    "black": "#1d1f22", "silver": "#b9c0c6", "gold": "#d8b04a", "copper": "#b8703f", "blond": "#d9b36a",
    "auburn": "#8a3f24",
}  # fmt: skip


def colour(name: str) -> Colour:
    """Give a colour.

    Args:
        name: one of `NAMED`, or `#rrggbb`.

    Returns:
        Red, green, blue.
    """
    code = NAMED.get(name, name).removeprefix("#")
    return int(code[0:2], 16) / 255, int(code[2:4], 16) / 255, int(code[4:6], 16) / 255


def mix(first: Colour, second: Colour, share: float) -> Colour:
    """Mix two colours.

    Args:
        first: what `share` 0 gives.
        second: what `share` 1 gives.
        share: of the second.

    Returns:
        The mixture.
    """
    r, g, b = (a + (c - a) * share for a, c in zip(first, second, strict=True))
    return r, g, b


def darker(base: Colour, share: float = 0.3) -> Colour:
    """Give a shade of a colour, a little cooler, as shadows are.

    Args:
        base: the colour.
        share: how much of it is taken away.

    Returns:
        The shade.
    """
    return mix(base, (0.05, 0.06, 0.14), share)


def lighter(base: Colour, share: float = 0.3) -> Colour:
    """Give a tint of a colour, a little warmer, as light is.

    Args:
        base: the colour.
        share: how much light is added.

    Returns:
        The tint.
    """
    return mix(base, (1.0, 0.98, 0.93), share)
