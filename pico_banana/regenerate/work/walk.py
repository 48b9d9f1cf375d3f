"""One item from its photo to its end: turns, and within a turn attempts until one is accepted.

Nothing here remembers anything: walking an item again asks the same calls, and the desk answers those from the ledger.
That is how a killed run goes on, and how a changed policy is applied.
"""

from __future__ import annotations

import asyncio
import json
import time
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from pico_banana.regenerate.plan.photos import read_photo
from pico_banana.regenerate.settings.checks import Findings, check
from pico_banana.regenerate.values import Instruction, Item, Outcome, Picture, Reply, Stage
from pico_banana.regenerate.work.stages import Scene, Unreadable, Work, edit, judge, shorten, write_instruction

if TYPE_CHECKING:
    from pico_banana.regenerate.settings.policy import Verdict
    from pico_banana.regenerate.work.desk import Desk
    from pico_banana.regenerate.work.staff import Staff

SCORED = "scored"
CHECK_FAILED = "check_failed"
UNJUDGED = "unjudged"
# What the service will not do, it will not do on the next attempt either.
_FINAL = (Outcome.REFUSED, Outcome.DECLINED)


@dataclass(frozen=True, slots=True)
class Tried:
    """One attempt.

    Attributes:
        outcome: "scored", "check_failed", "unjudged", or the outcome of the edit call.
        reason: in the service's words, or which check failed.
        edited: the picture, where one came.
        findings: what the pixel checks measured.
        first: the first judge's verdict.
        second: the second judge's.
    """

    outcome: str
    reason: str = ""
    edited: Picture | None = None
    findings: Findings = field(default_factory=Findings)
    first: Verdict | None = None
    second: Verdict | None = None


async def walk(desk: Desk, staff: Staff, item: Item) -> str:
    """Walk one item to its end, and record that it is finished.

    Args:
        desk: where calls go over.
        staff: who does the work.
        item: the item.

    Returns:
        How its first turn ended: "accepted", "rejected", "refused" or "declined".

    Raises:
        PictureError: the photo cannot be read.
        ModelUnavailableError: a service failed at every try.
        Stopped: the run is stopping; the item goes on next time.
        BudgetError: the next call could exceed the budget.
        StoreError: a record could not be kept.
    """
    photo = await asyncio.to_thread(read_photo, item.photo)
    scene = Scene(item, 1, photo, photo)
    done = await _turn(desk, staff, scene)
    first = "accepted" if done.edited is not None else done.end
    while done.edited is not None and scene.turn < len(item.edit_types):
        history = (*scene.history, done.instruction.text)
        scene = replace(scene, turn=scene.turn + 1, photo=done.edited, history=history)
        done = await _turn(desk, staff, scene)
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


async def keep_attempt(desk: Desk, scene: Scene, tried: Tried, *, attempt: int, call_key: str) -> None:
    """Record an attempt.

    Args:
        desk: whose ledger it is.
        scene: the turn.
        tried: what came of it.
        attempt: from 1.
        call_key: the key of the edit call; empty where none was made.

    Raises:
        StoreError: the record could not be kept.
    """
    row = {**_place(scene), "attempt": attempt, "call_key": call_key, **_as_row(tried), "at": time.time()}
    await asyncio.wrap_future(desk.ledger.append("attempts", row))


@dataclass(frozen=True, slots=True)
class _Done:
    """How a turn ended: with a picture, or why not."""

    instruction: Instruction
    edited: Picture | None = None
    end: str = "rejected"


async def _turn(desk: Desk, staff: Staff, scene: Scene) -> _Done:
    instruction, outcome = await _instruction(desk, staff, scene)
    if outcome is not Outcome.OK:
        return _Done(instruction, end="refused" if outcome is Outcome.REFUSED else "declined")
    for number in range(1, desk.config.policy.max_attempts + 1):
        key, reply = await edit(desk, staff, scene, instruction, number)
        tried = await judged(desk, staff, scene, Work(instruction, reply.picture or scene.photo, number), reply)
        await keep_attempt(desk, scene, tried, attempt=number, call_key=key)
        if tried.first is not None and desk.config.policy.decide(tried.first, tried.second).accepted:
            return _Done(instruction, reply.picture)
        if reply.outcome in _FINAL:
            return _Done(instruction, end=str(reply.outcome))
    return _Done(instruction)


