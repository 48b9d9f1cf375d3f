"""What became of the examples that a loader was asked for, and of the rows that give none."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from pico_banana.telling import Carded

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pico_banana.training.loader.examples import Example


@dataclass(frozen=True, slots=True)
class Outcome:
    """What loading one example came to.

    Attributes:
        example: its columns, those of the example in its place, or a finished batch; None where nothing is given.
        failures: the id and the reason of every example that failed on the way.
        whole: how many examples, where `example` is a finished batch; else 0.
    """

    example: Example | None
    failures: tuple[tuple[str, str], ...] = ()
    whole: int = 0


@dataclass(slots=True)
class LoaderReport(Carded):
    """What became of the examples since the loader was made or its report was reset.

    Attributes:
        asked: examples whose turn came; given + replaced + skipped adds up to it.
        given: examples given as asked.
        replaced: failed examples in whose place another was given.
        skipped: failed examples in whose place nothing was given.
        failed: the reason for every failed example, by id.
        left_out: why a row, or a turn of a session, gives no example and is never asked for, by id.
    """

    asked: int = 0
    given: int = 0
    replaced: int = 0
    skipped: int = 0
    failed: dict[str, str] = field(default_factory=dict)
    left_out: dict[str, str] = field(default_factory=dict)

    def count(self, outcomes: Sequence[Outcome]) -> None:
        """Add what became of some examples.

        Args:
            outcomes: what loading each came to.
        """
        for outcome in outcomes:
            self.asked += outcome.whole or 1
            self.given += outcome.whole or not outcome.failures
            self.replaced += bool(outcome.failures) and outcome.example is not None
            self.skipped += outcome.example is None
            self.failed.update(outcome.failures)
