"""The tables of a ledger, and which layout of them this is."""

from __future__ import annotations

import sqlite3
from pathlib import Path

from pico_banana.errors import StoreError
from pico_banana.regenerate.ledger.journal import connect

LAYOUT = "2"


def create_database(folder: Path, path: Path) -> None:
    """Make the database of a ledger; one that is there stays as it is.

    Args:
        folder: the ledger's folder.
        path: the database's file in it.

    Raises:
        StoreError: the folder cannot be written.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
        database = connect(path)
        database.executescript((Path(__file__).parent / "ledger.sql").read_text(encoding="utf-8"))
        database.execute("INSERT OR IGNORE INTO facts VALUES ('layout', ?)", (LAYOUT,))
        database.close()
    except (OSError, sqlite3.Error) as error:
        raise StoreError(f"cannot make a ledger in {folder}: {error}", path=str(folder)) from error
