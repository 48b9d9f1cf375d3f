"""A number of accepted rows to reach: which item is next, and when it is enough."""

from __future__ import annotations

from collections import Counter, deque
from typing import TYPE_CHECKING

from pico_banana.errors import ConfigError
from pico_banana.regenerate.ledger.book import open_ledger
from pico_banana.regenerate.ledger.layout import is_ledger
from pico_banana.regenerate.results.derive import results
from pico_banana.regenerate.results.ended import End
from pico_banana.regenerate.work.forecast import prior_rate

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping
    from pathlib import Path

    from pico_banana.regenerate.values import Item

_POOL = 2048  # items looked at together; more would read the whole plan of a large ledger
_PRIOR = 4.0  # the published rate weighs as much as so many items of one's own


class Target:
    """Counts accepted rows, and gives the items of the types that yield most first.

    Args:
        rows: accepted rows to reach; of each type when `by_type`.
        by_type: whether each type has that target.
        earlier: edit type to rows accepted by earlier runs of the ledger.
    """

    def __init__(self, rows: int, *, by_type: bool = False, earlier: Mapping[str, int] | None = None) -> None:
        """Begin with what is there already."""
        self.rows = rows
        self.by_type = by_type
        self.accepted: Counter[str] = Counter(earlier or {})
        self._done: Counter[str] = Counter()
        self._came: Counter[str] = Counter()
        self._usd: dict[str, float] = {}
        self._flying: Counter[str] = Counter()

    def note(self, kind: str, *, accepted: bool, usd: float) -> None:
        """Note how an item ended.

        Args:
            kind: the edit type of its first turn.
            accepted: whether it gave a row.
            usd: what it cost.
        """
        self._done[kind] += 1
        self._flying[kind] -= 1
        self._usd[kind] = self._usd.get(kind, 0.0) + usd
        self._came[kind] += accepted
        self.accepted[kind] += accepted

    @property
    def reached(self) -> bool:
        """Whether it is enough; by type, only types that were seen in the plan can say no, see `chosen`."""
        return not self.by_type and self.accepted.total() >= self.rows

    def chosen(self, items: Iterable[Item]) -> Iterator[Item]:
        """Give the items worth walking, those of the type with the best yield for its money first.

        Args:
            items: the pending items.

        Yields:
            Items, until it is enough or none is left.
        """
        source = iter(items)
        pool: dict[str, deque[Item]] = {}
        while not self.reached:
            self._fill(pool, source)
            kind = self._best(pool)
            if kind is None:
                return
            self._flying[kind] += 1
            yield pool[kind].popleft()

    def _fill(self, pool: dict[str, deque[Item]], source: Iterator[Item]) -> None:
        waiting = sum(len(found) for kind, found in pool.items() if self._wants(kind))
        while waiting < _POOL and (item := next(source, None)) is not None:
            kind = str(item.edit_types[0])
            if self._wants(kind):
                pool.setdefault(kind, deque()).append(item)
                waiting += 1

    def _wants(self, kind: str) -> bool:
        return self.accepted[kind] < self.rows if self.by_type else True

    def _best(self, pool: dict[str, deque[Item]]) -> str | None:
        kinds = [kind for kind, found in pool.items() if found and self._wants(kind)]
        # Rows that are on their way count as far as they may be expected, so that a type is not overshot.
        lacking = [kind for kind in kinds if self.accepted[kind] + self._flying[kind] * self._rate(kind) < self.rows]
        return max(lacking if self.by_type and lacking else kinds, key=self._yield, default=None)

    def _rate(self, kind: str) -> float:
        return (self._came[kind] + _PRIOR * prior_rate(kind)) / (self._done[kind] + _PRIOR)

    def _yield(self, kind: str) -> float:
        done, usd = self._done.total(), sum(self._usd.values())
        usual = usd / done if done and usd else 1.0
        cost = (self._usd.get(kind, 0.0) + _PRIOR * usual) / (self._done[kind] + _PRIOR)
        return self._rate(kind) / cost


def chosen_target(folder: Path, rows: int, *, by_type: bool) -> Target | None:
    """Make the target of a run, with what earlier runs of its ledger reached.

    Args:
        folder: the ledger's folder; it may not be there yet.
        rows: accepted rows to reach, 0 for no target.
        by_type: whether each type has that target.

    Returns:
        The target, or None.

    Raises:
        ConfigError: a negative number, or a target by type without a number.
    """
    if rows < 0 or (by_type and not rows):
        raise ConfigError("--target needs a number of rows from 1, and --by-type a --target", key="target")
    if not rows:
        return None
    earlier: Counter[str] = Counter()
    if is_ledger(folder):
        with open_ledger(folder) as ledger:
            if ledger.latest_config_json() is not None:
                for result in results(ledger, ledger.latest_config().policy, brief=True):
                    earlier[result.planned[0]] += any(turn.end is End.ACCEPTED for turn in result.turns[:1])
    return Target(rows, by_type=by_type, earlier=earlier)
