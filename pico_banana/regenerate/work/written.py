"""What a writer may hand over: one whole instruction of a kind that is wanted, unlike those it wrote before.

What is wrong is told to nobody but the ledger: the writer is asked once more, nothing is cut or mended.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from pico_banana.errors import ModelReplyError
from pico_banana.rows.inference import infer

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from pico_banana.regenerate.settings.sections import VarietySettings
    from pico_banana.regenerate.values import Instruction
    from pico_banana.taxonomy import EditType

_FEWEST, _MOST = 10, 1200  # characters; the prompts ask for 20 to 70 words
_ANOTHER_SHAPE = re.compile(r"```|^\s*(?:[-*#>]|\d+[.)])\s", re.MULTILINE)
_HEADS = r"(?:note|explanation|rationale|reasoning|reason|why|edit type|type|category|instruction|prompt)\s*:"
_ITSELF = (
    r"(?:the|this) (?:edit|instruction|request|prompt|change) (?:is|was|will|would|should|keeps|ensures|makes|adds)\b"
)
_SPOKEN = r"(?:here is|here's|sure[,!]|certainly[,!]|as an ai)\b"
_TAIL = re.compile(rf"(?:^|[\n.!?)]\s*)\W*(?:{_HEADS}|{_ITSELF}|{_SPOKEN})", re.IGNORECASE)
# The operations the paper leaves out, when they are all that is asked: the first verb of the request.
_POLITE = r"^\W*(?:please|kindly|could you|can you|would you|i'?d like you to|i want you to)?[\s,]*(?:please\s+)?"
_WHOLE = r"(?:the )?(?:whole |entire |overall |full )?(?:photo|image|picture)(?:'s)?"
_TUNED = r"(?:brightness|contrast|saturation|sharpness|exposure|vibrance)"
_VERBS = r"(?:increase|decrease|reduce|raise|lower|boost|adjust|enhance|tweak|change|turn up|turn down|improve)"
_PLAIN = r"(?:sharpen|blur|brighten|darken|desaturate|saturate)(?: up)?"
_TWO = rf"(?:combine|merge|blend) {_WHOLE} with (?:the|an)(?:other| second) (?:photo|image|picture)"
_EXCLUDED = re.compile(
    rf"{_POLITE}(?:{_VERBS} (?:{_WHOLE} |the )?(?:overall )?{_TUNED}\b|{_PLAIN} {_WHOLE}\b|{_TWO})", re.IGNORECASE
)
_SURE = 0.75  # how often the classifier must be right before it is believed against the writer
_TEXT = "text_symbol"  # the category whose types one and the same request may sound like
_WORD = re.compile(r"\w+")


def checked_instruction(text: str) -> str:
    """Require that an instruction is one.

    Args:
        text: what the writer wrote.

    Returns:
        The text itself.

    Raises:
        ModelReplyError: it is too short or too long, a list or a heading, talks about itself, or asks for one of the
            operations that are left out.
    """
    if not _FEWEST <= len(text) <= _MOST:
        what = f"the instruction has {len(text)} characters, not {_FEWEST} to {_MOST}"
    elif _ANOTHER_SHAPE.search(text):
        what = "the instruction is a list, a heading or code, not a request"
    elif found := _TAIL.search(text):
        what = f"the instruction talks about itself: {found.group().strip()!r}"
    elif found := _EXCLUDED.search(text):
        what = f"the instruction asks for an operation that is left out: {found.group().strip()!r}"
    else:
        return text
    raise ModelReplyError(what, reply=text)


def of_kind(instruction: Instruction, kind: EditType) -> Instruction:
    """Require that an instruction does not plainly ask for another type than the one that was wanted.

    Args:
        instruction: the instruction.
        kind: the type that was asked for.

    Returns:
        The instruction itself, also where the classifier is unsure or finds anything that speaks for the type.

    Raises:
        ModelReplyError: it is of another type.
    """
    found = infer(instruction.text)
    other = found.edit_type
    if other is None or other == kind or found.confidence < _SURE or not kind.known:
        return instruction
    if instruction.recipe.get("craft") == str(kind):  # made for the type by arithmetic, whatever its words sound like
        return instruction
    if kind.category == other.category == _TEXT or any(cue.edit_type == kind for cue in found.cues):
        return instruction
    text = f"the instruction asks for {other}, not for {kind}: {found.cues[0]}"
    raise ModelReplyError(text, reply=instruction.text)


def most_alike(text: str, others: Iterable[str]) -> tuple[float, str]:
    """Find what an instruction is most like.

    Args:
        text: the instruction.
        others: instructions of the same type.

    Returns:
        The share of different words that both have, 0 to 1, and the other one; 0 and nothing when there are none.
    """
    words = _words(text)
    return max(((_shared(words, _words(other)), other) for other in others), default=(0.0, ""))


def _words(text: str) -> frozenset[str]:
    return frozenset(_WORD.findall(text.casefold()))


def _shared(one: frozenset[str], other: frozenset[str]) -> float:
    return len(one & other) / len(one | other) if one or other else 1.0


class Variety:
    """Holds an instruction against those of its type, and shows them once it repeats one.

    Args:
        settings: how alike is too alike.
        others: the latest instructions of the type.
    """

    def __init__(self, settings: VarietySettings, others: Sequence[str]) -> None:
        """Nothing is repeated yet."""
        self._settings = settings
        self._others = others if settings.similar else ()
        self._repeats = False

    def already(self) -> str:
        """Give what the prompt ends with: nothing, or what was asked already.

        Returns:
            Nothing in a first question, which is replayed as it was, whatever was asked of other items since.
        """
        if not self._repeats:
            return ""
        shown = "".join(f"\n- {one}" for one in list(self._others)[-self._settings.shown :])
        return f"\n\nAlready asked for other photos; ask for something clearly different, in other words:{shown}"

    def unlike(self, instruction: Instruction) -> Instruction:
        """Require that an instruction is unlike the others.

        Args:
            instruction: the instruction.

        Returns:
            The instruction itself.

        Raises:
            ModelReplyError: it repeats one.
        """
        share, other = most_alike(instruction.text, self._others)
        if self._others and share >= self._settings.similar:
            self._repeats = True
            text = f"the instruction repeats another one ({share:.0%} of the words): {other}"
            raise ModelReplyError(text, reply=instruction.text)
        return instruction
