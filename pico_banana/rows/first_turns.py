"""The types of sessions' first turns, bounded by what the single-turn rows say of the same photo.

The release gives turns no types. Its sessions were drawn from single-turn items (section 2.4 of the paper), so the
photo of a session often has single-turn rows, and the first turn is likely one of them: the same edit, asked for in the
same or in other words. Each type's chance by the words alone is multiplied by what the photo's rows make of it; a row
whose words the turn repeats counts most. Something is left for types that no row of the photo has: rows are missing.
The words alone are read twice, by the built-in rules and by a model that is trained on all the rows' words and types:
rules see little where the verb is cut off.

Computed when it is asked for, as annotations: opening sessions needs no other file and costs nothing more.
"""

from __future__ import annotations

import math
from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import numpy.typing as npt

from pico_banana.errors import ConfigError, SelectionError
from pico_banana.records import Subset
from pico_banana.rows.choosing.selection import Selection
from pico_banana.rows.inference.results import BY_PHOTO, BY_PHOTO_AND_WORDS, BY_SAME_EDIT, BY_WORDS, TurnType
from pico_banana.rows.inference.rules import built_in_rules
from pico_banana.rows.inference.training import train
from pico_banana.rows.inference.words import tokens
from pico_banana.rows.opening import open_sequence
from pico_banana.rows.sequence import RecordSequence
from pico_banana.rows.sidecar import ID, read_annotations
from pico_banana.rows.table.query import gather
from pico_banana.taxonomy import edit_type, edit_types

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    import pyarrow as pa

    from pico_banana.records import MultiTurn, SingleTurn
    from pico_banana.rows.foreign import Annotations

Chances = npt.NDArray[np.float64]
# Chosen on the `dev` half of `tests/taxonomy/labelled_sessions.py`; docs/decisions.md has the other half's numbers.
_ELSEWHERE = 0.5  # of the chance is for types that no row of the photo has
_ELSEWHERE_THOUGH_SAME = 0.05  # the same, where a row asks for the same edit
_FEWEST, _MOST = 300, 50_000  # rows to learn words from: fewer teach chance, more teach little and take longer
_LEARNT = 0.5  # power of what they teach, which is read from the same words as what the rules say
_DOUBT = 0.03  # of the words: a guess that is as good as sure is sometimes wrong
_SURER = 1.6  # power of their chances: the temperature of the rules was chosen on awkward texts
_REPEATED = 8.0  # how much more a row counts whose words are all in the turn than one that shares none
_SAME = 0.75  # of a turn's telling words in a row: it asks for the same edit


class FirstTurn(NamedTuple):
    """What was found of one session.

    Attributes:
        type: the type of its first turn.
        rows: how many single-turn rows its photo has.
        same_edit_as: the id of the row that asks for the same; empty where none does.
        by_words: the type that the words alone say; None where they say none.
    """

    type: TurnType
    rows: int
    same_edit_as: str
    by_words: str | None


@dataclass(frozen=True, slots=True)
class FirstTurns:
    """The types of sessions' first turns.

    Attributes:
        found: what was found, by session.
    """

    found: Mapping[str, FirstTurn] = field(repr=False)

    @property
    def types(self) -> dict[str, TurnType]:
        """The types alone, by session."""
        return {name: one.type for name, one in self.found.items()}

    @property
    def sources(self) -> dict[str, int]:
        """How many types were read from what, the most frequent first."""
        return dict(Counter(one.type.source for one in self.found.values()).most_common())

    def to_arrow(self) -> pa.Table:
        """Give the types as annotations of sessions.

        Returns:
            Columns `id`; `first_edit_type`, null where nothing speaks for any; `first_confidence`, 0 to 1;
            `first_source`, "words", "same_edit", "photo" or "photo_and_words"; `photo_rows`, how many single-turn rows
            the photo has; `same_edit_as`, the id of the one that asks for the same; `by_words`, what words alone say.
        """
        import pyarrow as pa

        text, every = pa.string(), list(self.found.values())
        columns = {
            ID: pa.array(list(self.found), text),
            "first_edit_type": pa.array([_slug(one.type) for one in every], text),
            "first_confidence": pa.array([one.type.confidence for one in every], pa.float64()),
            "first_source": pa.array([one.type.source for one in every], text),
            "photo_rows": pa.array([one.rows for one in every], pa.int32()),
            "same_edit_as": pa.array([one.same_edit_as or None for one in every], text),
            "by_words": pa.array([one.by_words for one in every], text),
        }
        return pa.table(columns)


def first_turns(sessions: RecordSequence[MultiTurn], singles: RecordSequence[SingleTurn] | None = None) -> FirstTurns:
    """Find the types of sessions' first turns; no picture is read.

    Args:
        sessions: rows of multi_turn.
        singles: rows of single_turn, best all of them; None for those of the sessions' mirror, bad lines left out.

    Returns:
        What was found, for every session that has a turn.

    Raises:
        SelectionError: the rows are of other subsets.
        MirrorError: the mirror has no single-turn rows.
    """
    singles = _singles(sessions) if singles is None else singles
    for rows, subset in ((sessions, Subset.MULTI_TURN), (singles, Subset.SINGLE_TURN)):
        if rows.subset is not subset:
            raise SelectionError(f"first turns need rows of {subset.value} here, not of {rows.subset.value}")
    told = [(session.id, session.turns[0].instruction if session.turns else None) for session in sessions]
    texts = [text or "" for _, text in told]
    words = _by_words(texts, singles)
    telling = _Telling(texts)
    of_photo = _rows_of_photos(sessions, singles)
    found = {
        name: _found(text, chances, rows, telling)
        for (name, text), chances, rows in zip(told, words, of_photo, strict=True)
        if text is not None
    }
    return FirstTurns(found)


