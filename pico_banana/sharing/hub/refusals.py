"""Errors of `huggingface_hub` as ours: what was refused, why, and what to do; never a token."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING

from pico_banana.errors import (
    InterruptedTransferError,
    RequestRefusedError,
    ServerError,
    ThrottledError,
    TransportError,
)
from pico_banana.mirrors.fetch.status import retry_after_s

if TYPE_CHECKING:
    from collections.abc import Iterator

_CUT = frozenset({"RemoteProtocolError", "ReadError", "WriteError", "ReadTimeout", "ChunkedEncodingError"})
_UNAUTHORISED, _FORBIDDEN, _MOVED_ON, _BUSY, _FAILED = 401, 403, 412, 429, 500


@contextmanager
def translated_refusals(repo: str) -> Iterator[None]:
    """Turn the errors of the Hub's client into ours.

    Args:
        repo: "USER/NAME", for the message.

    Yields:
        Nothing.

    Raises:
        RequestRefusedError: no token, a wrong one, or one that may not do this.
        ThrottledError: too many requests.
        ServerError: the Hub failed.
        InterruptedTransferError: the Hub could not be reached.
    """
    try:
        yield
    except Exception as error:
        ours = _translated(error, repo)
        if ours is None:
            raise
        raise ours from error


def _translated(error: BaseException, repo: str) -> TransportError | None:
    """Give our error for the client's, looking behind the wrapper of an upload thread; None for any other error."""
    from huggingface_hub.errors import HfHubHTTPError

    if isinstance(error, HfHubHTTPError):
        return _refused(error, repo)
    if _is_connection_error(error):
        text = f"the Hub could not be reached for {repo} ({error}); run the same command again"
        ours = InterruptedTransferError(text)
        ours.connected = bool(_names(error) & _CUT)
        return ours
    return None if error.__cause__ is None else _translated(error.__cause__, repo)


def _refused(error: Exception, repo: str) -> TransportError:
    response = getattr(error, "response", None)
    status = int(getattr(response, "status_code", 0) or 0)
    url = str(getattr(response, "url", "") or "")
    if status == _UNAUTHORISED:
        text = f"the Hub knows no token that may use {repo}; log in with `hf auth login`, or set HF_TOKEN"
        return RequestRefusedError(text, url=url, status=status)
    if status == _FORBIDDEN:
        text = f"this token may not write to {repo}; use one with write access, and your own USER or organisation"
        return RequestRefusedError(text, url=url, status=status)
    wait = retry_after_s((getattr(response, "headers", None) or {}).get("retry-after"))
    if status == _BUSY:
        text = "the Hub asks to slow down; run the same command again later"
        return ThrottledError(text, url=url, status=status, retry_after=wait)
    if status >= _FAILED:
        text = f"the Hub failed ({status}); run the same command again"
        return ServerError(text, url=url, status=status, retry_after=wait)
    if status == _MOVED_ON:
        text = f"others commit to {repo} all the time; run the same command again later"
        return RequestRefusedError(text, url=url, status=status)
    return RequestRefusedError(
        f"the Hub refused this for {repo} ({status or 'no status'}): {error}", url=url, status=status
    )


def _is_connection_error(error: BaseException) -> bool:
    """Recognise the connection errors of requests, httpx and httpx2, whichever the client is built on."""
    return bool(
        _names(error)
        & {
            "TransportError",
            "NetworkError",
            "ConnectError",
            "TimeoutException",
            "RemoteProtocolError",
            "ConnectionError",
            "ChunkedEncodingError",  # of requests: the answer was cut
        }
    )


def _names(error: BaseException) -> set[str]:
    return {kind.__name__ for kind in type(error).__mro__}
