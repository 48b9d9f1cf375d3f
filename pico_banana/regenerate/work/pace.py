"""How fast calls to one model start: the fetch job's adaptive lane, waited for in asyncio, and tokens a minute.

The lane adapts how many calls are in flight and how many start a second; `Retry-After` stops it. Every wait ends at
once when the run stops.
"""

from __future__ import annotations

import asyncio
import math
import time
from collections import deque
from typing import TYPE_CHECKING

from pico_banana.errors import InterruptedTransferError, ServerError, ThrottledError
from pico_banana.mirrors.fetch.lane import HostLimits, Lane

if TYPE_CHECKING:
    from pico_banana.regenerate.backends.base import ModelSettings

_MINUTE_S = 60.0
_RECENT = 40
# A limiter turns many calls away; a service short of capacity now and then one, which says nothing about a rate.
_LIMITER_SHARE, _LIMITER_CALLS = 0.2, 4
# A service that was short of capacity recovers; the lane alone would creep back by a percent or two a second.
# What a call is expected to use: the last calls' use, newer ones counting more, and a bit for those that use more.
_LEARNT, _TOKENS_MARGIN = 0.1, 1.2
_QUIET_S, _QUIET_CALLS, _FASTER = 5.0, 4, 1.5


class Stopped(Exception):  # noqa: N818 - control flow of the runner, never leaves it
    """The run is stopping; no new call starts."""


class Pace:
    """The pace of one model at one service.

    Args:
        settings: the model's settings, for its limits.
    """

    def __init__(self, settings: ModelSettings) -> None:
        """Begin at full pace."""
        rate = settings.requests_per_minute / _MINUTE_S if settings.requests_per_minute else None
        limits = HostLimits(in_flight=settings.concurrency, start=settings.concurrency, rate=rate, rest_s=1.0)
        self.lane = Lane(settings.model or settings.backend, limits)
        self._tokens = _TokenWindow(settings.tokens_per_minute)
        self._usual_tokens = 0.0
        self._turn = asyncio.Lock()  # only the first in line looks at the clock
        self._changed = asyncio.Event()
        self._refused: deque[bool] = deque(maxlen=_RECENT)
        self._quiet_since = 0.0
        self._quiet_calls = 0

    async def enter(self, tokens: int, stop: asyncio.Event) -> float:
        """Wait until a call may start; every `enter` needs one `leave`.

        Args:
            tokens: the most the call may use, for the tokens-per-minute limit; once some have ended, what they used
                counts instead.
            stop: set when the run stops.

        Returns:
            The time the call starts, of the monotonic clock.

        Raises:
            Stopped: the run is stopping; nothing was entered.
        """
        if self._usual_tokens:
            tokens = min(tokens, math.ceil(self._usual_tokens * _TOKENS_MARGIN))
        async with self._turn:
            while True:
                if stop.is_set():
                    raise Stopped
                now = time.monotonic()
                ready = max(self.lane.ready_at(now), self._tokens.ready_at(tokens, now))
                if ready <= now:
                    self.lane.start(now)
                    self._tokens.add(tokens, now)
                    return now
                await self._wait(ready - now)

    def leave(self, started: float, error: Exception | None = None, *, tokens: int = 0) -> None:
        """Say that a call ended, and how.

        Args:
            started: what `enter` gave.
            error: what it ended with, or None.
            tokens: what it used; 0 when nobody knows.
        """
        now = time.monotonic()
        if tokens:
            self._tokens.correct(started, tokens)
            self._usual_tokens += (tokens - self._usual_tokens) * (_LEARNT if self._usual_tokens else 1.0)
        throttled = isinstance(error, ThrottledError)
        self._refused.append(throttled)
        if isinstance(error, ServerError) or (isinstance(error, ThrottledError) and not self._is_limited()):
            self.lane.resume_at = max(self.lane.resume_at, now + (error.retry_after or 0.0))
            error = InterruptedTransferError(str(error))
        self.lane.finish(now, started=started, error=error)
        self._speed_up(now, throttled=throttled)
        self._changed.set()

    def _is_limited(self) -> bool:
        refused = sum(self._refused)
        return refused >= _LIMITER_CALLS and refused >= _LIMITER_SHARE * len(self._refused)

    def _speed_up(self, now: float, *, throttled: bool) -> None:
        """Search upwards by half once nothing has been turned away for a while."""
        self._quiet_calls = 0 if throttled else self._quiet_calls + 1
        if throttled or not self._quiet_since:
            self._quiet_since = now
        if self.lane.rate is None or self._quiet_calls < _QUIET_CALLS or now - self._quiet_since < _QUIET_S:
            return
        self.lane.rate *= _FASTER
        self._quiet_since, self._quiet_calls = now, 0

    def stop(self) -> None:
        """Let everything that waits see that the run stops."""
        self._changed.set()

    async def _wait(self, seconds: float) -> None:
        self._changed.clear()
        try:
            await asyncio.wait_for(self._changed.wait(), None if math.isinf(seconds) else seconds)
        except TimeoutError:
            return


class _TokenWindow:
    """Tokens of the calls that started within the last minute, against a limit."""

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._started: deque[tuple[float, int]] = deque()
        self._total = 0

    def ready_at(self, tokens: int, now: float) -> float:
        while self._started and self._started[0][0] <= now - _MINUTE_S:
            self._total -= self._started.popleft()[1]
        if not self._limit or not self._started or self._total + tokens <= self._limit:
            return now
        return self._started[0][0] + _MINUTE_S

    def correct(self, started: float, tokens: int) -> None:
        """Put what a call used in place of what was expected of it."""
        for place, (when, expected) in enumerate(self._started):
            if when == started:
                self._started[place] = (when, tokens)
                self._total += tokens - expected
                return

    def add(self, tokens: int, now: float) -> None:
        if self._limit:
            self._started.append((now, tokens))
            self._total += tokens


def paces(models: dict[str, ModelSettings]) -> dict[str, Pace]:
    """Make the pace of every model; stages that share a model share it, with the limits of the first.

    Args:
        models: stage table name to settings.

    Returns:
        Stage table name to pace.
    """
    by_service: dict[tuple[str, str, str], Pace] = {}
    found = {}
    for name, settings in models.items():
        service = (settings.backend, settings.base_url, settings.model)
        found[name] = by_service.setdefault(service, Pace(settings))
    return found
