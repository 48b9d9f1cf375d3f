"""Measure what an edit did to its source's frame: the change of shape, and how far the content moved.

The shift is found by phase correlation of the two pictures' grey levels on a common grid. It needs no feature
detector and no extra package; its confidence says how far the peak stands out, and a low one means "not known".
"""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from itertools import pairwise
from typing import TYPE_CHECKING

from pico_banana.errors import PicoBananaError
from pico_banana.records.decoding.decode import resize
from pico_banana.records.decoding.geometry import aspect_change
from pico_banana.records.decoding.header import read_size
from pico_banana.telling import Carded

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from pathlib import Path

    import numpy as np
    import pyarrow as pa
    from numpy.typing import NDArray

    from pico_banana.records.decoding.header import Size

_GRID = 256
_NEAR = 4  # grid points around the peak that belong to it
# Bounds of the aspect change: 1 % is what rounding to multiples of 16 or 32 does, beyond 10 % a crop cannot hide it.
_BOUNDS = (0.0, 0.8, 0.9, 0.95, 0.99, 1.01, 1.05, 1.1, 1.25, float("inf"))


@dataclass(frozen=True, slots=True)
class Shift:
    """How far an edit's content moved against its source.

    Attributes:
        dx: to the right, as a share of the width, -0.5 to 0.5.
        dy: downwards, as a share of the height, -0.5 to 0.5.
        confidence: 0 to 1: how far the best match stands above the next best.
    """

    dx: float
    dy: float
    confidence: float


@dataclass(frozen=True, slots=True)
class PairGeometry:
    """The sizes of one source and edit.

    Attributes:
        id: the row's id.
        source: (width, height) in pixels.
        edited: (width, height) in pixels.
    """

    id: str
    source: Size
    edited: Size

    @property
    def aspect_change(self) -> float:
        """The edit's aspect ratio over the source's; 1.0 is unchanged."""
        return aspect_change(self.source, self.edited)

    @property
    def distortion(self) -> float:
        """How far the shape changed either way: 1.0 is unchanged, never less."""
        return max(self.aspect_change, 1 / self.aspect_change)


@dataclass(frozen=True, slots=True)
class GeometryReport(Carded):
    """What the edits of a selection did to the shape of their sources.

    Attributes:
        total: rows asked about; `measured` and the failures add up to it.
        measured: rows whose two sizes are known.
        same_size: rows whose edit has the size of its source.
        histogram: (lowest, below, rows) of the aspect change, in order.
        worst: the rows whose shape changed most, worst first.
        pairs: the sizes of every measured row, in order.
        failed: the reason for every row that could not be measured, by id.
    """

    total: int
    measured: int
    same_size: int
    histogram: tuple[tuple[float, float, int], ...]
    worst: tuple[PairGeometry, ...]
    pairs: tuple[PairGeometry, ...] = ()
    failed: dict[str, str] = field(default_factory=dict)

    def to_arrow(self) -> pa.Table:
        """Give the sizes and the aspect change of every measured row as columns, to join to the rows by id.

        Returns:
            Columns `id`, `source_width`, `source_height`, `edited_width`, `edited_height` (pixels), `aspect_change`.
        """
        import pyarrow as pa

        sides = {
            "source_width": [pair.source[0] for pair in self.pairs],
            "source_height": [pair.source[1] for pair in self.pairs],
            "edited_width": [pair.edited[0] for pair in self.pairs],
            "edited_height": [pair.edited[1] for pair in self.pairs],
        }
        columns = {name: pa.array(values, pa.int32()) for name, values in sides.items()}
        ids = pa.array([pair.id for pair in self.pairs], pa.string())
        changes = pa.array([pair.aspect_change for pair in self.pairs], pa.float32())
        return pa.table({"id": ids, **columns, "aspect_change": changes})


