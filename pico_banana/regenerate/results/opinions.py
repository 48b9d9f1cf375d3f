"""What a policy makes of the verdicts on an attempt, formed once for equal verdicts.

A ledger has a million attempts and few different scores: levels from 0 to 5 on four criteria make some thousand.
"""

from __future__ import annotations

from operator import itemgetter
from typing import TYPE_CHECKING, Any, NamedTuple

from pico_banana.regenerate.settings.jury import Said

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pico_banana.regenerate.settings.jury import Jury
    from pico_banana.regenerate.settings.policy import Decision, Policy, Verdict

_MOST_KEPT = 50_000
_WEIGHED = itemgetter(*(Said._fields.index(name) for name in ("judge", "role", "outcome", "scores")))


class Opinion(NamedTuple):
    """What follows from the verdicts on one attempt.

    Attributes:
        counted: which of them count, by their place.
        first: the first opinion, or None while nobody who counts has given one.
        second: the second opinion.
        settled: whether the configuration has nobody left to ask.
        decision: what the policy says, where there is a first opinion.
    """

    counted: tuple[int, ...]
    first: Verdict | None
    second: Verdict | None
    settled: bool
    decision: Decision | None


class Opinions:
    """Forms opinions, and keeps them.

    Args:
        policy: what decides.
        jury: who counts.
    """

    def __init__(self, policy: Policy, jury: Jury) -> None:
        """Start with none."""
        self._policy = policy
        self._jury = jury
        self._kept: dict[tuple[Any, ...], Opinion] = {}

    def of(self, said: Sequence[tuple[Any, ...]]) -> Opinion:
        """Give the opinion that verdicts make.

        Args:
            said: the fields of `Said`, verdict by verdict in the order of their calls.

        Returns:
            The opinion.
        """
        key = _WEIGHED(said[0]) if len(said) == 1 else tuple(map(_WEIGHED, said))
        found = self._kept.get(key)
        if found is None:
            if len(self._kept) >= _MOST_KEPT:
                self._kept.clear()
            found = self._kept[key] = self._formed([Said(*one) for one in said])
        return found

    def _formed(self, said: list[Said]) -> Opinion:
        first, second, counted = self._jury.hear(said)
        settled = not self._jury.needs_first(said) and not self._jury.needs_second(said)
        places = tuple(next(place for place, one in enumerate(said) if one is other) for other in counted)
        decision = None if first is None else self._policy.decide(first, second)
        return Opinion(places, first, second, settled, decision)
