"""Pixel checks on the CPU, made before a judge is paid: they measure, and reject only what nobody need look at.

Rejected unseen is what cannot be decoded, is blank, or is the input again, byte for byte or pixel for pixel. Everything
else that is measured goes to the judge as a hint and into the ledger: a plain border, a change nearly everywhere,
another shape or less sharpness may be faults or may be what was asked for. Which of them reject is a setting, and none
does by default. Shares and borders are measured at no more than 256 pixels a side.
"""

from __future__ import annotations

import io
import json
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import TYPE_CHECKING, TypeAlias

from pico_banana.records.decoding.change import VISIBLE_LEVELS, changed_points
from pico_banana.records.decoding.geometry import aspect_change

if TYPE_CHECKING:
    from collections.abc import Mapping

    import numpy as np
    from numpy.typing import NDArray
    from PIL.Image import Image

    from pico_banana.regenerate.settings.checks import CheckSettings, Finding
    from pico_banana.regenerate.values import Picture
    from pico_banana.taxonomy import EditType

    Pixels: TypeAlias = NDArray[np.float32]

SIDE = 256
_FRAME_MOVES = "geometry"
_PLAIN_STEP = 3.0  # levels of 255 within which a border line counts as one colour; JPEG noise is below it
_STEEPEST = 0.995  # of the pixels have less slope than the one that is taken for the sharpness
_SHIFT_LEVELS = 3.0  # mean difference, levels of 255, of a change of the whole photo at least; JPEG makes about 1


@dataclass(frozen=True, slots=True)
class Findings:
    """What the checks measured.

    Attributes:
        failure: why the picture fails, in two or three words, or empty when it goes to the judge.
        source_size: width and height of the input, pixels, upright.
        edited_size: width and height of the result, pixels, upright; (0, 0) when it cannot be decoded.
        changed: share of pixels that differ visibly, 0 to 1, or None when not measured.
        noticed: finding to a sentence about it, for the judge.
        measures: "border", "aspect_change" and "sharpness" to what was measured.
    """

    failure: str = ""
    source_size: tuple[int, int] = (0, 0)
    edited_size: tuple[int, int] = (0, 0)
    changed: float | None = None
    noticed: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))
    measures: Mapping[str, float] = field(default_factory=lambda: MappingProxyType({}))

    def as_text(self) -> str:
        """Say what was noticed, for a judge's prompt.

        Returns:
            A line a finding; "nothing unusual" when there is none.
        """
        return "\n".join(f"- {told}" for told in self.noticed.values()) or "- nothing unusual"

    def as_json(self) -> str:
        """Give what was measured, for the ledger.

        Returns:
            JSON: the measures, and the names of the findings under "noticed".
        """
        return json.dumps({**self.measures, "noticed": list(self.noticed)}) if self.measures else "{}"


def check(source: Picture, edited: Picture, *, edit_type: EditType, settings: CheckSettings) -> Findings:
    """Measure an edit.

    Args:
        source: the picture the edit was made from.
        edited: the result.
        edit_type: what kind of edit was asked.
        settings: which findings are made, and which of them reject.

    Returns:
        The findings; `failure` says why no judge need see the picture.
    """
    if not settings.enabled:
        sizes = _size(source), _size(edited)
        return Findings("undecodable" if sizes[1] == (0, 0) else "", *sizes)
    before, after = _decoded(source), _decoded(edited)
    sizes = (before.size if before else (0, 0)), (after.size if after else (0, 0))
    if after is None:
        return Findings("undecodable", *sizes)
    if _is_blank(edited, after, settings.min_contrast):
        return Findings("blank", *sizes)
    if before is None:
        return Findings("", *sizes)
    if source.sha256 == edited.sha256 or _same_pixels(before, after):
        return Findings("unchanged", *sizes, changed=0.0)
    return _measured(before, after, edit_type=edit_type, settings=settings)


def changed_share(before: Pixels, after: Pixels) -> float:
    """Measure how much of a picture differs visibly.

    Args:
        before: pixels (h, w, 3), levels 0 to 255.
        after: pixels (h2, w2, 3); resized to the shape of `before` when it differs.

    Returns:
        The share of pixels, 0 to 1.
    """
    return float(changed_points(before, _fitted(after, before), levels=VISIBLE_LEVELS).mean())


def _measured(source: Image, edited: Image, *, edit_type: EditType, settings: CheckSettings) -> Findings:
    before, after = _small(source), _small(edited)
    ratio = aspect_change(source.size, edited.size)
    measures = {
        "changed": changed_share(before, after),
        "shift": _shift(before, after),
        "border": _border(after) - _border(before),
        "aspect_change": max(ratio, 1 / ratio) - 1,
        "sharpness": _sharpness(edited) / max(_sharpness(source), 1e-6),
    }
    noticed = _noticed(measures, (source.size, edited.size), edit_type=edit_type, settings=settings)
    failure = next((_WORDS[name] for name in settings.reject if name in noticed), "")
    kept = {name: round(value, 4) for name, value in measures.items() if name not in ("changed", "shift")}
    return Findings(failure, source.size, edited.size, round(measures["changed"], 5), noticed, kept)


