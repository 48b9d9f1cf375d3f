"""A naive Bayes model of edit types, trained on instructions whose types are known; `training` makes it.

Whoever has the released single-turn rows can train it on them in seconds and use it in place of the built-in rules. Its
features are the words of a text, and once more the words it opens with: there the verb is, and what it is done to.
"""

from __future__ import annotations

import json
from collections import defaultdict
from dataclasses import dataclass, field
from functools import cached_property
from itertools import islice, repeat
from operator import itemgetter
from typing import TYPE_CHECKING, Any, TypeVar

import numpy as np

from pico_banana.errors import ConfigError
from pico_banana.mirrors.notes import ODD_SHAPE, read_note
from pico_banana.mirrors.store import write_atomic
from pico_banana.rows.inference.results import UNDECIDED, Cue, Inference, Inferences
from pico_banana.rows.inference.words import flat_tokens, tokens
from pico_banana.taxonomy import edit_types

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence
    from pathlib import Path

    from numpy.typing import NDArray

T = TypeVar("T")
_FORMAT = "pico-banana edit type model 1"
_OPENING = 6  # words: "Replace the old car with a": the verb and what it is done to
_BATCH = 2048  # texts at once: one row of 35 weights a word, twice
_MAX_CUES = 12


@dataclass(frozen=True, eq=False)
class Bayes:
    """A trained model.

    Attributes:
        words: the words it knows.
        weights: float32 (2, words, types): what a word adds to the score of each type, anywhere and in the opening;
            each word's weights have mean 0, so that a positive one speaks for a type.
        prior: float32 (types,): the score of each type before any word.
        temperature: divides the scores before the softmax that gives the confidence.
        trained_on: the number of texts it was trained on.
        accuracy: the share guessed right of the tenth held out in training, 0 to 1; nan when there was none.
    """

    words: tuple[str, ...] = field(repr=False)
    weights: NDArray[np.float32] = field(repr=False)
    prior: NDArray[np.float32] = field(repr=False)
    temperature: float
    trained_on: int
    accuracy: float

    def infer(self, instruction: str) -> Inference:
        """Guess the edit type of one instruction, and say why.

        Args:
            instruction: one request.

        Returns:
            The guess; its cues are the words that speak for it, the weightiest first.
        """
        codes, confidence = self.infer_many([instruction])
        if codes[0] == UNDECIDED:
            return Inference(None, 0.0, ())
        return Inference(edit_types()[codes[0]], float(confidence[0]), self._cues(instruction, int(codes[0])))

    def infer_many(self, instructions: Iterable[str]) -> Inferences:
        """Guess the edit types of many instructions.

        Args:
            instructions: requests.

        Returns:
            A code and a confidence for each; a text without a known word is undecided.
        """
        decided = [self._decide(*self.scores(batch)) for batch in in_batches(instructions)]
        codes = np.concatenate([np.empty(0, np.int8), *(batch.codes for batch in decided)])
        confidence = np.concatenate([np.empty(0, np.float32), *(batch.confidence for batch in decided)])
        return Inferences(codes, confidence)

    def chances(self, instructions: Iterable[str]) -> NDArray[np.float64]:
        """Say how likely each edit type is.

        Args:
            instructions: requests.

        Returns:
            Float64 (texts, types), each text's adding up to 1; all alike where no word of a text is known.
        """
        count = len(edit_types())
        found = [np.empty((0, count))]
        for scores, known in map(self.scores, in_batches(instructions)):
            found.append(np.where(known[:, None], softmax(scores, self.temperature), 1 / count))
        return np.concatenate(found).astype(np.float64)

    def save(self, path: Path) -> None:
        """Write the model as JSON.

        Args:
            path: where to; an existing file is replaced.

        Raises:
            StoreError: the file cannot be written.
        """
        document = {
            "format": _FORMAT,
            "edit_types": list(edit_types()),
            "temperature": self.temperature,
            "trained_on": self.trained_on,
            "accuracy": None if np.isnan(self.accuracy) else self.accuracy,
            "prior": _rounded(self.prior),
            "words": list(self.words),
            "anywhere": _rounded(self.weights[0]),
            "opening": _rounded(self.weights[1]),
        }
        write_atomic(path, json.dumps(document, ensure_ascii=False).encode())

    @cached_property
    def _numbers(self) -> dict[str, int]:
        return {word: number for number, word in enumerate(self.words)}

    def scores(self, texts: Sequence[str]) -> tuple[NDArray[np.float32], NDArray[np.bool_]]:
        """Add up what the words of texts speak for.

        Args:
            texts: requests, so many as fit into memory at once.

        Returns:
            Float32 (texts, types), and whether any word of each text is known (texts,).
        """
        numbers, opening, starts = read_words(texts, self._numbers)
        none = len(self.words)  # the row of zeros behind the last word
        padded = np.pad(self.weights, ((0, 0), (0, 1), (0, 0)))
        rows = padded[0][numbers] + padded[1][np.where(opening, numbers, none)]
        known = np.logical_or.reduceat(numbers != none, starts)
        return np.add.reduceat(rows, starts, axis=0) + self.prior, known

    def _decide(self, scores: NDArray[np.float32], known: NDArray[np.bool_]) -> Inferences:
        sure = softmax(scores, self.temperature)
        return Inferences(
            np.where(known, sure.argmax(axis=1), UNDECIDED).astype(np.int8),
            np.where(known, sure.max(axis=1), 0).astype(np.float32),
        )

    def _cues(self, instruction: str, code: int) -> tuple[Cue, ...]:
        found: defaultdict[str, float] = defaultdict(float)
        for place, word in enumerate(tokens(instruction)):
            number = self._numbers.get(word)
            if number is not None:
                opening = self.weights[1, number, code] if place < _OPENING else 0
                found[word] += float(self.weights[0, number, code] + opening)
        kind = edit_types()[code]
        heaviest = sorted(found.items(), key=itemgetter(1), reverse=True)[:_MAX_CUES]
        return tuple(Cue(kind, word, (word,), round(weight, 2)) for word, weight in heaviest if weight > 0)


