"""Guesses edit types by rules that a person can read: `cues.json`, which explains itself at its head.

A cue is a pattern such as "verb:replace object:writing" and a weight for one edit type. The weights of the cues that
fire are added up; the type with the largest sum is the guess, and a softmax over the sums is the confidence.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from functools import cache
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

import numpy as np

from pico_banana.rows.inference.lexicon import Lexicon
from pico_banana.rows.inference.reading import ZONES, Reading, Zone, read
from pico_banana.rows.inference.results import UNDECIDED, Cue, Inference, Inferences
from pico_banana.taxonomy import edit_types

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from numpy.typing import NDArray

_BATCH = 8192  # texts read at once: their arrays stay in the processor's cache


@dataclass(frozen=True)
class _Term:
    """One part of a pattern: any of some groups is in a zone of the text, or none of them is."""

    zone: Zone
    names: tuple[str, ...]
    negated: bool

    @classmethod
    def parse(cls, text: str) -> _Term:
        zone, colon, names = text.removeprefix("!").rpartition(":")
        prefix = "verb:" if zone == "verb" else ""
        return cls(
            cast("Zone", zone if colon else "request"),
            tuple(prefix + name for name in names.split("|")),
            negated=text.startswith("!"),
        )


@dataclass(frozen=True)
class _Rule:
    """One pattern, which speaks for one edit type."""

    code: int
    pattern: str
    terms: tuple[_Term, ...]
    weight: float


class Rules:
    """The built-in classifier."""

    def __init__(self, document: Mapping[str, Any]) -> None:
        """Take cue data apart.

        Args:
            document: the parsed cue data; its own "about" describes it.
        """
        self._lexicon = Lexicon.from_document(document)
        self._rules = tuple(_rules(document["edit_types"]))
        self._temperature = float(document["temperature"])
        terms = dict.fromkeys(term for rule in self._rules for term in rule.terms)
        self._masks = {term: self._lexicon.mask(term.names) for term in terms}

    def infer(self, instruction: str) -> Inference:
        """Guess the edit type of one instruction, and say why.

        Args:
            instruction: one request, in English.

        Returns:
            The guess with the cues that fired.
        """
        reading = read([instruction], self._lexicon)
        sums = np.zeros((len(edit_types()), 1), np.float32)
        cues: list[Cue] = []
        for rule, fired in self._fired(reading):
            if fired[0]:
                sums[rule.code] += rule.weight
                cues.append(Cue(edit_types()[rule.code], rule.pattern, self._words(reading, rule), rule.weight))
        codes, confidence = _decide(sums, self._temperature)
        guess = None if codes[0] == UNDECIDED else edit_types()[codes[0]]
        cues.sort(key=lambda cue: (cue.edit_type != guess, -cue.weight))
        return Inference(guess, float(confidence[0]), tuple(cues))

    def infer_many(self, instructions: Iterable[str]) -> Inferences:
        """Guess the edit types of many instructions.

        Args:
            instructions: requests, in English.

        Returns:
            A code and a confidence for each.
        """
        decided = [self._infer_batch(batch) for batch in _batches(instructions)]
        codes = np.concatenate([np.empty(0, np.int8), *(batch.codes for batch in decided)])
        confidence = np.concatenate([np.empty(0, np.float32), *(batch.confidence for batch in decided)])
        return Inferences(codes, confidence)

    def chances(self, instructions: Iterable[str]) -> NDArray[np.float64]:
        """Say how likely each edit type is.

        Args:
            instructions: requests, in English.

        Returns:
            Float64 (texts, types), each text's adding up to 1; all alike where nothing speaks for any type.
        """
        count = len(edit_types())
        found = [np.empty((0, count)), *(self._chances(batch) for batch in _batches(instructions))]
        return np.concatenate(found)

    def _chances(self, texts: Sequence[str]) -> NDArray[np.float64]:
        sums = self._sums(texts).astype(np.float64)
        likely = np.exp((sums - sums.max(axis=0)) / self._temperature)
        likely[:, sums.max(axis=0) <= 0] = 1.0
        return np.asarray((likely / likely.sum(axis=0)).T, np.float64)

    def _infer_batch(self, texts: Sequence[str]) -> Inferences:
        return _decide(self._sums(texts), self._temperature)

    def _sums(self, texts: Sequence[str]) -> NDArray[np.float32]:
        sums = np.zeros((len(edit_types()), len(texts)), np.float32)
        for rule, fired in self._fired(read(texts, self._lexicon)):
            sums[rule.code] += fired * np.float32(rule.weight)
        return sums

    def _fired(self, reading: Reading) -> Iterator[tuple[_Rule, NDArray[np.bool_]]]:
        """Give every rule with, for each text, whether all its terms hold."""
        present = {zone: reading.presence(zone) for zone in ZONES}
        holds = {term: _any(present[term.zone], mask) != term.negated for term, mask in self._masks.items()}
        for rule in self._rules:
            fired = holds[rule.terms[0]]
            for term in rule.terms[1:]:
                fired = fired & holds[term]
            yield rule, fired

    def _words(self, reading: Reading, rule: _Rule) -> tuple[str, ...]:
        """Give the words of a single text that made a rule fire."""
        hits = np.zeros(len(reading.words), np.bool_)
        for term in rule.terms:
            if not term.negated:
                hits |= reading.zones[term.zone] & _any(reading.bits.T, self._masks[term])
        return tuple(reading.words[place] for place in np.flatnonzero(hits).tolist())


@cache
def built_in_rules() -> Rules:
    """Give the rules this library comes with.

    Returns:
        The one shared classifier.
    """
    return Rules(json.loads(Path(__file__).with_name("cues.json").read_text(encoding="utf-8")))


def _rules(types: Mapping[str, Any]) -> Iterator[_Rule]:
    for code, slug in enumerate(edit_types()):
        for pattern, weight in types[slug]["cues"].items():
            yield _Rule(code, pattern, tuple(map(_Term.parse, pattern.split())), float(weight))


def _any(rows: NDArray[np.uint64], mask: NDArray[np.uint64]) -> NDArray[np.bool_]:
    """Say for each column of `rows` (bit words, columns) whether it shares a bit with the mask (bit words,)."""
    found = np.zeros(rows.shape[1], np.bool_)
    for row, bits in zip(rows, mask, strict=True):
        if bits:
            found |= (row & bits) != 0
    return found


def _decide(sums: NDArray[np.float32], temperature: float) -> Inferences:
    best = sums.argmax(axis=0)
    top = sums.max(axis=0)
    confidence = 1 / np.exp((sums - top) / np.float32(temperature)).sum(axis=0)
    return Inferences(
        np.where(top > 0, best, UNDECIDED).astype(np.int8),
        np.where(top > 0, confidence, 0).astype(np.float32),
    )


def _batches(texts: Iterable[str]) -> Iterator[list[str]]:
    rest = iter(texts)
    while batch := list(islice(rest, _BATCH)):
        yield batch
