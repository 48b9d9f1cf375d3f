"""Strengths of editors from who won against whom: Bradley and Terry's model, a tie half a win for each."""

from __future__ import annotations

import warnings
from typing import TYPE_CHECKING, Any

import numpy as np

from pico_banana.benchmark.numbers.intervals import Codes, Estimate, Values

if TYPE_CHECKING:
    from collections.abc import Sequence

_RESAMPLES = 300
_ROUNDS = 200
_PRIOR = 0.5  # of a win each way: one that never lost has no endless strength
_SEED = 20261128
EQUAL = 1e-9


def strengths(scores: Sequence[Values], photos: Codes) -> list[Estimate]:
    """Estimate how strong editors are.

    Args:
        scores: one column an editor, a score an edit; NaN where one is missing.
        photos: the number of each edit's photo; edits of one photo are drawn together.

    Returns:
        An estimate an editor: the logarithm of its strength, 0 on average; one more is e times the chance to win.
    """
    clusters = np.unique(photos, return_inverse=True)[1]
    return strengths_of(_by_photo(np.stack(scores, axis=1), clusters))


def strengths_of(won: Values) -> list[Estimate]:
    """Estimate how strong editors are by who won against whom.

    Args:
        won: points won, an array of photos, winners, losers; edits of one photo are drawn together.

    Returns:
        An estimate an editor, see `strengths`.
    """
    from scipy.stats import bootstrap

    middle = _fitted(won.sum(axis=0)[None])[0]
    if len(won) < 2:  # noqa: PLR2004 - nothing is known of how photos differ
        return [Estimate(round(float(value), 4)) for value in middle]

    def fitted(drawn: Codes, axis: int = -1) -> Values:
        rows = drawn.reshape(-1, drawn.shape[-1])
        times = np.stack([np.bincount(row, minlength=len(won)) for row in rows])
        found = _fitted(np.tensordot(times, won, axes=1))
        return found.T if drawn.ndim > 1 else found[0]

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # all draws may be alike
        drawn: Any = bootstrap(
            (np.arange(len(won)),), fitted, vectorized=True, n_resamples=_RESAMPLES, method="percentile",
            batch=100, rng=np.random.default_rng(_SEED),
        )  # fmt: skip
    low, high = np.percentile(drawn.bootstrap_distribution, (2.5, 97.5), axis=-1)
    return [
        Estimate(round(float(value), 4), round(float(under), 4), round(float(over), 4))
        for value, under, over in zip(middle, low, high, strict=True)
    ]


def tally(one: Values, other: Values) -> tuple[int, int, int]:
    """Count wins, ties and losses of one editor against another, edit by edit.

    Args:
        one: scores; NaN where one is missing.
        other: scores of the same edits.

    Returns:
        Wins, ties, losses; edits that one of them lacks do not count.
    """
    difference = (one - other)[~np.isnan(one - other)]
    ties = int((np.abs(difference) <= EQUAL).sum())
    wins = int((difference > EQUAL).sum())
    return wins, ties, len(difference) - wins - ties


def _by_photo(scores: Values, clusters: Codes) -> Values:
    """Sum up for every photo who won against whom: an array of photos, winners, losers."""
    count = scores.shape[1]
    won = np.zeros((int(clusters.max()) + 1, count, count))
    for one in range(count):
        for other in range(count):
            if one != other:
                gap = scores[:, one] - scores[:, other]
                points = np.where(np.isnan(gap), 0.0, (gap > EQUAL) + 0.5 * (np.abs(gap) <= EQUAL))
                won[:, one, other] = np.bincount(clusters, weights=points, minlength=len(won))
    return won


def _fitted(won: Values) -> Values:
    """Fit strengths to tables of wins, all tables at once (Hunter 2004, MM)."""
    count = won.shape[-1]
    won = won + _PRIOR * (1 - np.eye(count))
    games, total = won + won.swapaxes(1, 2), won.sum(axis=2)
    strength = np.ones(total.shape)
    for _ in range(_ROUNDS):
        strength = total / (games / (strength[:, :, None] + strength[:, None, :])).sum(axis=2)
        strength /= np.exp(np.log(strength).mean(axis=1, keepdims=True))
    logarithms: Values = np.log(strength)
    return logarithms
