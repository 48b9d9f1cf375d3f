"""Pairs whose transform is known: photos warped by Pillow, edited in one region or restyled, and encoded anew.

The photos are the sample's, which are ours, and those that scikit-image and matplotlib ship, which are in the public
domain or CC0; they are read as files, the packages are not imported. Pillow warps, so that OpenCV is not measured by
itself.

    python -m tests.images.warped FOLDER    # writes a few pairs to look at
"""

from __future__ import annotations

import io
import math
import sys
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from PIL import Image, ImageChops, ImageEnhance, ImageFilter, ImageOps

import pico_banana as pb

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pico_banana.records.decoding.alignment import Kind, Matrix

REAL = {
    "skimage": ("data", "astronaut.png camera.png chelsea.png coffee.png coins.png hubble_deep_field.jpg rocket.jpg"),
    "matplotlib": ("mpl-data/sample_data", "grace_hopper.jpg"),
}
MOVES: tuple[Kind, ...] = ("aligned", "shifted", "rescaled", "reframed")
TUNED_ON = 7  # the seed, and the photos below, that the bounds in `registration` were chosen on
LOCAL, TONE, STYLE, OTHER = "local", "tone", "style", "other"
SEEN = frozenset({LOCAL, "cropped", "zoomed"})  # enough of the source is there to say how it lies
CHANGED = frozenset({TONE, "background", "weather"})  # so much is new that nothing may be said; what is, must be right
GEMINI = ((1024, 1024), (832, 1248), (1248, 832), (864, 1184), (1184, 864), (896, 1152), (1152, 896), (768, 1344))


@dataclass(frozen=True)
class Case:
    """A pair and the truth about it; `kind` and `matrix` are those of its geometry, also where nobody can see it."""

    name: str
    group: str
    kind: Kind
    matrix: Matrix
    source: np.ndarray
    edited: np.ndarray


