"""What a ledger knows of batches: which were written, sent and fetched, and which requests are in which."""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from pico_banana.mirrors.store import write_atomic

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator
    from pathlib import Path

    from pico_banana.regenerate.ledger.book import Ledger

WRITTEN, SENT, FETCHED, FAILED = "written", "sent", "fetched", "failed"
_READABLE = "batch_output_bytes"


@dataclass(slots=True)
class Batch:
    """One batch.

    Attributes:
        id: our name for it, which the service is told too.
        table: the stage's table of the configuration.
        picture: whether its answers are pictures.
        output_bytes: how long its answers are expected to be.
        job: the service's name, empty until it is known.
        state: see `ledger.sql`.
        at: when it was written, seconds since the epoch.
        opened: key of each request to the number under which it was opened.
    """

    id: str
    table: str
    picture: bool
    output_bytes: int
    job: str = ""
    state: str = WRITTEN
    at: float = field(default_factory=time.time)
    opened: dict[str, int] = field(default_factory=dict)


class BatchBook:
    """The batches of one ledger.

    Args:
        ledger: open for writing.
    """

    def __init__(self, ledger: Ledger) -> None:
        """Name the folder; nothing is made."""
        self._ledger = ledger
        self._folder = ledger.folder / "batches"

    def requests_file(self, batch: Batch) -> Path:
        """Say where the requests of a batch lie."""
        return self._folder / f"{batch.id}.requests.jsonl"

    def answers_file(self, batch: Batch) -> Path:
        """Say where the answers of a batch lie."""
        return self._folder / f"{batch.id}.answers.jsonl"

    def write(self, batch: Batch, lines: Iterable[bytes]) -> None:
        """Make a new batch durable: first its file, then what the ledger knows of it.

        Args:
            batch: the batch, its requests opened.
            lines: its requests.
        """
        write_atomic(self.requests_file(batch), b"".join(lines), durable=True)
        for key, opened in batch.opened.items():
            self._ledger.append("batched", {"batch": batch.id, "key": bytes.fromhex(key), "opened": opened})
        self.note(batch)

    def note(self, batch: Batch, state: str = "", job: str = "") -> None:
        """Make durable how far a batch is.

        Args:
            batch: the batch; changed.
            state: its new state; empty to leave it.
            job: the service's name; empty to leave it.
        """
        batch.state, batch.job = state or batch.state, job or batch.job
        row = {"id": batch.id, "stage_table": batch.table, "picture": int(batch.picture), "at": batch.at}
        more = {"output_bytes": batch.output_bytes, "job": batch.job, "state": batch.state}
        self._ledger.append("batches", {**row, **more}).result()
        if batch.state == FAILED:  # nothing will come, and what was in it is asked for in another one
            self.remove_files(batch)

    def keep_answers(self, batch: Batch, data: bytes) -> None:
        """Make the answers of a batch durable.

        Args:
            batch: the batch.
            data: all lines that came.
        """
        write_atomic(self.answers_file(batch), data, durable=True)
        self.note(batch, FETCHED)

    def unfinished(self) -> list[Batch]:
        """Give the batches that requests may still be answered from, the oldest first.

        Returns:
            The batches with those of their requests that have no answer yet.
        """
        # Killed before a batch was whole, a process left requests that nobody was sent.
        self._ledger.database.execute(f"DELETE FROM opened WHERE id IN (SELECT opened FROM batched WHERE {_NO_BATCH})")  # noqa: S608 - ours
        self._ledger.database.execute(f"DELETE FROM batched WHERE {_NO_BATCH}")  # noqa: S608 - ours
        # What it left of a batch that brought nothing was not paid either.
        self._ledger.database.execute(f"DELETE FROM opened WHERE id IN ({_OF_FAILED})", (FAILED,))  # noqa: S608 - ours
        return [batch for batch in self._batches() if batch.opened]

    def remove_done(self) -> None:
        """Remove the files of batches whose requests all have their answers, and of those that were never noted."""
        needed = {batch.id for batch in self._batches() if batch.state != FETCHED or batch.opened}
        self._remove(lambda batch: batch not in needed)

    def _batches(self) -> Iterator[Batch]:
        rows = self._ledger.database.execute("SELECT * FROM batches WHERE state != ? ORDER BY at", (FAILED,)).fetchall()
        for row in rows:
            batch = Batch(
                row["id"],
                row["stage_table"],
                bool(row["picture"]),
                row["output_bytes"],
                row["job"],
                row["state"],
                row["at"],
            )
            batch.opened = {
                bytes(key).hex(): number for key, number in self._ledger.database.execute(_OPEN, (batch.id,))
            }
            yield batch

    def remove_files(self, batch: Batch) -> None:
        """Remove the files of a batch that nobody needs any more."""
        self._remove(lambda one: one == batch.id)

    def _remove(self, is_done: Callable[[str], bool]) -> None:
        for path in self._folder.glob("*"):
            # What a killed process left half written has a point before its name, see `write_atomic`.
            if is_done(path.name.removeprefix(".").partition(".")[0]):
                path.unlink(missing_ok=True)

    @property
    def held_usd(self) -> float:
        """What the requests in unfinished batches may cost at most, which is neither spent nor lost."""
        return float(self._ledger.database.execute(_HELD, (FAILED,)).fetchone()[0])

    @property
    def readable_bytes(self) -> int:
        """The longest answers that a service is trusted to let us read; 0 where none failed."""
        row = self._ledger.database.execute(
            "SELECT min(CAST(value AS INTEGER)) FROM facts WHERE name LIKE ?", (f"{_READABLE}%",)
        )
        return int(row.fetchone()[0] or 0)

    def not_readable(self, size: int) -> None:
        """Remember that answers of a size could not be read; later batches have half of it at most."""
        self._ledger.append("facts", {"name": f"{_READABLE} {size}", "value": str(size // 2)}).result()


_OPEN = "SELECT key, opened FROM batched b WHERE batch = ? AND EXISTS (SELECT 1 FROM opened o WHERE o.id = b.opened)"
_NO_BATCH = "batch NOT IN (SELECT id FROM batches)"
_OF_FAILED = "SELECT opened FROM batched JOIN batches ON batches.id = batch WHERE state = ?"
_HELD = (
    "SELECT coalesce(sum(most_usd), 0) FROM opened WHERE id IN "
    "(SELECT opened FROM batched JOIN batches ON batches.id = batch WHERE state != ?)"
)
