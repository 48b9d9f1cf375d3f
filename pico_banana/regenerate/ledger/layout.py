"""The tables of a ledger, and which layout of them this is."""

from __future__ import annotations

import sqlite3
from pathlib import Path

from pico_banana.errors import StoreError
from pico_banana.regenerate.ledger.journal import connect

DATABASE = "ledger.sqlite"
LAYOUT = "4"
# Layouts that lack nothing but tables that can be made again from the others, and how to fill those.
_CARRIED_OVER = {
    "2": """
    INSERT OR IGNORE INTO answering SELECT maker, stage, answered_by, count(*) FROM calls
      WHERE outcome != 'unavailable' GROUP BY 1, 2, 3;
    """,
    "3": "",  # it had no table of turns, and kept no counts
}


def is_ledger(folder: Path) -> bool:
    """Say whether a folder holds a ledger.

    Args:
        folder: the folder, which need not be there.

    Returns:
        True when it does.
    """
    return (folder / DATABASE).is_file()


def require_layout(database: sqlite3.Connection, path: Path) -> None:
    """Require that a ledger has the layout of this version; one that lacks only what can be made again is given it.

    Args:
        database: the ledger's.
        path: its file.

    Raises:
        StoreError: it is no ledger, or its layout cannot be brought up to date.
    """
    try:
        row = database.execute("SELECT value FROM facts WHERE name = 'layout'").fetchone()
    except sqlite3.DatabaseError as error:
        raise StoreError(f"{path} is not a ledger ({error})", path=str(path)) from error
    layout = "" if row is None else str(row["value"])
    if layout in _CARRIED_OVER:
        _carry_over(database, path, layout)
    elif layout != LAYOUT:
        raise StoreError(_refusal(path, layout), path=str(path))


def _carry_over(database: sqlite3.Connection, path: Path, layout: str) -> None:
    tables = (Path(__file__).parent / "ledger.sql").read_text(encoding="utf-8")
    fact = f"UPDATE facts SET value = '{LAYOUT}' WHERE name = 'layout';"  # noqa: S608 - ours
    try:
        database.executescript(f"BEGIN IMMEDIATE; {tables} {_CARRIED_OVER[layout]} {fact} COMMIT;")
    except sqlite3.Error as error:
        text = f"{path} is a ledger of an earlier version and cannot be brought up to date: {error}; make it writable"
        raise StoreError(text, path=str(path)) from error


def _refusal(path: Path, layout: str) -> str:
    if layout == "1":
        return (
            f"{path} is a ledger of the first layout, with one verdict an attempt; this version does not convert it. "
            "Carry it over by its rows: `pico-banana regenerate assemble` of the version that made it writes them as a "
            "folder; this version loads it (mirror=FOLDER) and scores its edits anew, by any judge, with `pico-banana "
            "score single_turn --mirror FOLDER --judge CONFIG --ledger NEW`. Begin a new ledger for new edits"
        )
    return (
        f"{path} is a ledger of another version of this package (layout {layout or 'unknown'}, not {LAYOUT}); "
        "open it with the version that made it, or a later one"
    )


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
