"""What a ledger holds, in numbers: survival by type and stage, money, time, and what went wrong."""

from __future__ import annotations

from collections import Counter
from dataclasses import asdict, dataclass, field
from typing import TYPE_CHECKING, Any, NamedTuple

from pico_banana.regenerate.ledger.book import open_ledger
from pico_banana.regenerate.ledger.many import each_ledger
from pico_banana.regenerate.results.answering import Money, StageReport, stage_reports
from pico_banana.regenerate.results.derive import results
from pico_banana.regenerate.results.ended import End, ItemResult
from pico_banana.regenerate.results.parting import each, parted
from pico_banana.telling import Carded

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from pico_banana.regenerate.ledger.many import Run
    from pico_banana.regenerate.settings.policy import Policy


TYPE_HEADS = (
    "edit type",
    "planned",
    "accepted",
    "first try",
    "attempts",
    "preference",
    "discarded",
    "refused",
    "declined",
    "unjudged",
    "open",
)


@dataclass(slots=True)
class TypeReport:
    """One edit type, first turns only; `items == not_begun + sum(ended)`, with "accepted" among the ends.

    Attributes:
        items: planned items that begin with it.
        not_begun: of them, those without any record.
        ended: how the others ended, see `derive.End`.
        attempts: attempts made.
        first_accepted: accepted at the first attempt.
        outcomes: attempt outcome to count.
        preference: items with at least one rejected picture.
    """

    items: int = 0
    not_begun: int = 0
    ended: Counter[str] = field(default_factory=Counter)
    attempts: int = 0
    first_accepted: int = 0
    outcomes: Counter[str] = field(default_factory=Counter)
    preference: int = 0

    @property
    def accepted(self) -> int:
        """Items accepted."""
        return self.ended[End.ACCEPTED]

    @property
    def first_rate(self) -> float | None:
        """The share of first attempts that were accepted, of those judged or failed at a check."""
        begun = self.items - self.not_begun - self.ended[End.DECLINED] - self.ended[End.UNWRITTEN]
        return self.first_accepted / begun if begun else None

    def cells(self) -> tuple[int | float | None, ...]:
        """Give the row of a table under `TYPE_HEADS`, after the type's name.

        Returns:
            Counts, and the share of first tries as a float, or None.
        """
        ended = self.ended
        lost = ended[End.DISCARDED], ended[End.REFUSED], ended[End.DECLINED] + ended[End.UNWRITTEN]
        tried = self.items, self.accepted, self.first_rate, self.attempts, self.preference
        return (*tried, *lost, ended[End.UNJUDGED], ended[End.OPEN] + self.not_begun)

    def add(self, other: TypeReport) -> None:
        """Add the counts of another part.

        Args:
            other: the part.
        """
        for name in ("items", "not_begun", "attempts", "first_accepted", "preference"):
            setattr(self, name, getattr(self, name) + getattr(other, name))
        self.ended += other.ended
        self.outcomes += other.outcomes

    def as_json(self) -> dict[str, Any]:
        """Give the part as JSON values.

        Returns:
            A dictionary.
        """
        counts = {"ended": dict(self.ended), "outcomes": dict(self.outcomes)}
        numbers = {
            name: getattr(self, name) for name in ("items", "not_begun", "attempts", "first_accepted", "preference")
        }
        return {**numbers, "accepted": self.accepted, **counts}


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


class _Task(NamedTuple):
    """A part of a ledger's items."""

    ledger: Path
    items: range
    policy: Policy


@dataclass(slots=True)
class _Part:
    """What is counted of a part: by type, sessions that came past each turn, sessions with a row."""

    types: dict[str, TypeReport] = field(default_factory=dict)
    turns: Counter[int] = field(default_factory=Counter)
    sessions: int = 0

    def add(self, other: _Part) -> None:
        for kind, part in other.types.items():
            self.types.setdefault(kind, TypeReport()).add(part)
        self.turns += other.turns
        self.sessions += other.sessions


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
    whole, money = _Part(), Money()
    parts, processes = parted(run, workers)
    for part in each(_count_part, [_Task(ledger, span, rule) for ledger, span in parts], processes):
        whole.add(part)
    for ledger in each_ledger(run):
        money.add(ledger)
    items = sum(part.items for part in whole.types.values())
    types = dict(sorted(whole.types.items()))
    told = money.lost_usd, dict(money.failures), money.models, tuple(sorted(money.unpriced))
    return Report(rule, items, types, stage_reports(money.sums), dict(whole.turns), whole.sessions, *told)


def _count_part(task: _Task) -> _Part:
    part = _Part()
    with open_ledger(task.ledger) as ledger:
        for result in results(ledger, task.policy, items=task.items, brief=True):
            _count(part.types.setdefault(result.planned[0], TypeReport()), result)
            if len(result.planned) > 1:
                part.turns.update(turn.turn for turn in result.turns if turn.accepted is not None)
                part.sessions += bool(result.session(task.policy))
    return part


def _count(part: TypeReport, result: ItemResult) -> None:
    part.items += 1
    if not result.turns:
        part.not_begun += 1
        return
    turn = result.turns[0]
    part.ended[turn.end.value] += 1
    part.attempts += len(turn.attempts)
    for one in turn.attempts:
        part.outcomes[one.outcome] += 1
    part.first_accepted += bool(turn.attempts and turn.attempts[0].accepted)
    part.preference += bool(turn.negatives)
