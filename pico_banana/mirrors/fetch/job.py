"""Very many files: concurrent, resumable, one outcome for each, and a clean end however it ends.

What is there is never asked for, so a job that was interrupted is resumed by running it again. Items come as a stream
and are not kept: a million of them take no more memory than a thousand.
"""

from __future__ import annotations

import signal
import threading
import time
from collections import deque
from typing import TYPE_CHECKING

from pico_banana.errors import (
    GoneError,
    InterruptedTransferError,
    PictureError,
    StoreError,
    ThrottledError,
    TransportError,
)
from pico_banana.mirrors.fetch.dispatch import Dispatcher, Task
from pico_banana.mirrors.fetch.one import failure
from pico_banana.mirrors.fetch.pacing import Pacer
from pico_banana.mirrors.fetch.placing import claimed
from pico_banana.mirrors.fetch.progress import Progress, state_of
from pico_banana.mirrors.fetch.reasons import reason_of
from pico_banana.mirrors.fetch.report import Ledger, Report, Status
from pico_banana.mirrors.fetch.retry import RetryPolicy
from pico_banana.mirrors.fetch.signals import listening
from pico_banana.mirrors.fetch.transfer import BUFFER_BYTES, Checks, transfer
from pico_banana.mirrors.store import present

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from pathlib import Path

    from pico_banana.mirrors.fetch.failures import Failures
    from pico_banana.mirrors.fetch.item import FetchItem
    from pico_banana.mirrors.fetch.lane import Lane
    from pico_banana.mirrors.fetch.transport import Transport

_TICK_S = 0.25
_BUSY_ELSEWHERE_S = 0.2  # how soon a file is looked at again that another process is fetching
_GRACE_S = 5.0  # what is in flight when the job is stopped gets this long to arrive


