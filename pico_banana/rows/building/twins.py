"""Rows that share a path: found in a finished row file, told apart, flagged.

Two rows of the release can name one picture, and their ids must still differ. Which rows do is known only when all rows
are; hashes of the paths, 8 bytes a row, find the few suspects, and only those are read again.
"""

from __future__ import annotations

import json
from collections import Counter
from itertools import groupby
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa

from pico_banana.records import Flag, Subset
from pico_banana.rows.building.rowfile import Places, patch
from pico_banana.rows.lines.flags import BIT, flags_of
from pico_banana.rows.lines.ids import twin_numbers
from pico_banana.rows.table.stored import stored_columns, take_rows

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    import numpy.typing as npt

Twin = tuple[int, int, int]  # row, twin number, flag bits
_PATH_OF = {Subset.SINGLE_TURN: "edited", Subset.PREFERENCE: "edited", Subset.MULTI_TURN: "path"}
_TOLD_APART_BY = {
    Subset.SINGLE_TURN: ("source", "instruction", "short", "type"),
    Subset.PREFERENCE: ("source", "instruction", "short", "type", "rejected"),
    Subset.MULTI_TURN: ("source", "turn_instruction", "turn_image"),
}


def mark_twins(
    subset: Subset, path: Path, *, places: Places, labels: Sequence[str], hashes: npt.NDArray[np.int64]
) -> Counter[Flag]:
    """Give each row that shares its path a twin number and flags, in the written file.

    Args:
        subset: whose rows they are.
        path: the written file.
        places: where its buffers lie.
        labels: the published label for each edit type code.
        hashes: a hash of each row's path, in order.

    Returns:
        How many rows were given each flag.
    """
    suspects = _repeated(hashes)
    if not len(suspects):
        return Counter()
    with pa.memory_map(str(path)) as file:
        suspect_rows = take_rows(pa.ipc.open_file(file).read_all(), suspects)
        rows = stored_columns(suspect_rows, [_PATH_OF[subset], *_TOLD_APART_BY[subset], "flags"]).to_pylist()
    for row in rows:
        row["type"] = labels[row["type"]] if "type" in row else None  # a code may be another one in the next build
    twins = list(_twins(subset, suspects.tolist(), rows))
    changes = {"twin": [(row, twin) for row, twin, _ in twins], "flags": [(row, bits) for row, _, bits in twins]}
    patch(path, places, changes)
    given = {Flag.SHARED_OUTPUT, Flag.REPEATED_ROW}
    return Counter(flag for _, _, bits in twins for flag in flags_of(bits) & given)


def _repeated(hashes: npt.NDArray[np.int64]) -> npt.NDArray[np.int64]:
    """Find the rows whose hash is not theirs alone."""
    order = np.argsort(hashes, kind="stable")
    same = hashes[order][1:] == hashes[order][:-1]
    if not same.any():
        return np.empty(0, np.int64)
    return np.sort(order[np.append(same, False) | np.append(False, same)])


def _twins(subset: Subset, numbers: list[int], rows: list[dict[str, Any]]) -> Iterator[Twin]:
    key = _PATH_OF[subset]
    listed = sorted(zip(numbers, rows, strict=True), key=lambda item: (item[1][key], item[0]))
    for _, members in groupby(listed, key=lambda item: item[1][key]):
        group = list(members)
        contents = [json.dumps([row[name] for name in _TOLD_APART_BY[subset]]) for _, row in group]
        if len(group) == 1:  # another path has the same hash
            continue
        counts = Counter(contents)
        for (number, row), twin, content in zip(group, twin_numbers(contents), contents, strict=True):
            yield number, twin, row["flags"] | _bits(counts[content])


def _bits(equal_rows: int) -> int:
    return BIT[Flag.SHARED_OUTPUT] | (BIT[Flag.REPEATED_ROW] if equal_rows > 1 else 0)
