"""Find the transform from an edit to its source, with OpenCV.

Corners of the source are tracked into the edit by optical flow, there and back; a robust fit keeps those that follow
one transform, and what an edit repainted drops out. Where too few follow, features (SIFT) give a first transform, the
edit is laid over the source by it, and the corners are tracked again. So the last word always has the pixels
themselves: a transform counts for as much as the share of the source's detailed places that it explains.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from pico_banana.errors import missing_extra
from pico_banana.records.decoding.affine import applied, chained, farthest_apart, plainest
from pico_banana.records.decoding.alignment import Alignment, Matrix

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from pico_banana.records.decoding.affine import Floats
    from pico_banana.records.decoding.header import Size

    Grey = NDArray[np.uint8]

_SIDE = 640  # pixels of the longer side that are looked at: a tenth of a pixel here is little more in 1024
_ENLARGED = 2.0  # at most, of smaller pictures
_FEATURE_SIDE = 384
_NOISE_LEVELS = 6.0  # contrast below this is grain, and is not raised
_CORNERS, _APART, _QUALITY = 600, 10, 0.004
_SURROUNDINGS = 41  # pixels of either side that a level is seen against
_WINDOW, _LEVELS = 17, 3
_BACK = 0.7  # pixels by which a corner may miss its place on the way back
_FOLLOWS = 1.5  # pixels from where the transform says
_TILE = 54  # pixels; places are counted by tiles, so that one busy corner of a picture does not outvote the rest
_CLEARLY = 0.5  # confidence at which no other transform is looked for
_FEWEST = 12  # corners, and tiles: fewer prove nothing
_SPREAD = 0.3  # of either side that the corners which follow must span
_FARTHEST = 5.0  # times the area: beyond, features are no help
_RATIO = 0.8  # Lowe's test of a match
_UNTIL = (3, 15, 0.02)  # both of: 15 steps, a step of 0.02 pixels
_ROUNDS = 3
_SETTLED = 0.3  # pixels of change at which laying over and tracking once more gains nothing


@dataclass(frozen=True, slots=True)
class _Fit:
    """A transform between two grey pictures of one size, edit to source, and how much of the picture follows it."""

    matrix: Floats  # (2, 3)
    confidence: float
    residual: float


def align(source: NDArray[np.uint8], edited: NDArray[np.uint8]) -> Alignment:
    """Find where an edit shows its source.

    Args:
        source: uint8 array (height, width, 3), upright.
        edited: uint8 array (height, width, 3), of any size.

    Returns:
        The alignment; of confidence 0 where no transform was found.

    Raises:
        MissingExtraError: OpenCV is not installed.
    """
    import numpy as np

    sizes = (source.shape[1], source.shape[0]), (edited.shape[1], edited.shape[0])
    size = _looked_at(sizes[0])
    before, after = _prepared(source, size), _prepared(edited, size)
    corners = _corners(before)
    found = _settled(before, after, corners, np.eye(2, 3))
    if found.confidence < _CLEARLY:
        first = _by_features(before, after)
        other = None if first is None else _settled(before, after, corners, first)
        found = other if other is not None and other.confidence > found.confidence else found
    scale = max(sizes[0]) / max(size)
    return Alignment(_in_pixels(found.matrix, size, sizes), sizes, found.confidence, found.residual * scale)


def warped(pixels: NDArray[np.uint8], matrix: Matrix, size: Size) -> NDArray[np.uint8]:
    """Bring a picture into another frame, in one resampling.

    Args:
        pixels: uint8 array (height, width, 3).
        matrix: from its pixels to those of the result.
        size: (width, height) of the result; what the picture does not cover repeats its border.

    Returns:
        uint8 array (size[1], size[0], 3).

    Raises:
        MissingExtraError: OpenCV is not installed.
    """
    import numpy as np

    cv2 = opencv()
    turn = np.array(matrix).reshape(2, 3)
    smaller = 1 / np.sqrt(abs(np.linalg.det(turn[:, :2])))
    if smaller > 1:  # OpenCV's filters do not widen when a picture shrinks
        pixels = cv2.GaussianBlur(pixels, (0, 0), max(0.1, (smaller - 1) / 2))
    turn[:, 2] += turn[:, :2].sum(axis=1) / 2 - 0.5  # from corners to OpenCV's middles of pixels
    laid: NDArray[np.uint8] = cv2.warpAffine(
        np.ascontiguousarray(pixels), turn, size, flags=cv2.INTER_CUBIC, borderMode=cv2.BORDER_REPLICATE
    )
    return laid


def opencv() -> Any:  # noqa: ANN401 - a module whose types differ from release to release
    """Give OpenCV.

    Returns:
        The module.

    Raises:
        missing_extra: it is not installed, a MissingExtraError.
    """
    try:
        import cv2
    except ImportError as error:
        raise missing_extra("cv2", "align", "finding where an edit shows its source") from error
    return cv2


def _looked_at(source: Size) -> Size:
    scale = min(_ENLARGED, _SIDE / max(source))
    return max(1, round(source[0] * scale)), max(1, round(source[1] * scale))


def _prepared(pixels: NDArray[np.uint8], size: Size) -> Grey:
    """Grey levels at a size, each against its surroundings: a new light or tint must not hide that a place is there."""
    import numpy as np

    cv2 = opencv()
    grey = cv2.cvtColor(np.ascontiguousarray(pixels), cv2.COLOR_RGB2GRAY)
    larger = size[0] > grey.shape[1]
    grey = cv2.resize(grey, size, interpolation=cv2.INTER_CUBIC if larger else cv2.INTER_AREA).astype(np.float32)
    around = _SURROUNDINGS, _SURROUNDINGS
    mean = cv2.blur(grey, around)
    spread = np.sqrt(np.maximum(cv2.blur((grey - mean) ** 2, around), 0))  # a running sum may end below 0
    level: Grey = np.clip(128 + 48 * (grey - mean) / (spread + _NOISE_LEVELS), 0, 255).astype(np.uint8)
    return level


def _corners(grey: Grey) -> NDArray[np.float32]:
    import numpy as np

    found = opencv().goodFeaturesToTrack(grey, _CORNERS, _QUALITY, _APART)
    return np.empty((0, 2), np.float32) if found is None else found.reshape(-1, 2)


def _settled(before: Grey, after: Grey, corners: NDArray[np.float32], first: Floats) -> _Fit:
    """Lay the edit over the source and track, until the transform stays what it is."""
    found = _Fit(first, 0.0, 0.0)
    for _ in range(_ROUNDS):
        better = _tracked(before, after, corners, found.matrix)
        if better is None:
            break
        moved = farthest_apart(found.matrix, better.matrix, (before.shape[1], before.shape[0]))
        found = better
        if moved < _SETTLED:
            break
    return found


def _tracked(before: Grey, after: Grey, corners: NDArray[np.float32], matrix: Floats) -> _Fit | None:
    """Lay the edit over the source, track corners into it, and fit the transform that most of them follow."""
    import numpy as np

    cv2 = opencv()
    size = before.shape[1], before.shape[0]
    places = corners[_in_sight(corners, matrix, size)]
    laid = cv2.warpAffine(after, matrix, size, flags=cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
    there, kept = _flow(before, laid, places)
    if kept.sum() < _FEWEST:
        return None
    step, follows = cv2.estimateAffine2D(
        there[kept], places[kept], method=cv2.USAC_MAGSAC, ransacReprojThreshold=_FOLLOWS
    )
    if step is None or follows.sum() < _FEWEST:
        return None
    inliers = follows.ravel().astype(bool)
    step = plainest(there[kept][inliers].astype(float), places[kept][inliers].astype(float))
    off = np.linalg.norm(applied(step, there) - places, axis=1)
    right = kept & (off < _FOLLOWS)
    residual = float(np.median(off[right])) if right.any() else 0.0
    return _Fit(chained(matrix, step), _share(places, right, size), residual)


def _flow(before: Grey, laid: Grey, places: NDArray[np.float32]) -> tuple[NDArray[np.float32], NDArray[np.bool_]]:
    """Follow corners there and back; give where they went, and which of them came back."""
    import numpy as np

    if len(places) < _FEWEST:
        return places, np.zeros(len(places), bool)
    cv2 = opencv()
    options = {"winSize": (_WINDOW, _WINDOW), "maxLevel": _LEVELS, "criteria": _UNTIL}
    there, ok_there, _ = cv2.calcOpticalFlowPyrLK(before, laid, places, None, **options)
    back, ok_back, _ = cv2.calcOpticalFlowPyrLK(laid, before, there, None, **options)
    returned = np.abs(back - places).max(axis=1) < _BACK
    return there, (ok_there & ok_back).ravel().astype(bool) & returned


def _in_sight(corners: NDArray[np.float32], matrix: Floats, size: Size) -> NDArray[np.bool_]:
    """Tell which corners of the source the edit can show."""
    import numpy as np

    inverse = opencv().invertAffineTransform(matrix)
    places = applied(inverse, corners)
    edge = _WINDOW / 4
    inside = ((places > edge) & (places < np.array(size) - 1 - edge)).all(axis=1)
    return np.asarray(inside, np.bool_)


def _share(places: NDArray[np.float32], right: NDArray[np.bool_], size: Size) -> float:
    """Give the share of tiles with detail most of whose corners follow; 0 where they are few or in one spot."""
    import numpy as np

    across = -(-size[0] // _TILE)
    tile = (places[:, 1] // _TILE).astype(int) * across + (places[:, 0] // _TILE).astype(int)
    corners, following = np.bincount(tile), np.bincount(tile, weights=right)
    agree = following[corners > 0] * 2 >= corners[corners > 0]
    held = places[right]
    if agree.sum() < _FEWEST or (np.ptp(held, axis=0) < _SPREAD * np.array(size)).any():
        return 0.0
    return float(agree.mean())


def _by_features(before: Grey, after: Grey) -> Floats | None:
    """Find a first transform by matching features, whatever the distance and the scale; None where none is found."""
    import numpy as np

    cv2 = opencv()
    scale = min(1.0, _FEATURE_SIDE / max(before.shape))
    small = [cv2.resize(grey, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA) for grey in (before, after)]
    if min(small[0].shape) < _WINDOW:
        return None
    sift = cv2.SIFT_create(nfeatures=800)
    (keys, described), (keys_after, described_after) = (sift.detectAndCompute(grey, None) for grey in small)
    if described is None or described_after is None or min(len(keys), len(keys_after)) < _FEWEST:
        return None
    matches = cv2.BFMatcher(cv2.NORM_L2).knnMatch(described_after, described, k=2)
    good = [first for first, second in matches if first.distance < _RATIO * second.distance]
    if len(good) < _FEWEST:
        return None
    there = np.array([keys_after[one.queryIdx].pt for one in good])
    places = np.array([keys[one.trainIdx].pt for one in good])
    found, _ = cv2.estimateAffine2D(there, places, method=cv2.USAC_MAGSAC, ransacReprojThreshold=3.0)
    if found is None or not 1 / _FARTHEST < np.linalg.det(found[:, :2]) < _FARTHEST:
        return None
    middle = (found[:, :2] - np.eye(2)).sum(axis=1) / 2  # enlarging leaves the corner of the picture in place
    found[:, 2] = (found[:, 2] - middle) / scale + middle
    return np.asarray(found, float)


def _in_pixels(matrix: Floats, size: Size, sizes: tuple[Size, Size]) -> Matrix:
    """Carry a transform between the pictures as looked at over to their own pixels.

    OpenCV counts from the middle of the first pixel; here it is the picture's corner, which resizing leaves in place.
    """
    import numpy as np

    from_middle = matrix.copy()
    from_middle[:, 2] += 0.5 - matrix[:, :2].sum(axis=1) / 2
    enlarged = np.array(sizes[0]) / size
    shrunk = np.array(size) / sizes[1]
    (xx, xy, x0), (yx, yy, y0) = np.column_stack(
        [
            enlarged[:, None] * from_middle[:, :2] * shrunk,
            enlarged * from_middle[:, 2],
        ]
    ).tolist()
    return xx, xy, x0, yx, yy, y0
