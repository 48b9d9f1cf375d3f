"""Whether and when something is tried again: decided by the class of the error, never by its text.

=============================  ==========================  ==================================
error                          tries of one candidate      wait before the next
=============================  ==========================  ==================================
`ThrottledError`               until patience ends         the whole host waits, see `pacing`
`ServerError`, `Interrupted…`  `attempts`                  doubling, with jitter
no connection, never heard of  1                           the next candidate, at once
`PictureCorruptError`          3                           doubling, with jitter
`RequestRefusedError`, `Gone…` 1                           the next candidate, at once
=============================  ==========================  ==================================
"""

from __future__ import annotations

import random
from dataclasses import dataclass

from pico_banana.errors import InterruptedTransferError, PictureCorruptError, ThrottledError, TransportError


@dataclass(frozen=True, slots=True)
class RetryPolicy:
    """How often and how patiently.

    Attributes:
        attempts: tries of one candidate before it counts as failed for this run.
        first_wait_s: seconds before the second try; doubles with each.
        longest_wait_s: no wait is longer.
        throttled_attempts: tries of one candidate that a limiter turned away; the host waits then, not the item.
    """

    attempts: int = 5
    first_wait_s: float = 0.25
    longest_wait_s: float = 30.0
    throttled_attempts: int = 50

    def again(self, error: Exception, *, tried: int, throttled: int, heard: bool = True) -> bool:
        """Say whether the same candidate is worth another try.

        Args:
            error: how the last try ended.
            tried: tries so far that reached the server, this one included.
            throttled: tries so far that a limiter turned away, this one included.
            heard: whether the host ever answered; one that cannot be reached at the very first is not waited for.

        Returns:
            True when it is.
        """
        if isinstance(error, ThrottledError):
            return throttled < self.throttled_attempts
        if isinstance(error, InterruptedTransferError) and not (error.connected or heard):
            return False
        if isinstance(error, PictureCorruptError):
            return tried < min(3, self.attempts)
        return isinstance(error, TransportError) and error.retryable and tried < self.attempts

    def wait_s(self, tried: int) -> float:
        """Give the wait before the next try.

        Args:
            tried: tries so far.

        Returns:
            Seconds, between half of the full wait and all of it, so that many clients do not return together.
        """
        full = min(self.longest_wait_s, self.first_wait_s * 2.0 ** max(0, tried - 1))
        return full * random.uniform(0.5, 1.0)  # noqa: S311 - jitter, not a secret
