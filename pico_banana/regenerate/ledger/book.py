"""The ledger of a run: what was planned, asked, answered, scored. Rows are only ever added.

A folder::

    ledger.sqlite      the records, SQLite in WAL mode, every commit flushed
    pictures/ab/...    every picture a model made, by the hash of its content
    reserve            room set aside for the day the disk is full

The order is what makes it safe to kill at any moment: `opened` is on the disk before a call starts, the picture is on
the disk before the call's row, and the row before the attempt counts.
"""

from __future__ import annotations

import json
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

from pico_banana.errors import ConfigError, StoreError
from pico_banana.regenerate.ledger.damage import damage_behind, naming, reading, settings_in
from pico_banana.regenerate.ledger.entries import call_rows, item_from, reply_from
from pico_banana.regenerate.ledger.journal import Journal, connect
from pico_banana.regenerate.ledger.layout import DATABASE, create_database, require_layout
from pico_banana.regenerate.ledger.vault import Vault
from pico_banana.regenerate.settings.config import Config, config_from, differing_keys, digest_of
from pico_banana.regenerate.settings.hosts import without_userinfo

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Iterable, Iterator, Mapping
    from concurrent.futures import Future

    from pico_banana.regenerate.values import Item, Reply

_PAGE = 500
_ITEM = (
    "SELECT i.id, i.edit_types, i.seed, p.url, p.locator, p.known, p.objects, p.tags FROM items i "
    "JOIN photos p ON p.id = i.photo"
)


