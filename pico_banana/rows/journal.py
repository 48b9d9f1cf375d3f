"""Rows of an annotation file that were changed since it was written: lines of a journal beside it, `.NAME.journal`.

Writing a Parquet file of 100,000 rows anew takes half a second, adding a line some milliseconds. So whoever changes
single rows adds lines, and puts them into the file a little later; whoever reads the file lays them over it. Lines are
numbered, and the file says in its metadata up to which number it holds them: so no line counts twice or over a later
one, whenever a process was killed, and a reader that takes the journal first and the file then needs no lock.
"""

from __future__ import annotations

import json
import os
from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from pico_banana.errors import ConfigError
from pico_banana.mirrors.notes import ODD_SHAPE, parse_note
from pico_banana.mirrors.writing import append_line

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    import pyarrow as pa

_ID, _NUMBER = "id", "number"
_HELD = b"pico_banana.changes"


@dataclass(frozen=True, slots=True)
class Change:
    """What became of a row.

    Attributes:
        number: of the change, counted on from file to file.
        row: the row's id.
        values: column to value, without the id; None when the row is gone.
    """

    number: int
    row: str
    values: Mapping[str, Any] | None


class Journal:
    """The journal of one file; only who holds the file's lock may add to it.

    Attributes:
        path: where it is, while there is something in it.
    """

    def __init__(self, file: Path) -> None:
        """Look at a journal, which need not be there.

        Args:
            file: the file of annotations.
        """
        self.path = file.with_name(f".{file.name}.journal")
        self._data = b""
        self._changes: list[Change] = []

    def changes(self) -> Sequence[Change]:
        """Read what is in it now.

        Returns:
            The changes, in their order. A line without its end is one that nobody was told of, and does not count.

        Raises:
            ConfigError: a line is none of ours.
            OSError: it cannot be read.
        """
        data = self._read()
        if data != self._data:
            lines = data[: data.rfind(b"\n") + 1].splitlines()
            self._changes = [self._change(number, line) for number, line in enumerate(lines, start=1)]
            self._data = data
        return self._changes

    def add(self, change: Change) -> None:
        """Add a change, and wait until it is on the disk.

        Args:
            change: numbered higher than all before.

        Raises:
            DiskFullError: there is no room; the change was not made.
            StoreError: the journal cannot be written; the change was not made.
            OSError: one of these, as `append_line` raises it.
        """
        values = {} if change.values is None else change.values
        line = json.dumps({_NUMBER: change.number, _ID: change.row, **values}, default=str).encode() + b"\n"
        data = self._read()
        whole = data.rfind(b"\n") + 1
        if whole < len(data):  # somebody was killed in the middle of a line
            os.truncate(self.path, whole)
        try:
            append_line(self.path, line, durable=True)
        except OSError:
            with suppress(OSError):
                os.truncate(self.path, whole)
            raise

    def end(self) -> None:
        """Remove it, when the file holds all of it."""
        self.path.unlink(missing_ok=True)

    def _read(self) -> bytes:
        try:
            return self.path.read_bytes()
        except FileNotFoundError:
            return b""

    def _change(self, number: int, line: bytes) -> Change:
        try:
            values = parse_note(line)
            change = Change(int(values.pop(_NUMBER)), str(values.pop(_ID)), values or None)
        except ODD_SHAPE as error:
            text = f"{self.path}:{number}: is no change of an annotation ({error!r}); remove this line"
            raise ConfigError(text, key="annotations") from error
        return change


def held(table: pa.Table) -> int:
    """Say which changes a file holds.

    Args:
        table: what was read from it.

    Returns:
        The number of the last one; 0 for a file that was written without a journal.
    """
    told = (table.schema.metadata or {}).get(_HELD, b"")
    return int(told) if told.isdigit() else 0


def holding(table: pa.Table, number: int) -> pa.Table:
    """Let a table say which changes it holds.

    Args:
        table: the table.
        number: of the last change in it.

    Returns:
        The same with the number in its metadata.
    """
    return table.replace_schema_metadata({**(table.schema.metadata or {}), _HELD: str(number).encode()})


def laid_over(table: pa.Table, changes: Sequence[Change]) -> pa.Table:
    """Lay changes over a table.

    Args:
        table: what the file holds.
        changes: of the journal; those that the file holds are left out.

    Returns:
        The table as it is now; rows that were changed stand at its end.

    Raises:
        ConfigError: the changes are of other columns.
    """
    import pyarrow as pa
    import pyarrow.compute as pc

    latest = {change.row: change.values for change in changes if change.number > held(table)}
    if not latest:
        return table
    rows = [{_ID: row, **values} for row, values in latest.items() if values is not None]
    if strange := {name for row in rows for name in row} - set(table.column_names):
        text = (
            f"the journal beside it has changes of other columns ({', '.join(sorted(strange))}); it is of another file"
        )
        raise ConfigError(text, key="annotations")
    changed = pc.is_in(table[_ID].cast(pa.string()), value_set=pa.array(list(latest), pa.string()))
    columns = [pa.array([row.get(field.name) for row in rows]).cast(field.type) for field in table.schema]
    return pa.concat_tables([table.filter(pc.invert(changed)), pa.table(columns, schema=table.schema)])


def read_amended(file: Path) -> pa.Table:
    """Read a Parquet file with what its journal says.

    Args:
        file: the file.

    Returns:
        The table as it is now.

    Raises:
        ConfigError: the journal is none of this file.
        OSError: the file cannot be read.
    """
    import pyarrow as pa
    from pyarrow import parquet

    changes = Journal(file).changes()  # first: meanwhile they may be put into the file, which says so
    with pa.OSFile(str(file)) as opened:  # by its name Arrow opens it twice: another file's end, when it is replaced
        return laid_over(parquet.read_table(opened), changes)
