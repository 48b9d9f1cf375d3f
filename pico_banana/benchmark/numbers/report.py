"""The numbers of a benchmark: every editor by type, category and all; editors against each other; sessions by turn."""

from __future__ import annotations

import itertools
from dataclasses import asdict, dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np

from pico_banana.benchmark.numbers.contests import Contest, contests
from pico_banana.benchmark.numbers.correcting import corrected
from pico_banana.benchmark.numbers.intervals import NOTHING, Estimate, Values, codes_of, estimates, p_value
from pico_banana.benchmark.numbers.ranks import strengths, tally
from pico_banana.benchmark.numbers.sessions import SessionLine, session_lines
from pico_banana.benchmark.numbers.texts import Rewriter, rewriters
from pico_banana.benchmark.runs.anchors import anchor_drift
from pico_banana.benchmark.runs.results import MISSING, Result, Results, comparable, results_in
from pico_banana.errors import StoreError, missing_extra
from pico_banana.regenerate.work.forecast import PUBLISHED_RATES

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from pathlib import Path

ALL = "all"
_EDITS = ("single_turn", "multi_turn")


@dataclass(frozen=True, slots=True)
class Line:
    """One editor over one group of edits.

    Attributes:
        group: "all", "category" or "edit_type".
        name: of the category or type; "all".
        edits: how many the group has.
        missing: of these, without a score: not asked, or not judged. They are in no mean.
        refused: of these, where the editor gave no picture; they count as 0.
        score: the mean score.
        success: the share above the judge's threshold; every edit is a first attempt.
        printed: of an edit type the rate of first attempts that succeeded in the paper (arXiv 2510.19808v1), or None.
    """

    group: str
    name: str
    edits: int
    missing: int
    refused: int
    score: Estimate
    success: Estimate
    printed: float | None = None


@dataclass(frozen=True, slots=True)
class Editor:
    """One column of the report.

    Attributes:
        name: the editor's, with the judge's and the wording where there are several of them.
        judge: the judge's.
        wording: "long" or "short".
        lines: all, then the categories, then the types.
        sessions: by turn, and whole; empty without sessions.
        strength: by Bradley and Terry; nothing with one editor.
        anchors: see `anchor_drift`.
        passport: how the results came about.
    """

    name: str
    judge: str
    wording: str
    lines: tuple[Line, ...]
    sessions: tuple[SessionLine, ...]
    strength: Estimate
    anchors: Mapping[str, float | None]
    passport: Mapping[str, Any]

    @property
    def whole(self) -> Line:
        """The line over all single edits."""
        return self.lines[0]

    @property
    def beside_the_paper(self) -> tuple[float, float] | None:
        """Mean success over the types of which the paper prints a rate, and the mean of those; None without any."""
        both = [(line.success.value, line.printed) for line in self.lines if line.printed is not None]
        known = [(mine, theirs) for mine, theirs in both if mine is not None]
        if not known:
            return None
        mine, theirs = (sum(rates) / len(known) for rates in zip(*known, strict=True))
        return round(mine, 4), round(theirs, 4)


@dataclass(frozen=True, slots=True)
class Duel:
    """Two editors over the edits that both have.

    Attributes:
        one: an editor's name.
        other: another's.
        score: mean difference of scores, one less other.
        success: difference of success rates.
        p: of the difference of scores, by a t-test over photos; None where there are too few.
        q: the same, adjusted for the number of duels (Benjamini and Hochberg).
        wins: edits that `one` did better.
        ties: edits with equal scores.
        losses: edits that `other` did better.
    """

    one: str
    other: str
    score: Estimate
    success: Estimate
    p: float | None
    q: float | None
    wins: int
    ties: int
    losses: int


@dataclass(frozen=True, slots=True)
class Report:
    """All numbers.

    Attributes:
        editors: the best one first.
        duels: every two of them, by their scores.
        contests: editors side by side, as judges of two saw them.
        rewriters: the one that keeps most first.
        results: what the numbers of the editors are made of, in their order.
    """

    editors: tuple[Editor, ...]
    duels: tuple[Duel, ...]
    contests: tuple[Contest, ...]
    rewriters: tuple[Rewriter, ...]
    results: tuple[Results, ...] = field(repr=False)

    def as_json(self) -> dict[str, Any]:
        """Give the numbers as JSON values, passports included."""
        parts = ("editors", "duels", "contests", "rewriters")
        return {part: [asdict(one) for one in getattr(self, part)] for part in parts}


