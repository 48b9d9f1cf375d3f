"""The painter: a view of a world, painted shape over shape.

Scenes are drawn in points of a world that goes on beyond the photo: 400 by 300 of them are one photo of the usual
shape. The view decides which part becomes pixels, so that zooming in shows real detail and a wider canvas shows what
was beside the photo all along.
"""

from __future__ import annotations

from contextlib import contextmanager
from dataclasses import dataclass, field
from math import sqrt
from typing import TYPE_CHECKING, TypeAlias

import numpy as np
import numpy.typing as npt

from tests.sample_maker.studio.curves import PointLike, Points, box, ellipse, points
from tests.sample_maker.studio.paints import Paint, colours_of
from tests.sample_maker.studio.raster import Mask, Plane, filled, softened, stroked

if TYPE_CHECKING:
    from collections.abc import Iterator

View: TypeAlias = tuple[float, float, float, float]  # left, top, right, bottom, in points
Picture: TypeAlias = npt.NDArray[np.float32]  # of shape (height, width, 3), from 0 to 1


_LEAST_BLUR = 0.3  # pixels; less cannot be seen
_MOSTLY = 0.5  # a pixel that is covered by more belongs to the thing

Box: TypeAlias = tuple[int, int, int, int]


@dataclass(slots=True)
class Track:
    """Where the shapes of one thing were painted.

    Attributes:
        boxes: left, top, right, bottom of each shape, in pixels, within the picture.
    """

    boxes: list[Box] = field(default_factory=list)

    @property
    def box(self) -> Box | None:
        """The smallest box around all of them; None when none is in the picture."""
        if not self.boxes:
            return None
        lefts, tops, rights, bottoms = zip(*self.boxes, strict=True)
        return min(lefts), min(tops), max(rights), max(bottoms)