def shift(source: NDArray[np.uint8], edited: NDArray[np.uint8]) -> Shift:
    """Estimate how far an edit's content moved against its source.

    Args:
        source: uint8 array (height, width, 3).
        edited: uint8 array (height, width, 3), of any size.

    Returns:
        The shift, in shares of the sides, with a confidence; all 0 for a picture of one colour.
    """
    import numpy as np

    first, second = np.fft.rfft2(_prepared(source)), np.fft.rfft2(_prepared(edited))
    cross = second * np.conj(first)
    surface = np.fft.irfft2(cross / (np.abs(cross) + 1e-9 * np.abs(cross).max() + 1e-12), (_GRID, _GRID))
    row, column = (int(i) for i in np.unravel_index(surface.argmax(), surface.shape))
    return Shift(_signed(column), _signed(row), _prominence(surface, row, column))


def measure_pairs(
    pairs: Iterable[tuple[str, str, str]], local_path: Callable[[str], Path], *, workers: int = 4
) -> tuple[list[PairGeometry], dict[str, str], int]:
    """Read the sizes of sources and edits from the files' headers.

    Args:
        pairs: (row id, source address, edit address).
        local_path: gives the file of an address, fetching it where it must.
        workers: threads to read with.

    Returns:
        The measured pairs in order, the reasons for the others by id, and how many there were in all.
    """

    def one(pair: tuple[str, str, str]) -> PairGeometry | tuple[str, str]:
        try:
            return PairGeometry(pair[0], read_size(local_path(pair[1])), read_size(local_path(pair[2])))
        except (PicoBananaError, OSError) as error:
            return pair[0], str(error)

    with ThreadPoolExecutor(max(1, workers)) as pool:
        results = list(pool.map(one, pairs))
    measured = [result for result in results if isinstance(result, PairGeometry)]
    return measured, dict(result for result in results if isinstance(result, tuple)), len(results)


def geometry_report(
    pairs: Iterable[tuple[str, str, str]], local_path: Callable[[str], Path], *, workers: int = 4, worst: int = 20
) -> GeometryReport:
    """Say what the edits of a selection did to the shape of their sources.

    Args:
        pairs: (row id, source address, edit address).
        local_path: gives the file of an address, fetching it where it must.
        workers: threads to read headers with.
        worst: how many of the most changed rows to list.

    Returns:
        The report; rows without both pictures are in it, with their reason.
    """
    measured, failed, total = measure_pairs(pairs, local_path, workers=workers)
    changes = [pair.aspect_change for pair in measured]
    return GeometryReport(
        total=total,
        measured=len(measured),
        same_size=sum(pair.source == pair.edited for pair in measured),
        histogram=tuple(
            (low, high, sum(low <= change < high for change in changes)) for low, high in pairwise(_BOUNDS)
        ),
        worst=tuple(sorted(measured, key=lambda pair: -pair.distortion)[:worst]),
        pairs=tuple(measured),
        failed=failed,
    )


def _prepared(pixels: NDArray[np.uint8]) -> NDArray[np.float64]:
    """Grey levels on the common grid, without their mean, faded out towards the borders."""
    import numpy as np

    grey: NDArray[np.float64] = resize(pixels, (_GRID, _GRID)).mean(axis=2)
    window = np.hanning(_GRID)
    faded: NDArray[np.float64] = (grey - grey.mean()) * window[:, None] * window[None, :]
    return faded


def _signed(position: int) -> float:
    return (position - _GRID if position > _GRID // 2 else position) / _GRID


def _prominence(surface: NDArray[np.float64], row: int, column: int) -> float:
    """One minus the height of the best peak elsewhere over that of the peak."""
    import numpy as np

    peak = float(surface[row, column])
    if peak <= 0:
        return 0.0
    rest = np.roll(surface, (_NEAR - row, _NEAR - column), axis=(0, 1))
    rest[: 2 * _NEAR + 1, : 2 * _NEAR + 1] = 0
    return float(max(0.0, 1 - rest.max() / peak))
