"""Which rows a browser sees: what its form asks for becomes row numbers, and a Selection to go on with.

The form's words are `search`, `category`, `kind`, `flag`, `turns`, `mark`, `least:SCORE`, `most:SCORE` and `sort`, the
same as stand in the page's address.
"""

from __future__ import annotations

import math
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np

from pico_banana.errors import SelectionError
from pico_banana.records import Subset
from pico_banana.rows.choosing.selection import Selection
from pico_banana.taxonomy import categories, category, edit_types

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    import numpy.typing as npt
    import pyarrow as pa

    from pico_banana.rows.sequence import RecordSequence
    from pico_banana.sharing.browse.marks import Marks
    from pico_banana.sharing.gallery.scores import Scores

    Places = npt.NDArray[np.int64]
    Truths = npt.NDArray[np.bool_]

# What the form says of marks: the column that says it, and its value; None for any.
MARKED: dict[str, tuple[str, str | None]] = {
    "keep": ("mark", "keep"),
    "drop": ("mark", "drop"),
    "scored": ("score", None),
    "noted": ("note", None),
    "any": ("id", None),
}
UNMARKED = "none"


class Listing:
    """The rows that are looked at.

    Attributes:
        rows: all of them, in their order; a row's number is its place here.
        scores: what annotations say of them.
        marks: what was said of them while looking.
    """

    def __init__(self, rows: RecordSequence[Any], scores: Scores, marks: Marks) -> None:
        """List rows; nothing is read.

        Args:
            rows: the rows.
            scores: annotations of these rows.
            marks: marks, which may be about others too.
        """
        self.rows, self.scores, self.marks = rows, scores, marks
        self._numbers = rows.rows

    def choices(self) -> dict[str, dict[str, int | None]]:
        """Give what the form lets choose from.

        Returns:
            Filter to value to how many rows it finds; None where that would have to be searched for.
        """
        from pico_banana.rows.table.counting import count_rows

        def counted(by: Any) -> dict[str, int | None]:  # noqa: ANN401 - a literal of `count_rows`
            return {name: count for name, count in count_rows(self.rows.table, self._numbers, by=by).items() if count}

        found = {"flag": counted("flag"), "mark": dict.fromkeys([*MARKED, UNMARKED])}
        if self.rows.subset is Subset.MULTI_TURN:
            kinds, groups = dict.fromkeys(map(str, edit_types())), dict.fromkeys(map(str, categories()))
            return {**found, "turns": counted("turns"), "kind": kinds, "category": groups}
        known = set(map(str, edit_types())) | set(map(str, categories()))
        for name, by in (("kind", "edit_type"), ("category", "category")):
            found[name] = {value: count for value, count in sorted(counted(by).items()) if value in known}
        return found

    def find(self, wanted: Mapping[str, str]) -> Places:
        """Find the rows that a form asks for.

        Args:
            wanted: the form's words.

        Returns:
            Their numbers, in the order asked for.

        Raises:
            SelectionError: a word that there is not, or a range that is none.
            UnknownNameError: a type, flag or score that there is not.
        """
        good = np.ones(len(self.rows), np.bool_)
        for options in self._steps(wanted):
            good &= self._selected(options)
        for word in _id_words(wanted):
            good &= self._with_id(word)
        if "mark" in wanted:
            good &= self._marked(_mark_word(wanted["mark"]))
        for score, (least, most) in _ranges(wanted).items():
            good &= self.scores.within(score, least, most)
        if not (sort := wanted.get("sort")):
            return np.flatnonzero(good)
        order = self.scores.order(sort.removeprefix("-"), falling=sort.startswith("-"))
        return order[good[order]]

    def number_of(self, identity: str) -> int | None:
        """Find a row by its id.

        Args:
            identity: the id.

        Returns:
            The row's number; None when these rows have no such id.
        """
        import pyarrow.compute as pc

        place: int = pc.index(self._ids, identity).as_py()
        return None if place < 0 else place

    def selection(self, wanted: Mapping[str, str], *, most_ids: int = 10_000) -> dict[str, str]:
        """Say how to have the rows of a form again.

        Args:
            wanted: the form's words.
            most_ids: from how many rows on they are not named one by one.

        Returns:
            `selection`, JSON for `Selection.from_json`, and `python`; each relative to the rows that are looked at.
        """
        steps, conditions = self._steps(wanted), self._conditions(wanted)
        if len(steps) < 2 and not conditions:  # noqa: PLR2004 - one Selection says it all
            chosen = Selection.of(self.rows.subset, **(steps[0] if steps else {})).to_json()
        else:
            numbers = self.find({name: value for name, value in wanted.items() if name != "sort"})
            ids = self._ids.take(numbers).to_pylist() if len(numbers) <= most_ids else []
            chosen = Selection(subset=self.rows.subset, ids=tuple(ids)).to_json() if ids or not len(numbers) else ""
        calls = [f".select({', '.join(f'{name}={value!r}' for name, value in step.items())})" for step in steps]
        calls += [f".where({condition})" for condition in conditions]
        exact = self.scores.only_own_lines(_ranges(wanted))
        return {"selection": chosen, "python": f"ds{''.join(calls)}" if exact and calls else ""}

    @cached_property
    def _ids(self) -> pa.ChunkedArray:
        return self.rows.to_arrow(columns=["id"])["id"]

    def _steps(self, wanted: Mapping[str, str]) -> list[dict[str, Any]]:
        """Give the parts of a form that a Selection can say, as options of one Selection after the other."""
        sessions = self.rows.subset is Subset.MULTI_TURN
        first: dict[str, Any] = {}
        if words := [word for word in wanted.get("search", "").split() if "/" not in word]:
            first["contains"] = words
        if "flag" in wanted:
            first["has_flags"] = [wanted["flag"]]
        if "turns" in wanted:
            first["turns"] = [_number("turns", wanted["turns"], int)]
        if "kind" in wanted:
            first["inferred_edit_types" if sessions else "edit_types"] = [wanted["kind"]]
        if "category" not in wanted:
            return [first] if first else []
        if not sessions:
            return [{**first, "categories": [wanted["category"]]}]
        of_category = {"inferred_edit_types": list(map(str, category(wanted["category"]).edit_types))}
        return [first, of_category] if first else [of_category]

    def _selected(self, options: Mapping[str, Any]) -> Truths:
        narrowed = self.rows.narrowed(Selection.of(self.rows.subset, **options))
        chosen = np.zeros(len(self.rows.table), np.bool_)
        chosen[narrowed.rows] = True
        found: Truths = chosen[self._numbers]
        return found

    def _with_id(self, word: str) -> Truths:
        import pyarrow.compute as pc

        found: Truths = pc.match_substring(self._ids, word, ignore_case=True).to_numpy()
        return found

    def _marked(self, name: str) -> Truths:
        import pyarrow as pa
        import pyarrow.compute as pc

        marks = self.marks.to_arrow()
        column, value = MARKED.get(name, MARKED["any"])
        said = pc.is_valid(marks[column]) if value is None else pc.equal(marks[column], value)
        ids = marks.filter(said)["id"].combine_chunks().cast(pa.string())
        found: Truths = pc.is_in(self._ids, value_set=ids).to_numpy()
        return ~found if name == UNMARKED else found

    def _conditions(self, wanted: Mapping[str, str]) -> list[str]:
        """Say in SQL what a Selection cannot: the arguments of `where`, one set after the other."""
        from pico_banana.rows.table.sql import quoted

        found = [
            repr("contains(lower(id), '{}')".format(word.lower().replace("'", "''"))) for word in _id_words(wanted)
        ]
        if "mark" in wanted:
            found.append(f"{_MARK_CONDITIONS[_mark_word(wanted['mark'])]!r}, {str(self.marks.file)!r}")
        for score, (least, most) in _ranges(wanted).items():
            edges = [f"{quoted(score)} >= {least!r}"] if least > -math.inf else []
            edges += [f"{quoted(score)} <= {most!r}"] if most < math.inf else []
            found.append(f"{' and '.join(edges)!r}, {self.scores.source_of(score)}")
        return found


