"""What a judge said of published edits, as annotations by id: scores with reasons, and why there are none."""

from __future__ import annotations

import json
from itertools import groupby
from operator import itemgetter
from typing import TYPE_CHECKING, NamedTuple, Protocol

from pico_banana.errors import StoreError
from pico_banana.regenerate.ledger.many import each_ledger
from pico_banana.regenerate.plan.items import OF_PUBLISHED, fact_of
from pico_banana.regenerate.results.derive import wanted
from pico_banana.regenerate.settings.jury import GIVEN, Said
from pico_banana.regenerate.settings.policy import DRIFT

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Iterator
    from typing import Any

    import pyarrow as pa

    from pico_banana.regenerate.ledger.book import Ledger
    from pico_banana.regenerate.ledger.many import Run
    from pico_banana.regenerate.settings.policy import Policy, Verdict

PUBLISHED_TYPE = "published"  # the type stands in the row

_QUERY = f"""
SELECT p.name, i.edit_types, photos.url, t.session, t.turn, t.type_source, t.type_confidence,
  {", ".join(f"v.{name}" for name in Said._fields)}, makers.prompt, makers.model, makers.backend, calls.answered_by,
  (SELECT text FROM failures WHERE failures.item = p.item ORDER BY id DESC LIMIT 1) AS failure
FROM published p JOIN items i ON i.id = p.item JOIN photos ON photos.id = i.photo
LEFT JOIN published_turns t ON t.item = p.item
LEFT JOIN verdicts v ON v.item = p.item AND v.turn = coalesce(t.turn, 1) AND v.call = 0
LEFT JOIN makers ON makers.id = v.maker LEFT JOIN calls ON calls.opened = v.judged_by
ORDER BY p.item, v.judged_by
"""  # noqa: S608 - our own names


class Weighing(Protocol):
    """Makes one number of a verdict, and says whether it is enough."""

    def score(self, verdict: Verdict) -> float:
        """Make one number, 0 to 1."""

    def passes(self, score: float) -> bool:
        """Say whether it is enough."""


class Weighed(NamedTuple):
    """What came of one edit.

    Attributes:
        score: 0 to 1.
        accepted: whether it is enough.
        second: the second opinion's score.
    """

    score: float
    accepted: bool
    second: float | None = None


def preset_of(ledger: Ledger) -> str:
    """Name the preset that published edits were judged with.

    Args:
        ledger: of `judge_published`, open for reading.

    Returns:
        Its name; empty where the configuration's policy counts.

    Raises:
        StoreError: it is the ledger of a run, which has no published edits.
    """
    preset = fact_of(ledger, OF_PUBLISHED)
    if preset is None:
        text = f"{ledger.folder} is no ledger of `pico-banana score`; the scores of a run are written by `assemble`"
        raise StoreError(text, path=str(ledger.folder))
    return preset


def judged_names(ledger: Ledger) -> set[str]:
    """Name the edits that need not be asked about again.

    Args:
        ledger: of `judge_published`, open for reading.

    Returns:
        The edits the judge has answered about, readably or not.
    """
    rows = ledger.database.execute(
        "SELECT name FROM published p WHERE EXISTS (SELECT 1 FROM verdicts v WHERE v.item = p.item)"
    )
    return {name for (name,) in rows}


def scores(run: Run, *, policy: Policy | None = None, weighing: Weighing | None = None) -> pa.Table:
    """Give what the judges said as annotations, a row an edit.

    Args:
        run: a ledger of `judge_published`, open for reading, or the ledgers of shards, see `open_run`.
        policy: how scores become one; None for the policy of the ledger's latest run.
        weighing: makes one number of the scores in place of the policy.

    Returns:
        Columns `id`; `row_id` and `turn`, of what row it is; `told_type`, the type the judge was told, `type_source`,
        "published" or what it was read from, and `type_confidence`; `score` (0 to 1), one for each criterion of the
        rubric, `drift` (of later turns), `reasons` (criterion to text), `accepted`, `second_score` (null without a
        second opinion); `judge`, `prompt` and `answered_by`, the model as the service names it; and `problem`, why
        there are no scores.

    Raises:
        StoreError: it is the ledger of a run, which has no published edits.
    """
    import pyarrow as pa

    tables = [_scores(ledger, policy, weighing) for ledger in each_ledger(run)]
    return pa.concat_tables(tables, promote_options="default")


