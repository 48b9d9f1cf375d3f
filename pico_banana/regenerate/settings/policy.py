"""The rubric and the rule that turns scores into accept or reject.

Four criteria, weights .40/.25/.20/.15 and an acceptance above about 0.7 are the published rubric, the policy `paper`;
everything is a value of the configuration. A rule is applied to scores that lie in the ledger, so it can be changed
afterwards without a new call.
"""

from __future__ import annotations

import math
from collections.abc import Mapping  # noqa: TC003 - annotations here are read at run time, see reader.py
from dataclasses import dataclass, field, replace
from typing import Any, Literal, NamedTuple, TypeAlias

from pico_banana.errors import ConfigError, nearest
from pico_banana.regenerate.backends.json_replies import parse_json_object
from pico_banana.regenerate.settings.verdicts import (
    CRITERIA,
    DRIFT,
    Verdict,
    parse_verdict,
    verdict_schema,
)

__all__ = [
    "CRITERIA",
    "DRIFT",
    "NAMED",
    "Decision",
    "Policy",
    "SecondOpinion",
    "Verdict",
    "named_policy",
    "parse_json_object",
    "parse_verdict",
    "published_weights",
    "verdict_schema",
    "with_threshold",
]

Comparison: TypeAlias = Literal[">", ">="]
Combine: TypeAlias = Literal["weighted", "geometric"]
When: TypeAlias = Literal["never", "near_threshold", "survivors", "always"]
Merge: TypeAlias = Literal["mean", "second", "both"]

# Scores are kept to 6 digits, so that a sum that should be 0.7 is not 0.7000000000000001.
_DIGITS = 6
_CAPS = "compliance"


def published_weights() -> dict[str, float]:
    """Give the weights of the published rubric.

    Returns:
        Criterion to weight; they sum to 1.
    """
    return dict(zip(CRITERIA, (0.40, 0.25, 0.20, 0.15), strict=True))


class Decision(NamedTuple):
    """What the policy makes of one attempt.

    Attributes:
        accepted: whether the edit is taken.
        score: the combined score, 0 to 1.
        why: one of "accepted", "below threshold", "below minimum: <criterion>".
    """

    accepted: bool
    score: float
    why: str


@dataclass(frozen=True, slots=True)
class SecondOpinion:
    """When a second judge is asked, and how two verdicts become one score.

    Attributes:
        when: "never", "near_threshold" (within `band` of it), "survivors" (only edits the first accepts), "always".
        band: distance from the threshold, in score.
        merge: "mean" of the scores, the "second" judge's score, or "both" must pass (the lower score counts).
    """

    when: When = "near_threshold"
    band: float = 0.1
    merge: Merge = "mean"


@dataclass(frozen=True, slots=True)
class Policy:
    """How scores become accept or reject, and how often a try is made.

    Attributes:
        name: "paper" as published, or "recommended"; in a configuration it sets all that is not set beside it.
        threshold: the score an edit is measured against.
        comparison: ">" or ">=" the threshold.
        combine: "weighted" sum, or weighted "geometric" mean, by which one zero vetoes.
        weights: criterion to weight; they must sum to 1.
        minimum: criterion to the least score it must have, whatever the total; "drift" may be among them.
        capped: whether no other criterion counts for more than compliance.
        passes: times a judge is asked about an edit; its scores are averaged.
        ask: "once" for all criteria in one call, "each" for one call a criterion.
        max_attempts: tries at one instruction, the first included.
        check_failures_are_negatives: whether a picture that failed a pixel check may be a rejected picture.
        on_failed_turn: "truncate" keeps a session's turns before the failed one, when 2 are left; "drop" drops
            the session.
        second: when a second judge is asked.
        judge: whose verdicts count: the "current" (the configuration's) judge's; of all that were ever given the
            "first", the "latest" or the "mean"; or those of the judge whose model has this name.
        tie_break: the model's name of a judge that decides where the others disagree; empty for none.
    """

    name: Literal["paper", "recommended"] = "paper"
    threshold: float = 0.7
    comparison: Comparison = ">"
    combine: Combine = "weighted"
    weights: Mapping[str, float] = field(default_factory=published_weights)
    minimum: Mapping[str, float] = field(default_factory=dict)
    capped: bool = False
    passes: int = 1
    ask: Literal["once", "each"] = "once"
    max_attempts: int = 3
    check_failures_are_negatives: bool = False
    on_failed_turn: Literal["truncate", "drop"] = "truncate"
    second: SecondOpinion = field(default_factory=SecondOpinion)
    judge: str = "current"
    tie_break: str = ""

    def checked(self, criteria: tuple[str, ...] = CRITERIA) -> Policy:
        """Check that the numbers make sense together.

        Args:
            criteria: those of the rubric.

        Returns:
            The policy itself.

        Raises:
            ConfigError: a weight or minimum has an unknown name, weights do not sum to 1, or a number is out of range.
        """
        _known_criteria("policy.weights", self.weights, criteria)
        _known_criteria("policy.minimum", self.minimum, (*criteria, DRIFT))
        total = sum(self.weights.values())
        if set(self.weights) != set(criteria) or not math.isclose(total, 1.0, abs_tol=1e-6):
            text = f"policy.weights must name {', '.join(criteria)} and sum to 1; they sum to {total:g}"
            raise ConfigError(text, key="policy.weights")
        if not 0 <= self.threshold <= 1:
            raise ConfigError(f"policy.threshold is {self.threshold}; it must be 0 to 1", key="policy.threshold")
        for name, number in (("max_attempts", self.max_attempts), ("passes", self.passes)):
            if number < 1:
                raise ConfigError(f"policy.{name} is {number}; it must be at least 1", key=f"policy.{name}")
        return self

    def score(self, verdict: Verdict) -> float:
        """Combine the scores of one verdict.

        Args:
            verdict: a judge's verdict.

        Returns:
            The score, 0 to 1.
        """
        scores = verdict.scores
        most = scores.get(_CAPS, 1.0) if self.capped else 1.0
        counted = [(min(most, scores[name]), weight) for name, weight in self.weights.items()]
        if self.combine == "geometric":
            return round(float(math.prod(score**weight for score, weight in counted)), _DIGITS)
        return round(sum(score * weight for score, weight in counted), _DIGITS)

    def wants_second(self, first: Verdict) -> bool:
        """Tell whether the second judge is asked.

        Args:
            first: the first judge's verdict.

        Returns:
            True when it is.
        """
        match self.second.when:
            case "always":
                return True
            case "survivors":
                return self.decide(first).accepted
            case "near_threshold":
                return abs(self.score(first) - self.threshold) <= self.second.band
        return False

    def decide(self, first: Verdict, second: Verdict | None = None) -> Decision:
        """Accept or reject an edit.

        Args:
            first: the first judge's verdict.
            second: the second judge's, where it was asked.

        Returns:
            The decision with its reason.
        """
        score = self._merged(first, second)
        for name, least in self.minimum.items():
            if any(_of(verdict, name) < least for verdict in (first, second) if verdict is not None):
                return Decision(accepted=False, score=score, why=f"below minimum: {name}")
        passes = score > self.threshold or (self.comparison == ">=" and score == self.threshold)
        return Decision(accepted=passes, score=score, why="accepted" if passes else "below threshold")

    def _merged(self, first: Verdict, second: Verdict | None) -> float:
        if second is None:
            return self.score(first)
        match self.second.merge:
            case "second":
                return self.score(second)
            case "both":
                return min(self.score(first), self.score(second))
            case "mean":
                return round((self.score(first) + self.score(second)) / 2, _DIGITS)


