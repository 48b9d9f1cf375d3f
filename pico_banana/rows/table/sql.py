"""The one door to DuckDB: a connection that reads the tables it is given, and nothing else.

Conditions come from users and column names from strangers' files. No connection reads or writes files, loads
extensions, sees this process's variables, or can change its own settings; memory and time are bounded.
"""

from __future__ import annotations

import threading
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from pico_banana.errors import SelectionError, missing_extra

if TYPE_CHECKING:
    from collections.abc import Iterator

MEMORY = "4GB"
MOST_SECONDS = 120.0
_SETTINGS = {
    "enable_external_access": "false",
    "autoinstall_known_extensions": "false",
    "autoload_known_extensions": "false",
    "allow_community_extensions": "false",
    "memory_limit": MEMORY,
    "temp_directory": "",
}
_LAST = ("SET python_enable_replacements = false", "SET lock_configuration = true")


@contextmanager
def connected(purpose: str, *, most_seconds: float = MOST_SECONDS) -> Iterator[Any]:
    """Open a connection for one question.

    Args:
        purpose: what it is needed for, for the message when DuckDB is not there.
        most_seconds: how long a question may take; longer ones are interrupted.

    Yields:
        The connection; give it tables with `register`.

    Raises:
        MissingExtraError: duckdb is not installed.
    """
    try:
        import duckdb
    except ImportError as absent:
        error = missing_extra("duckdb", "sql", purpose)
        raise error from absent
    with duckdb.connect(config=dict(_SETTINGS)) as connection:
        for statement in _LAST:
            connection.execute(statement)
        clock = threading.Timer(most_seconds, connection.interrupt)
        clock.daemon = True
        clock.start()
        try:
            yield connection
        finally:
            clock.cancel()


def sayable(text: str) -> None:
    """Refuse what no question to DuckDB can hold: what a terminal made of bytes that are no UTF-8.

    Args:
        text: a condition, or words to search for.

    Raises:
        SelectionError: it is no text, or holds half of a surrogate pair.
    """
    if not isinstance(text, str):
        raise SelectionError(f'{text!r} is no SQL; give a text, such as "score >= 0.8"')
    try:
        text.encode()
    except UnicodeEncodeError as error:
        raise SelectionError(f"{text!r} holds half of a surrogate pair, which is no text") from error


def quoted(name: str) -> str:
    """Write a column's name so that no name is SQL.

    Args:
        name: any text.

    Returns:
        An identifier.
    """
    return '"' + name.replace('"', '""') + '"'