def report(*places: str | Path | Results, correct: Mapping[str, float | None] | None = None) -> Report:
    """Make the numbers of a benchmark.

    Args:
        places: folders of `run`, files of results, or results; all of one definition. Results over pairs do not count.
        correct: scores of the anchors by the judge that all others are brought to; None to leave scores as they are.

    Returns:
        The report.

    Raises:
        StoreError: there are no results, or they are of two definitions.
        MissingExtraError: `scipy` is not installed.
    """
    _need_scipy()
    every = comparable(itertools.chain(*([one] if isinstance(one, Results) else results_in(one) for one in places)))
    found = [one for one in every if any(item.part in _EDITS for item in one.items)]
    side_by_side, texts = contests(every), rewriters(every)
    if not (found or side_by_side or texts):
        raise StoreError("there are no results of editors here; make some with `pico-banana benchmark run`")
    if correct is not None:
        found = [corrected(one, correct) for one in found]
    sheet = _Sheet(found)
    lines, duels = sheet.lines(), sheet.duels()
    strong = sheet.strengths()
    names = sheet.names
    editors = [
        Editor(
            names[at],
            one.judge,
            str(one.passport["wording"]),
            tuple(lines[at]),
            session_lines(one.items),
            strong[at],
            anchor_drift(one.anchors, _reference(found, one)),
            one.passport,
        )
        for at, one in enumerate(found)
    ]
    order = sorted(range(len(found)), key=lambda at: -(editors[at].whole.score.value or 0.0))
    ranked = tuple(editors[at] for at in order)
    return Report(ranked, tuple(duels), side_by_side, texts, tuple(found[at] for at in order))


def _need_scipy() -> None:
    from importlib.util import find_spec

    if find_spec("scipy") is None:
        raise missing_extra("scipy", "benchmark", "The report of a benchmark")


def _reference(found: Iterable[Results], one: Results) -> Mapping[str, float | None]:
    """Give what the same judge said of the anchors when it was first asked."""
    same = [other for other in found if other.judge == one.judge and other.anchors]
    return min(same, key=lambda other: str(other.passport["written_at"])).anchors if same else {}


class _Sheet:
    """The single edits of all results side by side: rows are edits, columns are editors, NaN is missing."""

    def __init__(self, found: list[Results]) -> None:
        edits: dict[str, Result] = {}
        for one in found:
            edits |= {item.id: item for item in one.items if item.part == "single_turn"}
        self.ids = list(edits)
        self.items = [{item.id: item for item in one.items if item.part == "single_turn"} for one in found]
        self.scores = [_column(self.ids, items, "score") for items in self.items]
        self.success = [_column(self.ids, items, "success") for items in self.items]
        self.photos = codes_of([edit.photo for edit in edits.values()])
        self.kinds = [edit.edit_type for edit in edits.values()]
        self.types = codes_of(self.kinds)
        self.categories = [edit.category for edit in edits.values()]
        self.names = _names(found)

    def lines(self) -> list[list[Line]]:
        every: list[list[Line]] = [[] for _ in self.items]
        for group, name, mine in self._groups():
            columns = [column[mine] for column in (*self.scores, *self.success)]
            found = estimates(columns, self.photos[mine], self.types[mine])
            for at, items in enumerate(self.items):
                here = [items.get(self.ids[row]) for row in np.flatnonzero(mine)]
                every[at].append(_line(group, name, here, found[at], found[at + len(self.items)]))
        return every

    def duels(self) -> list[Duel]:
        pairs = list(itertools.combinations(range(len(self.items)), 2))
        if not pairs or not self.ids:
            return []
        gaps = [self.scores[one] - self.scores[other] for one, other in pairs]
        others = [self.success[one] - self.success[other] for one, other in pairs]
        found = estimates([*gaps, *others], self.photos, self.types)
        values = [p_value(gap, self.photos, self.types) for gap in gaps]
        return [
            Duel(self.names[one], self.names[other], found[at], found[at + len(pairs)], values[at], adjusted,
                 *tally(self.scores[one], self.scores[other]))
            for at, ((one, other), adjusted) in enumerate(zip(pairs, _adjusted(values), strict=True))
        ]  # fmt: skip

    def strengths(self) -> list[Estimate]:
        if len(self.items) < 2 or not self.ids:  # noqa: PLR2004 - nobody to win against
            return [NOTHING for _ in self.items]
        return strengths(self.scores, self.photos)

    def _groups(self) -> Iterable[tuple[str, str, Any]]:
        yield ALL, ALL, np.ones(len(self.ids), np.bool_)
        for group, names in (("category", self.categories), ("edit_type", self.kinds)):
            array = np.array(names, dtype=str)
            for name in sorted(set(names)):
                yield group, name, array == name


def _column(ids: list[str], items: Mapping[str, Result], name: str) -> Values:
    values = [getattr(items[one], name) if one in items else None for one in ids]
    return np.array([np.nan if value is None else float(value) for value in values])


def _line(group: str, name: str, items: list[Result | None], score: Estimate, success: Estimate) -> Line:
    missing = sum(item is None or item.score is None for item in items)
    refused = sum(item is not None and item.ended not in {"made", MISSING} for item in items)
    printed = PUBLISHED_RATES.get(name) if group == "edit_type" else None
    return Line(group, name, len(items), missing, refused, score, success, printed)


def _names(found: list[Results]) -> list[str]:
    """Name the columns: the editor's name, and what else is needed to tell them apart."""
    parts = [(one.editor, one.judge, str(one.passport["wording"])) for one in found]
    many = [len({part[at] for part in parts}) > 1 for at in range(3)]
    return [" · ".join(text for at, text in enumerate(part) if many[at] or at == 0) for part in parts]


def _adjusted(values: list[float | None]) -> list[float | None]:
    from scipy.stats import false_discovery_control

    known = [value for value in values if value is not None]
    adjusted = iter(false_discovery_control(known).tolist() if known else [])
    return [None if value is None else round(next(adjusted), 6) for value in values]
