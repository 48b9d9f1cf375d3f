"""Scores for edits that are there already: a judge of one's own over published rows.

It is the last stage of a regeneration alone, on the same desk and the same ledger: paced, budgeted, resumable, and
never paid twice for one request. The ledger keeps what the judge said; scores under any policy are derived from it as
annotations by row id, which hold nothing of the release.
"""

from __future__ import annotations

import asyncio
import json
from dataclasses import dataclass, replace
from itertools import groupby
from operator import itemgetter
from pathlib import Path
from typing import TYPE_CHECKING

from pico_banana.errors import ConfigError, StoreError
from pico_banana.records import Preference, SingleTurn
from pico_banana.regenerate.backends.base import ModelSettings
from pico_banana.regenerate.ledger.many import each_ledger
from pico_banana.regenerate.plan.items import OF_PUBLISHED, add_items, is_of_published
from pico_banana.regenerate.plan.photos import read_photo
from pico_banana.regenerate.results.derive import MADE, wanted
from pico_banana.regenerate.settings.jury import Said
from pico_banana.regenerate.settings.policy import DRIFT
from pico_banana.regenerate.values import Instruction, Item, Photo, Stage, derived_seed
from pico_banana.regenerate.work.budget import cost_usd, prices, unpriced
from pico_banana.regenerate.work.engine import Job, run_job
from pico_banana.regenerate.work.forecast_numbers import ASSUMED
from pico_banana.regenerate.work.judges import Work
from pico_banana.regenerate.work.scene import Scene
from pico_banana.regenerate.work.staff import connect, hire
from pico_banana.regenerate.work.walk import Made, finish, judged, keep_attempt

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Iterable, Iterator
    from typing import Any

    import pyarrow as pa

    from pico_banana.records import Record
    from pico_banana.regenerate.ledger.book import Ledger
    from pico_banana.regenerate.ledger.many import Run
    from pico_banana.regenerate.settings.config import Config
    from pico_banana.regenerate.settings.jury import Jury
    from pico_banana.regenerate.settings.policy import Policy
    from pico_banana.regenerate.work.desk import Desk
    from pico_banana.regenerate.work.staff import Staff
    from pico_banana.regenerate.work.state import Progress, RunState
    from pico_banana.taxonomy import EditType

_QUERY = f"""
SELECT published.name, {", ".join(f"v.{name}" for name in Said._fields)}, makers.prompt, makers.model, makers.backend,
  calls.answered_by
FROM published JOIN verdicts v ON v.item = published.item AND v.turn = 1 AND v.call = 0
LEFT JOIN makers ON makers.id = v.maker LEFT JOIN calls ON calls.opened = v.judged_by
ORDER BY published.item, v.judged_by
"""  # noqa: S608 - our own names


@dataclass(frozen=True, slots=True)
class PublishedEdit:
    """An edit to be judged.

    Attributes:
        name: the row's id, with `#rejected1` for a rejected edit.
        source: the address of the picture before.
        edited: the address of the picture after.
        instruction: what was asked.
        edit_type: its type.
    """

    name: str
    source: str
    edited: str
    instruction: str
    edit_type: EditType


def published_edits(records: Iterable[Record]) -> Iterator[PublishedEdit]:
    """Give the edits of rows: that of a single-turn row; the chosen and each rejected one of a preference row.

    Args:
        records: the rows.

    Yields:
        The edits in order.

    Raises:
        ConfigError: rows of sessions, whose turns have no edit types to judge by, or of texts.
    """
    for record in records:
        if isinstance(record, SingleTurn):
            pictures = {record.id: record.edited}
        elif isinstance(record, Preference):
            rejected = {f"{record.id}#rejected{number}": one for number, one in enumerate(record.rejected, 1)}
            pictures = {record.id: record.chosen, **rejected}
        else:
            text = "rows of single_turn and preference are judged; turns of sessions have no edit type to be judged by"
            raise ConfigError(text, key="subset")
        for name, picture in pictures.items():
            yield PublishedEdit(name, record.source.address, picture.address, record.instruction, record.edit_type)


def judge_published(
    config: Config,
    folder: str | Path,
    edits: Iterable[PublishedEdit],
    *,
    failed: bool = False,
    accept_changes: bool = False,
    progress: Progress | None = None,
) -> RunState:
    """Have edits judged, or go on doing so.

    Args:
        config: the configuration; its judges, policy, prices and run settings count, and no pixel checks are made.
        folder: the ledger's folder; made when it is not there.
        edits: the edits; those that the ledger does not know yet are added to its plan.
        failed: judge those that failed in earlier runs instead of the others.
        accept_changes: go on with a configuration that asks something else than the ledger's.
        progress: called about once a second, and at the end.

    Returns:
        How far it came.

    Raises:
        ConfigError: the configuration cannot be used, or differs from the ledger's; there are no edits.
        StoreError: the ledger cannot be written, or another process is running on it.
        MissingExtraError: a backend's package is not installed.
    """
    alone = judges_alone(config)
    staff = hire(alone)
    connect(staff)

    def plan(ledger: Ledger) -> None:
        ledger.append("facts", {"name": OF_PUBLISHED, "value": ""})
        if not add_items(ledger, _items(ledger, alone, edits)) and not ledger.item_count():
            raise ConfigError("there are no edits to judge in this selection", key="selection")

    job = Job(alone, staff, plan, _judge_one)
    return run_job(job, Path(folder), failed=failed, accept_changes=accept_changes, progress=progress)


