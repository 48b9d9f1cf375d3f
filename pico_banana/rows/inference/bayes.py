"""A naive Bayes model of edit types, trained on instructions whose types are known.

Whoever has the released single-turn rows can train it on them in seconds and use it in place of the built-in rules. Its
features are the words of a text, and once more the words it opens with: there the verb is, and what it is done to.
"""

from __future__ import annotations

import json
from collections import Counter, defaultdict
from dataclasses import dataclass, field
from functools import cached_property
from itertools import islice, repeat
from operator import itemgetter
from typing import TYPE_CHECKING, Any
from zlib import crc32

import numpy as np

from pico_banana.errors import ConfigError
from pico_banana.mirrors.notes import ODD_SHAPE, read_note
from pico_banana.mirrors.store import write_atomic
from pico_banana.rows.inference.results import UNDECIDED, Cue, Inference, Inferences
from pico_banana.rows.inference.words import flat_tokens, tokens
from pico_banana.taxonomy import edit_type, edit_types

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence
    from pathlib import Path

    from numpy.typing import NDArray

    from pico_banana.taxonomy import EditType

_FORMAT = "pico-banana edit type model 1"
_OPENING = 6  # words: "Replace the old car with a": the verb and what it is done to
_BATCH = 2048  # texts at once: one row of 35 weights a word, twice
_HELD_OUT = 10  # one text in ten measures the confidence
_BACKGROUND = 0.3  # mixed into each type's words, so that an unseen word weighs the same for a rare type as for others
_TINY = 1e-9  # a type without rows is never guessed
_TEMPERATURES = np.geomspace(1, 50, 41)  # naive Bayes counts the same evidence many times over: only ever less sure
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
        decided = [self._decide(*self._score(batch)) for batch in _batches(instructions)]
        codes = np.concatenate([np.empty(0, np.int8), *(batch.codes for batch in decided)])
        confidence = np.concatenate([np.empty(0, np.float32), *(batch.confidence for batch in decided)])
        return Inferences(codes, confidence)

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

    def _score(self, texts: Sequence[str]) -> tuple[NDArray[np.float32], NDArray[np.bool_]]:
        """Give the scores (texts, types), and whether any word of each text is known (texts,)."""
        numbers, opening, starts = _read(texts, self._numbers)
        none = len(self.words)  # the row of zeros behind the last word
        padded = np.pad(self.weights, ((0, 0), (0, 1), (0, 0)))
        rows = padded[0][numbers] + padded[1][np.where(opening, numbers, none)]
        known = np.logical_or.reduceat(numbers != none, starts)
        return np.add.reduceat(rows, starts, axis=0) + self.prior, known

    def _decide(self, scores: NDArray[np.float32], known: NDArray[np.bool_]) -> Inferences:
        sure = _softmax(scores, self.temperature)
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


def train(texts: Iterable[str], types: Iterable[str], *, max_words: int = 8000, min_count: int = 2) -> Bayes:
    """Train a model on instructions whose edit types are known.

    A tenth of the texts is held out at first, to measure how far the model may be trusted, and then learnt too.

    Args:
        texts: instructions.
        types: the edit type of each, by any of its names; texts of an unknown type are left out.
        max_words: how many words to know at most, the most frequent ones.
        min_count: how often a word must occur to be known.

    Returns:
        The model.

    Raises:
        ConfigError: there are no texts, or not as many types.
        UnknownNameError: a type is given by a name that is none.
    """
    pairs = _pairs(texts, types)
    if not pairs:
        raise ConfigError("there is nothing to train on: give instructions and the edit type of each", key="texts")
    frequent = Counter(word for text, _ in pairs for word in tokens(text)).most_common(max_words)
    words = tuple(word for word, count in frequent if count >= min_count)
    held_out = [pair for pair in pairs if _is_held_out(pair[0])]
    rest = [pair for pair in pairs if not _is_held_out(pair[0])]
    counts, rows = _count(rest, words)
    temperature, accuracy = _measure(_model(words, counts, rows), held_out)
    more_counts, more_rows = _count(held_out, words)
    return _model(words, counts + more_counts, rows + more_rows, temperature=temperature, accuracy=accuracy)


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


