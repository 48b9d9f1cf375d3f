"""What a ledger holds, in numbers: survival by type and stage, money, time, and what went wrong."""

from __future__ import annotations

from collections import Counter
from dataclasses import asdict, dataclass, field
from typing import TYPE_CHECKING, Any

from pico_banana.regenerate.results.derive import results
from pico_banana.regenerate.results.ended import End, ItemResult
from pico_banana.telling import Carded

if TYPE_CHECKING:
    from collections.abc import Mapping

    from pico_banana.regenerate.ledger.book import Ledger
    from pico_banana.regenerate.settings.policy import Policy


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
class StageReport:
    """One stage.

    Attributes:
        calls: calls that were answered.
        unavailable: calls that were not: throttled, failed, cut.
        outcomes: outcome to count.
        input_tokens: sum.
        output_tokens: sum.
        usd: sum.
        mean_s: mean seconds of an answered call.
    """

    calls: int
    unavailable: int
    outcomes: Mapping[str, int]
    input_tokens: int
    output_tokens: int
    usd: float
    mean_s: float


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
    """

    policy: Policy
    items: int
    types: Mapping[str, TypeReport]
    stages: Mapping[str, StageReport]
    turns: Mapping[int, int]
    sessions: int
    lost_usd: float
    failures: Mapping[str, int]

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
        """Money an accepted row cost, everything included."""
        return self.usd / self.accepted if self.accepted else None

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
            "usd": round(self.usd, 6),
            "usd_per_accepted": self.usd_per_accepted,
            "lost_usd": self.lost_usd,
            "failures": dict(self.failures),
            "turns": {str(turn): count for turn, count in self.turns.items()},
            "types": {kind: part.as_json() for kind, part in self.types.items()},
            "stages": {stage: asdict(part) for stage, part in self.stages.items()},
            "policy": asdict(self.policy),
        }


def make_report(ledger: Ledger, *, policy: Policy | None = None) -> Report:
    """Count what a ledger holds.

    Args:
        ledger: open for reading; it may be growing.
        policy: None for the policy of the latest run.

    Returns:
        The report.

    Raises:
        ConfigError: no policy is given and the ledger was never run.
    """
    rule = policy or ledger.latest_config().policy
    types: dict[str, TypeReport] = {}
    turns: Counter[int] = Counter()
    sessions = 0
    for result in results(ledger, rule):
        _count(types.setdefault(result.planned[0], TypeReport()), result)
        turns.update(turn.turn for turn in result.turns if turn.accepted is not None and len(result.planned) > 1)
        sessions += bool(result.session(rule))
    _, lost = ledger.spent_usd()
    items = sum(part.items for part in types.values())
    return Report(
        rule, items, dict(sorted(types.items())), _stages(ledger), dict(turns), sessions, lost, _failures(ledger)
    )


@dataclass(frozen=True, slots=True)
class Status:
    """How far a ledger is, without looking at scores; quick at any size.

    Attributes:
        items: planned items.
        finished: items that are finished under the latest configuration.
        failed: unfinished items that wait for `retry-failed`.
        attempts: attempts, by outcome.
        calls: calls, by stage.
        usd: money spent.
        lost_usd: what calls lost in flight may have cost at most.
        budget_usd: the limit, 0 for none.
    """

    items: int
    finished: int
    failed: int
    attempts: Mapping[str, int]
    calls: Mapping[str, int]
    usd: float
    lost_usd: float
    budget_usd: float


def make_status(ledger: Ledger) -> Status:
    """Say how far a ledger is.

    Args:
        ledger: open for reading.

    Returns:
        The status.

    Raises:
        ConfigError: the ledger was never run.
    """
    config = ledger.latest_config()
    counts = {
        (name, value): count for name, value, count in ledger.database.execute("SELECT name, value, count FROM counts")
    }
    spent, lost = ledger.spent_usd()
    return Status(
        ledger.item_count(),
        counts.get(("finished", config.digest()), 0),
        ledger.pending_count(config.digest(), failed=True),
        {value: count for (name, value), count in counts.items() if name == "attempts" and count},
        dict(map(tuple, ledger.database.execute("SELECT stage, sum(calls) FROM call_sums GROUP BY stage"))),
        spent,
        lost,
        config.run.budget_usd,
    )


def _count(part: TypeReport, result: ItemResult) -> None:
    part.items += 1
    if not result.turns:
        part.not_begun += 1
        return
    turn = result.turns[0]
    part.ended[str(turn.end)] += 1
    part.attempts += len(turn.attempts)
    part.outcomes.update(one.outcome for one in turn.attempts)
    part.first_accepted += bool(turn.attempts and turn.attempts[0].accepted)
    part.preference += bool(turn.negatives)


def _stages(ledger: Ledger) -> dict[str, StageReport]:
    parts: dict[str, list[Any]] = {}
    for row in ledger.database.execute("SELECT * FROM call_sums ORDER BY stage, outcome"):
        parts.setdefault(row["stage"], []).append(row)
    return {stage: _stage(rows) for stage, rows in parts.items()}


def _stage(rows: list[Any]) -> StageReport:
    found = {row["outcome"]: row["calls"] for row in rows}
    lost = found.get("unavailable", 0)
    answered = sum(found.values()) - lost
    seconds = sum(row["seconds"] for row in rows if row["outcome"] != "unavailable")
    sent, came, usd = (sum(row[name] for row in rows) for name in ("input_tokens", "output_tokens", "usd"))
    return StageReport(answered, lost, found, sent, came, usd, seconds / answered if answered else 0.0)


def _failures(ledger: Ledger) -> dict[str, int]:
    rows = ledger.database.execute(
        "SELECT error, count(DISTINCT item) FROM failures WHERE item NOT IN (SELECT item FROM finished) GROUP BY error"
    )
    return dict(map(tuple, rows))
