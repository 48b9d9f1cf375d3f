"""How many edits of each type are left above a score, and which score to ask for.

Types differ in what a judge gives them, so one number for all keeps nearly all of one and nearly none of another. What
is suggested rests on the best witness there is: labels of people; pairs of which one edit was preferred; or, without
either, the share that is to be kept.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pico_banana.benchmark.numbers.intervals import Values
    from pico_banana.benchmark.scores.calibrating import Calibration

GRID = tuple(round(step / 20, 2) for step in range(21))
LABELS, PAIRS, SHARE = "labels", "pairs", "share"
_LEAST_PAIRS = 20  # of one type; with fewer the pairs of all types speak for it


@dataclass(frozen=True, slots=True)
class Wish:
    """What is wanted of edits that are kept.

    Attributes:
        share: how much of each type to keep, where nothing says which edits are good.
        precision: how many of the kept ones people should call good, where labels tell.
    """

    share: float = 0.8
    precision: float = 0.9


@dataclass(frozen=True, slots=True)
class TypeLine:
    """The scores of one type.

    Attributes:
        edit_type: the type; "all" for all of them.
        edits: how many edits there are.
        missing: of these, without a score; they count nowhere else.
        mean: of the scores; None without any.
        accepted: the share that the judge's own threshold accepts.
        survival: the share with at least each score of `GRID`.
        threshold: the score that is suggested; None without scores, or where no score keeps what is wished.
        kept: the share with at least that score.
        rests_on: "labels", "pairs" or "share".
    """

    edit_type: str
    edits: int
    missing: int
    mean: float | None
    accepted: float | None
    survival: tuple[float, ...]
    threshold: float | None
    kept: float | None
    rests_on: str


@dataclass(frozen=True, slots=True)
class Witnesses:
    """What tells good edits from bad ones.

    Attributes:
        calibration: by labels of people; None without.
        pairs: type to scores of preferred and of rejected edits.
    """

    calibration: Calibration | None
    pairs: dict[str, tuple[Values, Values]]

    def of_pairs(self, kind: str) -> tuple[Values, Values] | None:
        """Give the pairs that speak for a type: its own, or those of all types where it has few."""
        own = self.pairs.get(kind)
        if own is not None and len(own[0]) >= _LEAST_PAIRS:
            return own
        if sum(len(chosen) for chosen, _ in self.pairs.values()) < _LEAST_PAIRS:
            return None
        chosen, rejected = zip(*self.pairs.values(), strict=True)
        return np.concatenate(chosen), np.concatenate(rejected)


def line_of(
    kind: str, scores: Sequence[float | None], accepted: Sequence[bool], found: Witnesses, wish: Wish
) -> TypeLine:
    """Sum up a type.

    Args:
        kind: the type's slug, or "all".
        scores: of its edits; None where one is missing.
        accepted: of those with a score.
        found: what tells good from bad.
        wish: what is wanted.

    Returns:
        Its line.
    """
    given = np.sort(np.array([score for score in scores if score is not None], float))
    if not len(given):
        return TypeLine(kind, len(scores), len(scores), None, None, tuple(0.0 for _ in GRID), None, None, SHARE)
    survival = tuple(round(float((given >= step - 1e-9).mean()), 6) for step in GRID)
    threshold, basis = _suggested(kind, given, found, wish)
    kept = None if threshold is None else round(float((given >= threshold - 1e-9).mean()), 6)
    mean, passed = round(float(given.mean()), 6), round(float(np.mean(accepted)), 6)
    return TypeLine(kind, len(scores), len(scores) - len(given), mean, passed, survival, threshold, kept, basis)


def _suggested(kind: str, given: Values, found: Witnesses, wish: Wish) -> tuple[float | None, str]:
    if found.calibration is not None:
        return _precise(given, found.calibration.chances(given), wish.precision), LABELS
    pairs = found.of_pairs(kind)
    if pairs is not None:
        return _parting(*pairs), PAIRS
    return round(float(np.quantile(given, 1 - wish.share, method="lower")), 4), SHARE


def _precise(given: Values, chances: Values, precision: float) -> float | None:
    """Give the lowest score above which people are expected to call enough of the edits good."""
    counts = np.arange(len(given), 0, -1)
    above = np.cumsum(chances[::-1])[::-1] / counts
    first = np.r_[True, np.diff(given) > 0]  # edits of one score stay together
    good = np.flatnonzero(first & (above >= precision - 1e-9))
    return round(float(given[good[0]]), 4) if len(good) else None


def _parting(chosen: Values, rejected: Values) -> float:
    """Give the score that parts preferred from rejected edits best, both sides weighing the same."""
    steps = np.unique(np.concatenate([chosen, rejected]))
    right = [float((chosen >= step).mean() + (rejected < step).mean()) for step in steps]
    best = int(np.argmax(right))
    below = steps[best - 1] if best else steps[best]
    return round(float((steps[best] + below) / 2), 4)  # between the two, where a new edit is best told apart
