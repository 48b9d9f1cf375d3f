"""Scores under the names that users of OmniEdit-Filtered-1.2M know, from 0 to 10 as there.

`sc_score_1` says how far the instruction was followed, `sc_score_2` how little else was changed, `pq_score` how the
picture looks; `o_score` is the square root of the lower `sc_score` times `pq_score`.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

from pico_banana.errors import ConfigError

if TYPE_CHECKING:
    from collections.abc import Sequence

Row = dict[str, Any]
# Of each rubric that has all three: what is meant by them. The weaker of two looks counts, as of two scores.
_MEANT = (
    ("compliance", "preservation", ("seamlessness", "quality")),
    ("prompt_following", "consistency", ("perceptual_quality",)),
)
_TEN = 10


def omniedit_rows(rows: Sequence[Row]) -> list[Row]:
    """Give scores OmniEdit's names.

    Args:
        rows: columns of `regenerate.scores`, of one judge.

    Returns:
        Columns `id`, `task`, `sc_score_1`, `sc_score_2`, `sc_reasoning`, `pq_score`, `pq_reasoning`, `o_score`,
        `judge`, `prompt`, `answered_by`, `problem`; nulls where there is no score.

    Raises:
        ConfigError: the judge was asked for other criteria.
    """
    first = rows[0] if rows else {"compliance": None, "preservation": None, "seamlessness": None, "quality": None}
    for followed, kept, looks in _MEANT:
        if {followed, kept, *looks} <= first.keys():
            return [_row(row, followed, kept, looks) for row in rows]
    there = ", ".join(sorted(first.keys() - {"id", "score"}))
    text = (
        "OmniEdit's columns need a judge that was asked for instruction, preservation and quality, such as "
        f"preset='paper'; this one gave {there}"
    )
    raise ConfigError(text, key="columns")


def _row(row: Row, followed: str, kept: str, looks: tuple[str, ...]) -> Row:
    told = {"id": row["id"], "task": row["told_type"]}
    rest = {name: row[name] for name in ("judge", "prompt", "answered_by", "problem")}
    names = ("sc_score_1", "sc_score_2", "sc_reasoning", "pq_score", "pq_reasoning", "o_score")
    if row["score"] is None:
        return {**told, **dict.fromkeys(names), **rest}
    reasons = dict(row["reasons"] or ())
    first, second, look = row[followed], row[kept], min(row[name] for name in looks)
    values = (
        _TEN * first,
        _TEN * second,
        _said(reasons, followed, kept),
        _TEN * look,
        _said(reasons, *looks),
        _TEN * math.sqrt(min(first, second) * look),
    )
    given = zip(names, (round(one, 4) if isinstance(one, float) else one for one in values), strict=True)
    return {**told, **dict(given), **rest}


def _said(reasons: dict[str, str], *criteria: str) -> str:
    return " ".join(reasons[name] for name in criteria if reasons.get(name))
