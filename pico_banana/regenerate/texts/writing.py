"""Having a text written: by the shortener, or by the writer as the one who captions or translates."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, cast

from pico_banana.errors import ModelReplyError
from pico_banana.records.texts import leaks_chat_template, strip_chat_template
from pico_banana.regenerate.backends.base import ShortenRequest
from pico_banana.regenerate.backends.json_replies import parse_json_object
from pico_banana.regenerate.backends.texts import CaptionRequest, TranslateRequest
from pico_banana.regenerate.texts.faults import fault_of
from pico_banana.regenerate.values import Instruction, Stage, derived_seed
from pico_banana.regenerate.work.asking import ask
from pico_banana.regenerate.work.calls import Call
from pico_banana.regenerate.work.stages import short_text

if TYPE_CHECKING:
    from collections.abc import Callable

    from pico_banana.regenerate.backends.base import MaybeAwaitable
    from pico_banana.regenerate.backends.texts import Captioner, Translator
    from pico_banana.regenerate.texts.questions import Question
    from pico_banana.regenerate.texts.scene import TextScene

RULE = "strip_chat_template"
# What becomes of a text: the prompt it is asked with, the backend's method, the stage that is asked.
ROLES = {
    "repaired": ("repair", "shorten", Stage.SHORTEN),
    "recaptioned": ("caption", "caption", Stage.WRITE),
    "translated": ("translate", "translate", Stage.WRITE),
}
_TEXT = {"type": "string"}
_CAPTION = {
    "type": "object",
    "properties": {"changes": {"type": "array", "items": _TEXT}, "instruction": _TEXT},
    "required": ["changes", "instruction"],
}
_TRANSLATION = {"type": "object", "properties": {"translation": _TEXT}, "required": ["translation"]}


def by_rule(question: Question) -> str:
    """Give what is left of a short instruction without the chat template that it leaks.

    Args:
        question: the question.

    Returns:
        The text; empty where that is no repair, or where something else is wrong with it.
    """
    if question.flawed is None or not leaks_chat_template(question.flawed):
        return ""
    text = strip_chat_template(question.flawed)
    return "" if fault_of(question, text) else text


async def written(scene: TextScene, attempt: int, refused: str) -> tuple[str, int]:
    """Have the text written.

    Args:
        scene: the question.
        attempt: from 1; each has a seed of its own.
        refused: what was wrong with the attempt before, or empty.

    Returns:
        The text, and the number of the call that wrote it.

    Raises:
        Unreadable: the model refused, or gave nothing readable twice.
    """
    question = scene.question
    role, _, stage = ROLES[question.wording]
    chosen = scene.desk.config.prompts.chosen(role)
    note = f"\nAn earlier answer was refused: {refused}\n" if refused else ""
    told = {"instruction": question.text, "text": question.text, "language": question.language, "refused": note}
    prompt = chosen.fill(told)

    def call(number: int) -> Call:
        seed = derived_seed(scene.item.seed, role, attempt, number)
        facts = {"text": prompt, "pictures": scene.picture_hashes, "seed": seed}
        return Call(stage, scene.item.id, 1, attempt, chosen.version, facts, *_request(scene, prompt, seed))

    return await ask(scene.desk, call, _READERS[question.wording])


def _request(scene: TextScene, prompt: str, seed: int) -> tuple[Callable[[Any], MaybeAwaitable], object]:
    """Give the backend's method that is asked, and what it is given."""
    question, staff = scene.question, scene.staff
    if question.wording == "repaired":
        return staff.shortener.shorten, ShortenRequest(Instruction(question.text), prompt, seed)
    if question.wording == "recaptioned":
        after, before = scene.pictures
        captioner = cast("Captioner", staff.writer)
        return captioner.caption, CaptionRequest(after, before, prompt, _CAPTION, seed)
    translator = cast("Translator", staff.writer)
    return translator.translate, TranslateRequest(question.text, question.language, prompt, _TRANSLATION, seed)


def _field(name: str) -> Callable[[str], str]:
    def read(reply: str) -> str:
        found: Any = parse_json_object(reply).get(name)
        if not isinstance(found, str):
            raise ModelReplyError(f"the reply has no text in {name!r}", reply=reply)
        return found.strip()

    return read


_READERS = {"repaired": short_text, "recaptioned": _field("instruction"), "translated": _field("translation")}
