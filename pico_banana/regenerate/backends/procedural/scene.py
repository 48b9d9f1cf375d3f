"""Crafts that change the season and the weather."""

from __future__ import annotations

import numpy as np
from PIL import Image, ImageDraw

from pico_banana.regenerate.backends.procedural.craft import ramp
from pico_banana.regenerate.backends.procedural.look import Look, LookCraft
from pico_banana.regenerate.backends.procedural.pixels import (
    Generator,
    Mask,
    Pixels,
    blur,
    cloud,
    edges,
    luma,
    mix,
    saturate,
)
from pico_banana.regenerate.backends.procedural.tone import warmth


def greenery(pixels: Pixels) -> Mask:
    """Find plants by their colour.

    Args:
        pixels: RGB.

    Returns:
        1 where green or yellow-green clearly leads, 0 elsewhere, softly.
    """
    red, green, blue = pixels[..., 0], pixels[..., 1], pixels[..., 2]
    lead = green - np.maximum(red * 0.92, blue)
    colourful = np.clip(
        np.ptp(pixels, axis=2) / np.maximum(pixels.max(axis=2), 0.05) * 5 - 0.6, 0, 1
    )  # a cream wall is no plant
    return blur(np.clip(lead * 9, 0, 1) * colourful, 1.5)


def depth(photo: Pixels) -> Mask:
    """Guess distance from height in the frame, as outdoor photos have it: 1 at the top, 0 at the bottom."""
    height, width = photo.shape[:2]
    return np.repeat(np.linspace(1, 0, height, dtype=np.float32)[:, None], width, axis=1)


def _winter(photo: Pixels, amount: float, rng: Generator) -> Pixels:
    plants = greenery(photo)
    snow = 0.90 + 0.10 * (luma(photo)[..., None] - 0.4)
    patches = np.clip(plants * (0.62 + 0.7 * cloud(photo.shape[:2], rng, cells=110)), 0, 1)
    covered = mix(
        photo, np.repeat(snow, 3, axis=2) * np.array([0.95, 0.98, 1.0], dtype=np.float32), patches * min(1.0, amount)
    )
    cold = saturate(covered, 1 - 0.35 * amount) * np.array([0.93, 0.98, 1.07], dtype=np.float32)
    return _flakes(np.clip(cold, 0, 1), 0.35 * amount, rng)


def _autumn(photo: Pixels, amount: float, rng: Generator) -> Pixels:
    plants = greenery(photo) * min(1.0, amount)
    hue = (0.5 * cloud(photo.shape[:2], rng, cells=36) + 0.5 * cloud(photo.shape[:2], rng, cells=150))[..., None]
    leaves = (1 - hue) * np.array([0.93, 0.36, 0.10]) + hue * np.array([0.96, 0.72, 0.16])
    shade = np.clip(luma(photo)[..., None] * 1.45 + 0.12, 0, 1.15)
    turned = mix(photo, (leaves * shade).astype(np.float32), plants)
    return np.clip(turned * np.array([1.05, 1.0, 0.93], dtype=np.float32), 0, 1)


def _snow(photo: Pixels, amount: float, rng: Generator) -> Pixels:
    pale = mix(saturate(photo, 1 - 0.4 * amount), (0.86, 0.89, 0.93), 0.26 * amount)
    lying = np.clip((1 - depth(photo)) * 1.3 - 0.25, 0, 1) * (0.35 + 0.65 * cloud(photo.shape[:2], rng, cells=24))
    return _flakes(mix(pale, (0.94, 0.96, 0.99), lying * 0.55 * amount), amount, rng)


def _rain(photo: Pixels, amount: float, rng: Generator) -> Pixels:
    wet = saturate(photo, 1 - 0.4 * amount) * np.float32(1 - 0.26 * amount)
    grey = mix(wet, (0.55, 0.60, 0.66), (0.12 + 0.22 * depth(photo)) * np.float32(min(1.0, amount)))
    return np.clip(grey + _streaks(photo, amount, rng)[..., None] * 0.55, 0, 1)


def _fog(photo: Pixels, amount: float, rng: Generator) -> Pixels:
    bank = np.clip(0.30 + 0.62 * depth(photo) ** 0.8 + 0.25 * (cloud(photo.shape[:2], rng, cells=5) - 0.5), 0, 0.93)
    return mix(saturate(photo, 0.7), (0.83, 0.85, 0.87), blur(bank, 6) * min(1.05, amount))