def forecast_judging(config: Config, edits: int) -> tuple[float, tuple[str, ...]]:
    """Say what judging is expected to cost, a second opinion for none.

    Args:
        config: the configuration, with prices.
        edits: how many edits.

    Returns:
        US dollars, and the judge's model where nobody knows its price; then the cost is unknown.
    """
    alone = judges_alone(config)
    return edits * cost_usd(prices(alone)["judge"], ASSUMED[Stage.JUDGE]), unpriced(alone)


def scores(run: Run, *, policy: Policy | None = None) -> pa.Table:
    """Give what the judges said as annotations.

    Args:
        run: a ledger of `judge_published`, open for reading, or the ledgers of shards, see `open_run`.
        policy: how scores become one; None for the policy of the ledger's latest run.

    Returns:
        Columns `id`, `score` (0 to 1), one for each criterion of the rubric, `reasons` (criterion to text), `accepted`,
        `second_score` (null without a second opinion), `judge` and `prompt`; and `problem`, why there are no scores.

    Raises:
        StoreError: it is the ledger of a run, which has no published edits.
    """
    import pyarrow as pa

    tables = [_scores(ledger, policy or ledger.latest_config().policy) for ledger in each_ledger(run)]
    return pa.concat_tables(tables, promote_options="default")


def _scores(ledger: Ledger, rule: Policy) -> pa.Table:
    import pyarrow as pa

    if not is_of_published(ledger):
        text = f"{ledger.folder} is no ledger of `regenerate judge`; the scores of a run are written by `assemble`"
        raise StoreError(text, path=str(ledger.folder))
    texts = pa.map_(pa.string(), pa.string())
    schema = pa.schema(
        [
            ("id", pa.string()),
            ("score", pa.float32()),
            *((name, pa.float32()) for name in _criteria(ledger, rule)),
            ("reasons", texts),
            ("accepted", pa.bool_()),
            ("second_score", pa.float32()),
            ("judge", pa.string()),
            ("prompt", pa.string()),
            ("problem", pa.string()),
        ]
    )
    jury = wanted(ledger, rule).jury
    found = groupby(ledger.database.execute(_QUERY), itemgetter("name"))
    rows = [_scored(name, list(said), rule, jury) for name, said in found]
    return pa.Table.from_pylist(rows, schema=schema)


def _criteria(ledger: Ledger, rule: Policy) -> tuple[str, ...]:
    """Name the columns of scores: the rubric's in its order, what the policy weighs, what else was scored."""
    scored = ledger.database.execute(
        "SELECT DISTINCT key FROM verdicts, json_each(verdicts.scores) WHERE turn = 1 AND call = 0 ORDER BY key"
    )
    rubric = ledger.latest_config().rubric.criteria
    return tuple(dict.fromkeys((*rubric, *rule.weights, *(name for (name,) in scored if name != DRIFT))))


def judges_alone(config: Config) -> Config:
    """Leave out the stages that nobody asks: their models need no key, and their settings make no difference.

    Args:
        config: a configuration.

    Returns:
        One with the judges of the other alone.
    """
    nobody, unchecked = ModelSettings(), replace(config.checks, enabled=False)
    return replace(config, inventory=None, writer=nobody, shortener=nobody, editor=nobody, checks=unchecked)


def _items(ledger: Ledger, config: Config, edits: Iterable[PublishedEdit]) -> Iterator[Item]:
    # Killed between the two, a process leaves the one row without the other.
    ledger.database.execute("DELETE FROM published WHERE item NOT IN (SELECT id FROM items)")
    known = {name for (name,) in ledger.database.execute("SELECT name FROM published")}
    (last,) = ledger.database.execute("SELECT coalesce(max(id), 0) FROM items").fetchone()
    for number, edit in enumerate((edit for edit in edits if edit.name not in known), last + 1):
        row = {"item": number, "name": edit.name, "edited": edit.edited, "instruction": edit.instruction}
        ledger.append("published", row)
        photo = Photo(edit.source, edit.source)
        yield Item(number, photo, (edit.edit_type,), derived_seed(config.seed, edit.name))


async def _judge_one(desk: Desk, staff: Staff, item: Item) -> str:
    edited, instruction = desk.ledger.database.execute(
        "SELECT edited, instruction FROM published WHERE item = ?", (item.id,)
    ).fetchone()
    before = await asyncio.to_thread(read_photo, item.photo)
    after = await asyncio.to_thread(read_photo, Photo(edited, edited))
    scene = Scene(item, 1, before, before)
    await keep_attempt(desk, scene, Made(0, MADE, "", after), attempt=1, written=0)
    found = await judged(desk, staff, scene, Work(Instruction(instruction), after, 1), 0)
    await finish(desk, item)
    if found.first is None:
        return "unjudged"
    return "accepted" if desk.config.policy.decide(found.first, found.second).accepted else "rejected"


def _scored(name: str, rows: list[sqlite3.Row], rule: Policy, jury: Jury) -> dict[str, Any]:
    said = [Said(*(row[field] for field in Said._fields)) for row in rows]
    heard = jury.hear(said)
    if heard.first is None:
        return {"id": name, "problem": said[-1].reason or "not judged yet"}
    decision = rule.decide(heard.first, heard.second)
    counted = next(row for row in rows if row["judged_by"] == heard.said[0].judged_by)
    return {
        "id": name,
        "score": decision.score,
        **heard.first.scores,
        "reasons": list(json.loads(counted["reasons"]).items()),
        "accepted": decision.accepted,
        "second_score": None if heard.second is None else rule.score(heard.second),
        "judge": counted["answered_by"] or counted["model"] or counted["backend"],
        "prompt": counted["prompt"],
    }