def load_model(path: Path) -> Bayes:
    """Read a model that `Bayes.save` has written.

    Args:
        path: the file.

    Returns:
        The model.

    Raises:
        ConfigError: the file is no such model, or was trained for other edit types.
    """
    try:
        return _model_of(read_note(path))
    except OSError as error:
        raise ConfigError(f"{path} cannot be read as a model of edit types: {error}", key="model") from error
    except ODD_SHAPE as error:
        text = f"{path} is no model this version can read; make one with `train(...).save(path)`"
        raise ConfigError(text, key="model") from error


def _model_of(document: dict[str, Any]) -> Bayes:  # raises one of ODD_SHAPE where it is no model of ours
    found = Bayes(
        words=tuple(map(str, document["words"])),
        weights=np.array([document["anywhere"], document["opening"]], np.float32),
        prior=np.array(document["prior"], np.float32),
        temperature=float(document["temperature"]),
        trained_on=int(document["trained_on"]),
        accuracy=np.nan if document["accuracy"] is None else float(document["accuracy"]),
    )
    fits = found.weights.shape == (2, len(found.words), len(found.prior)) and len(found.prior) == len(edit_types())
    if document["format"] != _FORMAT or document["edit_types"] != list(edit_types()) or not fits:
        raise ValueError
    return found


def read_words(
    texts: Sequence[str], numbers: Mapping[str, int]
) -> tuple[NDArray[np.intp], NDArray[np.bool_], NDArray[np.intp]]:
    """Look the words of texts up.

    Args:
        texts: requests.
        numbers: the number of each known word.

    Returns:
        Each word's number, that of an unknown one is how many are known; whether it is in its text's opening; and
        where the texts begin among them.
    """
    words, starts = flat_tokens(texts)
    known = np.fromiter(map(numbers.get, words, repeat(len(numbers))), np.intp, len(words))
    lengths = np.diff(starts, append=len(words))
    return known, np.arange(len(words)) - np.repeat(starts, lengths) < _OPENING, starts


def softmax(scores: NDArray[np.float32], temperature: float) -> NDArray[np.float32]:
    """Make shares of scores.

    Args:
        scores: float32 (texts, types).
        temperature: divides them; a higher one is less sure.

    Returns:
        Float32 of the same shape, each text's adding up to 1.
    """
    powers = np.exp((scores - scores.max(axis=1, keepdims=True)) / np.float32(temperature))
    shares: NDArray[np.float32] = powers / powers.sum(axis=1, keepdims=True)
    return shares


def _rounded(numbers: NDArray[np.float32]) -> list[Any]:
    rounded: list[Any] = np.round(numbers.astype(np.float64), 3).tolist()
    return rounded


def in_batches(items: Iterable[T]) -> Iterator[list[T]]:
    """Give items by the thousands, as many as are scored at once.

    Args:
        items: texts, or anything that goes with them.

    Yields:
        Lists of them, in order.
    """
    rest = iter(items)
    while batch := list(islice(rest, _BATCH)):
        yield batch
