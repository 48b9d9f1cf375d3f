"""Rewriters: how short their texts are, how much of the long ones they keep, and how the published ones do."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from pico_banana.benchmark.numbers.intervals import NOTHING, Estimate, Values, codes_of, estimates, p_value
from pico_banana.benchmark.runs.names import PUBLISHED
from pico_banana.benchmark.runs.results import REFUSED
from pico_banana.benchmark.runs.rewriting import COPIED, FLAG, RATIO

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

    from pico_banana.benchmark.runs.results import Result, Results

REWRITING = "rewriting"


@dataclass(frozen=True, slots=True)
class Rewriter:
    """One rewriter before one judge.

    Attributes:
        name: the rewriter's.
        judge: the judge's.
        texts: how many long instructions it was given.
        missing: of these, without a text, or without the judge's score; they are in no mean of scores.
        refused: of these, where it gave no text; they count as nothing kept.
        kept: how much of the long text is in the short one and nothing else, by the judge, 0 to 1.
        success: share that the judge passes and that has no flag.
        ratio: words of the short text to a word of the long one.
        copied: share of its words that stand in the long text in one piece.
        flagged: share of texts with a problem that needs no judge.
        flags: problem to count.
        against_published: difference of `kept` to the release's own short texts before the same judge.
        p: of that difference; None where there are too few, or the published texts were not judged.
    """

    name: str
    judge: str
    texts: int
    missing: int
    refused: int
    kept: Estimate
    success: Estimate
    ratio: Estimate
    copied: Estimate
    flagged: Estimate
    flags: Mapping[str, int]
    against_published: Estimate
    p: float | None


def rewriters(found: Iterable[Results]) -> tuple[Rewriter, ...]:
    """Sum rewriters up.

    Args:
        found: results, those of rewriters among them.

    Returns:
        The one that keeps most first; none without rewriters.
    """
    every = [one for one in found if any(item.part == REWRITING for item in one.items)]
    published = {one.judge: one.items for one in every if one.editor == PUBLISHED}
    lines = [_rewriter(one, published.get(one.judge, ()) if one.editor != PUBLISHED else ()) for one in every]
    return tuple(sorted(lines, key=lambda line: -(line.kept.value or 0.0)))


def _rewriter(results: Results, published: Sequence[Result]) -> Rewriter:
    items = results.items
    flags = Counter(name.removeprefix(FLAG) for item in items for name in item.scores if name.startswith(FLAG))
    columns = [
        _column(items, lambda item: item.score),
        _column(items, lambda item: item.success),
        _column(items, lambda item: item.scores.get(RATIO)),
        _column(items, lambda item: item.scores.get(COPIED)),
        _column(items, lambda item: any(map(_is_flag, item.scores)) if item.scores else None),
    ]
    photos, types = codes_of([item.photo for item in items]), codes_of([item.edit_type for item in items])
    against, p = NOTHING, None
    if published:
        theirs = {item.id: item.score for item in published}
        gap = columns[0] - _column(items, lambda item: theirs.get(item.id))
        (against,), p = estimates([gap], photos, types), p_value(gap, photos, types)
    kept, success, ratio, copied, flagged = estimates(columns, photos, types)
    return Rewriter(
        name=results.editor,
        judge=results.judge,
        texts=len(items),
        missing=sum(item.score is None for item in items),
        refused=sum(item.ended == REFUSED for item in items),
        kept=kept,
        success=success,
        ratio=ratio,
        copied=copied,
        flagged=flagged,
        flags=dict(flags),
        against_published=against,
        p=p,
    )


def _is_flag(name: str) -> bool:
    return name.startswith(FLAG)


def _column(items: Sequence[Result], value: Callable[[Result], float | None]) -> Values:
    given = map(value, items)
    return np.array([np.nan if one is None else float(one) for one in given])
