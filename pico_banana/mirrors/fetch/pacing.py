"""The lanes of all hosts: which URL belongs to which, and how threads wait for their turn. See `lane.py`."""

from __future__ import annotations

import math
import threading
import time
from fnmatch import fnmatchcase
from urllib.parse import urlsplit

from pico_banana.mirrors.fetch.lane import HostLimits, Lane

# Flickr answers 429 even to one connection (dataset.md); it is the last resort and gets the slow lane.
SLOW_LANE = HostLimits(in_flight=2, start=1, rate=4.0, rest_s=1.0)
DISK = "disk"
KNOWN_HOSTS: tuple[tuple[str, HostLimits], ...] = (("*.staticflickr.com", SLOW_LANE), ("*.flickr.com", SLOW_LANE))


def limits_for(host: str, *, in_flight: int) -> HostLimits:
    """Give the limits to start a host with.

    Args:
        host: its lane, as `host_of` names it.
        in_flight: most requests at the same time for a host nothing is known about.

    Returns:
        Its limits.
    """
    return dict(KNOWN_HOSTS).get(host) or HostLimits(in_flight=in_flight, start=min(16, in_flight))


def host_of(url: str) -> str:
    """Give the name of the lane that a URL belongs to.

    Args:
        url: any address.

    Returns:
        The host with its port, `s3://bucket` for object stores, or "disk". Hosts known to be one service behind many
        names share a lane, named by their pattern.
    """
    parts = urlsplit(url)
    if parts.scheme not in {"http", "https"}:
        return f"{parts.scheme}://{parts.netloc}" if parts.netloc and parts.scheme != "file" else DISK
    for pattern, _ in KNOWN_HOSTS:
        if fnmatchcase(parts.netloc, pattern):
            return pattern
    return parts.netloc


class Pacer:
    """The lanes of one process, safe to use from many threads.

    Attributes:
        lock: over all lanes.
        changed: on that lock; notified when a lane may have become ready.
        lanes: by host.
    """

    def __init__(self, *, in_flight: int = 64) -> None:
        """Begin without lanes.

        Args:
            in_flight: most requests at the same time for a host nothing is known about.
        """
        self.lock = threading.RLock()
        self.changed = threading.Condition(self.lock)
        self.lanes: dict[str, Lane] = {}
        self._in_flight = in_flight

    def lane(self, host: str) -> Lane:
        """Give a host's lane, made on first use; hold `changed` while using it.

        Args:
            host: as `host_of` names it.

        Returns:
            The lane.
        """
        if host not in self.lanes:
            self.lanes[host] = Lane(host, limits_for(host, in_flight=self._in_flight))
        return self.lanes[host]

    def turn(self, url: str, *, patience_s: float) -> float | None:
        """Wait until a URL's host may be asked, and count the request as started.

        Args:
            url: what will be asked.
            patience_s: the longest wait in seconds.

        Returns:
            The time it started, for `finish`; None when patience ended first.
        """
        give_up = time.monotonic() + patience_s
        with self.changed:
            lane = self.lane(host_of(url))
            while (ready := lane.ready_at(now := time.monotonic())) > now:
                if now >= give_up or (ready > give_up and ready != math.inf):
                    return None
                self.changed.wait(min(ready, give_up) - now)
            lane.start(now)
            return now

    def heard(self, url: str) -> bool:
        """Say whether a URL's host ever answered.

        Args:
            url: any address there.

        Returns:
            True when it did.
        """
        with self.changed:
            return self.lane(host_of(url)).heard

    def finish(self, url: str, *, started: float, error: Exception | None = None) -> None:
        """Count a request as ended.

        Args:
            url: what was asked.
            started: what `turn` gave.
            error: what it ended with.
        """
        with self.changed:
            self.lane(host_of(url)).finish(time.monotonic(), started=started, error=error)
            self.changed.notify_all()
