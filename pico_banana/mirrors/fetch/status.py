"""What the head of an answer means: errors, pauses, redirects, ranges."""

from __future__ import annotations

import re
import time
from email.utils import parsedate_to_datetime
from http import HTTPStatus
from typing import TYPE_CHECKING
from urllib.parse import urljoin, urlsplit

from pico_banana.errors import (
    GoneError,
    InterruptedTransferError,
    RequestRefusedError,
    ServerError,
    ThrottledError,
    TransportError,
)

if TYPE_CHECKING:
    import http.client


_SECONDS = re.compile(r"\d{1,9}(\.\d{1,9})?")


def retry_after_s(value: str | None, *, now: float | None = None) -> float | None:
    """Read a `Retry-After` header.

    Args:
        value: seconds or an HTTP date, or None; model services also send fractions of a second.
        now: the time to count a date from, in seconds since the epoch.

    Returns:
        Seconds to wait, never negative; None when there is nothing to read.
    """
    if value is None:
        return None
    value = value.strip()
    if _SECONDS.fullmatch(value):
        return float(value)
    try:
        return max(0.0, parsedate_to_datetime(value).timestamp() - (time.time() if now is None else now))
    except ValueError:
        return None


def error_of(url: str, answer: http.client.HTTPResponse) -> tuple[type[TransportError], str, float | None]:
    """Say which error an answer is.

    Args:
        url: what was asked.
        answer: an answer that is not the file.

    Returns:
        The error's class, its text, and seconds to wait or None.
    """
    status = answer.status
    wait = retry_after_s(answer.headers.get("Retry-After"))
    text = f"{url}: the server answered {status} {answer.reason}".rstrip()
    busy = status == HTTPStatus.TOO_MANY_REQUESTS or (status == HTTPStatus.SERVICE_UNAVAILABLE and wait is not None)
    kind: type[TransportError] = RequestRefusedError
    if busy:
        kind = ThrottledError
    elif status in {HTTPStatus.NOT_FOUND, HTTPStatus.GONE}:
        kind = GoneError
    elif status in {HTTPStatus.REQUEST_TIMEOUT, HTTPStatus.TOO_EARLY}:
        kind = InterruptedTransferError
    elif status >= HTTPStatus.INTERNAL_SERVER_ERROR:
        kind = ServerError
    return kind, text, wait


def first_byte(answer: http.client.HTTPResponse) -> int:
    """Read which byte of the file a partial answer starts with.

    Args:
        answer: a 206.

    Returns:
        The byte's number, or -1 when the answer does not say.
    """
    unit, _, span = answer.headers.get("Content-Range", "").partition(" ")
    first = span.partition("-")[0]
    return int(first) if unit == "bytes" and first.isdigit() else -1


def followed(url: str, location: str) -> str:
    """Say where a redirect leads.

    Args:
        url: what was asked.
        location: the `Location` header.

    Returns:
        The next address to ask.

    Raises:
        GoneError: it leads to Flickr's notice that a photo was taken down.
        RequestRefusedError: it would leave HTTPS.
    """
    target = urljoin(url, location)
    if "photo_unavailable" in target:  # where Flickr sends a photo that was taken down, with status 200 at the end
        text = f"{url}: the photo was taken down (redirect to {target})"
        raise GoneError(text, url=url, status=HTTPStatus.GONE)
    if urlsplit(url).scheme == "https" and urlsplit(target).scheme != "https":
        text = f"{url}: a redirect to {target} would leave HTTPS"
        raise RequestRefusedError(text, url=url)
    return target
