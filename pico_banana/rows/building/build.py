"""From a rows file to a row store, in one stream.

::

    rows file -> blocks of lines -> columns -> + type codes, flags, photo places -> Arrow batches -> index

Two threads parse and derive while the main one reads, hashes and writes; at most a few blocks are in memory. What needs
all rows, ids of rows that share a path, is patched into the finished file before it becomes visible.
"""

from __future__ import annotations

import mmap
import time
from collections import Counter, deque
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any, TypeAlias
from uuid import uuid4

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from pico_banana.mirrors.store import status_facts, write_atomic
from pico_banana.records import Flag, Subset
from pico_banana.rows.buffers import column, numbers, system_memory
from pico_banana.rows.building.rowfile import BATCH_ROWS, Places, RowFileWriter
from pico_banana.rows.building.twins import mark_twins
from pico_banana.rows.choosing.splits import photo_places
from pico_banana.rows.inference import infer_many
from pico_banana.rows.lines.columns import Columns, parse_block
from pico_banana.rows.lines.flags import BIT
from pico_banana.rows.lines.jsonl import Block, RowsReader
from pico_banana.rows.lines.problems import find_flags
from pico_banana.rows.table.damage import checksum, gaps, index_bytes
from pico_banana.rows.table.mapped import TEXTS
from pico_banana.rows.table.stored import stored_schema, texts_column
from pico_banana.taxonomy import edit_type_from_label, edit_types

if TYPE_CHECKING:
    import os
    from collections.abc import Sequence
    from pathlib import Path

    from pico_banana.rows.bad import BadRow

WORKERS = 2
_NAME = 12  # digits in the name of an Arrow file
_AHEAD = 2  # blocks in flight: enough to keep both workers busy, few enough to stay small

OnBytes: TypeAlias = Callable[[int], object]


@dataclass(frozen=True, slots=True)
class Built:
    """What one pass over a rows file gave.

    Attributes:
        rows: how many rows there are.
        labels: the published label for each edit type code.
        bad_rows: the lines that are not rows.
        flags: how many rows carry each flag.
        places: where each buffer lies in the Arrow file.
        sha256: hash of the rows file.
        type_counts: how many rows have each edit type code.
    """

    rows: int
    labels: tuple[str, ...]
    bad_rows: tuple[BadRow, ...]
    flags: dict[str, int]
    places: Places
    sha256: str
    type_counts: list[int]


def build(
    subset: Subset,
    source: Path,
    index_path: Path,
    *,
    layout: str,
    photos_below: Sequence[str] | None = None,
    on_bytes: OnBytes | None = None,
) -> None:
    """Build the row store of one rows file and make it the current one.

    Args:
        subset: whose file it is; not `instructions`.
        source: the rows file.
        index_path: the index to write; the Arrow file lies beside it, and an older one is removed. The caller holds
            its lock.
        layout: what the index records of the code's own version.
        photos_below: the user named this file; paths to photos in it count when they lie below these folders.
        on_bytes: told how many more bytes of the source were read.

    Raises:
        RowError: a compressed file is damaged.
        StoreError: the store cannot be written.
    """
    for stale in index_path.parent.glob(f".{index_path.stem}.*.part"):  # of a build that was killed
        stale.unlink(missing_ok=True)
    temporary = index_path.with_name(f".{index_path.stem}.{uuid4().hex}.part")
    try:
        checked = time.time_ns()
        status = source.stat()
        with system_memory():
            built = _write_rows(subset, source, temporary, on_bytes)
        arrow = index_path.with_name(f"{index_path.stem}-{uuid4().hex[:_NAME]}.arrow")
        temporary.replace(arrow)
    finally:
        temporary.unlink(missing_ok=True)
    index = {
        "layout": layout,
        "subset": subset.value,
        "photos_below": photos_below,
        "arrow": arrow.name,
        "rows": built.rows,
        "batch_rows": BATCH_ROWS,
        "labels": built.labels,
        "flags": built.flags,
        "source": stamp(source, status, built.sha256, checked),
        "bad_rows": [asdict(bad) for bad in built.bad_rows],
        "places": built.places,
        "type_counts": built.type_counts,
        **_sums(arrow, built.places),
    }
    write_atomic(index_path, index_bytes(index))
    for old in index_path.parent.glob(f"{index_path.stem}-{'?' * _NAME}.arrow"):  # not those of `rows=` stores
        if old != arrow and not _in_use(old):
            old.unlink(missing_ok=True)


