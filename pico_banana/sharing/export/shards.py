"""Shards: parts of an export that are written apart, each whole or absent, so that an interrupted job goes on.

Next to a shard lies a note, `.NAME.json`, which says what is in it; when the export is complete, the notes are part of
its manifest.
"""

from __future__ import annotations

import json
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from pico_banana.mirrors.notes import ODD_SHAPE, read_note
from pico_banana.mirrors.store import sha256_of, write_atomic
from pico_banana.sharing.export.manifest import ShardNote

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from pico_banana.sharing.export.job import Job


def write_shards(job: Job, names: list[str], write: Callable[[int, str], int]) -> None:
    """Write the shards that are not there yet, or lack examples that can be had by now.

    Args:
        job: the export.
        names: the shards' files below the export's folder.
        write: writes shard number n to its file, whole or not at all, and says how many examples are in it.
    """
    with ThreadPoolExecutor(1, thread_name_prefix="pico-banana-hash") as hashing:
        sums: dict[str, Future[str]] = {}
        for number, name in enumerate(names):
            note = _kept(job, name)
            if note is None:
                note = _written(job, number, name, write, alone=len(names) == 1)
            if job.options.checksums:  # while the next one is written
                sums[name] = hashing.submit(sha256_of, job.folder / name)
            job.add(name, note=asdict(note))
        for name, digest in sums.items():
            job.add(name, digest=digest.result())
    job.when_complete(lambda: _drop_notes(job, names))


def _kept(job: Job, name: str) -> ShardNote | None:
    """Take over a shard of an earlier run, if it is whole and nothing that it lacks can be had now."""
    note = _note(job, name)
    path = job.folder / name
    if note is None or not path.is_file() or path.stat().st_size != note.size:
        return None
    if any(job.gathering.can_be_had(addresses) for addresses in note.wanted.values()):
        return None
    job.take_over(note)
    return note


def _note(job: Job, name: str) -> ShardNote | None:
    try:
        about: Any = job.earlier_note(name)
        if about is None and not job.options.verify:  # of an unfinished run nobody knows the content
            about = read_note(_note_path(job, name))
        return ShardNote(**about)
    except (OSError, *ODD_SHAPE):
        return None


def _written(job: Job, number: int, name: str, write: Callable[[int, str], int], *, alone: bool) -> ShardNote:
    before, changes = set(job.report.failed), dict(job.changes)
    written = write(number, name)
    failed = {one: reason for one, reason in job.report.failed.items() if one not in before}
    note = ShardNote(
        written,
        (job.folder / name).stat().st_size,
        failed,
        {one: job.wanted[one] for one in failed},
        {what: count - changes.get(what, 0) for what, count in job.changes.items() if count > changes.get(what, 0)},
    )
    if not alone:  # after the only one there is nothing to go on with
        write_atomic(_note_path(job, name), json.dumps(asdict(note)).encode())
    job.report.written += written
    job.report.total += written + len(failed)
    return note


def _drop_notes(job: Job, names: list[str]) -> None:
    for name in names:
        _note_path(job, name).unlink(missing_ok=True)


def _note_path(job: Job, name: str) -> Path:
    path = job.folder / name
    return path.with_name(f".{path.name}.json")


def shard_names(rows: int, shard_rows: int, pattern: str) -> list[str]:
    """Name shards.

    Args:
        rows: how many rows there are in all.
        shard_rows: rows a shard.
        pattern: with `{number}` and `{count}`, each padded to five digits.

    Returns:
        One name a shard, one shard at least.
    """
    count = max(1, -(-rows // shard_rows))
    return [pattern.format(number=f"{number:05}", count=f"{count:05}") for number in range(count)]
