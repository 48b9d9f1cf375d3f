"""Marks: what a person says of rows while looking at them, kept as annotations from the first key on.

Every mark is on the disk before it is confirmed, and two windows, or two servers, lose nothing of each other's.
"""

from __future__ import annotations

import getpass
from dataclasses import asdict, dataclass, fields, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pico_banana.errors import ConfigError
from pico_banana.rows.sidecar import ID
from pico_banana.sharing.browse.amended import AmendedFile

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
        if self.file.suffix != ".parquet":
            raise ConfigError(f"marks={file} does not end in .parquet", key="marks")
        self._kept = AmendedFile(self.file.absolute(), _schema())  # absolute: also where the process goes elsewhere

    def __len__(self) -> int:
        """Count the rows that are marked."""
        return len(self.to_arrow())

    def of(self, ids: Iterable[str]) -> dict[str, Mark]:
        """Give the marks of some rows, also those that others made meanwhile.

        Args:
            ids: the rows.

        Returns:
            Row's id to mark, for each of them.
        """
        wanted = list(ids)
        known = self._kept.rows(wanted)
        return {one: Mark(**known.get(one, {})) for one in wanted}

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
            StoreError: the marks cannot be written; they are as they were.
        """
        checked = _checked(changes)
        mark = Mark()

        def changed(before: Mapping[str, Any]) -> Mapping[str, Any] | None:
            nonlocal mark
            mark = replace(Mark(**before), **checked, marked_by=self.who, marked_at=datetime.now(UTC))
            return asdict(mark) if mark.says_something else None

        self._kept.change(row, changed)
        return mark

    def to_arrow(self) -> pa.Table:
        """Give the marks as annotations, for `where`.

        Returns:
            Columns `id`, `mark`, `score`, `note`, `marked_by` and `marked_at`.
        """
        return self._kept.table()

    def close(self) -> None:
        """Let the file have the last marks now, which it otherwise has half a second later."""
        self._kept.close()


def _schema() -> pa.Schema:
    import pyarrow as pa

    kinds = [pa.string(), pa.string(), pa.int8(), pa.string(), pa.string(), pa.timestamp("us", tz="UTC")]
    return pa.schema(list(zip([ID, *(field.name for field in fields(Mark))], kinds, strict=True)))


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
