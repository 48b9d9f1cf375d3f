"""Fetch one file now: what opening a picture does when it is not there yet."""

from __future__ import annotations

import os
import threading
import time
from typing import TYPE_CHECKING

from pico_banana.errors import (
    GoneError,
    PictureCorruptError,
    PictureError,
    PictureMissingError,
    StoreError,
    ThrottledError,
    TransportError,
)
from pico_banana.mirrors.fetch.hosts import hosts_from_environment
from pico_banana.mirrors.fetch.pacing import Pacer, host_of
from pico_banana.mirrors.fetch.partial import Partial
from pico_banana.mirrors.fetch.placing import placing
from pico_banana.mirrors.fetch.retry import RetryPolicy
from pico_banana.mirrors.fetch.transfer import BUFFER_BYTES, Checks, transfer
from pico_banana.mirrors.fetch.transport import Transport
from pico_banana.mirrors.store import present

if TYPE_CHECKING:
    from pathlib import Path

    from pico_banana.mirrors.fetch.item import Candidate, FetchItem

_TOLD_FROM = 2  # tries of one place after which whoever waits is told
_PATIENCE_S = 120.0  # a picture that somebody is waiting for; a job waits longer


class Fetcher:
    """Fetches single files politely: paced by host, retried by class of error, checked, visible only when whole.

    Attributes:
        transport: what asks.
        pacer: how fast each host is asked, over all threads.
        policy: how often something is tried.
    """

    def __init__(
        self,
        transport: Transport | None = None,
        *,
        pacer: Pacer | None = None,
        policy: RetryPolicy | None = None,
        checks: Checks | None = None,
        patience_s: float = _PATIENCE_S,
    ) -> None:
        """Set a fetcher up; nothing is asked before `fetch`.

        Args:
            transport: what asks.
            pacer: how fast each host is asked.
            policy: how often something is tried.
            checks: how much of each file is looked at.
            patience_s: the longest wait for a host that asks everybody to wait, in seconds.
        """
        self.transport = transport or Transport()
        self.pacer = pacer or Pacer()
        self.policy = policy or RetryPolicy()
        self._checks = checks or Checks()
        self._patience_s = patience_s
        self._local = threading.local()

    def fetch(self, item: FetchItem) -> Path:
        """Bring one file, unless it is there.

        Args:
            item: the file.

        Returns:
            Its path.

        Raises:
            PictureMissingError: nobody has it.
            PictureCorruptError: what came, from the last place asked, is not a picture.
            TransportError: it could not be fetched this time.
            StoreError: it could not be written.
        """
        if present(item.path):
            return item.path
        with _claim(item) as claim:
            if present(item.path):
                return item.path
            problems = self._from_any(claim, item)
        if problems is not None:
            problem = failure(item, problems)
            raise problem
        return item.path

    def _from_any(self, claim: Partial, item: FetchItem) -> list[Exception] | None:
        """Ask one place after the other; None is success."""
        problems = []
        for number in range(len(item.candidates)):
            problem = self._from(claim, item, number)
            if problem is None:
                return None
            problems.append(problem)
        return problems

    def _from(self, claim: Partial, item: FetchItem, number: int) -> Exception | None:
        """Try one place until it works or is not worth another try; None is success."""
        candidate = item.candidate(number)
        tried = throttled = 0
        while (started := self.pacer.turn(candidate.url, patience_s=self._patience_s)) is not None:
            error = self._once(claim, item, candidate, started)
            if error is None:
                return None
            throttled += isinstance(error, ThrottledError)
            tried += not isinstance(error, ThrottledError)
            if not self.policy.again(error, tried=tried, throttled=throttled, heard=self.pacer.heard(candidate.url)):
                return error
            _tell(candidate.url, error, tried + throttled)
            if not isinstance(error, ThrottledError):
                time.sleep(self.policy.wait_s(tried))
        text = f"{candidate.url}: the host asked everybody to wait, and longer than {self._patience_s:.0f} s"
        return ThrottledError(text, url=candidate.url)

    def _once(self, claim: Partial, item: FetchItem, candidate: Candidate, started: float) -> Exception | None:
        problem: Exception | None = None
        try:
            transfer(claim, item, candidate, transport=self.transport, buffer=self._buffer(), checks=self._checks)
        except (TransportError, PictureError) as error:
            problem = error.with_traceback(None)  # with it, it would hold this frame and the connection
        finally:
            self.pacer.finish(candidate.url, started=started, error=problem)
        return problem

    def _buffer(self) -> memoryview:
        if not hasattr(self._local, "buffer"):
            self._local.buffer = memoryview(bytearray(BUFFER_BYTES))
        buffer: memoryview = self._local.buffer
        return buffer


def _tell(url: str, error: Exception, tried: int) -> None:
    """Say that somebody is waiting for a host; Python shows warnings on stderr unless the user's logging says else."""
    if tried < _TOLD_FROM:
        return
    import logging

    status = getattr(error, "status", 0)
    host = host_of(url).rpartition("@")[2]  # never the user and password of an address
    logging.getLogger("pico_banana.mirrors.fetch").warning(
        "%s %s; retrying (%d tries so far)", host, f"answered {status}" if status else "gave no whole answer", tried
    )


def failure(item: FetchItem, problems: list[Exception]) -> Exception:
    """Make one error of what every place answered.

    Args:
        item: the file.
        problems: the last error of each place, in order.

    Returns:
        A `PictureMissingError` when all say it is gone; else the error that is most worth another try.
    """
    asked = "; ".join(str(problem) for problem in problems)
    if not problems:
        return PictureMissingError(f"{item.address}: no place is known to have it", address=item.address)
    if all(isinstance(problem, GoneError) for problem in problems):
        return PictureMissingError(f"{item.address}: nobody has it ({asked})", address=item.address)
    for problem in problems:
        if isinstance(problem, TransportError) and problem.retryable:
            return problem
    corrupt = [problem for problem in problems if isinstance(problem, PictureCorruptError)]
    return corrupt[0] if corrupt else problems[-1]


_shared: Fetcher | None = None
_shared_process = 0
_shared_lock = threading.Lock()


def _start_anew() -> None:
    """Give a forked child a fetcher and a lock of its own; the parent's lock may have been held at the fork."""
    global _shared, _shared_lock
    _shared, _shared_lock = None, threading.Lock()


os.register_at_fork(after_in_child=_start_anew)


def shared_fetcher() -> Fetcher:
    """Give the fetcher of this process, so that all its readers share one pace; made on first use.

    Returns:
        The fetcher; a forked child gets its own.
    """
    global _shared, _shared_process  # noqa: PLW0603 - one pace for one process is the point
    with _shared_lock:
        if _shared is None or _shared_process != os.getpid():
            _shared = Fetcher(Transport(hosts=hosts_from_environment()))
            _shared_process = os.getpid()
        return _shared


def fetch_one(item: FetchItem) -> Path:
    """Bring one file, unless it is there; polite, retried, checked, visible only when whole.

    Args:
        item: the file.

    Returns:
        Its path.

    Raises:
        PictureMissingError: nobody has it.
        PictureCorruptError: what came is not a picture.
        TransportError: it could not be fetched this time.
        StoreError: it could not be written.
    """
    return shared_fetcher().fetch(item)


def _claim(item: FetchItem) -> Partial:
    """Claim a file, waiting for whoever has it.

    Raises:
        PictureError: there is no place for a file of this name, though there is for others.
        StoreError: it could not be claimed.
    """
    with placing(item.address):
        claim = Partial.claim(item.path, wait=True)
    if claim is None:
        raise StoreError(f"cannot claim {item.path}", path=str(item.path))
    return claim
