"""What is known to be gone for good, so that no run asks for it again too soon.

One JSON line an address in `failures.jsonl` beside the store: the URL, the status, and when. It is the URL that is
remembered, not the picture: when another place to get the picture from is added, that place is still asked.
"""

from __future__ import annotations

import json
import threading
import time
from typing import TYPE_CHECKING

from pico_banana.mirrors.notes import ODD_SHAPE, parse_note
from pico_banana.mirrors.store import write_atomic
from pico_banana.mirrors.writing import append_line
from pico_banana.telling import redacted

if TYPE_CHECKING:
    from pathlib import Path

    from pico_banana.errors import GoneError

FILE_NAME = "failures.jsonl"
MOST_AGE_DAYS = 30.0
_DAY_S = 86400.0


class Failures:
    """The URLs that answered 404 or 410 not longer ago than `most_age_days`."""

    def __init__(self, path: Path, *, most_age_days: float = MOST_AGE_DAYS) -> None:
        """Name the file; it is read on first use.

        Args:
            path: the file, which need not exist.
            most_age_days: how long an answer is believed.
        """
        self._path = path
        self._most_age_s = most_age_days * _DAY_S
        self._lock = threading.Lock()
        self._known: dict[str, tuple[int, float]] | None = None

    def reason(self, url: str) -> str:
        """Say why a URL need not be asked.

        Args:
            url: the address.

        Returns:
            E.g. "404 remembered from 2025-06-01", or an empty string when it may be asked.
        """
        found = self._all().get(redacted(url))
        if found is None:
            return ""
        status, at = found
        return f"{status} remembered from {time.strftime('%Y-%m-%d', time.gmtime(at))}"

    def __len__(self) -> int:
        """How many URLs are remembered."""
        return len(self._all())

    def add(self, url: str, error: GoneError) -> None:
        """Remember that a URL is gone.

        Args:
            url: what was asked; a redirect may have led `error.url` elsewhere.
            error: what the server said.

        Raises:
            StoreError: the file cannot be written.
        """
        now, shown = time.time(), redacted(url)
        self._all()[shown] = (error.status, now)
        line = json.dumps({"url": shown, "status": error.status, "at": int(now)}) + "\n"
        with self._lock:
            append_line(self._path, line.encode())

    def forget(self) -> int:
        """Forget them all, so that the next run asks again.

        Returns:
            How many there were.
        """
        count = len(self._all())
        self._known = {}
        self._path.unlink(missing_ok=True)
        return count

    def compact(self) -> None:
        """Write the file anew without repetitions and without what is too old."""
        lines = [json.dumps({"url": url, "status": status, "at": int(at)}) for url, (status, at) in self._all().items()]
        write_atomic(self._path, "".join(f"{line}\n" for line in lines).encode())

    def _all(self) -> dict[str, tuple[int, float]]:
        with self._lock:
            if self._known is None:
                self._known = self._read()
            return self._known

    def _read(self) -> dict[str, tuple[int, float]]:
        known: dict[str, tuple[int, float]] = {}
        oldest = time.time() - self._most_age_s
        if not self._path.is_file():
            return known
        with self._path.open("rb") as file:
            for line in file:
                try:
                    entry = parse_note(line)
                    url, status, at = str(entry["url"]), int(entry["status"]), float(entry["at"])
                except ODD_SHAPE:
                    continue  # a line that a crash cut off: that URL is asked once more
                if at >= oldest:
                    known[url] = (status, at)
        return known
