"""Rewriting a long instruction as a short one: what can be counted about it, and what a judge says is still there."""

from __future__ import annotations

from dataclasses import replace
from difflib import SequenceMatcher
from typing import TYPE_CHECKING

from pico_banana.benchmark.runs.opinions import Opinion, given
from pico_banana.benchmark.runs.questions import about_texts
from pico_banana.benchmark.runs.results import MADE, MISSING, REFUSED, Result
from pico_banana.records.texts import leaks_chat_template, starts_cut
from pico_banana.records.values import Flag
from pico_banana.regenerate.backends.base import require
from pico_banana.regenerate.values import Instruction, Outcome, Picture
from pico_banana.regenerate.work.scene import Scene
from pico_banana.regenerate.work.stages import ask_short, short_text

if TYPE_CHECKING:
    from pico_banana.benchmark.runs.names import EditorName
    from pico_banana.benchmark.runs.presets import Preset
    from pico_banana.benchmark.tasks import Rewriting
    from pico_banana.regenerate.values import Item
    from pico_banana.regenerate.work.desk import Desk
    from pico_banana.regenerate.work.staff import Staff

RATIO, COPIED, FLAG = "length_ratio", "copied", "flag:"
NOT_SHORTER = "not_shorter"
_UNSEEN = Picture(b"", "")  # texts are judged without the photo


async def rewritten(
    rewriter: EditorName, preset: Preset, desk: Desk, staff: Staff, item: Item, work: Rewriting
) -> Result:
    """Have an instruction shortened, count, and have a judge say what was kept.

    Args:
        rewriter: who shortens.
        preset: how is judged.
        desk: where calls go over.
        staff: who is asked.
        item: its place in the run.
        work: the long text, and the published short one.

    Returns:
        `scores` has what was counted, with or without a judge; a text that breaks off or repeats the long one is no
        success, whatever the judge says.
    """
    scene, long = Scene(item, 1, _UNSEEN, _UNSEEN), work.task.steps[0].instruction
    if rewriter.published:
        short, call = work.published, 0
        if not short:
            return replace(Result.blank(MISSING), reason="the release has no short text here")
    else:
        reply = await ask_short(desk, staff, scene, Instruction(long))
        short, call = short_text(reply.text), reply.call
        if reply.outcome is not Outcome.OK or not short:
            why = f"{reply.outcome}: {reply.reason or 'an empty text'}"
            return replace(Result.blank(REFUSED), score=0.0, success=False, reason=why, calls=(call,))
    found = counted(short, long)
    said = await _kept(preset, desk, staff, scene, {"long": long, "short": short})
    flagged = any(name.startswith(FLAG) for name in found)
    success = None if said.score is None else preset.passes(said.score) and not flagged
    scores = {**found, **said.scores}
    blank = replace(Result.blank(MADE), scores=scores, reason=said.reason, calls=(call, *said.calls))
    return replace(blank, score=said.score, success=success)


def counted(short: str, long: str) -> dict[str, float]:
    """Count what needs no judge.

    Args:
        short: the short text.
        long: the long one.

    Returns:
        "length_ratio": words of the short one to a word of the long one; "copied": the share of its words that stand in
        the long one in one piece; and a 1 for every problem, as "flag:" and its name.
    """
    mine, theirs = (text.casefold().split() for text in (short, long))
    run = SequenceMatcher(a=mine, b=theirs, autojunk=False).find_longest_match()
    flags = {
        Flag.SHORT_EQUALS_LONG: mine == theirs,
        Flag.SHORT_CUT_START: starts_cut(short),
        Flag.SHORT_CHAT_TEMPLATE: leaks_chat_template(short),
        NOT_SHORTER: len(mine) >= len(theirs),
    }
    numbers = {RATIO: len(mine) / max(1, len(theirs)), COPIED: run.size / max(1, len(mine))}
    return {name: round(value, 6) for name, value in numbers.items()} | {
        f"{FLAG}{name}": 1.0 for name, is_so in flags.items() if is_so
    }


async def _kept(preset: Preset, desk: Desk, staff: Staff, scene: Scene, texts: dict[str, str]) -> Opinion:
    (question,) = preset.questions
    if desk.config.judge.backend == "procedural":
        return Opinion(reason="arithmetic reads no texts; name a model as the judge")
    require(staff.judge, "shorten", stage="judge")

    async def asked() -> Opinion:
        scores, call = await about_texts(desk, staff.judge, scene, question, texts)
        return Opinion(preset.reduced(scores), scores, (call,))

    return await given(asked())
