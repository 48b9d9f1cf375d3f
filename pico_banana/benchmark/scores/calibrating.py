"""What a judge's score is worth: the chance that a person calls an edit with it good.

Two shapes are fitted, a rising step function (isotonic) and a logistic curve, and the one that foretells better what it
was not shown is kept. What is said of it is said of labels it was not shown: five parts, each foretold by the others.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal
from zlib import crc32

import numpy as np

from pico_banana.errors import ConfigError

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from pico_banana.benchmark.numbers.intervals import Values

    Points = list[tuple[float, float]]
    Fit = Callable[[Values, Values], Points]

Method = Literal["auto", "isotonic", "logistic"]
LEAST = 20  # labels; fewer say nothing that a fold could confirm
_FOLDS = 5
_BINS = 10
GOOD = 0.5


@dataclass(frozen=True, slots=True)
class Calibration:
    """What scores of one judge are worth.

    Attributes:
        method: "isotonic" or "logistic".
        labels: how many labels it was fitted to.
        good: the share of them that says good.
        points: scores, rising, and the chance of each; between them it is a line.
        auc: how often a good edit scores above a bad one, ties half; None where all labels say the same.
        brier: mean squared distance of the chance from the label, for labels that were not shown.
        brier_before: the same of the score itself.
        error: expected calibration error in ten bins, for labels that were not shown.
        error_before: the same of the score itself.
    """

    method: str
    labels: int
    good: float
    points: tuple[tuple[float, float], ...]
    auc: float | None
    brier: float
    brier_before: float
    error: float
    error_before: float

    def chance(self, score: float) -> float:
        """Say how likely a person calls an edit good.

        Args:
            score: the judge's, 0 to 1.

        Returns:
            0 to 1.
        """
        return float(self.chances(np.array([score]))[0])

    def chances(self, scores: Values) -> Values:
        """Say the same of many scores."""
        at, worth = zip(*self.points, strict=True)
        found: Values = np.interp(scores, at, worth)
        return found


def calibrate(scores: Values, labels: Values, groups: Sequence[str], *, method: Method = "auto") -> Calibration:
    """Fit what scores are worth.

    Args:
        scores: a judge's, 0 to 1.
        labels: what people say of the same edits, 0 (bad) to 1 (good).
        groups: what belongs together, as edits of one row do; never parted between what is shown and foretold.
        method: which shape; "auto" the one that foretells better.

    Returns:
        The calibration.

    Raises:
        ConfigError: there are too few labels.
    """
    if len(labels) < LEAST:
        text = f"{len(labels)} labelled edits have a score; calibration needs {LEAST} at least"
        raise ConfigError(text, key="labels")
    shapes = {"isotonic": _isotonic, "logistic": _logistic}
    tried = shapes if method == "auto" else {method: shapes[method]}
    folds = np.array([crc32(group.encode()) % _FOLDS for group in groups])
    foretold = {name: _foretold(fit, scores, labels, folds) for name, fit in tried.items()}
    best = min(foretold, key=lambda name: _brier(foretold[name], labels))
    points = tuple((round(float(at), 6), round(float(worth), 6)) for at, worth in shapes[best](scores, labels))
    numbers = (_brier(foretold[best], labels), _brier(scores, labels), _error(foretold[best], labels))
    told = [round(number, 6) for number in (*numbers, _error(scores, labels))]
    return Calibration(best, len(labels), round(float(labels.mean()), 6), points, _auc(scores, labels), *told)


def _isotonic(scores: Values, labels: Values) -> Points:
    from scipy.optimize import isotonic_regression

    at, where = np.unique(scores, return_inverse=True)
    counts = np.bincount(where)
    worth = isotonic_regression(np.bincount(where, labels) / counts, weights=counts).x
    return list(zip(at.tolist(), worth.tolist(), strict=True))


def _logistic(scores: Values, labels: Values) -> Points:
    """Fit by Platt's method: labels are drawn in a little, or scores that part good from bad have no best curve."""
    from scipy.optimize import minimize
    from scipy.special import expit

    little = 1 / (len(labels) + 2)
    wanted = little + labels * (1 - 2 * little)

    def loss(curve: Values) -> float:
        through = curve[0] + curve[1] * scores
        return float((np.logaddexp(0, through) - wanted * through).mean())

    start = np.array([0.0, 1.0])
    intercept, slope = minimize(loss, start, method="L-BFGS-B", bounds=[(None, None), (0.0, None)]).x
    at = np.linspace(0, 1, 101)
    return list(zip(at.tolist(), expit(intercept + slope * at).tolist(), strict=True))


def _foretold(fit: Fit, scores: Values, labels: Values, folds: Values) -> Values:
    out = np.empty(len(scores))
    for fold in np.unique(folds):
        shown = folds != fold
        if not shown.any():  # all labels belong to one row
            shown = ~shown
        at, worth = zip(*fit(scores[shown], labels[shown]), strict=True)
        out[folds == fold] = np.interp(scores[folds == fold], at, worth)
    return out


def _brier(chances: Values, labels: Values) -> float:
    return float(((chances - labels) ** 2).mean())


def _error(chances: Values, labels: Values) -> float:
    bins = np.minimum((chances * _BINS).astype(int), _BINS - 1)
    return float(np.abs(np.bincount(bins, chances - labels, _BINS)).sum() / len(labels))


def _auc(scores: Values, labels: Values) -> float | None:
    from scipy.stats import mannwhitneyu

    good, bad = scores[labels >= GOOD], scores[labels < GOOD]
    if not len(good) or not len(bad):
        return None
    return round(float(mannwhitneyu(good, bad).statistic) / (len(good) * len(bad)), 6)