def _streaks(photo: Pixels, amount: float, rng: Generator) -> Mask:
    height, width = photo.shape[:2]
    image = Image.new("L", (width, height))
    draw = ImageDraw.Draw(image)
    length, slant = max(6, height // 18), rng.uniform(-0.25, 0.25)
    for _ in range(int(width * height / 900 * max(0.2, amount))):
        x, y, size = rng.uniform(0, width), rng.uniform(-length, height), rng.uniform(0.5, 1.2) * length
        draw.line((x, y, x + slant * size, y + size), fill=int(rng.uniform(60, 170)))
    return blur(np.asarray(image, dtype=np.float32) / 255, 0.5)


def _flakes(photo: Pixels, amount: float, rng: Generator) -> Pixels:
    height, width = photo.shape[:2]
    image = Image.new("L", (width, height))
    draw = ImageDraw.Draw(image)
    unit = max(width, height) / 500
    for _ in range(int(1500 * max(0.15, amount))):
        x, y = rng.uniform(0, width), rng.uniform(0, height)
        radius = unit * rng.choice([0.7, 1.1, 1.8, 3.0], p=[0.5, 0.3, 0.15, 0.05])
        draw.ellipse((x - radius, y - radius, x + radius, y + radius), fill=int(rng.uniform(150, 255)))
    return mix(photo, (1.0, 1.0, 1.0), blur(np.asarray(image, dtype=np.float32) / 255, 0.6 * unit) * 0.9)


def _less_green(before: Pixels, after: Pixels) -> float:
    was, now = float(greenery(before).mean()), float(greenery(after).mean())
    return ramp(1 - now / max(was, 1e-3), 0.2, 0.65)


def _wintry(before: Pixels, after: Pixels) -> float:
    whiter = float(np.min(after, axis=2).mean() - np.min(before, axis=2).mean())
    return min(_less_green(before, after), ramp(whiter, 0.01, 0.06))


def _autumnal(before: Pixels, after: Pixels) -> float:
    return min(_less_green(before, after), ramp(warmth(after) - warmth(before), 0.01, 0.06))


def _speckled(before: Pixels, after: Pixels) -> float:
    more = float((edges(after) > 0.05).mean() - (edges(before) > 0.05).mean())
    return ramp(more, 0.01, 0.06)


def _hazy(before: Pixels, after: Pixels) -> float:
    top = slice(0, before.shape[0] // 2)
    was, now = float(luma(before)[top].std()), float(luma(after)[top].std())
    return ramp(1 - now / max(was, 1e-3), 0.2, 0.6)


_LEAST_GREEN = 0.04

SEASON = LookCraft(
    "season",
    (
        Look(
            "winter",
            "Turn the scene into deep winter: cover the grass and leaves with snow, let a few flakes fall, and "
            "make the light cold "
            "and pale. Buildings, paths and the composition stay where they are.",
            "Make it winter, with snow on the greenery.",
            _winter,
            _wintry,
            0.55,
        ),
        Look(
            "autumn",
            "Change the season to autumn: let all green leaves and grass turn orange, rust and golden yellow "
            "under a slightly "
            "warmer light. Everything else in the scene stays as it is.",
            "Make it autumn, with orange and golden leaves.",
            _autumn,
            _autumnal,
            0.6,
        ),
    ),
    lambda _look, photo: float(greenery(photo).mean()) > _LEAST_GREEN,
)
WEATHER = LookCraft(
    "weather",
    (
        Look(
            "rain",
            "Make it rain heavily: slanting streaks of rain across the whole scene, a dull grey light, muted "
            "colours and a hazy "
            "distance, while everything stays where it is.",
            "Make it rain heavily.",
            _rain,
            _speckled,
            0.5,
        ),
        Look(
            "snow",
            "Let it snow: flakes of different sizes all over the scene, a thin cover of snow on the ground in "
            "front, and a pale "
            "winter sky light. Everything stays where it is.",
            "Make it snow.",
            _snow,
            _speckled,
            0.45,
        ),
        Look(
            "fog",
            "Fill the scene with thick morning fog that hides more the farther away things are, with soft pale "
            "light and muted "
            "colours. What is close to the viewer stays clear.",
            "Fill the scene with thick morning fog.",
            _fog,
            _hazy,
            0.45,
        ),
    ),
)
