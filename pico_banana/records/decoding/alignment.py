"""Where an edit shows its source: the transform from one to the other as numbers, and what kind of move it is.

An edit is compared with its source after a plain resize to the source's size, because every trainer does that. What
is left of the transform then says how the content moved::

    aligned         nothing is left: resized, the two lie on each other
    shifted         moved to a side
    rescaled        larger or smaller, or stretched along one side, and perhaps moved
    reframed        a tenth of the source or more is out of sight or was added around it, or the content was turned
    not_comparable  no transform is found that enough of the picture follows: a redrawn style, another scene

Nothing here looks at pixels; `registration` does.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, TypeAlias

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    import pyarrow as pa

    from pico_banana.records.decoding.header import Size

Kind: TypeAlias = Literal["aligned", "shifted", "rescaled", "reframed", "not_comparable"]
KINDS: tuple[Kind, ...] = ("aligned", "shifted", "rescaled", "reframed", "not_comparable")
# xx, xy, x0, yx, yy, y0: (x, y) becomes (xx x + xy y + x0, yx x + yy y + y0), in pixels from the upper left corner.
Matrix: TypeAlias = tuple[float, float, float, float, float, float]
SURE = 0.33  # the confidence from which on a transform is believed, see docs/decisions.md
_STILL = 2 / 1024  # of the longer side: what moved less anywhere lies on its source
_FRAMED = 0.1  # share of the frame that has to be lost or added before the content counts as reframed


@dataclass(frozen=True, slots=True)
class Alignment:
    """Where an edit shows its source.

    Attributes:
        matrix: from pixels of the edit to pixels of the source, both upright.
        sizes: (width, height) in pixels of the source and of the edit.
        confidence: 0 to 1: the share of the source's detailed places in sight that the edit shows where the matrix
            says; 0 where no transform was found.
        residual: how far those places lie from there, the median in pixels of the source.
    """

    matrix: Matrix
    sizes: tuple[Size, Size]
    confidence: float
    residual: float

    @property
    def left(self) -> Matrix:
        """What is left of the transform after a plain resize to the source's size, in pixels of the source."""
        xx, xy, x0, yx, yy, y0 = self.matrix
        (width, height), (edited_width, edited_height) = self.sizes
        across, down = edited_width / width, edited_height / height
        return xx * across, xy * down, x0, yx * across, yy * down, y0

    @property
    def scale(self) -> tuple[float, float]:
        """How much larger the edit shows the content, along both sides; 1.0 is unchanged."""
        xx, _, _, _, yy, _ = self.left
        return 1 / xx, 1 / yy

    @property
    def shift(self) -> tuple[float, float]:
        """How far the content in the middle of the source moved right and down, in pixels of the source."""
        xx, xy, x0, yx, yy, y0 = self.left
        (width, height), _ = self.sizes
        middle = width / 2, height / 2
        return middle[0] * (1 - xx) - xy * middle[1] - x0, middle[1] * (1 - yy) - yx * middle[0] - y0

    @property
    def kept(self) -> float:
        """The share of the source that the edit still shows, 0 to 1."""
        (width, height), _ = self.sizes
        return self._seen / (width * height)

    @property
    def added(self) -> float:
        """The share of the edit that lies beyond the source, 0 to 1."""
        xx, _, _, _, yy, _ = self.left
        (width, height), _ = self.sizes
        return max(0.0, 1 - self._seen / (abs(xx * yy) * width * height))

    @property
    def kind(self) -> Kind:
        """What kind of move it is."""
        if self.confidence < SURE:
            return "not_comparable"
        xx, xy, x0, yx, yy, y0 = self.left
        (width, height), _ = self.sizes
        still = _STILL * max(width, height)
        if max(abs(xy) * height, abs(yx) * width) > still or min(self.kept, 1 - self.added) < 1 - _FRAMED:
            return "reframed"
        if max(abs(xx - 1) * width, abs(yy - 1) * height) > still:
            return "rescaled"
        return "shifted" if max(map(abs, (*self.shift, x0, y0))) > still else "aligned"

    @property
    def aligned(self) -> bool:
        """Whether source and edit lie on each other once they have one size."""
        return self.kind == "aligned"

    @property
    def _seen(self) -> float:
        """How much of the source the edit shows, in square pixels; a slight turn is left out of account."""
        xx, _, x0, _, yy, y0 = self.left
        (width, height), _ = self.sizes
        across = min(width, xx * width + x0) - max(0.0, x0)
        down = min(height, yy * height + y0) - max(0.0, y0)
        return max(0.0, across) * max(0.0, down)


def resized(source: Size, edited: Size) -> Matrix:
    """Give the transform of a plain resize.

    Args:
        source: (width, height) of the source.
        edited: (width, height) of the edit.

    Returns:
        From pixels of the edit to pixels of the source.
    """
    return source[0] / edited[0], 0.0, 0.0, 0.0, source[1] / edited[1], 0.0


def columns_of(found: Sequence[Alignment | None]) -> dict[str, pa.Array]:
    """Give alignments as columns of annotations.

    Args:
        found: the alignments; None for one that was not measured.

    Returns:
        `alignment` (the kind), `aligned`, `align_confidence`, `align_residual`, `align_scale_x`, `align_scale_y`,
        `align_shift_x`, `align_shift_y`, `align_kept`, `align_added` and `align_matrix`, all null for None. Shifts and
        the residual are in pixels of the source. Of what is not comparable there are the kind and the confidence.
    """
    import pyarrow as pa

    sure = [one if one is not None and one.confidence >= SURE else None for one in found]
    numbers = {
        "align_residual": [one and one.residual for one in sure],
        "align_scale_x": [one and one.scale[0] for one in sure],
        "align_scale_y": [one and one.scale[1] for one in sure],
        "align_shift_x": [one and one.shift[0] for one in sure],
        "align_shift_y": [one and one.shift[1] for one in sure],
        "align_kept": [one and one.kept for one in sure],
        "align_added": [one and one.added for one in sure],
    }
    return {
        "alignment": pa.array([one and one.kind for one in found], pa.string()),
        "aligned": pa.array([one and one.aligned for one in found], pa.bool_()),
        "align_confidence": pa.array([one and one.confidence for one in found], pa.float32()),
        **{name: pa.array(values, pa.float32()) for name, values in numbers.items()},
        "align_matrix": pa.array([one and one.matrix for one in sure], pa.list_(pa.float64())),
    }


def by_type(found: Iterable[tuple[str, str]]) -> dict[str, dict[str, int]]:
    """Count kinds of alignment by edit type.

    Args:
        found: the edit type and the kind of each edit.

    Returns:
        For every type that occurs, sorted, how many edits are of each kind of `KINDS`.
    """
    counts: dict[str, dict[str, int]] = {}
    for name, kind in found:
        counts.setdefault(name, dict.fromkeys(KINDS, 0))[kind] += 1
    return dict(sorted(counts.items()))
