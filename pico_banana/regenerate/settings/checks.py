"""Pixel checks on the CPU, made before a judge is paid: pictures that no judge need see.

Both pictures are compared at no more than 256 pixels a side. What can be expected of the changed area depends on the
edit type: a local edit must not change most of the picture, a global one may change all of it, a new frame moves every
pixel.
"""

from __future__ import annotations

import io
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeAlias

from pico_banana.decoding.change import VISIBLE_LEVELS, changed_points

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray
    from PIL.Image import Image

    from pico_banana.regenerate.values import Picture
    from pico_banana.taxonomy import EditType

    Pixels: TypeAlias = NDArray[np.float32]

SIDE = 256
# A person's redrawing or a new background may legitimately leave some borders plain.
_PLAIN_BORDER_TYPES = frozenset(
    {"outpainting", "sticker", "line_art", "photo_to_cartoon", "modern_historical", "film_grain"}
)
_PLAIN_STEP = 3.0  # levels of 255 within which a border line counts as one colour; JPEG noise is below it
_SHIFT_LEVELS = 3.0  # mean difference, levels of 255, of a change of the whole photo at least; JPEG makes about 1


@dataclass(frozen=True, slots=True)
class CheckSettings:
    """Which checks are made, and their limits.

    Attributes:
        enabled: False sends every decodable picture to the judge.
        min_changed: least share of pixels, 0 to 1, that must differ visibly.
        max_changed_local: greatest share for an edit of one region.
        max_aspect_change: greatest change of width/height, as a share, where the frame should stay.
        min_contrast: least standard deviation of the grey levels, 0 to 127; less is a blank picture.
        max_border: greatest share of a side that may be plain padding the input lacks.
    """

    enabled: bool = True
    min_changed: float = 0.003
    max_changed_local: float = 0.45
    max_aspect_change: float = 0.15
    min_contrast: float = 3.0
    max_border: float = 0.04


@dataclass(frozen=True, slots=True)
class Findings:
    """What the checks measured.

    Attributes:
        failure: why the picture fails, in two or three words, or empty when it passes.
        source_size: width and height of the input, pixels.
        edited_size: width and height of the result, pixels; (0, 0) when it cannot be decoded.
        changed: share of pixels that differ visibly, 0 to 1, or None when not measured.
    """

    failure: str = ""
    source_size: tuple[int, int] = (0, 0)
    edited_size: tuple[int, int] = (0, 0)
    changed: float | None = None


def check(source: Picture, edited: Picture, *, edit_type: EditType, settings: CheckSettings) -> Findings:
    """Measure an edit.

    Args:
        source: the picture the edit was made from.
        edited: the result.
        edit_type: what kind of edit was asked.
        settings: which checks are made, and their limits.

    Returns:
        The findings; `failure` names the first check that fails.
    """
    before, source_size = _decoded(source, measure=settings.enabled)
    after, edited_size = _decoded(edited, measure=settings.enabled)
    if edited_size == (0, 0):
        return Findings("undecodable", source_size, edited_size)
    if not settings.enabled or before is None or after is None:
        return Findings("", source_size, edited_size)
    changed = changed_share(before, after)
    unchanged = source.sha256 == edited.sha256
    failure = _failure(before, after, edit_type=edit_type, settings=settings, changed=0.0 if unchanged else changed)
    frame_stays = edit_type.scope != "geometry"
    if not failure and frame_stays and _aspect_change(source_size, edited_size) > settings.max_aspect_change:
        failure = "aspect ratio changed"
    return Findings(failure, source_size, edited_size, round(changed, 5))


def changed_share(before: Pixels, after: Pixels) -> float:
    """Measure how much of a picture differs visibly.

    Args:
        before: pixels (h, w, 3), levels 0 to 255.
        after: pixels (h2, w2, 3); resized to the shape of `before` when it differs.

    Returns:
        The share of pixels, 0 to 1.
    """
    if before.shape != after.shape:
        after = _resized(after, (before.shape[1], before.shape[0]))
    return float(changed_points(before, after, levels=VISIBLE_LEVELS).mean())


def _shift(before: Pixels, after: Pixels) -> float:
    import numpy as np

    if before.shape != after.shape:
        after = _resized(after, (before.shape[1], before.shape[0]))
    return float(np.abs(before - after).mean())


def _failure(before: Pixels, after: Pixels, *, edit_type: EditType, settings: CheckSettings, changed: float) -> str:
    if _contrast(after) < settings.min_contrast <= _contrast(before):
        return "blank"
    if changed < settings.min_changed and (edit_type.scope == "local" or _shift(before, after) < _SHIFT_LEVELS):
        return "unchanged"
    if edit_type not in _PLAIN_BORDER_TYPES and _border(after) - _border(before) > settings.max_border:
        return "border padding"
    if edit_type.scope == "local" and changed > settings.max_changed_local:
        return "changed almost everywhere"
    return ""


def _decoded(picture: Picture, *, measure: bool) -> tuple[Pixels | None, tuple[int, int]]:
    """Decode a picture, small; without `measure` only its header is read."""
    from PIL import Image, UnidentifiedImageError

    try:
        with Image.open(io.BytesIO(picture.data)) as image:
            size = image.size
            return (_small(image) if measure else None), size
    except (UnidentifiedImageError, OSError, SyntaxError, ValueError, Image.DecompressionBombError):
        return None, (0, 0)


def _small(image: Image) -> Pixels:
    import numpy as np
    from PIL.Image import Resampling

    image.draft("RGB", (SIDE, SIDE))
    small = image.convert("RGB")
    small.thumbnail((SIDE, SIDE), resample=Resampling.BOX)  # the cheapest that does not alias
    return np.asarray(small, dtype=np.float32)


def _resized(pixels: Pixels, size: tuple[int, int]) -> Pixels:
    import numpy as np
    from PIL import Image

    return np.asarray(Image.fromarray(pixels.astype(np.uint8)).resize(size), dtype=np.float32)


def _contrast(pixels: Pixels) -> float:
    return float(pixels.mean(axis=2).std())


def _border(pixels: Pixels) -> float:
    """Give the widest plain border, as a share of its side."""
    import numpy as np

    widest = 0.0
    for lines in (pixels, pixels[::-1], pixels.swapaxes(0, 1), pixels.swapaxes(0, 1)[::-1]):
        spread = np.ptp(lines, axis=1).max(axis=1)
        plain = spread <= _PLAIN_STEP
        count = len(plain) if plain.all() else int(np.argmin(plain))
        widest = max(widest, count / len(plain))
    return widest


def _aspect_change(before: tuple[int, int], after: tuple[int, int]) -> float:
    if 0 in (*before, *after):
        return 0.0
    ratio = (after[0] / after[1]) / (before[0] / before[1])
    return max(ratio, 1 / ratio) - 1
