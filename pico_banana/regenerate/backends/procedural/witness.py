"""Whether a picture is what an edit should have made and nothing else: compared with edits that are known to be right.

The judge knows the recipe, so it makes the edit again, with other random draws, and looks where the picture differs
from all of them by more than they differ from each other: in the colour and texture of any place, a little in many
places, in where things are, in how fine the detail is, and pixel by pixel. A foreign block, a tint over a region, an
edit undone in one half, too few colours, a blur, a mirrored or shifted picture, noise: each fails one.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from PIL import Image

from pico_banana.regenerate.backends.procedural.craft import Measured, ramp
from pico_banana.regenerate.backends.procedural.pixels import Mask, Pixels, as_image, blur, from_image, likeness, luma

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from numpy.typing import NDArray

_CELLS = 32  # along the longer side
_TEXTURE = 0.6  # weight of a cell's texture beside its colour
_WORST = 0.992  # of the cells; the others may be off, as borders of things that moved by a pixel are
_WIDE = 0.9  # a tenth of the picture is more than any border
_FAIR = 0.03  # a cell that is off by less is not foreign
_MOST_SPREAD = 0.12  # right edits that differ by more differ by a choice, not by chance
_TRIMMED = 0.8  # of the cells decide how strong an edit is; what is foreign must not


@dataclass(frozen=True, slots=True)
class Testimony:
    """What was seen of a picture.

    Attributes:
        intact: 1 when it is what the edit should have made, 0 when it is not.
        note: the numbers, in words.
    """

    intact: float
    note: str

    def tempered(self, measured: Measured) -> Measured:
        """Lower the scores of a picture that holds something else.

        Args:
            measured: what was seen of the edit itself.

        Returns:
            The lower of both, criterion by criterion: an edit in a spoilt picture is not the edit that was asked for.
        """
        note = f"{measured.note}, {self.note}"
        parts = (measured.done * self.intact, measured.kept * self.intact, min(measured.clean, self.intact))
        return Measured(*parts, note)


def strength_of(before: Pixels, after: Pixels, full: Pixels) -> float:
    """Estimate how firmly an edit was carried out.

    Args:
        before: the photo.
        after: the result, of the same size.
        full: the edit at strength 1.

    Returns:
        0 for not at all, 1 for in full; at most 1.2.
    """
    was, now, wanted = (_colours(pixels) for pixels in (before, after, full))
    asked, made = wanted - was, now - was
    share = _share(asked, made)
    off = np.abs(made - share * asked).max(axis=2)
    fair = off <= max(float(np.quantile(off, _TRIMMED)), _FAIR)
    return float(np.clip(_share(asked[fair], made[fair]), 0.0, 1.2))


def testify(after: Pixels, right: Sequence[Pixels]) -> Testimony:
    """Compare a picture with edits that are known to be right.

    Args:
        after: the picture.
        right: one or more right edits, of the same size, made with different random draws.

    Returns:
        What was seen.
    """
    off, hue = _off(after, right)
    worst, wide, tinted = (
        float(np.quantile(found, share)) for found, share in ((off, _WORST), (off, _WIDE), (hue, _WIDE))
    )
    place, usual = _in_place(after, right)
    fine = _fineness(after) / max(_fineness(right[0]), 1e-4)
    parts = (
        ramp(worst, 0.17, 0.08),
        ramp(wide, 0.085, 0.06),
        ramp(tinted, 0.045, 0.028),
        ramp(_grain(after, right), 0.016, 0.008),
        ramp(place, 0.72 * usual, 0.88 * usual),
        ramp(fine, 0.45, 0.65),
        ramp(fine, 2.0, 1.5),
    )
    note = f"worst place off by {worst:.2f}, things in place {place:.2f} of {usual:.2f}, detail {fine:.2f}"
    note += f", a tenth off by {wide:.2f} and in hue by {tinted:.2f}"
    return Testimony(min(parts), note)


def again(
    change: Callable[[Pixels, float, np.random.Generator], Pixels], before: Pixels, after: Pixels
) -> tuple[list[Pixels], float]:
    """Make an edit again, about as firmly as it was made.

    Args:
        change: makes the edit at a strength.
        before: the photo.
        after: the result, of the same size.

    Returns:
        The edit with two other random draws, the one that is more like the result first; and its strength.
    """
    draws = [(seed, change(before, 1.0, np.random.default_rng(seed))) for seed in _DRAWS]
    now = _colours(after)
    made = [(seed, strength_of(before, after, draw)) for seed, draw in draws]
    edits = [change(before, max(0.3, strength), np.random.default_rng(seed)) for seed, strength in made]
    order = sorted(range(len(made)), key=lambda at: float(np.median(np.abs(_colours(edits[at]) - now))))
    return [edits[at] for at in order], made[order[0]][1]


# The first number one of them draws is below a half, the other's is above: light from the left, and from the right.
_DRAWS = (0, 2)


def _share(asked: NDArray[np.floating], made: NDArray[np.floating]) -> float:
    return float((asked * made).sum()) / max(float((asked**2).sum()), 1e-6)


def _grid(pixels: Pixels) -> tuple[int, int]:
    height, width = pixels.shape[:2]
    unit = max(height, width) / _CELLS
    return max(2, round(width / unit)), max(2, round(height / unit))


def _colours(pixels: Pixels) -> Pixels:
    """Give the mean colour of every cell."""
    return from_image(as_image(pixels).resize(_grid(pixels), Image.Resampling.BOX))


def _cells(pixels: Pixels) -> Pixels:
    """Give the mean colour and the texture of every cell."""
    grey = luma(pixels).astype(np.float32)
    mean, square = (_mean_of(values, _grid(pixels)) for values in (grey, grey**2))
    texture = np.sqrt(np.clip(square - mean**2, 0, None)) * _TEXTURE
    return np.concatenate([_colours(pixels), texture[..., None]], axis=2)


def _mean_of(values: Mask, grid: tuple[int, int]) -> Mask:
    image = Image.fromarray(values.astype(np.float32))
    return np.asarray(image.resize(grid, Image.Resampling.BOX), dtype=np.float32)


def _off(after: Pixels, right: Sequence[Pixels]) -> tuple[Mask, Mask]:
    """Give for every cell by how much it, and its hue alone, differ from each right edit beyond what those do."""
    now, known = _cells(after), [_cells(pixels) for pixels in right]
    return _beyond(now, known, _MOST_SPREAD), _beyond(_hues(now), [_hues(one) for one in known], 1.0)


def _beyond(now: Pixels, known: Sequence[Pixels], most_spread: float) -> Mask:
    nearest = np.min([np.abs(now - one).max(axis=2) for one in known], axis=0)
    spread = np.max([np.abs(known[0] - one).max(axis=2) for one in known], axis=0)
    off: Mask = np.clip(nearest - np.minimum(spread, most_spread), 0, None)
    return off


def _hues(cells: Pixels) -> Pixels:
    colours = cells[..., :3]
    hues: Pixels = colours - colours.mean(axis=2, keepdims=True)
    return hues


def _grain(after: Pixels, right: Sequence[Pixels]) -> float:
    """Give how rough the difference from the nearest right edit is, beyond that between right ones."""
    return min(_fineness(after - one) for one in right) - _fineness(right[0] - right[-1])


def _in_place(after: Pixels, right: Sequence[Pixels]) -> tuple[float, float]:
    """Correlate the shapes in a picture with those of a right edit; the second number is what right edits reach."""
    shapes = [_shapes(pixels) for pixels in (after, *right)]
    usual = likeness(shapes[1], shapes[-1])
    return max(likeness(shapes[0], one) for one in shapes[1:]), max(usual, 0.05)


def _shapes(pixels: Pixels) -> Mask:
    unit = max(pixels.shape[:2]) / 256
    grey = luma(pixels)
    return blur(grey, 1.2 * unit) - blur(grey, 5 * unit)


def _fineness(pixels: Pixels) -> float:
    grey = luma(pixels)
    return float(np.abs(grey - blur(grey, 1.0)).mean())
