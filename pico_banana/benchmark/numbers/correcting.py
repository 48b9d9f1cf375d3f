"""Bring a judge's scores to another's scale by the anchors that both have judged."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from pico_banana.benchmark.runs.anchors import anchor_drift
from pico_banana.benchmark.runs.presets import PRESETS
from pico_banana.benchmark.runs.results import MADE, Result, Results
from pico_banana.errors import StoreError

if TYPE_CHECKING:
    from collections.abc import Mapping

_LEAST_APART = 0.05  # a judge that scores right and wrong anchors alike cannot be brought to any scale


def corrected(one: Results, reference: Mapping[str, float | None]) -> Results:
    """Move and stretch scores so that right and wrong anchors get the mean scores of the reference.

    Args:
        one: results, with anchors.
        reference: anchor to score, of the judge or the time that is the measure.

    Returns:
        The results with other scores and successes; what is missing or refused stays so.

    Raises:
        StoreError: there are no anchors, or the judge cannot tell right from wrong ones.
    """
    mine, wanted = (anchor_drift(said, {}) for said in (one.anchors, reference))
    ends = [mine["wrong"], mine["right"], wanted["wrong"], wanted["right"]]
    known = [end for end in ends if end is not None]
    if len(known) < len(ends) or known[1] - known[0] < _LEAST_APART:
        text = (
            f"the scores of {one.editor} by {one.judge} cannot be corrected: its anchors are missing, or tell nothing"
        )
        raise StoreError(text)
    factor = (known[3] - known[2]) / (known[1] - known[0])
    how = next((found for found in PRESETS.values() if found.name == one.passport["judge"]["preset"]), PRESETS["paper"])

    def moved(item: Result) -> Result:
        if item.score is None or item.ended != MADE:
            return item
        score = min(1.0, max(0.0, known[2] + (item.score - known[0]) * factor))
        return replace(item, score=round(score, 6), success=how.passes(score))

    return replace(one, items=tuple(map(moved, one.items)))
