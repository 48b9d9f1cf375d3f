"""What a craft is: one of the 35 edit types, done with arithmetic on pixels, with a way to see whether it was done."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pico_banana.regenerate.backends.procedural.pixels import Box, Generator, Pixels
    from pico_banana.regenerate.values import KnownObject


@dataclass(frozen=True, slots=True)
class Proposal:
    """An edit that could be made of a photo.

    Attributes:
        instruction: the long instruction.
        short: the short one.
        recipe: what the editor and the judge need to know, as JSON values.
    """

    instruction: str
    short: str
    recipe: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Measured:
    """What can be seen of an edit.

    Attributes:
        done: how much of what was asked is there, 0 to 1.
        kept: how much of the rest is as it was, 0 to 1.
        clean: how little of it shows as a seam or a smear, 0 to 1.
        note: the numbers, in words.
    """

    done: float
    kept: float
    clean: float
    note: str


class Craft(Protocol):
    """Does one edit type."""

    @property
    def edit_type(self) -> str:
        """The slug of the type it does."""

    def propose(self, photo: Pixels, objects: Sequence[KnownObject], rng: Generator) -> Proposal | None:
        """Propose an edit that suits the photo, or None when none does."""

    def apply(self, photo: Pixels, recipe: dict[str, Any], rng: Generator) -> Pixels:
        """Make the edit; how well depends on the seed."""

    def measure(self, before: Pixels, after: Pixels, recipe: dict[str, Any]) -> Measured:
        """See whether it was done."""


def strength(rng: Generator) -> float:
    """Draw how firmly an attempt is carried out; now and then it is half-hearted, as with any editor.

    Args:
        rng: seeded by the attempt.

    Returns:
        From 0.05 to 1.15, mostly near 1.
    """
    return float(rng.triangular(0.05, 1.05, 1.15))


def ramp(value: float, low: float, high: float) -> float:
    """Turn a measurement into a score.

    Args:
        value: what was measured.
        low: what counts as nothing.
        high: what counts as full; may be below `low`.

    Returns:
        0 to 1.
    """
    return min(1.0, max(0.0, (value - low) / (high - low)))


def in_pixels(box: Sequence[float], photo: Pixels) -> Box:
    """Turn a box of fractions into pixels.

    Args:
        box: left, top, right, bottom, 0 to 1.
        photo: the photo it lies in.

    Returns:
        The box in pixels, at least 2 a side, inside the photo.
    """
    height, width = photo.shape[:2]
    left, top = max(0, int(box[0] * width)), max(0, int(box[1] * height))
    right, bottom = min(width, round(box[2] * width)), min(height, round(box[3] * height))
    return left, top, max(right, left + 2), max(bottom, top + 2)


def whereabouts(box: Sequence[float]) -> str:
    """Say in words where a box is.

    Args:
        box: left, top, right, bottom, 0 to 1.

    Returns:
        E.g. "in the lower left of the photo".
    """
    across, down = (box[0] + box[2]) / 2, (box[1] + box[3]) / 2
    side = "left" if across < 0.36 else "right" if across > 0.64 else ""
    level = "upper" if down < 0.36 else "lower" if down > 0.64 else ""
    if level and side:
        return f"in the {level} {side} of the photo"
    if level:
        return f"in the {level} middle of the photo"
    return f"on the {side} side of the photo" if side else "in the middle of the photo"
