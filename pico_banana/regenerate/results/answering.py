"""Who answered in a ledger, stage by stage, with what it took and cost."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from pico_banana.regenerate.settings.pricelist import FREE_BACKENDS, has_price

if TYPE_CHECKING:
    from collections.abc import Mapping

    from pico_banana.regenerate.ledger.book import Ledger


NOT_TOLD = "the service names none"  # as the replies of OpenAI's `images.edit` do
_FAILURES = (
    "SELECT error, count(DISTINCT item) FROM failures WHERE item NOT IN (SELECT item FROM finished) GROUP BY error"
)


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


def answering_models(ledger: Ledger) -> dict[str, dict[str, int]]:
    """Count the answered calls by the model that said it answered.

    Args:
        ledger: open for reading.

    Returns:
        Stage to model to calls. A model that runs here goes by the name it was asked by; of a service that names none
        that is all that can be said, and it is said.
    """
    found: dict[str, dict[str, int]] = {}
    for stage, answered, asked, backend, calls in ledger.database.execute(
        "SELECT stage, answered_by, coalesce(nullif(model, ''), backend), backend, sum(calls) "
        "FROM answering JOIN makers ON makers.id = maker GROUP BY 1, 2, 3, 4 ORDER BY 1, 5 DESC"
    ):
        name = answered or (asked if backend in FREE_BACKENDS else f"{asked} as asked, {NOT_TOLD}")
        models = found.setdefault(stage, {})
        models[name] = models.get(name, 0) + calls
    return found


def unpriced_models(ledger: Ledger) -> tuple[str, ...]:
    """Name the models that answered and whose price nobody knows, by the latest configuration.

    Args:
        ledger: open for reading.

    Returns:
        The names they were asked by, sorted.
    """
    if ledger.latest_config_json() is None:
        return ()
    own = ledger.latest_config().prices
    rows = ledger.database.execute(
        "SELECT DISTINCT backend, model FROM answering JOIN makers ON makers.id = maker"
    ).fetchall()
    return tuple(sorted({model or backend for backend, model in rows if not has_price(backend, model, own)}))


@dataclass(slots=True)
class Money:
    """What the calls of a run took and cost, summed over its ledgers.

    Attributes:
        sums: stage and outcome to the numbers of `call_sums`.
        models: stage to model to calls, see `answering_models`.
        unpriced: see `unpriced_models`.
        failures: error class to items that wait for `retry-failed`.
        lost_usd: what calls lost in flight may have cost at most.
        usd: money spent.
    """

    sums: dict[tuple[str, str], Counter[str]] = field(default_factory=dict)
    models: dict[str, dict[str, int]] = field(default_factory=dict)
    unpriced: set[str] = field(default_factory=set)
    failures: Counter[str] = field(default_factory=Counter)
    lost_usd: float = 0.0
    usd: float = 0.0

    def add(self, ledger: Ledger) -> None:
        """Add those of one ledger.

        Args:
            ledger: open for reading.
        """
        for row in ledger.database.execute("SELECT * FROM call_sums ORDER BY stage, outcome"):
            found = self.sums.setdefault((row["stage"], row["outcome"]), Counter())
            found.update({name: count for name, count in dict(row).items() if name not in {"stage", "outcome"}})
        for stage, models in answering_models(ledger).items():
            known = Counter(self.models.get(stage, {})) + Counter(models)
            self.models[stage] = dict(known.most_common())
        self.unpriced |= set(unpriced_models(ledger))
        self.failures.update(dict(map(tuple, ledger.database.execute(_FAILURES))))
        spent, lost = ledger.spent_usd()
        self.usd += spent
        self.lost_usd += lost


def stage_reports(sums: Mapping[tuple[str, str], Mapping[str, Any]]) -> dict[str, StageReport]:
    """Sum the calls of each stage.

    Args:
        sums: stage and outcome to the numbers of `call_sums`.

    Returns:
        Stage to its part.
    """
    parts: dict[str, list[Any]] = {}
    for (stage, outcome), numbers in sorted(sums.items()):
        parts.setdefault(stage, []).append({**numbers, "outcome": outcome})
    return {stage: _stage(rows) for stage, rows in parts.items()}


def _stage(rows: list[Any]) -> StageReport:
    found = {row["outcome"]: row["calls"] for row in rows}
    lost = found.get("unavailable", 0)
    answered = sum(found.values()) - lost
    seconds = sum(row["seconds"] for row in rows if row["outcome"] != "unavailable")
    sent, came, usd = (sum(row[name] for row in rows) for name in ("input_tokens", "output_tokens", "usd"))
    return StageReport(answered, lost, found, sent, came, usd, seconds / answered if answered else 0.0)
