"""The engine: walks many items at a time until all are done, the budget is reached, the disk is full, or Ctrl-C.

A plain function on the outside; asyncio stays in here.
"""

from __future__ import annotations

import asyncio
import signal
import time
from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol

from pico_banana.errors import (
    BudgetError,
    ConfigError,
    DiskFullError,
    ModelError,
    PictureError,
    RunStoppedError,
    StoreError,
    TransportError,
)
from pico_banana.regenerate.ledger.batchbook import BatchBook
from pico_banana.regenerate.ledger.book import Ledger, open_ledger
from pico_banana.regenerate.ledger.vault import RESERVE_BYTES
from pico_banana.regenerate.results.settling import settle
from pico_banana.regenerate.work.budget import Budget, unpriced
from pico_banana.regenerate.work.desk import Desk
from pico_banana.regenerate.work.pace import Stopped
from pico_banana.regenerate.work.staff import Staff, batching, dismiss
from pico_banana.regenerate.work.state import Progress, RunState

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Iterator
    from pathlib import Path

    from pico_banana.regenerate.settings.config import Config
    from pico_banana.regenerate.values import Item
    from pico_banana.regenerate.work.target import Target

_PROGRESS_EVERY_S = 1.0
_LARGE_PICTURE_BYTES = 2 << 20  # what a reply in flight may still bring


class Waiting(Protocol):
    """Says what there is to do."""

    def count(self, ledger: Ledger) -> int:
        """Count the items."""

    def items(self, ledger: Ledger) -> Iterator[Item]:
        """Give the items."""


@dataclass(frozen=True, slots=True)
class Job:
    """What a run is about: where its items come from, and what is done with one.

    Attributes:
        config: the configuration.
        staff: who does the work, connected.
        plan: writes the plan into a ledger that has none.
        walk: does one item, and says how it ended.
        target: accepted rows after which it is enough, or None.
        waiting: what to do instead of what is not finished; then the configuration does not become the ledger's.
        after: runs on the ledger at the end.
    """

    config: Config
    staff: Staff
    plan: Callable[[Ledger], None]
    walk: Callable[[Desk, Staff, Item], Awaitable[str]]
    target: Target | None = None
    waiting: Waiting | None = None
    after: Callable[[Ledger], None] | None = None


def run_job(
    job: Job, folder: Path, *, failed: bool = False, accept_changes: bool = False, progress: Progress | None = None
) -> RunState:
    """Plan, when there is no plan yet, and do what is not finished; `runner.run` says more.

    Args:
        job: what it is about.
        folder: the ledger's folder; made when it is not there.
        failed: do the items that failed in earlier runs instead of the others.
        accept_changes: go on with a configuration that asks something else than the ledger's.
        progress: called about once a second, and at the end.

    Returns:
        How far it came.

    Raises:
        ConfigError: the configuration differs from the ledger's.
        StoreError: the ledger cannot be written, or another process is running on it.
    """
    from filelock import FileLock, Timeout

    with open_ledger(folder, create=True, writable=True) as ledger:
        try:
            with FileLock(str(folder / "run.lock"), timeout=0):
                if job.waiting is None:
                    ledger.bind(job.config, accept_changes=accept_changes)
                job.plan(ledger)
                if ledger.changed:
                    settle(ledger, job.config)
                ledger.vault.keep_reserve(size=max(RESERVE_BYTES, job.config.editor.concurrency * _LARGE_PICTURE_BYTES))
                state = asyncio.run(_Run(ledger, job, progress).all(failed=failed))
                if job.after is not None:
                    job.after(ledger)
                return state
        except Timeout as error:
            text = f"another process is running on {folder}; wait for it, or take another ledger folder"
            raise StoreError(text, path=str(folder)) from error


