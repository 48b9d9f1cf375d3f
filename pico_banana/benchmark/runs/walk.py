"""One task from its photo to its results: edit, judge, and for a session the same again on the editor's own picture."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from pico_banana.benchmark.runs.making import Edited, edited
from pico_banana.benchmark.runs.results import MADE, MISSING, NOT_REACHED, REFUSED, Result
from pico_banana.benchmark.runs.watch import Watch
from pico_banana.benchmark.tasks import Pair, Step, Task
from pico_banana.errors import ModelError, PictureError, TransportError
from pico_banana.regenerate.plan.photos import read_photo
from pico_banana.regenerate.settings.policy import DRIFT
from pico_banana.regenerate.values import Instruction, Photo, Picture
from pico_banana.regenerate.work.asking import Unreadable
from pico_banana.regenerate.work.judges import Work, judge
from pico_banana.regenerate.work.scene import Scene

if TYPE_CHECKING:
    from pico_banana.benchmark.runs.anchors import Anchor
    from pico_banana.benchmark.runs.names import EditorName
    from pico_banana.benchmark.runs.presets import Preset
    from pico_banana.regenerate.values import Item
    from pico_banana.regenerate.work.desk import Desk
    from pico_banana.regenerate.work.staff import Staff

_FAILURES = (ModelError, PictureError, TransportError)


@dataclass(frozen=True, slots=True)
class Again:
    """An anchor in the middle of a run.

    Attributes:
        anchor: the anchor.
        number: of the visit, from 1; each is a new question.
    """

    anchor: Anchor
    number: int


@dataclass(slots=True)
class Bench:
    """What a run works on, and what came of it so far.

    Attributes:
        editor: who edits.
        preset: how is judged.
        work: item number to what it is.
        results: (id, turn) to the result.
        anchors: anchor to score.
        watch: compares anchors with those of the beginning.
    """

    editor: EditorName
    preset: Preset
    work: dict[int, Task | Pair | Anchor | Again] = field(default_factory=dict)
    results: dict[tuple[str, int], Result] = field(default_factory=dict)
    anchors: dict[str, float | None] = field(default_factory=dict)
    watch: Watch = field(init=False)

    def __post_init__(self) -> None:
        """Watch against the anchors of this run."""
        self.watch = Watch(self.anchors)

    async def walk(self, desk: Desk, staff: Staff, item: Item) -> str:
        """Do one item, and say how it ended."""
        work = self.work[item.id]
        if isinstance(work, Task):
            return await self._task(desk, staff, item, work)
        if isinstance(work, Pair):
            return await self._pair(desk, staff, item, work)
        anchor = work.anchor if isinstance(work, Again) else work
        scene = Scene(item, 1, anchor.before, anchor.before)
        said = await self._ask(desk, staff, scene, Edited(MADE, anchor.instruction, anchor.after))
        if isinstance(work, Again):
            self.watch.saw(anchor.name, said.score)
        else:
            self.anchors[anchor.name] = said.score
        return "anchor"

    async def _task(self, desk: Desk, staff: Staff, item: Item, task: Task) -> str:
        turn = 1
        try:
            original = before = await asyncio.to_thread(read_photo, item.photo)
            history: list[str] = []
            for turn, step in enumerate(task.steps, 1):
                scene = Scene(item, turn, before, original, tuple(history))
                made = await edited(self.editor, desk, staff, scene, task, step)
                if made.picture is None:
                    self._unreached(task, turn, made)
                    return made.ended
                self._keep(task, turn, await self._said(desk, staff, scene, made))
                before = made.picture
                history.append(made.instruction.text)
        except _FAILURES as error:
            self._unreached(task, turn, Edited(MISSING, Instruction(""), reason=f"{type(error).__name__}: {error}"))
            raise
        return "judged"

    async def _said(self, desk: Desk, staff: Staff, scene: Scene, made: Edited) -> Result:
        said = await self._ask(desk, staff, scene, made)
        self.watch.judged()
        return said

    async def _pair(self, desk: Desk, staff: Staff, item: Item, pair: Pair) -> str:
        """Judge both edits of a pair, made alike in size and codec, so that the file says nothing of which is which."""
        from pico_banana.benchmark.runs.alike import alike

        before = await asyncio.to_thread(read_photo, item.photo)
        addresses = (str(pair.step.published), pair.rejected)
        pictures = [await asyncio.to_thread(read_photo, Photo(address, address)) for address in addresses]
        scene = Scene(item, 1, before, before)
        instruction = Instruction(pair.step.instruction)
        said = [
            await self._ask(desk, staff, scene, Edited(MADE, instruction, picture))
            for picture in await asyncio.to_thread(alike, *pictures)
        ]
        found = replace(said[0], rival=said[1].score, calls=(*said[0].calls, *said[1].calls))
        if said[1].score is None:
            found = replace(found, reason=found.reason or said[1].reason)
        self._keep(pair.task, 1, found)
        return "judged"

    async def _ask(self, desk: Desk, staff: Staff, scene: Scene, made: Edited) -> Result:
        """Ask the judge; what it does not answer is missing, and never a zero.

        Raises:
            ModelError: going on would be no use, as when another model answers.
            TransportError: nobody will ever answer.
        """
        blank = Result("", "", scene.turn, 1, "", "", "", MADE, distance=made.distance, calls=(made.call,))
        picture: Picture = made.picture  # type: ignore[assignment]  # whoever asks has one
        blank = replace(blank, picture=picture.sha256)
        try:
            verdict, call = await judge(desk, staff.judge, scene, Work(made.instruction, picture, 1))
        except Unreadable as error:
            return replace(blank, reason=f"judge: {error.outcome}: {error.reason}", calls=(made.call, error.call))
        except (ModelError, TransportError) as error:
            if not getattr(error, "retryable", True):
                raise
            return replace(blank, reason=f"judge: {type(error).__name__}: {error}")
        score = self.preset.score(verdict)
        scores = {**verdict.scores, **({} if verdict.drift is None else {DRIFT: verdict.drift})}
        found = replace(blank, score=score, success=self.preset.passes(score), scores=scores)
        return replace(found, calls=(made.call, call))

    def _keep(self, task: Task, turn: int, found: Result) -> None:
        step: Step = task.steps[turn - 1]
        kind = step.edit_type
        self.results[task.id, turn] = replace(
            found,
            id=task.id,
            part=task.part,
            turn=turn,
            turns=len(task.steps),
            edit_type=str(kind),
            category=str(kind.category) if kind.known else "",
            photo=task.photo.url,
        )

    def _unreached(self, task: Task, turn: int, made: Edited) -> None:
        """Note that a step has no picture, and that the steps after it cannot have one."""
        failed = made.ended == REFUSED
        for later in range(turn, len(task.steps) + 1):
            ended = made.ended if later == turn or not failed else NOT_REACHED
            score, success = (0.0, False) if failed else (None, None)
            blank = Result("", "", later, 1, "", "", "", ended, score, success, reason=made.reason, calls=(made.call,))
            self._keep(task, later, blank)

    def ordered(self) -> tuple[Result, ...]:
        """Give a result for every step of all tasks, in their order; missing where the run did not come to it."""
        asked = [work.task if isinstance(work, Pair) else work for work in self.work.values()]
        tasks = [work for work in asked if isinstance(work, Task)]
        for task in tasks:
            for turn in range(1, len(task.steps) + 1):
                if (task.id, turn) not in self.results:
                    blank = Result("", "", turn, 1, "", "", "", MISSING, reason="the run did not come to it")
                    self._keep(task, turn, blank)
        order = {task.id: number for number, task in enumerate(tasks)}
        return tuple(sorted(self.results.values(), key=lambda one: (order[one.id], one.turn)))
