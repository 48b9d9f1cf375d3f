"""One item from its photo to its end: turns, and within a turn attempts until one is accepted.

Whoever walks an item again finds what the configuration's own writer, editor and judges made of it in the ledger, and
asks for the rest. That is how a killed run goes on, and how a changed configuration asks only what it concerns.
"""

from __future__ import annotations

import asyncio
import json
import time
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from pico_banana.regenerate.plan.photos import read_whole_photo
from pico_banana.regenerate.results.derive import CHECK_FAILED, MADE, checks_id
from pico_banana.regenerate.settings.jury import GIVEN, UNJUDGED, Heard, Said
from pico_banana.regenerate.settings.makers import maker_id, who
from pico_banana.regenerate.settings.policy import DRIFT
from pico_banana.regenerate.values import Instruction, Item, Outcome, Picture, Stage
from pico_banana.regenerate.work.asking import Unreadable
from pico_banana.regenerate.work.checks import Findings, check
from pico_banana.regenerate.work.judges import Work, judge, judge_prompt
from pico_banana.regenerate.work.scene import Scene
from pico_banana.regenerate.work.stages import edit, shorten, write_instruction

if TYPE_CHECKING:
    from pico_banana.regenerate.backends.base import Judge
    from pico_banana.regenerate.work.desk import Desk
    from pico_banana.regenerate.work.staff import Staff

# What the service will not do, it will not do on the next attempt either.
_FINAL = (Outcome.REFUSED, Outcome.DECLINED)


@dataclass(frozen=True, slots=True)
class Made:
    """What one edit call gave.

    Attributes:
        call: the number of the call; 0 for an edit that was there already.
        outcome: "made", "check_failed", or the outcome of the call.
        reason: in the service's words, or which check failed.
        edited: the picture, where one came.
        findings: what the pixel checks measured.
    """

    call: int
    outcome: str
    reason: str = ""
    edited: Picture | None = None
    findings: Findings = field(default_factory=Findings)


async def walk(desk: Desk, staff: Staff, item: Item) -> str:
    """Walk one item to its end, and record that it is finished.

    Args:
        desk: where calls go over.
        staff: who does the work.
        item: the item.

    Returns:
        How its first turn ended: "accepted", "rejected", "unjudged", "refused" or "declined".

    Raises:
        PictureError: the photo cannot be read.
        ModelUnavailableError: a service failed at every try.
        Stopped: the run is stopping; the item goes on next time.
        BudgetError: the next call could exceed the budget.
        StoreError: a record could not be kept.
    """
    photo = await asyncio.to_thread(read_whole_photo, item.photo)
    scene = Scene(item, 1, photo, photo)
    done = await _turn(desk, staff, scene, 0)
    first = "accepted" if done.edited is not None else done.end
    while done.edited is not None and scene.turn < len(item.edit_types):
        history = (*scene.history, done.instruction.text)
        scene = replace(scene, turn=scene.turn + 1, photo=done.edited, history=history)
        done = await _turn(desk, staff, scene, done.call)
    await finish(desk, item)
    return first


async def finish(desk: Desk, item: Item) -> None:
    """Record that an item is finished under this configuration.

    Args:
        desk: whose ledger it is.
        item: the item.

    Raises:
        StoreError: the record could not be kept.
    """
    row = {"item": item.id, "digest": desk.config.digest(), "at": time.time()}
    await asyncio.wrap_future(desk.ledger.append("finished", row))


@dataclass(frozen=True, slots=True)
class _Done:
    """How a turn ended: with a picture and the call that made it, or why not."""

    instruction: Instruction
    edited: Picture | None = None
    call: int = 0
    end: str = "rejected"


async def _turn(desk: Desk, staff: Staff, scene: Scene, base: int) -> _Done:
    instruction, written, outcome = await _instruction(desk, staff, scene, base)
    if outcome is not Outcome.OK:
        return _Done(instruction, end="refused" if outcome is Outcome.REFUSED else "declined")
    end = "rejected"
    for number in range(1, desk.config.policy.max_attempts + 1):
        if end == UNJUDGED and desk.memory.attempt(scene, written, number) is None:
            break  # nothing more is bought while a picture waits for its judge
        made = await _made(desk, staff, scene, Work(instruction, scene.photo, number), written)
        if made.outcome in _FINAL:
            return _Done(instruction, end=made.outcome)
        if made.outcome != MADE or made.edited is None:
            continue
        heard = await judged(
            desk, staff, scene, Work(instruction, made.edited, number, made.findings.as_text()), made.call
        )
        if heard.first is None:
            end = UNJUDGED
        elif desk.config.policy.decide(heard.first, heard.second).accepted:
            return _Done(instruction, made.edited, made.call)
    return _Done(instruction, end=end)


async def _instruction(desk: Desk, staff: Staff, scene: Scene, base: int) -> tuple[Instruction, int, Outcome]:
    remembered = desk.memory.instruction(scene, base)
    if remembered is not None and remembered.shortener:
        return remembered.instruction, remembered.call, remembered.outcome
    outcome, reason = Outcome.OK, ""
    instruction, call = Instruction(""), 0
    try:
        if remembered is not None:
            instruction, call = remembered.instruction, remembered.call
        else:
            instruction, call = await write_instruction(desk, staff, scene)
        instruction = replace(instruction, short=await shorten(desk, staff, scene, instruction))
    except Unreadable as problem:
        outcome, reason, call = problem.outcome, problem.reason, problem.call
    row = {
        **_place(scene),
        "base": base,
        "call": call,
        "shortener": who(Stage.SHORTEN, desk.config.shortener),
        "writer": who(Stage.WRITE, desk.config.writer),
        "text": instruction.text,
        "short": instruction.short,
        "recipe": json.dumps(instruction.recipe, sort_keys=True),
        "outcome": outcome,
        "reason": reason,
    }
    await asyncio.wrap_future(desk.ledger.append("instructions", row))
    return instruction, call, outcome