class Painter:
    """Paints shapes given in points onto pixels.

    Attributes:
        picture: what has been painted so far.
        size: width and height in pixels.
        view: the part of the world that is seen.
        texts: where each text was written since the list was last emptied.
        light: how far each pixel shines by itself, from 0 to 1; the dark does not darken it.
    """

    def __init__(self, view: View, size: tuple[int, int]) -> None:
        """Start with a black picture of `size` pixels that shows `view`."""
        self.size = size
        self.view = view
        self.picture: Picture = np.zeros((size[1], size[0], 3), dtype=np.float32)
        left, top, right, bottom = view
        across, down = size[0] / (right - left), size[1] / (bottom - top)
        self._matrix = np.array([[across, 0.0], [0.0, down]])
        self._offset = np.array([-left * across, -top * down])
        self._tracks: list[Track] = []
        self.texts: list[Track] = []
        self.light: Plane = np.zeros((size[1], size[0]), dtype=np.float32)
        self._shines = False

    @property
    def scale(self) -> float:
        """How many pixels a point is, here."""
        return sqrt(abs(float(self._matrix[0, 0] * self._matrix[1, 1] - self._matrix[0, 1] * self._matrix[1, 0])))

    def pixels(self, outline: PointLike) -> Points:
        """Give where points of the world are in the picture.

        Args:
            outline: in points.

        Returns:
            In pixels.
        """
        placed: Points = points(outline) @ self._matrix + self._offset
        return placed

    @contextmanager
    def placed(
        self, x: float, y: float, scale: float = 1.0, *, wide: float = 1.0, tall: float = 1.0, turn: float = 0.0
    ) -> Iterator[None]:
        """Draw in another system of coordinates: its origin at a place, larger, turned, mirrored.

        Args:
            x: of the origin.
            y: of the origin.
            scale: points of the world to a point of the new system.
            wide: stretches it across; negative mirrors it.
            tall: stretches it downward.
            turn: degrees, clockwise.

        Yields:
            Nothing.
        """
        kept = self._matrix, self._offset
        angle = turn * np.pi / 180
        turning = np.array([[np.cos(angle), np.sin(angle)], [-np.sin(angle), np.cos(angle)]])
        self._offset = self.pixels([(x, y)])[0]
        self._matrix = np.diag([scale * wide, scale * tall]) @ turning @ kept[0]
        try:
            yield
        finally:
            self._matrix, self._offset = kept

    @contextmanager
    def tracked(self) -> Iterator[Track]:
        """Follow where shapes are painted.

        Yields:
            The track; complete when the block ends.
        """
        track = Track()
        self._tracks.append(track)
        try:
            yield track
        finally:
            self._tracks.pop()

    @contextmanager
    def shining(self, *, really: bool = True) -> Iterator[None]:
        """Paint what shines by itself: lamps, lit windows, the moon.

        Args:
            really: False paints as usual.

        Yields:
            Nothing.
        """
        kept, self._shines = self._shines, really
        try:
            yield
        finally:
            self._shines = kept

    @contextmanager
    def lettered(self) -> Iterator[None]:
        """Follow where a text is written, see `texts`.

        Yields:
            Nothing.
        """
        with self.tracked() as track:
            yield
        self.texts.append(track)

    def fill(self, outline: PointLike, paint: Paint, *, opacity: float = 1.0, soft: float = 0.0) -> None:
        """Paint a closed outline.

        Args:
            outline: in points.
            paint: a colour, or colours that change over the shape.
            opacity: from 0 to 1.
            soft: how far its edge is blurred, in points; soft shapes do not count as part of a thing.
        """
        mask = filled(self.pixels(outline), self.size)
        self._lay(mask, paint, opacity=opacity, soft=soft)

    def fill_except(self, outline: PointLike, kept: PointLike, paint: Paint) -> None:
        """Paint the part of a closed outline that another one leaves free.

        Args:
            outline: what is painted, in points.
            kept: what is not, in points.
            paint: a colour, or colours that change over the shape.
        """
        mask, hole = filled(self.pixels(outline), self.size), filled(self.pixels(kept), self.size)
        if mask is None:
            return
        whole = np.zeros((self.size[1], self.size[0]), dtype=np.float32)
        whole[mask.window] = mask.cover
        if hole is not None:
            whole[hole.window] *= 1 - hole.cover
        self._lay(Mask(mask.x, mask.y, whole[mask.window], mask.extent), paint, opacity=1.0, soft=0.0)

    def line(self, through: PointLike, width: float, paint: Paint, *, opacity: float = 1.0, soft: float = 0.0) -> None:
        """Paint a line with round ends.

        Args:
            through: in points.
            width: in points.
            paint: a colour, or colours that change over the shape.
            opacity: from 0 to 1.
            soft: how far its edge is blurred, in points.
        """
        mask = stroked(self.pixels(through), width * self.scale, self.size)
        self._lay(mask, paint, opacity=opacity, soft=soft)

    def oval(
        self,
        x: float,
        y: float,
        rx: float,
        ry: float,
        paint: Paint,
        *,
        turn: float = 0.0,
        opacity: float = 1.0,
        soft: float = 0.0,
    ) -> None:
        """Paint an ellipse; see `ellipse` and `fill`."""
        self.fill(ellipse(x, y, rx, ry, turn=turn), paint, opacity=opacity, soft=soft)

    def box(
        self,
        x0: float,
        y0: float,
        x1: float,
        y1: float,
        paint: Paint,
        *,
        radius: float = 0.0,
        opacity: float = 1.0,
        soft: float = 0.0,
    ) -> None:
        """Paint a box; see `curves.box` and `fill`."""
        self.fill(box(x0, y0, x1, y1, radius), paint, opacity=opacity, soft=soft)

    def shadow(self, x: float, y: float, rx: float, ry: float, *, opacity: float = 0.35) -> None:
        """Paint the soft shadow of something that stands on the ground.

        Args:
            x: of its centre.
            y: of its centre.
            rx: half its width.
            ry: half its height.
            opacity: from 0 to 1.
        """
        self.fill(ellipse(x, y, rx, ry), (0.06, 0.07, 0.12), opacity=opacity, soft=max(1.5, ry * 0.6))

    def _lay(self, mask: Mask | None, paint: Paint, *, opacity: float, soft: float) -> None:
        if mask is None:
            return
        blur = soft * self.scale
        if blur > _LEAST_BLUR:
            mask = softened(mask, blur, self.size)
        else:
            self._follow(mask)
        cover = mask.cover * opacity
        part = self.picture[mask.window]
        part += (colours_of(paint, mask) - part) * cover[:, :, None]
        light = self.light[mask.window]
        light += (float(self._shines) - light) * cover

    def _follow(self, mask: Mask) -> None:
        if not self._tracks:
            return
        mostly = mask.cover > _MOSTLY
        rows, columns = np.flatnonzero(mostly.any(axis=1)), np.flatnonzero(mostly.any(axis=0))
        if len(rows):
            left, top = mask.x + int(columns[0]), mask.y + int(rows[0])
            box = left, top, mask.x + int(columns[-1]) + 1, mask.y + int(rows[-1]) + 1
            for track in self._tracks:
                track.boxes.append(box)
