"""Measure where an edit differs from its source: the changed share, its box, a mask, and whether to believe them.

Both pictures are brought to one small grid by averaging, which evens out what encoders and noise do; a point has
changed where a channel differs by more than that can be. An edit that was reframed or moved differs nearly everywhere
without having changed anything, so such a measurement says of itself that it is not to be relied on.
"""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, ClassVar, TypeAlias

from pico_banana.errors import PicoBananaError
from pico_banana.records.decoding.alignment import Alignment, by_type, columns_of
from pico_banana.records.decoding.decode import decode, resize
from pico_banana.records.decoding.geometry import aspect_change
from pico_banana.records.decoding.measure import Shift, shift
from pico_banana.records.decoding.registration import align, opencv
from pico_banana.telling import Carded

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping
    from pathlib import Path

    import numpy as np
    import pyarrow as pa
    from numpy.typing import NDArray

    from pico_banana.records.decoding.header import Size

Box: TypeAlias = tuple[float, float, float, float]
SIDE = 256
# Levels of 255, largest channel: a JPEG round trip at quality 80 stays below in 99.8 % of pixels.
VISIBLE_LEVELS = 40
_RESHAPED = 1.02  # rounding to multiples of 16 or 32 changes a shape by less
_MOVED = 0.01  # share of a side
_SURE = 0.3  # confidence of the shift from which on it is believed
_UNSURE, _MUCH = 0.15, 0.25  # less confidence with more change than this: the two show no common frame
_SPECK = 0.01  # share of the changed points that may lie outside the box on each of its four sides


@dataclass(frozen=True, slots=True)
class Change:
    """How an edit differs from its source.

    Attributes:
        share: of the points that differ visibly, 0 to 1.
        box: left, top, right, bottom of where nearly all of them lie, as shares of the sides; None for no such point.
        shift: how far the content moved.
        sizes: (width, height) in pixels of the source and of the edit.
        doubt: why the share and the box may say nothing about the edit: "reshaped", "moved", or "unlike" where nothing
            tells whether it moved; empty where they do.
        alignment: where the edit shows its source, to a part of a pixel; None where that was not asked for.
    """

    share: float
    box: Box | None
    shift: Shift
    sizes: tuple[Size, Size]
    doubt: str = ""
    alignment: Alignment | None = None

    @property
    def aspect_change(self) -> float:
        """The edit's aspect ratio over the source's; 1.0 is unchanged."""
        return aspect_change(*self.sizes)

    @property
    def reliable(self) -> bool:
        """Whether the two pictures can be compared point by point."""
        return not self.doubt


@dataclass(frozen=True, slots=True)
class ChangeReport(Carded):
    """How the edits of a selection differ from their sources.

    Attributes:
        total: edits asked about; `changes` and `failed` add up to it.
        changes: by the edit's id, in order.
        failed: the reason for every edit that could not be measured, by id.
        types: the edit type of each edit by id, its turn for one of a session; empty where no alignment was asked for.
    """

    card_also: ClassVar[tuple[str, ...]] = ("alignments",)

    total: int
    changes: dict[str, Change] = field(default_factory=dict)
    failed: dict[str, str] = field(default_factory=dict)
    types: dict[str, str] = field(default_factory=dict, repr=False)

    @property
    def alignments(self) -> dict[str, dict[str, int]]:
        """How many edits of each type are aligned, shifted, rescaled, reframed and not comparable."""
        found = ((name, one.alignment) for name, one in self.changes.items())
        return by_type((self.types.get(name, ""), one.kind) for name, one in found if one is not None)

    def to_arrow(self) -> pa.Table:
        """Give the measurements as columns, to join to the rows by id or to share.

        Returns:
            Columns `id`, `changed_share`, `changed_box` (left, top, right, bottom, or null), `shift_x`, `shift_y`,
            `shift_confidence`, `aspect_change`, `reliable` and `doubt`, and those of `alignment.columns_of`.
        """
        import pyarrow as pa

        found = list(self.changes.values())
        columns = {
            "id": pa.array(list(self.changes), pa.string()),
            "changed_share": pa.array([one.share for one in found], pa.float32()),
            "changed_box": pa.array([one.box for one in found], pa.list_(pa.float32())),
            "shift_x": pa.array([one.shift.dx for one in found], pa.float32()),
            "shift_y": pa.array([one.shift.dy for one in found], pa.float32()),
            "shift_confidence": pa.array([one.shift.confidence for one in found], pa.float32()),
            "aspect_change": pa.array([one.aspect_change for one in found], pa.float32()),
            "reliable": pa.array([one.reliable for one in found], pa.bool_()),
            "doubt": pa.array([one.doubt for one in found], pa.string()),
        }
        return pa.table(columns | columns_of([one.alignment for one in found]))


