"""Pairs that are harder than those of `warped`: every pixel drawn anew, as a model does, and more kinds of edit.

A model's decoder loses fine texture, sharpens what is left, moves it by fractions of a pixel, shifts the colours, and
answers in one of its own sizes, which it reaches by a crop or by stretching. No bound in `registration` was chosen on
these pairs.
"""

from __future__ import annotations

import io
import math
from typing import TYPE_CHECKING

import numpy as np
from PIL import Image, ImageFilter, ImageOps

from pico_banana.records.decoding.alignment import Alignment
from tests.images.warped import (
    GEMINI,
    LOCAL,
    MOVES,
    OTHER,
    STYLE,
    Case,
    bent,
    blob,
    drift,
    photos,
    redrawn,
    region_edited,
    warp,
)

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from pico_banana.records.decoding.alignment import Kind, Matrix

BACKGROUND, CROPPED, ZOOMED, WEATHER = "background", "cropped", "zoomed", "weather"
_WOBBLE = 0.4  # pixels at 1024, root of the mean square


def rendered(side: int, *, rounds: int = 1, seed: int = 0, each: int = 1, folder: Path | None = None) -> Iterator[Case]:
    """Each photo moved in every way with an edited region, and in one way with every other kind of edit."""
    every = photos(side, folder=folder)[::each]
    for place, (name, photo) in enumerate(every):
        other = every[(place + 7) % len(every)][1]
        for turn in range(rounds):
            rng = np.random.default_rng((seed, place, turn, 2))
            for kind in MOVES:
                yield _case(name, LOCAL, drift(kind, photo.size, rng), photo, region_edited(photo, other, rng), rng)
            moved = MOVES[(place + turn) % len(MOVES)]
            subject = Image.composite(
                photo, ImageOps.fit(other, photo.size), blob(photo.size, rng.uniform(0.45, 0.7), rng)
            )
            yield _case(name, BACKGROUND, drift(moved, photo.size, rng), photo, subject, rng)
            yield _case(name, WEATHER, drift(moved, photo.size, rng), photo, _snowed(photo, rng), rng)
            yield _case(name, ZOOMED, _zoom(photo.size, rng), photo, photo, rng)
            yield _cropped(name, photo, region_edited(photo, other, rng), rng)
            yield _case(name, STYLE, drift("aligned", photo.size, rng), photo, redrawn(photo, rng), rng)
            flipped = ImageOps.flip(photo) if turn % 2 else ImageOps.mirror(region_edited(photo, other, rng))
            yield _case(name, OTHER, drift("aligned", photo.size, rng), photo, flipped, rng)
            yield _case(name, OTHER, drift("aligned", photo.size, rng), photo, ImageOps.fit(other, photo.size), rng)


def _case(
    name: str, group: str, left: Matrix, photo: Image.Image, changed: Image.Image, rng: np.random.Generator
) -> Case:
    return _drawn(name, group, left, photo, changed, _model_size(photo.size, rng), rng)


def _cropped(name: str, photo: Image.Image, changed: Image.Image, rng: np.random.Generator) -> Case:
    """The model's nearest shape is cut out of the photo's middle, so nothing is stretched."""
    size = _nearest(photo.size)
    scale = min(photo.width / size[0], photo.height / size[1])
    kept = size[0] * scale / photo.width, size[1] * scale / photo.height
    left = (kept[0], 0.0, (1 - kept[0]) * photo.width / 2, 0.0, kept[1], (1 - kept[1]) * photo.height / 2)
    return _drawn(name, CROPPED, left, photo, changed, size, rng)


def _drawn(
    name: str,
    group: str,
    left: Matrix,
    photo: Image.Image,
    changed: Image.Image,
    size: tuple[int, int],
    rng: np.random.Generator,
) -> Case:
    across, down = photo.width / size[0], photo.height / size[1]
    matrix = (left[0] * across, left[1] * down, left[2], left[3] * across, left[4] * down, left[5])
    kind: Kind = Alignment(matrix, (photo.size, size), 1.0, 0.0).kind
    edited = _decoded(warp(changed, matrix, size), rng)
    return Case(f"{name} {group} {kind}", group, kind, matrix, np.asarray(photo), np.asarray(edited))


def _nearest(size: tuple[int, int]) -> tuple[int, int]:
    shape = math.log(size[0] / size[1])
    width, height = min(GEMINI, key=lambda one: abs(math.log(one[0] / one[1]) - shape))
    scale = max(size) / 1024
    return round(width * scale), round(height * scale)


def _model_size(size: tuple[int, int], rng: np.random.Generator) -> tuple[int, int]:
    """The model's nearest size by stretching, or the photo's own in multiples of 32."""
    if rng.random() < 0.6:
        return _nearest(size)
    return max(32, round(size[0] / 32) * 32), max(32, round(size[1] / 32) * 32)


def _zoom(size: tuple[int, int], rng: np.random.Generator) -> Matrix:
    """Twice as near, or with half as much again around it: what the types zoom_in and outpainting ask for."""
    scale = rng.uniform(0.45, 0.65) if rng.random() < 0.6 else rng.uniform(1.3, 1.6)
    x, y = ((1 - scale) * side * rng.uniform(0.3, 0.7) for side in size)
    return scale, 0.0, x, 0.0, scale, y


def _snowed(photo: Image.Image, rng: np.random.Generator) -> Image.Image:
    """Haze that grows upwards, a colder tint, and flakes."""
    pixels = np.asarray(photo, float) * rng.uniform(0.85, 1.0, 3)
    haze = np.linspace(rng.uniform(0.3, 0.6), 0.1, photo.height)[:, None, None]
    pixels = pixels * (1 - haze) + 225 * haze
    flakes = Image.fromarray((rng.random((photo.height, photo.width)) > 0.9985).astype(np.uint8) * 255)
    grown = np.asarray(flakes.filter(ImageFilter.MaxFilter(5)).filter(ImageFilter.GaussianBlur(1)), float)[:, :, None]
    return Image.fromarray(np.clip(pixels + 0.8 * grown, 0, 255).astype(np.uint8))


def _decoded(picture: Image.Image, rng: np.random.Generator) -> Image.Image:
    """Draw every pixel anew: texture lost, moved a little, sharpened, other colours, and a poor JPEG."""
    size, share = picture.size, rng.uniform(0.5, 0.8)
    small = picture.resize((round(size[0] * share), round(size[1] * share)), Image.Resampling.BOX)
    drawn = bent(small.resize(size, Image.Resampling.BICUBIC), rng, far=_WOBBLE * max(size) / 1024, cells=24)
    drawn = drawn.filter(ImageFilter.UnsharpMask(2, int(rng.integers(60, 180)), 0))
    pixels = 255 * (np.asarray(drawn, float) / 255) ** rng.uniform(0.8, 1.25, 3)
    pixels = pixels * rng.uniform(0.9, 1.1, 3) + rng.normal(0, 3.0, pixels.shape)
    buffer = io.BytesIO()
    quality = int(rng.integers(55, 90))
    Image.fromarray(np.clip(pixels, 0, 255).astype(np.uint8)).save(buffer, "JPEG", quality=quality)
    return Image.open(buffer).convert("RGB")
