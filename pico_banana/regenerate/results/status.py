"""How far a ledger is: sums that are kept as it grows."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

from pico_banana.regenerate.results.answering import answering_models, unpriced_models

if TYPE_CHECKING:
    from collections.abc import Mapping

    from pico_banana.regenerate.ledger.book import Ledger


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
        models: stage to the models that answered, by their own names, with their calls.
        unpriced: models whose price nobody knows; where there are any, what was spent is unknown.
    """

    items: int
    finished: int
    failed: int
    attempts: Mapping[str, int]
    calls: Mapping[str, int]
    usd: float
    lost_usd: float
    budget_usd: float
    models: Mapping[str, Mapping[str, int]]
    unpriced: tuple[str, ...]

    def as_json(self) -> dict[str, Any]:
        """Give the status as JSON values; `usd` is null where the cost is unknown.

        Returns:
            Nested dictionaries.
        """
        return {**asdict(self), "usd": None if self.unpriced else self.usd}


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
        answering_models(ledger),
        unpriced_models(ledger),
    )
