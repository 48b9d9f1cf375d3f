"""What is done to a whole finished picture: tone, film grain, old plates, and the faults of failed edits."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from pico_banana.rehearsal.making.dice import Dice, mixed
from tests.sample_maker.studio.colours import colour
from tests.sample_maker.studio.raster import box_blur

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.sample_maker.studio.painter import Picture
    from tests.sample_maker.studio.raster import Plane

_LUMA = np.array([0.299, 0.587, 0.114], dtype=np.float32)


def luma(picture: Picture) -> Plane:
    """Give how bright each pixel looks.

    Args:
        picture: of shape (height, width, 3).

    Returns:
        From 0 to 1, of shape (height, width).
    """
    plane: Plane = picture @ _LUMA
    return plane


def noise(shape: tuple[int, int], seed: int) -> Plane:
    """Give white noise, the same everywhere for the same seed.

    Args:
        shape: height and width.
        seed: which noise.

    Returns:
        From -1 to 1, of that shape.
    """
    numbers = np.arange(shape[0] * shape[1], dtype=np.uint64) + np.uint64(mixed(seed))
    numbers = (numbers ^ (numbers >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    numbers = (numbers ^ (numbers >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    numbers ^= numbers >> np.uint64(31)
    return ((numbers >> np.uint64(40)).astype(np.float32) / np.float32(1 << 23) - 1).reshape(shape)


def vignette(picture: Picture, strength: float) -> Picture:
    """Darken the corners.

    Args:
        picture: of shape (height, width, 3).
        strength: how much light the corners lose, from 0 to 1.

    Returns:
        The darkened picture.
    """
    height, width = picture.shape[:2]
    across = np.linspace(-1, 1, width, dtype=np.float32)[None, :]
    down = np.linspace(-1, 1, height, dtype=np.float32)[:, None]
    shade: Plane = 1 - strength * np.clip((across**2 + down**2) / 2, 0, 1).astype(np.float32)
    return picture * shade[:, :, None]


def warm(picture: Picture) -> Picture:
    """Shift all colours toward amber."""
    return (picture * np.array([1.1, 0.97, 0.72], dtype=np.float32) + np.array([0.05, 0.02, 0], dtype=np.float32)).clip(
        0, 1
    )


def cool(picture: Picture) -> Picture:
    """Shift all colours toward blue."""
    return (
        picture * np.array([0.74, 0.93, 1.08], dtype=np.float32) + np.array([0, 0.02, 0.07], dtype=np.float32)
    ).clip(0, 1)


def teal_and_orange(picture: Picture) -> Picture:
    """Push shadows toward teal and lights toward orange."""
    share = luma(picture)[:, :, None]
    shadows, lights = np.array([0.72, 1.02, 1.1], dtype=np.float32), np.array([1.12, 0.98, 0.78], dtype=np.float32)
    return (picture * (shadows + (lights - shadows) * share)).clip(0, 1)


def film(picture: Picture) -> Picture:
    """Give the look of old colour film: faded, warm, grainy, dark at the corners."""
    faded: Picture = picture * np.float32(0.78) + np.float32(0.12)
    tone = luma(faded)[:, :, None]
    faded = (faded + (tone - faded) * 0.35) * np.array([1.06, 1.0, 0.84], dtype=np.float32)
    grain = np.round(noise(faded.shape[:2], 3) * 1.1) * 0.05
    return (vignette(faded, 0.35) + grain[:, :, None]).clip(0, 1)


def black_and_white_film(picture: Picture) -> Picture:
    """Give the look of fast black-and-white film: strong contrast and grain."""
    tone = luma(picture)
    tone = tone + 0.25 * (tone - 0.5)
    grain = np.round(noise(tone.shape, 5) * 1.1) * 0.07
    return np.repeat((vignette(tone[:, :, None], 0.3) + grain[:, :, None]).clip(0, 1), 3, axis=2)


def sepia(picture: Picture) -> Picture:
    """Give the look of a plate of the nineteenth century: brown, soft, scratched, with worn edges."""
    tone = box_blur(luma(picture), 1)
    brown, paper = np.array(colour("#2f1f12"), dtype=np.float32), np.array(colour("#f0deba"), dtype=np.float32)
    plate = brown + (paper - brown) * np.clip(tone * 1.08 - 0.03, 0, 1)[:, :, None]
    plate = vignette(plate, 0.5)
    _scratch(plate)
    return _worn_edge(plate, paper).clip(0, 1)


def _scratch(plate: Picture) -> None:
    height, width = plate.shape[:2]
    dice = Dice(71)
    for _ in range(9):
        x, top, length = dice.roll(width), dice.roll(height), height // 8 + dice.roll(height // 2)
        plate[top : top + length, x] += 0.16
    for _ in range(40):
        plate[dice.roll(height), dice.roll(width)] = 0.9


def _worn_edge(plate: Picture, paper: Plane) -> Picture:
    height, width = plate.shape[:2]
    depth = np.minimum(
        np.minimum(np.arange(width), np.arange(width)[::-1])[None, :],
        np.minimum(np.arange(height), np.arange(height)[::-1])[:, None],
    )
    rough = box_blur(noise((height, width), 9), 3) * 14
    inside = np.clip((depth + rough - width * 0.022) / 3, 0, 1)[:, :, None]
    worn: Picture = paper * (1 - inside) + plate * inside
    return worn


def faded_fifties(picture: Picture) -> Picture:
    """Give the look of a postcard of the fifties: pastel, slightly green, with a white border."""
    tone = luma(picture)[:, :, None]
    pastel = (picture + (tone - picture) * 0.3) * np.array([0.9, 0.88, 0.72], dtype=np.float32) + np.array(
        [0.1, 0.11, 0.1], dtype=np.float32
    )
    rim = max(6, picture.shape[1] // 34)
    pastel[:rim], pastel[-rim:], pastel[:, :rim], pastel[:, -rim:] = ([0.96, 0.94, 0.88],) * 4
    return pastel.clip(0, 1)


def black_bars(picture: Picture) -> Picture:
    """Fail: leave black bars at the sides."""
    failed = picture.copy()
    bar = picture.shape[1] // 9
    failed[:, :bar] = failed[:, -bar:] = 0
    return failed


def blocks(picture: Picture) -> Picture:
    """Fail: break some squares of the picture."""
    failed, side = picture.copy(), max(8, picture.shape[1] // 18)
    dice = Dice(73)
    for _ in range(26):
        y, x = dice.roll(picture.shape[0] // side) * side, dice.roll(picture.shape[1] // side) * side
        part = failed[y : y + side, x : x + side]
        failed[y : y + side, x : x + side] = part.mean(axis=(0, 1)) if dice.roll(2) else part[:, ::-1, ::-1]
    return failed


def smeared(picture: Picture) -> Picture:
    """Fail: lose all detail."""
    return np.stack([box_blur(box_blur(picture[:, :, channel], 3), 3) for channel in range(3)], axis=2)


def washed_out(picture: Picture) -> Picture:
    """Fail: overexpose everything."""
    return (picture * 0.45 + 0.56).clip(0, 1)


def doubled(picture: Picture) -> Picture:
    """Fail: lay the picture over itself, shifted."""
    return 0.55 * picture + 0.45 * np.roll(picture, picture.shape[1] // 16, axis=1)


def green_cast(picture: Picture) -> Picture:
    """Fail: tint everything green."""
    return (picture * np.array([0.72, 1.05, 0.72], dtype=np.float32)).clip(0, 1)


def lens_flare(picture: Picture) -> Picture:
    """Add a chain of coloured discs that starts at the upper right, as light in a lens makes."""
    height, width = picture.shape[:2]
    across = np.arange(width, dtype=np.float32)[None, :] / width
    down = np.arange(height, dtype=np.float32)[:, None] / width
    flared = picture.copy()
    for place, radius, tint, strength in (
        (0.0, 0.17, "#fff3c9", 0.95), (0.28, 0.035, "#ffb36b", 0.4), (0.42, 0.02, "#9fe0ff", 0.5),
        (0.6, 0.055, "#c9a2ff", 0.3), (0.78, 0.03, "#9dffb8", 0.4), (0.95, 0.075, "#ffd27a", 0.28),
    ):  # fmt: skip
        x, y = 0.8 - 0.62 * place, (0.3 + 0.5 * place) * height / width
        distance = np.sqrt((across - x) ** 2 + (down - y) ** 2)
        disc = np.clip(1 - distance / radius, 0, 1) if not place else np.clip((radius - distance) * width, 0, 1)
        flared += (np.array(colour(tint), dtype=np.float32) - flared) * (disc * strength)[:, :, None]
    return flared.clip(0, 1)


def photographed(picture: Picture) -> Picture:
    """Give a drawn scene the look of a photo: a little darker at the corners, fine grain."""
    grain = noise(picture.shape[:2], 11) * 0.011
    return (vignette(picture, 0.1) + grain[:, :, None]).clip(0, 1)


FILTERS: dict[str, Callable[[Picture], Picture]] = {
    "black and white film": black_and_white_film,
    "black bars": black_bars,
    "blocks": blocks,
    "cool": cool,
    "doubled": doubled,
    "faded fifties": faded_fifties,
    "film": film,
    "green cast": green_cast,
    "lens flare": lens_flare,
    "sepia": sepia,
    "smeared": smeared,
    "teal and orange": teal_and_orange,
    "warm": warm,
    "washed out": washed_out,
}
