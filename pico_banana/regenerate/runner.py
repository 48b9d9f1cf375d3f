"""The runner: walks many items at a time until all are done, the budget is reached, the disk is full, or Ctrl-C.

A plain function on the outside; asyncio stays in here.
"""

from __future__ import annotations

import asyncio
import signal
import time
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pico_banana.errors import (
    BudgetError,
    ConfigError,
    DiskFullError,
    ModelError,
    PictureError,
    StoreError,
    TransportError,
)
from pico_banana.regenerate.budget import Budget
from pico_banana.regenerate.desk import Desk
from pico_banana.regenerate.ledger import Ledger, open_ledger
from pico_banana.regenerate.pace import Stopped
from pico_banana.regenerate.plan import able_types, plan_run
from pico_banana.regenerate.staff import Staff, connect, dismiss, hire
from pico_banana.regenerate.walk import walk

if TYPE_CHECKING:
    from pico_banana.regenerate.config import Config
    from pico_banana.regenerate.values import Item, Photo

Progress = Callable[["RunState"], None]
_PROGRESS_EVERY_S = 1.0


@dataclass(slots=True)
class RunState:
    """How far a run is; `total == done + failed + left`.

    Attributes:
        total: items to walk in this run.
        earlier: items that earlier runs had finished.
        done: items finished in this run.
        failed: items that could not be finished; they wait for `retry-failed`.
        failures: error class to how many items.
        by_type: edit type of the first turn to how it ended ("accepted", "rejected", "refused", "declined") to
            how many items.
        calls: calls a service answered in this run.
        replayed: calls answered from the ledger in this run.
        spent_usd: spent so far, over all runs of the ledger.
        in_flight_usd: what calls in flight can cost at most.
        seconds: since this run began.
        stopped: why the run stopped early: "", "interrupted", or the text of an error.
    """

    total: int = 0
    earlier: int = 0
    done: int = 0
    failed: int = 0
    failures: dict[str, int] = field(default_factory=dict)
    by_type: dict[str, Counter[str]] = field(default_factory=dict)
    calls: int = 0
    replayed: int = 0
    spent_usd: float = 0.0
    in_flight_usd: float = 0.0
    seconds: float = 0.0
    stopped: str = ""

    @property
    def left(self) -> int:
        """Items this run has not finished."""
        return self.total - self.done - self.failed

    def as_json(self) -> dict[str, Any]:
        """Give the state as JSON values.

        Returns:
            A dictionary.
        """
        numbers = {
            name: getattr(self, name) for name in ("total", "earlier", "done", "failed", "left", "calls", "replayed")
        }
        money = {"spent_usd": self.spent_usd, "seconds": self.seconds, "stopped": self.stopped}
        by_type = {kind: dict(ends) for kind, ends in self.by_type.items()}
        return {**numbers, **money, "failures": self.failures, "by_type": by_type}

    @property
    def ended(self) -> Counter[str]:
        """How first turns ended, over all types."""
        return sum(self.by_type.values(), Counter())

    @property
    def eta_s(self) -> float | None:
        """Seconds until the end at the speed so far, or None when nothing is done yet."""
        return self.seconds / self.done * self.left if self.done else None


def run(
    config: Config,
    folder: str | Path,
    *,
    photos: Iterator[Photo] | None = None,
    staff: Staff | None = None,
    failed: bool = False,
    accept_changes: bool = False,
    progress: Progress | None = None,
) -> RunState:
    """Plan, when there is no plan yet, and walk what is not finished.

    Args:
        config: the configuration.
        folder: the ledger's folder; made when it is not there.
        photos: the photos; None for those the configuration names.
        staff: who does the work; None for the backends the configuration names.
        failed: walk the items that failed in earlier runs instead of the others.
        accept_changes: go on with a configuration that asks something else than the ledger's.
        progress: called about once a second, and at the end.

    Returns:
        How far it came.

    Raises:
        ConfigError: the configuration cannot be used, or differs from the ledger's.
        StoreError: the ledger cannot be written, or another process is running on it.
        MissingExtraError: a backend's package is not installed.
    """
    folder = Path(folder)
    from filelock import FileLock, Timeout

    workers = hire(config) if staff is None else staff
    connect(workers)
    with open_ledger(folder, create=True, writable=True) as ledger:
        try:
            with FileLock(str(folder / "run.lock"), timeout=0):
                ledger.bind(config, accept_changes=accept_changes)
                plan_run(ledger, config, photos=photos, able=able_types(workers.writer, workers.editor))
                ledger.vault.keep_reserve()
                return asyncio.run(_Run(ledger, config, workers, progress).all(failed=failed))
        except Timeout as error:
            text = f"another process is running on {folder}; wait for it, or take another ledger folder"
            raise StoreError(text, path=str(folder)) from error


class _Run:
    """One run: a feeder, some workers, and what they share."""

    def __init__(self, ledger: Ledger, config: Config, staff: Staff, progress: Progress | None) -> None:
        spent, lost = ledger.spent_usd()
        self.ledger = ledger
        self.config = config
        self.staff = staff
        self.progress = progress
        self.desk = Desk(ledger, config, Budget(config.run.budget_usd, spent + lost))
        self.state = RunState()
        self.began = time.monotonic()

    async def all(self, *, failed: bool) -> RunState:
        digest = self.config.digest()
        self.state.total = self.ledger.pending_count(digest, failed=failed)
        unfinished = (self.ledger.pending_count(digest, failed=waiting) for waiting in (False, True))
        self.state.earlier = self.ledger.item_count() - sum(unfinished)
        items = self.ledger.pending(digest, failed=failed)
        remove = self._listen_for_interrupts()
        ticker = asyncio.create_task(self._tick())
        workers = [asyncio.create_task(self._work(items)) for _ in range(self.config.run.items_in_flight)]
        try:
            await self._finish(workers)
        finally:
            ticker.cancel()
            remove()
            await self.desk.drain()
            await dismiss(self.staff)
        self._report()
        return self.state

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
        try:
            end = await walk(self.desk, self.staff, item)
        except (Stopped, asyncio.CancelledError):
            return
        except (BudgetError, DiskFullError) as error:
            self._halt(str(error))
        except (ConfigError, StoreError):
            self.desk.halt()
            raise
        except (ModelError, PictureError, TransportError) as error:
            await self._fail(item, error)
        else:
            self.state.done += 1
            self.state.by_type.setdefault(str(item.edit_types[0]), Counter())[end] += 1

    async def _fail(self, item: Item, error: Exception) -> None:
        kind = type(error).__name__
        self.state.failed += 1
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
        self.state.spent_usd = self.desk.budget.spent_usd
        self.state.in_flight_usd = self.desk.budget.reserved_usd
        self.state.seconds = time.monotonic() - self.began
        if self.progress is not None:
            self.progress(self.state)
