"""Scores in shards: one shard from its lease to its note."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from pico_banana.benchmark.scores.asking import Scored, score, what_is_asked
from pico_banana.benchmark.scores.judges import DEFAULTS, ScoreOptions
from pico_banana.rows.sharding.work import work_on

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pico_banana.records import Record
    from pico_banana.regenerate.work.state import Progress
    from pico_banana.rows.sharding.shard import Shard
    from pico_banana.rows.sharding.work import Work

COMMAND = "score"


def score_shard(
    rows: Sequence[Record],
    out: str | Path,
    shard: Shard,
    *,
    judges: str | Sequence[str],
    options: ScoreOptions = DEFAULTS,
    allow_failed: int = 0,
    progress: Progress | None = None,
) -> tuple[Scored, ...]:
    """Have judges score one part of the rows, in `OUT.shards`; any engine may start as many as there are.

    Args:
        rows: all of them, see `score`.
        out: where the scores of all shards are, a path or an address such as `s3://bucket/scores`.
        shard: which part; its `at_once` says by how many the rate limits are divided.
        judges: see `score`.
        options: see `score`.
        allow_failed: failed edits with which the shard still counts as finished.
        progress: called about once a second, and at the end of each judge.

    Returns:
        How far each judge came; `read_scores` reads all shards of `out`.

    Raises:
        ShardHeldError: another process is at the shard, a StoreError.
        ConfigError: see `score`.
        StoreError: the folder holds scores of other rows or judges, or cannot be written.
    """
    with work_on(out, shard, command=COMMAND, asked=what_is_asked(rows, judges, options)) as work:
        found = score(rows, work.folder, judges=judges, options=in_work(options, out, work), progress=progress)
        note_scores(work, found, allow_failed=allow_failed)
    return found


def in_work(options: ScoreOptions, out: str | Path, work: Work) -> ScoreOptions:
    """Give the options of a shard: what the output holds besides its shards is known to each of them.

    Args:
        options: of all.
        out: where the scores of all shards are.
        work: the shard, or all of the rows.

    Returns:
        Its own.
    """
    if work.shard is None:
        return options
    whole = (out,) if isinstance(out, Path) or "://" not in out else ()
    return replace(options, shard=work.shard, known=(*options.known, *whole))


def note_scores(work: Work, found: Sequence[Scored], *, allow_failed: int) -> None:
    """Say in a shard's note what came of it.

    Args:
        work: the shard.
        found: how far each judge came.
        allow_failed: failed edits of a judge that still count as success.
    """
    states = {one.judge: one.state for one in found}
    judged = sum(state.earlier + state.done for state in states.values())
    failed = sum(state.failed for state in states.values())
    work.spent = work.spent | {judge: state.spent_usd for judge, state in states.items()}
    work.counts = {"scores": judged, "failed": failed, "usd": round(sum(work.spent.values()), 6)}
    stopped = next((state.stopped for state in states.values() if state.stopped), "")
    too_many = any(state.failed > allow_failed for state in states.values())
    work.unfinished = stopped or (f"{failed} edits failed" if too_many else "")
