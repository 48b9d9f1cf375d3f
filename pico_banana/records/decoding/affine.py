"""Affine transforms of the plane as arrays (2, 3): fit the plainest to points, chain two, compare two."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeAlias

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from pico_banana.records.decoding.header import Size

    Floats: TypeAlias = NDArray[np.float64]

_AS_GOOD, _NOISE = 1.02, 0.01  # the errors of two fits are one where they differ by this factor, and pixels


def plainest(there: Floats, places: Floats) -> Floats:
    """Fit the transform with the fewest parts that explains points as well as one with more.

    A part that is not needed is noise, and grows towards the borders where no point holds it.

    Args:
        there: points (n, 2).
        places: where they belong.

    Returns:
        From the first to the second: nothing, a shift, a stretch along the sides with a shift, or any affine map.
    """
    import numpy as np

    fits = [np.eye(2, 3), _shift(there, places), _stretch(there, places), _solved(there, places).T]
    errors = [float(np.sqrt(np.mean((applied(fit, there) - places) ** 2))) for fit in fits]
    return next(fit for fit, error in zip(fits, errors, strict=True) if error <= _AS_GOOD * errors[-1] + _NOISE)


def applied(matrix: Floats, points: NDArray[np.floating]) -> Floats:
    """Move points.

    Args:
        matrix: the transform.
        points: (n, 2).

    Returns:
        The points (n, 2) where the transform puts them.
    """
    moved: Floats = points @ matrix[:, :2].T + matrix[:, 2]
    return moved


def chained(first: Floats, second: Floats) -> Floats:
    """Put two transforms into one.

    Args:
        first: the one applied first.
        second: the one applied to its result.

    Returns:
        Both in one.
    """
    import numpy as np

    whole: Floats = (np.vstack([second, (0, 0, 1)]) @ np.vstack([first, (0, 0, 1)]))[:2]
    return whole


def farthest_apart(one: Floats, other: Floats, size: Size) -> float:
    """Say how far two transforms of a picture differ at most.

    Args:
        one: a transform.
        other: another.
        size: (width, height) of the picture.

    Returns:
        Pixels, along one side, in the worst corner.
    """
    import numpy as np

    corners = np.array([(0, 0), (size[0], 0), (0, size[1]), size], float)
    return float(np.abs(applied(one, corners) - applied(other, corners)).max())


def _shift(there: Floats, places: Floats) -> Floats:
    import numpy as np

    return np.column_stack([np.eye(2), (places - there).mean(axis=0)])


def _stretch(there: Floats, places: Floats) -> Floats:
    import numpy as np

    (xx, x0), (yy, y0) = (_solved(there[:, [axis]], places[:, axis]) for axis in (0, 1))
    return np.array([[xx, 0.0, x0], [0.0, yy, y0]])


def _solved(there: Floats, places: Floats) -> Floats:
    import numpy as np

    solved = np.linalg.lstsq(np.column_stack([there, np.ones(len(there))]), places, rcond=None)[0]
    return np.asarray(solved, np.float64)