# What a name sets; whatever a configuration sets beside it wins. The numbers behind "recommended": docs/decisions.md.
NAMED: dict[str, dict[str, Any]] = {
    "paper": {},
    "recommended": {
        "minimum": {"compliance": 0.6, "preservation": 0.6, "drift": 0.6},
    },
}


def named_policy(name: str) -> Policy:
    """Give a policy by its name.

    Args:
        name: "paper" or "recommended".

    Returns:
        The policy.

    Raises:
        ConfigError: there is no such policy.
    """
    if name not in NAMED:
        close = nearest(name, NAMED)
        hint = f"; did you mean {close[0]!r}?" if close else ""
        text = f"there is no policy {name!r}{hint} Name one of {', '.join(map(repr, NAMED))}, or a configuration file"
        raise ConfigError(text, key="policy.name")
    return Policy(**{"name": name, **NAMED[name]})


def accepting_as(policy: Policy, name: str) -> Policy:
    """Have a policy accept as another one does; how often is tried and whose verdicts count stay as they are.

    Args:
        policy: the policy of the run.
        name: the other one, see `named_policy`.

    Returns:
        The changed policy.

    Raises:
        ConfigError: there is no policy of that name.
    """
    other = named_policy(name)
    kept = ("name", "threshold", "comparison", "combine", "weights", "minimum", "capped")
    return replace(policy, **{field_: getattr(other, field_) for field_ in kept})


def with_threshold(
    policy: Policy,
    *,
    threshold: float | None = None,
    comparison: Comparison | None = None,
    criteria: tuple[str, ...] = CRITERIA,
) -> Policy:
    """Change how strict a policy is.

    Args:
        policy: the policy of the run.
        threshold: the new threshold, 0 to 1; None keeps it.
        comparison: ">" or ">="; None keeps it.
        criteria: those of the rubric.

    Returns:
        The changed policy, checked.

    Raises:
        ConfigError: the threshold is out of range.
    """
    changes: dict[str, Any] = {"threshold": threshold, "comparison": comparison}
    return replace(policy, **{name: value for name, value in changes.items() if value is not None}).checked(criteria)


def _of(verdict: Verdict, name: str) -> float:
    if name == DRIFT:
        return 1.0 if verdict.drift is None else verdict.drift
    return verdict.scores[name]


def _known_criteria(key: str, table: Mapping[str, float], known: tuple[str, ...]) -> None:
    for name, value in table.items():
        if name not in known:
            raise ConfigError(f"{key}.{name} is not a criterion; they are {', '.join(known)}", key=f"{key}.{name}")
        if not 0 <= value <= 1:
            raise ConfigError(f"{key}.{name} is {value}; it must be 0 to 1", key=f"{key}.{name}")
