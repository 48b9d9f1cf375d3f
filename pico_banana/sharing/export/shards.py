"""Shards: parts of an export that are written apart, each whole or absent, so that an interrupted job goes on.

Next to a shard lies a note, `.NAME.json`, which says what is in it; the notes go when the export is complete.
"""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, field
from typing import TYPE_CHECKING

from pico_banana.mirrors.store import write_atomic

if TYPE_CHECKING:
    from collections.abc import Callable

    from pico_banana.sharing.export.job import Job


@dataclass(slots=True)
class ShardNote:
    """What is in a shard.

    Attributes:
        written: examples in it.
        failed: the reason for every example that is not, by id.
        sha256: of the file, or None where it was not computed.
    """

    written: int = 0
    failed: dict[str, str] = field(default_factory=dict)
    sha256: str | None = None


def write_shards(job: Job, names: list[str], write: Callable[[int, str], ShardNote]) -> None:
    """Write the shards that are not there yet.

    Args:
        job: the export.
        names: the shards' files below the export's folder.
        write: writes shard number n to its file, whole or not at all, and says what is in it.
    """
    notes = []
    for number, name in enumerate(names):
        path = job.folder / name
        note_path = path.with_name(f".{path.name}.json")
        if path.is_file() and note_path.is_file():
            note = ShardNote(**json.loads(note_path.read_bytes()))
            job.report.reused += note.written
        else:
            note = write(number, name)
            if len(names) > 1:  # after the only one there is nothing to go on with
                write_atomic(note_path, json.dumps(asdict(note)).encode())
            job.report.written += note.written
        notes.append(note_path)
        job.report.total += note.written + len(note.failed)
        job.report.failed.update(note.failed)
        job.add(name, digest=note.sha256)
    for note_path in notes:
        note_path.unlink(missing_ok=True)


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
