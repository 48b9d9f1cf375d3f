"""How fast one host is asked: as fast as it likes, and no faster.

A `Lane` is one host. Two things are adapted, both by additive increase and multiplicative decrease:

- the *window*, requests in flight: it starts small, grows by one with each success (so it doubles every round trip) up
  to a cap, and shrinks when the host fails or hangs;
- the *rate*, requests a second: unlimited until the host first says 429 or 503. Then it is set a little below what the
  host accepted lately, which is what a limiter lets through, and creeps up again to find out whether more is allowed.

`Retry-After` stops the whole lane. A lane is pure arithmetic over a clock that the caller reads; nothing here sleeps.
"""

from __future__ import annotations

import math
import random
from collections import deque
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import TYPE_CHECKING

from pico_banana.errors import InterruptedTransferError, ServerError, ThrottledError

if TYPE_CHECKING:
    from collections.abc import Callable

_SHRINK = 0.7  # multiplicative decrease of the window
_BELOW = 0.97  # part of the rate a host turned out to accept to go on with
_BACK = 0.97  # multiplicative decrease of the rate: a limiter is exact, so a little below it is enough
_BACK_MOST = 0.5  # never further at once, however little was accepted lately
_SEARCH = 6.0  # after the first refusal the rate grows by this factor each second, until the second refusal brackets it
_CLIMB = 0.02  # additive increase: part of the rate after the last decrease that is added each second
_DEAR_PAUSE_S = 0.1  # a refusal that costs a longer pause is risked more seldom: the climb is slower in proportion
_LONGEST_RISE_S = 600.0 / _SEARCH  # a float has an end
_SPAN_S = 1.0  # the accepted rate is measured over this long
_SHORTEST_SPAN_S = 0.3  # and over no less, or a burst that the limiter let through would count as its rate
_LOWEST_RATE = 0.05
_LONGEST_REST_S = 300.0  # a host that asks for more is asked again then, and what it turns away fails after its tries
_FEW, _FEW_SHARE = 2, 0.15  # refusals that are no sign of a rate far too high
_MANY = 20  # accepted requests that make a refusal after them a sign of the limit


@dataclass(frozen=True, slots=True)
class HostLimits:
    """What a host is never asked for more than.

    Attributes:
        in_flight: most requests at the same time.
        start: requests in flight to begin with.
        rate: most requests a second; None is no limit until the host sets one.
        rest_s: shortest pause after the host turned a request away without saying for how long.
    """

    in_flight: int = 64
    start: int = 16
    rate: float | None = None
    rest_s: float = 0.15


