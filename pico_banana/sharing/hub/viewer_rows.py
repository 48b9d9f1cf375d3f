"""The first page of a split as the viewer shows it: which rows fit, and what each cell looks like."""

from __future__ import annotations

import io
import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from pico_banana.errors import PictureCorruptError
from pico_banana.records.decoding.pillow import border

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

FIRST_ROWS, LEAST_ROWS = 100, 10
FIRST_BYTES, CELL_BYTES = 200_000, 100  # the Hub's own setting; the code's default is 1 MB
_SHOWN = 60


@dataclass(frozen=True, slots=True)
class FirstRows:
    """The first page.

    Attributes:
        rows: how many rows it has.
        cut: cells are shortened, because ten rows are more than the page may weigh.
        cells: how each column of the first row looks.
        remarks: what will look wrong.
    """

    rows: int
    cut: bool
    cells: Mapping[str, str]
    remarks: tuple[str, ...]


def first_rows(file: Path) -> FirstRows:
    """Lay out the first page.

    Args:
        file: the split's first Parquet file.

    Returns:
        How many rows fit into 200 kB of JSON (at least ten, shortened if need be), and how the first one looks.
    """
    import pyarrow.parquet as pq

    parquet = pq.ParquetFile(file)
    rows: list[dict[str, Any]] = []
    for batch in parquet.iter_batches(batch_size=FIRST_ROWS):
        rows = batch.to_pylist()
        break
    weights = [len(json.dumps(_weighed(row), ensure_ascii=False, default=str).encode()) for row in rows]
    fitting = _fitting(weights)
    cells = {name: _look(value) for name, value in rows[0].items()} if rows else {}
    remarks = tuple(dict.fromkeys(text for row in rows[:LEAST_ROWS] for text in _remarks(row)))
    return FirstRows(fitting, sum(weights[:fitting]) > FIRST_BYTES, cells, remarks)


def is_picture(value: object) -> bool:
    """Tell whether a cell is one of a picture column.

    Args:
        value: a cell as Python.

    Returns:
        True for a struct of `bytes` and `path`.
    """
    return isinstance(value, dict) and set(value) == {"bytes", "path"}


def picture_size(data: bytes) -> tuple[int, int, str] | None:
    """Read a picture's header.

    Args:
        data: the encoded picture.

    Returns:
        Width, height and format, or None when it is no picture.
    """
    from PIL import Image

    try:
        with border(""), Image.open(io.BytesIO(data)) as picture:
            return (*picture.size, picture.format or "")
    except PictureCorruptError:
        return None


def _fitting(weights: list[int]) -> int:
    total = 0
    for number, weight in enumerate(weights):
        total += weight
        if total > FIRST_BYTES:
            return min(len(weights), max(LEAST_ROWS, number))
    return len(weights)


def _weighed(value: object) -> object:
    """Put an asset's address in place of a picture, as the viewer does."""
    if isinstance(value, dict):
        if is_picture(value):
            return None if value["bytes"] is None else {"src": "x" * 250, "height": 1000, "width": 1000}
        return {name: _weighed(item) for name, item in value.items()}
    return [_weighed(item) for item in value] if isinstance(value, list) else value


def _look(value: object) -> str:
    if value is None:
        return "empty"
    if isinstance(value, dict) and is_picture(value):
        found = picture_size(value["bytes"]) if value["bytes"] else None
        return "empty" if found is None else f"picture {found[0]}x{found[1]} {found[2]}"
    if isinstance(value, dict):
        return "{" + ", ".join(f"{name}: {_look(item)}" for name, item in value.items()) + "}"
    if isinstance(value, list):
        return f"{len(value)} x [{_look(value[0])}]" if value else "empty list"
    text = str(value)
    return text if len(text) <= _SHOWN else text[: _SHOWN - 1] + "…"


def _remarks(row: Mapping[str, object]) -> list[str]:
    found: list[str] = []
    for name, value in row.items():
        found += [f"{name}: {text}" for text in _picture_remarks(value)]
    return found


def _picture_remarks(value: object) -> list[str]:
    if isinstance(value, list):
        return [text for item in value for text in _picture_remarks(item)]
    if not isinstance(value, dict):
        return []
    if not is_picture(value):
        return [text for item in value.values() for text in _picture_remarks(item)]
    if value["bytes"] is None:
        has = "neither bytes nor a path" if value["path"] is None else "a path but no bytes"
        return [f"a picture has {has}; the viewer fails on its page. Write null in place of the whole cell"]
    return [] if picture_size(value["bytes"]) else ["a picture cannot be decoded; the viewer fails on its page"]
