"""Annotations: tables that somebody made about the rows, joined to them by `id`.

Scores, captions, measurements and masks lie in files of their own, Parquet, CSV or JSON Lines, one row for an id. They
hold nothing of the release, so they can be shared, and one file may be about rows of several subsets.
"""

from __future__ import annotations

import json
from collections import Counter
from typing import TYPE_CHECKING

from pico_banana.errors import ConfigError, SelectionError
from pico_banana.mirrors.store import atomic_path, write_atomic
from pico_banana.rows.foreign import named_source, read_table

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from pathlib import Path

    import pyarrow as pa

    from pico_banana.rows.foreign import Annotations

ID = "id"


_WRITTEN = (".parquet", ".jsonl")
_PLACE = "__place__"


def listed(sources: Annotations | Iterable[Annotations] | None) -> tuple[Annotations, ...]:
    """Take one sidecar or several.

    Args:
        sources: a file or table, a list or tuple of such, or None.

    Returns:
        All of them.
    """
    if sources is None:
        return ()
    return tuple(sources) if isinstance(sources, (list, tuple)) else (sources,)


def read_annotations(source: Annotations) -> pa.Table:
    """Read annotations and check that they name rows.

    Args:
        source: a .parquet, .csv or .jsonl file, an Arrow table, a frame of pandas or polars, or a dict of columns.

    Returns:
        The table; its column `id` names each row once.

    Raises:
        ConfigError: it is no table, has no `id`, or has an id twice or not at all.
    """
    table = read_table(source)
    name = named_source(source, "the table")
    if twice := sorted(one for one, times in Counter(table.column_names).items() if times > 1):
        raise ConfigError(f"{name} has the column {twice[0]!r} twice; give each a name of its own", key="annotations")
    if ID not in table.column_names:
        text = f"{name} has no column 'id', only {', '.join(table.column_names)}; annotations name their rows by id"
        raise ConfigError(text, key="annotations")
    if not _is_text(table[ID].type):
        text = f"the ids in {name} are {table[ID].type}, and ids of rows are text such as 'single_turn/positive-edit/1'"
        raise ConfigError(text, key="annotations")
    if table[ID].null_count or len(table[ID].unique()) != len(table):
        text = f"{name} has an id twice, or a row without one; annotations have one row for an id"
        raise ConfigError(text, key="annotations")
    return table


def _is_text(kind: pa.DataType) -> bool:
    import pyarrow as pa

    kind = kind.value_type if pa.types.is_dictionary(kind) else kind
    return bool(pa.types.is_string(kind) or pa.types.is_large_string(kind) or pa.types.is_string_view(kind))


def require_ending(file: Path, *, flat: bool = False) -> None:
    """Refuse a file that annotations cannot be written to.

    Args:
        file: the file.
        flat: whether no column holds lists, so that .csv can hold them all.

    Raises:
        ConfigError: it ends in neither .parquet nor .jsonl, nor, where that will do, in .csv.
    """
    endings = (*_WRITTEN, ".csv") if flat else _WRITTEN
    if file.suffix not in endings:
        raise ConfigError(f"{file} does not end in {' or '.join(endings)}", key="annotations")


def write_annotations(table: pa.Table, file: Path) -> None:
    """Write annotations, as `read_annotations` reads them.

    Args:
        table: the annotations.
        file: ends in .parquet or .jsonl; in .csv only where no column holds lists.

    Raises:
        ConfigError: the file ends otherwise.
        StoreError: it cannot be written.
    """
    import pyarrow as pa

    require_ending(file, flat=not any(pa.types.is_nested(field.type) for field in table.schema))
    if file.suffix == ".jsonl":
        write_atomic(file, "".join(json.dumps(row, default=str) + "\n" for row in table.to_pylist()).encode())
        return
    from pyarrow import csv, parquet

    with atomic_path(file) as temporary:
        (csv.write_csv if file.suffix == ".csv" else parquet.write_table)(table, temporary)


def join_annotations(files: Sequence[Path], out: Path) -> None:
    """Write what several files say about rows into one.

    Args:
        files: annotations, each of other rows.
        out: ends in .parquet or .jsonl; replaced where it is there.

    Raises:
        ConfigError: a file names a row twice, or two files name the same.
        StoreError: it cannot be written.
    """
    import pyarrow as pa

    tables = [table for table in map(read_annotations, files) if len(table)] or [read_annotations(files[0])]
    whole = pa.concat_tables(tables, promote_options="permissive")
    write_annotations(read_annotations(whole), out)  # which names each row once


def places_where(condition: str, rows: pa.Table, annotations: Sequence[pa.Table]) -> list[int]:
    """Find rows by what the annotations say about them.

    Args:
        condition: SQL over the columns of both, such as "score >= 0.8 and category = 'human_centric'".
        rows: the rows, with their public columns.
        annotations: tables with a column `id`; a row that one does not mention has nulls there.

    Returns:
        The places of the rows found, in order.

    Raises:
        MissingExtraError: duckdb is not installed.
        SelectionError: the condition is no SQL over these columns.
    """
    import pyarrow as pa

    from pico_banana.rows.table.sql import connected, sayable

    sayable(condition)
    with connected("a condition over annotations") as connection:
        from duckdb import Error

        place = _free_name(rows, *annotations)
        joined = "rows"
        try:
            connection.register("rows", rows.append_column(place, pa.array(range(len(rows)), pa.int64())))
            for number, table in enumerate(annotations):
                connection.register(f"annotations_{number}", table)
                joined += f" LEFT JOIN annotations_{number} USING ({ID})"
            asked = f"SELECT {place} FROM {joined} WHERE (\n{condition}\n) ORDER BY {place}"  # noqa: S608
            if len(connection.extract_statements(asked)) != 1:
                raise SelectionError(f"{condition!r} is more than one condition")
            return [row for (row,) in connection.execute(asked).fetchall()]
        except (Error, pa.ArrowException) as problem:
            known = ", ".join(dict.fromkeys(name for table in (rows, *annotations) for name in table.column_names))
            text = f"{condition!r} is no condition in SQL over {known}: {problem}"
            raise SelectionError(text) from problem


def _free_name(*tables: pa.Table) -> str:
    """Give a name that no column has, whatever its letters: SQL takes `A` and `a` for one."""
    taken = {name.casefold() for table in tables for name in table.column_names}
    name = _PLACE
    while name in taken:
        name += "_"
    return name
