"""Trains models of edit types on instructions whose types are known."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING
from zlib import crc32

import numpy as np

from pico_banana.errors import ConfigError
from pico_banana.rows.inference.bayes import Bayes, in_batches, read_words, softmax
from pico_banana.rows.inference.words import tokens
from pico_banana.taxonomy import edit_type, edit_types

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from numpy.typing import NDArray

    from pico_banana.taxonomy import EditType

_HELD_OUT = 10  # one text in ten measures the confidence
_BACKGROUND = 0.3  # mixed into each type's words, so that an unseen word weighs the same for a rare type as for others
_TINY = 1e-9  # a type without rows is never guessed
_TEMPERATURES = np.geomspace(1, 50, 41)  # naive Bayes counts the same evidence many times over: only ever less sure


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


def _count(pairs: Sequence[tuple[str, int]], words: Sequence[str]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Count words by type, anywhere and in the opening (2, words, types), and texts by type (types,)."""
    numbers = {word: number for number, word in enumerate(words)}
    size = len(words), len(edit_types())
    counts = np.zeros((2, size[0] * size[1]), np.int64)
    for batch in in_batches(pairs):
        read, opening, starts = read_words([text for text, _ in batch], numbers)
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
    scores = np.concatenate([model.scores([text for text, _ in batch])[0] for batch in in_batches(held_out)])
    true = np.array([code for _, code in held_out])
    losses = [-np.log(softmax(scores, t)[np.arange(len(true)), true] + 1e-9).mean() for t in _TEMPERATURES]
    return float(_TEMPERATURES[int(np.argmin(losses))]), float((scores.argmax(axis=1) == true).mean())
