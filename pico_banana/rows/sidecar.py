"""Annotations: tables that somebody made about the rows, joined to them by `id`.

Scores, captions, measurements and masks lie in files of their own, Parquet, CSV or JSON Lines, one row for an id. They
hold nothing of the release, so they can be shared, and one file may be about rows of several subsets.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol, TypeAlias

from pico_banana.errors import ConfigError, SelectionError
from pico_banana.mirrors.store import atomic_path, write_atomic
from pico_banana.rows.journal import read_amended
from pico_banana.rows.strict import is_strict, parse_whole_json

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    import pyarrow as pa

# A file; a table; columns by name; whatever speaks Arrow's protocol, as frames of pandas and polars do.
Annotations: TypeAlias = "str | Path | pa.Table | Mapping[str, Sequence[Any]] | SupportsArrow"
ID = "id"


class SupportsArrow(Protocol):
    """A frame that can be read through Arrow's C stream."""

    def __arrow_c_stream__(self, requested_schema: object | None = None) -> object:
        """Hand the columns over."""


_WRITTEN = (".parquet", ".jsonl")
_PLACE = "__place__"
_BOM = b"\xef\xbb\xbf"
_BLOCK_BYTES = 1 << 20


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


def named_source(source: object, otherwise: str) -> str:
    """Name a source of annotations in a message.

    Args:
        source: a file, or a table.
        otherwise: what to call it where it is no file.

    Returns:
        The file, or those words.
    """
    return str(source) if isinstance(source, (str, Path)) else otherwise


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
    if twice := sorted({one for one in table.column_names if table.column_names.count(one) > 1}):
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


def read_table(source: Annotations) -> pa.Table:
    """Read a table, whatever its columns.

    Args:
        source: see `read_annotations`.

    Returns:
        The table.

    Raises:
        ConfigError: it is no table.
    """
    return _read(Path(source)) if isinstance(source, (str, Path)) else _table(source)


def _table(source: object) -> pa.Table:
    import pyarrow as pa

    index = getattr(source, "index", None)
    if getattr(index, "name", None) == ID and hasattr(source, "reset_index"):  # pandas likes to keep ids there
        source = source.reset_index()
    try:
        if isinstance(source, Mapping):
            return pa.table({name: pa.array(values) for name, values in source.items()})
        return _without_views(pa.table(source))
    except (TypeError, ValueError, pa.ArrowException) as error:
        text = (
            f"{type(source).__name__} is no table of annotations: give a file, a frame or a dict of columns ({error})"
        )
        raise ConfigError(text, key="annotations") from error


def _without_views(table: pa.Table) -> pa.Table:
    """Give texts as plain strings: polars hands over views, which older Arrows can neither cast nor filter."""
    import pyarrow as pa

    for place, field in enumerate(table.schema):
        if pa.types.is_string_view(field.type):
            texts = pa.chunked_array([table[field.name].to_pylist()], pa.large_string())
            table = table.set_column(place, field.name, texts)
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
    with connected("conditions over annotations") as connection:
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


def _read_lines(file: Path) -> pa.Table:
    """Read JSON Lines; each is looked at first, for Arrow dies (SIGSEGV) of a `null` among them, and of depth.

    Raises:
        ConfigError: a line is no object.
    """
    from pyarrow import BufferReader
    from pyarrow import json as json_lines

    from pico_banana.rows.lines.columns import is_one_object_a_line

    lines = [line.strip() for line in file.read_bytes().removeprefix(_BOM).split(b"\n")]
    data = b"\n".join(filter(None, lines))
    data.decode()  # Arrow lets bytes through that are not UTF-8
    if data and not (is_one_object_a_line(data) and is_strict(data, lists=False)):
        for number, line in enumerate(lines, start=1):
            if line and not isinstance(_value_of(line), dict):
                text = f"{file}:{number}: is no JSON object; annotations have one a line"
                raise ConfigError(text, key="annotations")
    longest = max(map(len, lines), default=0)
    return json_lines.read_json(BufferReader(data), json_lines.ReadOptions(block_size=max(_BLOCK_BYTES, 2 * longest)))


def _value_of(line: bytes) -> object:
    try:
        return parse_whole_json(line)
    except ValueError:
        return None


def _free_name(*tables: pa.Table) -> str:
    """Give a name that no column has, whatever its letters: SQL takes `A` and `a` for one."""
    taken = {name.casefold() for table in tables for name in table.column_names}
    name = _PLACE
    while name in taken:
        name += "_"
    return name


def _read(file: Path) -> pa.Table:
    import pyarrow as pa
    from pyarrow import csv

    readers = {".parquet": read_amended, ".csv": csv.read_csv, ".jsonl": _read_lines}
    if file.suffix not in readers:
        raise ConfigError(f"{file} is no table: give .parquet, .csv or .jsonl", key="annotations")
    try:
        file.stat()  # Arrow's Parquet reader says no more of a missing file than its name
        return readers[file.suffix](file)
    except FileNotFoundError as error:
        text = f"there is no file {file}; give a .parquet, .csv or .jsonl with a column id"
        raise ConfigError(text, key="annotations") from error
    except (OSError, ValueError, pa.ArrowException) as error:
        told = getattr(error, "strerror", None) or error
        raise ConfigError(f"{file} cannot be read as a table: {told}", key="annotations") from error
