"""Outlines as arrays of points: curves through points, ellipses, rounded boxes, hills."""

from __future__ import annotations

from collections.abc import Sequence
from math import pi
from typing import TypeAlias

import numpy as np
import numpy.typing as npt

Points: TypeAlias = npt.NDArray[np.float64]  # of shape (n, 2): x to the right, y downward
PointLike: TypeAlias = Points | Sequence[tuple[float, float]]


def points(outline: PointLike) -> Points:
    """Give an outline as an array.

    Args:
        outline: pairs of x and y.

    Returns:
        An array of shape (n, 2).
    """
    return np.asarray(outline, dtype=np.float64).reshape(-1, 2)


def curve(through: PointLike, *, closed: bool = True, steps: int = 8) -> Points:
    """Draw a smooth line through points (Catmull-Rom).

    Args:
        through: at least three points.
        closed: whether the last point is joined to the first.
        steps: how many points stand for each of those given.

    Returns:
        The line's points.
    """
    knots = points(through)
    if closed:
        before, after, last = np.roll(knots, 1, 0), np.roll(knots, -1, 0), np.roll(knots, -2, 0)
    else:
        padded = np.vstack([knots[:1], knots, knots[-1:], knots[-1:]])
        before, knots, after, last = padded[:-3], padded[1:-2], padded[2:-1], padded[3:]
        before, knots, after, last = before[:-1], knots[:-1], after[:-1], last[:-1]
    t = np.linspace(0, 1, steps, endpoint=False)[None, :, None]
    a, b, c, d = (array[:, None, :] for array in (before, knots, after, last))
    bend = (c - a) * t + (2 * a - 5 * b + 4 * c - d) * t**2 + (3 * b - a - 3 * c + d) * t**3
    line = (b + 0.5 * bend).reshape(-1, 2)
    return line if closed else np.vstack([line, points(through)[-1:]])


def ellipse(x: float, y: float, rx: float, ry: float | None = None, *, turn: float = 0.0, steps: int = 48) -> Points:
    """Outline an ellipse.

    Args:
        x: of the centre.
        y: of the centre.
        rx: half the width.
        ry: half the height; a circle when left out.
        turn: degrees, clockwise.
        steps: how many points.

    Returns:
        The outline.
    """
    return arc(x, y, rx, rx if ry is None else ry, 0, 360, turn=turn, steps=steps)[:-1]


def arc(
    x: float, y: float, rx: float, ry: float, start: float, end: float, *, turn: float = 0.0, steps: int = 24
) -> Points:
    """Draw a part of an ellipse.

    Args:
        x: of the centre.
        y: of the centre.
        rx: half the width.
        ry: half the height.
        start: degrees, clockwise from three o'clock.
        end: degrees.
        turn: degrees by which the whole is turned, clockwise.
        steps: how many parts.

    Returns:
        The arc's points.
    """
    angles = np.linspace(start, end, steps + 1) * (pi / 180)
    line = np.stack([np.cos(angles) * rx, np.sin(angles) * ry], axis=1)
    return moved(turned(line, turn), x, y)


def moved(line: PointLike, x: float, y: float) -> Points:
    """Move an outline.

    Args:
        line: its points.
        x: to the right.
        y: downward.

    Returns:
        The moved outline.
    """
    result: Points = points(line) + np.array([x, y])
    return result


def turned(line: PointLike, degrees: float, about: tuple[float, float] = (0.0, 0.0)) -> Points:
    """Turn an outline.

    Args:
        line: its points.
        degrees: clockwise.
        about: the point that stays.

    Returns:
        The turned outline.
    """
    angle = degrees * pi / 180
    across, down = np.cos(angle), np.sin(angle)
    result: Points = (points(line) - about) @ np.array([[across, down], [-down, across]]) + about
    return result


def box(x0: float, y0: float, x1: float, y1: float, radius: float = 0.0) -> Points:
    """Outline a box.

    Args:
        x0: its left.
        y0: its top.
        x1: its right.
        y1: its bottom.
        radius: of the corners.

    Returns:
        The outline.
    """
    r = min(radius, abs(x1 - x0) / 2, abs(y1 - y0) / 2)
    if r <= 0:
        return points([(x0, y0), (x1, y0), (x1, y1), (x0, y1)])
    corners = ((x1 - r, y0 + r, -90), (x1 - r, y1 - r, 0), (x0 + r, y1 - r, 90), (x0 + r, y0 + r, 180))
    return np.vstack([arc(x, y, r, r, start, start + 90, steps=6) for x, y, start in corners])


def ridge(heights: Sequence[float], *, left: float, right: float, floor: float) -> Points:
    """Outline hills: a smooth upper edge, filled down to a floor.

    Args:
        heights: y of the edge, at equal distances from left to right.
        left: x of the first.
        right: x of the last.
        floor: y of the lower edge.

    Returns:
        The outline.
    """
    across = np.linspace(left, right, len(heights))
    top = curve(np.stack([across, np.asarray(heights, dtype=np.float64)], axis=1), closed=False)
    return np.vstack([top, [(right, floor), (left, floor)]])