def _scores(ledger: Ledger, policy: Policy | None, weighing: Weighing | None) -> pa.Table:
    import pyarrow as pa

    preset = preset_of(ledger)
    rule = policy or ledger.latest_config().policy
    jury = wanted(ledger, rule).jury

    def weighed(said: list[Said]) -> tuple[Weighed, Verdict, Said] | None:
        heard = jury.hear(said)
        if heard.first is None:
            return None
        if weighing is not None:
            score = weighing.score(heard.first)
            return Weighed(score, weighing.passes(score)), heard.first, heard.said[0]
        decision = rule.decide(heard.first, heard.second)
        second = None if heard.second is None else rule.score(heard.second)
        return Weighed(decision.score, decision.accepted, second), heard.first, heard.said[0]

    def each() -> Iterator[dict[str, Any]]:
        for _, rows in groupby(ledger.database.execute(_QUERY), itemgetter("name")):
            found = list(rows)
            said = [Said(*(row[field] for field in Said._fields)) for row in found if row["judged_by"] is not None]
            yield _edit(found[0]) | _said(found, weighed(said), preset)

    return pa.Table.from_pylist(list(each()), schema=schema_of(_criteria(ledger, rule)))


def schema_of(criteria: tuple[str, ...]) -> pa.Schema:
    """Give the columns of scores.

    Args:
        criteria: those of the rubric.

    Returns:
        The schema; see `scores`.
    """
    import pyarrow as pa

    text, number = pa.string(), pa.float64()
    return pa.schema(
        [
            ("id", text),
            ("row_id", text),
            ("turn", pa.int8()),
            ("told_type", text),
            ("type_source", text),
            ("type_confidence", number),
            ("score", number),
            *((name, number) for name in criteria),
            (DRIFT, number),
            ("reasons", pa.map_(text, text)),
            ("accepted", pa.bool_()),
            ("second_score", number),
            ("judge", text),
            ("prompt", text),
            ("answered_by", text),
            ("problem", text),
        ]
    )


def _criteria(ledger: Ledger, rule: Policy) -> tuple[str, ...]:
    """Name the columns of scores: the rubric's in its order, what the policy weighs, what else was scored."""
    scored = ledger.database.execute(
        "SELECT DISTINCT key FROM verdicts, json_each(verdicts.scores) WHERE call = 0 ORDER BY key"
    )
    rubric = ledger.latest_config().rubric.criteria
    return tuple(dict.fromkeys((*rubric, *rule.weights, *(name for (name,) in scored if name != DRIFT))))


def _edit(row: sqlite3.Row) -> dict[str, Any]:
    """Say what was judged, and as what."""
    return {
        "id": row["name"],
        "row_id": row["session"] or row["name"].partition("#rejected")[0],
        "turn": row["turn"],
        "told_type": json.loads(row["edit_types"])[-1],
        "type_source": row["type_source"] or PUBLISHED_TYPE,
        "type_confidence": 1.0 if row["turn"] is None else row["type_confidence"],
    }


def _said(rows: list[sqlite3.Row], found: tuple[Weighed, Verdict, Said] | None, preset: str) -> dict[str, Any]:
    if found is None:
        latest = rows[-1]
        unread = latest["reason"] if latest["judged_by"] is not None and latest["outcome"] != GIVEN else ""
        return {"problem": unread or latest["failure"] or "not judged yet"}
    weighed, verdict, counted = found
    row = next(row for row in rows if row["judged_by"] == counted.judged_by)
    judge = f"{row['backend']}:{row['model']}" if row["model"] else row["backend"]
    return {
        "score": weighed.score,
        **verdict.scores,
        DRIFT: verdict.drift,
        "reasons": list(json.loads(row["reasons"]).items()),
        "accepted": weighed.accepted,
        "second_score": weighed.second,
        "judge": f"{judge}/{preset}" if preset else judge,
        "prompt": row["prompt"],
        "answered_by": row["answered_by"],
    }
