"""How good a judge is: its scores of pairs of which one edit was preferred, and how far judges agree."""

from __future__ import annotations

import itertools
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any, TypeVar

import numpy as np

from pico_banana.benchmark.numbers.intervals import NOTHING, Estimate, Values, codes_of, estimates
from pico_banana.benchmark.numbers.ranks import EQUAL
from pico_banana.benchmark.runs.opinions import SECOND_ORDER
from pico_banana.benchmark.runs.results import Result, Results, comparable, results_in
from pico_banana.errors import StoreError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

_BINS = 10
KeyT = TypeVar("KeyT", str, tuple[str, str, str, int, bool])  # they sort


@dataclass(frozen=True, slots=True)
class JudgeLine:
    """One judge over the preference part.

    Attributes:
        name: the judge's.
        pairs: how many pairs.
        missing: of these, where one score or both are missing.
        accuracy: share in which the preferred edit scored higher, ties half.
        ties: share of equal scores.
        margin: mean difference, preferred less rejected.
        calibration: expected calibration error of the score as the chance that an edit is the preferred one; 0 is best.
    """

    name: str
    pairs: int
    missing: int
    accuracy: Estimate
    ties: float | None
    margin: Estimate
    calibration: float | None


@dataclass(frozen=True, slots=True)
class Agreement:
    """How far two judges agree over the edits that both scored.

    Attributes:
        one: a judge.
        other: another.
        edits: how many edits.
        spearman: rank correlation of scores; None where one of them says the same of all.
        kappa: Cohen's κ of success; None where it is not defined.
    """

    one: str
    other: str
    edits: int
    spearman: float | None
    kappa: float | None


@dataclass(frozen=True, slots=True)
class JudgeReport:
    """All judges.

    Attributes:
        judges: the most accurate first; those that have judged pairs.
        agreements: every two, over pairs and editors' edits alike.
    """

    judges: tuple[JudgeLine, ...]
    agreements: tuple[Agreement, ...]

    def as_json(self) -> dict[str, Any]:
        """Give the numbers as JSON values."""
        return asdict(self)


def judge_report(*places: str | Path | Results) -> JudgeReport:
    """Compare judges.

    Args:
        places: folders of `run` and `judge_pairs`, files of results, or results; all of one definition.

    Returns:
        The report.

    Raises:
        StoreError: there are no results, or they are of two definitions.
    """
    found = comparable(itertools.chain(*([one] if isinstance(one, Results) else results_in(one) for one in places)))
    if not found:
        raise StoreError("there are no results of judges here; make some with `pico-banana benchmark judge`")
    by_judge: dict[str, list[Results]] = {}
    for one in found:
        by_judge.setdefault(one.judge, []).append(one)
    pairs = {
        name: [item for one in every for item in one.items if item.part == "preference"]
        for name, every in by_judge.items()
    }
    lines = [_line(name, items) for name, items in pairs.items() if items]
    said = {name: _scores(every) for name, every in by_judge.items()}
    agreements = [agreement(*one, *other) for one, other in itertools.combinations(said.items(), 2)]
    return JudgeReport(tuple(sorted(lines, key=lambda line: -(line.accuracy.value or 0.0))), tuple(agreements))


def _line(name: str, items: Sequence[Result]) -> JudgeLine:
    there = [item for item in items if item.score is not None and item.rival is not None]
    if not there:
        return JudgeLine(name, len(items), len(items), NOTHING, None, NOTHING, None)
    chosen, rejected = (np.array([getattr(item, field) for item in there], float) for field in ("score", "rival"))
    gap = chosen - rejected
    right = (gap > EQUAL) + 0.5 * (np.abs(gap) <= EQUAL)
    photos, types = codes_of([item.photo for item in there]), codes_of([item.edit_type for item in there])
    accuracy, margin = estimates([right, gap], photos, types)
    ties = round(float((np.abs(gap) <= EQUAL).mean()), 6)
    return JudgeLine(name, len(items), len(items) - len(there), accuracy, ties, margin, _calibration(chosen, rejected))


def _calibration(chosen: Values, rejected: Values) -> float:
    """Compare what scores promise with what happened, in ten bins of scores."""
    scores = np.concatenate([chosen, rejected])
    truth = np.concatenate([np.ones(len(chosen)), np.zeros(len(rejected))])
    bins = np.minimum((scores * _BINS).astype(int), _BINS - 1)
    counts = np.bincount(bins, minlength=_BINS)
    gaps = np.abs(np.bincount(bins, scores - truth, _BINS))
    return round(float(gaps.sum() / counts.sum()), 6)


def agreement(
    one: str, mine: Mapping[KeyT, tuple[float, bool]], other: str, theirs: Mapping[KeyT, tuple[float, bool]]
) -> Agreement:
    """Say how far two judges agree.

    Args:
        one: the name of a judge.
        mine: what it says of edits: score and success, by any key.
        other: the name of another.
        theirs: what that one says.

    Returns:
        Their agreement over the edits that both scored.
    """
    both = sorted(mine.keys() & theirs.keys())
    scores = [np.array([found[key][0] for key in both]) for found in (mine, theirs)]
    passed = [np.array([found[key][1] for key in both]) for found in (mine, theirs)]
    return Agreement(one, other, len(both), _spearman(*scores), _kappa(*passed))


def _scores(every: Sequence[Results]) -> dict[tuple[str, str, str, int, bool], tuple[float, bool]]:
    """Give each judged edit's score and success; points of a judge of two are compared with such points alone."""
    return {
        (one.editor, str(one.passport["wording"]), item.id, item.turn, SECOND_ORDER in item.scores): (
            item.score,
            bool(item.success),
        )
        for one in every
        for item in one.items
        if item.score is not None and item.picture
    }


def _spearman(one: Values, other: Values) -> float | None:
    """Correlate the ranks of scores; None where there are fewer than two, or a judge says the same of all."""
    from scipy.stats import spearmanr

    if len(one) < 2 or np.ptp(one) == 0 or np.ptp(other) == 0:  # noqa: PLR2004 - no ranks
        return None
    return round(float(spearmanr(one, other).statistic), 6)


def _kappa(one: Values, other: Values) -> float | None:
    """Say how far two judges agree on which edits are good, beyond chance: Cohen's κ; None where it is not defined."""
    if not len(one):
        return None
    agreed = float((one == other).mean())
    chance = float(one.mean() * other.mean() + (1 - one.mean()) * (1 - other.mean()))
    return None if chance >= 1 else round((agreed - chance) / (1 - chance), 6)
