"""What a judge is asked and how its answer becomes one number, under names with versions.

A preset that results were published with is never changed: the next one gets the next version.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal

from pico_banana.benchmark.runs.questions import PROMPTS, Question, Shown, wording_of_two
from pico_banana.errors import unknown_name
from pico_banana.regenerate.prompts import PromptSettings
from pico_banana.regenerate.settings.policy import Policy
from pico_banana.regenerate.settings.verdicts import Rubric

if TYPE_CHECKING:
    from collections.abc import Mapping

    from pico_banana.regenerate.settings.verdicts import Verdict

Reduction = Literal["policy", "minimum", "mean", "editscore"]
_FOLLOWING, _KEPT, _LOOKS = "prompt_following", "consistency", "perceptual_quality"


@dataclass(frozen=True, slots=True)
class Preset:
    """How a judge judges.

    Attributes:
        name: with its version.
        rubric: what it is asked for.
        threshold: the score an edit must pass; that of the minimum may be reached, the others must be exceeded.
        reduction: how criteria become one number.
        prompts: what it is asked.
        policy: how the paper weighs its criteria.
        questions: what it is asked instead of a rubric.
        two: whether it is asked which of two edits is better, in both orders.
        sees_sessions: whether it is told what was asked before, and compares with a session's first photo.
    """

    name: str
    rubric: Rubric = field(default_factory=Rubric)
    threshold: float = 0.7
    reduction: Reduction = "policy"
    prompts: PromptSettings = field(default_factory=PromptSettings)
    policy: Policy = field(default_factory=Policy)
    questions: tuple[Question, ...] = ()
    two: bool = False
    sees_sessions: bool = True

    def score(self, verdict: Verdict) -> float:
        """Make one number of a verdict.

        Args:
            verdict: what the judge said.

        Returns:
            0 to 1.
        """
        return self.policy.score(verdict) if self.reduction == "policy" else self.reduced(verdict.scores)

    def reduced(self, scores: Mapping[str, float]) -> float:
        """Make one number of scores.

        Args:
            scores: name to score, 0 to 1.

        Returns:
            0 to 1.
        """
        if self.reduction == "editscore":  # the weaker of what was done and what was kept, and the look of the picture
            looks = min(value for name, value in scores.items() if name not in (_FOLLOWING, _KEPT))
            return round(math.sqrt(min(scores[_FOLLOWING], scores[_KEPT]) * looks), 6)
        values = scores.values()
        return min(values) if self.reduction == "minimum" else round(sum(values) / len(values), 6)

    def passes(self, score: float) -> bool:
        """Say whether a score is a success."""
        return score >= self.threshold if self.reduction == "minimum" else score > self.threshold

    @property
    def versions(self) -> list[str]:
        """The versions of the prompts that are asked."""
        if self.questions:
            return [question.wording.version for question in self.questions]
        if self.two:
            return [wording_of_two().version]
        return [self.prompts.chosen(role).version for role in ("judge", "judge_turn")]


_BARE = Rubric(("reward",), 0.0, 1.0, whole=False, reasons=False)
_AXES = Rubric((_FOLLOWING, _KEPT, _LOOKS), 0.0, 10.0, whole=False, reasons=False)
_PAIR: tuple[Shown, ...] = ("before", "after")

PRESETS = {
    "paper": Preset("paper-1"),
    "minimum": Preset("minimum-1", threshold=0.6, reduction="minimum"),
    "editscore": Preset(
        "editscore-1",
        threshold=0.6,
        reduction="editscore",
        questions=(
            Question("editscore_change_v1", _PAIR, (_FOLLOWING, _KEPT), 25.0),
            Question("editscore_look_v1", ("after",), ("naturalness", "artefacts"), 25.0),
        ),
        sees_sessions=False,
    ),
    "editscore-package": Preset(
        "editscore-package-1",
        rubric=_AXES,
        threshold=0.6,
        reduction="editscore",
        policy=Policy(weights={_FOLLOWING: 0.4, _KEPT: 0.3, _LOOKS: 0.3}),
        sees_sessions=False,
    ),
    "editreward": Preset(
        "editreward-1",
        threshold=0.5,
        reduction="mean",
        questions=(
            Question("editreward_following_v1", _PAIR, ("following",), 4.0, 1.0),
            Question("editreward_quality_v1", _PAIR, ("quality",), 4.0, 1.0),
        ),
        sees_sessions=False,
    ),
    "reward": Preset(
        "reward-1",
        rubric=_BARE,
        threshold=0.5,
        prompts=PromptSettings(folder=PROMPTS, judge="judge_reward_v1"),
        policy=Policy(weights={"reward": 1.0}),
        sees_sessions=False,
    ),
    "pairwise": Preset("pairwise-1", threshold=0.5, two=True),
}
# What a rewriter is judged by.
KEPT_CONTENT = Preset(
    "kept-content-1",
    threshold=0.8,
    reduction="minimum",
    questions=(Question("kept_content_v1", (), ("kept", "nothing_added"), 10.0),),
    sees_sessions=False,
)
# What a judge is asked when nobody says; "paper" for all others.
USUAL = {"editscore": "editscore-package", "editreward": "reward", "python": "reward"}


def preset(name: str, *, backend: str = "") -> Preset:
    """Find a preset.

    Args:
        name: "paper", "minimum", "editscore", "editreward", "reward" or "pairwise", with or without its version; empty
            for the usual one of the judge.
        backend: of the judge.

    Returns:
        The preset.

    Raises:
        UnknownNameError: there is no such preset.
    """
    chosen = name or USUAL.get(backend, "paper")
    by_name = {**PRESETS, **{one.name: one for one in PRESETS.values()}}
    if chosen not in by_name:
        error = unknown_name("preset of a judge", chosen, sorted(by_name))
        raise error
    return by_name[chosen]
