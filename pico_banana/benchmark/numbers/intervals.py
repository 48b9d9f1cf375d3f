"""Means with 95 % intervals by bootstrap over photos: edits of one photo are no independent witnesses.

The types of a benchmark are fixed, so what differs between them is no chance: every edit is compared with the mean of
its own type, and only what is left is drawn again. Types with too few photos for a mean of their own share one.
"""

from __future__ import annotations

import warnings
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

if TYPE_CHECKING:
    from collections.abc import Sequence

Values = npt.NDArray[np.float64]
Codes = npt.NDArray[np.int64]
RESAMPLES = 1000
_LEAST = 5  # photos that a type needs for a mean of its own
_SEED = 20261128


@dataclass(frozen=True, slots=True)
class Estimate:
    """A number and how sure it is.

    Attributes:
        value: the mean; None without any value.
        low: lower end of the 95 % interval; None where there are fewer than two photos.
        high: its upper end.
    """

    value: float | None
    low: float | None = None
    high: float | None = None

    def __str__(self) -> str:
        """Write it for a table."""
        if self.value is None:
            return "-"
        return f"{self.value:.3f}" if self.low is None else f"{self.value:.3f} [{self.low:.3f}, {self.high:.3f}]"


NOTHING = Estimate(None)


def codes_of(names: Sequence[str]) -> Codes:
    """Number names from 0."""
    return np.unique(np.array(names, dtype=str), return_inverse=True)[1].astype(np.int64)


def estimates(columns: Sequence[Values], photos: Codes, types: Codes) -> list[Estimate]:
    """Estimate the means of several columns of the same edits, all from the same draws of photos.

    Args:
        columns: values, one an edit; NaN where one is missing.
        photos: the number of each edit's photo.
        types: the number of its type.

    Returns:
        An estimate a column.
    """
    if not len(photos):
        return [NOTHING for _ in columns]
    clusters = np.unique(photos, return_inverse=True)[1]
    steady = [_without_types(column, clusters, types) for column in columns]
    sums, sizes = (np.stack([_by_photo(one, clusters) for one in found], axis=1) for found in _parts(steady))
    ends = _bootstrapped(sums, sizes) if len(sums) > 1 else [(None, None)] * len(columns)
    return [_estimate(column, low, high) for column, (low, high) in zip(columns, ends, strict=True)]


def p_value(values: Values, photos: Codes, types: Codes) -> float | None:
    """Test whether a mean difference is none, photo by photo.

    Args:
        values: differences, one an edit; NaN where one is missing.
        photos: the number of each edit's photo.
        types: the number of its type.

    Returns:
        The two-sided p-value of a t-test over photos; None where there are too few, 1 where nothing differs.
    """
    from scipy.stats import ttest_1samp

    there = ~np.isnan(values)
    clusters = np.unique(photos[there], return_inverse=True)[1]
    if not there.any() or clusters.max() < 1:
        return None
    steady = _without_types(values[there], clusters, types[there])
    means = _by_photo(steady, clusters) / np.bincount(clusters)
    if not np.ptp(means) > 0:
        return 1.0 if not means.any() else None
    return float(ttest_1samp(means, 0.0).pvalue)


def _parts(columns: Sequence[Values]) -> tuple[list[Values], list[Values]]:
    return [np.nan_to_num(column) for column in columns], [(~np.isnan(column)).astype(float) for column in columns]


def _by_photo(values: Values, clusters: Codes) -> Values:
    sums: Values = np.bincount(clusters, weights=values, minlength=int(clusters.max()) + 1).astype(np.float64)
    return sums


def _without_types(values: Values, clusters: Codes, types: Codes) -> Values:
    """Take the types' means out, and put the mean of all in; a type's own mean fits it a little too well."""
    there = ~np.isnan(values)
    if not there.any():
        return values
    many = int(clusters.max()) + 1
    pairs = np.unique(types[there].astype(np.int64) * many + clusters[there])  # of a type and a photo
    photos = np.bincount(pairs // many, minlength=int(types.max()) + 1)
    groups = np.where(photos[types] >= _LEAST, types + 1, 0)  # 0: those with too few photos
    seen, known = groups[there], values[there]
    counts = np.bincount(seen, minlength=int(groups.max()) + 1)
    means = np.bincount(seen, weights=known, minlength=len(counts)) / np.maximum(counts, 1)
    group_of = np.where(photos >= _LEAST, np.arange(len(photos)) + 1, 0)
    members = np.bincount(group_of, weights=photos, minlength=len(counts))
    spread = np.sqrt(members / np.maximum(members - 1, 1))
    steady: Values = (values - means[groups]) * spread[groups] + known.mean()
    return steady


def _bootstrapped(sums: Values, sizes: Values) -> list[tuple[float, float]]:
    """Draw photos again and again; every column is looked at in every draw."""
    from scipy.stats import bootstrap

    def means(drawn: Codes, axis: int = -1) -> Values:
        rows = drawn.reshape(-1, drawn.shape[-1])
        offsets = np.arange(len(rows))[:, None] * len(sums)
        times = np.bincount((rows + offsets).ravel(), minlength=len(rows) * len(sums)).reshape(len(rows), -1)
        with np.errstate(invalid="ignore", divide="ignore"):
            found = (times @ sums) / (times @ sizes)
        return found.T if drawn.ndim > 1 else found[0]

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # a column without any spread is dealt with below
        drawn: Any = bootstrap(
            (np.arange(len(sums)),), means, vectorized=True, n_resamples=RESAMPLES, method="percentile",
            batch=250, rng=np.random.default_rng(_SEED),
        )  # fmt: skip
        found = drawn.bootstrap_distribution
        # A draw may miss every photo that a column has; NumPy looks for that column by column, slowly.
        percentile = np.nanpercentile if np.isnan(found).any() else np.percentile
        low, high = percentile(found, (2.5, 97.5), axis=-1)
    return list(zip(low.tolist(), high.tolist(), strict=True))


def _estimate(column: Values, low: float | None, high: float | None) -> Estimate:
    values = column[~np.isnan(column)]
    if not len(values):
        return NOTHING
    mean = round(float(values.mean()), 6)
    if low is None or high is None or np.isnan(low) or len(values) < 2:  # noqa: PLR2004 - nothing is known of how photos differ
        return Estimate(mean)
    if np.isin(values, (0.0, 1.0)).all() and len(np.unique(values)) == 1:
        low, high = _wilson(values)  # drawing again what is all alike knows no doubt
    if values.min() >= 0 and values.max() <= 1:
        low, high = max(0.0, low), min(1.0, high)
    return Estimate(mean, round(low, 6), round(high, 6))


def _wilson(values: Values) -> tuple[float, float]:
    from scipy.stats import binomtest

    ends = binomtest(int(values.sum()), len(values)).proportion_ci(method="wilson")
    return float(ends.low), float(ends.high)
