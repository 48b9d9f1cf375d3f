"""Notices a judge that is not the same any more: anchors are asked about again and again in the middle of a run."""

from __future__ import annotations

import math
from collections import deque
from statistics import fmean, pstdev
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

EVERY = 6  # judged edits between two anchors; eight anchors are then seen in 48 calls
_WINDOW = 4  # of each kind, right and wrong
_LEAST = 0.12  # a mean difference that chance alone does not make with scores this coarse
_SIGMAS = 4.5


class Watch:
    """Compares what a judge says of an anchor with what it said of it at the beginning of the run.

    Attributes:
        noticed: what was noticed first, in words; empty while the judge is the same.
        calls: how many edits and anchors it has judged since the beginning.
    """

    def __init__(self, reference: Mapping[str, float | None]) -> None:
        """Begin; `reference` may still be filled while the run begins."""
        self._reference = reference
        self._recent: dict[str, deque[float]] = {}
        self._usual: list[float] = []
        self.noticed = ""
        self.calls = 0

    def judged(self, edits: int = 1) -> None:
        """Note that edits were judged."""
        self.calls += edits

    def saw(self, name: str, score: float | None) -> bool:
        """Note what was said of an anchor again.

        Args:
            name: the anchor.
            score: what was said; None where nothing came.

        Returns:
            Whether the judge is seen to differ from the one at the beginning.
        """
        self.calls += 1
        before = self._reference.get(name)
        if score is None or before is None:
            return bool(self.noticed)
        kind = name.partition("-")[0]
        recent = self._recent.setdefault(kind, deque(maxlen=_WINDOW))
        if len(recent) == _WINDOW:
            self._usual.append(recent[0])  # old enough to have been seen as usual
        recent.append(score - before)
        if len(recent) == _WINDOW and not self.noticed and abs(fmean(recent)) > self._bound():
            self.noticed = (
                f"after {self.calls} calls the judge scores {kind} anchors {fmean(recent):+.2f} away from "
                "what it said at the beginning of this run"
            )
        return bool(self.noticed)

    def _bound(self) -> float:
        spread = pstdev(self._usual) if len(self._usual) > 1 else 0.0
        return max(_LEAST, _SIGMAS * spread / math.sqrt(_WINDOW))
