"""Search and filter over a repository's folder, as the viewer's search box and filter menus do on the Hub.

The Hub asks DuckDB; so does this where it is installed. Its word stemming is not rehearsed: a word is found as written.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pico_banana.errors import ConfigError
from pico_banana.rows.table.sql import connected, quoted

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
    from pyarrow import dataset

    with connected("search over a repository's folder") as connection:
        from duckdb import Error

        connection.register("rows_of_split", dataset.dataset([str(file) for file in files], format="parquet"))
        source = connection.table("rows_of_split")
        kinds = dict(zip(source.columns, source.types, strict=True))
        texts = {name: sql for column, kind in kinds.items() for name, sql in _texts(column, kind)}
        plain = {name: quoted(name) for name, kind in kinds.items() if "BLOB" not in str(kind)}
        shown = plain | texts
        try:
            found = source.filter(where) if where else source
            for word in search.split():
                literal = word.replace("'", "''").lower()
                found = found.filter(
                    " or ".join(f"contains(lower({sql}::VARCHAR), '{literal}')" for sql in texts.values())
                )
            table = found.limit(limit).project(", ".join(f"{sql} AS {quoted(name)}" for name, sql in shown.items()))
            return [dict(zip(shown, row, strict=True)) for row in table.fetchall()]
        except Error as error:
            text = f"{where!r} is no condition over {', '.join(shown)}: {error}"
            raise ConfigError(text, key="where") from error


def _texts(column: str, kind: Any) -> Iterator[tuple[str, str]]:  # noqa: ANN401 - a DuckDBPyType, of a moving module
    """Give name and SQL of the texts in a column: itself, or those of the structs that it lists, as the viewer does."""
    if kind.id == "varchar":
        yield column, quoted(column)
    if kind.id == "list" and kind.children[0][1].id == "struct":
        for name, part in kind.children[0][1].children:
            if part.id == "varchar":
                yield f"{column}.{name}", f"[one.{quoted(name)} for one in {quoted(column)}]"
