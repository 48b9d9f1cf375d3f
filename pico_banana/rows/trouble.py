"""Known trouble: rows that somebody found to be bad, in a file of their own that can be added to and shared.

A file of trouble is a sidecar: one line an id, its `trouble` one flag or several with commas between, and, as far as
they are told, `found_by` and `note`. It holds nothing of the release. `load(trouble=…)` reads some; their flags are
then flags like those that rows show by themselves: filters, counts, records and tables have them.

::

    id,trouble,found_by,note
    single_turn/positive-edit/17,"misaligned,wrong_picture",measure,moved
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, TypeAlias

from pico_banana.errors import ConfigError, UnknownNameError
from pico_banana.records import Flag
from pico_banana.rows.choosing.options import parse_flag
from pico_banana.rows.foreign import named_source, read_table
from pico_banana.rows.lines.flags import bits_of
from pico_banana.rows.lines.ids import id_prefix
from pico_banana.rows.sidecar import ID, listed, read_annotations
from pico_banana.rows.table.marked import marked
from pico_banana.rows.table.query import rows_of_ids

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    import pyarrow as pa

    from pico_banana.records import Subset
    from pico_banana.rows.foreign import Annotations
    from pico_banana.rows.table.mapped import RowTable
    from pico_banana.rows.table.marked import MarkedTable

# One file or table of trouble, or several.
AnyTrouble: TypeAlias = "Annotations | Sequence[Annotations]"
TROUBLE = "trouble"
_TABLE = "the table of trouble"
_TOLD = ("found_by", "note")


@dataclass(frozen=True, slots=True)
class Trouble:
    """What is wrong with one row.

    Attributes:
        id: the row's id.
        flags: what is wrong.
        found_by: who or what found it, such as "doctor --live"; empty where nobody says.
        note: what else is said of it, such as which picture.
    """

    id: str
    flags: frozenset[Flag]
    found_by: str = ""
    note: str = ""

    def with_more(self, other: Trouble) -> Trouble:
        """Add what somebody else says of the same row.

        Args:
            other: of the same row.

        Returns:
            Both.
        """
        told = {name: _joined(getattr(self, name), getattr(other, name)) for name in _TOLD}
        return replace(self, flags=self.flags | other.flags, **told)


def read_trouble(*sources: Annotations) -> dict[str, Trouble]:
    """Read files of trouble.

    Args:
        sources: .csv, .parquet or .jsonl files, tables, frames or dicts of columns.

    Returns:
        What is wrong, by id; what several files say of one row is put together.

    Raises:
        ConfigError: a file is no such table, or an unknown trouble is in it.
    """
    every = (_read(line, number, source) for source in sources for number, line in enumerate(_lines(source), 1))
    return merged(every)


def merged(every: Iterable[Trouble]) -> dict[str, Trouble]:
    """Put together what is said of each row.

    Args:
        every: trouble, perhaps several times of one row.

    Returns:
        What is wrong, by id, in the order in which ids come first.
    """
    found: dict[str, Trouble] = {}
    for one in every:
        found[one.id] = found[one.id].with_more(one) if one.id in found else one
    return found


def trouble_table(found: Mapping[str, Trouble]) -> pa.Table:
    """Lay trouble out as `read_trouble` reads it.

    Args:
        found: what is wrong, by id.

    Returns:
        Columns `id`, `trouble`, `found_by`, `note`.
    """
    import pyarrow as pa

    every = list(found.values())
    columns = {
        ID: [one.id for one in every],
        TROUBLE: [",".join(sorted(one.flags)) for one in every],
        **{name: [getattr(one, name) for one in every] for name in _TOLD},
    }
    return pa.table({name: pa.array(values, pa.string()) for name, values in columns.items()})


def trouble_of_table(
    table: Annotations, condition: str, flag: str | Flag, *, found_by: str, note: str | None = None
) -> dict[str, Trouble]:
    """Find trouble in measurements, or any other annotations.

    Args:
        table: annotations by id; of an edit's id, such as `<row>#turn2`, the row is meant and the rest is noted.
        condition: SQL over its columns, such as "doubt = 'moved'".
        flag: what is wrong where it holds.
        found_by: who says so.
        note: the column whose text is noted, where there is one; None for none.

    Returns:
        What is wrong, by row id.

    Raises:
        MissingExtraError: duckdb is not installed.
        SelectionError: the condition is no SQL over the columns.
        UnknownNameError: there is no such flag.
    """
    import pyarrow as pa

    from pico_banana.rows.sidecar import places_where

    rows, flags = read_annotations(table), frozenset({parse_flag(flag)})
    noted = note if note in rows.column_names else None
    kept = rows.select(list(dict.fromkeys([ID, noted or ID])))
    chosen = kept.take(pa.array(places_where(condition, rows, []), pa.int64()))
    said = chosen[noted].to_pylist() if noted else [""] * len(chosen)
    return merged(
        Trouble(row, flags, found_by, _joined(part, str(text or ""), between=": "))
        for (row, _, part), text in zip((name.partition("#") for name in chosen[ID].to_pylist()), said, strict=True)
    )


def trouble_of_findings(findings: Iterable[Mapping[str, Any]]) -> dict[str, Trouble]:
    """Find trouble in what `doctor --live --json` said.

    Args:
        findings: its lines, as JSON values.

    Returns:
        The rows whose pictures are gone, by id.

    Raises:
        ConfigError: a line is no finding.
    """
    every = []
    for number, finding in enumerate(findings, 1):
        if not isinstance(finding, dict) or "name" not in finding:
            raise ConfigError(f"line {number} is no finding of `pico-banana doctor --live --json`", key="findings")
        flags = frozenset({Flag.MISSING_FILE})
        every += [Trouble(row, flags, "doctor --live", finding["name"]) for row in finding.get("gone") or ()]
    return merged(every)


def marked_with(table: RowTable, subset: Subset, trouble: AnyTrouble) -> MarkedTable:
    """Give a table whose rows have the flags of known trouble.

    Args:
        table: the rows of the subset.
        subset: whose ids count; trouble of other subsets is none of this table's.
        trouble: files or tables of it.

    Returns:
        The table with more flags; ids of this subset that name no row here are its `unmatched`.

    Raises:
        ConfigError: a file is no such table.
    """
    found = read_trouble(*listed(trouble))
    mine = {name: one for name, one in found.items() if name.startswith(id_prefix(subset))}
    rows = rows_of_ids(table, subset, set(mine)) if mine else {}
    marks = {row: bits_of(mine[name].flags) for name, row in rows.items()}
    return marked(table, marks, tuple(name for name in mine if name not in rows))


def _lines(source: Annotations) -> list[dict[str, Any]]:
    table = read_table(source)
    if TROUBLE not in table.column_names:
        text = (
            f"there is no column {TROUBLE!r} in {', '.join(table.column_names)}; a file of trouble has id and {TROUBLE}"
        )
        raise ConfigError(text, key=TROUBLE)
    if not len(table):  # of no column's type is anything known
        return []
    rows: list[dict[str, Any]] = read_annotations(table).to_pylist()
    return rows


def _read(line: dict[str, Any], number: int, source: Annotations) -> Trouble:
    try:
        flags = frozenset(parse_flag(name) for name in str(line[TROUBLE] or "").split(",") if name.strip())
    except UnknownNameError as error:
        raise ConfigError(f"{named_source(source, _TABLE)}, line {number}: {error}", key=TROUBLE) from error
    if not flags:
        text = f"{named_source(source, _TABLE)}, line {number}: {line[ID]} has no trouble; name one or drop the line"
        raise ConfigError(text, key=TROUBLE)
    return Trouble(line[ID], flags, *(str(line.get(name) or "") for name in _TOLD))


def _joined(one: str, other: str, *, between: str = "; ") -> str:
    parts = dict.fromkeys(part for part in (*one.split(between), *other.split(between)) if part)
    return between.join(parts)
