"""A ledger that cannot be read: one error of ours, whatever SQLite, zlib or a parser made of changed bytes."""

from __future__ import annotations

import json
import sqlite3
import zlib
from contextlib import contextmanager
from typing import TYPE_CHECKING

from pico_banana.errors import StoreError
from pico_banana.mirrors.notes import ODD_SHAPE, parse_note

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

# What reading raises where bytes are not what was written; an error of SQLite may also be a busy or a full disk.
UNREADABLE = (sqlite3.DatabaseError, UnicodeDecodeError, json.JSONDecodeError, zlib.error)


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
