"""Crafts that redraw the whole photo: painted styles, cartoon, sketch, comic."""

from __future__ import annotations

import numpy as np
from PIL import Image, ImageDraw, ImageFilter

from pico_banana.regenerate.backends.procedural.craft import ramp
from pico_banana.regenerate.backends.procedural.look import Look, LookCraft
from pico_banana.regenerate.backends.procedural.pixels import (
    Generator,
    Mask,
    Pixels,
    as_image,
    blur,
    cloud,
    from_image,
    luma,
    mix,
    saturate,
)


def _oil(photo: Pixels, amount: float, rng: Generator) -> Pixels:
    size = max(3, round(min(photo.shape[:2]) / 90 * amount)) | 1
    image = as_image(saturate(photo, 1 + 0.45 * amount))
    painted = from_image(image.filter(ImageFilter.ModeFilter(size)).filter(ImageFilter.MedianFilter(5)))
    # Bristles: noise drawn out along the brush, which turns from place to place, lit from the upper left.
    noise = rng.random(photo.shape[:2]).astype(np.float32)
    across, down = (_drawn_out(noise, axis=axis, length=size * 4) for axis in (1, 0))
    turn = (cloud(photo.shape[:2], rng, cells=9) > 0.5).astype(np.float32)
    bristles = across * blur(turn, size) + down * (1 - blur(turn, size))
    relief = bristles - np.roll(bristles, (1, 1), axis=(0, 1))
    made: Pixels = np.clip(
        painted * (1 + 0.10 * amount * bristles[..., None]) + relief[..., None] * 0.05 * amount, 0, 1
    )
    return made


def _drawn_out(noise: Mask, *, axis: int, length: int) -> Mask:
    """Average noise along one axis; the result has mean 0 and deviation 1."""
    pads = [(length, 0) if side == axis else (0, 0) for side in (0, 1)]
    total = np.cumsum(np.pad(noise, pads, mode="reflect") - 0.5, axis=axis)
    width = noise.shape[axis]
    streaks = np.take(total, range(length, length + width), axis) - np.take(total, range(width), axis)
    spread: Mask = np.clip(streaks / max(float(streaks.std()), 1e-6), -2.5, 2.5)
    return spread


def _pointillism(photo: Pixels, amount: float, rng: Generator) -> Pixels:
    height, width = photo.shape[:2]
    vivid = np.clip(saturate(blur(photo, 2), 1.6), 0, 1)
    image = as_image(mix(vivid, (0.95, 0.92, 0.86), 0.45))
    draw = ImageDraw.Draw(image)
    radius = max(1.6, min(height, width) / 150 * (0.5 + 0.5 * amount))
    count = int(height * width / radius**2 * 0.55 * max(0.4, amount))
    across, down = rng.uniform(0, width, count), rng.uniform(0, height, count)
    jitter = rng.integers(-22, 23, (count, 1))
    colours = np.clip((vivid * 255).astype(np.int64)[down.astype(int), across.astype(int)] + jitter, 0, 255)
    for x, y, (red, green, blue) in zip(across.tolist(), down.tolist(), colours.tolist(), strict=True):
        draw.ellipse((x - radius, y - radius, x + radius, y + radius), fill=(red, green, blue))
    return from_image(image)