_WORDS: dict[Finding, str] = {
    "unchanged": "hardly changed",
    "everywhere": "changed almost everywhere",
    "border": "border padding",
    "aspect": "aspect ratio changed",
    "blur": "less sharp",
}


def _noticed(
    measures: Mapping[str, float],
    sizes: tuple[tuple[int, int], tuple[int, int]],
    *,
    edit_type: EditType,
    settings: CheckSettings,
) -> dict[str, str]:
    """Put into words what lies beyond the limits and could be a fault in an edit of this type."""
    changed, local = measures["changed"], edit_type.scope == "local"
    frame_stays = edit_type.scope != _FRAME_MOVES
    told: dict[Finding, tuple[bool, str]] = {
        "unchanged": (
            changed < settings.min_changed and (local or measures["shift"] < _SHIFT_LEVELS),
            f"only {changed:.2%} of the picture differs visibly from the input",
        ),
        "everywhere": (
            local and changed > settings.max_changed_local,
            f"{changed:.0%} of the picture differs visibly, where an edit of one region was asked for",
        ),
        "border": (
            measures["border"] > settings.max_border,
            f"along one side {measures['border']:.0%} of the picture is one plain colour, which the input has not",
        ),
        "aspect": (
            frame_stays and measures["aspect_change"] > settings.max_aspect_change,
            "the shape of the picture changed, from {}x{} to {}x{} pixels".format(*sizes[0], *sizes[1]),
        ),
        "blur": (
            measures["sharpness"] < settings.min_sharpness,
            f"fine detail is down to {measures['sharpness']:.0%} of the input's",
        ),
    }
    return {name: words for name, (is_so, words) in told.items() if is_so}


def _size(picture: Picture) -> tuple[int, int]:
    """Read a picture's size from its header."""
    from PIL import Image

    from pico_banana.errors import PictureCorruptError
    from pico_banana.records.decoding.pillow import border

    try:
        with border(picture.sha256), Image.open(io.BytesIO(picture.data)) as image:
            return image.size
    except PictureCorruptError:
        return 0, 0


def _decoded(picture: Picture, *, ground: int = 255) -> Image | None:
    """Decode a picture, upright, transparent parts on white: as a judge would be shown it."""
    from pico_banana.errors import PictureError
    from pico_banana.records.decoding.images import image_of

    try:
        return image_of(picture.data, background=(ground, ground, ground))
    except PictureError:
        return None


def _same_pixels(before: Image, after: Image) -> bool:
    from PIL import ImageChops

    return before.size == after.size and ImageChops.difference(before, after).getbbox() is None


def _is_blank(edited: Picture, image: Image, least: float) -> bool:
    """Tell whether a picture is one colour; white on a transparent ground is none."""
    if _range(image) >= least:
        return False
    on_black = _decoded(edited, ground=0)
    return on_black is None or _range(on_black) < least


def _range(image: Image) -> float:
    """Give the greatest distance of two levels within a channel."""
    import numpy as np

    levels = np.asarray(image)
    return float(np.ptp(levels.reshape(-1, 3), axis=0).max())


def _small(image: Image) -> Pixels:
    import numpy as np
    from PIL.Image import Resampling

    small = image.copy()
    small.thumbnail((SIDE, SIDE), resample=Resampling.BOX)  # the cheapest that does not alias
    return np.asarray(small, dtype=np.float32)


def _fitted(pixels: Pixels, like: Pixels) -> Pixels:
    import numpy as np
    from PIL import Image

    if pixels.shape == like.shape:
        return pixels
    size = (like.shape[1], like.shape[0])
    return np.asarray(Image.fromarray(pixels.astype(np.uint8)).resize(size), dtype=np.float32)


def _shift(before: Pixels, after: Pixels) -> float:
    import numpy as np

    return float(np.abs(before - _fitted(after, before)).mean())


def _border(pixels: Pixels) -> float:
    """Give the widest plain border, as a share of its side."""
    import numpy as np

    widest = 0.0
    for lines in (pixels, pixels[::-1], pixels.swapaxes(0, 1), pixels.swapaxes(0, 1)[::-1]):
        spread = np.ptp(lines, axis=1).max(axis=1)
        plain = spread <= _PLAIN_STEP
        count = len(plain) if plain.all() else int(np.argmin(plain))
        widest = max(widest, count / len(plain))
    return widest


def _sharpness(image: Image) -> float:
    """Give how steep brightness is where it is steepest, at 512 pixels a side at most: plain areas do not count."""
    import numpy as np
    from PIL.Image import Resampling

    grey = image.convert("L")
    grey.thumbnail((2 * SIDE, 2 * SIDE), resample=Resampling.BOX)
    levels = np.asarray(grey, dtype=np.float32)
    if min(levels.shape) < 2:  # noqa: PLR2004 - one line has no slope
        return 0.0
    return float(np.quantile(np.hypot(*np.gradient(levels)), _STEEPEST))
