"""Questions that a benchmark asks beside those of a regeneration: lists of numbers, which of two, texts.

They go over the same desk as all others: paced, paid once, kept, and replayed when they come again.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, NamedTuple, TypeVar

from pico_banana.errors import ModelReplyError
from pico_banana.regenerate.backends.base import JudgeRequest, ShortenRequest
from pico_banana.regenerate.backends.json_replies import parse_json_object
from pico_banana.regenerate.prompts import prompt
from pico_banana.regenerate.values import Instruction, Stage
from pico_banana.regenerate.work.asking import ask, facts
from pico_banana.regenerate.work.calls import Call

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from pico_banana.regenerate.backends.base import MaybeAwaitable
    from pico_banana.regenerate.prompts import Prompt
    from pico_banana.regenerate.values import Picture
    from pico_banana.regenerate.work.desk import Desk
    from pico_banana.regenerate.work.scene import Scene

PROMPTS = str(Path(__file__).parents[1] / "prompts")
Shown = Literal["before", "after"]
Side = Literal["first", "second", "tie"]

ValueT = TypeVar("ValueT")


@dataclass(frozen=True, slots=True)
class Question:
    """One question that is answered with some numbers and one reason: `{"reasoning": "", "score": [0, 0]}`.

    Attributes:
        prompt: the prompt's file.
        shows: which pictures the judge sees, in this order; none for a question about texts.
        names: what the numbers are called.
        highest: the best number; it becomes 1.
        lowest: the worst one; it becomes 0.
    """

    prompt: str
    shows: tuple[Shown, ...]
    names: tuple[str, ...]
    highest: float
    lowest: float = 0.0

    @property
    def wording(self) -> Prompt:
        """The prompt with its version."""
        return prompt(self.prompt, PROMPTS)

    @property
    def schema(self) -> dict[str, Any]:
        """The JSON schema of the reply."""
        number = {"type": "number", "minimum": self.lowest, "maximum": self.highest}
        listed = {"type": "array", "items": number, "minItems": len(self.names), "maxItems": len(self.names)}
        return _object(reasoning={"type": "string"}, score=listed)

    def read(self, text: str) -> dict[str, float]:
        """Read a reply; nothing is guessed.

        Args:
            text: the reply.

        Returns:
            Name to score, 0 to 1.

        Raises:
            ModelReplyError: it is not JSON, or has not as many numbers in range as were asked for.
        """
        given = parse_json_object(text).get("score")
        listed = given if isinstance(given, list) else [given]
        if len(listed) != len(self.names) or not all(map(self._is_in_range, listed)):
            wanted = f"{len(self.names)} numbers from {self.lowest:g} to {self.highest:g}"
            raise ModelReplyError(f"the score is {given!r}, not {wanted}", reply=text)
        reach = self.highest - self.lowest
        return {name: round((value - self.lowest) / reach, 6) for name, value in zip(self.names, listed, strict=True)}

    def _is_in_range(self, value: object) -> bool:
        is_number = isinstance(value, int | float) and not isinstance(value, bool)
        return is_number and self.lowest <= value <= self.highest  # type: ignore[operator]  # a number by now


def wording_of_two() -> Prompt:
    """Give the prompt that asks which of two edits is better."""
    return prompt("judge_two_v1", PROMPTS)


class Matter(NamedTuple):
    """What a question is about.

    Attributes:
        scene: the turn.
        instruction: what was asked of the editor.
        pictures: what the judge sees, in this order.
    """

    scene: Scene
    instruction: Instruction
    pictures: tuple[Picture, ...]


async def numbers(desk: Desk, judge: Any, told: Matter, question: Question) -> tuple[dict[str, float], int]:  # noqa: ANN401 - any backend
    """Ask for numbers about pictures.

    Args:
        desk: where calls go over.
        judge: who is asked.
        told: what it is about.
        question: the question.

    Returns:
        Name to score, and the number of the call.

    Raises:
        Unreadable: nothing usable came.
    """
    return await _about_pictures(desk, judge, told, (question.wording, question.schema), question.read)


async def better(desk: Desk, judge: Any, told: Matter) -> tuple[Side, int]:  # noqa: ANN401 - any backend
    """Ask which of two edits is better, in the order in which they are given.

    Args:
        desk: where calls go over.
        judge: who is asked.
        told: what it is about; the pictures are the one before and the two edits.

    Returns:
        The better one, and the number of the call.

    Raises:
        Unreadable: nothing usable came.
    """
    return await _about_pictures(desk, judge, told, (wording_of_two(), _SCHEMA_OF_TWO), _side)


async def about_texts(
    desk: Desk,
    judge: Any,  # noqa: ANN401 - any backend
    scene: Scene,
    question: Question,
    texts: Mapping[str, str],
) -> tuple[dict[str, float], int]:
    """Ask for numbers about texts alone.

    Args:
        desk: where calls go over.
        judge: who is asked; it needs the method that shortens, which takes text and gives text.
        scene: the turn.
        question: the question.
        texts: place in the prompt to text.

    Returns:
        Name to score, and the number of the call.

    Raises:
        Unreadable: nothing usable came.
    """
    text = question.wording.fill(texts)

    def call(number: int) -> Call:
        request = ShortenRequest(Instruction(text), text, scene.seed("texts", number))
        asked = {"text": text, "seed": request.seed}
        return _call(scene, question.wording, asked, judge.shorten, request)

    return await ask(desk, call, question.read)


async def _about_pictures(
    desk: Desk,
    judge: Any,  # noqa: ANN401 - any backend
    told: Matter,
    wanted: tuple[Prompt, Mapping[str, Any]],
    read: Callable[[str], ValueT],
) -> tuple[ValueT, int]:
    wording, schema = wanted
    scene, instruction, pictures = told
    text = wording.fill({**facts(scene), "instruction": instruction.text})

    def call(number: int) -> Call:
        seed = scene.seed(wording.name, number)
        # The backends show `edited` first and then the inputs: whatever comes first here takes its place.
        request = JudgeRequest(pictures[0], pictures[1:], instruction, scene.edit_type, text, schema, seed)
        asked = {"text": text, "pictures": [one.sha256 for one in pictures], "seed": seed}
        return _call(scene, wording, asked, judge.judge, request)

    return await ask(desk, call, read)


def _call(
    scene: Scene, wording: Prompt, asked: Mapping[str, Any], method: Callable[[Any], MaybeAwaitable], request: object
) -> Call:
    return Call(Stage.JUDGE, scene.item.id, scene.turn, 1, wording.version, asked, method, request)


def _side(text: str) -> Side:
    named = {"A": "first", "B": "second", "tie": "tie"}
    given = parse_json_object(text).get("better")
    if not isinstance(given, str) or given not in named:
        raise ModelReplyError(f"the better one is {given!r}, neither A, B nor tie", reply=text)
    return named[given]  # type: ignore[return-value]  # one of the three


def _object(**properties: Any) -> dict[str, Any]:  # noqa: ANN401 - JSON values
    return {"type": "object", "properties": properties, "required": list(properties)}


_SCHEMA_OF_TWO = _object(reason={"type": "string"}, better={"type": "string", "enum": ["A", "B", "tie"]})
