"""Pictures for synthetic rows: small landscapes, quick to draw, each one different.

They do not show what their instruction says (those of the embedded sample do); they are there to be fetched, decoded,
measured and mixed up, and every PNG carries its own path, so that a mix-up shows.
"""

from __future__ import annotations

import io
from functools import lru_cache
from typing import TYPE_CHECKING, TypeAlias

import numpy as np

from pico_banana.mirrors.store import write_atomic
from pico_banana.rehearsal.making.dice import Dice, mixed
from pico_banana.rehearsal.making.names import photo_path

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    import numpy.typing as npt

    from pico_banana.rehearsal.making.plan import MirrorPlan

    Pixels: TypeAlias = npt.NDArray[np.uint8]

PATH_CHUNK = "Path"  # the PNG text chunk that carries the picture's own path
_LAND, _CHANGE, _SIZE = 51, 52, 53


def landscape(photo: int, size: tuple[int, int], *, seed: int = 0, change: int | None = None) -> Pixels:
    """Draw sky, sun and hills.

    Args:
        photo: which photo; decides the shapes.
        size: width and height in pixels.
        seed: the mirror's seed.
        change: which edit of the photo; shifts colours and adds a disc; None is the photo itself.

    Returns:
        An array of shape (height, width, 3).
    """
    width, height = size
    dice = Dice(seed, _LAND, photo)
    across = np.linspace(0.0, 1.0, width)[None, :]
    down = np.linspace(0.0, 1.0, height)[:, None]
    picture = _blend(_colour(dice, 140), _colour(dice, 190), down)[:, None, :].repeat(width, axis=1)
    _disc(picture, across, down, dice)
    for layer in range(3):
        bend, rise = 1.0 + 2.0 * dice.unit(), 0.45 + 0.18 * layer + 0.1 * dice.unit()
        ridge = rise + 0.5 * bend * (across - dice.unit()) ** 2 * (0.4 - across)
        picture[down >= ridge] = _colour(dice, 110 - 25 * layer)
    if change is not None:
        other = Dice(seed, _CHANGE, change)
        picture = picture * (0.75 + 0.5 * np.array([other.unit(), other.unit(), other.unit()]))
        _disc(picture, across, down, other)
    shift = Dice(seed, photo, change or 0).roll(1 << 16)
    grain = np.roll(_grain(width, height), shift)[:, :, None]
    return np.clip(picture + grain, 0, 255).astype(np.uint8)


def _colour(dice: Dice, lightness: int) -> npt.NDArray[np.float64]:
    return np.array([lightness - 40 + dice.roll(80) for _ in range(3)], dtype=np.float64)


def _blend(
    top: npt.NDArray[np.float64], bottom: npt.NDArray[np.float64], down: npt.NDArray[np.float64]
) -> npt.NDArray[np.float64]:
    return top * (1 - down) + bottom * down


def _disc(
    picture: npt.NDArray[np.float64], across: npt.NDArray[np.float64], down: npt.NDArray[np.float64], dice: Dice
) -> None:
    x, y, radius = dice.unit(), 0.1 + 0.6 * dice.unit(), 0.05 + 0.1 * dice.unit()
    picture[(across - x) ** 2 + (down - y) ** 2 < radius**2] = _colour(dice, 205)


@lru_cache(maxsize=8)
def _grain(width: int, height: int) -> npt.NDArray[np.float64]:
    numbers = np.arange(width * height, dtype=np.uint64) + np.uint64(mixed(width))
    numbers = (numbers ^ (numbers >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    numbers = (numbers ^ (numbers >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return ((numbers >> np.uint64(60)).astype(np.float64) - 7.5).reshape(height, width) * 0.6


def edited_size(size: tuple[int, int], row: int, *, seed: int = 0) -> tuple[int, int]:
    """Give the size of an edit: half keep that of their photo, the others are what an editor made of it.

    Args:
        size: of the photo, in pixels.
        row: which edit.
        seed: the mirror's seed.

    Returns:
        Width and height in pixels; also the aspect ratio may differ.
    """
    width, height = size
    choice = Dice(seed, _SIZE, row).roll(4)
    widths, heights = (16, 18, 18, 20), (16, 16, 17, 16)
    return max(1, width * widths[choice] // 16), max(1, height * heights[choice] // 16)


def png(picture: Pixels, path: str, *, small: bool = False) -> bytes:
    """Encode a picture that carries its own path.

    Args:
        picture: of shape (height, width, 3).
        path: where it belongs in the mirror.
        small: take more time for a smaller file.

    Returns:
        The file.
    """
    from PIL import Image
    from PIL.PngImagePlugin import PngInfo

    chunks = PngInfo()
    chunks.add_text(PATH_CHUNK, path)
    buffer = io.BytesIO()
    Image.fromarray(picture).save(buffer, "PNG", pnginfo=chunks, compress_level=9 if small else 1)
    return buffer.getvalue()


def jpeg(picture: Pixels) -> bytes:
    """Encode a source photo.

    Args:
        picture: of shape (height, width, 3).

    Returns:
        The file.
    """
    from PIL import Image

    buffer = io.BytesIO()
    Image.fromarray(picture).save(buffer, "JPEG", quality=86)
    return buffer.getvalue()


def write_pictures(folder: Path, plan: MirrorPlan, tell: Callable[[str, int, int], None]) -> int:
    """Write every picture that a mirror's rows name, and the source photos.

    Args:
        folder: the mirror's root.
        plan: the mirror's plan.
        tell: called with what is being written, how many are done, and of how many.

    Returns:
        How many files were written.

    Raises:
        StoreError: a file cannot be written.
    """
    spec, written = plan.spec, 0
    for photo in range(spec.photos):
        file = jpeg(landscape(photo, spec.size, seed=spec.seed))
        write_atomic(folder / photo_path(plan.names.photo(photo)), file)
        written += 1
        tell("photos", photo + 1, spec.photos)
    for change, (path, photo) in enumerate(edited_pictures(plan)):
        picture = landscape(photo, edited_size(spec.size, change, seed=spec.seed), seed=spec.seed, change=change)
        write_atomic(folder / path, png(picture, path))
        written += 1
        tell("edits", change + 1, 0)
    return written


def edited_pictures(plan: MirrorPlan) -> Iterator[tuple[str, int]]:
    """Give every picture of a mirror that is not a source photo.

    Args:
        plan: the mirror's plan.

    Yields:
        (path, number of its source photo).
    """
    for row in range(plan.spec.rows):
        if not plan.shares_output(row):
            yield plan.edited_path(row), plan.photo(row)
        for path in plan.rejected_paths(row):
            yield path, plan.photo(row)
    for session in range(plan.spec.sessions):
        for turn in plan.turn_paths(session):
            if turn is not None:
                yield turn, plan.session_photo(session)