def _by_words(texts: Sequence[str], singles: RecordSequence[SingleTurn]) -> Chances:
    """Say how likely each type is by the words alone: by the rules, and by what the rows' words and types teach."""
    rules = built_in_rules().chances(texts)
    every = max(1, math.ceil(len(singles) / _MOST))
    known = [row for row in singles[::every] if row.edit_type.known]
    if len(known) < _FEWEST:
        return rules
    model = train((row.instruction for row in known), (str(row.edit_type) for row in known))
    both = rules * _doubted(model.chances(texts)) ** _LEARNT
    return np.asarray(both / both.sum(axis=1, keepdims=True), np.float64)


def _singles(sessions: RecordSequence[MultiTurn]) -> RecordSequence[SingleTurn]:
    kind: type[RecordSequence[SingleTurn]] = RecordSequence
    return open_sequence(kind, Selection(subset=Subset.SINGLE_TURN), mirror=sessions.mirror, on_bad_rows="skip")


def read_first_turns(source: Annotations) -> dict[str, TurnType]:
    """Read types of first turns that were written as annotations.

    Args:
        source: what `FirstTurns.to_arrow` gave, or a file of it.

    Returns:
        Session to type.

    Raises:
        ConfigError: it is another table.
    """
    table = read_annotations(source)
    needed = ["first_edit_type", "first_confidence", "first_source"]
    if missing := [name for name in needed if name not in table.column_names]:
        text = (
            f"these are no types of first turns, for there is no {missing[0]}; make some with `pico-banana first-turns`"
        )
        raise ConfigError(text, key="first_turns")
    rows = table.select([ID, *needed]).to_pylist()
    return {
        row[ID]: TurnType(row[needed[0]] and edit_type(row[needed[0]]), row[needed[1]] or 0.0, row[needed[2]])
        for row in rows
    }


def _slug(found: TurnType) -> str | None:
    return None if found.edit_type is None else str(found.edit_type)


def _rows_of_photos(
    sessions: RecordSequence[MultiTurn], singles: RecordSequence[SingleTurn]
) -> Iterator[list[SingleTurn]]:
    """Give for each session the single-turn rows of its photo."""
    mine = gather(sessions.table, "photo", sessions.rows, "Q")
    theirs = gather(singles.table, "photo", singles.rows, "Q")
    order = np.argsort(theirs, kind="stable")
    firsts, ends = (np.searchsorted(theirs[order], mine, side=side) for side in ("left", "right"))
    for first, end in zip(firsts.tolist(), ends.tolist(), strict=True):
        yield [singles[int(place)] for place in order[first:end]]


class _Telling:
    """How much a turn's words tell: rare ones among first turns tell more."""

    def __init__(self, texts: Sequence[str]) -> None:
        self._count = len(texts)
        self._seen = Counter(word for text in texts for word in set(tokens(text)))

    def repeated(self, text: str, rows: Sequence[SingleTurn]) -> list[float]:
        """Say how much of a turn is in each row's long or short instruction, 0 to 1."""
        mine = {word: math.log(1 + self._count / self._seen[word]) for word in set(tokens(text))}
        whole = sum(mine.values())
        told = [{*tokens(row.instruction), *tokens(row.short_instruction or "")} for row in rows]
        return [sum(mine[word] for word in mine if word in theirs) / whole if whole else 0.0 for theirs in told]


def _found(text: str, words: Chances, rows: Sequence[SingleTurn], telling: _Telling) -> FirstTurn:
    best = int(words.argmax())
    decided = words[best] > words.min()
    by_words = str(edit_types()[best]) if decided else None
    known = [row for row in rows if row.edit_type.known]
    if not known:
        guess = edit_types()[best] if decided else None
        return FirstTurn(TurnType(guess, float(words[best]) if decided else 0.0, BY_WORDS), len(rows), "", by_words)
    shares = telling.repeated(text, known)
    chances = _bounded(words, [edit_types().index(row.edit_type) for row in known], shares)
    best = int(chances.argmax())
    nearest = max(range(len(known)), key=lambda place: shares[place])
    same = known[nearest].id if shares[nearest] >= _SAME and known[nearest].edit_type == edit_types()[best] else ""
    source = BY_SAME_EDIT if same else BY_PHOTO_AND_WORDS if decided else BY_PHOTO
    return FirstTurn(TurnType(edit_types()[best], float(chances[best]), source), len(rows), same, by_words)


def _bounded(words: Chances, codes: Sequence[int], shares: Sequence[float]) -> Chances:
    """Weigh each type's chance by the words with what the photo's rows make of it."""
    count = len(words)
    elsewhere = _ELSEWHERE_THOUGH_SAME if max(shares) >= _SAME else _ELSEWHERE
    weights = np.exp(_REPEATED * np.array(shares))
    photo = np.full(count, elsewhere / count)
    np.add.at(photo, np.array(codes), (1 - elsewhere) * weights / weights.sum())
    surer = words**_SURER
    both = _doubted(surer / surer.sum()) * photo
    return np.asarray(both / both.sum(), np.float64)


def _doubted(chances: Chances) -> Chances:
    return np.asarray((1 - _DOUBT) * chances + _DOUBT / chances.shape[-1], np.float64)
