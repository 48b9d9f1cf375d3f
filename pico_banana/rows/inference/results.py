"""What an inference is: a guessed edit type, how sure it is, and why; and what can make one."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple, Protocol, TypeAlias

if TYPE_CHECKING:
    from collections.abc import Iterable

    import numpy as np
    from numpy.typing import NDArray

    from pico_banana.taxonomy import EditType

    Codes: TypeAlias = NDArray[np.int8]
    Confidences: TypeAlias = NDArray[np.float32]

UNDECIDED = -1
"""The code of a text in which nothing speaks for any edit type."""


@dataclass(frozen=True, slots=True)
class Cue:
    """One reason to guess an edit type.

    Attributes:
        edit_type: the type it speaks for.
        pattern: the rule that fired, or the word that a trained model weighed.
        words: the words of the text that made it fire, in order.
        weight: how much it counts; sums of weights are compared.
    """

    edit_type: EditType
    pattern: str
    words: tuple[str, ...]
    weight: float

    def __str__(self) -> str:
        """Show the words, the type they speak for, and how loudly."""
        return f"{self.edit_type} +{self.weight:g}: {' '.join(self.words)} ({self.pattern})"


@dataclass(frozen=True, slots=True)
class Inference:
    """The edit type guessed for one instruction.

    Attributes:
        edit_type: the guess; None when nothing in the text speaks for any type.
        confidence: how often such a guess is right, 0 to 1; 0.0 when there is none.
        cues: every reason found, those for the guess first, the weightiest of them first; the rest spoke for others.
    """

    edit_type: EditType | None
    confidence: float
    cues: tuple[Cue, ...]


class Inferences(NamedTuple):
    """The edit types guessed for many instructions; unpacks into codes and confidence.

    Attributes:
        codes: one int8 a text: an index into `taxonomy.edit_types()`, or `UNDECIDED`.
        confidence: one float32 a text, 0 to 1; 0 where undecided.
    """

    codes: Codes
    confidence: Confidences


class Model(Protocol):
    """Guesses edit types from instructions."""

    def infer(self, instruction: str) -> Inference:
        """Guess the edit type of one instruction, and say why."""
        ...

    def infer_many(self, instructions: Iterable[str]) -> Inferences:
        """Guess the edit types of many instructions."""
        ...


# What the type of a session's turn was read from: the words of its instruction, a single-turn row of the same photo
# that asks for the same, the types of that photo's rows alone, or both of these together.
BY_WORDS, BY_SAME_EDIT, BY_PHOTO, BY_PHOTO_AND_WORDS = "words", "same_edit", "photo", "photo_and_words"


class TurnType(NamedTuple):
    """The type of a session's turn, which the release does not say.

    Attributes:
        edit_type: the guess; None where nothing speaks for any type.
        confidence: how often such a guess is right, 0 to 1; 0 without one.
        source: what it was read from: "words", "same_edit", "photo" or "photo_and_words".
    """

    edit_type: EditType | None
    confidence: float
    source: str
