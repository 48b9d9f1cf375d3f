"""Scores of edits brought to their rows, so that sessions and pairs are filtered by their own id.

A session is as good as its worst turn, and has no score while a turn has none. A pair has the score of its chosen edit,
those of the rejected ones, and by how much it is better than the best of them.
"""

from __future__ import annotations

from itertools import groupby
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

Row = dict[str, Any]
REJECTED = "#rejected"


def by_row(edits: Sequence[Row]) -> list[Row]:
    """Bring the scores of edits to their rows.

    Args:
        edits: columns of `regenerate.scores`.

    Returns:
        Columns `id`, `edits` (how many the row has), `score`, `turn_scores` (of a session, in order), `rejected_scores`
        and `margin` (of a pair), `accepted`, `judge`, `problem`; a row each, in the order of the edits.
    """
    ordered = sorted(edits, key=lambda edit: str(edit["row_id"]))  # stable: edits of a row stay in their order
    places = {row_id: place for place, row_id in reversed(list(enumerate(edit["row_id"] for edit in edits)))}
    found = [_row(row_id, list(group)) for row_id, group in groupby(ordered, lambda edit: str(edit["row_id"]))]
    return sorted(found, key=lambda row: places[row["id"]])


def _row(row_id: str, edits: list[Row]) -> Row:
    rejected = [edit["score"] for edit in edits if REJECTED in edit["id"]]
    own = [edit for edit in edits if REJECTED not in edit["id"]]
    scores = [edit["score"] for edit in own]
    lowest = None if None in scores or not scores else min(scores)
    beaten = [score for score in rejected if score is not None]
    chances = [edit["chance"] for edit in own if edit.get("chance") is not None]
    return {
        "id": row_id,
        "edits": len(edits),
        "score": lowest,
        "turn_scores": scores if own and own[0]["turn"] is not None else None,
        "rejected_scores": rejected or None,
        "margin": lowest - max(beaten) if beaten and lowest is not None else None,
        "accepted": None if lowest is None else all(edit["accepted"] for edit in own),
        **({"chance": min(chances)} if chances else {}),
        "judge": edits[0]["judge"],
        "problem": "; ".join(_problems(own)) or None,
    }


def _problems(edits: Sequence[Row]) -> Iterator[str]:
    for edit in edits:
        if edit["score"] is None:
            where = f"turn {edit['turn']}: " if edit["turn"] is not None else ""
            yield f"{where}{edit['problem']}"
