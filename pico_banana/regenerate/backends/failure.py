"""What a service answers when it fails, in words that every service has."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Failure:
    """An answer that is an error, in words every service has.

    Attributes:
        status: the HTTP status.
        text: in the service's words.
        code: the service's own code, e.g. "insufficient_quota".
        wait_s: seconds it asks to wait, or None.
        back_at: for a quota that is spent: when it is filled up again, seconds since the epoch.
        bad_key: the key is not accepted.
    """

    status: int
    text: str
    code: str = ""
    wait_s: float | None = None
    back_at: float | None = None
    bad_key: bool = False


def told(error: Exception, timeout_s: float) -> str:
    """Give the words of an SDK's error, or what it means where it has none: those of time-outs have none.

    Args:
        error: the error.
        timeout_s: how long the service had, in seconds.

    Returns:
        The words.
    """
    timed_out = "timeout" in type(error).__name__.lower()
    return str(error) or (f"no answer within {timeout_s:g} s" if timed_out else "the connection broke")
