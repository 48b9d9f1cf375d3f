"""A run in shards: one shard from its lease to its note."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from pico_banana.errors import StoreError
from pico_banana.regenerate.ledger.book import open_ledger
from pico_banana.regenerate.ledger.layout import is_ledger
from pico_banana.regenerate.plan.items import fact_of
from pico_banana.regenerate.work.runner import run
from pico_banana.rows.sharding.folder import RunFolder
from pico_banana.rows.sharding.work import work_on

if TYPE_CHECKING:
    from pico_banana.regenerate.settings.config import Config
    from pico_banana.regenerate.work.state import Progress, RunState
    from pico_banana.rows.sharding.shard import Shard
    from pico_banana.rows.sharding.work import Work

COMMAND = "regenerate"


def run_shard(
    config: Config, out: str | Path, shard: Shard, *, allow_failed: int = 0, progress: Progress | None = None
) -> RunState:
    """Plan and walk one shard of a run, in `OUT.shards`; any engine may start as many as there are.

    Args:
        config: the configuration of the whole run.
        out: the run's output, a path or an address such as `s3://bucket/runs/a`.
        shard: which part; its `at_once` says by how many the rate limits are divided.
        allow_failed: failed items with which the shard still counts as finished.
        progress: called about once a second, and at the end.

    Returns:
        How far it came.

    Raises:
        ShardHeldError: another process is at the shard, a StoreError.
        ConfigError: the configuration cannot be used, or differs from the ledger's.
        StoreError: the folder holds another run, or one that is not in shards, or cannot be written.
    """
    require_one_way(out, parted=True)
    with work_on(out, shard, command=COMMAND, asked=config.digest()) as work:
        state = run(config, work.folder, shard=work.shard, progress=progress)
        note_run(work, state, allow_failed=allow_failed)
    return state


def require_one_way(out: str | Path, *, parted: bool) -> None:
    """Require that a run is one ledger or shards, and not both: who reads it reads the one or the others.

    Args:
        out: the run's output.
        parted: whether it is to be made in shards.

    Raises:
        StoreError: it was begun the other way.
    """
    if parted and "://" not in str(out) and is_ledger(Path(out)):
        text = f"{out} was begun without shards; go on without --shard, or name another ledger for the shards"
        raise StoreError(text, path=str(out))
    if not parted and RunFolder(out).exists():
        text = f"{out} was begun in shards; go on with --shard any/N, or name another ledger for all in one piece"
        raise StoreError(text, path=str(out))


def shards_of(out: str | Path) -> int:
    """Say in how many shards a run was begun.

    Args:
        out: the run's output.

    Returns:
        How many; 0 where it is one ledger.

    Raises:
        StoreError: there is no run.
    """
    if "://" not in str(out) and is_ledger(Path(out)):
        return 0
    begun = RunFolder(out).begun()
    if not begun:
        raise StoreError(f"{out} holds no ledger; make one with `pico-banana regenerate run`", path=str(out))
    return next(iter(begun)).count


def note_run(work: Work, state: RunState, *, allow_failed: int) -> None:
    """Say in a shard's note what came of it.

    Args:
        work: the shard, or all of a run.
        state: how far the run came.
        allow_failed: failed items that still count as success.
    """
    if work.shard is None:
        return
    with open_ledger(work.folder) as ledger:
        items = ledger.item_count() or state.total  # a benchmark's ledger has no plan
        # Editors run one after the other on one ledger: its items and failures add up, its money is summed already.
        counts = {"items": items, "failed": state.failed}
        counts = {name: work.counts.get(name, 0) + count for name, count in counts.items()}
        work.counts = counts
        work.same = {"photos": fact_of(ledger, "photos") or ""}
    _note_spent(work, state)
    work.unfinished = state.stopped or (f"{state.failed} items failed" if state.failed > allow_failed else "")


def note_verdicts(work: Work, state: RunState) -> None:
    """Say in a shard's note what came of judging it again: what a later verdict rejects is open again.

    Args:
        work: the shard, or all of a run.
        state: how far the judging came.
    """
    if work.shard is None:
        return
    with open_ledger(work.folder) as ledger:
        count = ledger.pending_count(ledger.latest_config().digest())
    _note_spent(work, state)
    if count:
        work.unfinished = (
            f"{count} items are open by the verdicts that count now, and `regenerate run` goes on with them"
        )


def _note_spent(work: Work, state: RunState) -> None:
    work.counts["usd"] = round(state.spent_usd, 6)
    work.spent = {"": state.spent_usd}
