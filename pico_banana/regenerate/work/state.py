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
        unreadable: of every photo that could not be read, and so was left out before anything was paid for it, the file
            and the reason; its items are among the failed.
        by_type: edit type of the first turn to how it ended ("accepted", "rejected", "refused", "declined") to
            how many items.
        usd_by_type: edit type of the first turn to what its items cost in this run, USD.
        unpriced: models whose price nobody knows; where there are any, what was spent is unknown.
        models: stage table to the models that answered in this run, and how often.
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
    unreadable: list[str] = field(default_factory=list)
    by_type: dict[str, Counter[str]] = field(default_factory=dict)
    usd_by_type: dict[str, float] = field(default_factory=dict)
    unpriced: tuple[str, ...] = ()
    models: dict[str, Counter[str]] = field(default_factory=dict)
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
        models = {stage: dict(found) for stage, found in self.models.items()}
        more = {"usd_by_type": self.usd_by_type, "unpriced": list(self.unpriced), "models": models}
        more["unreadable"] = self.unreadable
        return {**numbers, **money, "failures": self.failures, "by_type": by_type, **more}

    @property
    def spent(self) -> str:
        """What was spent, in words: the sum, or that it is unknown."""
        if not self.unpriced:
            return f"{self.spent_usd:.4f} USD spent"
        return f"cost unknown, for nobody knows the price of {', '.join(self.unpriced)}"

    @property
    def usd_per_accepted(self) -> dict[str, float | None]:
        """What an accepted row cost in this run, by type; None where none was accepted."""
        accepted = {kind: self.by_type.get(kind, Counter())["accepted"] for kind in self.usd_by_type}
        return {kind: usd / accepted[kind] if accepted[kind] else None for kind, usd in self.usd_by_type.items()}

    @property
    def ended(self) -> Counter[str]:
        """How first turns ended, over all types."""
        return sum(self.by_type.values(), Counter())

    @property
    def eta_s(self) -> float | None:
        """Seconds until the end at the speed so far, or None when nothing is done yet."""
        return self.seconds / self.done * self.left if self.done else None
