"""The rows files of a publication: the published lines themselves, so that the repository is a mirror too.

`pb.load("multi_turn", mirror="hf://datasets/USER/NAME")` reads them; nothing of a row is lost in Parquet's columns.
"""

from __future__ import annotations

import shutil
from typing import TYPE_CHECKING, Any

from pico_banana.mirrors.catalog import rows_file
from pico_banana.mirrors.store import atomic_path
from pico_banana.rows.lines.jsonl import RowsReader

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from pico_banana.rows.sequence import RecordSequence


def write_rows_files(datasets: Iterable[RecordSequence[Any]], folder: Path) -> list[Path]:
    """Write the published lines of some rows.

    Args:
        datasets: the rows; two datasets of one file give their lines together.
        folder: the repository's.

    Returns:
        The files written, in the published layout. A whole file is copied, of a part the lines stay in their order.
    """
    wanted: dict[Path, tuple[RecordSequence[Any], set[int] | None]] = {}
    for dataset in datasets:
        path = folder / rows_file(dataset.subset).path
        before = wanted.get(path, (dataset, set()))[1]
        lines = _lines(dataset)
        wanted[path] = (dataset, None if lines is None or before is None else before | lines)
    for path, (dataset, chosen) in wanted.items():
        _write(dataset.table.source, path, chosen)
    return list(wanted)


def _lines(dataset: RecordSequence[Any]) -> set[int] | None:
    """Give the line numbers of the rows, or None for a whole file."""
    import numpy as np

    from pico_banana.rows.table.query import gather

    rows = np.unique(dataset.rows)
    if len(rows) == len(dataset.table):
        return None
    return set(gather(dataset.table, "line", rows, "I").tolist())


def _write(source: Path, path: Path, lines: set[int] | None) -> None:
    with atomic_path(path) as temporary:
        if lines is None and source.suffix == ".jsonl":
            shutil.copyfile(source, temporary)
            return
        with temporary.open("wb") as out:
            for block in RowsReader(source).blocks():
                out.writelines(line + b"\n" for number, line in block.lines() if lines is None or number in lines)
