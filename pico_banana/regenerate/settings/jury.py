"""Whose verdicts count, of the many a picture may have: first and second opinion, as a policy says."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from pico_banana.errors import ConfigError, StoreError, nearest
from pico_banana.mirrors.notes import ODD_SHAPE, parse_note
from pico_banana.regenerate.settings.makers import who
from pico_banana.regenerate.settings.policy import DRIFT, Policy, Verdict
from pico_banana.regenerate.values import Stage

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from pico_banana.regenerate.settings.config import Config

GIVEN, UNJUDGED = "ok", "unjudged"
RULES = ("current", "first", "latest", "mean")


class Said(NamedTuple):
    """What one judge said of one picture, at one time.

    Attributes:
        judged_by: the number of the call.
        judge: who, see `makers.who`.
        role: the stage, "judge" or "second_judge".
        outcome: "ok", or "unjudged" when nothing readable came.
        reason: why it is unjudged; empty otherwise.
        scores: JSON text, criterion to score, drift among them where it was asked for.
        reasons: JSON text, criterion to reason.
    """

    judged_by: int
    judge: int
    role: str
    outcome: str
    reason: str
    scores: str
    reasons: str

    def verdict(self) -> Verdict:
        """Read the scores.

        Returns:
            The verdict.

        Raises:
            StoreError: what the ledger holds in their place are none.
        """
        try:
            scores = {name: float(score) for name, score in parse_note(self.scores).items()}
        except ODD_SHAPE as error:
            text = f"the ledger is damaged: {self.scores[:80]!r}, by call {self.judged_by}, are no scores"
            raise StoreError(text) from error
        return Verdict(scores, scores.pop(DRIFT, None))


class Heard(NamedTuple):
    """What counts of what was said.

    Attributes:
        first: the first opinion, or None while nobody who counts has given one.
        second: the second opinion.
        said: what both were made of, in that order.
    """

    first: Verdict | None
    second: Verdict | None = None
    said: tuple[Said, ...] = ()


_NOTHING = Heard(None)


class Jury:
    """Picks the verdicts that count.

    Args:
        policy: says whose; see `Policy.judge`.
        config: whose judges are the current ones; None where nobody is, then the latest verdict counts as current.
        names: judge to its model's name.

    Raises:
        ConfigError: the policy counts on a judge that has said nothing and is not asked.
    """

    def __init__(self, policy: Policy, config: Config | None, names: Mapping[int, str]) -> None:
        """Look up who is meant."""
        _require_known(policy, config, names)
        self.policy = policy
        self.first = who(Stage.JUDGE, config.judge) if config is not None else 0
        self.second = who(Stage.SECOND_JUDGE, config.second_judge) if config is not None else 0
        self._named = frozenset(judge for judge, name in names.items() if name == policy.judge)
        self._breakers = frozenset(judge for judge, name in names.items() if policy.tie_break == name)

    def hear(self, said: Sequence[Said]) -> Heard:
        """Pick what counts.

        Args:
            said: all that was said of a picture, by call.

        Returns:
            The opinions.
        """
        given = [one for one in said if one.outcome == GIVEN]
        if not given:
            return _NOTHING
        if self._breakers:
            return self._with_tie_break(given)
        if self.policy.judge == "mean":
            return Heard(_mean(given), None, tuple(given))
        firsts = [one for one in given if self._counts_first(one)]
        if not firsts:
            return _NOTHING
        chosen = firsts[0] if self.policy.judge == "first" else firsts[-1]
        seconds = [one for one in given if self._counts_second(one, chosen)]
        if not seconds:
            return Heard(chosen.verdict(), None, (chosen,))
        other = seconds[0] if self.policy.judge == "first" else seconds[-1]
        return Heard(chosen.verdict(), other.verdict(), (chosen, other))

    def needs_first(self, said: Sequence[Said]) -> bool:
        """Tell whether the configured judge is still to be asked.

        Args:
            said: all that was said of a picture.

        Returns:
            False when what counts is there, or the judge was asked and gave nothing readable.
        """
        asked = any(one.judge == self.first for one in said)
        if self.policy.judge in ("current", "mean") or self._breakers:
            return not asked
        return not asked and self.hear(said).first is None

    def needs_second(self, said: Sequence[Said]) -> bool:
        """Tell whether the configured second judge is still to be asked.

        Args:
            said: all that was said of a picture.

        Returns:
            True when the policy wants a second opinion and none was asked for.
        """
        first = self.hear(said).first
        if not self.second or first is None or not self.policy.wants_second(first):
            return False
        return not any(one.judge == self.second and self._is_second(one) for one in said)

    def _is_second(self, one: Said) -> bool:
        return one.role == Stage.SECOND_JUDGE or self.first != self.second

    def _counts_first(self, one: Said) -> bool:
        match self.policy.judge:
            case "first" | "latest":
                return one.role == Stage.JUDGE
            case "current":
                mine = one.judge == self.first or not self.first
                return mine and (one.role == Stage.JUDGE or self.first != self.second)
        return one.judge in self._named

    def _counts_second(self, one: Said, chosen: Said) -> bool:
        match self.policy.judge:
            case "first" | "latest":
                return one.role == Stage.SECOND_JUDGE
            case "current":
                mine = one.judge == self.second or not self.first
                return (
                    one is not chosen
                    and mine
                    and self._is_second(one)
                    and (one.role != Stage.JUDGE or bool(self.first))
                )
        return False

    def _with_tie_break(self, given: list[Said]) -> Heard:
        """Where judges disagree, the named one decides; while it has said nothing, the lowest score counts."""
        others = [one for one in given if one.judge not in self._breakers] or given
        verdicts = [one.verdict() for one in others]
        lowest = min(range(len(others)), key=lambda number: self.policy.score(verdicts[number]))
        if len({self.policy.decide(verdict).accepted for verdict in verdicts}) == 1:
            return Heard(verdicts[lowest], None, (others[lowest],))
        breakers = [one for one in given if one.judge in self._breakers]
        chosen = breakers[-1] if breakers else others[lowest]
        return Heard(chosen.verdict(), None, (chosen,))


def _require_known(policy: Policy, config: Config | None, names: Mapping[int, str]) -> None:
    asked = () if config is None else (config.judge, config.second_judge)
    known = {*names.values(), *(one.model or one.backend for one in asked if one is not None)}
    for key, name, others in (("judge", policy.judge, RULES), ("tie_break", policy.tie_break, ("",))):
        allowed = [*others, *sorted(known)]
        if name not in allowed:
            close = nearest(name, filter(None, allowed))
            meant = f"did you mean {close[0]!r}? " if close else ""
            there = ", ".join(map(repr, filter(None, allowed)))
            text = f"policy.{key} is {name!r}, a judge that was never asked here; {meant}There are {there}"
            raise ConfigError(text, key=f"policy.{key}")


def _mean(given: Sequence[Said]) -> Verdict:
    verdicts = [one.verdict() for one in given]
    names = verdicts[0].scores
    drifts = [verdict.drift for verdict in verdicts if verdict.drift is not None]
    scores = {name: sum(one.scores[name] for one in verdicts) / len(verdicts) for name in names}
    return Verdict(scores, sum(drifts) / len(drifts) if drifts else None)