def photos(side: int, *, ours: int = 12, folder: Path | None = None) -> list[tuple[str, Image.Image]]:
    """The photos, or those of a folder, their longer side as asked for."""
    if folder is not None:
        others = sorted(path for path in folder.iterdir() if path.suffix in {".jpg", ".png"})
        return [(path.name, _with_side(Image.open(path).convert("RGB"), side)) for path in others]
    found = []
    for package, (below, names) in REAL.items():
        spec = find_spec(package)
        if spec is None or spec.origin is None:
            raise ModuleNotFoundError(f"{package} ships some of the photos: pip install scikit-image matplotlib")
        found += [(name, Path(spec.origin).parent / below / name) for name in names.split()]
    sources = {row.source.address: row.source for row in pb.load("single_turn", mirror="sample")}
    chosen = list(sources.values())[:: max(1, len(sources) // ours)][:ours]
    opened = [(name, Image.open(path)) for name, path in found]
    opened += [(f"sample {number}", picture.image()) for number, picture in enumerate(chosen)]
    return [(name, _with_side(picture.convert("RGB"), side)) for name, picture in opened]


def cases(
    side: int,
    *,
    rounds: int = 1,
    seed: int = TUNED_ON,
    each: int = 1,
    folder: Path | None = None,
) -> Iterator[Case]:
    """Each photo moved in every way with an edited region, in one under a new light, and redrawn or replaced."""
    every = photos(side, folder=folder)[::each]
    for place, (name, photo) in enumerate(every):
        other = every[(place + 5) % len(every)][1]
        for turn in range(rounds):
            rng = np.random.default_rng((seed, place, turn))
            for kind in MOVES:
                yield _case(name, LOCAL, kind, photo, region_edited(photo, other, rng), rng)
            yield _case(name, TONE, MOVES[(place + turn) % 4], photo, _toned(photo, rng), rng)
            yield _case(name, STYLE, MOVES[(place + turn) % 2], photo, redrawn(photo, rng), rng)
            yield _case(name, OTHER, "aligned", photo, ImageOps.fit(other, photo.size), rng)
            yield _case(name, OTHER, "aligned", photo, ImageOps.mirror(photo), rng)


def right(case: Case, kind: str) -> bool:
    """Whether a kind is the right answer; that nothing can be said is one, but for local edits."""
    if case.group in SEEN:
        return kind == case.kind
    return kind == "not_comparable" or (case.group in CHANGED and kind == case.kind)


def apart(case: Case) -> bool:
    """Whether calling the pair aligned would be wrong."""
    return case.kind != "aligned" or case.group not in SEEN | CHANGED


def off(case: Case, matrix: Matrix) -> float:
    """How far a transform is from the truth on average over what the edit shows of the source, in pixels at 1024."""
    height, width = case.edited.shape[:2]
    across, down = np.meshgrid(np.linspace(0, width, 17), np.linspace(0, height, 17))
    points = np.stack([across.ravel(), down.ravel(), np.ones(across.size)])
    right, found = (np.array(one).reshape(2, 3) @ points for one in (case.matrix, matrix))
    tall, wide = case.source.shape[:2]
    seen = (right >= 0).all(axis=0) & (right[0] <= wide) & (right[1] <= tall)
    return float(np.linalg.norm(right - found, axis=0)[seen].mean() * 1024 / max(wide, tall))


def _with_side(picture: Image.Image, side: int) -> Image.Image:
    scale = side / max(picture.size)
    return picture.resize((round(picture.width * scale), round(picture.height * scale)), Image.Resampling.LANCZOS)


def _case(
    name: str, group: str, kind: Kind, photo: Image.Image, changed: Image.Image, rng: np.random.Generator
) -> Case:
    size = _edit_size(photo.size, rng)
    left = drift(kind, photo.size, rng)
    across, down = photo.width / size[0], photo.height / size[1]
    matrix = (left[0] * across, left[1] * down, left[2], left[3] * across, left[4] * down, left[5])
    edited = _encoded(warp(changed, matrix, size), rng)
    return Case(f"{name} {group} {kind}", group, kind, matrix, np.asarray(photo), np.asarray(edited))


def _edit_size(size: tuple[int, int], rng: np.random.Generator) -> tuple[int, int]:
    """The source's size, that size scaled, or the nearest that the release's editor makes."""
    choice = rng.integers(3)
    if choice == 0:
        return size
    if choice == 1:
        scale = rng.uniform(0.85, 1.2)
        return round(size[0] * scale), round(size[1] * scale)
    shape = math.log(size[0] / size[1])
    nearest = min(GEMINI, key=lambda one: abs(math.log(one[0] / one[1]) - shape))
    scale = max(size) / 1024
    return round(nearest[0] * scale), round(nearest[1] * scale)


def drift(kind: Kind, size: tuple[int, int], rng: np.random.Generator) -> Matrix:
    """Draw what is left of the transform after a resize, in pixels of the source."""
    width, height = size
    pixel = max(size) / 1024

    def either(low: float, high: float) -> float:
        return float(rng.uniform(low, high) * rng.choice((-1, 1)))

    if kind == "aligned":
        return 1.0, 0.0, either(0, 0.6 * pixel), 0.0, 1.0, either(0, 0.6 * pixel)
    if kind == "shifted":
        return 1.0, 0.0, either(0.003, 0.04) * width, 0.0, 1.0, either(0, 0.04) * height
    if kind == "rescaled":
        across = 1 + either(0.006, 0.03)
        down = across if rng.random() < 0.6 else 1 + either(0, 0.01)
        return across, 0.0, (1 - across) * width * rng.uniform(0, 1), 0.0, down, (1 - down) * height * rng.uniform(0, 1)
    if rng.random() < 0.25:
        return _turned(math.radians(either(1.5, 5)), size)
    across = rng.uniform(0.6, 0.88) if rng.random() < 0.7 else rng.uniform(1.12, 1.3)
    down = across * rng.uniform(0.95, 1.05)
    return across, 0.0, (1 - across) * width * rng.uniform(0, 1), 0.0, down, (1 - down) * height * rng.uniform(0, 1)


def _turned(angle: float, size: tuple[int, int]) -> Matrix:
    cos, sin = math.cos(angle), math.sin(angle)
    x, y = size[0] / 2, size[1] / 2
    return cos, -sin, x - cos * x + sin * y, sin, cos, y - sin * x - cos * y


def warp(picture: Image.Image, matrix: Matrix, size: tuple[int, int]) -> Image.Image:
    """Draw the edit; what it shows beyond the source continues it as a mirror does."""
    margin = max(picture.size) // 2
    pixels = np.pad(np.asarray(picture), ((margin, margin), (margin, margin), (0, 0)), mode="symmetric")
    xx, xy, x0, yx, yy, y0 = matrix
    return Image.fromarray(pixels).transform(
        size, Image.Transform.AFFINE, (xx, xy, x0 + margin, yx, yy, y0 + margin), Image.Resampling.BICUBIC
    )


def _encoded(picture: Image.Image, rng: np.random.Generator) -> Image.Image:
    """What a model and a codec do to every pixel: other sharpness, tint and grain, then JPEG."""
    picture = picture.filter(ImageFilter.GaussianBlur(rng.uniform(0.2, 0.8)))
    pixels = np.asarray(picture, float) * rng.uniform(0.96, 1.04, 3) + rng.normal(
        0, 2.0, (picture.height, picture.width, 1)
    )
    buffer = io.BytesIO()
    Image.fromarray(np.clip(pixels, 0, 255).astype(np.uint8)).save(buffer, "JPEG", quality=int(rng.integers(82, 96)))
    return Image.open(buffer).convert("RGB")


def region_edited(photo: Image.Image, other: Image.Image, rng: np.random.Generator) -> Image.Image:
    """Replace, recolour, smear or move a blob of a twentieth to nearly half of the photo."""
    mask = blob(photo.size, rng.uniform(0.05, 0.45), rng)
    choice = rng.integers(5)
    if choice == 0:
        new = photo.filter(ImageFilter.GaussianBlur(photo.width / 30))
    elif choice == 1:
        hue, saturation, value = photo.convert("HSV").split()
        turned = hue.point(lambda level: (level + 90) % 256)
        new = Image.merge("HSV", (turned, saturation, value)).convert("RGB")
    elif choice == 2:
        new = ImageChops.offset(photo, photo.width // 12, photo.height // 16)
    else:
        new = ImageOps.fit(other, photo.size, centering=(rng.random(), rng.random()))
    return Image.composite(new, photo, mask)


def blob(size: tuple[int, int], share: float, rng: np.random.Generator) -> Image.Image:
    """A smooth random region with a soft edge that covers a share of the picture."""
    coarse = Image.fromarray((rng.random((7, 7)) * 255).astype(np.uint8)).resize(size, Image.Resampling.BICUBIC)
    levels = np.asarray(coarse, float)
    y, x = np.mgrid[: size[1], : size[0]]
    middle = rng.uniform(0.2, 0.8) * size[0], rng.uniform(0.2, 0.8) * size[1]
    near = np.hypot((x - middle[0]) / size[0], (y - middle[1]) / size[1])
    score = levels / 255 - 2.5 * near
    edge = np.quantile(score, 1 - share)
    return Image.fromarray((np.clip((score - edge) * 20 + 0.5, 0, 1) * 255).astype(np.uint8))


def _toned(photo: Image.Image, rng: np.random.Generator) -> Image.Image:
    """A new light over all of the photo, its drawing kept."""
    choice = rng.integers(4)
    if choice == 0:
        return ImageOps.colorize(ImageOps.grayscale(photo), (30, 15, 0), (255, 240, 210))
    if choice == 1:
        return ImageEnhance.Brightness(ImageEnhance.Color(photo).enhance(0.4)).enhance(0.35)
    if choice == 2:
        pixels = np.asarray(photo, float) + rng.normal(0, 18, (photo.height, photo.width, 1))
        return Image.fromarray(np.clip(pixels, 0, 255).astype(np.uint8))
    return ImageEnhance.Contrast(photo).enhance(1.8)


def redrawn(photo: Image.Image, rng: np.random.Generator) -> Image.Image:
    """A style that draws everything anew, some pixels beside where it was: sketched, in flat patches, or by brush."""
    moved = bent(photo, rng, far=rng.uniform(0.006, 0.014) * max(photo.size))  # as a redrawing does
    choice = rng.integers(3)
    if choice == 0:
        return ImageOps.autocontrast(ImageOps.grayscale(moved).filter(ImageFilter.CONTOUR)).convert("RGB")
    if choice == 1:
        return moved.filter(ImageFilter.ModeFilter(max(7, photo.width // 60))).quantize(8).convert("RGB")
    return moved.filter(ImageFilter.MedianFilter(9)).filter(ImageFilter.UnsharpMask(6, 300, 0))


def bent(photo: Image.Image, rng: np.random.Generator, *, far: float, cells: int = 9) -> Image.Image:
    """Move every part of a photo another way, by some pixels."""
    shifts = rng.normal(0, far, (cells + 1, cells + 1, 2))
    across = np.linspace(0, photo.width, cells + 1).round().astype(int)
    down = np.linspace(0, photo.height, cells + 1).round().astype(int)
    mesh = []
    for row in range(cells):
        for column in range(cells):
            corners = [(row, column), (row + 1, column), (row + 1, column + 1), (row, column + 1)]
            quad = [float(value) for y, x in corners for value in np.array((across[x], down[y])) + shifts[y, x]]
            mesh.append(((across[column], down[row], across[column + 1], down[row + 1]), quad))
    return photo.transform(photo.size, Image.Transform.MESH, mesh, Image.Resampling.BICUBIC)


if __name__ == "__main__":
    folder = Path(sys.argv[1])
    folder.mkdir(parents=True, exist_ok=True)
    for number, case in enumerate(cases(512)):
        both = Image.fromarray(case.source), Image.fromarray(case.edited)
        sheet = Image.new("RGB", (both[0].width + both[1].width, max(both[0].height, both[1].height)))
        sheet.paste(both[0])
        sheet.paste(both[1], (both[0].width, 0))
        sheet.save(folder / f"{number:03} {case.name}.jpg")
