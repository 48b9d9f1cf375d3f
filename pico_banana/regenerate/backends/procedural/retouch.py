"""Finding the shape of a known thing in its box, and filling the place it leaves."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from PIL import Image, ImageFilter

from pico_banana.regenerate.backends.procedural.craft import in_pixels
from pico_banana.regenerate.backends.procedural.pixels import Box, Generator, Mask, Pixels, blur, mix

if TYPE_CHECKING:
    from collections.abc import Sequence

_HALF = 0.5
_RIM = 0.012  # around a box, of the photo: shadows and soft edges of the thing itself
# By eye on the 59 free things of the sample: above these, what is filled looks smeared.
_CALM, _WRONG, _FEW = 0.055, 0.15, 0.045
_UNLIKE = 0.10  # distance in RGB at which a pixel is taken for the thing and not for what is behind it


def box_mask(photo: Pixels, box: Sequence[float], *, grow: float = 0.0) -> Mask:
    """Mark a box.

    Args:
        photo: the photo.
        box: fractions.
        grow: widen it on every side by this share of the photo.

    Returns:
        1 inside, 0 outside.
    """
    left, top, right, bottom = in_pixels((box[0] - grow, box[1] - grow, box[2] + grow, box[3] + grow), photo)
    mask = np.zeros(photo.shape[:2], dtype=np.float32)
    mask[top:bottom, left:right] = 1
    return mask


def fill(photo: Pixels, hole: Mask, rng: Generator | None = None) -> Pixels:
    """Fill a hole from its surroundings: smoothly, then with the grain of what lies around it.

    Args:
        photo: the photo.
        hole: 1 where the content is to be invented.
        rng: for the grain; None leaves it out.

    Returns:
        The photo with the hole filled.
    """
    known = 1 - (hole > 0.01).astype(np.float32)
    filled = _smooth_fill(photo * known[..., None], known)
    if rng is not None:
        filled = filled + _grain_around(photo, hole, rng)
    return mix(photo, np.clip(filled, 0, 1), np.clip(hole, 0, 1))


def shape_of(photo: Pixels, box: Sequence[float]) -> Mask:
    """Find the pixels of the thing in a box: those unlike what the surroundings would continue to.

    Args:
        photo: the photo.
        box: fractions.

    Returns:
        1 on the thing, softly 0 elsewhere; the whole box when nothing stands out.
    """
    inside = box_mask(photo, box)
    behind = fill(photo, box_mask(photo, box, grow=_RIM))
    unlike = (np.sqrt(((photo - behind) ** 2).sum(axis=2)) > _UNLIKE) & (inside > 0)
    closed = (
        Image.fromarray(unlike.astype(np.uint8) * 255).filter(ImageFilter.MaxFilter(7)).filter(ImageFilter.MinFilter(7))
    )
    shape = (np.asarray(closed, dtype=np.float32) / 255) * inside
    return blur(shape, 0.8) if shape.sum() > 0.08 * inside.sum() else inside


def unfilled(photo: Pixels, box: Sequence[float], *, around: float = 0.05) -> tuple[float, float]:
    """Measure how badly the surroundings of a place are guessed from what lies farther out: what is busy is smeared.

    Args:
        photo: the photo.
        box: fractions.
        around: how far the surroundings go, as a share of the photo.

    Returns:
        The mean difference in RGB of the ring around the box, and the share of it that is plainly wrong.
    """
    hole = box_mask(photo, box, grow=around)
    ring = (hole - box_mask(photo, box, grow=_RIM)) > _HALF
    if not ring.any():
        return 1.0, 1.0
    off = np.abs(fill(photo, hole) - photo).max(axis=2)[ring]
    return float(off.mean()), float((off > _WRONG).mean())


def is_calm(photo: Pixels, box: Sequence[float]) -> bool:
    """Tell whether a place can be filled from its surroundings without smearing them.

    Args:
        photo: the photo.
        box: fractions.

    Returns:
        False where lines, edges or a pattern run into it.
    """
    mean, wrong = unfilled(photo, box)
    return mean < _CALM and wrong < _FEW


def is_empty(photo: Pixels, box: Sequence[float]) -> bool:
    """Tell whether nothing stands in a place: what lies around it continues into it.

    Args:
        photo: the photo.
        box: fractions.

    Returns:
        True for a stretch of sky, wall or lawn.
    """
    hole = box_mask(photo, box, grow=_RIM)
    off = np.abs(fill(photo, hole) - photo).max(axis=2)[hole > _HALF]
    return bool(off.size) and float(off.mean()) < _CALM and float((off > _WRONG).mean()) < _FEW


def stands_out(photo: Pixels, box: Sequence[float]) -> float:
    """Measure how much a place differs from all that lies around it; what was filled well does not.

    Args:
        photo: the photo.
        box: fractions.

    Returns:
        Distance in RGB between the middle of the box and the most similar of the bands beside it.
    """
    left, top, right, bottom = in_pixels(box, photo)
    wide, high = max(3, (right - left) // 4), max(3, (bottom - top) // 4)
    bands = (
        photo[top:bottom, max(0, left - 2 * wide) : max(1, left - wide // 2)],
        photo[top:bottom, right + wide // 2 : right + 2 * wide],
        photo[max(0, top - 2 * high) : max(1, top - high // 2), left:right],
        photo[bottom + high // 2 : bottom + 2 * high, left:right],
    )
    middle = np.median(photo[top + high : bottom - high, left + wide : right - wide].reshape(-1, 3), axis=0)
    distances = [float(np.abs(np.median(band.reshape(-1, 3), axis=0) - middle).max()) for band in bands if band.size]
    return min(distances, default=0.0)


def without_rim(mask: Mask) -> Mask:
    """Take the outermost pixels off a shape: they are half of what lay behind, and make a halo elsewhere.

    Args:
        mask: the shape, 0 to 1.

    Returns:
        A shape a pixel and a half smaller, with a soft edge.
    """
    image = Image.fromarray((np.clip(mask, 0, 1) * 255).astype(np.uint8)).filter(ImageFilter.MinFilter(3))
    return blur(np.asarray(image, dtype=np.float32) / 255, 0.6) * (mask > 0)


def cut(photo: Pixels, mask: Mask, box: Box) -> tuple[Pixels, Mask]:
    """Cut the content of a box out.

    Args:
        photo: the photo.
        mask: the thing's shape.
        box: in pixels.

    Returns:
        The pixels and the shape within the box.
    """
    left, top, right, bottom = box
    return photo[top:bottom, left:right], mask[top:bottom, left:right]


def paste(photo: Pixels, piece: Pixels, mask: Mask, at: tuple[int, int]) -> tuple[Pixels, Mask]:
    """Lay a piece onto a photo.

    Args:
        photo: the photo.
        piece: RGB.
        mask: its shape.
        at: left and top, pixels; what lies outside the photo is cut off.

    Returns:
        The new photo, and the mask of what was laid, in the photo's size.
    """
    height, width = photo.shape[:2]
    left, top = at
    begin_x, begin_y = max(0, -left), max(0, -top)
    end_x, end_y = min(piece.shape[1], width - left), min(piece.shape[0], height - top)
    laid = np.zeros((height, width), dtype=np.float32)
    result = photo.copy()
    if begin_x < end_x and begin_y < end_y:
        place = (slice(top + begin_y, top + end_y), slice(left + begin_x, left + end_x))
        part = mask[begin_y:end_y, begin_x:end_x]
        laid[place] = part
        result[place] = mix(photo[place], piece[begin_y:end_y, begin_x:end_x], part)
    return result, laid


def _smooth_fill(weighted: Pixels, known: Mask) -> Pixels:
    """Pull colours up a pyramid of halves and push them back down into the hole."""
    if _is_small(known):
        total = max(float(known.sum()), 1e-6)
        return np.broadcast_to((weighted.sum(axis=(0, 1)) / total).astype(np.float32), weighted.shape).copy()
    coarse = _smooth_fill(_halved(weighted), _halved(known[..., None])[..., 0])
    height, width = known.shape
    wide = np.stack([_stretched(coarse[..., channel], width, height) for channel in range(3)], axis=2)
    # What little is known at a coarse level is nearer than anything coarser, so it counts in full.
    share = np.clip(known * 8, 0, 1)[..., None]
    own = weighted / np.maximum(known, 1e-4)[..., None]
    return own * share + wide * (1 - share)


def _is_small(known: Mask) -> bool:
    return bool(min(known.shape) <= 2)


def _halved(
    values: Pixels,
) -> Pixels:
    height, width = values.shape[0] // 2 * 2, values.shape[1] // 2 * 2
    even = values[:height, :width]
    quarter: Pixels = (even[::2, ::2] + even[1::2, ::2] + even[::2, 1::2] + even[1::2, 1::2]) / 4
    return quarter


def _stretched(channel: Mask, width: int, height: int) -> Mask:
    return np.asarray(Image.fromarray(channel).resize((width, height), Image.Resampling.BILINEAR), dtype=np.float32)


def _grain_around(photo: Pixels, hole: Mask, rng: Generator) -> Pixels:
    ring = (blur(np.clip(hole, 0, 1), 8) > 0.02) & (hole < 0.01)
    fine = photo - blur(photo, 1.5)
    level = (
        float(np.median(np.abs(fine[ring]))) * 1.48 if ring.any() else 0.0
    )  # 1.48: from median to standard deviation
    return rng.normal(0, min(level, 0.04), photo.shape[:2]).astype(np.float32)[..., None]
