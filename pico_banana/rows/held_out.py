"""Which rows a benchmark consists of, and which it leaves to training: drawn from the rows alone, by a seed.

Every choice is by a number made from the photo and the seed, never by the place in the file, so that the same rows in
another order give the same definition. In each round every type takes its next photo, one that no other type has taken
while there are such; a small benchmark is the first rounds of a large one.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from pico_banana.errors import SelectionError
from pico_banana.records import Subset
from pico_banana.rows.building.rowstore import open_rows
from pico_banana.rows.choosing.definition import (
    BENCHMARK,
    IN_BENCHMARK,
    OUTSIDE,
    PUBLISHED_SEED,
    Definition,
    Size,
    file_of,
    read_definition,
)
from pico_banana.rows.choosing.splits import scramble
from pico_banana.rows.table.query import gather, group_codes, turn_counts
from pico_banana.rows.table.reading import RecordReader

if TYPE_CHECKING:
    from pico_banana.mirrors.catalog import Mirror
    from pico_banana.rows.choosing.selection import Selection
    from pico_banana.rows.table.mapped import RowTable

Rows = npt.NDArray[np.int64]
Places = npt.NDArray[np.uint64]
# Of each stratum: single edits a type, sessions a number of turns, pairs a type; and all in all.
_ROUNDS = {"full": (50, 50, 15), "mini": (5, 5, 2)}
_MOST = {"full": (1750, 200, 500), "mini": (175, 20, 50)}
_PARTS = (Subset.SINGLE_TURN, Subset.MULTI_TURN, Subset.PREFERENCE)
_POOL = np.uint64(2**64 // 3)  # photos with a number below it: of a small mirror two in three are left to train on
_DRAWN: dict[tuple[object, ...], Definition] = {}  # a training script excludes the same one from three subsets


def draw(mirror: Mirror, *, size: Size = "full", seed: int = PUBLISHED_SEED) -> Definition:
    """Draw a benchmark from the rows of a mirror; no picture is read or fetched.

    Args:
        mirror: where the rows are.
        size: "full": 50 edits a type, 200 sessions, 500 pairs; "mini": 5 a type, 20 and 50. Fewer where there are
            fewer rows.
        seed: another seed draws another benchmark; the published one makes results comparable.

    Returns:
        The definition, the same whatever the order of the rows.

    Raises:
        SelectionError: there is no such size.
        MirrorError: the mirror lacks the rows of a subset.
    """
    if size not in _ROUNDS:
        raise SelectionError(f"size={size!r} is neither 'full' nor 'mini'")
    tables = [open_rows(subset, mirror, on_bad_rows="skip") for subset in _PARTS]
    key = (mirror.name, size, seed, *(table.sha256 for table in tables))
    if key not in _DRAWN:
        _DRAWN[key] = _drawn(tables, mirror.name, size, seed)
    return _DRAWN[key]


def _drawn(tables: list[RowTable], mirror: str, size: str, seed: int) -> Definition:
    parts: list[tuple[str, ...]] = []
    places: set[int] = set()
    for table, subset, rounds, most in zip(tables, _PARTS, _ROUNDS[size], _MOST[size], strict=True):
        rows, ids = _part(table, RecordReader(table, subset, mirror), rounds, most, seed)
        parts.append(ids)
        places |= set(gather(table, "photo", rows, "Q").tolist())
    photos = tuple(f"{place:016x}" for place in sorted(places))
    return Definition(size, seed, parts[0], parts[1], parts[2], photos)


def held_out(selection: Selection, table: RowTable, among: Rows | None, mirror: Mirror) -> Rows | None:
    """Leave out, or keep alone, the rows whose photo is in a benchmark.

    Args:
        selection: says which definition, in `exclude` or `split`.
        table: the rows.
        among: only these rows; None for all.
        mirror: where the rows of the definition are.

    Returns:
        The rows that are left, in their order; `among` itself where the selection says nothing of a benchmark.
    """
    wanted = [(name, keep) for name, keep in ((selection.exclude, False), _of_split(selection.split)) if name]
    for name, keep in wanted:
        found = definition_of(name, mirror)
        rows = np.arange(len(table)) if among is None else among
        inside = np.isin(gather(table, "photo", rows, "Q"), np.array(found.places, np.uint64))
        among = rows[inside == keep]
    return among


def definition_of(name: str, mirror: Mirror) -> Definition:
    """Find the definition a selection names.

    Args:
        name: "benchmark" or a file, see `definition.named`.
        mirror: where the rows are that "benchmark" is drawn from.

    Returns:
        The definition.
    """
    return draw(mirror) if name == BENCHMARK else read_definition(file_of(name))


def _of_split(split: str) -> tuple[str | None, bool]:
    return (BENCHMARK if split in {IN_BENCHMARK, OUTSIDE} else None), split == IN_BENCHMARK


def _part(table: RowTable, reader: RecordReader, rounds: int, most: int, seed: int) -> tuple[Rows, tuple[str, ...]]:
    """Draw one part: the rows and their ids, round by round."""
    every = np.arange(len(table))
    rows = every[gather(table, "flags", every, "I") == 0]
    photos = gather(table, "photo", rows, "Q")
    keys = scramble(photos ^ scramble(np.array([seed], np.uint64)))
    rows, keys = rows[keys < _POOL], keys[keys < _POOL]
    queues = {name: _queue(rows[mine], keys[mine], reader) for name, mine in _strata(table, rows)}
    taken: set[int] = set()
    chosen: list[int] = []
    for _ in range(rounds):
        for name in sorted(name for name, queue in queues.items() if queue):
            at = next((at for at, (key, _) in enumerate(queues[name]) if key not in taken), 0)
            key, row = queues[name].pop(at)
            taken.add(key)
            chosen.append(row)
    kept = np.array(chosen[:most], np.int64)
    return kept, tuple(reader.read(int(row)).id for row in kept)


def _strata(table: RowTable, rows: Rows) -> list[tuple[str, npt.NDArray[np.bool_]]]:
    if table.subset is Subset.MULTI_TURN:
        turns = turn_counts(table)[rows]
        return [(str(count), turns == count) for count in np.unique(turns)]
    codes, names = group_codes(table, rows, "edit_type")
    return [(name, codes == code) for code, name in enumerate(names)]


def _queue(rows: Rows, keys: Places, reader: RecordReader) -> list[tuple[int, int]]:
    """Order a stratum's rows by the number of their photo, one row a photo."""
    order = np.argsort(keys, kind="stable")
    sorted_keys = keys[order].tolist()
    queue: list[tuple[int, int]] = []
    for key, row in zip(sorted_keys, rows[order].tolist(), strict=True):
        if queue and queue[-1][0] == key:  # two rows of one photo and type: whichever comes first in the file
            queue[-1] = (key, min(queue[-1][1], row, key=lambda one: reader.read(one).id))
        else:
            queue.append((key, row))
    return queue
