"""What shapes are painted with: a colour, or colours that change over the shape."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeAlias

import numpy as np

from tests.sample_maker.studio.colours import Colour

if TYPE_CHECKING:
    from collections.abc import Sequence

    import numpy.typing as npt

    from tests.sample_maker.studio.raster import Mask


@dataclass(frozen=True, slots=True)
class Blend:
    """Colours that change along a direction, over the shape that is painted.

    Attributes:
        stops: colours at equal distances, first to last.
        across: from left to right instead of from top to bottom.
    """

    stops: tuple[Colour, ...]
    across: bool = False


@dataclass(frozen=True, slots=True)
class Glow:
    """Colours that change from a centre outward, over the shape that is painted.

    Attributes:
        centre: colour at the centre.
        rim: colour at the rim.
        x: of the centre, 0 at the shape's left, 1 at its right.
        y: of the centre, 0 at the shape's top, 1 at its bottom.
    """

    centre: Colour
    rim: Colour
    x: float = 0.5
    y: float = 0.5


Paint: TypeAlias = Colour | Blend | Glow


def colours_of(paint: Paint, mask: Mask) -> npt.NDArray[np.float32]:
    """Give the colour of every pixel of a shape; the whole shape counts, not only what is in the picture.

    Args:
        paint: a colour, or colours that change over the shape.
        mask: the shape.

    Returns:
        An array that broadcasts to the mask's height and width, times three.
    """
    if not isinstance(paint, (Blend, Glow)):
        return np.array(paint, dtype=np.float32)
    left, top, right, bottom = mask.extent
    height, width = mask.cover.shape
    across = np.clip((np.arange(width) + 0.5 + mask.x - left) / max(right - left, 1e-6), 0, 1)
    down = np.clip((np.arange(height) + 0.5 + mask.y - top) / max(bottom - top, 1e-6), 0, 1)
    if isinstance(paint, Blend):
        return _between(paint.stops, across)[None, :, :] if paint.across else _between(paint.stops, down)[:, None, :]
    x, y = (across[None, :] - paint.x) * 2, (down[:, None] - paint.y) * 2
    return _between((paint.centre, paint.rim), np.minimum(1.0, np.sqrt(x**2 + y**2)))


def _between(stops: Sequence[Colour], share: npt.NDArray[np.float64]) -> npt.NDArray[np.float32]:
    places = np.linspace(0, 1, len(stops))
    channels = [np.interp(share, places, [stop[channel] for stop in stops]) for channel in range(3)]
    return np.stack(channels, axis=-1).astype(np.float32)
