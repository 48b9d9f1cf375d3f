"""One task from its photo to its results: edit, judge, and for a session the same again on the editor's own picture."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, cast

from pico_banana.benchmark.runs.anchors import Anchor, opposite
from pico_banana.benchmark.runs.making import Edited, edited
from pico_banana.benchmark.runs.opinions import Opinion, opinion, preference
from pico_banana.benchmark.runs.results import MADE, MISSING, NOT_REACHED, REFUSED, Result
from pico_banana.benchmark.runs.rewriting import rewritten
from pico_banana.benchmark.runs.sides import Bout, compared, scored
from pico_banana.benchmark.runs.watch import Watch
from pico_banana.benchmark.tasks import Pair, Rewriting, Step, Task
from pico_banana.errors import ModelError, PictureError, TransportError
from pico_banana.regenerate.plan.photos import read_whole_photo
from pico_banana.regenerate.values import Instruction
from pico_banana.regenerate.work.scene import Scene

if TYPE_CHECKING:
    from pico_banana.benchmark.runs.names import EditorName
    from pico_banana.benchmark.runs.presets import Preset
    from pico_banana.regenerate.values import Item, Picture
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
        editor: who edits, or rewrites.
        preset: how is judged.
        work: item number to what it is.
        results: (id, turn) to the result.
        anchors: anchor to score.
        watch: compares anchors with those of the beginning.
    """

    editor: EditorName
    preset: Preset
    work: dict[int, Task | Pair | Bout | Rewriting | Anchor | Again] = field(default_factory=dict)
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
        if isinstance(work, Anchor):
            self.anchors[work.name] = (await self._anchor(desk, staff, item, work)).score
            return "anchor"
        if isinstance(work, Again):
            said = await self._anchor(desk, staff, item, work.anchor)
            self.watch.saw(work.anchor.name, said.score)
            return "anchor"
        try:
            found = await self._of_other_work(desk, staff, item, work)
        except _FAILURES as error:
            reason = f"{type(error).__name__}: {error}"
            self._keep(work.task, 1, replace(Result.blank(MISSING), reason=reason))
            raise
        self._keep(work.task, 1, found)
        return "judged"

    async def _of_other_work(self, desk: Desk, staff: Staff, item: Item, work: Pair | Bout | Rewriting) -> Result:
        if isinstance(work, Rewriting):
            return await rewritten(self.editor, self.preset, desk, staff, item, work)
        self.watch.judged(2)
        if isinstance(work, Pair):
            return await scored(self.preset, desk, staff.judge, item, work)
        return await compared(self.preset, desk, staff.judge, item, work)

    async def _anchor(self, desk: Desk, staff: Staff, item: Item, anchor: Anchor) -> Opinion:
        scene = Scene(item, 1, anchor.before, anchor.before)
        if not self.preset.two:
            return await opinion(self.preset, desk, staff.judge, scene, anchor.instruction, anchor.after)
        edits = (anchor.after, opposite(anchor).after)
        return await preference(desk, staff.judge, scene, anchor.instruction, edits)

    async def _task(self, desk: Desk, staff: Staff, item: Item, task: Task) -> str:
        turn = 1
        try:
            original = before = await asyncio.to_thread(read_whole_photo, item.photo)
            history: list[str] = []
            for turn, step in enumerate(task.steps, 1):
                scene = Scene(item, turn, before, original, tuple(history))
                made = await edited(self.editor, desk, staff, scene, task, step)
                if made.picture is None:
                    self._unreached(task, turn, made)
                    return made.ended
                shown = await self._shown(desk, scene, made, made.picture)
                self._keep(task, turn, replace(shown, reason="the run did not come to judging it"))
                self._keep(task, turn, await self._said(desk, staff, scene, made, shown))
                before = made.picture
                history.append(made.instruction.text)
        except _FAILURES as error:
            self._unreached(task, turn, Edited(MISSING, Instruction(""), reason=f"{type(error).__name__}: {error}"))
            raise
        return "judged"

    async def _shown(self, desk: Desk, scene: Scene, made: Edited, picture: Picture) -> Result:
        """Give what is known of an edit before it is judged."""
        if not made.call:  # made elsewhere: kept beside those of models, for pages and for other judges
            await asyncio.to_thread(desk.ledger.vault.save, picture)
        blank = Result.blank(MADE, scene.turn)
        return replace(blank, distance=made.distance, calls=(made.call,), picture=picture.sha256)

    async def _said(self, desk: Desk, staff: Staff, scene: Scene, made: Edited, shown: Result) -> Result:
        picture = cast("Picture", made.picture)  # shown, so there is one
        said = await opinion(self.preset, desk, staff.judge, scene, made.instruction, picture)
        self.watch.judged()
        success = None if said.score is None else self.preset.passes(said.score)
        calls = (*shown.calls, *said.calls)
        return replace(shown, score=said.score, success=success, scores=said.scores, reason=said.reason, calls=calls)

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
        """Note why a step has no picture, or no score, and that the steps after it cannot have one."""
        failed = made.ended == REFUSED
        for later in range(turn, len(task.steps) + 1):
            if shown := self.results.get((task.id, later)):
                self.results[task.id, later] = replace(shown, reason=made.reason)
                continue
            ended = made.ended if later == turn or not failed else NOT_REACHED
            score, success = (0.0, False) if failed else (None, None)
            blank = Result.blank(ended, later)
            self._keep(
                task, later, replace(blank, score=score, success=success, reason=made.reason, calls=(made.call,))
            )

    def ordered(self) -> tuple[Result, ...]:
        """Give a result for every step of all tasks, in their order; missing where the run did not come to it."""
        asked = [work if isinstance(work, Task) else getattr(work, "task", None) for work in self.work.values()]
        tasks = [work for work in asked if isinstance(work, Task)]
        for task in tasks:
            for turn in range(1, len(task.steps) + 1):
                if (task.id, turn) not in self.results:
                    blank = Result.blank(MISSING, turn)
                    self._keep(task, turn, replace(blank, reason="the run did not come to it"))
        order = {task.id: number for number, task in enumerate(tasks)}
        return tuple(sorted(self.results.values(), key=lambda one: (order[one.id], one.turn)))
