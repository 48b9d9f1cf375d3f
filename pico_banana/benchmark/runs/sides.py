"""Two edits of one photo: each scored for itself, or one compared with the other, and the published pairs alike."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from pico_banana.benchmark.runs.alike import alike
from pico_banana.benchmark.runs.making import written
from pico_banana.benchmark.runs.opinions import Opinion, opinion, preference
from pico_banana.benchmark.runs.results import MADE, MISSING, Result
from pico_banana.errors import ModelReplyError
from pico_banana.regenerate.plan.photos import read_photo
from pico_banana.regenerate.values import Instruction, Photo
from pico_banana.regenerate.work.scene import Scene

if TYPE_CHECKING:
    from pico_banana.benchmark.runs.presets import Preset
    from pico_banana.benchmark.tasks import Pair, Task
    from pico_banana.regenerate.values import Item, Picture
    from pico_banana.regenerate.work.desk import Desk


@dataclass(frozen=True, slots=True)
class Bout:
    """Two editors' edits of one photo, made already.

    Attributes:
        task: what was asked.
        one: what came of it with the first editor.
        other: with the other.
        by_arithmetic: whether both were asked what the procedural writer makes of the edit's type.
    """

    task: Task
    one: Result
    other: Result
    by_arithmetic: bool = False


async def scored(preset: Preset, desk: Desk, judge: Any, item: Item, pair: Pair) -> Result:  # noqa: ANN401 - any backend
    """Judge a published pair, its edits made alike in size and codec, so that no file says which is which.

    Args:
        preset: how is judged.
        desk: where calls go over.
        judge: who is asked.
        item: the pair's place in the run.
        pair: the pair.

    Returns:
        `score` is that of the preferred edit, `rival` that of the other; of a comparison they sum to 1.
    """
    before = await asyncio.to_thread(read_photo, item.photo)
    addresses = (str(pair.step.published), pair.rejected)
    pictures = [await asyncio.to_thread(read_photo, Photo(address, address)) for address in addresses]
    edits = await asyncio.to_thread(alike, *pictures)
    scene, instruction = Scene(item, 1, before, before), Instruction(pair.step.instruction)
    if preset.two:
        return _of_two(preset, await preference(desk, judge, scene, instruction, edits), edits[0])
    first, second = [await opinion(preset, desk, judge, scene, instruction, edit) for edit in edits]
    return replace(
        Result.blank(MADE),
        score=first.score,
        success=None if first.score is None else preset.passes(first.score),
        scores=first.scores,
        reason=first.reason or second.reason,
        calls=(0, *first.calls, *second.calls),
        picture=edits[0].sha256,
        rival=second.score,
    )


async def compared(preset: Preset, desk: Desk, judge: Any, item: Item, bout: Bout) -> Result:  # noqa: ANN401 - any backend
    """Compare the edits of two editors; who refused has lost without a question.

    Args:
        preset: how is judged.
        desk: where calls go over.
        judge: who is asked.
        item: the bout's place in the run.
        bout: the two edits.

    Returns:
        `score` is 1 when the first editor's is better, 0 when the other's is, 0.5 when neither is.
    """
    one, other = bout.one, bout.other
    if MISSING in (one.ended, other.ended):
        return replace(Result.blank(MISSING), reason="one of the two editors has no edit here")
    if not (one.picture and other.picture):
        points = 0.5 + 0.5 * (bool(one.picture) - bool(other.picture))
        return _of_two(preset, Opinion(points, reason="without a question: there is no picture to compare"))
    before = await asyncio.to_thread(read_photo, item.photo)
    scene = Scene(item, 1, before, before)
    load = desk.ledger.vault.load
    edits = (await asyncio.to_thread(load, one.picture), await asyncio.to_thread(load, other.picture))
    instruction = await asyncio.to_thread(_instruction, bout, scene)
    return _of_two(preset, await preference(desk, judge, scene, instruction, edits), edits[0])


def _instruction(bout: Bout, scene: Scene) -> Instruction:
    if not bout.by_arithmetic:
        return Instruction(bout.task.steps[0].instruction)
    found = written(scene)
    if isinstance(found, str):
        raise ModelReplyError(f"the procedural writer declines what it wrote before: {found}")
    return found


def _of_two(preset: Preset, said: Opinion, shown: Picture | None = None) -> Result:
    blank = replace(Result.blank(MADE), scores=said.scores, reason=said.reason, calls=(0, *said.calls))
    blank = replace(blank, picture=shown.sha256 if shown is not None else "")
    if said.score is None:
        return blank
    return replace(blank, score=said.score, success=preset.passes(said.score), rival=1.0 - said.score)
