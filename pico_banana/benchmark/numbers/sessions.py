"""Sessions: how often a turn succeeds, how far the picture is from the first photo, how often a whole session does."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from pico_banana.benchmark.numbers.intervals import Estimate, codes_of, estimates
from pico_banana.regenerate.settings.policy import DRIFT

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from pico_banana.benchmark.runs.results import Result


@dataclass(frozen=True, slots=True)
class SessionLine:
    """One turn, or whole sessions.

    Attributes:
        turn: "1" to "5", or "whole".
        edits: how many such turns, or sessions.
        missing: of these, without a score.
        success: share that succeeded; of a session, all of whose turns did.
        score: the mean score; of sessions, of their turns' means.
        faithful: what the judge says of everything that nobody asked to change since the first photo, 1 for nothing.
        distance: mean measured difference to the first photo, 0 to 1.
    """

    turn: str
    edits: int
    missing: int
    success: Estimate
    score: Estimate
    faithful: Estimate
    distance: Estimate


def session_lines(items: Iterable[Result]) -> tuple[SessionLine, ...]:
    """Sum sessions up by turn, and as wholes.

    Args:
        items: the results of an editor.

    Returns:
        A line a turn, then the whole; empty without sessions.
    """
    sessions: dict[str, list[Result]] = {}
    for item in items:
        if item.part == "multi_turn":
            sessions.setdefault(item.id, []).append(item)
    if not sessions:
        return ()
    turns = sorted({item.turn for session in sessions.values() for item in session})
    lines = [
        _line(str(turn), [one for all_ in sessions.values() for one in all_ if one.turn == turn]) for turn in turns
    ]
    return (*lines, _whole(list(sessions.values())))


def _line(turn: str, items: Sequence[Result]) -> SessionLine:
    columns = [
        [_number(item.success) for item in items],
        [_number(item.score) for item in items],
        [_number(item.scores.get(DRIFT)) for item in items],
        [_number(item.distance) for item in items],
    ]
    found = _estimated(columns, [item.photo for item in items])
    return SessionLine(turn, len(items), sum(item.score is None for item in items), *found)


def _whole(sessions: Sequence[Sequence[Result]]) -> SessionLine:
    success = [_all_of([item.success for item in session]) for session in sessions]
    scores = [float(np.mean([_number(item.score) for item in session])) for session in sessions]
    last = [max(session, key=lambda item: item.turn) for session in sessions]
    columns = [
        success,
        scores,
        [_number(one.scores.get(DRIFT)) for one in last],
        [_number(one.distance) for one in last],
    ]
    found = _estimated(columns, [session[0].photo for session in sessions])
    return SessionLine("whole", len(sessions), int(np.isnan(success).sum()), *found)


def _all_of(values: Sequence[bool | None]) -> float:
    if any(value is False for value in values):  # whatever the missing ones are
        return 0.0
    return float("nan") if None in values else 1.0


def _number(value: float | None) -> float:
    return float("nan") if value is None else float(value)


def _estimated(columns: Sequence[Sequence[float]], photos: Sequence[str]) -> list[Estimate]:
    arrays = [np.array(column, float) for column in columns]
    return estimates(arrays, codes_of(photos), np.zeros(len(photos), np.int64))
