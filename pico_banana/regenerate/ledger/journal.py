"""One thread that writes to the ledger's database, many rows a transaction.

A commit in SQLite's full-durability mode flushes the disk. Two hundred calls in flight would wait for two hundred
flushes; gathered, they wait for one. Whoever writes gets a future that is done when the row is on the disk, or holds
the reason why it is not: whatever goes wrong in the thread reaches those who wait, and the thread goes on.
"""

from __future__ import annotations

import os
import queue
import shutil
import sqlite3
import threading
from concurrent.futures import Future
from typing import TYPE_CHECKING, Any

from pico_banana.errors import DiskFullError, StoreError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

_MOST_ROWS = 500
_LARGEST = 2**63 - 1
_NO_ROOM = 1 << 20
# What the checks find may be found anew under other settings; everything else is written once.
_CHECKED = ("outcome", "reason", "checks", "input_width", "input_height", "edited_width", "edited_height", "changed")
_AGAIN = {
    "batches": "(id) DO UPDATE SET job = excluded.job, state = excluded.state",
    "attempts": "(item, turn, written, attempt, call) DO UPDATE SET "
    + ", ".join(f"{name} = excluded.{name}" for name in (*_CHECKED, "findings")),
}
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


def translated(error: Exception, path: Path) -> StoreError:
    """Turn whatever a write raised into an error that says what to do.

    Args:
        error: what was raised.
        path: the database file.

    Returns:
        A `DiskFullError` when there was no room, else a `StoreError`.
    """
    if isinstance(error, StoreError):
        return error
    # On a full disk SQLite now and then fails to grow its shared memory instead, and calls that an I/O error.
    primary = getattr(error, "sqlite_errorcode", 0) & 0xFF
    no_room = primary == sqlite3.SQLITE_IOERR and shutil.disk_usage(path.parent).free < _NO_ROOM
    if primary == sqlite3.SQLITE_FULL or no_room:
        text = f"no room left on the disk for {path}; free some space and run again"
        return DiskFullError(text, path=str(path))
    return StoreError(f"cannot write {path}: {type(error).__name__}: {error}", path=str(path))


def storable(value: object) -> object:
    """Make a value one that SQLite can keep: a paid reply is not lost for half a letter or an absurd count in it.

    Args:
        value: what a column is to hold.

    Returns:
        The value itself; halves of surrogate pairs become U+FFFD, whole numbers of more than 64 bits the largest one.
    """
    if isinstance(value, str) and not value.isascii():
        try:
            value.encode()
        except UnicodeEncodeError:
            return value.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
    if isinstance(value, int):
        return max(-_LARGEST - 1, min(_LARGEST, value))
    return value


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
        self._process = os.getpid()
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

        Raises:
            StoreError: this is a forked child, which has no such thread.
        """
        if os.getpid() != self._process:
            raise StoreError(f"{self._path} was opened before a fork; open it again in the child", path=str(self._path))
        marks = ", ".join("?" * len(row))
        done: Future[None] = Future()
        done.set_running_or_notify_cancel()  # from here on a waiter that is cancelled cannot take the row back
        # Not OR IGNORE, which also swallows a value that must not be null.
        again = _AGAIN.get(table, "DO NOTHING")
        statement = f"INSERT INTO {table} ({', '.join(row)}) VALUES ({marks}) ON CONFLICT {again}"  # noqa: S608 - ours
        self._queue.put((statement, tuple(map(storable, row.values())), done))
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
        except DiskFullError as error:
            _tell(entries, error)
        except Exception as error:  # noqa: BLE001 - whatever it is, those who wait must hear of it
            if len(entries) > 1:  # one row may be at fault; the others are as good as before
                for entry in entries:
                    self._write([entry])
            else:
                _tell(entries, translated(error, self._path))
        else:
            _tell(entries, None)

    def _commit(self, entries: list[Entry]) -> None:
        try:
            self._database.execute("BEGIN IMMEDIATE")
            for statement, values, _ in entries:
                self._database.execute(statement, values)
            self._database.execute("COMMIT")
        except Exception as error:
            if self._database.in_transaction:
                self._database.execute("ROLLBACK")
            raise translated(error, self._path) from error


def _tell(entries: list[Entry], error: Exception | None) -> None:
    for _, _, done in entries:
        if error is None:
            done.set_result(None)
        else:
            done.set_exception(error)
