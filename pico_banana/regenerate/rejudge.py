"""Kept pictures judged again: those nobody could judge, and all of them when the judge is another one.

Nothing is written, edited or bought but verdicts, and every earlier verdict stays. Afterwards the items whose end
changed are open again for `run`.
"""

from __future__ import annotations

import asyncio
import json
from pathlib import Path
from typing import TYPE_CHECKING

from pico_banana.errors import StoreError
from pico_banana.regenerate.plan.items import is_of_published
from pico_banana.regenerate.plan.photos import read_photo
from pico_banana.regenerate.results.derive import MADE
from pico_banana.regenerate.results.settling import settle_again
from pico_banana.regenerate.settings.jury import GIVEN
from pico_banana.regenerate.settings.makers import maker_id
from pico_banana.regenerate.values import Instruction, Item, Picture, Stage
from pico_banana.regenerate.work.engine import Job, run_job
from pico_banana.regenerate.work.judges import Work as Judged
from pico_banana.regenerate.work.judges import judge_prompt
from pico_banana.regenerate.work.scene import Scene
from pico_banana.regenerate.work.sharded import COMMAND, note_verdicts, require_one_way, shards_of
from pico_banana.regenerate.work.source import with_share
from pico_banana.regenerate.work.staff import Staff, connect, hire
from pico_banana.regenerate.work.walk import ask_judge
from pico_banana.rows.sharding.work import work_again_on

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pico_banana.regenerate.ledger.book import Ledger
    from pico_banana.regenerate.settings.config import Config
    from pico_banana.regenerate.work.desk import Desk
    from pico_banana.regenerate.work.state import Progress, RunState
    from pico_banana.rows.sharding.shard import Shard
    from pico_banana.rows.sharding.work import Work


def rejudge(
    config: Config,
    folder: str | Path,
    *,
    staff: Staff | None = None,
    unjudged: bool = False,
    progress: Progress | None = None,
) -> RunState:
    """Have the kept pictures of a ledger judged by the configuration's judge, where it has not judged them yet.

    Args:
        config: the configuration; its judge, prices and run settings count. It does not become the ledger's.
        folder: the ledger's folder.
        staff: who does the work; None for the backends the configuration names.
        unjudged: only pictures that no judge has judged at all.
        progress: called about once a second, and at the end.

    Returns:
        How far it came.

    Raises:
        ConfigError: the configuration cannot be used, or the ledger was never run.
        StoreError: there is no ledger, it cannot be written, or another process is running on it; or there are many.
        MissingExtraError: a backend's package is not installed.
    """
    if shards_of(folder):
        text = f"{folder} was begun in shards; `rejudge_shard` judges one, `pico-banana regenerate rejudge` all"
        raise StoreError(text, path=str(folder))
    workers = hire(config.judges_alone()) if staff is None else staff
    connect(workers)
    waiting = _Waiting(config, unjudged=unjudged)
    job = Job(config, workers, waiting.refuse_published, waiting.judge, waiting=waiting, after=settle_again)
    return run_job(job, Path(folder), progress=progress)


def rejudge_shard(
    config: Config, out: str | Path, shard: Shard, *, unjudged: bool = False, progress: Progress | None = None
) -> RunState:
    """Judge the kept pictures of one shard of a run, in `OUT.shards`; any engine may start as many as there are.

    Args:
        config: see `rejudge`; its budget is that of all shards.
        out: the run's output, a path or an address such as `s3://bucket/runs/a`.
        shard: which part; its `at_once` says by how many the rate limits are divided.
        unjudged: see `rejudge`.
        progress: called about once a second, and at the end.

    Returns:
        How far it came. A shard with items that are open again is no longer finished: `run_shard` goes on with them.

    Raises:
        ShardHeldError: another process is at the shard, a StoreError.
        ConfigError: see `rejudge`.
        StoreError: the run has no such shard, or cannot be written.
    """
    require_one_way(out, parted=True)
    with work_again_on(out, shard, command=COMMAND) as work:
        return rejudge_work(config, work, unjudged=unjudged, progress=progress)


