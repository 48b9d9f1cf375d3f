"""A ledger that cannot be read: one error of ours, whatever SQLite, zlib or a parser made of changed bytes."""

from __future__ import annotations

import json
import sqlite3
import zlib
from contextlib import closing, contextmanager
from typing import TYPE_CHECKING

from pico_banana.errors import PicoBananaError, StoreError
from pico_banana.mirrors.notes import ODD_SHAPE, parse_note

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

# What reading raises where bytes are not what was written; an error of SQLite may also be a busy or a full disk.
UNREADABLE = (sqlite3.DatabaseError, UnicodeDecodeError, json.JSONDecodeError, zlib.error)
# SQLite keeps whatever it is given, whatever a column is declared as: what may lie in a column of each kind.
_FITS = {"TEXT": "'text'", "INTEGER": "'integer'", "REAL": "'real', 'integer'", "BLOB": "'blob'"}


def unreadable(error: Exception, path: Path) -> StoreError:
    """Say that a ledger cannot be read.

    Args:
        error: what was raised.
        path: its database.

    Returns:
        The error to raise.
    """
    text = (
        f"{path} cannot be read as a ledger ({type(error).__name__}: {str(error)[:200]}); unless another program keeps "
        f"it locked it is damaged, or none: `sqlite3 {path} .recover` saves what can still be read"
    )
    return StoreError(text, path=str(path))


def damage_behind(error: BaseException | None, path: Path) -> StoreError | None:
    """Say whether an error that left a ledger's block came of what the ledger holds.

    Args:
        error: what was raised; None when nothing was.
        path: its database.

    Returns:
        The error to raise in its place; None when it is somebody else's, or already told.
    """
    if isinstance(error, UNREADABLE):
        return unreadable(error, path)
    if not isinstance(error, ODD_SHAPE) or isinstance(error, PicoBananaError):
        return None
    try:
        place = misfit(path)  # a look at every row, and only where something went wrong
    except sqlite3.Error as unread:
        return unreadable(unread, path)
    if place is None:
        return None
    text = f"{path}: {place}. Somebody else wrote to this ledger: mend the value, or take the ledger from a copy"
    return StoreError(text, path=str(path))


def misfit(path: Path) -> str | None:
    """Find a value that is not of its column's kind.

    Args:
        path: a ledger's database.

    Returns:
        Its table, row and column, and what lies there; None where every value is as it was declared.
    """
    ours = (
        "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite\\_%' ESCAPE '\\' ORDER BY name"
    )
    with closing(sqlite3.connect(path)) as database:
        tables = [str(row[0]) for row in database.execute(ours)]
        return next((place for table in tables for place in _misfits(database, table)), None)


def _misfits(database: sqlite3.Connection, table: str) -> Iterator[str]:
    columns = database.execute('SELECT name, type, "notnull", pk FROM pragma_table_info(?)', (table,)).fetchall()
    keys = [name for name, _, _, key in columns if key]
    for name, kind, needed, _ in columns:
        fits = _FITS.get(kind, f"typeof({name})") + ("" if needed else ", 'null'")
        query = f"SELECT typeof({name}), {', '.join(keys)} FROM {table} WHERE typeof({name}) NOT IN ({fits}) LIMIT 1"  # noqa: S608 - names of our own tables
        for found, *place in database.execute(query):
            row = ", ".join(f"{key} {value!r}" for key, value in zip(keys, place, strict=True))
            yield f"{name} of table {table} is a {found}, not {kind}, in the row of {row}"


@contextmanager
def naming(path: Path, row: str) -> Iterator[None]:
    """Tell which row of a ledger cannot be read.

    Args:
        path: its database.
        row: what the row is called.

    Yields:
        Nothing.

    Raises:
        StoreError: it could not be read.
    """
    try:
        yield
    except ODD_SHAPE as error:
        raise StoreError(f"{path}: {row} holds something else than was written: {error}", path=str(path)) from error


@contextmanager
def reading(path: Path) -> Iterator[None]:
    """Tell in one way that a ledger cannot be read.

    Args:
        path: its database.

    Yields:
        Nothing.

    Raises:
        StoreError: it could not.
    """
    try:
        yield
    except UNREADABLE as error:
        problem = unreadable(error, path)
        raise problem from error


def settings_in(text: str, path: Path) -> str:
    """Make sure that a stored configuration is one table.

    Args:
        text: what the ledger holds.
        path: its database.

    Returns:
        The text.

    Raises:
        StoreError: it is none.
    """
    try:
        parse_note(text).items()
    except ODD_SHAPE as error:
        problem = unreadable(error, path)
        raise problem from error
    return text
