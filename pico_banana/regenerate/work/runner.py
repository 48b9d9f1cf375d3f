"""A run from its configuration to its end: look at the photos where that is wanted, plan, walk."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from pico_banana.regenerate.plan.items import able_types, add_items, is_planned, plan_run
from pico_banana.regenerate.plan.photos import find_photos
from pico_banana.regenerate.work.engine import Job, run_job
from pico_banana.regenerate.work.inventory import Looking, look_at_photos, must_look, with_inventories
from pico_banana.regenerate.work.source import Source, with_share
from pico_banana.regenerate.work.staff import connect, hire
from pico_banana.regenerate.work.walk import walk

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pico_banana.regenerate.ledger.book import Ledger
    from pico_banana.regenerate.settings.config import Config
    from pico_banana.regenerate.values import Photo
    from pico_banana.regenerate.work.staff import Staff
    from pico_banana.regenerate.work.state import Progress, RunState
    from pico_banana.regenerate.work.target import Target
    from pico_banana.rows.sharding.shard import Shard


def run(  # noqa: PLR0913 - each is one choice of a run
    config: Config,
    folder: str | Path,
    *,
    photos: Iterator[Photo] | None = None,
    staff: Staff | None = None,
    failed: bool = False,
    accept_changes: bool = False,
    target: Target | None = None,
    shard: Shard | None = None,
    progress: Progress | None = None,
) -> RunState:
    """Plan, when there is no plan yet, and walk what is not finished.

    With an `[inventory]` table every photo is looked at first, and the plan is made of what was seen.

    Args:
        config: the configuration.
        folder: the ledger's folder; made when it is not there.
        photos: the photos; None for those the configuration names.
        staff: who does the work; None for the backends the configuration names.
        failed: walk the items that failed in earlier runs instead of the others.
        accept_changes: go on with a configuration that asks something else than the ledger's.
        target: accepted rows after which it is enough; None to walk all items.
        shard: plan and walk only this part, with its share of the budget; the folder is its own, see `work_on`.
        progress: called about once a second, and at the end.

    Returns:
        How far it came.

    Raises:
        ConfigError: the configuration cannot be used, or differs from the ledger's.
        StoreError: the ledger cannot be written, or another process is running on it.
        MissingExtraError: a backend's package is not installed.
    """
    folder = Path(folder)
    config = config if shard is None else with_share(config, shard)
    workers = hire(config) if staff is None else staff
    connect(workers)
    source = Source(config, shard, None if photos is None else tuple(photos))
    if must_look(config, folder):
        look = Looking(config, workers, source.own, accept_changes)
        looked = look_at_photos(look, folder, progress=progress)
        if looked.stopped:
            return looked
        if staff is None:
            workers = hire(config)  # the connections of the others are closed
            connect(workers)

    def plan(ledger: Ledger) -> None:
        able = able_types(workers.writer, workers.editor)
        if shard is None:
            found = find_photos(config.source) if source.given is None else source.given
            plan_run(ledger, config, photos=with_inventories(ledger, config, found), able=able)
        elif not is_planned(ledger):
            add_items(ledger, source.items(ledger, shard, able))

    job = Job(config, workers, plan, walk, target)
    return run_job(job, folder, failed=failed, accept_changes=accept_changes, progress=progress)
