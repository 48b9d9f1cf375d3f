"""Editors side by side: who won how often before a judge of two, and how strong that makes each of them."""

from __future__ import annotations

import itertools
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from pico_banana.benchmark.numbers.intervals import Estimate, codes_of, estimates, p_value
from pico_banana.benchmark.numbers.ranks import strengths_of
from pico_banana.benchmark.runs.opinions import FIRST_ORDER, SECOND_ORDER

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from pico_banana.benchmark.runs.results import Result, Results

DUEL = "duel"


@dataclass(frozen=True, slots=True)
class Match:
    """Two editors before a judge of two.

    Attributes:
        one: an editor's name.
        other: another's.
        edits: how many edits both have.
        missing: of these, without an answer in both orders.
        wins: edits of `one` that are better, in both orders.
        ties: edits where neither is, `turned` among them.
        losses: edits of `other` that are better, in both orders.
        turned: edits where the judge said another thing once the two had changed places.
        points: mean of 1 for a win, 0.5 for a tie, 0 for a loss.
        p: of the points against 0.5, by a t-test over photos; None where there are too few.
        first: share of the answers in favour of the one that was shown first; 0.5 for a judge whom order does not move.
    """

    one: str
    other: str
    edits: int
    missing: int
    wins: int
    ties: int
    losses: int
    turned: int
    points: Estimate
    p: float | None
    first: float | None


@dataclass(frozen=True, slots=True)
class Strength:
    """How strong an editor is before a judge of two.

    Attributes:
        editor: its name.
        strength: the logarithm of its Bradley-Terry strength, 0 on average.
    """

    editor: str
    strength: Estimate


@dataclass(frozen=True, slots=True)
class Contest:
    """All matches before one judge.

    Attributes:
        judge: the judge's name.
        wording: "long" or "short".
        matches: one a pair of editors that was shown to it.
        strengths: the strongest editor first.
    """

    judge: str
    wording: str
    matches: tuple[Match, ...]
    strengths: tuple[Strength, ...]


def contests(found: Iterable[Results]) -> tuple[Contest, ...]:
    """Sum duels up, judge by judge.

    Args:
        found: results, those of duels among them.

    Returns:
        A contest a judge and wording; none without duels.
    """
    duels = [one for one in found if any(item.part == DUEL for item in one.items)]
    by_judge: dict[tuple[str, str], list[Results]] = {}
    for one in duels:
        by_judge.setdefault((one.judge, str(one.passport["wording"])), []).append(one)
    return tuple(
        Contest(judge, wording, tuple(map(_match, every)), _strengths(every))
        for (judge, wording), every in by_judge.items()
    )


def _match(results: Results) -> Match:
    one, other = results.passport["editor"]["rivals"]
    items = results.items
    points = np.array([np.nan if item.score is None else item.score for item in items])
    photos, types = codes_of([item.photo for item in items]), codes_of([item.edit_type for item in items])
    wins, losses, missing = (int(sum_) for sum_ in ((points == 1).sum(), (points == 0).sum(), np.isnan(points).sum()))
    (estimate,) = estimates([points], photos, types)
    p = p_value(points - 0.5, photos, types)
    ties = len(items) - wins - losses - missing
    turned, first = _by_order(items)
    return Match(one, other, len(items), missing, wins, ties, losses, turned, estimate, p, first)


def _by_order(items: Sequence[Result]) -> tuple[int, float | None]:
    """Count the edits where the order of showing decided, and how far answers lean to what was shown first."""
    asked = [(one.scores[FIRST_ORDER], one.scores[SECOND_ORDER]) for one in items if SECOND_ORDER in one.scores]
    turned = sum(first != second for first, second in asked)
    leaning = [(first + 1 - second) / 2 for first, second in asked]
    return turned, round(sum(leaning) / len(leaning), 4) if leaning else None


def _strengths(every: Sequence[Results]) -> tuple[Strength, ...]:
    names = list(dict.fromkeys(itertools.chain(*(one.passport["editor"]["rivals"] for one in every))))
    bouts = [
        (item.photo, names.index(rivals[0]), names.index(rivals[1]), item.score)
        for one in every
        for rivals in [one.passport["editor"]["rivals"]]
        for item in one.items
        if item.score is not None
    ]
    if not bouts:
        return ()
    photos = codes_of([bout[0] for bout in bouts])
    won = np.zeros((int(photos.max()) + 1, len(names), len(names)))
    for photo, (_, one, other, points) in zip(photos, bouts, strict=True):
        won[photo, one, other] += points
        won[photo, other, one] += 1 - points
    found = [Strength(name, strength) for name, strength in zip(names, strengths_of(won), strict=True)]
    return tuple(sorted(found, key=lambda one: -(one.strength.value or 0.0)))
