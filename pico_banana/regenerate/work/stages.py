"""The stages that make a turn: write, shorten, edit. Each is a small function: values in, a value out.

All go over the `Desk`, which replays, pays and records. What a call depends on is spelled out in its `asked`.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from pico_banana.errors import ModelReplyError
from pico_banana.records.texts import clean_short_instruction
from pico_banana.regenerate.backends.base import (
    EditRequest,
    ShortenRequest,
    WriteRequest,
)
from pico_banana.regenerate.backends.json_replies import parse_json_object, unfenced
from pico_banana.regenerate.prompts import guidance
from pico_banana.regenerate.values import Instruction, Outcome, Reply, Stage
from pico_banana.regenerate.work.asking import Unreadable, ask, facts
from pico_banana.regenerate.work.calls import Call
from pico_banana.regenerate.work.seen import told_of
from pico_banana.regenerate.work.written import Variety, checked_instruction, of_kind

if TYPE_CHECKING:
    from pico_banana.regenerate.work.desk import Desk
    from pico_banana.regenerate.work.scene import Scene
    from pico_banana.regenerate.work.staff import Staff

_MARK = re.compile(r"[\"\u201c\u201d\u2018]|(?<!\w)['\u2019]|['\u2019](?!\w)")  # not the apostrophe inside of a word
_LABEL = re.compile(r"^\s*short\s*:\s*", re.IGNORECASE)


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
    text = chosen.fill({**facts(scene), "guidance": guidance(scene.edit_type).write}) + _seen(desk, scene)
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
        return Call(Stage.WRITE, item, turn, 0, chosen.version, facts, staff.writer.write, made)

    instruction, number = await ask(
        desk, call, lambda reply: told.unlike(of_kind(parse_written(reply), scene.edit_type))
    )
    desk.memory.add_written(scene, instruction.text)
    return instruction, number


def _seen(desk: Desk, scene: Scene) -> str:
    """Tell the writer what the inventory or published labels say; after a turn it may no longer be true."""
    objects = scene.item.photo.objects
    looked = desk.config.inventory is not None or desk.config.source.labels
    if not looked or scene.history or not objects:
        return ""
    return f"\n\nWhat was seen in this photo before, as a help; trust your own eyes:\n{told_of(objects)}"


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
    reply = await ask_short(desk, staff, scene, instruction)
    if reply.outcome is not Outcome.OK:
        return ""
    short = clean_short_instruction(short_text(reply.text), instruction.text) or ""
    return short if len(short) < len(instruction.text) else ""


async def ask_short(desk: Desk, staff: Staff, scene: Scene, instruction: Instruction) -> Reply:
    """Ask for a short instruction, and take whatever comes.

    Args:
        desk: where calls go over.
        staff: who does the work.
        scene: the turn.
        instruction: the long instruction.

    Returns:
        The reply, whatever its outcome.
    """
    chosen = desk.config.prompts.chosen("shorten")
    text = chosen.fill({"instruction": instruction.text})
    request = ShortenRequest(instruction, text, scene.seed("shorten"))
    asked = {"text": text, "recipe": instruction.recipe, "seed": request.seed}
    place = scene.item.id, scene.turn
    call = Call(Stage.SHORTEN, *place, 0, chosen.version, asked, staff.shortener.shorten, request)
    return await desk.ask(call)


def short_text(reply: str) -> str:
    """Give the text of a short instruction without the fence, label and quotation marks that models put around it.

    Args:
        reply: the text that came.

    Returns:
        The text, perhaps empty.
    """
    return _unquoted(_LABEL.sub("", unfenced(reply)).strip())


def _unquoted(text: str) -> str:
    """Take quotation marks off that stand around all of a text, or alone; those of a quoted word at its end stay."""
    marks = [found.start() for found in _MARK.finditer(text)]
    if len(marks) == 1:
        return text.strip(text[marks[0]])
    if not marks or (marks[0], marks[-1]) != (0, len(text) - 1):
        return text
    # Inside of a quotation the next mark opens one, after a space; else it closes what the text began with.
    return text[1:-1].strip() if len(marks) == 2 or text[marks[1] - 1].isspace() else text  # noqa: PLR2004 - a pair


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
    call = Call(Stage.EDIT, item, turn, attempt, chosen.version, asked, staff.editor.edit, request)
    return await desk.ask(call)
