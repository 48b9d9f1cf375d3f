"""Marks: what a person says of rows while looking at them, kept as annotations from the first key on.

Every mark is on the disk before it is confirmed: the file is read, changed and replaced as a whole under a lock, so
that two windows, or two servers, lose nothing of each other's, and neither does one that is killed.
"""

from __future__ import annotations

import getpass
import threading
from dataclasses import dataclass, fields, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pico_banana.errors import ConfigError
from pico_banana.mirrors.locking import locked
from pico_banana.mirrors.store import atomic_path, status_facts
from pico_banana.rows.sidecar import ID, read_annotations

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    import pyarrow as pa

WORDS = ("keep", "drop")
LEAST, MOST = 1, 5
_LONGEST_NOTE = 2000


@dataclass(frozen=True, slots=True)
class Mark:
    """What somebody said of a row.

    Attributes:
        mark: "keep" or "drop", or None.
        score: 1 to 5, or None.
        note: words of one's own, or None.
        marked_by: who said the last of it.
        marked_at: when, in UTC.
    """

    mark: str | None = None
    score: int | None = None
    note: str | None = None
    marked_by: str | None = None
    marked_at: datetime | None = None

    @property
    def says_something(self) -> bool:
        """Whether anything is left of it."""
        return (self.mark, self.score, self.note) != (None, None, None)


class Marks:
    """A file of marks, and its changes.

    Attributes:
        file: the Parquet file; it is made with the first mark.
        who: who marks.
    """

    def __init__(self, file: str | Path, *, who: str | None = None) -> None:
        """Look at a file of marks, which need not be there.

        Args:
            file: a .parquet file.
            who: the name that marks get; None for the login name.

        Raises:
            ConfigError: the file is no Parquet, or there are other annotations in it.
        """
        self.file = Path(file)
        self.who = who or _login()
        self._file = self.file.absolute()  # also where the process goes elsewhere
        if self.file.suffix != ".parquet":
            raise ConfigError(f"marks={file} does not end in .parquet", key="marks")
        self._lock = threading.Lock()
        self._seen: dict[str, int] | None = None
        self._marks: dict[str, Mark] = {}
        self._read()

    def __len__(self) -> int:
        """Count the rows that are marked."""
        return len(self.all())

    def all(self) -> Mapping[str, Mark]:
        """Give every mark, also those that others made meanwhile.

        Returns:
            Row's id to mark.
        """
        with self._lock:
            return self._read()

    def of(self, ids: Iterable[str]) -> dict[str, Mark]:
        """Give the marks of some rows.

        Args:
            ids: the rows.

        Returns:
            Row's id to mark, for each of them.
        """
        marks = self.all()
        return {one: marks.get(one, Mark()) for one in ids}

    def change(self, row: str, changes: Mapping[str, Any]) -> Mark:
        """Mark a row, and wait until the mark is on the disk.

        Args:
            row: the row's id.
            changes: `mark`, `score`, `note`, or some of them; None takes one away. What is not named stays.

        Returns:
            What is now said of the row.

        Raises:
            ConfigError: a change that there is not.
            DiskFullError: there is no room; the marks are as they were.
            StoreError: the file cannot be written; the marks are as they were.
        """
        checked = _checked(changes)
        with self._lock, locked(self._file.with_name(f".{self.file.name}.lock")):
            marks = dict(self._read())
            mark = replace(marks.get(row, Mark()), **checked, marked_by=self.who, marked_at=datetime.now(UTC))
            if mark.says_something:
                marks[row] = mark
            else:
                marks.pop(row, None)
            self._write(marks)
        return mark

    def to_arrow(self) -> pa.Table:
        """Give the marks as annotations, for `where`.

        Returns:
            Columns `id`, `mark`, `score`, `note`, `marked_by` and `marked_at`.
        """
        return _table(self.all())

    def _read(self) -> dict[str, Mark]:
        """Read the file where it is another than at the last look.

        Raises:
            ConfigError: there are other annotations in it.
        """
        try:
            facts = status_facts(self._file.stat())
        except FileNotFoundError:
            self._seen, self._marks = None, {}
            return self._marks
        if facts != self._seen:
            table = read_annotations(self._file)
            if table.column_names != _names():
                text = (
                    f"{self.file} holds other annotations ({', '.join(table.column_names)}), which marks would "
                    "replace; name another file for the marks"
                )
                raise ConfigError(text, key="marks")
            self._marks = {row.pop(ID): Mark(**row) for row in table.to_pylist()}
            self._seen = facts
        return self._marks

    def _write(self, marks: dict[str, Mark]) -> None:
        from pyarrow import parquet

        with atomic_path(self._file, durable=True) as temporary:
            parquet.write_table(_table(marks), temporary)
        self._marks, self._seen = marks, status_facts(self._file.stat())


def _names() -> list[str]:
    return [ID, *(field.name for field in fields(Mark))]


def _table(marks: Mapping[str, Mark]) -> pa.Table:
    import pyarrow as pa

    kinds = [pa.string(), pa.string(), pa.int8(), pa.string(), pa.string(), pa.timestamp("us", tz="UTC")]
    schema = pa.schema(list(zip(_names(), kinds, strict=True)))
    columns = [list(marks), *([getattr(mark, name) for mark in marks.values()] for name in schema.names[1:])]
    return pa.table([pa.array(values, kind) for values, kind in zip(columns, kinds, strict=True)], schema=schema)


def _checked(changes: Mapping[str, Any]) -> dict[str, Any]:
    """Take changes for what they may be, whoever sent them.

    Raises:
        ConfigError: one is none.
    """
    tests: dict[str, Callable[[Any], bool]] = {
        "mark": lambda given: given in WORDS,
        "score": lambda given: type(given) is int and LEAST <= given <= MOST,
        "note": lambda given: isinstance(given, str) and len(given) <= _LONGEST_NOTE,
    }
    for name, value in changes.items():
        if name not in tests or not (value is None or tests[name](value)):
            text = (
                f"{name}={value!r} is no mark: mark is {' or '.join(WORDS)}, score {LEAST} to {MOST}, "
                f"note a text of at most {_LONGEST_NOTE} characters"
            )
            raise ConfigError(text, key=name)
    return {name: value or None for name, value in changes.items()}


def _login() -> str:
    try:
        return getpass.getuser()
    except (OSError, KeyError, ImportError):  # a container's user may have a number and no name
        return "unknown"
