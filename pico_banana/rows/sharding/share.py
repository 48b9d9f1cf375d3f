"""What a shard may spend of a budget that all shards share.

Nobody hands anything out while shards run: a share follows from what is written down already, so it is the same for
whoever works on the shard, however often that one is lost. A shard that is finished for the first time gives back what
it did not spend, to all that are not: `(budget - spent by those that are finished) / (how many are not)`. No one spends
more than that, so it only grows from one finished shard to the next, and what was granted earlier, to a shard that is
still at work, is never more than what is granted now. So all together keep the budget, whoever starts when.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

_NOTHING = 1e-9  # USD: a limit that no call fits in, where 0 would be no limit


@dataclass(frozen=True, slots=True)
class Share:
    """What one shard may spend.

    Attributes:
        count: how many shards there are.
        settled: of each shard that was ever finished, what it had spent then: the name of a budget to USD.
        mine: the same of this shard, None when it was never finished; what it gave back it cannot have again before
            all others are finished.
    """

    count: int
    settled: tuple[Mapping[str, float], ...] = ()
    mine: Mapping[str, float] | None = None

    def usd(self, budget: float, name: str = "") -> float:
        """Give this shard's part of a budget.

        Args:
            budget: of all shards, USD; 0 for none.
            name: of the budget, where a work has several.

        Returns:
            Its limit, USD, with what it has spent already; 0 for none.
        """
        if not budget:
            return 0.0
        left = budget - sum(spent.get(name, 0.0) for spent in self.settled)
        if self.mine is None:
            return max(left / (self.count - len(self.settled)), _NOTHING)
        own = self.mine.get(name, 0.0)
        return max(own + left / self.count if len(self.settled) == self.count else own, _NOTHING)
