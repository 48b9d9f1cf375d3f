"""Having a text held against the one it was made of, or against the two pictures."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple, cast

from pico_banana.errors import ModelReplyError
from pico_banana.regenerate.backends.json_replies import parse_json_object
from pico_banana.regenerate.backends.texts import CompareRequest
from pico_banana.regenerate.values import Stage, derived_seed
from pico_banana.regenerate.work.asking import ask
from pico_banana.regenerate.work.calls import Call

if TYPE_CHECKING:
    from pico_banana.regenerate.backends.texts import TextJudge
    from pico_banana.regenerate.texts.scene import TextScene

ROLES = {"repaired": "compare_short", "recaptioned": "compare_caption", "translated": "compare_translation"}
HIGHEST = 5
_LIST = {"type": "array", "items": {"type": "string"}}
_SCHEMA: dict[str, Any] = {
    "type": "object",
    "properties": {
        "missing": _LIST,
        "added": _LIST,
        "reason": {"type": "string"},
        "level": {"type": "integer", "minimum": 0, "maximum": HIGHEST},
    },
    "required": ["missing", "added", "reason", "level"],
}


class Level(NamedTuple):
    """What a judge of texts says.

    Attributes:
        level: 0 to 5.
        reason: in its words.
    """

    level: int
    reason: str


async def compared(scene: TextScene, text: str, *, stage: Stage = Stage.JUDGE) -> tuple[Level, int]:
    """Have a text judged.

    Args:
        scene: the question.
        text: what was written.
        stage: the first or the second judge.

    Returns:
        What the judge says, and the number of the call.

    Raises:
        Unreadable: it refused, or gave nothing readable twice.
    """
    question, staff = scene.question, scene.staff
    chosen = scene.desk.config.prompts.chosen(ROLES[question.wording])
    prompt = chosen.fill({"old": question.text, "new": text, "language": question.language})
    judge = cast("TextJudge", staff.second_judge if stage is Stage.SECOND_JUDGE else staff.judge)

    def call(number: int) -> Call:
        seed = derived_seed(scene.item.seed, stage, number)
        facts = {"text": prompt, "pictures": scene.picture_hashes, "seed": seed}
        request = CompareRequest(question.text, text, prompt, _SCHEMA, scene.pictures, seed)
        return Call(stage, scene.item.id, 1, 0, chosen.version, facts, judge.compare, request)

    return await ask(scene.desk, call, parse_level)


def parse_level(reply: str) -> Level:
    """Read the reply of a judge of texts.

    Args:
        reply: JSON with `reason` and `level`.

    Returns:
        What it says.

    Raises:
        ModelReplyError: it is no such JSON, or the level is none from 0 to 5.
    """
    told = parse_json_object(reply)
    level, reason = told.get("level"), told.get("reason", "")
    if isinstance(level, bool) or not isinstance(level, int) or not 0 <= level <= HIGHEST:
        raise ModelReplyError(f"the level is {level!r}, not a whole number from 0 to {HIGHEST}", reply=reply)
    said = [name for key in ("missing", "added") for name in _words(key, told.get(key))]
    return Level(level, "; ".join([str(reason), *said] if reason else said))


def _words(key: str, found: object) -> list[str]:
    listed = [str(one) for one in found if one] if isinstance(found, list) else []
    return [f"{key}: {', '.join(listed)}"] if listed else []
