"""Search and filter over a repository's folder, as the viewer's search box and filter menus do on the Hub.

The Hub asks DuckDB; so does this where it is installed. Its word stemming is not rehearsed: a word is found as written.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pico_banana.errors import ConfigError, missing_extra

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path


def find_rows(files: Sequence[Path], *, search: str = "", where: str = "", limit: int = 100) -> list[dict[str, Any]]:
    """Find rows of one split.

    Args:
        files: its Parquet files.
        search: words that must all stand in one of the text columns, in any case.
        where: a condition in SQL, such as `edit_type = 33 and length(instruction) < 40`.
        limit: how many rows to give at most.

    Returns:
        The rows found, in order, without their pictures.

    Raises:
        MissingExtraError: duckdb is not installed.
        ConfigError: the condition is no SQL over the columns.
    """
    try:
        import duckdb
    except ImportError as error:
        absent = missing_extra("duckdb", "sql", "search over a repository's folder")
        raise absent from error
    with duckdb.connect() as connection:
        source = connection.read_parquet([str(file) for file in files])
        kinds = dict(zip(source.columns, source.types, strict=True))
        texts = {name: sql for column, kind in kinds.items() for name, sql in _texts(column, kind)}
        plain = {name: _quoted(name) for name, kind in kinds.items() if "BLOB" not in str(kind)}
        shown = plain | texts
        try:
            found = source.filter(where) if where else source
            for word in search.split():
                literal = word.replace("'", "''").lower()
                found = found.filter(
                    " or ".join(f"contains(lower({sql}::VARCHAR), '{literal}')" for sql in texts.values())
                )
            table = found.limit(limit).project(", ".join(f"{sql} AS {_quoted(name)}" for name, sql in shown.items()))
            return [dict(zip(shown, row, strict=True)) for row in table.fetchall()]
        except duckdb.Error as error:
            text = f"{where!r} is no condition over {', '.join(shown)}: {error}"
            raise ConfigError(text, key="where") from error


def _texts(column: str, kind: Any) -> Iterator[tuple[str, str]]:  # noqa: ANN401 - a DuckDBPyType, of a moving module
    """Give name and SQL of the texts in a column: itself, or those of the structs that it lists, as the viewer does."""
    if kind.id == "varchar":
        yield column, _quoted(column)
    if kind.id == "list" and kind.children[0][1].id == "struct":
        for name, part in kind.children[0][1].children:
            if part.id == "varchar":
                yield f"{column}.{name}", f"[one.{_quoted(name)} for one in {_quoted(column)}]"


def _quoted(name: str) -> str:
    return f'"{name}"'
