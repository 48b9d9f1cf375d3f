"""Realistic pairs for the picture benchmarks: a mirror in the published layout, and the same files for the peers.

A source is a 1024 x 768 JPEG of quality 90, about 250 KB; an edit a PNG of the same size, about 1.1 MB: smooth colour
at several scales, edges and sensor noise, so that codecs work as hard as on photos.
"""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import numpy as np
from PIL import Image, ImageFilter

if TYPE_CHECKING:
    from pathlib import Path

WIDTH, HEIGHT = 1024, 768
_SCALES = ((4, 60), (12, 35), (40, 22), (120, 11), (400, 8))


def photo(seed: int) -> Image.Image:
    draw = np.random.default_rng(seed)
    out = np.full((HEIGHT, WIDTH, 3), 128, np.float32)
    for cells, strength in _SCALES:
        small = draw.normal(size=(max(2, HEIGHT * cells // WIDTH), cells, 3)).astype(np.float32)
        small = 0.35 * small + 0.9 * small.mean(2, keepdims=True)
        for channel in range(3):
            plane = Image.fromarray(small[..., channel]).resize((WIDTH, HEIGHT), Image.Resampling.BICUBIC)
            out[..., channel] += strength * np.asarray(plane)
    out += 3 * draw.normal(size=(HEIGHT, WIDTH, 1)).astype(np.float32)
    for _ in range(25):
        x, y = draw.integers(0, WIDTH - 60), draw.integers(0, HEIGHT - 60)
        width, height = draw.integers(20, 200, 2)
        out[y : y + height, x : x + width] += draw.normal(size=3) * 40
    return Image.fromarray(out.clip(0, 255).astype(np.uint8))


def make_corpus(folder: Path, pairs: int) -> Path:
    """Make a mirror with that many single-turn rows, each with pictures of its own."""
    from pico_banana.loading import load
    from pico_banana.mirrors.addresses import parse_address
    from pico_banana.rehearsal.making.make import make_mirror

    mirror = folder / "mirror"
    make_mirror(mirror, rows=pairs, preferences=0, sessions=0, traps=False, shared_photos=False)
    for number, row in enumerate(load("single_turn", mirror=str(mirror))):
        sys.stderr.write(f"\r\033[Kpair {number + 1}/{pairs}")
        picture = photo(number)
        _save(picture, mirror / parse_address(row.source.address).relative_path, quality=90)
        edit = picture.filter(ImageFilter.GaussianBlur(0.6))
        _save(edit, mirror / parse_address(row.edited.address).relative_path)
    sys.stderr.write("\r\033[K")
    return mirror


def _save(picture: Image.Image, path: Path, **options: int) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    picture.save(path, **options)


def files(mirror: str) -> list[tuple[str, str, str]]:
    """Give (source file, edit file, instruction) of every row, for the peers."""
    from pico_banana.loading import load
    from pico_banana.pictures.filesystem import local_path

    rows = load("single_turn", mirror=mirror)
    return [(str(local_path(r.source.address)), str(local_path(r.edited.address)), r.instruction) for r in rows]
