"""What a ledger holds, in numbers: survival by type and stage, money, time, and what went wrong."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from typing import TYPE_CHECKING, Any

from pico_banana.regenerate.ledger.many import each_ledger
from pico_banana.regenerate.results.answering import Money, StageReport, stage_reports
from pico_banana.regenerate.results.counting import TypeReport, counts_of
from pico_banana.telling import Carded

if TYPE_CHECKING:
    from collections.abc import Mapping

    from pico_banana.regenerate.ledger.many import Run
    from pico_banana.regenerate.settings.policy import Policy


@dataclass(frozen=True, slots=True)
class Report(Carded):
    """What a ledger holds under a policy.

    Attributes:
        policy: the policy.
        items: planned items.
        types: edit type to its part.
        stages: stage to its part.
        turns: turn number to how many sessions came past it.
        sessions: rows of multi-turn.jsonl.
        lost_usd: what calls lost in flight may have cost at most.
        failures: error class to items that wait for `retry-failed`.
        models: stage to the models that answered, by their own names, with their calls.
        unpriced: models whose price nobody knows; where there are any, what was spent is unknown.
    """

    policy: Policy
    items: int
    types: Mapping[str, TypeReport]
    stages: Mapping[str, StageReport]
    turns: Mapping[int, int]
    sessions: int
    lost_usd: float
    failures: Mapping[str, int]
    models: Mapping[str, Mapping[str, int]] = field(default_factory=dict)
    unpriced: tuple[str, ...] = ()

    @property
    def accepted(self) -> int:
        """Rows of sft.jsonl."""
        return sum(part.accepted for part in self.types.values())

    @property
    def preference(self) -> int:
        """Rows of preference.jsonl."""
        return sum(part.preference for part in self.types.values())

    @property
    def usd(self) -> float:
        """Money spent."""
        return sum(part.usd for part in self.stages.values())

    @property
    def usd_per_accepted(self) -> float | None:
        """Money an accepted row cost, everything included; None when there is none, or the cost is unknown."""
        return self.usd / self.accepted if self.accepted and not self.unpriced else None

    def usd_of(self, stage: str) -> str:
        """Say what a stage cost.

        Args:
            stage: one of `stages`.

        Returns:
            USD with four digits, or "unknown".
        """
        return "unknown" if self.unpriced else f"{self.stages[stage].usd:.4f}"

    def as_json(self) -> dict[str, Any]:
        """Give the report as JSON values.

        Returns:
            Nested dictionaries.
        """
        return {
            "items": self.items,
            "accepted": self.accepted,
            "preference": self.preference,
            "sessions": self.sessions,
            "usd": None if self.unpriced else round(self.usd, 6),
            "unpriced": list(self.unpriced),
            "models": {stage: dict(models) for stage, models in self.models.items()},
            "usd_per_accepted": self.usd_per_accepted,
            "lost_usd": self.lost_usd,
            "failures": dict(self.failures),
            "turns": {str(turn): count for turn, count in self.turns.items()},
            "types": {kind: part.as_json() for kind, part in self.types.items()},
            "stages": {stage: asdict(part) for stage, part in self.stages.items()},
            "policy": asdict(self.policy),
        }


def make_report(run: Run, *, policy: Policy | None = None, workers: int = 1) -> Report:
    """Count what a run holds.

    Args:
        run: a ledger, open for reading, or the ledgers of shards, see `open_run`; they may be growing.
        policy: None for the policy of the latest run.
        workers: processes for a large run, see `assemble`.

    Returns:
        The report.

    Raises:
        ConfigError: no policy is given and the ledger was never run.
    """
    rule = policy or run.latest_config().policy
    whole, money = counts_of(run, rule, workers=workers), Money()
    for ledger in each_ledger(run):
        money.add(ledger)
    items = sum(part.items for part in whole.types.values())
    types = dict(sorted(whole.types.items()))
    told = money.lost_usd, dict(money.failures), money.models, tuple(sorted(money.unpriced))
    return Report(rule, items, types, stage_reports(money.sums), dict(whole.turns), whole.sessions, *told)
