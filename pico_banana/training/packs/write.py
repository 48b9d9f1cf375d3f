"""Make a pack: shards are independent tasks, run in processes; a shard that is whole is not made again."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pico_banana.errors import ConfigError, StoreError
from pico_banana.mirrors.store import atomic_path, remove_leftovers, sha256_of
from pico_banana.records.wording import MADE_ANEW
from pico_banana.telling import Carded
from pico_banana.training.packs.codecs import Codec, codec
from pico_banana.training.packs.layout import (
    LENGTH,
    PLACE,
    SHAPE,
    PackInfo,
    Shard,
    read_shard_note,
    write_info,
    write_shard_note,
)
from pico_banana.training.packs.processes import run_tasks

if TYPE_CHECKING:
    from collections.abc import Callable

    from pico_banana.training.loader.examples import Example, RecordExamples

_SHARD_EXAMPLES = 512


@dataclass(frozen=True, slots=True)
class PackReport(Carded):
    """What became of the examples.

    Attributes:
        total: examples asked for; packed, reused and the failures add up to it.
        packed: examples packed by this call.
        reused: examples in shards that were already whole.
        failed: the reason for every example that could not be packed, by id.
        left_out: why a row, or a turn of a session, gives no example and is not in the total, by id.
        texts: how many rows, or turns of sessions, took which text, where texts made anew were wanted.
    """

    total: int
    packed: int
    reused: int
    failed: dict[str, str] = field(default_factory=dict)
    left_out: dict[str, str] = field(default_factory=dict)
    texts: dict[str, int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class _Task:
    """What one process needs to make one shard."""

    examples: RecordExamples
    folder: Path
    format: str
    number: int
    first: int
    last: int
    key: str


def pack(
    examples: RecordExamples,
    folder: str | Path,
    *,
    format: str = "raw",  # noqa: A002  the word users and the command line have for it
    workers: int = 1,
    shard_examples: int = _SHARD_EXAMPLES,
    progress: Callable[[int], None] | None = None,
) -> PackReport:
    """Write examples into a pack; call it again to finish one that was interrupted.

    Args:
        examples: what to pack, with the geometry the pictures shall have.
        folder: where the pack goes.
        format: "raw", "zstd", "qoi" or "jpeg".
        workers: processes to work in.
        shard_examples: examples a shard.
        progress: told how many examples are done, after every shard.

    Returns:
        What was packed, reused and left out.

    Raises:
        UnknownNameError: a format that does not exist.
        ConfigError: a shard of fewer than one example.
        MissingExtraError: the format needs a package that is not installed.
        DiskFullError: there is no room; whole shards stay and are reused.
    """
    folder = Path(folder)
    codec(format)  # an unknown or missing codec is said before any work
    if shard_examples < 1:
        msg = f"shard_examples={shard_examples}; a shard holds at least one example"
        raise ConfigError(msg, key="shard_examples")
    remove_leftovers(folder)
    key = _key(examples, format, shard_examples)
    starts = range(0, len(examples), shard_examples)
    reused = {number: read_shard_note(folder, number, key=key) for number in range(len(starts))}
    tasks = [
        _Task(examples, folder, format, number, first, min(first + shard_examples, len(examples)), key)
        for number, first in enumerate(starts)
        if reused[number] is None
    ]
    kept = {number: shard for number, shard in reused.items() if shard is not None}
    made: dict[int, Shard] = {}
    done = len(examples) - sum(task.last - task.first for task in tasks)
    for shard in run_tasks(_make_shard, tasks, workers=workers):
        made[shard.number] = shard
        done += shard.examples + len(shard.failed)
        if progress is not None:
            progress(done)
    shards = tuple((kept | made)[number] for number in range(len(starts)))
    write_info(folder, PackInfo(examples.name, format, repr(examples.geometry), shards))
    return PackReport(
        total=len(examples),
        packed=sum(shard.examples for shard in made.values()),
        reused=sum(shard.examples for shard in kept.values()),
        failed={name: reason for shard in shards for name, reason in shard.failed.items()},
        left_out=dict(examples.left_out),
        texts=dict(examples.taken_texts) if examples.wording in MADE_ANEW else {},
    )


def _key(examples: RecordExamples, form: str, shard_examples: int) -> str:
    """Name everything that a shard's bytes depend on, so that a shard of another pack is never taken for one of this.

    `examples.name` is made from three of the ids, which is enough for a loader's position and too little here.
    """
    ids = hashlib.sha256("\n".join(examples.id(index) for index in range(len(examples))).encode()).hexdigest()[:16]
    pixels = (examples.columns, examples.resample, examples.backend, examples.background)
    return f"{examples.name} {ids} {pixels} {form} {shard_examples}"


def _make_shard(task: _Task) -> Shard:
    shard = Shard(task.number, 0, 0, "", "", {})
    encoder, rows = codec(task.format), []
    failed: dict[str, str] = {}
    digest, size = hashlib.sha256(), 0
    with atomic_path(task.folder / shard.pictures_file) as temporary, temporary.open("wb") as file:
        for index in range(task.first, task.last):
            example = _loaded(task.examples, index, failed)
            if example is None:
                continue
            row, blobs = _encoded(example, encoder, size)
            for blob in blobs:
                file.write(blob)
                digest.update(blob)
                size += len(blob)
            rows.append(row)
    _write_rows(task.folder / shard.rows_file, rows)
    rows_sha256 = sha256_of(task.folder / shard.rows_file)
    done = Shard(task.number, len(rows), size, digest.hexdigest(), rows_sha256, failed)
    write_shard_note(task.folder, done, key=task.key)
    return done


def _loaded(examples: RecordExamples, index: int, failed: dict[str, str]) -> Example | None:
    try:
        return examples.load(index)
    except StoreError:
        raise
    except OSError as error:  # every picture and transport error is one
        failed[examples.id(index)] = str(error)
        return None


def _encoded(example: Example, encoder: Codec, place: int) -> tuple[dict[str, Any], list[bytes]]:
    """Part an example into a row and the pictures' bytes, which lie from `place` on."""
    import numpy as np

    row: dict[str, Any] = {}
    blobs: list[bytes] = []
    for name, value in example.items():
        if not isinstance(value, np.ndarray):
            row[name] = list(value) if isinstance(value, tuple) else value
            continue
        blob = encoder.encode(value)
        row |= {name + PLACE: place, name + LENGTH: len(blob), name + SHAPE: list(value.shape)}
        blobs.append(blob)
        place += len(blob)
    return row, blobs


def _write_rows(path: Path, rows: list[dict[str, Any]]) -> None:
    import pyarrow as pa

    table = pa.Table.from_pylist(rows) if rows else pa.table({})
    with (
        atomic_path(path) as temporary,
        pa.OSFile(str(temporary), "wb") as sink,
        pa.ipc.new_file(sink, table.schema) as file,
    ):
        file.write_table(table)
