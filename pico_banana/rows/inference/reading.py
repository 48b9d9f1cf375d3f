"""Reads texts the way the rules want them: the verb, what it is done to, what it becomes, and where the request ends.

Every text is one imperative sentence more or less, so this is enough grammar: the *verb* is the first word that is one;
the request ends at the first *tail word* after it ("…, keeping the sky as it is"); the *object* runs from the verb to
the first preposition, the *goal* from there to the next one ("turn | the truck | into | a tractor").
All texts of a batch are read at once: their words lie in one array, one after another.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import repeat
from typing import TYPE_CHECKING, Literal, TypeAlias, get_args

import numpy as np

from pico_banana.rows.inference.lexicon import END, OTHER
from pico_banana.rows.inference.words import flat_tokens

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from pico_banana.rows.inference.lexicon import Lexicon

Zone: TypeAlias = Literal["request", "verb", "next", "object", "goal"]
ZONES: tuple[Zone, ...] = get_args(Zone)


@dataclass(frozen=True)
class Reading:
    """A batch of texts, read.

    Attributes:
        words: the words of all texts, each text followed by an empty string.
        bits: uint64 (words, bit words): the groups of every word, verbs included.
        zones: bool (words) for each zone: whether a word lies in it.
        starts: where each text begins in `words`.
    """

    words: Sequence[str]
    bits: NDArray[np.uint64]
    zones: dict[Zone, NDArray[np.bool_]]
    starts: NDArray[np.intp]

    def presence(self, zone: Zone) -> NDArray[np.uint64]:
        """Say which groups occur in one zone of each text.

        Args:
            zone: the part of the text.

        Returns:
            uint64 (bit words, texts).
        """
        inside = np.where(self.zones[zone][:, None], self.bits, np.uint64(0))
        return np.bitwise_or.reduceat(inside, self.starts, axis=0).T.copy()


def read(texts: Sequence[str], lexicon: Lexicon) -> Reading:
    """Read a batch of texts.

    Args:
        texts: at least one instruction.
        lexicon: what is known of words.

    Returns:
        The words of all texts with their groups and zones.
    """
    words, starts = flat_tokens(texts)
    known = lexicon.numbers
    numbers = np.fromiter(map(known.get, words, repeat(OTHER)), np.intp, len(words))
    numbers[np.append(starts[1:], len(words)) - 1] = END
    verbs = lexicon.verbs[numbers]
    verbs[starts] |= lexicon.opening_verbs[numbers[starts]]
    weak_verbs = lexicon.weak_verbs[numbers]
    zones = _Places(numbers, starts).zones(verbs, weak_verbs, lexicon)
    return Reading(words, _groups(numbers, lexicon) | verbs | weak_verbs, zones, starts)


def _groups(numbers: NDArray[np.intp], lexicon: Lexicon) -> NDArray[np.uint64]:
    """Give the groups of every word; within a phrase only the phrase counts, and a longer one before a shorter."""
    bits = lexicon.groups[numbers]
    free = np.ones(len(numbers), np.bool_)
    may_begin = np.flatnonzero(lexicon.phrase_starts[numbers])
    may_begin = may_begin[np.argsort(numbers[may_begin], kind="stable")]
    edges = np.searchsorted(numbers[may_begin], np.arange(len(lexicon.phrase_starts) + 1))
    for phrase, groups in lexicon.phrases:
        at = may_begin[edges[phrase[0]] : edges[phrase[0] + 1]]
        for offset, number in enumerate(phrase[1:], start=1):
            at = at[numbers[at + offset] == number]
        if len(at):
            _mark_phrase(at, len(phrase), groups, bits=bits, free=free)
    return bits


def _mark_phrase(
    at: NDArray[np.intp], length: int, groups: NDArray[np.uint64], *, bits: NDArray[np.uint64], free: NDArray[np.bool_]
) -> None:
    spans = at[:, None] + np.arange(length)
    spans = spans[free[spans].all(axis=1)]
    free[spans] = False
    bits[spans] = np.uint64(0)
    bits[spans[:, 0]] = groups


class _Places:
    """Where things stand in each text, told to every word of that text."""

    def __init__(self, numbers: NDArray[np.intp], starts: NDArray[np.intp]) -> None:
        self._numbers = numbers
        self._starts = starts
        self._lengths = np.diff(starts, append=len(numbers))
        self._places = np.arange(len(numbers))

    def zones(
        self, verbs: NDArray[np.uint64], weak_verbs: NDArray[np.uint64], lexicon: Lexicon
    ) -> dict[Zone, NDArray[np.bool_]]:
        """Say which words lie in which zone."""
        places = self._places
        verb = self._verb(_nonzero(verbs), _nonzero(weak_verbs))
        tail = self._first(lexicon.tails[self._numbers] & (places > verb))
        preposition = lexicon.prepositions[self._numbers]
        object_end = np.minimum(self._first(preposition & (places > verb + 1)), tail)
        goal_end = np.minimum(self._first(preposition & (places > object_end)), tail)
        return {
            "request": places < tail,
            "verb": places == verb,
            "next": places == verb + 1,
            "object": (places > verb) & (places < object_end),
            "goal": (places > object_end) & (places < goal_end),
        }

    def _verb(self, strong: NDArray[np.bool_], weak: NDArray[np.bool_]) -> NDArray[np.intp]:
        """Give the place of the verb; the place before the text if it has none, so that all of it is object."""
        verb = self._first(strong)
        verb = np.where(self._numbers[verb] == END, self._first(weak), verb)
        return np.where(self._numbers[verb] == END, np.repeat(self._starts - 1, self._lengths), verb)

    def _first(self, found: NDArray[np.bool_]) -> NDArray[np.intp]:
        """Give the first place where `found` holds, or that of the end mark."""
        candidates = np.where(found | (self._numbers == END), self._places, len(self._numbers))
        return np.repeat(np.minimum.reduceat(candidates, self._starts), self._lengths)


def _nonzero(rows: NDArray[np.uint64]) -> NDArray[np.bool_]:
    merged = np.zeros(len(rows), np.uint64)
    for column in rows.T:
        merged |= column
    return merged.astype(np.bool_)
