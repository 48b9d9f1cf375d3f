"""Which findings the pixel checks make of an edit, from where on, and which of them reject."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, TypeAlias

Finding: TypeAlias = Literal["unchanged", "everywhere", "border", "aspect", "blur"]


@dataclass(frozen=True, slots=True)
class CheckSettings:
    """Which findings are made, from where on, and which of them reject.

    Attributes:
        enabled: False sends every decodable picture to the judge, nothing measured.
        reject: findings that reject a picture before a judge sees it: "unchanged", "everywhere", "border", "aspect",
            "blur"; none by default, because each of them is sometimes what was asked for.
        min_changed: least share of pixels, 0 to 1, that must differ visibly.
        max_changed_local: greatest share for an edit of one region.
        max_aspect_change: greatest change of width/height, as a share, where the frame should stay.
        min_contrast: least distance of the lightest from the darkest level, 0 to 255; less is a blank picture, which is
            always rejected.
        max_border: greatest share of a side that may be plain where the input is not.
        min_sharpness: least sharpness, as a share of the input's.
    """

    enabled: bool = True
    reject: tuple[Finding, ...] = ()
    min_changed: float = 0.003
    max_changed_local: float = 0.45
    max_aspect_change: float = 0.15
    min_contrast: float = 3.0
    max_border: float = 0.04
    min_sharpness: float = 0.35
