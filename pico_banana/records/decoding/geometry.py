"""Bring the pictures of one row to one shape, always by the same rule for source, edit and rejected edit.

Edits are not the size of their source, and some are not its shape either (dataset facts: 1024 x 858 became 1152 x 896).
A policy says what to do about it::

    none          leave every picture as it is
    match_source  resize the others to the source's size
    match_edited  resize the others to the edit's size
    fit           scale to fit into `size` and pad (letterbox): nothing is lost, nothing is stretched
    crop          scale to cover `size` and cut the overhang, the same share on both sides
    bucket        crop to the bucket of a table whose shape is nearest the edit's
    register      undo what the model did to the frame: cut all pictures to the part of the source that they share
    register_fit, register_crop, register_bucket   the same, and then as fit, crop or bucket say

A plan is made from sizes alone, so it costs no pixels: `Geometry.plan` gives one `Placement` a picture. Whoever
registers looks at the pixels first, see `frames`; `Geometry.framed` then plans for the frame that was found.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, SupportsIndex, TypeAlias

from pico_banana.errors import ConfigError, unknown_name
from pico_banana.records.decoding.buckets import bucket_table, nearest_bucket
from pico_banana.records.decoding.header import MAX_PIXELS

if TYPE_CHECKING:
    from collections.abc import Sequence

    import numpy as np
    from numpy.typing import NDArray

    from pico_banana.records.decoding.header import Size

Policy: TypeAlias = Literal["none", "match_source", "match_edited", "fit", "crop", "bucket"]
POLICIES: tuple[Policy, ...] = ("none", "match_source", "match_edited", "fit", "crop", "bucket")
# After the pictures are registered, each goes on as one of the others.
REGISTERING: dict[str, Policy] = {
    "register": "match_source",
    "register_fit": "fit",
    "register_crop": "crop",
    "register_bucket": "bucket",
}
GEOMETRIES: tuple[str, ...] = (*POLICIES, *REGISTERING)
SIZED = frozenset({"fit", "crop"})


@dataclass(frozen=True, slots=True)
class Placement:
    """What becomes of one picture: scale it, then lay it into a canvas.

    Attributes:
        scaled: (width, height) in pixels to resize the whole picture to.
        canvas: (width, height) in pixels of the result.
        offset: (x, y) in pixels of the scaled picture's corner in the canvas; negative where it is cut.
    """

    scaled: Size
    canvas: Size
    offset: tuple[int, int] = (0, 0)

    def place(self, pixels: NDArray[np.uint8], fill: tuple[int, int, int]) -> NDArray[np.uint8]:
        """Lay a scaled picture into its canvas.

        Args:
            pixels: uint8 array of size `scaled`.
            fill: the colour of what the picture does not cover.

        Returns:
            uint8 array of size `canvas`; `pixels` itself when there is nothing to pad or cut.
        """
        import numpy as np

        if self.scaled == self.canvas:
            return pixels
        (x, y), (width, height) = self.offset, self.canvas
        cut = pixels[max(0, -y) : max(0, -y) + height, max(0, -x) : max(0, -x) + width]
        if cut.shape[0] == height and cut.shape[1] == width:
            return cut
        canvas = np.empty((height, width, pixels.shape[2]), np.uint8)
        canvas[:] = fill
        top, left = max(0, y), max(0, x)
        canvas[top : top + cut.shape[0], left : left + cut.shape[1]] = cut
        return canvas


@dataclass(frozen=True, slots=True)
class Geometry:
    """A policy with its numbers.

    Attributes:
        policy: one of `POLICIES`.
        size: (width, height) in pixels; needed by fit and crop, the longest side of match_* when given.
        buckets: (width, height) choices of policy bucket.
        fill: RGB of the bars that fit adds.
        registered: cut all pictures of a row to the part of the source that they share, before anything else.
    """

    policy: Policy
    size: Size | None = None
    buckets: tuple[Size, ...] = ()
    fill: tuple[int, int, int] = (0, 0, 0)
    registered: bool = False

    @property
    def uniform(self) -> Size | None:
        """(width, height) that every picture gets, or None where it differs from row to row."""
        return self.size if self.policy in SIZED else None

    def shape_of(self, sizes: Sequence[Size]) -> Size | None:
        """Say which canvas a row gets.

        Args:
            sizes: (width, height) of the row's pictures; the source first, the edit second.

        Returns:
            (width, height) in pixels; None under policy none, where each picture keeps its own.
        """
        if self.policy == "none":
            return None
        if self.policy == "bucket":
            return nearest_bucket(_leader(sizes), self.buckets)
        if self.policy in SIZED:
            return self.size
        leader = sizes[0] if self.policy == "match_source" else _leader(sizes)
        return leader if self.size is None else _inside(leader, self.size)

    def plan(self, sizes: Sequence[Size]) -> list[Placement]:
        """Say what becomes of each picture of a row.

        Args:
            sizes: (width, height) of the row's pictures; the source first, the edit second, then rejected edits.

        Returns:
            One placement a picture, all with the same canvas except under policy none.
        """
        canvas = self.shape_of(sizes)
        if canvas is None:
            return [Placement(size, size) for size in sizes]
        if self.policy in {"match_source", "match_edited"}:
            return [Placement(canvas, canvas) for _ in sizes]
        return [_scaled_into(size, canvas, cover=self.policy != "fit") for size in sizes]

    def framed(self, sizes: Sequence[Size], frame: Size) -> Placement:
        """Say what becomes of each picture of a row once all are cut to one frame.

        Args:
            sizes: (width, height) of the row's pictures, as for `plan`.
            frame: (width, height) in pixels of what they share.

        Returns:
            The placement of all of them. Which bucket a row gets depends on its sizes alone, as without a frame.
        """
        if self.policy == "match_source":
            canvas = frame if self.size is None else _inside(frame, self.size)
            return Placement(canvas, canvas)
        canvas = self.shape_of(sizes) or frame
        return _scaled_into(frame, canvas, cover=self.policy != "fit")


def geometry(
    policy: str | Geometry,
    *,
    size: int | Size | None = None,
    buckets: str | Sequence[Size] = "sdxl",
    fill: tuple[int, int, int] = (0, 0, 0),
) -> Geometry:
    """Make a geometry from what a caller writes.

    Args:
        policy: one of `GEOMETRIES`, or a finished Geometry, which is given back.
        size: pixels; one number is a square (for match_* the longest side, for bucket its area's root).
        buckets: a table's name, see `pico_banana.records.decoding.buckets`, or (width, height) pairs.
        fill: RGB of the bars that fit adds.

    Returns:
        The geometry.

    Raises:
        UnknownNameError: there is no such policy or table.
        ConfigError: the policy needs a size and has none, or the size is none.
    """
    if isinstance(policy, Geometry):
        return policy
    known, registered = _known(policy), policy in REGISTERING
    pair = None if size is None else _pair(size)
    if pair is None and known in SIZED:
        msg = f"geometry='{policy}' needs a size, as in size=512"
        raise ConfigError(msg, key="size")
    return Geometry(known, pair, bucket_table(buckets, pair) if known == "bucket" else (), fill, registered)


def matched(sizes: Sequence[Size]) -> list[Placement]:
    """Bring pictures to one size that none of them has to be enlarged for, without stretching any.

    Args:
        sizes: (width, height) of each.

    Returns:
        One placement a picture, all with the same canvas: as wide as the narrowest, as high as the lowest.
    """
    canvas = min(width for width, _ in sizes), min(height for _, height in sizes)
    return [_scaled_into(size, canvas, cover=True) for size in sizes]


def aspect_change(source: Size, edited: Size) -> float:
    """Measure how much an edit changed the shape of its source.

    Args:
        source: (width, height) of the source.
        edited: (width, height) of the edit.

    Returns:
        The edit's aspect ratio over the source's: 1.0 is unchanged, 1.1 is 10 % wider.
    """
    return (edited[0] * source[1]) / (edited[1] * source[0])


def _pair(size: object) -> Size:
    """Read a size as a caller writes it.

    Raises:
        ConfigError: it is none.
    """
    parts = tuple(size) if isinstance(size, list | tuple) else (size, size)
    numbers = [part.__index__() for part in parts if isinstance(part, SupportsIndex) and not isinstance(part, bool)]
    if len(numbers) != 2 or len(parts) != 2:  # noqa: PLR2004 - width and height
        raise ConfigError(f"size={size!r} is no size; give pixels, as in size=512 or size=(768, 512)", key="size")
    if min(numbers) < 1:
        raise ConfigError(f"size={size} has no area; give pixels, as in size=512", key="size")
    if numbers[0] * numbers[1] > MAX_PIXELS:
        raise ConfigError(f"size={size} is more than {MAX_PIXELS:,} pixels; give fewer, as in size=512", key="size")
    return numbers[0], numbers[1]


def _known(policy: str) -> Policy:
    for name in POLICIES:
        if name == policy:
            return name
    if policy in REGISTERING:
        return REGISTERING[policy]
    raise unknown_name("geometry", policy, GEOMETRIES)


def _leader(sizes: Sequence[Size]) -> Size:
    return sizes[1] if len(sizes) > 1 else sizes[0]


def _inside(size: Size, box: Size) -> Size:
    """Shrink a size until it fits into a box; never enlarge it."""
    scale = min(1.0, box[0] / size[0], box[1] / size[1])
    return max(1, round(size[0] * scale)), max(1, round(size[1] * scale))


def _scaled_into(size: Size, canvas: Size, *, cover: bool) -> Placement:
    ratios = canvas[0] / size[0], canvas[1] / size[1]
    scale = max(ratios) if cover else min(ratios)
    choose = max if cover else min
    # The deciding side is met exactly; rounding may not leave the other a pixel short of, or beyond, the canvas.
    width, height = (choose(canvas[i], round(size[i] * scale)) for i in (0, 1))
    scaled = max(1, width), max(1, height)
    return Placement(scaled, canvas, ((canvas[0] - scaled[0]) // 2, (canvas[1] - scaled[1]) // 2))
