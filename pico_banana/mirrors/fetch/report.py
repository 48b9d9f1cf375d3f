"""What became of every item: one JSON line each in a file beside the store, and totals that add up."""

from __future__ import annotations

import json
import os
import threading
import time
from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal, TypeAlias

from pico_banana.mirrors.fetch.sizes import readable
from pico_banana.mirrors.store import translated
from pico_banana.mirrors.writing import write_whole
from pico_banana.telling import Carded, redacted

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

FOLDER = "reports"
_FLUSH_EVERY_S = 1.0
_MOST_LINES = 1000  # kept back at most, however fast they come

Status: TypeAlias = Literal["done", "reused", "failed", "left"]


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of one item.

    Attributes:
        address: its `picobanana://` address.
        path: where it is, or would be.
        status: "done" (fetched now), "reused" (was there), "failed", or "left" (the job was stopped first).
        source: the place it came from; of a failure, the last one asked.
        variant: which size of a photo it is, see `Candidate.variant`.
        size: its length in bytes; 0 for a failure.
        received: bytes that crossed the wire for it, all tries together.
        requests: tries, all places together.
        seconds: from the first try to the end.
        reason: one word for a failure, else empty.
        detail: the error's text, else empty.
    """

    address: str
    path: str
    status: Status
    source: str = ""
    variant: str = ""
    size: int = 0
    received: int = 0
    requests: int = 0
    seconds: float = 0.0
    reason: str = ""
    detail: str = ""


@dataclass(frozen=True, slots=True)
class Report(Carded):
    """The totals of a job; `total == done + reused + sum(failed.values()) + left`.

    Attributes:
        total: items looked at.
        done: fetched now.
        reused: there already.
        failed: by reason.
        left: not fetched because the job was stopped; not failed, the next run goes on with them.
        example: why the first of the failed failed, or empty.
        sources: fetched now, by where from.
        bytes: length of what was fetched now.
        received: bytes that crossed the wire, resumed and failed tries included.
        requests: tries of all items.
        seconds: how long the job ran.
        stopped: why the job ended before its items did: "SIGINT", "SIGTERM", or empty.
        path: the file with one line for each item, or None when none was written.
        unread: archives that could not be read to their end, with the reason.
        notes: what is worth knowing beside the numbers, e.g. where an archive was entered.
    """

    total: int = 0
    done: int = 0
    reused: int = 0
    failed: Mapping[str, int] = field(default_factory=dict)
    left: int = 0
    example: str = ""
    sources: Mapping[str, int] = field(default_factory=dict)
    bytes: int = 0
    received: int = 0
    requests: int = 0
    seconds: float = 0.0
    stopped: str = ""
    path: Path | None = None
    unread: Mapping[str, str] = field(default_factory=dict)
    notes: tuple[str, ...] = ()

    @property
    def failures(self) -> int:
        """Items that failed, for whatever reason."""
        return sum(self.failed.values())

    def as_dict(self) -> dict[str, object]:
        """Give the totals for `--json`.

        Returns:
            Plain values only.
        """
        names = ("total", "done", "reused", "left", "example", "bytes", "received", "requests", "seconds", "stopped")
        values: dict[str, object] = {name: getattr(self, name) for name in names}
        return values | {
            "failed": dict(self.failed),
            "sources": dict(self.sources),
            "unread": dict(self.unread),
            "notes": list(self.notes),
            "path": None if self.path is None else str(self.path),
        }

    def summary(self) -> str:
        """Say what happened, for people.

        Returns:
            A few lines.
        """
        lines = [f"{self.total:,} files: {self.done:,} fetched, {self.reused:,} were there, {self.failures:,} failed"]
        if self.done:
            rate = readable(self.bytes / max(self.seconds, 1e-9))
            lines.append(f"{readable(self.bytes)} in {self.seconds:.1f} s ({rate}/s), {self.requests:,} requests")
            lines.append("from " + ", ".join(f"{name}: {count:,}" for name, count in sorted(self.sources.items())))
        if self.failed:
            lines.append("failed: " + ", ".join(f"{why}: {count:,}" for why, count in sorted(self.failed.items())))
            lines.append(f"the first: {self.example}")
        if self.failed.get("network") and not self.done:
            lines.append('no server could be reached; mirror="sample" (--mirror sample) needs no network')
        lines += [f"could not be read: {reason}" for reason in self.unread.values()]
        lines += self.notes
        if self.stopped:
            lines.append(f"stopped by {self.stopped}; {self.left:,} left; the same command goes on from here")
        if self.path is not None:
            lines.append(f"one line for each file: {self.path}")
        return "\n".join(lines)


class Ledger:
    """Writes outcomes as they come and keeps the totals; safe to use from many threads.

    Attributes:
        path: the file that is written, or None.
    """

    def __init__(self, path: Path | None) -> None:
        """Begin at zero.

        Args:
            path: the file to write, made when there is something to write; None keeps totals alone.
        """
        self.path = path
        self._lock = threading.Lock()
        self._began = time.monotonic()
        self._lines: list[str] = []
        self._flushed_at = self._began
        self._by_status: Counter[str] = Counter()
        self._failed: Counter[str] = Counter()
        self._example = ""
        self._sources: Counter[str] = Counter()
        self._bytes = self._received = self._requests = 0

    def add(self, outcome: Outcome) -> None:
        """Count one outcome.

        Args:
            outcome: what became of an item.

        Raises:
            StoreError: the file cannot be written.
        """
        line = _line(outcome)
        with self._lock:
            self._by_status[outcome.status] += 1
            if outcome.status == "failed":
                self._failed[outcome.reason] += 1
                self._example = self._example or outcome.detail
            elif outcome.status == "done":
                self._sources[outcome.source] += 1
                self._bytes += outcome.size
            self._received += outcome.received
            self._requests += outcome.requests
            if self.path is not None:
                self._lines.append(line)
                if len(self._lines) >= _MOST_LINES or time.monotonic() - self._flushed_at > _FLUSH_EVERY_S:
                    self._flush()

    def close(self) -> None:
        """Write what is left.

        Raises:
            StoreError: the file cannot be written.
        """
        with self._lock:
            self._flush()

    def report(self, *, stopped: str = "") -> Report:
        """Give the totals so far.

        Args:
            stopped: the signal that ended the job, if one did.

        Returns:
            Totals that add up.
        """
        with self._lock:
            return Report(
                total=self._by_status.total(),
                done=self._by_status["done"],
                reused=self._by_status["reused"],
                failed=dict(self._failed),
                left=self._by_status["left"],
                example=self._example,
                sources=dict(self._sources),
                bytes=self._bytes,
                received=self._received,
                requests=self._requests,
                seconds=time.monotonic() - self._began,
                stopped=stopped,
                path=self.path,
            )

    def _flush(self) -> None:
        self._flushed_at = time.monotonic()
        if self.path is None or not self._lines:
            return
        data = "".join(self._lines).encode()
        self._lines.clear()
        try:
            self.path.parent.mkdir(parents=True, exist_ok=True)
            with self.path.open("ab", buffering=0) as file:
                write_whole(file, data)
        except OSError as error:
            told = translated(error, self.path)
            raise told from error


def report_path(root: Path, name: str) -> Path:
    """Choose where a new report goes.

    Args:
        root: the store's folder.
        name: what the job does, e.g. "download".

    Returns:
        A path that no other process uses.
    """
    now_us = time.time_ns() // 1000
    stamp = time.strftime("%Y%m%dT%H%M%S", time.gmtime(now_us // 1_000_000))
    return root / FOLDER / f"{name}-{stamp}.{now_us % 1_000_000:06}Z-{os.getpid()}.jsonl"


_in_json = json.JSONEncoder(ensure_ascii=False).encode  # json.dumps would make an encoder for every line


def _line(outcome: Outcome) -> str:
    values = {
        "address": redacted(outcome.address),
        "path": redacted(outcome.path),
        "status": outcome.status,
        "source": outcome.source,
        "variant": outcome.variant,
        "bytes": outcome.size,
        "received": outcome.received,
        "requests": outcome.requests,
        "seconds": round(outcome.seconds, 3),
        "reason": outcome.reason,
        "detail": redacted(outcome.detail),
    }
    return _in_json(values) + "\n"