def _sums(arrow: Path, places: Places) -> dict[str, Any]:
    """Give the file's size and the checksum of each batch of each column, and of all that lies in no column."""
    with arrow.open("rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as data:
        sums = {name: [checksum(data, batch) for batch in batches] for name, batches in places.items()}
        return {"bytes": len(data), "sums": {**sums, "": [checksum(data, gaps(places, len(data)))]}}


def _in_use(path: Path) -> bool:
    """Tell whether a process has a store open; those that cannot be told from others go, as they always did."""
    try:
        import fcntl

        with path.open("rb") as file:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    except (ImportError, OSError):
        return False
    return False


def stamp(source: Path, status: os.stat_result, sha256: str, checked: int) -> dict[str, Any]:
    """Record what a rows file was when it was last read as a whole.

    Args:
        source: the rows file.
        status: its status before it was read.
        sha256: the hash of its content.
        checked: when the reading began, in nanoseconds since the epoch.

    Returns:
        What `rowstore.unchanged` compares.
    """
    return {
        "path": str(source),
        **status_facts(status),
        "sha256": sha256,
        "checked_ns": checked,
    }


def _write_rows(subset: Subset, source: Path, target: Path, on_bytes: OnBytes | None) -> Built:
    reader = RowsReader(source)
    writer = RowFileWriter(target, stored_schema(subset))
    codes = _Codes()
    bad: list[BadRow] = []
    hashes: list[npt.NDArray[np.int64]] = []
    counts = np.zeros(len(Flag), np.int64)
    try:
        for part in _derived(subset, reader, str(source), on_bytes):
            bad.extend(part.bad)
            hashes.append(part.hashes)
            bits = numbers(part.table["flags"], np.uint32)
            counts += [int(np.count_nonzero(bits & bit)) for bit in BIT.values()]
            writer.write(part.table if part.labels is None else codes.replace(part.table, part.labels))
        places = writer.close()
    finally:
        writer.abandon()
    all_hashes = np.concatenate([*hashes, np.empty(0, np.int64)])
    twins = mark_twins(subset, target, places=places, labels=codes.labels, hashes=all_hashes)
    flags = {flag.value: int(count) + twins[flag] for flag, count in zip(Flag, counts, strict=True)}
    return Built(writer.rows, codes.labels, tuple(bad), flags, places, reader.sha256, codes.counts)


@dataclass(frozen=True, slots=True)
class _Part:
    """One block, derived: `type` still counts within `labels`."""

    table: pa.Table
    labels: list[str] | None
    hashes: npt.NDArray[np.int64]
    bad: tuple[BadRow, ...]


def _derived(subset: Subset, reader: RowsReader, file: str, on_bytes: OnBytes | None) -> Iterator[_Part]:
    """Parse and derive blocks side by side, in order, a few ahead."""
    waiting: deque[Future[_Part]] = deque()
    with ThreadPoolExecutor(WORKERS) as pool:
        try:
            for block in reader.blocks(on_bytes=on_bytes):
                waiting.append(pool.submit(_derive, subset, block, file))
                if len(waiting) >= _AHEAD:
                    yield waiting.popleft().result()
            while waiting:
                yield waiting.popleft().result()
        finally:
            for future in waiting:
                future.cancel()


def _derive(subset: Subset, block: Block, file: str) -> _Part:
    columns: Columns = parse_block(subset, block, file=file)
    table, labels, known = columns.table, None, None
    extra: dict[str, pa.Array | pa.ChunkedArray] = {}
    if subset is Subset.MULTI_TURN:
        extra = _session_columns(table)
        paths = extra["path"]
    else:
        encoded = pc.dictionary_encode(table["label"]).combine_chunks()
        labels = encoded.dictionary.to_pylist()
        codes = numbers(encoded.indices, np.int32).astype(np.uint32)
        known = np.array([edit_type_from_label(label).known for label in labels], np.bool_)[codes]
        low = column(codes.astype(np.uint8))
        extra = {"type": column(codes), "low_type": low, "texts": texts_column([table[name] for name in TEXTS])}
        paths = table["edited"]
    extra |= {
        "flags": column(find_flags(table, known)),
        "twin": column(np.zeros(table.num_rows, np.uint32)),
        "photo": column(photo_places(table["source"])),
    }
    stored = stored_schema(subset)
    whole = pa.Table.from_arrays(
        [extra[name] if name in extra else table[name] for name in stored.names], schema=stored
    )
    hashes = np.fromiter(map(hash, paths.to_pylist()), np.int64, table.num_rows)
    return _Part(whole, labels, hashes, columns.bad)


def _session_columns(table: pa.Table) -> dict[str, pa.Array | pa.ChunkedArray]:
    texts = table["turn_instruction"].combine_chunks()
    codes, confidence = infer_many(pc.list_flatten(texts).to_pylist())
    images, sources = table["turn_image"].to_pylist(), table["source"].to_pylist()
    paths = [
        next((image for image in reversed(session) if image is not None), source)
        for session, source in zip(images, sources, strict=True)
    ]
    offsets = column(np.cumsum([0, *map(len, images)], dtype=np.int32))
    return {
        "path": pa.array(paths, pa.string()),
        "turn_type": pa.ListArray.from_arrays(offsets, column(np.asarray(codes).astype(np.uint16))),
        "turn_confidence": pa.ListArray.from_arrays(offsets, column(np.asarray(confidence, np.float32))),
    }


class _Codes:
    """One code per published label, the 35 known ones first."""

    def __init__(self) -> None:
        self._codes = {kind.label: code for code, kind in enumerate(edit_types())}
        self._counts: Counter[int] = Counter()

    @property
    def counts(self) -> list[int]:
        """How many rows each code has."""
        return [self._counts[code] for code in self._codes.values()]

    @property
    def labels(self) -> tuple[str, ...]:
        return tuple(self._codes)

    def replace(self, table: pa.Table, labels: list[str]) -> pa.Table:
        """Turn codes that count within one block into codes that count in the whole file."""
        lasting = np.array([self._codes.setdefault(label, len(self._codes)) for label in labels], np.uint32)
        codes = lasting[numbers(table["type"], np.uint32)]
        for code, rows in enumerate(np.bincount(codes).tolist()):
            self._counts[code] += rows
        for name, values in (("type", codes), ("low_type", codes.astype(np.uint8))):
            index = table.schema.get_field_index(name)
            table = table.set_column(index, table.schema.field(index), column(values))
        return table