class Job:
    """Fetches a stream of items.

    Attributes:
        report: the totals, up to date while the job runs.
    """

    def __init__(
        self,
        transport: Transport,
        *,
        connections: int = 32,
        policy: RetryPolicy | None = None,
        checks: Checks | None = None,
        failures: Failures | None = None,
        report_to: Path | None = None,
        progress: Callable[[Progress], None] | None = None,
    ) -> None:
        """Set a job up; nothing is asked before `run`.

        Args:
            transport: what asks.
            connections: most requests in flight, all hosts together.
            policy: how often something is tried.
            checks: how much of each file is looked at.
            failures: what is known to be gone; None remembers nothing.
            report_to: where to write one line for each item.
            progress: called a few times a second from the thread that runs the job.
        """
        self._transport = transport
        self._connections = connections
        self._policy = policy or RetryPolicy()
        self._checks = checks or Checks()
        self._failures = failures
        self._progress = progress
        self._pacer = Pacer(in_flight=connections)
        self._dispatcher = Dispatcher(self._pacer)
        self._ledger = Ledger(report_to)
        self._stop_transfers = threading.Event()
        self._signal: signal.Signals | None = None
        self._fatal: BaseException | None = None
        self._told_at = 0.0

    @property
    def report(self) -> Report:
        """The totals so far."""
        return self._ledger.report(stopped="" if self._signal is None else self._signal.name)

    def run(self, items: Iterable[FetchItem]) -> Report:
        """Fetch every item that is not there.

        SIGINT and SIGTERM end the job cleanly and are then delivered again, to whoever handled them before.

        Args:
            items: the items, as a stream; each file at most once.

        Returns:
            Totals that add up. A failed item is one of them, and never an exception.

        Raises:
            DiskFullError: there is no room; everything fetched so far is intact.
            StoreError: the store cannot be written.
        """
        workers = [
            threading.Thread(target=self._work, name=f"fetch-{n}", daemon=True) for n in range(self._connections)
        ]
        with listening(self._on_signal):
            for worker in workers:
                worker.start()
            try:
                self._feed(items)
                while not self._dispatcher.wait(_TICK_S):
                    self._tell()
            finally:
                self._end(workers)
        if self._signal is not None:
            signal.raise_signal(self._signal)
        return self.report

    def stop(self) -> None:
        """End the job: nothing new is asked for. Safe to call from any thread."""
        self._dispatcher.stop()

    def _feed(self, items: Iterable[FetchItem]) -> None:
        for item in items:
            task = self._task(item)
            while task is not None and not self._dispatcher.offer(task, timeout_s=_TICK_S):
                if self._stopping():
                    self._failed(task, InterruptedTransferError("the job was stopped first"), reason="stopped")
                    return
                self._tell()
            self._tell()
            if self._stopping():
                return
        self._dispatcher.close()

    def _task(self, item: FetchItem) -> Task | None:
        """Give the work for an item, or settle it at once when there is none."""
        task = Task(item, deque(), problems=[] if item.problem is None else [item.problem])
        if item.problem is None and present(item.path):
            self._ledger.add(task.outcome("reused", size=item.path.stat().st_size))
            return None
        for number in range(len(item.candidates)):
            url = item.candidate(number).url
            remembered = self._failures.reason(url) if self._failures is not None else ""
            if remembered:
                task.problems.append(GoneError(f"{url}: {remembered}", url=url))
            else:
                task.open.append(number)
        if not task.open:
            self._failed(task, failure(item, task.problems))
            return None
        return task

    def _work(self) -> None:
        buffer = memoryview(bytearray(BUFFER_BYTES))
        try:
            while (turn := self._dispatcher.take()) is not None:
                self._try(*turn, buffer)
        except StoreError as error:
            self._fatal = error
            self._dispatcher.stop()
        except BaseException as error:
            # Raised again by the thread that runs the job; a worker that died silently would leave it waiting.
            self._fatal = error
            self._dispatcher.stop()
            raise

    def _try(self, task: Task, lane: Lane, started: float, buffer: memoryview) -> None:
        """Make one request for a task and decide what follows."""
        claim = claimed(task.item.path)
        if isinstance(claim, StoreError):
            self._dispatcher.cancel(lane)
            self._failed(task, claim, reason="no_place")
            self._dispatcher.done()
            return
        if claim is None:
            self._dispatcher.cancel(lane)
            if self._settled_elsewhere(task):
                return
            self._dispatcher.again(task, delay_s=_BUSY_ELSEWHERE_S)
            return
        candidate = task.candidate
        problem: Exception | None = None
        task.began = task.began or started
        with claim:
            if self._settled_elsewhere(task):
                self._dispatcher.cancel(lane)
                return
            task.requests += 1
            try:
                task.received += transfer(
                    claim,
                    task.item,
                    candidate,
                    transport=self._transport,
                    buffer=buffer,
                    checks=self._checks,
                    stop=self._stop_transfers,
                )
            except (TransportError, PictureError) as error:
                problem = error.with_traceback(None)
            finally:
                self._dispatcher.finish(lane, started=started, error=problem)
            size = claim.size
        if problem is None:
            self._arrived(task, size)
        else:
            self._went_wrong(task, problem, heard=lane.heard)

    def _settled_elsewhere(self, task: Task) -> bool:
        """Settle a task whose file another process has finished meanwhile."""
        if not present(task.item.path):
            return False
        self._ledger.add(task.outcome("reused", size=task.item.path.stat().st_size))
        self._dispatcher.done()
        return True

    def _arrived(self, task: Task, size: int) -> None:
        self._ledger.add(task.outcome("done", size=size))
        self._dispatcher.done()

    def _went_wrong(self, task: Task, problem: Exception, *, heard: bool) -> None:
        if self._stop_transfers.is_set():
            self._failed(task, problem, reason="stopped")
            self._dispatcher.done()
            return
        throttled = isinstance(problem, ThrottledError)
        task.throttled += throttled
        task.tried += not throttled
        if self._policy.again(problem, tried=task.tried, throttled=task.throttled, heard=heard):
            self._dispatcher.again(task, delay_s=0.0 if throttled else self._policy.wait_s(task.tried))
            return
        if self._failures is not None and isinstance(problem, GoneError):
            self._failures.add(task.candidate.url, problem)
        if task.give_up_candidate(problem):
            self._dispatcher.again(task)
            return
        self._failed(task, failure(task.item, task.problems))
        self._dispatcher.done()

    def _failed(self, task: Task, error: Exception, *, reason: str = "") -> None:
        status: Status = "left" if reason == "stopped" else "failed"
        self._ledger.add(task.outcome(status, reason=reason or reason_of(error), detail=str(error)))

    def _end(self, workers: list[threading.Thread]) -> None:
        """Wait for the workers, settle what nobody took, and write the report.

        Raises:
            StoreError: the report cannot be written.
        """
        self._dispatcher.stop()
        give_up = time.monotonic() + (0.0 if self._fatal else _GRACE_S)
        for worker in workers:
            worker.join(max(0.0, give_up - time.monotonic()))
        self._stop_transfers.set()
        if any(worker.is_alive() for worker in workers):
            self._transport.abort()
            for worker in workers:
                worker.join()
        for task in self._dispatcher.remaining():
            self._failed(task, InterruptedTransferError("the job was stopped first"), reason="stopped")
        try:
            self._ledger.close()
        except StoreError:
            if self._fatal is None:
                raise
        self._tell(now=True)
        if self._fatal is not None:
            raise self._fatal

    def _stopping(self) -> bool:
        return self._signal is not None or self._fatal is not None or self._dispatcher.wait(0)

    def _tell(self, *, now: bool = False) -> None:
        at = time.monotonic()
        if self._progress is None or (at - self._told_at < _TICK_S and not now):
            return
        self._told_at = at
        with self._pacer.changed:
            hosts = tuple(state_of(lane, at) for lane in self._pacer.lanes.values())
        self._progress(Progress(self.report, hosts, self._dispatcher.retrying(at)))

    def _on_signal(self, number: signal.Signals) -> None:
        if self._signal is not None:  # the second time: no grace
            self._stop_transfers.set()
            self._transport.abort()
        self._signal = number
        # Taking the dispatcher's lock here could wait for the very thread that this handler interrupts.
        threading.Thread(target=self._dispatcher.stop, daemon=True).start()
