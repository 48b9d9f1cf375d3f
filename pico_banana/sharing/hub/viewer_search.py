"""Search and filter over a repository's folder, as the viewer's search box and filter menus do on the Hub.

The Hub asks DuckDB and its full-text index; so does this where it is installed, with the same stems (Porter's). A row
is found by any of the words; the Hub puts the best first, this keeps the order of the rows.
"""

from __future__ import annotations

import re
import unicodedata
from contextlib import suppress
from functools import cache
from typing import TYPE_CHECKING, Any

from pico_banana.errors import ConfigError, missing_extra
from pico_banana.rows.table.sql import connected, quoted, sayable
from pico_banana.sharing.hub.viewer_rows import picture_size

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence
    from pathlib import Path

_WORD = re.compile(r"[a-z]+")
# The commonest of DuckDB's English stop words; nobody is looking for them.
_STOP = frozenset(("a an and are as at be by for from in is it its of on or that the this to was with").split())  # noqa: SIM905 - readable


def find_rows(files: Sequence[Path], *, search: str = "", where: str = "", limit: int = 100) -> list[dict[str, Any]]:
    """Find rows of one split.

    Args:
        files: its Parquet files.
        search: words of which one must stand in a text column, in any case and any form: "jumps" finds "jumping".
        where: a condition in SQL, such as `edit_type = 33 and length(instruction) < 40`; the viewer's own columns
            `"source_image.width"`, `"source_image.height"`, `"instruction.length"` and lengths of lists are there too.
        limit: how many rows to give at most.

    Returns:
        The rows found, in order, without their pictures.

    Raises:
        MissingExtraError: duckdb is not installed, or what gives words their stems.
        ConfigError: the condition is no SQL over the columns.
        SelectionError: it is no text.
    """
    from pyarrow import dataset

    sayable(search + where)
    with connected("search over a repository's folder") as connection:
        from duckdb import Error

        rows_of_split = dataset.dataset([str(file) for file in files], format="parquet")
        try:
            connection.register("rows_of_split", rows_of_split)
            source = connection.table("rows_of_split")
        except Error as error:  # a kind of column that DuckDB has not
            raise ConfigError(f"DuckDB cannot read {files[0]}: {error}", key="check") from error
        kinds = dict(zip(source.columns, source.types, strict=True))
        texts = {name: sql for column, kind in kinds.items() for name, sql in _texts(column, kind)}
        plain = {name: quoted(name) for name, kind in kinds.items() if "BLOB" not in str(kind)}
        shown = plain | texts
        more = _viewers_columns(connection, kinds, where)
        try:
            found = source.project(", ".join(["*", *more])) if more else source
            found = found.filter(where) if where else found
            shown_sql = ", ".join(f"{sql} AS {quoted(name)}" for name, sql in shown.items())
            table = found.project(shown_sql) if search else found.limit(limit).project(shown_sql)
            rows = (dict(zip(shown, row, strict=True)) for row in table.fetchall())
            return list(_searched(rows, search, list(texts), limit)) if search else list(rows)
        except Error as error:
            text = f"{where!r} is no condition over {', '.join(shown)}: {error}"
            raise ConfigError(text, key="where") from error


def _searched(
    rows: Iterator[dict[str, Any]], search: str, texts: Sequence[str], limit: int
) -> Iterator[dict[str, Any]]:
    stem = _stemmer()
    wanted = {stem(word) for word in _words(search)}
    for row in rows:
        if limit <= 0:
            return
        said = " ".join(text for name in texts for text in _each(row[name]))
        if any(stem(word) in wanted for word in _words(said)):
            limit -= 1
            yield row


def _each(value: object) -> Iterator[str]:
    if isinstance(value, list):
        for item in value:
            yield from _each(item)
    elif value is not None:
        yield str(value)


def _words(text: str) -> set[str]:
    plain = unicodedata.normalize("NFKD", text.lower())
    return set(_WORD.findall("".join(letter for letter in plain if not unicodedata.combining(letter)))) - _STOP


@cache
def _stemmer() -> Callable[[str], str]:
    try:
        from snowballstemmer import stemmer  # type: ignore[import-untyped]
    except ImportError as absent:
        error = missing_extra("snowballstemmer", "sql", "search over a repository's folder")
        raise error from absent
    return cache(stemmer("porter").stemWord)


def _viewers_columns(connection: Any, kinds: Mapping[str, Any], where: str) -> list[str]:  # noqa: ANN401 - as above
    """Give the SQL of the columns that the viewer adds, those that a condition names."""
    made: list[str] = []
    for name, kind in kinds.items():
        if kind.id == "varchar":
            made.append(_as(f"length({quoted(name)})", f"{name}.length", where))
        elif kind.id == "list":
            made.append(_as(f"len({quoted(name)})", f"{name}.length", where))
        elif kind.id == "struct" and {child for child, _ in kind.children} == {"bytes", "path"}:
            named = [part for part in ("width", "height") if quoted(f"{name}.{part}") in where]
            made += [_as(_measured(connection, quoted(name), part), f"{name}.{part}", where) for part in named]
    return [sql for sql in made if sql]


def _as(sql: str, name: str, where: str) -> str:
    return f"{sql} AS {quoted(name)}" if quoted(name) in where else ""


def _measured(connection: Any, column: str, part: str) -> str:  # noqa: ANN401 - as above
    from duckdb import InvalidInputException, NotImplementedException

    def measure(data: bytes) -> int | None:
        found = picture_size(data)
        width, height, _ = found or (None, None, "")
        return width if part == "width" else height

    function = f"picture_{part}"
    with suppress(InvalidInputException, NotImplementedException):  # it is there already, for another column
        connection.create_function(function, measure, ["BLOB"], "INTEGER")
    return f"{function}({column}.bytes)"


def _texts(column: str, kind: Any) -> Iterator[tuple[str, str]]:  # noqa: ANN401 - a DuckDBPyType, of a moving module
    """Give name and SQL of the texts in a column: itself, or those of the structs that it lists, as the viewer does."""
    if kind.id == "varchar":
        yield column, quoted(column)
    if kind.id == "list" and kind.children[0][1].id == "struct":
        for name, part in kind.children[0][1].children:
            if part.id == "varchar":
                yield f"{column}.{name}", f"[one.{quoted(name)} for one in {quoted(column)}]"
