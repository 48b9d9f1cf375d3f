"""What a service answers when it fails, in words that every service has."""

from __future__ import annotations

from dataclasses import dataclass
from urllib.parse import urlsplit

from pico_banana.errors import ConfigError
from pico_banana.telling import bare

# Of httpx, aiohttp and Python; by name, because a backend's SDK decides which of them are installed.
_UNCONNECTED = frozenset({"ConnectError", "ClientConnectorError", "ConnectionRefusedError", "gaierror"})


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


def require_url(address: str, key: str = "base_url") -> None:
    """Make sure that the address of a service is one before anything is asked.

    Args:
        address: as it was written; empty for the usual one.
        key: what it was written for.

    Raises:
        ConfigError: it is no http or https URL.
    """
    try:
        parts = urlsplit(address)
        fits = parts.scheme in {"http", "https"} and bool(parts.hostname) and (parts.port or 1) > 0
    except ValueError:
        fits = False
    if address and not fits:
        text = f"{bare(address)!r} is no address of a service; write a URL such as http://localhost:8000/v1"
        raise ConfigError(text, key=key)


def is_unconnected(error: BaseException) -> bool:
    """Say whether an SDK's error means that there was no connection at all, so that nothing was asked.

    Args:
        error: the error; the HTTP client's own is what it was raised from.

    Returns:
        True for nobody listening and an unknown host; False for a connection that broke, and for time-outs.
    """
    seen: BaseException | None = error
    while seen is not None:
        if _UNCONNECTED & {kind.__name__ for kind in type(seen).__mro__}:
            return True
        seen = seen.__cause__ or seen.__context__
    return False


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