class _Run:
    """One run: a feeder, some workers, and what they share."""

    def __init__(self, ledger: Ledger, job: Job, progress: Progress | None) -> None:
        spent, lost = ledger.spent_usd()
        config = job.config
        self.ledger = ledger
        self.config = config
        self.job = job
        self.staff = job.staff
        self.progress = progress
        able = batching(job.staff)
        if config.batch.transport == "batch" and not able:
            text = "batch.transport = 'batch', and no stage takes batches: Gemini (not on Vertex) and OpenAI do"
            raise ConfigError(text, key="batch.transport")
        held = BatchBook(ledger).held_usd  # set aside again, request by request, as they are asked for
        self.desk = Desk(ledger, config, Budget(config.run.budget_usd, spent + lost - held), able)
        self.state = RunState(unpriced=unpriced(config))
        self.began = time.monotonic()

    async def all(self, *, failed: bool) -> RunState:
        items = self._items(failed=failed)
        remove = self._listen_for_interrupts()
        ticker = asyncio.create_task(self._tick())
        self.desk.batches.start()
        online = self.config.batch.transport == "online"
        count = self.config.run.items_in_flight if online else self.config.batch.items_in_flight
        workers = [asyncio.create_task(self._work(items)) for _ in range(count)]
        try:
            await self._finish(workers)
        finally:
            ticker.cancel()
            remove()
            await self.desk.batches.close()
            await self.desk.drain()
            await dismiss(self.staff)
        self._report()
        return self.state

    def _items(self, *, failed: bool) -> Iterator[Item]:
        ledger, waiting = self.ledger, self.job.waiting
        if waiting is not None:
            self.state.total = waiting.count(ledger)
            return waiting.items(ledger)
        digest = self.config.digest()
        self.state.total = ledger.pending_count(digest, failed=failed)
        unfinished = (ledger.pending_count(digest, failed=either) for either in (False, True))
        self.state.earlier = ledger.item_count() - sum(unfinished)
        items = ledger.pending(digest, failed=failed)
        return items if self.job.target is None else self.job.target.chosen(items)

    async def _finish(self, workers: list[asyncio.Task[None]]) -> None:
        """Wait for the workers; once the run is stopping, only for the grace, then cancel."""
        stopping = asyncio.create_task(self.desk.stop.wait())
        every = asyncio.gather(*workers)
        both: set[asyncio.Future[Any]] = {every, stopping}
        await asyncio.wait(both, return_when=asyncio.FIRST_COMPLETED)
        if not every.done():
            await asyncio.wait({every}, timeout=self.config.run.stop_grace_s)
        for task in (*workers, stopping):
            task.cancel()
        await asyncio.gather(*workers, stopping, return_exceptions=True)
        if every.done() and not every.cancelled() and (error := every.exception()) is not None:
            raise error

    async def _work(self, items: Iterator[Item]) -> None:
        for item in items:
            if self.desk.stop.is_set():
                return
            await self._walk(item)

    async def _walk(self, item: Item) -> None:
        end = ""
        try:
            end = await self.job.walk(self.desk, self.staff, item)
        except (Stopped, asyncio.CancelledError):
            return
        except (BudgetError, DiskFullError, RunStoppedError) as error:
            self._halt(str(error))
        except (ConfigError, StoreError):
            self.desk.halt()
            raise
        except (ModelError, PictureError, TransportError) as error:
            await self._fail(item, error)
        else:
            self.state.done += 1
            self.state.by_type.setdefault(str(item.edit_types[0]), Counter())[end] += 1
        finally:
            self._ended(item, accepted=end == "accepted")

    def _ended(self, item: Item, *, accepted: bool) -> None:
        kind, usd = str(item.edit_types[0]), self.desk.item_ended(item.id)
        self.state.usd_by_type[kind] = self.state.usd_by_type.get(kind, 0.0) + usd
        if self.job.target is not None:
            self.job.target.note(kind, accepted=accepted, usd=usd)

    async def _fail(self, item: Item, error: Exception) -> None:
        kind = type(error).__name__
        self.state.failed += 1
        if isinstance(error, PictureError) and str(error) not in self.state.unreadable:
            self.state.unreadable.append(str(error))
        self.state.failures[kind] = self.state.failures.get(kind, 0) + 1
        row = {
            "item": item.id,
            "stage": getattr(error, "backend", ""),
            "error": kind,
            "text": str(error),
            "at": time.time(),
        }
        await asyncio.wrap_future(self.ledger.append("failures", row))

    def _halt(self, why: str) -> None:
        self.state.stopped = self.state.stopped or why
        self.desk.halt()

    def _listen_for_interrupts(self) -> Callable[[], None]:
        """Stop gently at Ctrl-C or SIGTERM; a second one cancels what is in flight."""
        loop = asyncio.get_running_loop()
        task = asyncio.current_task()

        def interrupted() -> None:
            if self.desk.stop.is_set() and task is not None:
                task.cancel()
            self._halt("interrupted")

        numbers = (signal.SIGINT, signal.SIGTERM)

        def deaf() -> None:
            for number in numbers:
                loop.remove_signal_handler(number)

        try:
            for number in numbers:
                loop.add_signal_handler(number, interrupted)
        except (NotImplementedError, RuntimeError, ValueError):
            return lambda: None  # not the main thread, or Windows: whoever runs us handles signals
        return deaf

    async def _tick(self) -> None:
        while True:
            await asyncio.sleep(_PROGRESS_EVERY_S)
            self._report()

    def _report(self) -> None:
        self.state.calls, self.state.replayed = self.desk.sent, self.desk.replayed
        self.state.models = self.desk.answered_by
        self.state.spent_usd = self.desk.budget.spent_usd
        self.state.in_flight_usd = self.desk.budget.reserved_usd
        self.state.seconds = time.monotonic() - self.began
        if self.progress is not None:
            self.progress(self.state)