def _pairs(texts: Iterable[str], types: Iterable[str]) -> list[tuple[str, int]]:
    given, names = list(texts), list(types)
    if len(given) != len(names):
        raise ConfigError(f"{len(given):,} texts, but {len(names):,} edit types; each text needs one", key="types")
    codes: Mapping[EditType, int] = {kind: code for code, kind in enumerate(edit_types())}
    kinds = {name: edit_type(name) for name in dict.fromkeys(names)}
    return [(text, codes[kinds[name]]) for text, name in zip(given, names, strict=True) if kinds[name].known]


def _is_held_out(text: str) -> bool:
    """Choose by the text, so that neither order nor repeated rows matter."""
    return crc32(text.encode("utf-8", "surrogatepass")) % _HELD_OUT == 0


def _read(
    texts: Sequence[str], numbers: Mapping[str, int]
) -> tuple[NDArray[np.intp], NDArray[np.bool_], NDArray[np.intp]]:
    """Give each word's number, whether it is in its text's opening, and where the texts begin."""
    words, starts = flat_tokens(texts)
    known = np.fromiter(map(numbers.get, words, repeat(len(numbers))), np.intp, len(words))
    lengths = np.diff(starts, append=len(words))
    return known, np.arange(len(words)) - np.repeat(starts, lengths) < _OPENING, starts


def _count(pairs: Sequence[tuple[str, int]], words: Sequence[str]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Count words by type, anywhere and in the opening (2, words, types), and texts by type (types,)."""
    numbers = {word: number for number, word in enumerate(words)}
    size = len(words), len(edit_types())
    counts = np.zeros((2, size[0] * size[1]), np.int64)
    for batch in _batches(pairs):
        read, opening, starts = _read([text for text, _ in batch], numbers)
        codes = np.repeat([code for _, code in batch], np.diff(starts, append=len(read)))
        known = read < len(words)
        cells = read * size[1] + codes
        for row, chosen in enumerate((known, known & opening)):
            counts[row] += np.bincount(cells[chosen], minlength=counts.shape[1])
    return counts.reshape(2, *size), np.bincount([code for _, code in pairs], minlength=size[1])


def _model(
    words: tuple[str, ...],
    counts: NDArray[np.int64],
    rows: NDArray[np.int64],
    *,
    temperature: float = 1.0,
    accuracy: float = np.nan,
) -> Bayes:
    shares = counts / np.maximum(counts.sum(axis=1, keepdims=True), 1)
    everywhere = counts.sum(axis=2, keepdims=True) / np.maximum(counts.sum(axis=(1, 2), keepdims=True), 1)
    weights = np.log((1 - _BACKGROUND) * shares + _BACKGROUND * everywhere + _TINY)
    prior = np.log(rows / rows.sum() + _TINY)
    return Bayes(
        words=words,
        weights=(weights - weights.mean(axis=2, keepdims=True)).astype(np.float32),
        prior=prior.astype(np.float32),
        temperature=temperature,
        trained_on=int(rows.sum()),
        accuracy=accuracy,
    )


def _measure(model: Bayes, held_out: Sequence[tuple[str, int]]) -> tuple[float, float]:
    """Give the temperature at which the model is as sure as it is right, and its accuracy."""
    if not held_out:
        return 1.0, np.nan
    scores = np.concatenate([model._score([text for text, _ in batch])[0] for batch in _batches(held_out)])  # noqa: SLF001 - its own module
    true = np.array([code for _, code in held_out])
    losses = [-np.log(_softmax(scores, t)[np.arange(len(true)), true] + 1e-9).mean() for t in _TEMPERATURES]
    return float(_TEMPERATURES[int(np.argmin(losses))]), float((scores.argmax(axis=1) == true).mean())


def _softmax(scores: NDArray[np.float32], temperature: float) -> NDArray[np.float32]:
    powers = np.exp((scores - scores.max(axis=1, keepdims=True)) / np.float32(temperature))
    shares: NDArray[np.float32] = powers / powers.sum(axis=1, keepdims=True)
    return shares


def _rounded(numbers: NDArray[np.float32]) -> list[Any]:
    rounded: list[Any] = np.round(numbers.astype(np.float64), 3).tolist()
    return rounded


def _batches(items: Iterable[Any]) -> Iterator[list[Any]]:
    rest = iter(items)
    while batch := list(islice(rest, _BATCH)):
        yield batch
