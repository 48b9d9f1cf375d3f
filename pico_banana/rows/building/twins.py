"""Rows that share a path: found in a finished row file, told apart, flagged.

Two rows of the release can name one picture, and their ids must still differ. Which rows do is known only when all rows
are; hashes of the paths, 8 bytes a row, find the few suspects, and only those are read again.
"""

from __future__ import annotations

import json
from array import array
from collections import Counter
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa

from pico_banana.records import Flag, Subset
from pico_banana.rows.building.rowfile import Places, patch
from pico_banana.rows.lines.flags import BIT, flags_of
from pico_banana.rows.lines.ids import TwinNumbers, digest_of
from pico_banana.rows.table.stored import stored_columns, take_rows

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    import numpy.typing as npt

_ROWS_AT_ONCE = 1 << 12
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
    told = _Told(subset, labels)
    with pa.memory_map(str(path)) as file:
        table = pa.ipc.open_file(file).read_all()
        for start in range(0, len(suspects), _ROWS_AT_ONCE):
            told.take(take_rows(table, suspects[start : start + _ROWS_AT_ONCE]))
    twins = list(told.twins(suspects))
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


class _Told:
    """Rows told apart piece by piece: of each row some numbers are kept, so that a file of nothing but twins fits."""

    def __init__(self, subset: Subset, labels: Sequence[str]) -> None:
        self._key, self._apart, self._labels = _PATH_OF[subset], _TOLD_APART_BY[subset], labels
        self._paths: dict[bytes, tuple[int, TwinNumbers]] = {}
        self._contents: dict[bytes, int] = {}
        self._numbers = {name: array("Q") for name in ("path", "content", "twin", "flags")}

    def take(self, table: pa.Table) -> None:
        """Take the next rows."""
        for row in stored_columns(table, [self._key, *self._apart, "flags"]).to_pylist():
            if "type" in row:
                row["type"] = self._labels[row["type"]]  # a code may be another one in the next build
            self._add(row[self._key], json.dumps([row[name] for name in self._apart]), row["flags"])

    def _add(self, path: str, content: str, flags: int) -> None:
        name = digest_of(path)
        number, twins = self._paths.setdefault(name, (len(self._paths), TwinNumbers()))
        alike = self._contents.setdefault(name + digest_of(content), len(self._contents))
        for kept, value in zip(self._numbers.values(), (number, alike, twins.next(content), flags), strict=True):
            kept.append(value)

    def twins(self, rows: npt.NDArray[np.int64]) -> Iterator[Twin]:
        """Give the rows that do share their path; of the others only the hash was another's too."""
        path, content, twin, flags = (
            np.frombuffer(kept, np.uint64).astype(np.int64) for kept in self._numbers.values()
        )
        sharing, equal = np.bincount(path)[path], np.bincount(content)[content]
        for place in np.flatnonzero(sharing > 1).tolist():
            yield int(rows[place]), int(twin[place]), int(flags[place]) | _bits(int(equal[place]))


def _bits(equal_rows: int) -> int:
    return BIT[Flag.SHARED_OUTPUT] | (BIT[Flag.REPEATED_ROW] if equal_rows > 1 else 0)