_MARK_CONDITIONS = {
    "keep": "mark = 'keep'",
    "drop": "mark = 'drop'",
    "scored": "score is not null",
    "noted": "note is not null",
    "any": "marked_by is not null",
    UNMARKED: "marked_by is null",
}


def _mark_word(name: str) -> str:
    """Take a word about marks for what it may be.

    Raises:
        SelectionError: it is none.
    """
    if name not in _MARK_CONDITIONS:
        raise SelectionError(f"mark={name!r} is none of {', '.join(_MARK_CONDITIONS)}")
    return name


def _id_words(wanted: Mapping[str, str]) -> list[str]:
    """Give the words that are parts of an id: those with a slash."""
    return [word for word in wanted.get("search", "").split() if "/" in word]


def _ranges(wanted: Mapping[str, str]) -> dict[str, tuple[float, float]]:
    """Read the ranges of scores off a form."""
    found: dict[str, tuple[float, float]] = {}
    for name, text in wanted.items():
        edge, colon, score = name.partition(":")
        if colon:
            least, most = found.get(score, (-math.inf, math.inf))
            value = _number(name, text, float)
            found[score] = (value, most) if edge == "least" else (least, value)
    return found


def _number(name: str, text: str, kind: Callable[[str], Any]) -> Any:  # noqa: ANN401 - whatever `kind` gives
    try:
        return kind(text)
    except ValueError as error:
        raise SelectionError(f"{name}={text!r} is no number") from error