async def _made(desk: Desk, staff: Staff, scene: Scene, work: Work, written: int) -> Made:
    """Have a picture edited and checked, or remember that it was."""
    remembered = desk.memory.attempt(scene, written, work.attempt)
    if remembered is not None:
        checked = remembered.edited is None or remembered.checks == checks_id(desk.config.checks)
        picture = None
        if remembered.edited is not None:
            picture = await asyncio.to_thread(desk.ledger.vault.load, remembered.edited)
        if checked:  # what was noticed is measured again: the judge is told the same as at the first time
            noticed = await _checked(desk, scene, picture) if picture is not None else Findings()
            return Made(remembered.call, remembered.outcome, remembered.reason, picture, noticed)
        call, outcome, reason = remembered.call, str(Outcome.OK), ""
    else:
        reply = await edit(desk, staff, scene, work.instruction, work.attempt)
        call, outcome, reason, picture = reply.call, str(reply.outcome), reply.reason, reply.picture
    made = Made(call, outcome, reason, picture)
    if outcome == Outcome.OK and picture is not None:
        findings = await _checked(desk, scene, picture)
        outcome = CHECK_FAILED if findings.failure else MADE
        made = Made(call, outcome, findings.failure, picture, findings)
    await keep_attempt(desk, scene, made, attempt=work.attempt, written=written)
    return made


async def keep_attempt(desk: Desk, scene: Scene, made: Made, *, attempt: int, written: int) -> None:
    """Record an attempt.

    Args:
        desk: whose ledger it is.
        scene: the turn.
        made: what came of it.
        attempt: from 1.
        written: the call that wrote its instruction; 0 where none did.

    Raises:
        StoreError: the record could not be kept.
    """
    edited, findings = made.edited, made.findings
    row: dict[str, Any] = {
        **_place(scene),
        "written": written,
        "attempt": attempt,
        "call": made.call,
        "editor": who(Stage.EDIT, desk.config.editor),
        "outcome": made.outcome,
        "reason": made.reason,
        "edited": edited.sha256 if edited is not None else None,
        "media_type": edited.media_type if edited is not None else "",
        "checks": checks_id(desk.config.checks),
        "changed": findings.changed,
        "findings": findings.as_json(),
        "at": time.time(),
    }
    row["input_width"], row["input_height"] = findings.source_size
    row["edited_width"], row["edited_height"] = findings.edited_size
    await asyncio.wrap_future(desk.ledger.append("attempts", row))


async def judged(desk: Desk, staff: Staff, scene: Scene, work: Work, call: int) -> Heard:
    """Have an edit judged, as far as whoever counts has not said something of it already.

    Args:
        desk: where calls go over.
        staff: whose judges judge.
        scene: the turn.
        work: the edit.
        call: the edit call.

    Returns:
        What counts of all that was said.

    Raises:
        ModelUnavailableError: the judge's service failed at every try.
        Stopped: the run is stopping.
        BudgetError: the call could exceed the budget.
        StoreError: a verdict could not be kept.
    """
    said = desk.memory.said(scene, call)
    if desk.memory.jury.needs_first(said):
        said = (*said, await ask_judge(desk, staff.judge, scene, work, call))
    if staff.second_judge is not None and desk.memory.jury.needs_second(said):
        said = (*said, await ask_judge(desk, staff.second_judge, scene, work, call, stage=Stage.SECOND_JUDGE))
    return desk.memory.jury.hear(said)


async def ask_judge(
    desk: Desk, judge_: Judge, scene: Scene, work: Work, call: int, *, stage: Stage = Stage.JUDGE, asked_before: int = 0
) -> Said:
    """Ask one judge about one edit, and record what it said, or that nothing readable came.

    Args:
        desk: where calls go over.
        judge_: the judge.
        scene: the turn.
        work: the edit.
        call: the edit call.
        stage: the first or the second judge.
        asked_before: see `stages.judge`.

    Returns:
        What was said.

    Raises:
        ModelUnavailableError: the judge's service failed at every try.
        Stopped: the run is stopping.
        BudgetError: the call could exceed the budget.
        StoreError: the verdict could not be kept.
    """
    settings = desk.config.judge if stage is Stage.JUDGE else desk.config.second_judge or desk.config.judge
    told = settings, str(stage)
    try:
        verdict, judged_by = await judge(desk, judge_, scene, work, stage=stage, asked_before=asked_before)
    except Unreadable as problem:
        said = Said(
            problem.call, who(stage, told[0]), told[1], UNJUDGED, f"{problem.outcome}: {problem.reason}", "{}", "{}"
        )
    else:
        drift = {} if verdict.drift is None else {DRIFT: verdict.drift}
        scores, reasons = json.dumps({**verdict.scores, **drift}), json.dumps(dict(verdict.reasons), ensure_ascii=False)
        said = Said(judged_by, who(stage, told[0]), told[1], GIVEN, "", scores, reasons)
    maker = maker_id(stage, settings, judge_prompt(desk.config, scene.turn))
    row = {**_place(scene), "call": call, "maker": maker, **said._asdict()}
    await asyncio.wrap_future(desk.ledger.append("verdicts", row))
    return said


async def _checked(desk: Desk, scene: Scene, edited: Picture) -> Findings:
    settings = desk.config.checks
    if settings.enabled:
        return await asyncio.to_thread(check, scene.photo, edited, edit_type=scene.edit_type, settings=settings)
    return check(scene.photo, edited, edit_type=scene.edit_type, settings=settings)


def _place(scene: Scene) -> dict[str, Any]:
    return {"item": scene.item.id, "turn": scene.turn}
