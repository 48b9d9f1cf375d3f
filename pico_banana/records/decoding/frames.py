"""Bring the pictures of one row into the frame that all of them show: geometry "register".

The frame is the part of the source that every edit of the row covers, so that nothing has to be invented at the
borders. Each picture is cut out of its own full pixels and brought to its final size in one resampling. An edit that
lies on its source, that is not comparable, or that was told to show another frame is only resized.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from pico_banana.records.decoding.alignment import Alignment, Kind, Matrix, resized
from pico_banana.records.decoding.decode import resize
from pico_banana.records.decoding.header import require_room
from pico_banana.records.decoding.registration import align, warped

if TYPE_CHECKING:
    from collections.abc import Sequence

    import numpy as np
    from numpy.typing import NDArray

    from pico_banana.records.decoding.decode import Backend, Resample
    from pico_banana.records.decoding.geometry import Geometry
    from pico_banana.records.decoding.header import Size

    Pixels = NDArray[np.uint8]

_LEAST = 0.25  # share of the source that the frame must keep; an edit that shares less counts as not comparable
_EXACT = 1e-6  # pixels: less is rounding


@dataclass(frozen=True, slots=True)
class Frame:
    """What all pictures of one row show.

    Attributes:
        box: left, top, right, bottom in pixels of the source.
        matrices: for each picture, the source first, from its pixels to those of the source.
        kinds: how each edit lay to the source; None for one that was told to show another frame, and not measured.
    """

    box: tuple[int, int, int, int]
    matrices: tuple[Matrix, ...]
    kinds: tuple[Kind | None, ...]

    @property
    def size(self) -> Size:
        """(width, height) in pixels of the source."""
        left, top, right, bottom = self.box
        return right - left, bottom - top

    def placed(
        self,
        number: int,
        pixels: Pixels,
        geometry: Geometry,
        sizes: Sequence[Size],
        *,
        resample: Resample = "bicubic",
        backend: Backend = "auto",
    ) -> Pixels:
        """Bring one picture into the frame, at the size that a geometry asks for.

        Args:
            number: which picture; 0 is the source.
            pixels: uint8 array (height, width, 3), all of it.
            geometry: the policy for the registered pictures.
            sizes: (width, height) of the row's pictures.
            resample: the filter.
            backend: which library resizes whole pictures.

        Returns:
            uint8 array (height, width, 3).

        Raises:
            PictureCorruptError: it would have to be scaled beyond all measure.
        """
        placement = geometry.framed(sizes, self.size)
        require_room(placement.scaled)
        cut = self._cut(self.matrices[number], pixels, placement.scaled, resample, backend)
        return placement.place(cut, geometry.fill)

    def _cut(self, matrix: Matrix, pixels: Pixels, size: Size, resample: Resample, backend: Backend) -> Pixels:
        xx, xy, x0, yx, yy, y0 = matrix
        left, top, right, bottom = self.box
        if max(abs(xy), abs(yx)) > 0:
            across, down = size[0] / (right - left), size[1] / (bottom - top)
            moved = ((xx * across, xy * across, (x0 - left) * across), (yx * down, yy * down, (y0 - top) * down))
            return warped(pixels, (*moved[0], *moved[1]), size)
        width, height = pixels.shape[1], pixels.shape[0]
        box = _within((left - x0) / xx, (right - x0) / xx, width), _within((top - y0) / yy, (bottom - y0) / yy, height)
        (from_x, to_x), (from_y, to_y) = box
        if all(float(side).is_integer() for side in (from_x, to_x, from_y, to_y)):
            return resize(
                pixels[int(from_y) : int(to_y), int(from_x) : int(to_x)], size, resample=resample, backend=backend
            )
        return _resized_from(pixels, (from_x, from_y, to_x, to_y), size, resample)


@dataclass(slots=True)
class Registrar:
    """Finds the frame of each row; what was measured once is kept for the next epoch. Several threads may use it.

    Attributes:
        told: the addresses of edits that were told to show another frame.
    """

    told: frozenset[str] = frozenset()
    _found: dict[tuple[str, str], Alignment] = field(default_factory=dict)

    def frame(self, addresses: Sequence[str], pictures: Sequence[Pixels]) -> Frame:
        """Find what all pictures of a row show.

        Args:
            addresses: of the pictures; the source first.
            pictures: their pixels, upright, uint8 arrays (height, width, 3).

        Returns:
            The frame.

        Raises:
            MissingExtraError: OpenCV is not installed.
        """
        found: list[Alignment | None] = []
        for address, pixels in zip(addresses[1:], pictures[1:], strict=True):
            # What comes after a picture that shows another frame shows that one too.
            told = address in self.told or (bool(found) and found[-1] is None)
            found.append(None if told else self._alignment(addresses[0], address, pictures[0], pixels))
        return common_frame([(pixels.shape[1], pixels.shape[0]) for pixels in pictures], found)

    def _alignment(self, source: str, edited: str, before: Pixels, after: Pixels) -> Alignment:
        if (source, edited) not in self._found:
            self._found[source, edited] = align(before, after)
        return self._found[source, edited]


def common_frame(sizes: Sequence[Size], found: Sequence[Alignment | None]) -> Frame:
    """Find the part of the source that every picture of a row covers.

    Args:
        sizes: (width, height) of the pictures; the source first.
        found: how each edit lies to the source; None for one that shall only be resized.

    Returns:
        The frame.
    """
    source = sizes[0]
    box = (0, 0, *source)
    matrices, kinds = [resized(source, source)], list[Kind | None]()
    for size, one in zip(sizes[1:], found, strict=True):
        matrix, kind = resized(source, size), None if one is None else one.kind
        if one is not None and kind in {"shifted", "rescaled", "reframed"}:
            smaller = _met(box, _covered(one))
            if (smaller[2] - smaller[0]) * (smaller[3] - smaller[1]) >= _LEAST * source[0] * source[1]:
                box, matrix = smaller, one.matrix
            else:
                kind = "not_comparable"
        matrices.append(matrix)
        kinds.append(kind)
    return Frame(box, tuple(matrices), tuple(kinds))


def _covered(one: Alignment) -> tuple[int, int, int, int]:
    """Give a box of whole pixels of the source that the edit covers."""
    xx, xy, x0, yx, yy, y0 = one.matrix
    _, (width, height) = one.sizes
    left, right = max(x0, x0 + xy * height), min(xx * width + x0, xx * width + xy * height + x0)
    top, bottom = max(y0, y0 + yx * width), min(yy * height + y0, yx * width + yy * height + y0)
    return math.ceil(left - _EXACT), math.ceil(top - _EXACT), math.floor(right + _EXACT), math.floor(bottom + _EXACT)


def _met(one: tuple[int, int, int, int], other: tuple[int, int, int, int]) -> tuple[int, int, int, int]:
    left, top = max(one[0], other[0]), max(one[1], other[1])
    return left, top, max(left, min(one[2], other[2])), max(top, min(one[3], other[3]))


def _within(start: float, stop: float, side: int) -> tuple[float, float]:
    """Take off what rounding added."""
    low, high = max(0.0, start), min(float(side), stop)
    near = round(low), round(high)
    return (near[0] if abs(low - near[0]) < _EXACT else low), (near[1] if abs(high - near[1]) < _EXACT else high)


def _resized_from(pixels: Pixels, box: tuple[float, float, float, float], size: Size, resample: Resample) -> Pixels:
    """Resize a box whose sides may lie between pixels, which of our libraries only Pillow does with antialiasing."""
    import numpy as np
    from PIL import Image

    picture = Image.fromarray(np.ascontiguousarray(pixels))
    return np.asarray(picture.resize(size, Image.Resampling[resample.upper()], box=box))
