"""Counting a selection, and what annotations say about it."""

from __future__ import annotations

from collections import Counter, defaultdict
from typing import TYPE_CHECKING, Any

from pico_banana.records import Subset
from pico_banana.records.wording import turn_id
from pico_banana.rows.sidecar import ID, read_annotations
from pico_banana.rows.table.counting import UNDECIDED, count_rows
from pico_banana.sharing.statistics.charts import SURVIVAL_STEPS
from pico_banana.sharing.statistics.result import Statistics
from pico_banana.sharing.statistics.values import Spread
from pico_banana.taxonomy import edit_type_from_label, edit_types

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    import pyarrow as pa

    from pico_banana.rows.foreign import Annotations
    from pico_banana.rows.sequence import RecordSequence

_BINS = 40
_WORD = r"[^\s\p{Z}]+"  # RE2's \s knows ASCII alone
_ASPECT_EDGES = (0.5, 2.1)  # 1.0 is in the middle of a bin
_USED = ("aspect_change", "alignment", "score", "accepted", "usd")


def statistics_of(rows: RecordSequence[Any], annotations: Iterable[Annotations] = ()) -> Statistics:
    """Count a selection.

    Args:
        rows: the rows.
        annotations: tables by id; of their columns `aspect_change`, `alignment`, `score`, `accepted` and `usd` count.

    Returns:
        The numbers.

    Raises:
        ConfigError: annotations that do not name each row once.
    """
    sessions, tables = rows.subset is Subset.MULTI_TURN, [read_annotations(source) for source in annotations]
    types = _types(rows, sessions=sessions)
    counted = _Counted(_type_of(rows, sessions=sessions) if tables else {})
    for table in tables:
        counted.add(table)
    return Statistics(
        rows.subset.value,
        rows.mirror.name,
        len(rows),
        _by_category(types),
        types,
        dict(sorted(count_rows(rows.table, rows.rows, by="turns").items())) if sessions else {},
        {flag: count for flag, count in count_rows(rows.table, rows.rows, by="flag").items() if count},
        {name: _spread(values) for name, values in _words(rows, sessions=sessions).items() if len(values)},
        **counted.facts(),
    )


def _types(rows: RecordSequence[Any], *, sessions: bool) -> dict[str, int]:
    return count_rows(rows.table, rows.rows, by="inferred_edit_type" if sessions else "edit_type")


def _by_category(types: Mapping[str, int]) -> dict[str, int]:
    category_of = {str(kind): str(kind.category) for kind in edit_types()}
    found: Counter[str] = Counter()
    for slug, count in types.items():
        found[category_of.get(slug, UNDECIDED if slug == UNDECIDED else "unknown")] += count
    return dict(found.most_common())


def _words(rows: RecordSequence[Any], *, sessions: bool) -> dict[str, Any]:
    """Count the words of each instruction."""
    import pyarrow.compute as pc

    if sessions:
        turns = pc.list_flatten(rows.to_arrow(columns=["turns"])["turns"])
        texts = {"turn": pc.struct_field(turns, "instruction")}
    else:
        table = rows.to_arrow(columns=["instruction", "short_instruction"])
        texts = {"long": table["instruction"], "short": table["short_instruction"]}
    counts = {name: pc.drop_null(pc.count_substring_regex(column, _WORD)) for name, column in texts.items()}
    return {name: found.to_numpy() for name, found in counts.items()}


def _spread(values: Any, *, edges: tuple[float, float] | None = None) -> Spread:  # noqa: ANN401 - numbers of any kind
    """Describe values; counts get bins of whole numbers that end where 99.5 % of them do, others the edges given."""
    import numpy as np

    numbers = np.asarray(values, np.float64)
    low, middle, high, end = np.quantile(numbers, (0.05, 0.5, 0.95, 0.995)).tolist()
    step = max(1.0, np.ceil(end / _BINS))  # bins of whole words: others would hold one number here and two there
    first, last = edges or (0.0, step * (end // step + 1))
    bins = _BINS if edges else round(last / step)
    counts, borders = np.histogram(np.clip(numbers, first, last), bins=bins, range=(first, last))
    facts = (float(numbers.mean()), float(numbers.min()), low, middle, high, float(numbers.max()))
    return Spread(len(numbers), *facts, tuple(borders.tolist()), tuple(counts.tolist()))


def _type_of(rows: RecordSequence[Any], *, sessions: bool) -> dict[str, str]:
    """Give the type of each row, or turn, by its id."""
    if not sessions:
        table = rows.to_arrow(columns=["id", "edit_type_label"])
        slug_of = {label: str(edit_type_from_label(label)) for label in table["edit_type_label"].unique().to_pylist()}
        labels = table["edit_type_label"].to_pylist()
        return {name: slug_of[label] for name, label in zip(table["id"].to_pylist(), labels, strict=True)}
    found: dict[str, str] = {}
    for row in rows.to_arrow(columns=["id", "turns"]).to_pylist():
        kinds = [turn["inferred_edit_type"] or UNDECIDED for turn in row["turns"]]
        found |= {turn_id(row["id"], number): kind for number, kind in enumerate(kinds, 1)}
        found[row["id"]] = kinds[0] if kinds else UNDECIDED
    return found


class _Counted:
    """What annotations say, by type."""

    def __init__(self, type_of: Mapping[str, str]) -> None:
        self._type_of = type_of
        self._annotated: Counter[str] = Counter()
        self._unknown = 0
        self._values: dict[str, dict[str, list[Any]]] = {name: defaultdict(list) for name in _USED}

    def add(self, table: pa.Table) -> None:
        kinds = [self._kind(name) for name in table[ID].to_pylist()]
        self._unknown += kinds.count(None)
        for name in (name for name in table.column_names if name != ID):
            values = table[name].to_pylist()
            here = [(kind, value) for kind, value in zip(kinds, values, strict=True) if kind and value is not None]
            self._annotated[name] += len(here)
            for kind, value in here if name in self._values else ():
                self._values[name][kind].append(value)

    def _kind(self, name: str) -> str | None:
        """Find the type of an edit: its row's, or its turn's."""
        return self._type_of.get(name) or self._type_of.get(name.partition("#")[0])

    def facts(self) -> dict[str, Any]:
        values = self._values
        aspects = [one for found in values["aspect_change"].values() for one in found]
        scores = values["score"]
        return {
            "annotated": dict(self._annotated),
            "unknown_ids": self._unknown,
            "aspect": _spread(aspects, edges=_ASPECT_EDGES) if aspects else None,
            "alignment": {kind: dict(Counter(found)) for kind, found in sorted(values["alignment"].items())},
            "scores": {kind: _spread(found, edges=(0.0, 1.0)) for kind, found in sorted(scores.items())},
            "survival": {kind: _surviving(found) for kind, found in sorted(scores.items())},
            "accepted": {kind: (sum(found), len(found)) for kind, found in sorted(values["accepted"].items())},
            "usd": {kind: sum(found) for kind, found in sorted(values["usd"].items())},
        }


def _surviving(scores: Sequence[float]) -> tuple[float, ...]:
    return tuple(sum(score >= step for score in scores) / len(scores) for step in SURVIVAL_STEPS)
