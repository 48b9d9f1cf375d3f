"""One thread that writes to the ledger's database, many rows a transaction.

A commit in SQLite's full-durability mode flushes the disk. Two hundred calls in flight would wait for two hundred
flushes; gathered, they wait for one. Whoever writes gets a future that is done when the row is on the disk.
"""

from __future__ import annotations

import queue
import sqlite3
import threading
from concurrent.futures import Future
from typing import TYPE_CHECKING, Any

from pico_banana.errors import DiskFullError, StoreError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

_MOST_ROWS = 500
Entry = tuple[str, tuple[Any, ...], "Future[None]"]


def connect(path: Path) -> sqlite3.Connection:
    """Open the database of a ledger.

    Args:
        path: the database file.

    Returns:
        A connection in WAL mode that flushes every commit and waits for other readers.
    """
    database = sqlite3.connect(path, isolation_level=None, check_same_thread=False, timeout=60)
    database.execute("PRAGMA journal_mode = WAL")
    database.execute("PRAGMA synchronous = FULL")
    database.row_factory = sqlite3.Row
    return database


def translated(error: sqlite3.Error, path: Path) -> StoreError:
    """Turn an error of SQLite into one that says what to do.

    Args:
        error: what was raised.
        path: the database file.

    Returns:
        A `DiskFullError` when there was no room, else a `StoreError`.
    """
    if getattr(error, "sqlite_errorcode", 0) == sqlite3.SQLITE_FULL:
        text = f"no room left on the disk for {path}; free some space and run again, nothing that was paid for is lost"
        return DiskFullError(text, path=str(path))
    return StoreError(f"cannot write {path}: {error}", path=str(path))


class Journal:
    """Appends rows; see the module.

    Args:
        path: the database file.
        rescue: runs a write, and once more when the disk was full and room could be made; see `Vault.rescued`.
    """

    def __init__(self, path: Path, rescue: Callable[[Callable[[], None]], None]) -> None:
        """Start the thread."""
        self._path = path
        self._rescue = rescue
        self._queue: queue.SimpleQueue[Entry | None] = queue.SimpleQueue()
        self._database = connect(path)
        self._thread = threading.Thread(target=self._work, name="ledger", daemon=True)
        self._thread.start()

    def append(self, table: str, row: Mapping[str, Any]) -> Future[None]:
        """Append a row; one whose primary key is there already is left as it is.

        Args:
            table: the table.
            row: column to value.

        Returns:
            Done when the row is on the disk; raises StoreError or DiskFullError when it cannot be.
        """
        marks = ", ".join("?" * len(row))
        done: Future[None] = Future()
        done.set_running_or_notify_cancel()  # from here on a waiter that is cancelled cannot take the row back
        statement = f"INSERT OR IGNORE INTO {table} ({', '.join(row)}) VALUES ({marks})"  # noqa: S608 - our own names
        self._queue.put((statement, tuple(row.values()), done))
        return done

    def close(self) -> None:
        """Write what is left and stop the thread."""
        self._queue.put(None)
        self._thread.join()
        self._database.close()

    def _work(self) -> None:
        open_for_more = True
        while open_for_more:
            entries = [self._queue.get()]
            while entries[-1] is not None and len(entries) < _MOST_ROWS and not self._queue.empty():
                entries.append(self._queue.get())
            open_for_more = entries[-1] is not None
            self._write([entry for entry in entries if entry is not None])

    def _write(self, entries: list[Entry]) -> None:
        try:
            self._rescue(lambda: self._commit(entries))
        except StoreError as error:
            for _, _, done in entries:
                done.set_exception(error)
        else:
            for _, _, done in entries:
                done.set_result(None)

    def _commit(self, entries: list[Entry]) -> None:
        try:
            self._database.execute("BEGIN IMMEDIATE")
            for statement, values, _ in entries:
                self._database.execute(statement, values)
            self._database.execute("COMMIT")
        except sqlite3.Error as error:
            if self._database.in_transaction:
                self._database.execute("ROLLBACK")
            raise translated(error, self._path) from error
