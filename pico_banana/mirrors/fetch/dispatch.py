"""Who works on what next: tasks wait in the lane of their host, and a worker takes one whose host may be asked now.

A slow host therefore never holds up a fast one, as long as there is room for its tasks to wait. The number of waiting
tasks is bounded, so that a million items use no more memory than a thousand.
"""

from __future__ import annotations

import heapq
import itertools
import math
import threading
import time
from collections import deque
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from pico_banana.mirrors.fetch.pacing import Pacer, host_of
from pico_banana.mirrors.fetch.report import Outcome, Status

if TYPE_CHECKING:
    from pico_banana.mirrors.fetch.item import Candidate, FetchItem
    from pico_banana.mirrors.fetch.lane import Lane


@dataclass(slots=True, eq=False)
class Task:
    """One item on its way through its candidates.

    Attributes:
        item: what is fetched.
        open: numbers of the candidates that may still be asked, the current one first.
        tried: tries of the current candidate that reached the server.
        throttled: tries of the current candidate that a limiter turned away.
        requests: tries of all candidates.
        received: bytes that crossed the wire.
        began: when the first try started, or None.
        problems: the last error of each candidate that was given up.
    """

    item: FetchItem
    open: deque[int]
    tried: int = 0
    throttled: int = 0
    requests: int = 0
    received: int = 0
    began: float | None = None
    problems: list[Exception] = field(default_factory=list)

    @property
    def candidate(self) -> Candidate:
        """The place that is asked next."""
        return self.item.candidate(self.open[0])

    def outcome(self, status: Status, *, size: int = 0, reason: str = "", detail: str = "") -> Outcome:
        """Say what became of the item.

        Args:
            status: "done", "reused" or "failed".
            size: its length in bytes.
            reason: one word for a failure.
            detail: the error's text.

        Returns:
            The outcome, with what the tries cost.
        """
        last = self.item.candidate(self.open[0] if self.open else -1) if self.item.candidates else None
        return Outcome(
            address=self.item.address,
            path=str(self.item.path),
            status=status,
            source="" if last is None or status == "reused" else last.source,
            variant="" if last is None or status != "done" else last.variant,
            size=size,
            received=self.received,
            requests=self.requests,
            seconds=0.0 if self.began is None else time.monotonic() - self.began,
            reason=reason,
            detail=detail,
        )

    def give_up_candidate(self, problem: Exception) -> bool:
        """Go on to the next place.

        Args:
            problem: why this one is given up.

        Returns:
            False when there is no other.
        """
        self.problems.append(problem)
        self.open.popleft()
        self.tried = self.throttled = 0
        return bool(self.open)


