"""Tables that somebody else made: files, frames, dicts of columns; what reads them here meets no surprise behind.

The one border to Arrow's readers of such tables. What they take unseen (texts that are not UTF-8, years that Python's
calendar has not) is found here and told with its column, and not by whichever room happens to read that first.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol, TypeAlias

from pico_banana.errors import ConfigError
from pico_banana.rows.journal import read_amended
from pico_banana.rows.strict import is_strict, parse_whole_json

if TYPE_CHECKING:
    from collections.abc import Sequence

    import pyarrow as pa

# A file; a table; columns by name; whatever speaks Arrow's protocol, as frames of pandas and polars do.
Annotations: TypeAlias = "str | Path | pa.Table | Mapping[str, Sequence[Any]] | SupportsArrow"
_BOM = b"\xef\xbb\xbf"
_BLOCK_BYTES = 1 << 20
_INDEX = "id"  # pandas likes to keep ids in the index


class SupportsArrow(Protocol):
    """A frame that can be read through Arrow's C stream."""

    def __arrow_c_stream__(self, requested_schema: object | None = None) -> object:
        """Hand the columns over."""


def named_source(source: object, otherwise: str) -> str:
    """Name a source of annotations in a message.

    Args:
        source: a file, or a table.
        otherwise: what to call it where it is no file.

    Returns:
        The file, or those words.
    """
    return str(source) if isinstance(source, (str, Path)) else otherwise


def read_table(source: Annotations) -> pa.Table:
    """Read a table, whatever its columns.

    Args:
        source: see `read_annotations`.

    Returns:
        The table; every value in it can be had as a Python object.

    Raises:
        ConfigError: it is no table, or holds what cannot be read.
    """
    table = _without_views(_read(Path(source)) if isinstance(source, (str, Path)) else _table(source))
    _require_readable(table, named_source(source, "the table"))
    return table


def _table(source: object) -> pa.Table:
    import pyarrow as pa

    index = getattr(source, "index", None)
    if getattr(index, "name", None) == _INDEX and hasattr(source, "reset_index"):
        source = source.reset_index()
    try:
        if isinstance(source, Mapping):
            return pa.table({name: pa.array(values) for name, values in source.items()})
        return pa.table(source)
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


def _require_readable(table: pa.Table, name: str) -> None:
    """Look for what Arrow and Parquet keep unseen until somebody reads it, so that no reader behind this meets it.

    Raises:
        ConfigError: a name or a text is not UTF-8, or a time is none that Python has.
    """
    import pyarrow as pa
    from pyarrow.compute import min_max

    reading = "a name of a column"
    try:
        for place, column in enumerate(table.column_names):
            reading, values = column, table.column(place)
            values.validate(full=True)
            if pa.types.is_timestamp(values.type) or pa.types.is_date(values.type):
                min_max(values).as_py()  # both ends can be said, so all between; one by one takes seconds
            elif _may_be_unsayable(values.type):
                values.to_pylist()
    except (ValueError, OverflowError, KeyError, pa.ArrowException) as error:  # a zone nobody knows is a KeyError
        text = f"{name} cannot be read: {reading} holds what is no value of its type ({error}); mend or drop it"
        raise ConfigError(text, key="annotations") from error


def _may_be_unsayable(kind: pa.DataType) -> bool:
    """Say whether a valid value may be none of Python's: years beyond 9999, zones that this machine does not know."""
    import pyarrow as pa

    if pa.types.is_temporal(kind) or isinstance(kind, pa.BaseExtensionType):
        return True
    if pa.types.is_dictionary(kind):
        return _may_be_unsayable(kind.value_type)
    return any(_may_be_unsayable(kind.field(place).type) for place in range(kind.num_fields))


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