def _mosaic(photo: Pixels, amount: float, rng: Generator) -> Pixels:
    height, width = photo.shape[:2]
    tile = max(4, round(min(height, width) / 56 * (0.6 + 0.4 * amount)))
    small = as_image(saturate(photo, 1.35)).resize((-(-width // tile), -(-height // tile)), Image.Resampling.BOX)
    shade = 1 + rng.normal(0, 0.06, (small.height, small.width, 1))
    tinted = Image.fromarray(np.clip(np.asarray(small) * shade, 0, 255).astype(np.uint8))
    tiles = from_image(tinted.resize((small.width * tile, small.height * tile), Image.Resampling.NEAREST))[
        :height, :width
    ]
    joint = max(1, tile // 8)
    gaps = (np.arange(height) % tile < joint)[:, None] | (np.arange(width) % tile < joint)[None, :]
    return mix(tiles, (0.88, 0.85, 0.79), gaps.astype(np.float32) * 0.85)


def lines(photo: Pixels, *, fineness: float = 1.0) -> Mask:
    """Draw the outlines of what is in a photo, as a difference of two blurs.

    Args:
        photo: RGB.
        fineness: 1 for a pen; more for thicker lines.

    Returns:
        1 on a line, 0 elsewhere.
    """
    unit = max(0.6, min(photo.shape[:2]) / 640) * fineness
    grey = blur(luma(photo), 0.6 * unit)
    dark = blur(grey, 2.6 * unit) - grey
    return np.clip((dark - 0.008) * 26, 0, 1).astype(np.float32)


def flat_colours(photo: Pixels, *, steps: int) -> Pixels:
    """Reduce a photo to flat areas in few steps of brightness.

    Args:
        photo: RGB.
        steps: how many.

    Returns:
        RGB.
    """
    smooth = from_image(as_image(photo).filter(ImageFilter.MedianFilter(7)).filter(ImageFilter.MedianFilter(5)))
    grey = luma(smooth)[..., None]
    stepped = (np.floor(grey * steps) + 0.5) / steps
    return np.clip(smooth * (stepped / np.maximum(grey, 0.04)), 0, 1)


def _cartoon(photo: Pixels, amount: float, rng: Generator) -> Pixels:
    coloured = saturate(flat_colours(photo, steps=5), 1 + 0.5 * amount)
    return mix(np.clip(coloured, 0, 1), (0.07, 0.06, 0.10), lines(photo, fineness=1.4) * min(1.0, amount))


def _sketch(photo: Pixels, amount: float, rng: Generator) -> Pixels:
    grey = luma(photo)
    dodge = np.clip(grey / np.maximum(blur(grey, max(2.0, min(photo.shape[:2]) / 70)), 0.04), 0, 1) ** 2.2
    hatch_at = (np.add.outer(np.arange(photo.shape[0]), np.arange(photo.shape[1])) % 6 < 2).astype(np.float32)
    shadow = np.clip(0.45 - grey, 0, 1) * 1.1 * hatch_at
    paper = 0.965 + rng.normal(0, 0.012, grey.shape).astype(np.float32)
    drawn = np.clip(paper * (1 - (1 - dodge) * 0.95) - shadow, 0, 1)
    return mix(photo, np.repeat(drawn[..., None], 3, axis=2).astype(np.float32), min(1.0, amount))


def _comic(photo: Pixels, amount: float, rng: Generator) -> Pixels:
    height, width = photo.shape[:2]
    flat = saturate(flat_colours(photo, steps=4), 1.7)
    pitch = max(4.0, min(height, width) / 90)
    down, across = np.mgrid[0:height, 0:width] * (np.pi / pitch)
    dots = (np.sin(down + across) * np.sin(down - across)).astype(np.float32)
    ink = ((1 - luma(photo)) * 1.15 - 0.62 > -dots * 0.5).astype(np.float32)
    toned = mix(np.clip(flat * 1.12, 0, 1), (0.10, 0.10, 0.24), blur(ink, 0.5) * 0.42 * min(1.0, amount))
    return mix(toned, (0.03, 0.03, 0.05), lines(photo, fineness=1.8))


def _fewer_tones(before: Pixels, after: Pixels) -> float:
    """See flat areas: how much of the picture has no texture, where the photo had."""

    def textured(pixels: Pixels) -> float:
        grey = luma(pixels)
        return float(np.abs(grey - blur(grey, 1.5)).mean())

    return ramp(abs(textured(after) - textured(before)) / max(textured(before), 2e-3), 0.1, 0.35)


def _restyled(before: Pixels, after: Pixels) -> float:
    moved = float(np.abs(before - after).mean())
    return min(ramp(moved, 0.015, 0.06), 0.7 + 0.3 * _fewer_tones(before, after))


def _drawn(before: Pixels, after: Pixels) -> float:
    plain = float((np.ptp(after, axis=2) < 0.06).mean())
    light = float((luma(after) > 0.8).mean())
    return min(ramp(plain, 0.4, 0.85), ramp(light, 0.2, 0.55))


ARTISTIC_STYLE = LookCraft(
    "artistic_style",
    (
        Look(
            "oil",
            "Repaint the whole photo as an oil painting with thick, visible strokes and rich, saturated "
            "colours, with the relief of "
            "the paint catching the light. The composition stays recognisable.",
            "Repaint it as an oil painting with thick strokes.",
            _oil,
            _restyled,
            0.6,
        ),
        Look(
            "pointillism",
            "Render the picture in the manner of pointillism: small round dots of pure, vivid colour on cream "
            "canvas that only "
            "form the scene when seen from afar. Keep the composition.",
            "Render it in pointillist dots.",
            _pointillism,
            _restyled,
            0.45,
        ),
        Look(
            "mosaic",
            "Turn the scene into a mosaic of small square glass tiles with pale joints between them, in strong "
            "colours, with the "
            "composition still easy to recognise.",
            "Turn it into a glass-tile mosaic.",
            _mosaic,
            _restyled,
            0.45,
        ),
    ),
)
CARTOON = LookCraft(
    "photo_to_cartoon",
    (
        Look(
            "cartoon",
            "Turn the photo into a flat cartoon: dark outlines round everything, areas of one colour with few "
            "steps of shading, "
            "and cheerful, stronger colours. The composition stays the same.",
            "Turn it into a flat cartoon with dark outlines.",
            _cartoon,
            _restyled,
            0.6,
        ),
        Look(
            "sketch",
            "Redraw the photo as a pencil sketch on white paper: grey lines for all edges, hatching in the "
            "shadows, no colour at "
            "all. Everything stays in its place.",
            "Redraw it as a pencil sketch.",
            _sketch,
            _drawn,
            0.45,
        ),
        Look(
            "comic",
            "Make it a panel of a printed comic: bold black outlines, loud flat colours and halftone dots in "
            "the darker areas, with "
            "everything in its place.",
            "Make it a comic panel with halftone dots.",
            _comic,
            _restyled,
            0.5,
        ),
    ),
)