@dataclass(slots=True)
class Lane:
    """The state of one host. Times are seconds of one monotonic clock.

    Attributes:
        host: its name.
        limits: what is never exceeded.
        active: requests in flight.
        window: requests allowed in flight.
        rate: requests allowed a second, or None while nothing limits it.
        resume_at: no request before this time.
        requests: requests started so far.
        accepted: requests that the host did not turn away.
        throttled: requests that it turned away.
    """

    host: str
    limits: HostLimits = field(default_factory=HostLimits)
    active: int = 0
    window: float = 0.0
    rate: float | None = None
    resume_at: float = 0.0
    requests: int = 0
    accepted: int = 0
    throttled: int = 0
    _next_at: float = 0.0
    _cut_at: float = -math.inf
    _rising_since: float = 0.0
    _paused_s: float = 0.0
    _burst: int | None = None
    _throttled_before: int = 0
    _searching: bool = False
    _unmeasured: bool = False
    _slow_start: bool = True
    _recent: deque[float] = field(default_factory=deque)
    _jitter: Callable[[], float] = random.random  # noqa: S311 - jitter, not a secret

    def __post_init__(self) -> None:
        """Begin with the start window."""
        self.window = float(self.limits.start)
        self.rate = self.limits.rate

    @property
    def heard(self) -> bool:
        """Whether the host ever answered."""
        return self.accepted + self.throttled > 0

    def ready_at(self, now: float) -> float:
        """Say when the next request may start.

        Args:
            now: the time.

        Returns:
            A time, in the past when it may start at once; infinity when one in flight must end first.
        """
        if self.active >= int(self.window):
            return math.inf
        return max(self.resume_at, self._next_at if self.rate_now(now) is not None else 0.0)

    def rate_now(self, now: float) -> float | None:
        """Give the rate with what was added since the last decrease.

        Args:
            now: the time.

        Returns:
            Requests a second, or None while nothing limits them.
        """
        if self.rate is None or math.isinf(self._cut_at):
            return self.rate
        rising = min(_LONGEST_RISE_S, max(0.0, now - self._rising_since))
        rate = self.rate * (_SEARCH**rising if self._searching else 1 + self._climb() * rising)
        return min(rate, self.limits.rate) if self.limits.rate else rate

    def start(self, now: float) -> None:
        """Count a request that starts.

        Args:
            now: the time.
        """
        self.active += 1
        self.requests += 1
        if self._unmeasured:
            self._measure(now)
        rate = self.rate_now(now)
        if rate is not None:
            # Late by less than one interval is made up for; a longer pause earns no burst.
            self._next_at = max(self._next_at, now - 1 / rate) + 1 / rate

    def cancel(self) -> None:
        """Take back a request that was counted as started and never sent."""
        self.active -= 1
        self.requests -= 1

    def finish(self, now: float, *, started: float, error: Exception | None = None) -> None:
        """Learn from how a request ended.

        Args:
            now: the time.
            started: when it started.
            error: what it ended with; None, or an error about this one file, means that the host is well.
        """
        self.active -= 1
        if isinstance(error, ThrottledError) or (
            isinstance(error, ServerError) and error.status == HTTPStatus.SERVICE_UNAVAILABLE
        ):
            self.throttled += 1
            self._rest(now, error.retry_after)
            self._cut(now, started)
        elif isinstance(error, (InterruptedTransferError, ServerError)):
            self._narrow(now, started)
        else:
            self._accept(now)

    def _accept(self, now: float) -> None:
        self.accepted += 1
        self._recent.append(now)
        while self._recent[0] < now - _SPAN_S:
            self._recent.popleft()
        grown = self.window + (1.0 if self._slow_start else 1.0 / self.window)
        self.window = min(float(self.limits.in_flight), grown)

    def _rest(self, now: float, asked_s: float | None) -> None:
        wait = self.limits.rest_s if asked_s is None else min(asked_s, _LONGEST_REST_S)
        # Up to a tenth more, so that many clients turned away together do not come back together.
        self.resume_at = max(self.resume_at, now + wait * (1 + 0.1 * self._jitter()))

    def _cut(self, now: float, started: float) -> None:
        """Mark the rate as too high; requests sent before the last mark tell nothing new.

        The new rate is set when the lane goes on, because by then the answers still on their way have been counted.
        """
        if started < self._cut_at or self._unmeasured:
            return
        self._cut_at = now
        self._unmeasured = True
        self._slow_start = False

    def _measure(self, now: float) -> None:
        """Set the rate from what was accepted until the host said stop.

        A token bucket lets through what it saved up, then its rate. What it can save is what it let through at the very
        first; in a short pause it saves less than that.
        """
        before = self.rate_now(self._cut_at)
        begin = max(self._rising_since, self._cut_at - _SPAN_S)
        lasted = max(_SHORTEST_SPAN_S, self._cut_at - begin)
        seen = sum(at > begin for at in self._recent)
        if before is None or self._burst is None:
            self._burst = seen
            self._searching = True
            self.rate = max(_LOWEST_RATE, seen / lasted)
        elif self.throttled - self._throttled_before <= max(_FEW, _FEW_SHARE * seen):
            # Few refused among many: a stray refusal, or a rate just above the limit. A small step back does for both.
            self.rate = max(_LOWEST_RATE, _BACK * before)
            self._searching = self._searching and seen < _MANY
        else:
            saved_up = self._burst if begin == self._rising_since else 0
            true_rate = max((seen - saved_up) / lasted, seen / (lasted + self._paused_s))
            self.rate = max(_LOWEST_RATE, _BACK_MOST * before, min(_BACK * before, _BELOW * true_rate))
            self._searching = False
        self._throttled_before = self.throttled
        self._paused_s = now - self._cut_at
        self._rising_since = self._next_at = now
        self._unmeasured = False

    def _climb(self) -> float:
        return _CLIMB * min(1.0, _DEAR_PAUSE_S / max(_DEAR_PAUSE_S, self._paused_s))

    def _narrow(self, now: float, started: float) -> None:
        if started >= self._cut_at:
            self.window = max(1.0, self.window * _SHRINK)
            self._slow_start = False
            self._cut_at = now
