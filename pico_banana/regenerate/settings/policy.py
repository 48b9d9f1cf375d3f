"""The rubric and the rule that turns scores into accept or reject.

Four criteria, weights .40/.25/.20/.15 and an acceptance above about 0.7 are the published rubric; everything is a value
of the configuration. A rule is applied to scores that lie in the ledger, so it can be changed afterwards without a
new call.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from types import MappingProxyType
from typing import Any, Literal, NamedTuple, TypeAlias

from pico_banana.errors import ConfigError, ModelReplyError
from pico_banana.regenerate.backends.json_replies import parse_json_object

__all__ = [
    "CRITERIA",
    "DRIFT",
    "Decision",
    "Policy",
    "SecondOpinion",
    "Verdict",
    "parse_json_object",
    "parse_verdict",
    "published_weights",
    "verdict_schema",
    "with_threshold",
]

CRITERIA = ("compliance", "seamlessness", "preservation", "quality")
DRIFT = "drift"

Comparison: TypeAlias = Literal[">", ">="]
Combine: TypeAlias = Literal["weighted", "geometric"]
When: TypeAlias = Literal["never", "near_threshold", "survivors", "always"]
Merge: TypeAlias = Literal["mean", "second", "both"]

# Scores are kept to 6 digits, so that a sum that should be 0.7 is not 0.7000000000000001.
_DIGITS = 6


def published_weights() -> dict[str, float]:
    """Give the weights of the published rubric.

    Returns:
        Criterion to weight; they sum to 1.
    """
    return dict(zip(CRITERIA, (0.40, 0.25, 0.20, 0.15), strict=True))


class Verdict(NamedTuple):  # a tuple, because a ledger's million attempts are judged in one go
    """What one judge said of one edit.

    Attributes:
        scores: criterion to score, 0 to 1, all four of `CRITERIA`.
        drift: for turns after the first, 1 when nothing but what was asked differs from the source photo, else None.
        reasons: criterion to the judge's reason.
    """

    scores: Mapping[str, float]
    drift: float | None = None
    reasons: Mapping[str, str] = MappingProxyType({})


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
        threshold: the score an edit is measured against.
        comparison: ">" or ">=" the threshold.
        combine: "weighted" sum, or weighted "geometric" mean, by which one zero vetoes.
        weights: criterion to weight; they must sum to 1.
        minimum: criterion to the least score it must have, whatever the total; "drift" may be among them.
        max_attempts: tries at one instruction, the first included.
        check_failures_are_negatives: whether a picture that failed a pixel check may be a rejected picture.
        on_failed_turn: "truncate" keeps a session's turns before the failed one, when 2 are left; "drop" drops
            the session.
        second: when a second judge is asked.
        judge: whose verdicts count: the "current" (the configuration's) judge's; of all that were ever given the
            "first", the "latest" or the "mean"; or those of the judge whose model has this name.
        tie_break: the model's name of a judge that decides where the others disagree; empty for none.
    """

    threshold: float = 0.7
    comparison: Comparison = ">"
    combine: Combine = "weighted"
    weights: Mapping[str, float] = field(default_factory=published_weights)
    minimum: Mapping[str, float] = field(default_factory=dict)
    max_attempts: int = 3
    check_failures_are_negatives: bool = False
    on_failed_turn: Literal["truncate", "drop"] = "truncate"
    second: SecondOpinion = field(default_factory=SecondOpinion)
    judge: str = "current"
    tie_break: str = ""

    def checked(self) -> Policy:
        """Check that the numbers make sense together.

        Returns:
            The policy itself.

        Raises:
            ConfigError: a weight or minimum has an unknown name, weights do not sum to 1, or a number is out of range.
        """
        _known_criteria("policy.weights", self.weights, CRITERIA)
        _known_criteria("policy.minimum", self.minimum, (*CRITERIA, DRIFT))
        total = sum(self.weights.values())
        if set(self.weights) != set(CRITERIA) or not math.isclose(total, 1.0, abs_tol=1e-6):
            text = f"policy.weights must name {', '.join(CRITERIA)} and sum to 1; they sum to {total:g}"
            raise ConfigError(text, key="policy.weights")
        if not 0 <= self.threshold <= 1:
            raise ConfigError(f"policy.threshold is {self.threshold}; it must be 0 to 1", key="policy.threshold")
        if self.max_attempts < 1:
            raise ConfigError("policy.max_attempts must be at least 1", key="policy.max_attempts")
        return self

    def score(self, verdict: Verdict) -> float:
        """Combine the four scores of one verdict.

        Args:
            verdict: a judge's verdict.

        Returns:
            The score, 0 to 1.
        """
        if self.combine == "geometric":
            product = float(math.prod(verdict.scores[name] ** weight for name, weight in self.weights.items()))
            return round(product, _DIGITS)
        return round(sum(verdict.scores[name] * weight for name, weight in self.weights.items()), _DIGITS)

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


def with_threshold(policy: Policy, *, threshold: float | None = None, comparison: Comparison | None = None) -> Policy:
    """Change how strict a policy is.

    Args:
        policy: the policy of the run.
        threshold: the new threshold, 0 to 1; None keeps it.
        comparison: ">" or ">="; None keeps it.

    Returns:
        The changed policy, checked.

    Raises:
        ConfigError: the threshold is out of range.
    """
    changes: dict[str, Any] = {"threshold": threshold, "comparison": comparison}
    return replace(policy, **{name: value for name, value in changes.items() if value is not None}).checked()


def verdict_schema(*, with_drift: bool) -> dict[str, Any]:
    """Give the JSON schema a judge's reply must follow.

    Args:
        with_drift: whether the session's source photo is judged against, too.

    Returns:
        A JSON schema; every criterion is an object of a score and a reason.
    """
    names = (*CRITERIA, DRIFT) if with_drift else CRITERIA
    one = {
        "type": "object",
        "properties": {"reason": {"type": "string"}, "score": {"type": "number", "minimum": 0, "maximum": 1}},
        "required": ["reason", "score"],
    }
    return {"type": "object", "properties": dict.fromkeys(names, one), "required": list(names)}


def parse_verdict(text: str, *, with_drift: bool) -> Verdict:
    """Read a judge's reply; nothing is guessed.

    Args:
        text: the reply, JSON, perhaps in a Markdown fence.
        with_drift: whether a drift score must be there.

    Returns:
        The verdict.

    Raises:
        ModelReplyError: the reply is not JSON, lacks a criterion, or has a score that is not a number from 0 to 1.
    """
    document = parse_json_object(text)
    names = (*CRITERIA, DRIFT) if with_drift else CRITERIA
    scores = {name: _score(document, name, text) for name in names}
    drift = scores.pop(DRIFT, None)
    reasons = {name: str(document[name].get("reason", "")) for name in names}
    return Verdict(scores, drift, reasons)


def _score(document: Mapping[str, Any], name: str, text: str) -> float:
    entry = document.get(name)
    if not isinstance(entry, Mapping) or "score" not in entry:
        raise ModelReplyError(f"the reply has no score for {name}", reply=text)
    value = entry["score"]
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value <= 1:
        raise ModelReplyError(f"the score for {name} is {value!r}, not a number from 0 to 1", reply=text)
    return float(value)


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
