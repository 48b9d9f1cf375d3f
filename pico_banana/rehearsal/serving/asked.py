"""What a rehearsal server was asked, counted."""

from __future__ import annotations

import json
from collections import Counter, deque
from dataclasses import dataclass

_KEPT_REQUESTS = 100_000


@dataclass(frozen=True, slots=True)
class Logged:
    """One request and what it got.

    Attributes:
        method: GET or HEAD.
        host: the virtual host.
        path: the decoded path.
        range: the `Range` header, or an empty string.
        status: the HTTP status; 0 for a hang-up.
    """

    method: str
    host: str
    path: str
    range: str
    status: int


class Log:
    """What was asked of a server since it started or since `clear`."""

    def __init__(self) -> None:
        """Begin empty."""
        self.requests: deque[Logged] = deque(maxlen=_KEPT_REQUESTS)
        self.by_path: Counter[str] = Counter()
        self.by_status: Counter[int] = Counter()
        self.connections = 0

    @property
    def total(self) -> int:
        """How many requests came."""
        return sum(self.by_path.values())

    def add(self, entry: Logged) -> None:
        """Count one request.

        Args:
            entry: the request and its status.
        """
        self.requests.append(entry)
        self.by_path[entry.path] += 1
        self.by_status[entry.status] += 1

    def clear(self) -> None:
        """Forget every request so far."""
        self.requests.clear()
        self.by_path.clear()
        self.by_status.clear()
        self.connections = 0

    def as_json(self) -> bytes:
        """Give the totals, for a client in another process.

        Returns:
            A JSON object with `total`, `connections`, `by_status` and `heads`.
        """
        heads = sum(entry.method == "HEAD" for entry in self.requests)
        return json.dumps(
            {"total": self.total, "connections": self.connections, "by_status": self.by_status, "heads": heads}
        ).encode()
