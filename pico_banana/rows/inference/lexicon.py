"""The cue data (`cues.json`) as tables: which word belongs to which groups, and where a phrase is one word.

A set of groups is a row of bits, so that "is any of these groups in this part of the text" is one `&`.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeAlias

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping

    from numpy.typing import NDArray

    Phrase: TypeAlias = tuple[tuple[int, ...], NDArray[np.uint64]]

OTHER = 0
"""The number of every word that the cue data does not mention."""

END = 1
"""The number of the mark behind the last word of each text; it keeps phrases from running into the next text."""

OPENING, WEAK = "^", "~"
"""Marks in front of a verb: a verb only as the first word of the text; only where there is no other verb."""

_MARKS = OPENING + WEAK
_BITS = 64


@dataclass(frozen=True)
class Lexicon:
    """What the cue data says of single words and phrases.

    Attributes:
        numbers: the number of each word that matters.
        bits: the bit of each group and, as "verb:name", of each verb.
        groups: uint64 (words, bit words): the groups of a word on its own.
        verbs: uint64 (words, bit words): the verbs a word is anywhere.
        opening_verbs: uint64 (words, bit words): the verbs a word is as the first of the text.
        weak_verbs: uint64 (words, bit words): the verbs a word is where there is no other verb.
        tails: bool (words): words that end the request.
        prepositions: bool (words): words that end its object.
        phrase_starts: bool (words): words that some phrase begins with.
        phrases: words of each phrase as numbers, and its groups; longest first.
    """

    numbers: Mapping[str, int]
    bits: Mapping[str, int]
    groups: NDArray[np.uint64]
    verbs: NDArray[np.uint64]
    opening_verbs: NDArray[np.uint64]
    weak_verbs: NDArray[np.uint64]
    tails: NDArray[np.bool_]
    prepositions: NDArray[np.bool_]
    phrase_starts: NDArray[np.bool_]
    phrases: tuple[Phrase, ...]

    @classmethod
    def from_document(cls, document: Mapping[str, Any]) -> Lexicon:
        """Build the tables.

        Args:
            document: the parsed cue data; its own "about" describes it.

        Returns:
            The tables.
        """
        verbs = {f"verb:{name}": _forms(words, _verb_forms) for name, words in document["verbs"].items()}
        groups = {name: _forms(words, _noun_forms) for name, words in document["groups"].items()}
        bits = {name: bit for bit, name in enumerate([*verbs, *groups])}
        numbers = _number_words([document["tail_words"], document["prepositions"], *verbs.values(), *groups.values()])
        table = _Table(numbers, bits)
        return cls(
            numbers=numbers,
            bits=bits,
            groups=table.mark({name: [word for word in words if " " not in word] for name, words in groups.items()}),
            verbs=table.mark(
                {name: [word for word in words if word[0] not in _MARKS] for name, words in verbs.items()}
            ),
            opening_verbs=table.mark(_marked(verbs, OPENING)),
            weak_verbs=table.mark(_marked(verbs, WEAK)),
            tails=table.flag(document["tail_words"]),
            prepositions=table.flag(document["prepositions"]),
            phrase_starts=table.flag(
                phrase.split()[0] for words in groups.values() for phrase in words if " " in phrase
            ),
            phrases=table.phrases(groups),
        )

    def mask(self, names: Iterable[str]) -> NDArray[np.uint64]:
        """Give the bits of some groups together.

        Args:
            names: groups, and verbs as "verb:name".

        Returns:
            One row of bits, uint64.
        """
        return _row([self.bits[name] for name in names], len(self.bits))


class _Table:
    """Fills the tables of a lexicon."""

    def __init__(self, numbers: Mapping[str, int], bits: Mapping[str, int]) -> None:
        self._numbers = numbers
        self._bits = bits

    def mark(self, members: Mapping[str, Iterable[str]]) -> NDArray[np.uint64]:
        table = np.zeros((len(self._numbers) + 2, _row_length(len(self._bits))), np.uint64)
        for name, words in members.items():
            row = _row([self._bits[name]], len(self._bits))
            for word in words:
                table[self._numbers[word]] |= row
        return table

    def flag(self, words: Iterable[str]) -> NDArray[np.bool_]:
        flags = np.zeros(len(self._numbers) + 2, np.bool_)
        flags[[self._numbers[word] for word in words]] = True
        return flags

    def phrases(self, groups: Mapping[str, Iterable[str]]) -> tuple[Phrase, ...]:
        found: dict[tuple[int, ...], NDArray[np.uint64]] = {}
        for name, words in groups.items():
            for phrase in words:
                if " " in phrase:
                    key = tuple(self._numbers[word] for word in phrase.split())
                    row = _row([self._bits[name]], len(self._bits))
                    found[key] = found[key] | row if key in found else row
        return tuple(sorted(found.items(), key=lambda item: -len(item[0])))


def _number_words(lists: Iterable[Iterable[str]]) -> dict[str, int]:
    words = dict.fromkeys(word for phrases in lists for phrase in phrases for word in phrase.lstrip(_MARKS).split())
    return {word: number for number, word in enumerate(words, start=END + 1)}


def _marked(verbs: Mapping[str, Iterable[str]], mark: str) -> dict[str, list[str]]:
    return {name: [word[1:] for word in words if word[0] == mark] for name, words in verbs.items()}


def _forms(words: Iterable[str], inflect: Callable[[str], Iterator[str]]) -> list[str]:
    return list(dict.fromkeys(form for word in words for form in (word, *inflect(word))))


def _noun_forms(word: str) -> Iterator[str]:
    """Give the regular plural; words in a hiss have none here, lest "glass" bring "glasses"."""
    if not word.endswith(("s", "x", "z", "ch", "sh")):
        yield f"{word}s"


def _verb_forms(word: str) -> Iterator[str]:
    """Give the regular forms; a form that an irregular verb does not have is never met, so it does no harm."""
    stem = word.removesuffix("e")
    for ending in ("ed", "ing"):
        yield stem + ending
        yield stem + stem[-1] + ending  # swap, swapped
    yield f"{word}s"


def _row_length(bits: int) -> int:
    return -(-bits // _BITS)


def _row(set_bits: Iterable[int], bits: int) -> NDArray[np.uint64]:
    row = np.zeros(_row_length(bits), np.uint64)
    for bit in set_bits:
        row[bit // _BITS] |= np.uint64(1 << bit % _BITS)
    return row
