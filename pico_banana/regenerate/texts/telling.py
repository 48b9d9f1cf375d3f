"""One text made anew: written, held against rules, judged, and asked for again with what was wrong with it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from pico_banana.regenerate.texts.comparing import compared
from pico_banana.regenerate.texts.faults import fault_of
from pico_banana.regenerate.texts.writing import by_rule, written
from pico_banana.regenerate.values import Outcome, Stage
from pico_banana.regenerate.work.asking import Unreadable

if TYPE_CHECKING:
    from pico_banana.regenerate.texts.scene import TextScene

ATTEMPTS = 5  # where a third of all texts are spoilt, one in 200 is left
LEAST_LEVEL = 4  # of 5: the same, but for a detail that hardly matters
ACCEPTED, REJECTED, REFUSED, UNJUDGED = "accepted", "rejected", "refused", "unjudged"


@dataclass(frozen=True, slots=True)
class Telling:
    """What became of one attempt.

    Attributes:
        attempt: from 1; 0 for what a rule made of the published text.
        call: the call that wrote it; 0 for the rule.
        outcome: "accepted", "rejected", "refused" or "unjudged".
        reason: the judge's, or what is wrong.
        text: what was written.
        judged_by: the call that judged it; 0 for none.
        level: the judge's, or None.
        second_by: the call of the second opinion; 0 for none.
        second_level: the second judge's, or None.
    """

    attempt: int
    call: int
    outcome: str
    reason: str
    text: str = ""
    judged_by: int = 0
    level: int | None = None
    second_by: int = 0
    second_level: int | None = None


async def tell(scene: TextScene) -> list[Telling]:
    """Have a text made anew, until one is accepted or the attempts are used up.

    Args:
        scene: the question.

    Returns:
        Every attempt in order.
    """
    ruled = by_rule(scene.question)
    tellings = [await _judged(scene, Telling(0, 0, "", "", ruled))] if ruled else []
    for attempt in range(1, ATTEMPTS + 1):
        if tellings and tellings[-1].outcome in {ACCEPTED, REFUSED}:
            break
        refused = tellings[-1].reason if tellings and tellings[-1].outcome == REJECTED else ""
        tellings.append(await _told(scene, attempt, refused))
    return tellings


async def _told(scene: TextScene, attempt: int, refused: str) -> Telling:
    try:
        text, call = await written(scene, attempt, refused)
    except Unreadable as problem:
        outcome = REFUSED if problem.outcome in {Outcome.REFUSED, Outcome.DECLINED} else REJECTED
        return Telling(attempt, problem.call, outcome, _why(problem))
    if fault := fault_of(scene.question, text):
        return Telling(attempt, call, REJECTED, fault, text)
    return await _judged(scene, Telling(attempt, call, "", "", text))


async def _judged(scene: TextScene, one: Telling) -> Telling:
    try:
        said, judged_by = await compared(scene, one.text)
    except Unreadable as problem:
        return Telling(one.attempt, one.call, UNJUDGED, _why(problem), one.text, problem.call)
    outcome = ACCEPTED if said.level >= LEAST_LEVEL else REJECTED
    second = await _second(scene, one.text) if outcome == ACCEPTED else (0, None)
    return Telling(one.attempt, one.call, outcome, said.reason, one.text, judged_by, said.level, *second)


async def _second(scene: TextScene, text: str) -> tuple[int, int | None]:
    if scene.staff.second_judge is None:
        return 0, None
    try:
        said, call = await compared(scene, text, stage=Stage.SECOND_JUDGE)
    except Unreadable as problem:
        return problem.call, None
    return call, said.level


def _why(problem: Unreadable) -> str:
    return f"{problem.outcome}: {problem.reason}".removesuffix(": ")
