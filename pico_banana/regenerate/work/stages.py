"""The stages of one turn: write, shorten, edit, judge. Each is a small function: values in, a value out.

All go over the `Desk`, which replays, pays and records. What a call depends on is spelled out in its `asked`.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeVar

from pico_banana.errors import ModelReplyError
from pico_banana.records.texts import clean_short_instruction
from pico_banana.regenerate.backends.base import (
    EditRequest,
    Judge,
    JudgeRequest,
    ShortenRequest,
    WriteRequest,
    answered,
)
from pico_banana.regenerate.backends.json_replies import parse_json_object, unfenced
from pico_banana.regenerate.prompts import guidance
from pico_banana.regenerate.settings.verdicts import (
    Verdict,
    averaged,
    parse_verdict,
    verdict_schema,
)
from pico_banana.regenerate.values import Instruction, Outcome, Picture, Reply, Stage
from pico_banana.regenerate.work.desk import Call, Desk
from pico_banana.regenerate.work.written import Variety, checked_instruction

if TYPE_CHECKING:
    from collections.abc import Callable

    from pico_banana.regenerate.settings.config import Config
    from pico_banana.regenerate.work.scene import Scene
    from pico_banana.regenerate.work.staff import Staff

ASKS = 2  # a reply that cannot be read is asked for once more, never guessed
_QUOTES = "\"'\u201c\u201d\u2018\u2019 \n"
_LABEL = re.compile(r"^\s*short\s*:\s*", re.IGNORECASE)

ValueT = TypeVar("ValueT")


class Unreadable(Exception):  # noqa: N818 - carries an outcome between stages, never leaves the turn
    """A stage ended without a usable answer.

    Attributes:
        outcome: how the last call ended.
        reason: in the service's words, or what was wrong with the reply.
        call: the last call's number.
    """

    def __init__(self, outcome: Outcome, reason: str, call: int = 0) -> None:
        """Carry all."""
        super().__init__(reason)
        self.outcome = outcome
        self.reason = reason
        self.call = call


async def write_instruction(desk: Desk, staff: Staff, scene: Scene) -> tuple[Instruction, int]:
    """Have the instruction of a turn written.

    Args:
        desk: where calls go over.
        staff: who does the work.
        scene: the turn.

    Returns:
        The long instruction, with a recipe when the writer gives one, and the number of the call that wrote it.

    Raises:
        Unreadable: the writer refused, declined, or gave nothing usable twice.
    """
    chosen = desk.config.prompts.chosen("write" if scene.turn == 1 else "write_turn")
    text = chosen.fill({**_facts(scene), "guidance": guidance(scene.edit_type).write})
    asked = {"text": text, "photo": scene.photo.sha256, "objects": [thing.name for thing in scene.item.photo.objects]}

    told = Variety(desk.config.variety, desk.memory.written_before(scene))

    def request(ask: int) -> WriteRequest:
        seed = scene.seed("write", ask)
        whole = text + told.already()
        return WriteRequest(scene.photo, scene.edit_type, whole, scene.history, scene.item.photo.objects, seed)

    def call(ask: int) -> Call:
        made = request(ask)
        facts = {**asked, "text": made.prompt, "seed": made.seed}
        item, turn = scene.item.id, scene.turn
        return Call(Stage.WRITE, item, turn, 0, chosen.version, facts, lambda: answered(staff.writer.write, made))

    instruction, number = await _ask(desk, call, lambda reply: told.unlike(parse_written(reply)))
    desk.memory.add_written(scene, instruction.text)
    return instruction, number


def parse_written(text: str) -> Instruction:
    """Read a writer's reply.

    Args:
        text: JSON with a list `prompts`; `suitable` false means that the type does not suit the photo; `recipe`
            is optional.

    Returns:
        The instruction.

    Raises:
        ModelReplyError: the reply is not such JSON, or what it says is no instruction.
        Unreadable: the writer declined.
    """
    document = parse_json_object(text)
    if document.get("suitable") is False:
        raise Unreadable(Outcome.DECLINED, str(document.get("why", "")))
    prompts = document.get("prompts")
    if not isinstance(prompts, list) or not prompts or not isinstance(prompts[0], str) or not prompts[0].strip():
        raise ModelReplyError("the reply has no text in 'prompts'", reply=text)
    recipe = document.get("recipe", {})
    return Instruction(checked_instruction(prompts[0].strip()), "", recipe if isinstance(recipe, dict) else {})


async def shorten(desk: Desk, staff: Staff, scene: Scene, instruction: Instruction) -> str:
    """Have an instruction shortened.

    Args:
        desk: where calls go over.
        staff: who does the work.
        scene: the turn.
        instruction: the long instruction.

    Returns:
        The short instruction; empty when none came that is shorter and whole, for a long text is no short one.
    """
    chosen = desk.config.prompts.chosen("shorten")
    text = chosen.fill({"instruction": instruction.text})
    request = ShortenRequest(instruction, text, scene.seed("shorten"))
    asked = {"text": text, "recipe": instruction.recipe, "seed": request.seed}
    call = Call(
        Stage.SHORTEN,
        scene.item.id,
        scene.turn,
        0,
        chosen.version,
        asked,
        lambda: answered(staff.shortener.shorten, request),
    )
    reply = await desk.ask(call)
    if reply.outcome is not Outcome.OK:
        return ""
    short = clean_short_instruction(_LABEL.sub("", unfenced(reply.text)).strip(_QUOTES), instruction.text) or ""
    return short if len(short) < len(instruction.text) else ""


async def edit(desk: Desk, staff: Staff, scene: Scene, instruction: Instruction, attempt: int) -> Reply:
    """Have a picture edited.

    Args:
        desk: where calls go over.
        staff: who does the work.
        scene: the turn.
        instruction: what to do.
        attempt: from 1; each has a seed of its own.

    Returns:
        The reply, whatever its outcome.
    """
    chosen = desk.config.prompts.chosen("edit")
    text = chosen.fill({"instruction": instruction.text})
    request = EditRequest(scene.photo, instruction, scene.edit_type, text, scene.seed("edit", attempt))
    asked = {
        "text": text,
        "photo": scene.photo.sha256,
        "recipe": instruction.recipe,
        "edit_type": scene.edit_type,
        "seed": request.seed,
    }
    item, turn = scene.item.id, scene.turn
    call = Call(Stage.EDIT, item, turn, attempt, chosen.version, asked, lambda: answered(staff.editor.edit, request))
    return await desk.ask(call)


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
    return config.prompts.chosen(_judge_prompt_name(turn)).version


def _judge_prompt_name(turn: int) -> str:
    return "judge_turn" if turn > 1 else "judge"


async def judge(
    desk: Desk, judge_: Judge, scene: Scene, work: Work, *, stage: Stage = Stage.JUDGE, asked_before: int = 0
) -> tuple[Verdict, int]:
    """Have an edit judged; for turns after the first also against the source photo.

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
    passes = range(desk.config.policy.passes)
    said = [
        await _judge_once(desk, judge_, scene, work, stage=stage, asked_before=asked_before + ASKS * number)
        for number in passes  # a pass is a new question, the first one is as ever
    ]
    return averaged(tuple(verdict for verdict, _ in said)), said[-1][1]


