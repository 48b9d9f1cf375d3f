"""Texts of rows made anew, on the desk and the ledger of a regeneration: paced, budgeted, resumed, never paid twice."""

from __future__ import annotations

import asyncio
import json
from dataclasses import asdict
from typing import TYPE_CHECKING

from pico_banana.errors import StoreError
from pico_banana.regenerate.backends.base import require
from pico_banana.regenerate.plan.items import OF_TEXTS, add_items, fact_of
from pico_banana.regenerate.plan.photos import LOCAL_HOST
from pico_banana.regenerate.texts.questions import Question
from pico_banana.regenerate.texts.scene import set_scene
from pico_banana.regenerate.texts.telling import tell
from pico_banana.regenerate.texts.writing import ROLES
from pico_banana.regenerate.values import Item, Photo, derived_seed
from pico_banana.regenerate.work.calls import TABLE_OF_STAGE
from pico_banana.regenerate.work.engine import Job, run_job
from pico_banana.regenerate.work.staff import connect, hire
from pico_banana.regenerate.work.walk import finish
from pico_banana.taxonomy import edit_type_from_label

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from pico_banana.regenerate.ledger.book import Ledger
    from pico_banana.regenerate.settings.config import Config
    from pico_banana.regenerate.texts.questions import Gathered, Kind
    from pico_banana.regenerate.work.desk import Desk
    from pico_banana.regenerate.work.staff import Staff
    from pico_banana.regenerate.work.state import Progress, RunState

_NO_PHOTO = f"https://{LOCAL_HOST}/text"


def ask_for_texts(
    config: Config,
    folder: Path,
    gathered: Gathered,
    *,
    failed: bool = False,
    accept_changes: bool = False,
    progress: Progress | None = None,
) -> RunState:
    """Ask every question that has no answer yet.

    Args:
        config: the configuration; the judges and the one who writes such texts, prices and run settings count.
        folder: the ledger's folder; made when it is not there.
        gathered: the questions; those that the ledger does not know yet are added to its plan.
        failed: ask those that failed in earlier runs instead of the others.
        accept_changes: go on with a configuration that asks something else than the ledger's.
        progress: called about once a second, and at the end.

    Returns:
        How far it came.

    Raises:
        ConfigError: the configuration cannot be used, or differs from the ledger's.
        StoreError: the ledger cannot be written, is of something else, or another process is running on it.
        MissingExtraError: a backend's package is not installed.
    """
    alone = asked_alone(config, gathered.wording)
    staff = hire(alone)
    _require_methods(staff, gathered.wording)
    connect(staff)

    def plan(ledger: Ledger) -> None:
        _claim(ledger, gathered)
        add_items(ledger, _items(ledger, alone, gathered))

    job = Job(alone, staff, plan, _tell_one)
    return run_job(job, folder, failed=failed, accept_changes=accept_changes, progress=progress)


def asked_alone(config: Config, wording: Kind) -> Config:
    """Leave out the stages that nobody asks.

    Args:
        config: a configuration.
        wording: what is made.

    Returns:
        One with the judges and the one who writes such texts alone.
    """
    return config.judges_alone(but=TABLE_OF_STAGE[ROLES[wording][2]])


def _require_methods(staff: Staff, wording: Kind) -> None:
    _, method, stage = ROLES[wording]
    table = TABLE_OF_STAGE[stage]
    require(getattr(staff, table), method, stage=table)
    require(staff.judge, "compare", stage="judge")
    if staff.second_judge is not None:
        require(staff.second_judge, "compare", stage="second_judge")


def _claim(ledger: Ledger, gathered: Gathered) -> None:
    """Say what the ledger is of.

    Raises:
        StoreError: it is of something else.
    """
    mine = json.dumps({"wording": gathered.wording, "language": gathered.language})
    there = fact_of(ledger, OF_TEXTS)
    if there == mine:
        return
    if there is not None or ledger.item_count():
        of = "a regeneration" if there is None else f"texts that are {json.loads(there)['wording']}"
        if there is not None and json.loads(there)["language"]:
            of += f" into {json.loads(there)['language']}"
        text = f"{ledger.folder} is a ledger of {of}; take another ledger folder"
        raise StoreError(text, path=str(ledger.folder))
    ledger.append("facts", {"name": OF_TEXTS, "value": mine}).result()


def _items(ledger: Ledger, config: Config, gathered: Gathered) -> Iterator[Item]:
    # Killed between the two, a process leaves the one row without the other.
    ledger.database.execute("DELETE FROM questions WHERE item NOT IN (SELECT id FROM items)")
    ledger.database.execute("DELETE FROM asked WHERE item NOT IN (SELECT id FROM items)")
    known = dict(map(tuple, ledger.database.execute("SELECT digest, item FROM questions")))
    asked = dict(map(tuple, ledger.database.execute("SELECT name, item FROM asked")))
    for name, question in gathered.questions.items():
        new = question.digest not in known
        number = known.setdefault(question.digest, len(known) + 1)
        if asked.get(name, number) != number:  # the row has another text by now
            ledger.database.execute("DELETE FROM asked WHERE name = ?", (name,))
        if asked.get(name) != number:
            ledger.append("asked", {"name": name, "item": number})
        if new:
            ledger.append("questions", {"item": number, "digest": question.digest, "content": question.content()})
            address = question.source or _NO_PHOTO
            kinds = (edit_type_from_label(question.edit_type),)
            yield Item(number, Photo(address, address), kinds, derived_seed(config.seed, question.digest))


async def _tell_one(desk: Desk, staff: Staff, item: Item) -> str:
    (content,) = desk.ledger.database.execute("SELECT content FROM questions WHERE item = ?", (item.id,)).fetchone()
    tellings = await tell(await set_scene(desk, staff, item, Question(**json.loads(content))))
    for one in tellings:
        await asyncio.wrap_future(desk.ledger.append("tellings", {"item": item.id, **asdict(one)}))
    await finish(desk, item)
    return tellings[-1].outcome
