"""How far a ledger is: sums that are kept as it grows."""

from __future__ import annotations

from collections import Counter
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

from pico_banana.regenerate.ledger.many import Ledgers, each_ledger
from pico_banana.regenerate.results.answering import Money

if TYPE_CHECKING:
    from collections.abc import Mapping

    from pico_banana.regenerate.ledger.many import Run


_CALLS = "SELECT stage, sum(calls) FROM call_sums GROUP BY stage"


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


def make_status(run: Run) -> Status:
    """Say how far a run is.

    Args:
        run: a ledger, open for reading, or the ledgers of shards, see `open_run`.

    Returns:
        The status.

    Raises:
        ConfigError: the ledger was never run.
    """
    numbers, attempts, calls, money = Counter[str](), Counter[str](), Counter[str](), Money()
    for ledger in each_ledger(run):
        config = ledger.latest_config()
        counts = {
            (name, value): count
            for name, value, count in ledger.database.execute("SELECT name, value, count FROM counts")
        }
        numbers["items"] += ledger.item_count()
        numbers["finished"] += counts.get(("finished", config.digest()), 0)
        numbers["failed"] += ledger.pending_count(config.digest(), failed=True)
        attempts.update({value: count for (name, value), count in counts.items() if name == "attempts" and count})
        calls.update(dict(map(tuple, ledger.database.execute(_CALLS))))
        money.add(ledger)
        budget = config.run.budget_usd
    return Status(
        numbers["items"],
        numbers["finished"],
        numbers["failed"],
        dict(attempts),
        dict(calls),
        money.usd,
        money.lost_usd,
        budget * (len(run) if isinstance(run, Ledgers) else 1),
        money.models,
        tuple(sorted(money.unpriced)),
    )
