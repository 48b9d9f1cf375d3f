"""How far a run is: what its live line shows and its command prints."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

Progress = Callable[["RunState"], None]


@dataclass(slots=True)
class RunState:
    """How far a run is; `total == done + failed + left`.

    Attributes:
        total: items to walk in this run.
        earlier: items that earlier runs had finished.
        done: items finished in this run.
        failed: items that could not be finished; they wait for `retry-failed`.
        failures: error class to how many items.
        by_type: edit type of the first turn to how it ended ("accepted", "rejected", "refused", "declined") to
            how many items.
        calls: calls a service answered in this run.
        replayed: calls answered from the ledger in this run.
        spent_usd: spent so far, over all runs of the ledger.
        in_flight_usd: what calls in flight can cost at most.
        seconds: since this run began.
        stopped: why the run stopped early: "", "interrupted", or the text of an error.
    """

    total: int = 0
    earlier: int = 0
    done: int = 0
    failed: int = 0
    failures: dict[str, int] = field(default_factory=dict)
    by_type: dict[str, Counter[str]] = field(default_factory=dict)
    calls: int = 0
    replayed: int = 0
    spent_usd: float = 0.0
    in_flight_usd: float = 0.0
    seconds: float = 0.0
    stopped: str = ""

    @property
    def left(self) -> int:
        """Items this run has not finished."""
        return self.total - self.done - self.failed

    def as_json(self) -> dict[str, Any]:
        """Give the state as JSON values.

        Returns:
            A dictionary.
        """
        numbers = {
            name: getattr(self, name) for name in ("total", "earlier", "done", "failed", "left", "calls", "replayed")
        }
        money = {"spent_usd": self.spent_usd, "seconds": self.seconds, "stopped": self.stopped}
        by_type = {kind: dict(ends) for kind, ends in self.by_type.items()}
        return {**numbers, **money, "failures": self.failures, "by_type": by_type}

    @property
    def ended(self) -> Counter[str]:
        """How first turns ended, over all types."""
        return sum(self.by_type.values(), Counter())

    @property
    def eta_s(self) -> float | None:
        """Seconds until the end at the speed so far, or None when nothing is done yet."""
        return self.seconds / self.done * self.left if self.done else None