async def _judge_once(
    desk: Desk, judge_: Judge, scene: Scene, work: Work, *, stage: Stage, asked_before: int
) -> tuple[Verdict, int]:
    later, rubric = scene.turn > 1, desk.config.rubric
    chosen = desk.config.prompts.chosen(_judge_prompt_name(scene.turn))
    guide = guidance(scene.edit_type)
    told = {"guidance": guide.judge, "rubric": guide.rubric, "findings": work.findings or "- nothing was measured"}
    text = chosen.fill({**_facts(scene), **told, "instruction": work.instruction.text})
    inputs = (scene.original, scene.photo) if later else (scene.photo,)
    shas = [work.edited.sha256, *(picture.sha256 for picture in inputs)]

    def call(ask: int) -> Call:
        seed = scene.seed(stage, work.attempt, asked_before + ask)
        schema = verdict_schema(with_drift=later, rubric=rubric, levels=chosen.asks_levels)
        request = JudgeRequest(work.edited, inputs, work.instruction, scene.edit_type, text, schema, seed)
        asked = {"text": text, "pictures": shas, "recipe": work.instruction.recipe, "seed": seed}
        return Call(
            stage,
            scene.item.id,
            scene.turn,
            work.attempt,
            chosen.version,
            asked,
            lambda: answered(judge_.judge, request),
        )

    return await _ask(desk, call, lambda reply: parse_verdict(reply, with_drift=later, rubric=rubric))


async def _ask(desk: Desk, call: Callable[[int], Call], parse: Callable[[str], ValueT]) -> tuple[ValueT, int]:
    # A refusal is not asked again; a reply that cannot be read is, once.
    problem = Unreadable(Outcome.MALFORMED, "")
    for number in range(1, ASKS + 1):
        reply = await desk.ask(call(number))
        if reply.outcome in (Outcome.REFUSED, Outcome.DECLINED):
            raise Unreadable(reply.outcome, reply.reason, reply.call)
        if reply.outcome is not Outcome.OK:
            problem = Unreadable(reply.outcome, reply.reason, reply.call)
            continue
        try:
            return parse(reply.text), reply.call
        except ModelReplyError as error:
            problem = Unreadable(Outcome.MALFORMED, str(error), reply.call)
        except Unreadable as declined:  # the reply itself says that it cannot be done
            declined.call = reply.call
            raise
    raise problem


def _facts(scene: Scene) -> dict[str, str]:
    history = "\n".join(f"{number}. {text}" for number, text in enumerate(scene.history, start=1))
    kind = scene.edit_type
    return {"edit_type": kind.label, "definition": kind.definition, "history": history, "turn": str(scene.turn)}
