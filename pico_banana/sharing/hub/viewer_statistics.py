"""Column statistics as the viewer shows them above each column: label frequencies, text lengths, picture widths.

Like the viewer's they look at the first 5 GB of a split; `partial` says so.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from statistics import fmean, median, pstdev
from typing import TYPE_CHECKING, Any, Literal

from pico_banana.sharing.hub.viewer_rows import is_picture, picture_size

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from pathlib import Path

Kind = Literal["class_label", "string_label", "string_text", "image", "list", "number", "struct"]
READ_BYTES = 5_000_000_000
_MOST_LABELS = 30  # a text column with fewer different values is shown as labels
_BINS = 10
_BATCH_ROWS = 100


@dataclass(frozen=True, slots=True)
class ColumnStatistics:
    """What is shown above one column.

    Attributes:
        name: the column.
        kind: how it is summed up.
        rows: rows looked at.
        empty: how many are null.
        frequencies: value to count, for labels.
        numbers: "min", "max", "mean", "median", "std" of text lengths (characters), list lengths, picture widths
            (pixels) or numbers; empty for labels.
        histogram: counts in ten bins of equal width from min to max; empty for labels.
        partial: only the first 5 GB were looked at.
    """

    name: str
    kind: Kind
    rows: int
    empty: int
    frequencies: Mapping[str, int] = field(default_factory=dict)
    numbers: Mapping[str, float] = field(default_factory=dict)
    histogram: tuple[int, ...] = ()
    partial: bool = False


def statistics(files: Sequence[Path]) -> tuple[ColumnStatistics, ...]:
    """Sum up every column of a split.

    Args:
        files: its Parquet files.

    Returns:
        One summary a column, in order.
    """
    import pyarrow.parquet as pq

    names = _label_names(files[0])
    columns: dict[str, list[Any]] = {name: [] for name in pq.read_schema(files[0]).names}
    left, total = READ_BYTES, sum(file.stat().st_size for file in files)
    for row in _rows(files):
        for name, value in row.items():
            columns[name].append(_measured(value))
            left -= len(value["bytes"] or b"") if isinstance(value, dict) and is_picture(value) else 0
        if left <= 0:
            break
    return tuple(_summed(name, values, names.get(name), partial=total > READ_BYTES) for name, values in columns.items())


class _Width(int):
    """The width of a picture, apart from other numbers."""


class _Length(int):
    """The length of a list, apart from other numbers."""


def _rows(files: Sequence[Path]) -> Iterator[Mapping[str, Any]]:
    import pyarrow.parquet as pq

    for file in files:
        for batch in pq.ParquetFile(file).iter_batches(batch_size=_BATCH_ROWS):
            yield from batch.to_pylist()


def _measured(value: object) -> object:
    if isinstance(value, list):
        return _Length(len(value))
    if isinstance(value, dict) and is_picture(value):
        found = picture_size(value["bytes"]) if value["bytes"] else None
        return None if found is None else _Width(found[0])
    return value


def _label_names(file: Path) -> dict[str, list[str]]:
    import json

    import pyarrow.parquet as pq

    metadata = (pq.read_schema(file).metadata or {}).get(b"huggingface", b"{}")
    features = json.loads(metadata).get("info", {}).get("features", {})
    return {
        name: feature["names"] for name, feature in features.items() if isinstance(feature, dict) and "names" in feature
    }


def _summed(name: str, values: list[Any], labels: list[str] | None, *, partial: bool) -> ColumnStatistics:
    known = [value for value in values if value is not None]
    empty = len(values) - len(known)
    if labels is not None:
        frequencies = {labels[code]: count for code, count in Counter(known).most_common()}
        return ColumnStatistics(name, "class_label", len(values), empty, frequencies, partial=partial)
    kind = _kind(known)
    if kind == "string_label":
        return ColumnStatistics(name, kind, len(values), empty, dict(Counter(known).most_common()), partial=partial)
    measures = [len(text) for text in known] if kind == "string_text" else [] if kind == "struct" else known
    numbers, histogram = _measures(measures)
    return ColumnStatistics(name, kind, len(values), empty, {}, numbers, histogram, partial)


def _kind(known: Sequence[object]) -> Kind:
    if not known:
        return "number"
    match known[0]:
        case _Width():
            return "image"
        case _Length():
            return "list"
        case str():
            return "string_label" if len(set(known)) <= _MOST_LABELS else "string_text"
        case dict():
            return "struct"
        case _:
            return "number"


def _measures(values: Sequence[float]) -> tuple[dict[str, float], tuple[int, ...]]:
    if not values:
        return {}, ()
    least, most = min(values), max(values)
    width = (most - least) / _BINS or 1
    bins = [0] * _BINS
    for value in values:
        bins[min(_BINS - 1, int((value - least) / width))] += 1
    numbers = {"min": least, "max": most, "mean": fmean(values), "median": median(values), "std": pstdev(values)}
    return {name: round(float(value), 3) for name, value in numbers.items()}, tuple(bins)