def rejudge_work(config: Config, work: Work, *, unjudged: bool = False, progress: Progress | None = None) -> RunState:
    """Judge what is worked on, and say in its note what came of it.

    Args:
        config: see `rejudge`.
        work: a shard, or all of a run.
        unjudged: see `rejudge`.
        progress: see `rejudge`.

    Returns:
        How far it came.
    """
    mine = config if work.shard is None else with_share(config, work.shard)
    state = rejudge(mine, work.folder, unjudged=unjudged, progress=progress)
    note_verdicts(work, state)
    return state


class _Waiting:
    """The pictures that wait for a verdict."""

    def __init__(self, config: Config, *, unjudged: bool) -> None:
        makers = [maker_id(Stage.JUDGE, config.judge, judge_prompt(config, turn)) for turn in (1, 2)]
        mine = "" if unjudged else f"AND v.maker IN ({makers[0]}, {makers[1]}) "
        self._where = (
            f"a.outcome = '{MADE}' AND a.edited IS NOT NULL AND NOT EXISTS (SELECT 1 FROM verdicts v WHERE "  # noqa: S608
            f"v.item = a.item AND v.turn = a.turn AND v.call = a.call {mine}AND v.outcome = '{GIVEN}')"
        )
        self._makers = makers

    def refuse_published(self, ledger: Ledger) -> None:
        if is_of_published(ledger):
            text = f"{ledger.folder} is of published edits; judge them again with `pico-banana score`"
            raise StoreError(text, path=str(ledger.folder))

    def count(self, ledger: Ledger) -> int:
        statement = f"SELECT count(DISTINCT item) FROM attempts a WHERE {self._where}"  # noqa: S608 - ours
        return int(ledger.database.execute(statement).fetchone()[0])

    def items(self, ledger: Ledger) -> Iterator[Item]:
        rows = ledger.database.execute(
            f"SELECT DISTINCT item FROM attempts a WHERE {self._where} ORDER BY item"  # noqa: S608 - ours
        ).fetchall()
        yield from ledger.items_of(row[0] for row in rows)

    async def judge(self, desk: Desk, staff: Staff, item: Item) -> str:
        photo = await asyncio.to_thread(read_photo, item.photo)
        ends = []
        rows = desk.ledger.database.execute(
            f"SELECT * FROM attempts a WHERE item = ? AND {self._where} ORDER BY turn, attempt, call",  # noqa: S608 - ours
            (item.id,),
        ).fetchall()
        for row in rows:
            scene, instruction = await self._scene(desk, item, photo, row["turn"], row["written"])
            edited = await asyncio.to_thread(desk.ledger.vault.load, row["edited"])
            before = desk.ledger.database.execute(
                "SELECT count(*) FROM verdicts WHERE item = ? AND turn = ? AND call = ? AND maker IN (?, ?)",
                (item.id, row["turn"], row["call"], *self._makers),
            ).fetchone()[0]
            work = Judged(instruction, edited, row["attempt"])
            # Each time it was asked in vain, it was asked twice.
            said = await ask_judge(desk, staff.judge, scene, work, row["call"], asked_before=2 * before)
            ends.append("judged" if said.outcome == GIVEN else "unjudged")
        return "unjudged" if "unjudged" in ends else "judged"

    async def _scene(
        self, desk: Desk, item: Item, photo: Picture, turn: int, written: int
    ) -> tuple[Scene, Instruction]:
        """Set the scene an attempt was made in: the pictures and instructions it stands on."""
        texts: list[str] = []
        before = photo
        call, number = written, turn
        while True:
            row = desk.ledger.database.execute(
                "SELECT base, text, short, recipe FROM instructions WHERE item = ? AND turn = ? AND call = ?",
                (item.id, number, call),
            ).fetchone()
            texts.append(row["text"])
            if number == turn:
                instruction = Instruction(row["text"], row["short"], json.loads(row["recipe"]))
            if not row["base"]:
                break
            stands = desk.ledger.database.execute(
                "SELECT written, edited FROM attempts WHERE item = ? AND turn = ? AND call = ?",
                (item.id, number - 1, row["base"]),
            ).fetchone()
            if number == turn:
                before = await asyncio.to_thread(desk.ledger.vault.load, stands["edited"])
            call, number = stands["written"], number - 1
        return Scene(item, turn, before, photo, tuple(reversed(texts[1:]))), instruction
