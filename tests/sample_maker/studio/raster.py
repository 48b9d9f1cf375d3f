"""From outlines to pixels: how much of each pixel a filled outline or a broad line covers.

Coverage is exact across and sampled four times down, so edges are smooth without drawing at several times the size.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from math import ceil, floor
from typing import TYPE_CHECKING, TypeAlias

import numpy as np
import numpy.typing as npt

if TYPE_CHECKING:
    from tests.sample_maker.studio.curves import Points

Plane: TypeAlias = npt.NDArray[np.float32]

_SAMPLES = 4


@dataclass(frozen=True, slots=True)
class Mask:
    """Coverage of a part of a picture.

    Attributes:
        x: left column of the part.
        y: top row of the part.
        cover: from 0 to 1, of shape (height, width).
        extent: left, top, right, bottom of the whole shape, also of what lies outside the picture.
    """

    x: int
    y: int
    cover: Plane
    extent: tuple[float, float, float, float]

    @property
    def window(self) -> tuple[slice, slice]:
        """The part's rows and columns."""
        height, width = self.cover.shape
        return slice(self.y, self.y + height), slice(self.x, self.x + width)


def filled(outline: Points, size: tuple[int, int]) -> Mask | None:
    """Rasterise a closed outline; where it overlaps itself twice it is empty.

    Args:
        outline: in pixels.
        size: width and height of the picture.

    Returns:
        Its coverage; None when nothing of it is in the picture.
    """
    extent = _extent(outline)
    left, top = max(0, floor(extent[0])), max(0, floor(extent[1]))
    right, bottom = min(size[0], ceil(extent[2])), min(size[1], ceil(extent[3]))
    if top >= bottom or left >= right:
        return None
    levels = top + (np.arange((bottom - top) * _SAMPLES) + 0.5) / _SAMPLES
    rows, starts, ends = _spans(outline, levels)
    edge = np.zeros(((bottom - top), right - left + 2), dtype=np.float64)
    for sign, at in ((1.0, starts), (-1.0, ends)):
        place = np.clip(at - left, 0, right - left)
        column = np.floor(place).astype(np.int64)
        part = place - column
        np.add.at(edge, (rows // _SAMPLES, column), sign * (1 - part) / _SAMPLES)
        np.add.at(edge, (rows // _SAMPLES, column + 1), sign * part / _SAMPLES)
    cover = np.cumsum(edge, axis=1)[:, : right - left]
    return Mask(left, top, np.clip(cover, 0, 1).astype(np.float32), extent)


def _spans(
    outline: Points, levels: npt.NDArray[np.float64]
) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.float64], npt.NDArray[np.float64]]:
    """Cut an outline at heights: (index of the height, where the inside begins, where it ends)."""
    first, second = outline, np.roll(outline, -1, axis=0)
    above = first[:, 1][None, :] <= levels[:, None]
    crosses = above != (second[:, 1][None, :] <= levels[:, None])
    row, side = np.nonzero(crosses)
    slope = (second[side, 0] - first[side, 0]) / (second[side, 1] - first[side, 1])
    at = first[side, 0] + (levels[row] - first[side, 1]) * slope
    order = np.lexsort((at, row))
    row, at = row[order], at[order]
    return row[0::2], at[0::2], at[1::2]


def stroked(line: Points, width: float, size: tuple[int, int]) -> Mask | None:
    """Rasterise a broad line with round ends.

    Args:
        line: in pixels.
        width: of the line, in pixels.
        size: width and height of the picture.

    Returns:
        Its coverage; None when nothing of it is in the picture.
    """
    extent, reach = _extent(line), width / 2 + 1
    left, top = max(0, floor(extent[0] - reach)), max(0, floor(extent[1] - reach))
    right, bottom = min(size[0], ceil(extent[2] + reach) + 1), min(size[1], ceil(extent[3] + reach) + 1)
    if top >= bottom or left >= right:
        return None
    cover = np.zeros((bottom - top, right - left), dtype=np.float32)
    for start, end in pairwise(line):
        _cover_segment(cover, start - (left, top), end - (left, top), width)
    return Mask(left, top, cover, extent)


def _extent(line: Points) -> tuple[float, float, float, float]:
    (left, top), (right, bottom) = line.min(axis=0), line.max(axis=0)
    return float(left), float(top), float(right), float(bottom)


def _cover_segment(cover: Plane, start: Points, end: Points, width: float) -> None:
    reach = width / 2 + 1
    low, high = np.minimum(start, end) - reach, np.maximum(start, end) + reach
    x0, y0 = max(0, int(low[0])), max(0, int(low[1]))
    x1, y1 = min(cover.shape[1], int(high[0]) + 2), min(cover.shape[0], int(high[1]) + 2)
    if x0 >= x1 or y0 >= y1:
        return
    across = np.arange(x0, x1)[None, :] + 0.5 - start[0]
    down = np.arange(y0, y1)[:, None] + 0.5 - start[1]
    along = end - start
    length = max(float(along @ along), 1e-9)
    share = np.clip((across * along[0] + down * along[1]) / length, 0, 1)
    distance = np.sqrt((across - share * along[0]) ** 2 + (down - share * along[1]) ** 2)
    thin = min(1.0, width)  # a line thinner than a pixel is fainter, not broader
    here = np.clip(max(width, 1.0) / 2 + 0.5 - distance, 0, 1) * thin
    part = cover[y0:y1, x0:x1]
    np.maximum(part, here.astype(np.float32), out=part)


def softened(mask: Mask, radius: float, size: tuple[int, int]) -> Mask:
    """Blur a mask, three box filters standing for a bell.

    Args:
        mask: what to blur.
        radius: in pixels.
        size: width and height of the picture.

    Returns:
        The blurred mask, larger by what has spread, within the picture.
    """
    half = max(1, round(radius / 1.7))
    grow = 3 * half
    left, top = max(0, mask.x - grow), max(0, mask.y - grow)
    right = min(size[0], mask.x + mask.cover.shape[1] + grow)
    bottom = min(size[1], mask.y + mask.cover.shape[0] + grow)
    plane = np.zeros((bottom - top, right - left), dtype=np.float32)
    rows, columns = mask.window
    plane[rows.start - top : rows.stop - top, columns.start - left : columns.stop - left] = mask.cover
    # what lies on the picture's edge is taken to go on beyond it
    for _ in range(3):
        plane = box_blur(plane, half)
    return Mask(left, top, plane, mask.extent)


def box_blur(plane: Plane, half: int) -> Plane:
    """Average over a square.

    Args:
        plane: of shape (height, width).
        half: half the square's side, in pixels; the side is `2 * half + 1`.

    Returns:
        The averaged plane; the outermost pixels are repeated outward.
    """
    side = 2 * half + 1
    for _ in range(2):  # down, then, turned, across
        total = np.cumsum(np.pad(plane, ((half + 1, half), (0, 0)), mode="edge"), axis=0, dtype=np.float64)
        plane = ((total[side:] - total[:-side]) / side).astype(np.float32).T
    return plane