def change_mask(
    source: NDArray[np.uint8], edited: NDArray[np.uint8], *, side: int = SIDE, levels: float = VISIBLE_LEVELS
) -> NDArray[np.bool_]:
    """Say for every point of a small grid whether an edit changed it visibly.

    Args:
        source: uint8 array (height, width, 3).
        edited: uint8 array (height, width, 3), of any size.
        side: points along the grid's longer side; fewer where the source is smaller.
        levels: difference of a channel, 0 to 255, from which on a point has changed.

    Returns:
        bool array (grid height, grid width), in the shape of the source.
    """
    before, after = _on_one_grid(source, edited, side)
    return changed_points(before, after, levels=levels)


def changed_points(before: NDArray[np.generic], after: NDArray[np.generic], *, levels: float) -> NDArray[np.bool_]:
    """Compare two pictures of one shape point by point.

    Args:
        before: array (height, width, 3), levels 0 to 255.
        after: array of the same shape.
        levels: difference of a channel from which on a point has changed.

    Returns:
        bool array (height, width).
    """
    import numpy as np

    difference = np.abs(before.astype(np.float32) - after.astype(np.float32))
    changed: NDArray[np.bool_] = difference.max(axis=2) > levels
    return changed


def change(source: NDArray[np.uint8], edited: NDArray[np.uint8], *, levels: float = VISIBLE_LEVELS) -> Change:
    """Measure how an edit differs from its source.

    Args:
        source: uint8 array (height, width, 3).
        edited: uint8 array (height, width, 3), of any size.
        levels: difference of a channel, 0 to 255, from which on a point has changed.

    Returns:
        The change.
    """
    mask = change_mask(source, edited, levels=levels)
    sizes = (source.shape[1], source.shape[0]), (edited.shape[1], edited.shape[0])
    share, moved = float(mask.mean()), shift(source, edited)
    return Change(share, _box(mask), moved, sizes, _doubt(share, moved, aspect_change(*sizes)))


def change_report(
    pairs: Iterable[tuple[str, str, str]],
    local_path: Callable[[str], Path],
    *,
    workers: int = 4,
    types: Mapping[str, str] | None = None,
    progress: Callable[[int], None] | None = None,
) -> ChangeReport:
    """Measure the edits of a selection.

    Args:
        pairs: (edit's id, source address, edit address).
        local_path: gives the file of an address, fetching it where it must.
        workers: threads to decode with.
        types: also find where each edit shows its source, and count that by these edit types by id; None: do not.
        progress: told how many edits are done.

    Returns:
        The report; edits without both pictures are in it, with their reason.

    Raises:
        MissingExtraError: OpenCV, which aligns, is not installed.
    """
    if types is not None:
        opencv()  # said before the work, not once for every edit

    def one(pair: tuple[str, str, str]) -> tuple[str, Change | str]:
        try:
            source, edited = (decode(local_path(address).read_bytes(), address=address) for address in pair[1:])
            found = change(source, edited)
            return pair[0], found if types is None else replace(found, alignment=align(source, edited))
        except (PicoBananaError, OSError) as error:
            return pair[0], str(error)

    changes, failed = dict[str, Change](), dict[str, str]()
    with ThreadPoolExecutor(max(1, workers)) as pool:
        for done, (name, found) in enumerate(pool.map(one, pairs), 1):
            if isinstance(found, Change):
                changes[name] = found
            else:
                failed[name] = found
            if progress is not None:
                progress(done)
    return ChangeReport(len(changes) + len(failed), changes, failed, dict(types or {}))


def _doubt(share: float, moved: Shift, shape: float) -> str:
    if max(shape, 1 / shape) > _RESHAPED:
        return "reshaped"
    if moved.confidence >= _SURE and max(abs(moved.dx), abs(moved.dy)) > _MOVED:
        return "moved"
    return "unlike" if moved.confidence < _UNSURE and share > _MUCH else ""


def _on_one_grid(
    source: NDArray[np.uint8], edited: NDArray[np.uint8], side: int
) -> tuple[NDArray[np.uint8], NDArray[np.uint8]]:
    height, width = source.shape[:2]
    scale = min(1.0, side / max(height, width))
    size = max(1, round(width * scale)), max(1, round(height * scale))
    return resize(source, size, resample="box"), resize(edited, size, resample="box")


def _box(mask: NDArray[np.bool_]) -> Box | None:
    import numpy as np

    if not mask.any():
        return None
    height, width = mask.shape
    left, right = _bounds(np.count_nonzero(mask, axis=0))
    top, bottom = _bounds(np.count_nonzero(mask, axis=1))
    return left / width, top / height, right / width, bottom / height


def _bounds(counts: NDArray[np.intp]) -> tuple[int, int]:
    """Give where the changed points begin and end along one axis, a few specks at either end left out."""
    import numpy as np

    total = np.cumsum(counts)
    few = total[-1] * _SPECK
    first = int(np.searchsorted(total, few, side="right"))
    last = int(np.searchsorted(total, total[-1] - few, side="left"))
    return first, last + 1
