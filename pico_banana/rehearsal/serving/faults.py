"""What can go wrong on the way to a picture, written down so that it goes wrong the same way every time.

A `Rule` says which fault strikes which paths, how many of them and how often; a `Limit` is a rate limiter. Which paths
a `share` picks depends on the seed and the path alone, so a test, a benchmark and a user see the same failures.
"""

from __future__ import annotations

import hashlib
import math
import time
from dataclasses import dataclass, field
from email.utils import formatdate
from enum import StrEnum
from fnmatch import fnmatchcase
from typing import Literal, TypeAlias, cast

from pico_banana.errors import ConfigError, unknown_name

RetryAfter: TypeAlias = Literal["seconds", "date", "none"]


class Fault(StrEnum):
    """One way in which a server lets its client down."""

    ERROR_500 = "500"  # the server failed
    BUSY_503 = "503"  # the server is too busy
    MISSING_404 = "404"  # there is no such file
    GONE_410 = "410"  # there was one, and it will not come back
    REFUSED_403 = "403"  # not for you
    THROTTLED_429 = "429"  # too many requests, whatever the rate
    HANG_UP = "hang-up"  # the connection closes before the first byte
    CUT = "cut"  # the connection is reset in the middle of the body
    SHORT = "short"  # Content-Length names the whole file, the body ends early
    SHORT_UNSAID = "short-unsaid"  # no Content-Length, the body ends early
    SHORT_AGREED = "short-agreed"  # the body ends early and Content-Length agrees with it
    NO_RANGE = "no-range"  # Range is ignored: 200 and the whole file
    NEW_ETAG = "new-etag"  # the file changes its ETag at every request
    NO_ETAG = "no-etag"  # there is no ETag
    WRONG_TYPE = "wrong-type"  # the right bytes under the wrong Content-Type
    OTHER_PICTURE = "other-picture"  # a small GIF in place of the picture, with status 200
    HTML = "html"  # an error page with status 200
    FLIPPED = "flipped"  # the right length, with wrong bytes in the middle
    DRIP = "drip"  # a few kilobytes at a time, slowly
    STALL = "stall"  # half of the body, then silence
    MOVED = "moved"  # a redirect to the same file under another path


@dataclass(frozen=True, slots=True)
class Rule:
    """Which fault strikes where, and how often.

    Attributes:
        fault: what goes wrong.
        where: shell pattern over `host/path`, e.g. `*.staticflickr.com/*`.
        share: part of the matching paths that are struck, 0 to 1; which ones depends on the seed.
        times: how often each path is struck before it heals; None means always.
    """

    fault: Fault
    where: str = "*"
    share: float = 1.0
    times: int | None = None

    @classmethod
    def parse(cls, text: str) -> Rule:
        """Read a rule as the command line writes it.

        Args:
            text: `FAULT[,where=PATTERN][,share=0.1][,times=1]`.

        Returns:
            The rule.

        Raises:
            UnknownNameError: there is no such fault.
            ConfigError: the rest does not fit the pattern.
        """
        name, *parts = text.split(",")
        if name not in set(Fault):
            problem = unknown_name("fault", name, [str(fault) for fault in Fault])
            raise problem
        options = dict(part.partition("=")[::2] for part in parts)
        if not options.keys() <= {"where", "share", "times"}:
            message = f"cannot read the fault {text!r}; write FAULT[,where=PATTERN][,share=0.1][,times=1]"
            raise ConfigError(message, key="fault")
        times = options.get("times")
        return cls(
            Fault(name), options.get("where", "*"), float(options.get("share", 1)), int(times) if times else None
        )


