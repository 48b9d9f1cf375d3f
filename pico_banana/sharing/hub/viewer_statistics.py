"""Column statistics as the viewer shows them above each column: label frequencies, text lengths, picture widths.

The rules are those of `libcommon/statistics_utils.py` in huggingface/dataset-viewer, as of 2026: what a column is comes
from its feature, whole numbers have whole bins, the deviation is that of a sample. One column that it cannot sum up
takes the statistics of the whole split away. Like the viewer's they look at the first 5 GB of a split; `partial` says
so.
"""

from __future__ import annotations

import math
from bisect import bisect_right
from collections import Counter
from dataclasses import dataclass, field, replace
from statistics import fmean, median, stdev
from typing import TYPE_CHECKING, Any, Literal

from pico_banana.mirrors.notes import ODD_SHAPE, parse_note
from pico_banana.sharing.hub.viewer_rows import is_picture, picture_size

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from pathlib import Path

    import pyarrow as pa

Kind = Literal["class_label", "string_label", "string_text", "image", "list", "int", "float", "bool", "struct"]
READ_BYTES = 5_000_000_000
_BINS = 10
_MOST_LABELS, _LABEL_SHARE = 1_000, 0.2  # more different texts, or a larger share of the rows, are no labels
_NO_LABEL = -1  # what `datasets` writes for a ClassLabel without one
_DECIMALS = 5
_BATCH_ROWS = 100
_PICTURE = {"bytes", "path"}
_WITH_NUMBERS = {"string_text", "image", "list", "int", "float"}


@dataclass(frozen=True, slots=True)
class ColumnStatistics:
    """What is shown above one column.

    Attributes:
        name: the column.
        kind: how it is summed up.
        rows: rows looked at.
        empty: how many are null.
        frequencies: value to count, for labels and truth values; every label of a ClassLabel, also those of no row.
        numbers: "min", "max", "mean", "median", "std" of text lengths (characters), list lengths, picture widths
            (pixels) or numbers; empty for labels.
        histogram: counts in at most ten bins from min to max, of a whole size for whole numbers; empty for labels.
        partial: only the first 5 GB were looked at.
        lost: why the viewer cannot sum it up, and so shows no statistics of this split at all; empty when it can.
    """

    name: str
    kind: Kind
    rows: int
    empty: int
    frequencies: Mapping[str, int] = field(default_factory=dict)
    numbers: Mapping[str, float] = field(default_factory=dict)
    histogram: tuple[int, ...] = ()
    partial: bool = False
    lost: str = ""


def statistics(files: Sequence[Path]) -> tuple[ColumnStatistics, ...]:
    """Sum up every column of a split.

    Args:
        files: its Parquet files.

    Returns:
        One summary a column, in order.
    """
    import pyarrow.parquet as pq

    schema = pq.read_schema(files[0])
    labels = _label_names(schema)
    columns: dict[str, list[Any]] = {name: [] for name in schema.names}
    left, total = READ_BYTES, sum(file.stat().st_size for file in files)
    for row in _rows(files):
        for name, value in row.items():
            columns[name].append(_measured(value))
            left -= len(value["bytes"] or b"") if isinstance(value, dict) and is_picture(value) else 0
        if left <= 0:
            break
    partial = total > READ_BYTES
    return tuple(
        _summed(name, values, schema.field(name).type, labels.get(name), partial=partial)
        for name, values in columns.items()
    )


class _Unopened:
    """A picture that the viewer cannot open."""


def _rows(files: Sequence[Path]) -> Iterator[Mapping[str, Any]]:
    import pyarrow.parquet as pq

    for file in files:
        for batch in pq.ParquetFile(file).iter_batches(batch_size=_BATCH_ROWS):
            yield from batch.to_pylist()


def _measured(value: object) -> object:
    """Keep of a list its length and of a picture its width, so that no row need be held."""
    if isinstance(value, list):
        return len(value)
    if isinstance(value, dict) and is_picture(value):
        found = picture_size(value["bytes"]) if value["bytes"] else None
        return _Unopened() if found is None else found[0]
    return value


