"""How good a model is on instructions whose edit types are known.

Accuracy, what is taken for what, and whether to believe the model when it says how sure it is.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING

from pico_banana.rows.inference.results import UNDECIDED
from pico_banana.taxonomy import edit_type, edit_types

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from pico_banana.rows.inference.results import Model
    from pico_banana.taxonomy import EditType

_EDGES = (0.0, 0.5, 0.7, 0.8, 0.9, 0.95, 1.0)


@dataclass(frozen=True, slots=True)
class TypeScore:
    """How one edit type fares.

    Attributes:
        edit_type: the type.
        rows: instructions that are of this type.
        guessed: instructions that were guessed to be of it.
        right: instructions that both are and were guessed.
    """

    edit_type: EditType
    rows: int
    guessed: int
    right: int

    @property
    def recall(self) -> float:
        """Share of its rows that were found, 0 to 1; 0 without rows."""
        return self.right / self.rows if self.rows else 0.0

    @property
    def precision(self) -> float:
        """Share of the guesses that were right, 0 to 1; 0 without guesses."""
        return self.right / self.guessed if self.guessed else 0.0


@dataclass(frozen=True, slots=True)
class Bin:
    """The guesses whose confidence lies in one range; a reliable model is right as often as it says.

    Attributes:
        low: lower edge, inclusive.
        high: upper edge, exclusive but for 1.
        rows: guesses in this range.
        confidence: their mean confidence.
        accuracy: the share of them that was right.
    """

    low: float
    high: float
    rows: int
    confidence: float
    accuracy: float


@dataclass(frozen=True, slots=True)
class Evaluation:
    """What `evaluate` found.

    Attributes:
        rows: instructions judged.
        right: those guessed right.
        undecided: those without a guess; they count as wrong.
        confusion: (type, guess) -> rows, a missing guess as None.
        bins: the guesses by confidence, empty ranges left out.
    """

    rows: int
    right: int
    undecided: int
    confusion: dict[tuple[EditType, EditType | None], int]
    bins: tuple[Bin, ...]

    @property
    def accuracy(self) -> float:
        """Share of all instructions guessed right, 0 to 1."""
        return self.right / self.rows if self.rows else 0.0

    @property
    def category_accuracy(self) -> float:
        """Share of all instructions for which at least the category was right, 0 to 1."""
        hits = sum(n for (true, guess), n in self.confusion.items() if guess and guess.category == true.category)
        return hits / self.rows if self.rows else 0.0

    @property
    def calibration_gap(self) -> float:
        """Mean distance between confidence and accuracy over the bins, weighted by their rows; 0 is best."""
        decided = self.rows - self.undecided
        gaps = sum(part.rows * abs(part.confidence - part.accuracy) for part in self.bins)
        return gaps / decided if decided else 0.0

    @property
    def by_type(self) -> tuple[TypeScore, ...]:
        """One score for each type that occurs or was guessed, in published order."""
        rows, guessed, right = Counter[str](), Counter[str](), Counter[str]()
        for (true, guess), count in self.confusion.items():
            rows[true] += count
            guessed[guess or ""] += count
            right[true] += count * (true == guess)
        return tuple(
            TypeScore(kind, rows[kind], guessed[kind], right[kind])
            for kind in edit_types()
            if rows[kind] or guessed[kind]
        )

    @property
    def mistakes(self) -> tuple[tuple[EditType, EditType | None, int], ...]:
        """(type, guess, rows) for every wrong guess, the most frequent first."""
        wrong = [(true, guess, count) for (true, guess), count in self.confusion.items() if true != guess]
        return tuple(sorted(wrong, key=lambda mistake: -mistake[2]))

    def __str__(self) -> str:
        """Show the numbers and the reliability table, as Markdown."""
        lines = [
            f"accuracy {self.accuracy:.1%} of {self.rows:,} ({self.undecided:,} undecided), "
            f"category {self.category_accuracy:.1%}, calibration gap {self.calibration_gap:.3f}",
            "",
            "| confidence | rows | mean confidence | right |",
            "|---|---:|---:|---:|",
        ]
        lines += [
            f"| {part.low:.2f} to {part.high:.2f} | {part.rows:,} | {part.confidence:.2f} | {part.accuracy:.2f} |"
            for part in self.bins
        ]
        return "\n".join(lines)


def evaluate(rows: Iterable[tuple[str, str]], *, model: Model | None = None) -> Evaluation:
    """Measure a model on instructions whose edit types are known.

    Args:
        rows: (instruction, edit type) each, the type by any of its names.
        model: what guesses; the built-in rules when None.

    Returns:
        The measurements.

    Raises:
        UnknownNameError: a type is none of the 35.
    """
    from pico_banana.rows.inference import infer_many

    pairs = [(text, edit_type(name)) for text, name in rows]
    codes, confidence = infer_many([text for text, _ in pairs], model=model)
    guesses = [None if code == UNDECIDED else edit_types()[code] for code in codes]
    true = [kind for _, kind in pairs]
    confusion = Counter(zip(true, guesses, strict=True))
    return Evaluation(
        rows=len(pairs),
        right=sum(count for (kind, guess), count in confusion.items() if kind == guess),
        undecided=guesses.count(None),
        confusion=dict(confusion),
        bins=_bins(
            [
                (float(sure), kind == guess)
                for kind, guess, sure in zip(true, guesses, confidence, strict=True)
                if guess is not None
            ]
        ),
    )


def _bins(guesses: Sequence[tuple[float, bool]]) -> tuple[Bin, ...]:
    found = []
    for low, high in pairwise(_EDGES):
        inside = [(sure, right) for sure, right in guesses if low <= sure < high or sure == high == 1]
        if inside:
            sure, right = (sum(column) / len(inside) for column in zip(*inside, strict=True))
            found.append(Bin(low, high, len(inside), sure, right))
    return tuple(found)