async def _instruction(desk: Desk, staff: Staff, scene: Scene) -> tuple[Instruction, Outcome]:
    outcome, reason = Outcome.OK, ""
    instruction = Instruction("")
    try:
        instruction = await write_instruction(desk, staff, scene)
        instruction = replace(instruction, short=await shorten(desk, staff, scene, instruction))
    except Unreadable as problem:
        outcome, reason = problem.outcome, problem.reason
    recipe = json.dumps(instruction.recipe, sort_keys=True)
    told = {"text": instruction.text, "short": instruction.short, "recipe": recipe}
    row = {**_place(scene), **told, "outcome": outcome, "reason": reason}
    await asyncio.wrap_future(desk.ledger.append("instructions", row))
    return instruction, outcome


async def judged(desk: Desk, staff: Staff, scene: Scene, work: Work, reply: Reply) -> Tried:
    """Check an edit on the CPU, and have it judged where it passes.

    Args:
        desk: where calls go over.
        staff: whose judges judge.
        scene: the turn.
        work: the edit.
        reply: how the edit came.

    Returns:
        What came of it.

    Raises:
        ModelUnavailableError: the judge's service failed at every try.
        Stopped: the run is stopping.
        BudgetError: the call could exceed the budget.
    """
    if reply.outcome is not Outcome.OK or reply.picture is None:
        return Tried(reply.outcome, reply.reason)
    findings = await _checked(desk, scene, reply.picture)
    if findings.failure:
        return Tried(CHECK_FAILED, findings.failure, reply.picture, findings)
    work = replace(work, findings=findings.as_text())
    try:
        first = await judge(desk, staff.judge, scene, work)
    except Unreadable as problem:
        return Tried(UNJUDGED, f"{problem.outcome}: {problem.reason}", reply.picture, findings)
    second = await _second(desk, staff, scene, work, first)
    return Tried(SCORED, "", reply.picture, findings, first, second)


async def _second(desk: Desk, staff: Staff, scene: Scene, work: Work, first: Verdict) -> Verdict | None:
    if staff.second_judge is None or not desk.config.policy.wants_second(first):
        return None
    try:
        return await judge(desk, staff.second_judge, scene, work, stage=Stage.SECOND_JUDGE)
    except Unreadable:
        return None  # the first verdict stands; the calls of the second are in the ledger


async def _checked(desk: Desk, scene: Scene, edited: Picture) -> Findings:
    settings = desk.config.checks
    if settings.enabled:
        return await asyncio.to_thread(check, scene.photo, edited, edit_type=scene.edit_type, settings=settings)
    return check(scene.photo, edited, edit_type=scene.edit_type, settings=settings)


def _place(scene: Scene) -> dict[str, Any]:
    return {
        "item": scene.item.id,
        "turn": scene.turn,
        "input_sha": scene.photo.sha256,
        "edit_type": str(scene.edit_type),
    }


def _as_row(tried: Tried) -> dict[str, Any]:
    edited, findings = tried.edited, tried.findings
    row: dict[str, Any] = {
        "outcome": tried.outcome,
        "reason": tried.reason,
        "edited_sha": edited.sha256 if edited is not None else None,
        "media_type": edited.media_type if edited is not None else "",
        "changed": findings.changed,
        "findings": findings.as_json(),
        "reasons": json.dumps(
            [dict(verdict.reasons) for verdict in (tried.first, tried.second) if verdict is not None]
        ),
    }
    row["input_width"], row["input_height"] = findings.source_size
    row["edited_width"], row["edited_height"] = findings.edited_size
    for verdict, ending in ((tried.first, ""), (tried.second, "2")):
        if verdict is not None:
            row |= {f"{name}{ending}": score for name, score in verdict.scores.items()}
            row[f"drift{ending}"] = verdict.drift
    return row