class Dispatcher:
    """The queue between one feeder and many workers."""

    def __init__(self, pacer: Pacer, *, most_pending: int = 8192) -> None:
        """Begin empty.

        Args:
            pacer: says which host may be asked when.
            most_pending: tasks that may wait; `offer` waits for room beyond.
        """
        self._pacer = pacer
        self._changed = pacer.changed
        # Whoever waits for room or for the end waits here, so that no finished request wakes him for nothing.
        self._settled = threading.Condition(pacer.lock)
        self._most_pending = most_pending
        self._queues: dict[str, deque[Task]] = {}
        self._later: list[tuple[float, int, Task]] = []
        self._order = itertools.count()
        self._pending = 0
        self._closed = False
        self._stopped = False
        self._timed_wait = False

    def offer(self, task: Task, *, timeout_s: float) -> bool:
        """Put a new task in line, waiting for room.

        Args:
            task: the task.
            timeout_s: seconds to wait for room.

        Returns:
            False when there was no room in time, or nothing is taken any more.
        """
        give_up = time.monotonic() + timeout_s
        with self._changed:
            while self._pending >= self._most_pending and not self._stopped:
                left = give_up - time.monotonic()
                if left <= 0 or not self._settled.wait(left):
                    return False
            if self._stopped:
                return False
            self._pending += 1
            self._enqueue(task)
            return True

    def again(self, task: Task, *, delay_s: float = 0.0) -> None:
        """Put a task back in line that `take` gave out.

        Args:
            task: the task.
            delay_s: seconds before it may be taken again.
        """
        with self._changed:
            if delay_s > 0:
                heapq.heappush(self._later, (time.monotonic() + delay_s, next(self._order), task))
                self._changed.notify()
            else:
                self._enqueue(task)

    def done(self) -> None:
        """Count one task as over."""
        with self._changed:
            self._pending -= 1
            if self._pending == self._most_pending - 1:
                self._settled.notify_all()
            if self._pending == 0 and self._closed:
                self._end()

    def take(self) -> tuple[Task, Lane, float] | None:
        """Wait for a task whose host may be asked now, and count its request as started.

        Returns:
            The task, its lane and the time; None when there will be no more.
        """
        with self._changed:
            while not self._stopped and not (self._closed and self._pending == 0):
                now = time.monotonic()
                self._wake(now)
                ready = math.inf
                for host, queue in self._queues.items():
                    if not queue:
                        continue
                    lane = self._pacer.lane(host)
                    at = lane.ready_at(now)
                    if at <= now:
                        lane.start(now)
                        self._changed.notify()  # the next one looks whether there is more, or keeps the time
                        return queue.popleft(), lane, now
                    ready = min(ready, at)
                self._wait(min(ready, self._later[0][0] if self._later else math.inf), now)
            self._changed.notify_all()
            return None

    def finish(self, lane: Lane, *, started: float, error: Exception | None) -> None:
        """Let a lane learn from how a request ended.

        Args:
            lane: the lane.
            started: when the request started.
            error: what it ended with.
        """
        with self._changed:
            lane.finish(time.monotonic(), started=started, error=error)
            self._changed.notify()

    def cancel(self, lane: Lane) -> None:
        """Take back the request that `take` counted, because it is not sent.

        Args:
            lane: the lane.
        """
        with self._changed:
            lane.cancel()
            self._changed.notify()

    def close(self) -> None:
        """Say that no new task will come."""
        with self._changed:
            self._closed = True
            if self._pending == 0:
                self._end()

    def stop(self) -> None:
        """Give out no more tasks."""
        with self._changed:
            self._stopped = True
            self._end()

    def wait(self, timeout_s: float) -> bool:
        """Wait for the end.

        Args:
            timeout_s: seconds to wait at most.

        Returns:
            True when every task is over or the queue is stopped.
        """
        with self._changed:
            return self._settled.wait_for(lambda: self._stopped or (self._closed and self._pending == 0), timeout_s)

    def retrying(self, now: float) -> dict[str, float]:
        """Say which hosts' answers were no good, and when they are asked again.

        Args:
            now: the time.

        Returns:
            Seconds to the next try by host.
        """
        with self._changed:
            waiting = sorted((at, number, task.candidate.url) for at, number, task in self._later if task.tried)
        return {host_of(url): max(0.0, at - now) for at, _, url in reversed(waiting)}

    def remaining(self) -> list[Task]:
        """Take out every task that nobody will take any more.

        Returns:
            The tasks left after `stop`.
        """
        with self._changed:
            left = [task for queue in self._queues.values() for task in queue] + [task for *_, task in self._later]
            self._queues.clear()
            self._later.clear()
            return left

    def _end(self) -> None:
        self._changed.notify_all()
        self._settled.notify_all()

    def _enqueue(self, task: Task) -> None:
        self._queues.setdefault(host_of(task.candidate.url), deque()).append(task)
        self._changed.notify()

    def _wake(self, now: float) -> None:
        while self._later and self._later[0][0] <= now:
            self._enqueue(heapq.heappop(self._later)[2])

    def _wait(self, until: float, now: float) -> None:
        # One waiting thread keeps the time for all: if each of them did, all would wake for one task.
        if until == math.inf or self._timed_wait:
            self._changed.wait()
            return
        self._timed_wait = True
        self._changed.wait(until - now)
        self._timed_wait = False
