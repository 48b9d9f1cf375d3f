"""The numbers of scores: what is missing, what is left of each type above a score, how far judges and people agree."""

from __future__ import annotations

import itertools
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from pico_banana.benchmark.numbers.judges import Agreement, agreement
from pico_banana.benchmark.scores.calibrating import GOOD, LEAST, Calibration, Method, calibrate
from pico_banana.benchmark.scores.thresholds import TypeLine, Wish, Witnesses, line_of
from pico_banana.benchmark.scores.whole_rows import REJECTED

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from pico_banana.benchmark.numbers.intervals import Values
    from pico_banana.benchmark.scores.reading import JudgeScores, Row, Scores

ALL, PEOPLE = "all", "people"
_NOBODY: Mapping[str, float] = {}
_USUAL = Wish()


@dataclass(frozen=True, slots=True)
class JudgeLine:
    """The scores of one judge.

    Attributes:
        judge: the judge's name.
        edits: how many edits it was to judge, rejected ones of pairs among them.
        scored: how many have a score.
        missing: how many have none, by reason.
        labelled: edits with a score and a label of people.
        calibration: what a score is worth by these labels; None where there are too few.
        types: all edits, then each type, rejected edits left out.
    """

    judge: str
    edits: int
    scored: int
    missing: Mapping[str, int]
    labelled: int
    calibration: Calibration | None
    types: tuple[TypeLine, ...]


@dataclass(frozen=True, slots=True)
class ScoreReport:
    """All numbers.

    Attributes:
        judges: by name.
        agreements: every two judges over the edits that both scored, and each with people.
    """

    judges: tuple[JudgeLine, ...]
    agreements: tuple[Agreement, ...]

    @property
    def calibrations(self) -> dict[str, Calibration]:
        """What scores are worth, by judge; see `Scores.with_chances`."""
        return {one.judge: one.calibration for one in self.judges if one.calibration is not None}

    def as_json(self) -> dict[str, Any]:
        """Give the numbers as JSON values."""
        return asdict(self)


def score_report(
    scores: Scores, *, labels: Mapping[str, float] = _NOBODY, wish: Wish = _USUAL, method: Method = "auto"
) -> ScoreReport:
    """Sum up what judges said; no model is asked.

    Args:
        scores: what they said.
        labels: what people say of the same edits, see `read_labels`.
        wish: what is wanted of edits that are kept.
        method: the shape of the calibration.

    Returns:
        The report.
    """
    lines = tuple(_line(one, labels, wish, method) for one in scores.judges)
    every = [(one.judge, _numbers(one)) for one in scores.judges]
    if labels:
        every.append((PEOPLE, {name: (label, label >= GOOD) for name, label in labels.items()}))
    pairs = itertools.combinations(every, 2)
    return ScoreReport(lines, tuple(agreement(*one, *other) for one, other in pairs))


def _line(one: JudgeScores, labels: Mapping[str, float], wish: Wish, method: Method) -> JudgeLine:
    known = [row for row in one.rows if row["score"] is not None and row["id"] in labels]
    calibration = None
    if len(known) >= LEAST:
        given, said = np.array([row["score"] for row in known]), np.array([labels[row["id"]] for row in known])
        calibration = calibrate(given, said, [row["row_id"] for row in known], method=method)
    found = Witnesses(calibration, _pairs(one.rows))
    kept = [row for row in one.rows if REJECTED not in row["id"]]
    kinds = {ALL: kept, **_by_type(kept)}
    types = tuple(_type_line(kind, rows, found, wish) for kind, rows in kinds.items())
    return JudgeLine(one.judge, len(one.rows), one.scored, one.missing_by_reason, len(known), calibration, types)


def _type_line(kind: str, rows: Iterable[Row], found: Witnesses, wish: Wish) -> TypeLine:
    every = list(rows)
    accepted = [bool(row["accepted"]) for row in every if row["score"] is not None]
    return line_of(kind, [row["score"] for row in every], accepted, found, wish)


def _by_type(rows: Iterable[Row]) -> dict[str, list[Row]]:
    found: dict[str, list[Row]] = {}
    for row in rows:
        found.setdefault(row["told_type"], []).append(row)
    return dict(sorted(found.items()))


def _pairs(rows: Iterable[Row]) -> dict[str, tuple[Values, Values]]:
    """Give the scores of preferred and of rejected edits by type, a line for every two of one row."""
    chosen: dict[str, float] = {}
    pairs: dict[str, list[tuple[float, float]]] = {}
    for row in rows:  # the chosen edit of a row comes first
        if row["score"] is None:
            continue
        if REJECTED not in row["id"]:
            chosen[row["id"]] = row["score"]
        elif row["row_id"] in chosen:
            pairs.setdefault(row["told_type"], []).append((chosen[row["row_id"]], row["score"]))
    columns = {kind: np.array(both, float).T for kind, both in pairs.items()}
    return {kind: (column[0], column[1]) for kind, column in columns.items()}


def _numbers(one: JudgeScores) -> dict[str, tuple[float, bool]]:
    return {row["id"]: (row["score"], bool(row["accepted"])) for row in one.rows if row["score"] is not None}