def _label_names(schema: pa.Schema) -> dict[str, list[str]]:
    try:
        features = parse_note((schema.metadata or {}).get(b"huggingface", b"{}")).get("info", {}).get("features", {})
        named = {name: kind["names"] for name, kind in features.items() if isinstance(kind, dict) and "names" in kind}
    except ODD_SHAPE:  # then there are no labels, as for a file that nobody of `datasets` wrote
        return {}
    return {name: list(map(str, names)) for name, names in named.items() if isinstance(names, list)}


def _summed(
    name: str, values: list[Any], kind_of: pa.DataType, labels: list[str] | None, *, partial: bool
) -> ColumnStatistics:
    known = [value for value in values if value is not None and value == value]  # NaN counts as null  # noqa: PLR0124
    kind: Kind = "class_label" if labels is not None else _kind(kind_of, values, known)
    found = ColumnStatistics(name, kind, len(values), len(values) - len(known), partial=partial)
    if kind in _WITH_NUMBERS:
        return _with_numbers(found, [len(value) for value in known] if kind == "string_text" else known)
    return replace(found, frequencies=_frequencies(kind, known, labels or []))


def _kind(kind_of: pa.DataType, values: Sequence[object], known: Sequence[Any]) -> Kind:
    import pyarrow as pa

    kinds = pa.types
    if kinds.is_string(kind_of) or kinds.is_large_string(kind_of):
        different = len(set(values))  # null counts as a value here
        few = different <= _MOST_LABELS and different <= _LABEL_SHARE * len(values)
        return "string_label" if few or different <= _BINS else "string_text"
    if kinds.is_list(kind_of) or kinds.is_large_list(kind_of):
        return "list"
    if kinds.is_struct(kind_of):
        return "image" if {kind_of.field(place).name for place in range(kind_of.num_fields)} == _PICTURE else "struct"
    if kinds.is_boolean(kind_of):
        return "bool"
    return "float" if kinds.is_floating(kind_of) else "int" if all(isinstance(one, int) for one in known) else "struct"


def _frequencies(kind: Kind, known: Sequence[Any], labels: Sequence[str]) -> dict[str, int]:
    counted = Counter(known) if kind != "struct" else Counter()
    if kind == "class_label":
        return {label: counted[number] for number, label in enumerate(labels)}
    return {str(value): count for value, count in counted.most_common()}


def _with_numbers(found: ColumnStatistics, measures: Sequence[Any]) -> ColumnStatistics:
    measured = [value for value in measures if not isinstance(value, _Unopened)]
    if len(measured) < len(measures):
        return replace(found, lost=f"{found.name}: a picture without bytes, or that cannot be decoded")
    if not measured:
        return found
    if len(measured) == 1:
        return replace(found, lost=f"{found.name}: one value that is not null, of which there is no deviation")
    numbers = {"min": min(measured), "max": max(measured), "mean": fmean(measured), "median": median(measured)}
    rounded = {name: round(float(value), _DECIMALS) for name, value in (numbers | {"std": stdev(measured)}).items()}
    edges = _edges(numbers["min"], numbers["max"], whole=found.kind != "float")
    if len(edges) == 2 and edges[0] != edges[1]:  # noqa: PLR2004 - one bin
        text = f"{found.name}: from {edges[0]} to {edges[1]}, a range of 1, which the viewer has no bins for"
        return replace(found, numbers=rounded, lost=text)
    return replace(found, numbers=rounded, histogram=_histogram(measured, edges))


def _edges(least: float, most: float, *, whole: bool) -> list[float]:
    """Give the edges of the bins; the last bin is closed, and may be smaller."""
    if least == most:
        return [least, most]
    size = math.ceil((most - least + 1) / _BINS) if whole else (most - least) / _BINS
    edges = [least + size * number for number in range(math.ceil((most - least) / size))]
    return edges if edges[-1] == most else [*edges, most]


def _histogram(measured: Sequence[float], edges: Sequence[float]) -> tuple[int, ...]:
    bins = [0] * (len(edges) - 1)
    for value in measured:
        bins[min(len(bins) - 1, bisect_right(edges, value) - 1)] += 1
    return tuple(bins)
