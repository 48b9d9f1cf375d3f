"""What a judge is asked and how its answer becomes one number, under names with versions.

A preset that results were published with is never changed: the next one gets the next version.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from pico_banana.errors import unknown_name
from pico_banana.regenerate.prompts import PromptSettings
from pico_banana.regenerate.settings.policy import Policy
from pico_banana.regenerate.settings.verdicts import Rubric

if TYPE_CHECKING:
    from pico_banana.regenerate.settings.verdicts import Verdict

_PROMPTS = str(Path(__file__).parents[1] / "prompts")
Reduction = Literal["policy", "minimum", "editscore"]


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
    """

    name: str
    rubric: Rubric = field(default_factory=Rubric)
    threshold: float = 0.7
    reduction: Reduction = "policy"
    prompts: PromptSettings = field(default_factory=PromptSettings)
    policy: Policy = field(default_factory=Policy)

    def score(self, verdict: Verdict) -> float:
        """Make one number of a verdict.

        Args:
            verdict: what the judge said.

        Returns:
            0 to 1.
        """
        scores = verdict.scores
        match self.reduction:
            case "minimum":
                return min(scores.values())
            case "editscore":  # as its authors combine them: the weaker of two, and the look of the picture
                kept = min(scores["prompt_following"], scores["consistency"])
                return round(math.sqrt(kept * scores["perceptual_quality"]), 6)
        return self.policy.score(verdict)

    def passes(self, score: float) -> bool:
        """Say whether a score is a success."""
        return score >= self.threshold if self.reduction == "minimum" else score > self.threshold


PRESETS = {
    "paper": Preset("paper-1"),
    "minimum": Preset("minimum-1", threshold=0.6, reduction="minimum"),
    "editscore": Preset(
        "editscore-1",
        rubric=Rubric(("prompt_following", "consistency", "perceptual_quality"), 0.0, 25.0, whole=False),
        threshold=0.6,
        reduction="editscore",
        prompts=PromptSettings(folder=_PROMPTS, judge="judge_editscore_v1", judge_turn="judge_editscore_turn_v1"),
        policy=Policy(weights={"prompt_following": 0.4, "consistency": 0.3, "perceptual_quality": 0.3}),
    ),
    "reward": Preset(
        "reward-1",
        rubric=Rubric(("reward",), 0.0, 1.0, whole=False, reasons=False),
        threshold=0.5,
        prompts=PromptSettings(folder=_PROMPTS, judge="judge_reward_v1", judge_turn="judge_reward_turn_v1"),
        policy=Policy(weights={"reward": 1.0}),
    ),
}


def preset(name: str) -> Preset:
    """Find a preset.

    Args:
        name: "paper", "minimum", "editscore" or "reward", with or without its version.

    Returns:
        The preset.

    Raises:
        UnknownNameError: there is no such preset.
    """
    by_name = {**PRESETS, **{one.name: one for one in PRESETS.values()}}
    if name not in by_name:
        error = unknown_name("preset of a judge", name, sorted(by_name))
        raise error
    return by_name[name]