@dataclass(frozen=True, slots=True)
class Limit:
    """A token bucket in front of a host.

    Attributes:
        rate: requests a second that are let through in the long run.
        burst: requests that are let through at once after a pause.
        retry_after: how a 429 says when to come back.
        pause_s: seconds a 429 asks for; sent as whole seconds or as a date.
        where: shell pattern over the host.
    """

    rate: float
    burst: float = 10
    retry_after: RetryAfter = "none"
    pause_s: float = 1.0
    where: str = "*"

    @classmethod
    def parse(cls, text: str) -> Limit:
        """Read a limit as the command line writes it.

        Args:
            text: `RATE[,burst=10][,retry-after=seconds|date|none][,pause=1][,where=HOST]`.

        Returns:
            The limit.

        Raises:
            ConfigError: it does not fit the pattern.
        """
        rate, *parts = text.split(",")
        options = dict(part.partition("=")[::2] for part in parts)
        form = options.pop("retry-after", "none")
        try:
            numbers = float(rate), float(options.get("burst", 10)), float(options.get("pause", 1))
        except ValueError:
            form = ""
        if form not in {"seconds", "date", "none"} or not options.keys() <= {"burst", "pause", "where"}:
            pattern = "RATE[,burst=10][,retry-after=seconds|date|none][,pause=1][,where=HOST]"
            message = f"cannot read the limit {text!r}; write {pattern}"
            raise ConfigError(message, key="limit")
        return cls(numbers[0], numbers[1], cast("RetryAfter", form), numbers[2], options.get("where", "*"))


@dataclass(slots=True)
class Bucket:
    """The state of one `Limit`."""

    limit: Limit
    tokens: float = field(init=False)
    filled_at: float = field(init=False)

    def __post_init__(self) -> None:
        """Start full."""
        self.tokens = self.limit.burst
        self.filled_at = time.monotonic()

    def take(self) -> bool:
        """Take one token.

        Returns:
            False when there is none: answer 429.
        """
        now = time.monotonic()
        self.tokens = min(self.limit.burst, self.tokens + (now - self.filled_at) * self.limit.rate)
        self.filled_at = now
        if self.tokens < 1:
            return False
        self.tokens -= 1
        return True

    def headers(self) -> dict[str, str]:
        """Say when to come back.

        Returns:
            A `Retry-After` header in the limit's form, or none.
        """
        if self.limit.retry_after == "seconds":
            return {"Retry-After": str(math.ceil(self.limit.pause_s))}
        if self.limit.retry_after == "date":
            # A date has whole seconds: one that is not to lie in the past must be rounded up.
            return {"Retry-After": formatdate(math.ceil(time.time() + self.limit.pause_s), usegmt=True)}
        return {}


class Script:
    """Decides what goes wrong with which request; the same seed and requests give the same failures."""

    def __init__(self, rules: tuple[Rule, ...] = (), limits: tuple[Limit, ...] = (), *, seed: int = 0) -> None:
        """Begin with nothing struck and full buckets.

        Args:
            rules: what goes wrong.
            limits: rate limiters.
            seed: picks the paths that a rule's share strikes.
        """
        self._rules = rules
        self._buckets = [Bucket(limit) for limit in limits]
        self._seed = seed
        self._struck: dict[tuple[int, str], int] = {}

    def bucket(self, host: str) -> Bucket | None:
        """Give the limiter that refuses a request to `host` now, if one does.

        Args:
            host: the virtual host asked.

        Returns:
            The empty bucket, or None when the request may pass.
        """
        for bucket in self._buckets:
            if fnmatchcase(host, bucket.limit.where) and not bucket.take():
                return bucket
        return None

    def faults(self, where: str) -> set[Fault]:
        """Give the faults that strike this request, and count it.

        Args:
            where: `host/path` of the request.

        Returns:
            Often empty.
        """
        return {rule.fault for number, rule in enumerate(self._rules) if self._strikes(number, rule, where)}

    def _strikes(self, number: int, rule: Rule, where: str) -> bool:
        if not fnmatchcase(where, rule.where) or self._draw(number, where) >= rule.share:
            return False
        if rule.times is None:
            return True
        before = self._struck.get((number, where), 0)
        self._struck[number, where] = before + 1
        return before < rule.times

    def _draw(self, number: int, where: str) -> float:
        digest = hashlib.blake2b(f"{self._seed}/{number}/{where}".encode(), digest_size=8).digest()
        return int.from_bytes(digest, "big") / 2**64
