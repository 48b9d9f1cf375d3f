"""What tells accepted edits from rejected ones besides their contents: size, shape, codec, file size, sharpness.

Each is compared pair by pair, so that what the photo or the instruction makes of it is the same on both sides.
"""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, TypeAlias

from pico_banana.errors import PicoBananaError
from pico_banana.records.decoding.decode import decode
from pico_banana.records.decoding.header import read_header

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence
    from pathlib import Path

    import numpy as np
    import pyarrow as pa
    from numpy.typing import NDArray

Traits: TypeAlias = dict[str, float]
TRAITS = ("width", "height", "pixels", "aspect", "bytes", "lossless", "sharpness")
_CHI_SQUARED = 6.635  # of one degree of freedom, at 1 %


@dataclass(frozen=True, slots=True)
class Confound:
    """How one trait differs between the accepted and the rejected edits.

    Attributes:
        name: one of `TRAITS`.
        pairs: pairs compared.
        chosen_larger: pairs whose accepted edit has the larger value.
        rejected_larger: pairs whose rejected edit has.
    """

    name: str
    pairs: int
    chosen_larger: int
    rejected_larger: int

    @property
    def differ(self) -> int:
        """Pairs that differ in it at all."""
        return self.chosen_larger + self.rejected_larger

    @property
    def chosen_wins(self) -> float:
        """Share of pairs told right by who takes the larger value, ties counting half; 0.5 tells nothing."""
        ties = self.pairs - self.differ
        return (self.chosen_larger + ties / 2) / self.pairs if self.pairs else 0.5

    @property
    def telling(self) -> bool:
        """Whether a sign test at 1 % says that this is no chance."""
        return bool(self.differ) and (self.chosen_larger - self.rejected_larger) ** 2 > _CHI_SQUARED * self.differ


@dataclass(frozen=True, slots=True)
class PairTraits:
    """The traits of one pair.

    Attributes:
        id: the row's id, with the number of the rejected edit from the second on.
        chosen: the accepted edit's, by name.
        rejected: the rejected edit's, by name.
    """

    id: str
    chosen: Traits
    rejected: Traits


@dataclass(frozen=True, slots=True)
class ConfoundReport:
    """What tells accepted edits from rejected ones.

    Attributes:
        total: pairs asked about; `pairs` and the failures add up to it.
        confounds: one for each of `TRAITS`, in that order.
        pairs: the traits of every measured pair, in order.
        failed: the reason for every pair that could not be measured, by id.
    """

    total: int
    confounds: tuple[Confound, ...]
    pairs: tuple[PairTraits, ...] = ()
    failed: dict[str, str] = field(default_factory=dict)

    def to_arrow(self) -> pa.Table:
        """Give the traits of every measured pair as columns.

        Returns:
            Columns `id`, and `chosen_NAME` and `rejected_NAME` for each of `TRAITS`.
        """
        import pyarrow as pa

        columns = {"id": pa.array([pair.id for pair in self.pairs], pa.string())}
        for name in TRAITS:
            columns[f"chosen_{name}"] = pa.array([pair.chosen[name] for pair in self.pairs], pa.float64())
            columns[f"rejected_{name}"] = pa.array([pair.rejected[name] for pair in self.pairs], pa.float64())
        return pa.table(columns)


def traits_of(data: bytes, *, address: str = "") -> Traits:
    """Measure the traits of one picture.

    Args:
        data: the encoded picture.
        address: what to call it in an error.

    Returns:
        By name: width, height (pixels), pixels, aspect (width over height), bytes, lossless (1 for PNG, else 0),
        sharpness (variance of the Laplacian of the grey levels).

    Raises:
        PictureCorruptError: it cannot be decoded.
    """
    header = read_header(data, address=address)
    width, height = header.size
    values = (
        *(width, height, width * height, width / height, len(data)),
        *(header.format == "png", sharpness(decode(data, address=address))),
    )
    return dict(zip(TRAITS, map(float, values), strict=True))


def sharpness(pixels: NDArray[np.uint8]) -> float:
    """Measure how sharp a picture is.

    Args:
        pixels: uint8 array (height, width, 3).

    Returns:
        The variance of the Laplacian of its grey levels; 0 for one of less than three pixels a side.
    """
    import numpy as np

    if min(pixels.shape[:2]) < 3:  # noqa: PLR2004 - a point and its neighbours
        return 0.0
    grey = pixels.mean(axis=2, dtype=np.float32)
    around = grey[:-2, 1:-1] + grey[2:, 1:-1] + grey[1:-1, :-2] + grey[1:-1, 2:]
    return float((around - 4 * grey[1:-1, 1:-1]).var())


def confound_report(
    pairs: Iterable[tuple[str, str, str]], local_path: Callable[[str], Path], *, workers: int = 4
) -> ConfoundReport:
    """Say what tells accepted edits from rejected ones.

    Args:
        pairs: (id, address of the accepted edit, address of the rejected one).
        local_path: gives the file of an address, fetching it where it must.
        workers: threads to read and decode with.

    Returns:
        The report; pairs without both pictures are in it, with their reason.
    """

    def one(pair: tuple[str, str, str]) -> PairTraits | tuple[str, str]:
        try:
            chosen, rejected = (traits_of(local_path(name).read_bytes(), address=name) for name in pair[1:])
        except (PicoBananaError, OSError) as error:
            return pair[0], str(error)
        return PairTraits(pair[0], chosen, rejected)

    with ThreadPoolExecutor(max(1, workers)) as pool:
        results = list(pool.map(one, pairs))
    measured = [result for result in results if isinstance(result, PairTraits)]
    failed = dict(result for result in results if isinstance(result, tuple))
    return ConfoundReport(len(results), tuple(_compared(name, measured) for name in TRAITS), tuple(measured), failed)


def _compared(name: str, pairs: Sequence[PairTraits]) -> Confound:
    larger = sum(pair.chosen[name] > pair.rejected[name] for pair in pairs)
    smaller = sum(pair.chosen[name] < pair.rejected[name] for pair in pairs)
    return Confound(name, len(pairs), larger, smaller)
