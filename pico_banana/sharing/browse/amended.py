"""A Parquet file of annotations whose rows are changed one at a time, by several windows and processes.

A change is a line of the file's journal, on the disk when it is confirmed; half a second later the file itself has it.
One lock keeps processes apart for a line, which takes milliseconds, another while the file is written, which takes
longer and lets lines be added. Who reads needs neither.
"""

from __future__ import annotations

import logging
import threading
from typing import TYPE_CHECKING, Any

from pico_banana.errors import ConfigError, PicoBananaError
from pico_banana.mirrors.locking import locked
from pico_banana.mirrors.store import atomic_path, status_facts
from pico_banana.rows.journal import Change, Journal, held, holding, laid_over
from pico_banana.rows.sidecar import ID, read_annotations

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Mapping, Sequence
    from contextlib import AbstractContextManager
    from pathlib import Path

    import pyarrow as pa

PUT_IN_AFTER_S = 0.5


class AmendedFile:
    """The file and its journal, taken as one table.

    Attributes:
        path: the file; it is made with the first change.
        schema: its columns.
    """

    def __init__(self, path: Path, schema: pa.Schema) -> None:
        """Look at a file, which need not be there.

        Args:
            path: the file, absolute.
            schema: its columns, `id` among them.

        Raises:
            ConfigError: there are other annotations in it.
        """
        self.path, self.schema = path, schema
        self._journal = Journal(path)
        self._changes: Sequence[Change] = ()
        self._base = schema.empty_table()
        self._seen: dict[str, int] | None = None
        self._lock = threading.Lock()
        self._later: threading.Timer | None = None
        self._look()
        if self._changes:  # of somebody who was killed, or is alive
            self._put_in_later()

    def table(self) -> pa.Table:
        """Give all rows.

        Returns:
            The table as it is now, whoever changed it.
        """
        with self._lock:
            self._look()
            base, changes = self._base, self._changes
        return laid_over(base, changes)

    def rows(self, ids: Collection[str]) -> dict[str, dict[str, Any]]:
        """Give some rows.

        Args:
            ids: which.

        Returns:
            Id to the other columns, for those that the file has.
        """
        with self._lock:
            self._look()
            return self._rows(ids)

    def change(self, row: str, new: Callable[[Mapping[str, Any]], Mapping[str, Any] | None]) -> None:
        """Change a row, and wait until that is on the disk.

        Args:
            row: its id.
            new: from what the row holds, nothing for a new one, to what it is to hold; None takes it away.

        Raises:
            DiskFullError: there is no room; the row is as it was.
            StoreError: the file cannot be written; the row is as it was.
        """
        with self._lock, self._alone():
            self._look()
            last = max([held(self._base), *(change.number for change in self._changes[-1:])])
            self._journal.add(Change(last + 1, row, new(self._rows([row]).get(row, {}))))
            first = self._seen is None
            if not first:
                self._put_in_later()
        if first:
            self.put_in()

    def put_in(self) -> None:
        """Write the file with all that the journal has.

        Raises:
            DiskFullError: there is no room; nothing is lost.
            StoreError: the file cannot be written; nothing is lost.
        """
        with locked(self.path.with_name(f".{self.path.name}.writing.lock")):
            with self._lock:
                self._look()
                base, changes = self._base, self._changes
            if not changes:
                return
            whole = laid_over(base, changes)
            if whole is not base:
                whole = self._write(whole, changes[-1].number)
            with self._lock, self._alone():
                self._base, self._seen = whole, status_facts(self.path.stat())
                if self._journal.changes()[-1:] == changes[-1:]:
                    self._journal.end()
                else:  # lines came meanwhile, perhaps of somebody who is killed before putting them in
                    self._put_in_later()

    def close(self) -> None:
        """Put in what was changed last; what cannot be written stays in the journal, where readers find it."""
        with self._lock:
            if self._later is not None:
                self._later.cancel()
        self._put_in_now()

    def _rows(self, ids: Collection[str]) -> dict[str, dict[str, Any]]:
        import pyarrow as pa
        import pyarrow.compute as pc

        known = self._base[ID]
        # One is asked for by every key: comparing texts is ten times as quick as looking each of them up.
        here = pc.equal(known, *ids) if len(ids) == 1 else pc.is_in(known, value_set=pa.array(ids, pa.string()))
        some = self._base.take(pc.indices_nonzero(here))
        changes = [change for change in self._changes if change.row in ids]
        return {row.pop(ID): row for row in laid_over(some, changes).to_pylist()}

    def _look(self) -> None:
        """See what is there where it is another than at the last look; the journal first, as all readers do.

        Raises:
            ConfigError: there are other annotations in the file.
        """
        self._changes = self._journal.changes()
        try:
            facts = status_facts(self.path.stat())
        except FileNotFoundError:
            self._seen, self._base = None, self.schema.empty_table()
            return
        if facts != self._seen:
            self._base, self._seen = self._read(), facts

    def _read(self) -> pa.Table:
        table = read_annotations(self.path)
        if table.column_names != self.schema.names:
            text = (
                f"{self.path} holds other annotations ({', '.join(table.column_names)}), which would be replaced; "
                f"name another file for {', '.join(self.schema.names)}"
            )
            raise ConfigError(text, key="annotations")
        return holding(table.cast(self.schema), held(table))

    def _write(self, table: pa.Table, number: int) -> pa.Table:
        from pyarrow import parquet

        whole = holding(table.combine_chunks(), number)
        with atomic_path(self.path, durable=True) as temporary:
            parquet.write_table(whole, temporary)
        return whole

    def _alone(self) -> AbstractContextManager[None]:
        return locked(self.path.with_name(f".{self.path.name}.lock"))

    def _put_in_later(self) -> None:
        if self._later is None:
            self._later = threading.Timer(PUT_IN_AFTER_S, self._put_in_now)
            self._later.start()

    def _put_in_now(self) -> None:
        with self._lock:
            self._later = None  # what is changed from here on is put in later again
        try:
            self.put_in()
        except (PicoBananaError, OSError) as error:
            text = "changes stay in %s until %s can be written: %s"
            logging.getLogger("pico_banana.sharing.browse").warning(text, self._journal.path, self.path, error)