class Ledger:
    """One ledger, open for reading, and for appending when `writable`.

    Attributes:
        folder: where it lies.
        vault: its pictures.
        database: a connection for reading.
        changed: whether `bind` found that the configuration asks something else than the ledger's latest.
    """

    def __init__(self, folder: Path, *, writable: bool) -> None:
        """Connect; use `open_ledger`."""
        self.folder = folder
        self.vault = Vault(folder)
        self.database = connect(folder / DATABASE)
        self._journal = Journal(folder / DATABASE, self.vault.rescued) if writable else None
        self._samples: dict[int, bytes] | None = None
        self.changed = False

    def __enter__(self) -> Self:
        """Use it in a with block."""
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: object) -> None:
        """Close it; that it could not be read is told in one way."""
        self.close()
        if problem := damage_behind(error, self.folder / DATABASE):
            raise problem from error

    def close(self) -> None:
        """Write what is left, then close."""
        if self._journal is not None:
            self._journal.close()
        self.database.close()

    def append(self, table: str, row: Mapping[str, Any]) -> Future[None]:
        """Append a row to a table.

        Args:
            table: the table.
            row: column to value.

        Returns:
            Done when the row is on the disk.

        Raises:
            StoreError: the ledger was opened for reading only.
        """
        if self._journal is None:
            raise StoreError(f"{self.folder} was opened for reading", path=str(self.folder))
        if table == "calls":
            return self._append_call(self._journal, row)
        if table == "opened":
            row = {**row, "key": bytes.fromhex(row["key"])}
        return self._journal.append(table, row)

    def _append_call(self, journal: Journal, row: Mapping[str, Any]) -> Future[None]:
        if self._samples is None:
            self._samples = dict(map(tuple, self.database.execute("SELECT id, sample FROM makers")))
        maker, call = call_rows(row, self._samples)
        if maker is not None:
            journal.append("makers", maker)  # written before the call, or with it
        return journal.append("calls", call)

    def bind(self, config: Config, *, accept_changes: bool = False) -> None:
        """Record the configuration of this run, and refuse one that asks something else.

        Args:
            config: the run's configuration.
            accept_changes: go on all the same; what differs is in the ledger with its time.

        Raises:
            ConfigError: the configuration differs from the ledger's; the text names the keys.
        """
        latest = self.latest_config_json()
        differing = differing_keys(latest, config) if latest is not None else ()
        if differing and not accept_changes:
            text = (
                f"{self.folder} was run with another configuration; these keys differ: {', '.join(differing)}. "
                "Take another ledger folder, restore the values, or pass --accept-changes"
            )
            raise ConfigError(text, key=differing[0])
        stored = without_userinfo(config)
        # A ledger of an earlier version of this package knows fewer settings: its digest is another one.
        self.changed = bool(differing) or (latest is not None and digest_of(latest) != stored.digest())
        if latest != stored.as_json():
            row = {"digest": stored.digest(), "json": stored.as_json(), "at": time.time()}
            self.append("configs", row).result()

    def latest_config_json(self) -> str | None:
        """Give the configuration of the latest run.

        Returns:
            Its JSON text, or None when there was no run.
        """
        row = self.database.execute("SELECT json FROM configs ORDER BY id DESC LIMIT 1").fetchone()
        return None if row is None else settings_in(str(row["json"]), self.folder / DATABASE)

    def latest_config(self) -> Config:
        """Give the configuration of the latest run.

        Returns:
            The configuration.

        Raises:
            ConfigError: there was no run.
        """
        text = self.latest_config_json()
        if text is None:
            raise ConfigError(f"{self.folder} has no configuration yet; start with `pico-banana regenerate plan`")
        document = json.loads(text)
        return config_from({key: value for key, value in document.items() if value is not None})

    def item_count(self) -> int:
        """Count the planned items."""
        return len(self.item_ids())

    def item_ids(self) -> range:
        """Give the ids of the planned items: without a gap, from 1, or in a shard from the first one of its part."""
        # The first and the last one are found without reading those between them.
        statement = "SELECT coalesce((SELECT min(id) FROM items), 1), coalesce((SELECT max(id) FROM items), 0)"
        first, last = self.database.execute(statement).fetchone()
        return range(int(first), int(last) + 1)

    def items(self) -> Iterator[Item]:
        """Give the whole plan.

        Yields:
            The items by id.
        """
        yield from self._paged("1")

    def pending(self, digest: str, *, failed: bool = False) -> Iterator[Item]:
        """Give the items that are not finished under a configuration, a page at a time.

        Args:
            digest: the configuration's digest.
            failed: give only those that failed in an earlier run, instead of only those that did not.

        Yields:
            The items by id.
        """
        yield from self._paged(self._unfinished(failed=failed), digest)

    def pending_count(self, digest: str, *, failed: bool = False) -> int:
        """Count what `pending` would give.

        Args:
            digest: the configuration's digest.
            failed: see `pending`.

        Returns:
            The number of items.
        """
        finished = "SELECT item FROM finished WHERE digest = ?"
        waiting = f"SELECT count(DISTINCT item) FROM failures WHERE item NOT IN ({finished})"  # noqa: S608 - ours
        failures = int(self.database.execute(waiting, (digest,)).fetchone()[0])
        if failed:
            return failures
        counted = "SELECT count FROM counts WHERE name = 'finished' AND value = ?"
        done = self.database.execute(counted, (digest,)).fetchone()
        return self.item_count() - (int(done[0]) if done is not None else 0) - failures

    def items_of(self, numbers: Iterable[int]) -> Iterator[Item]:
        """Give the items with these ids, in their order."""
        for number in numbers:
            yield self._item(self.database.execute(f"{_ITEM} WHERE i.id = ?", (number,)).fetchone())

    def _item(self, row: sqlite3.Row) -> Item:
        with naming(self.folder / DATABASE, f"item {row['id']}, or its photo,"):
            return item_from(row)

    def _unfinished(self, *, failed: bool) -> str:
        # Failures of the run that is going on do not count: they would move the pages under its feet.
        latest = self.database.execute("SELECT coalesce(max(id), 0) FROM failures").fetchone()[0]
        unfinished = "NOT EXISTS (SELECT 1 FROM finished f WHERE f.item = i.id AND f.digest = :digest)"
        failure = f"EXISTS (SELECT 1 FROM failures e WHERE e.item = i.id AND e.id <= {int(latest)})"  # noqa: S608 - a number
        return f"{unfinished} AND {'' if failed else 'NOT '}{failure}"

    def _paged(self, where: str, digest: str = "") -> Iterator[Item]:
        statement = f"{_ITEM} WHERE i.id > :after AND {where} ORDER BY i.id LIMIT {_PAGE}"
        after = 0
        while rows := self.database.execute(statement, {"after": after, "digest": digest}).fetchall():
            yield from map(self._item, rows)
            after = rows[-1]["id"]

    def answer(self, key: str) -> Reply | None:
        """Look up the answer to a request.

        Args:
            key: the hash of everything that was asked.

        Returns:
            The reply as it came, or None when there is none yet.

        Raises:
            PictureMissingError: the record is there and its picture is not.
        """
        row = self.database.execute(
            "SELECT calls.*, makers.sample FROM calls JOIN makers ON makers.id = calls.maker "
            "WHERE key = ? AND outcome != 'unavailable'",
            (bytes.fromhex(key),),
        ).fetchone()
        if row is None:
            return None
        return reply_from(row, self.vault.load(row["picture"]) if row["picture"] else None)

    def next_call_id(self) -> int:
        """Give the first free number for `opened`.

        Returns:
            From 1.
        """
        lost, ended = self.database.execute(
            "SELECT (SELECT coalesce(max(id), 0) FROM opened), (SELECT coalesce(max(opened), 0) FROM calls)"
        ).fetchone()
        return int(max(lost, ended)) + 1

    def spent_usd(self) -> tuple[float, float]:
        """Sum the money.

        Returns:
            USD that finished calls cost, and USD that calls lost in flight may have cost at most.
        """
        spent = self.database.execute("SELECT coalesce(sum(usd), 0) FROM call_sums").fetchone()[0]
        lost = self.database.execute("SELECT coalesce(sum(most_usd), 0) FROM opened").fetchone()[0]
        return float(spent), float(lost)


def open_ledger(folder: str | Path, *, create: bool = False, writable: bool = False) -> Ledger:
    """Open a ledger.

    Args:
        folder: where it lies.
        create: make it when it is not there.
        writable: open it for appending too.

    Returns:
        The ledger; close it.

    Raises:
        StoreError: there is no ledger, it is of another layout, or the folder cannot be written.
    """
    folder = Path(folder)
    path = folder / DATABASE
    if not path.exists() and not create:
        text = f"{folder} holds no ledger; make one with `pico-banana regenerate plan CONFIG --ledger {folder}`"
        raise StoreError(text, path=str(folder))
    if create:
        create_database(folder, path)
    with reading(path):
        ledger = Ledger(folder, writable=writable)
    try:
        require_layout(ledger.database, path)
    except StoreError:
        ledger.close()
        raise
    return ledger
