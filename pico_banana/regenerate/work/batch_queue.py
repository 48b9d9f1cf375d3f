"""Requests of one stage that wait for more: so many fit one batch, by their size and their answers'."""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    import asyncio
    from collections.abc import Awaitable, Callable

    from pico_banana.regenerate.backends.batching import Line
    from pico_banana.regenerate.settings.batching import BatchSettings


class Came(NamedTuple):
    """What a batch brought for a request.

    Attributes:
        opened: the number under which the request was opened.
        line: the service's answer or error; None where nothing came.
        why: why not, in the service's word.
        is_paid: whether it may have been paid although nothing came.
    """

    opened: int
    line: Line | None
    why: str = ""
    is_paid: bool = False


@dataclass(slots=True)
class Waiting:
    """A request that is in no batch yet.

    Attributes:
        key: of the request.
        line: what goes into the file.
        open: records that it is about to be sent, and gives its number.
        came: is told what comes.
    """

    key: str
    line: bytes
    open: Callable[[], Awaitable[int]]
    came: asyncio.Future[Came | None]


@dataclass(slots=True)
class BatchQueue:
    """Requests of one stage that wait for more.

    Attributes:
        settings: how large a batch may be.
        picture: whether the answers are pictures.
        waiting: the requests.
    """

    settings: BatchSettings
    picture: bool
    waiting: list[Waiting] = field(default_factory=list)
    _size: int = 0
    _last: float = 0.0

    def fits(self, one: Waiting, *, readable_bytes: int) -> bool:
        """Say whether one more request fits.

        Args:
            one: the request.
            readable_bytes: the longest answers that the service is trusted to let us read; 0 where none failed.

        Returns:
            Whether it does; the first one always does.
        """
        limits, count = self.settings, len(self.waiting) + 1
        most_output = min(limits.output_bytes, readable_bytes or limits.output_bytes)
        small = self.output_bytes(count) <= most_output and self._size + len(one.line) <= limits.input_bytes
        return not self.waiting or (small and count <= limits.requests)

    def add(self, one: Waiting) -> None:
        """Have one more wait."""
        self.waiting.append(one)
        self._size += len(one.line)
        self._last = time.monotonic()

    def take(self) -> list[Waiting]:
        """Give all that wait, and begin anew."""
        waiting, self.waiting, self._size = self.waiting, [], 0
        return waiting

    def output_bytes(self, count: int) -> int:
        """Say how long the answers of so many requests are expected to be."""
        return count * (self.settings.picture_bytes if self.picture else self.settings.text_bytes)

    @property
    def is_quiet(self) -> bool:
        """Whether requests wait and none has come for a while."""
        return bool(self.waiting) and time.monotonic() - self._last >= self.settings.linger_s
