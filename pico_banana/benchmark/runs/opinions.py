"""What a judge says of one edit, or of two side by side; what it does not say is missing, and never a zero."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from pico_banana.benchmark.runs.questions import Matter, better, numbers
from pico_banana.errors import ModelError, TransportError
from pico_banana.regenerate.settings.policy import DRIFT
from pico_banana.regenerate.values import derived_seed
from pico_banana.regenerate.work.asking import Unreadable
from pico_banana.regenerate.work.judges import Work, judge
from pico_banana.regenerate.work.scene import Scene

if TYPE_CHECKING:
    from collections.abc import Awaitable, Mapping

    from pico_banana.benchmark.runs.presets import Preset
    from pico_banana.regenerate.values import Instruction, Picture
    from pico_banana.regenerate.work.desk import Desk

FIRST_ORDER, SECOND_ORDER = "shown_first", "shown_second"
_POINTS = {"first": 1.0, "tie": 0.5, "second": 0.0}


@dataclass(frozen=True, slots=True)
class Opinion:
    """What a judge says.

    Attributes:
        score: 0 to 1; None where it gave nothing. Of two edits: 1 when the first is better, 0 when the second is, 0.5
            when neither is, or when it says another thing once they are shown the other way round.
        scores: criterion to score; of two edits what it said in each order.
        calls: the numbers of the calls.
        reason: why there is no score.
    """

    score: float | None = None
    scores: Mapping[str, float] = field(default_factory=dict)
    calls: tuple[int, ...] = ()
    reason: str = ""


async def opinion(
    preset: Preset,
    desk: Desk,
    judge_: Any,  # noqa: ANN401 - any backend
    scene: Scene,
    instruction: Instruction,
    picture: Picture,
) -> Opinion:
    """Ask about one edit.

    Args:
        preset: how is judged.
        desk: where calls go over.
        judge_: who is asked.
        scene: the turn.
        instruction: what was asked of the editor.
        picture: the edit.

    Returns:
        The opinion.

    Raises:
        ModelError: going on would be no use, as when another model answers.
        TransportError: nobody will ever answer.
    """
    asked = scene if preset.sees_sessions else _as_one_edit(scene)
    if preset.questions:
        return await given(_numbers(preset, desk, judge_, asked, instruction, picture))
    return await given(_verdict(preset, desk, judge_, asked, Work(instruction, picture, 1)))


async def preference(
    desk: Desk,
    judge_: Any,  # noqa: ANN401 - any backend
    scene: Scene,
    instruction: Instruction,
    edits: tuple[Picture, Picture],
) -> Opinion:
    """Ask which of two edits is better, in both orders.

    Args:
        desk: where calls go over.
        judge_: who is asked.
        scene: the turn.
        instruction: what was asked of the editors.
        edits: the two.

    Returns:
        The opinion; missing when one of the two answers is.

    Raises:
        ModelError: going on would be no use.
        TransportError: nobody will ever answer.
    """
    return await given(_preference(desk, judge_, scene, instruction, edits))


async def _numbers(
    preset: Preset,
    desk: Desk,
    judge_: Any,  # noqa: ANN401 - any backend
    scene: Scene,
    instruction: Instruction,
    picture: Picture,
) -> Opinion:
    scores: dict[str, float] = {}
    calls: list[int] = []
    shown = {"before": scene.photo, "after": picture}
    for question in preset.questions:
        told = Matter(scene, instruction, tuple(shown[name] for name in question.shows))
        found, call = await numbers(desk, judge_, told, question)
        scores |= found
        calls.append(call)
    return Opinion(preset.reduced(scores), scores, tuple(calls))


async def _verdict(preset: Preset, desk: Desk, judge_: Any, scene: Scene, work: Work) -> Opinion:  # noqa: ANN401 - any backend
    verdict, call = await judge(desk, judge_, scene, work)
    drift = {} if verdict.drift is None else {DRIFT: verdict.drift}
    return Opinion(preset.score(verdict), {**verdict.scores, **drift}, (call,))


async def _preference(
    desk: Desk,
    judge_: Any,  # noqa: ANN401 - any backend
    scene: Scene,
    instruction: Instruction,
    edits: tuple[Picture, Picture],
) -> Opinion:
    one, other = edits
    first, call = await better(desk, judge_, Matter(scene, instruction, (scene.photo, one, other)))
    second, again = await better(desk, judge_, Matter(scene, instruction, (scene.photo, other, one)))
    scores = {FIRST_ORDER: _POINTS[first], SECOND_ORDER: 1.0 - _POINTS[second]}
    agreed = scores[FIRST_ORDER] == scores[SECOND_ORDER]
    return Opinion(scores[FIRST_ORDER] if agreed else 0.5, scores, (call, again))


async def given(asked: Awaitable[Opinion]) -> Opinion:
    """Await an opinion, and make a failure that says nothing of the edit a missing one.

    Args:
        asked: what gives the opinion.

    Returns:
        The opinion.

    Raises:
        ModelError: going on would be no use.
        TransportError: nobody will ever answer.
    """
    try:
        return await asked
    except Unreadable as error:
        return Opinion(calls=(error.call,), reason=f"judge: {error.outcome}: {error.reason}")
    except (ModelError, TransportError) as error:
        if not getattr(error, "retryable", True):
            raise
        return Opinion(reason=f"judge: {type(error).__name__}: {error}")


def _as_one_edit(scene: Scene) -> Scene:
    """Make a turn of a session an edit of its own, for a judge that knows no sessions."""
    item = replace(scene.item, edit_types=(scene.edit_type,), seed=derived_seed(scene.item.seed, scene.turn))
    return Scene(item, 1, scene.photo, scene.photo)
