"""Photos for the tests: drawn scenes with a known box, a known ball and a known sign, as a mirror's folder."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import numpy as np
from PIL import Image, ImageDraw, ImageFont

if TYPE_CHECKING:
    from pathlib import Path

HOST = "photos.example"


def draw_scene(seed: int, *, width: int = 320, height: int = 240) -> tuple[Image.Image, list[dict]]:
    """Draw a meadow under a sky, with a crate, a ball and a sign; gives the picture and what is known of it."""
    rng = np.random.default_rng(seed)
    down = np.linspace(0, 1, height)[:, None, None]
    sky = (1 - down) * np.array([90, 150, 220]) + down * np.array([210, 225, 240])
    land = np.array([70, 140, 60]) * (0.7 + 0.5 * down) * np.ones((1, width, 1))
    pixels = np.where(down * np.ones((1, width, 1)) < 0.55, sky * np.ones((1, width, 1)), land)
    pixels = pixels + rng.normal(0, 4, (height, width, 1))
    image = Image.fromarray(np.clip(pixels, 0, 255).astype(np.uint8))
    draw = ImageDraw.Draw(image)
    for _ in range(14):
        x, y = rng.uniform(0, width), rng.uniform(0.6, 0.98) * height
        draw.ellipse((x - 9, y - 4, x + 9, y + 4), fill=(52, 118, 44))
    shift = rng.uniform(-0.04, 0.04)
    boxes = {"crate": (0.10 + shift, 0.60, 0.24 + shift, 0.80), "ball": (0.44 + shift, 0.66, 0.54 + shift, 0.80)}
    sign = (0.66, 0.36, 0.92, 0.52)

    def scaled(box: tuple[float, float, float, float]) -> tuple[float, ...]:
        return box[0] * width, box[1] * height, box[2] * width, box[3] * height

    draw.rectangle(scaled(boxes["crate"]), fill=(150, 96, 48), outline=(84, 52, 24), width=3)
    draw.ellipse(scaled(boxes["ball"]), fill=(206, 50, 44), outline=(120, 20, 20))
    draw.rectangle(scaled((0.78, 0.52, 0.80, 0.78)), fill=(90, 70, 50))
    draw.rectangle(scaled(sign), fill=(244, 240, 226), outline=(60, 60, 60))
    centre = ((sign[0] + sign[2]) / 2 * width, (sign[1] + sign[3]) / 2 * height)
    draw.text(centre, "OPEN", fill=(30, 40, 120), font=ImageFont.load_default(0.11 * height), anchor="mm")
    known = [
        {"name": "wooden crate", "kind": "crate", "box": scaled(boxes["crate"]), "colour": "brown"},
        {"name": "red ball", "kind": "ball", "box": scaled(boxes["ball"]), "colour": "red"},
        {"name": "white sign", "kind": "sign", "box": scaled(sign), "text": "OPEN", "text_box": scaled(sign)},
    ]
    return image, known


def write_mirror_folder(root: Path, count: int, *, width: int = 320, height: int = 240) -> Path:
    """Write scenes in the published layout with their objects.json; gives the folder."""
    known = []
    for number in range(count):
        image, objects = draw_scene(number, width=width, height=height)
        name = f"{HOST}/{number // 100}/{number}.jpg"
        path = root / "source" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        image.save(path, quality=92)
        known.append({"source": f"source/{name}", "size": [width, height], "objects": objects, "scene": "meadow"})
    (root / "objects.json").write_text(json.dumps(known))
    return root


def write_plain_folder(root: Path, count: int, *, width: int = 96, height: int = 72) -> Path:
    """Write scenes as a plain folder of photos that nothing is known of."""
    root.mkdir(parents=True, exist_ok=True)
    for number in range(count):
        draw_scene(number, width=width, height=height)[0].save(root / f"photo{number:05}.jpg", quality=90)
    return root
