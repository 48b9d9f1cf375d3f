"""Judging one edit: in one question, or criterion by criterion; several passes are averaged."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, NamedTuple

from pico_banana.regenerate.backends.base import Judge, JudgeRequest
from pico_banana.regenerate.prompts import axis_levels, guidance
from pico_banana.regenerate.settings.verdicts import (
    COMPLIANCE,
    DIFFERENCES,
    DRIFT,
    Rubric,
    Verdict,
    averaged,
    parse_verdict,
    verdict_schema,
)
from pico_banana.regenerate.values import Instruction, Picture, Stage
from pico_banana.regenerate.work.asking import ASKS, ask, facts
from pico_banana.regenerate.work.calls import Call

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from pico_banana.regenerate.settings.config import Config
    from pico_banana.regenerate.work.desk import Desk
    from pico_banana.regenerate.work.scene import Scene


@dataclass(frozen=True, slots=True)
class Work:
    """An edit to be judged.

    Attributes:
        instruction: what was asked.
        edited: the result.
        attempt: from 1.
        findings: what the pixel checks noticed, in words for the judge.
    """

    instruction: Instruction
    edited: Picture
    attempt: int
    findings: str = ""


def judge_prompt(config: Config, turn: int) -> str:
    """Name the version of the prompt a judge is asked with at a turn."""
    role = "judge_axis" if config.policy.ask == "each" else _role(turn)
    return config.prompts.chosen(role).version


def _role(turn: int) -> str:
    return "judge_turn" if turn > 1 else "judge"


async def judge(
    desk: Desk, judge_: Judge, scene: Scene, work: Work, *, stage: Stage = Stage.JUDGE, asked_before: int = 0
) -> tuple[Verdict, int]:
    """Have an edit judged; for turns after the first also against the source photo.

    With `policy.ask = "each"` every criterion is a question of its own, and those of `rubric.alone` see nothing but the
    result.

    Args:
        desk: where calls go over.
        judge_: who judges.
        scene: the turn.
        work: the edit.
        stage: the first or the second judge.
        asked_before: how often it was asked about this edit already, in vain; it is a new question each time.

    Returns:
        The verdict, and the number of the call that gave it.

    Raises:
        Unreadable: the judge refused, or gave nothing readable twice; the edit is unjudged.
    """
    questions = list(_questions(desk.config, scene))
    said, number = [], 0
    for one in range(desk.config.policy.passes):  # a pass is a new question, the first one is as ever
        parts = []
        for question in questions:
            before = asked_before + ASKS * one
            asking = _Asking(question, stage, before)
            verdict, number = await _judge_once(desk, judge_, scene, work, asking)
            parts.append(verdict)
        said.append(_joined(parts))
    return averaged(tuple(said)), number


class _Question(NamedTuple):
    """One call's share of a verdict: all criteria or one of them, `axis`; with drift or not; from the result alone."""

    rubric: Rubric
    role: str
    axis: str = ""
    drift: bool = False

    @property
    def alone(self) -> bool:
        return self.role == "judge_alone"


class _Asking(NamedTuple):
    """A question, the judge's stage, and how often it was asked in vain."""

    question: _Question
    stage: Stage
    before: int


def _questions(config: Config, scene: Scene) -> Iterator[_Question]:
    rubric, later = config.rubric, scene.turn > 1
    if config.policy.ask == "once":
        yield _Question(rubric, _role(scene.turn), drift=later)
        return
    for number, axis in enumerate((*rubric.criteria, *((DRIFT,) if later else ()))):
        # Further columns are told once, with the first criterion.
        columns = () if number else rubric.columns
        role = "judge_alone" if axis in rubric.alone else "judge_axis"
        yield _Question(replace(rubric, criteria=(axis,), columns=columns), role, axis)


def _joined(parts: Sequence[Verdict]) -> Verdict:
    if len(parts) == 1:
        return parts[0]
    scores = {name: score for part in parts for name, score in part.scores.items()}
    drift = next((part.drift for part in parts if part.drift is not None), None)
    reasons = {name: why for part in parts for name, why in part.reasons.items() if name != DIFFERENCES}
    listed = [part.reasons[DIFFERENCES] for part in parts if part.reasons.get(DIFFERENCES)]
    return Verdict(scores, drift, {**reasons, **({DIFFERENCES: "; ".join(listed)} if listed else {})})


async def _judge_once(desk: Desk, judge_: Judge, scene: Scene, work: Work, asking: _Asking) -> tuple[Verdict, int]:
    question, stage, before = asking
    chosen = desk.config.prompts.chosen(question.role)
    text = chosen.fill(_told(scene, work, question))
    inputs = () if question.alone else (scene.original, scene.photo) if scene.turn > 1 else (scene.photo,)
    shas = [work.edited.sha256, *(picture.sha256 for picture in inputs)]
    axis = (question.axis,) if question.axis else ()

    def call(number: int) -> Call:
        seed = scene.seed(stage, work.attempt, before + number, *axis)
        schema = verdict_schema(with_drift=question.drift, rubric=question.rubric, levels=chosen.asks_levels)
        request = JudgeRequest(work.edited, inputs, work.instruction, scene.edit_type, text, schema, seed)
        asked = {"text": text, "pictures": shas, "recipe": work.instruction.recipe, "seed": seed}
        place = scene.item.id, scene.turn, work.attempt
        return Call(stage, *place, chosen.version, asked, judge_.judge, request)

    return await ask(desk, call, lambda reply: parse_verdict(reply, with_drift=question.drift, rubric=question.rubric))


def _told(scene: Scene, work: Work, question: _Question) -> dict[str, str]:
    guide = guidance(scene.edit_type)
    rubric = guide.rubric if question.axis in ("", COMPLIANCE) else ""
    told = {"guidance": guide.judge, "rubric": rubric, "findings": work.findings or "- nothing was measured"}
    axis = {"axis": question.axis, "levels": axis_levels(question.axis)} if question.axis else {}
    return {**facts(scene), **told, **axis, "instruction": work.instruction.text}
