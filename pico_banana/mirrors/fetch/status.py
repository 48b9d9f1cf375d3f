"""What the head of an answer means: errors, pauses, redirects, ranges."""

from __future__ import annotations

import re
import time
from email.utils import parsedate_to_datetime
from http import HTTPStatus
from typing import TYPE_CHECKING, NamedTuple
from urllib.parse import SplitResult, urljoin, urlsplit

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


_SECONDS = re.compile(r"[0-9]{1,9}(\.[0-9]{1,9})?")
_LONGEST_WAIT_S = 366 * 86400.0  # a date in the year 9999 means "never", and clocks cannot count so far
_LENGTH = re.compile(r"[0-9]{1,18}")
_SPAN = re.compile(r"bytes ([0-9]{1,18})-([0-9]{1,18})/([0-9]{1,18}|\*)")
_NO_SPAN = re.compile(r"bytes \*/([0-9]{1,18})")
_LONGEST_LABEL = 63  # of a host's name, by RFC 1035
_INFLATED = {"gzip", "x-gzip", "deflate"}


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
        wait = parsedate_to_datetime(value).timestamp() - (time.time() if now is None else now)
    except (ValueError, TypeError, OverflowError, OSError):  # the parser's own, and those of dates beyond any clock
        return None
    return min(_LONGEST_WAIT_S, max(0.0, wait))


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


class Span(NamedTuple):
    """Which bytes of a file an answer holds.

    Attributes:
        first: number of the first byte.
        end: number of the byte behind the last.
        total: length of the file, or None when the server does not say.
    """

    first: int
    end: int
    total: int | None


def span_of(answer: http.client.HTTPResponse) -> Span | None:
    """Read which bytes of the file a partial answer holds.

    Args:
        answer: a 206.

    Returns:
        The bytes, or None when the answer does not say, or says something impossible.
    """
    found = _SPAN.fullmatch(_value(answer, "Content-Range"))
    if found is None:
        return None
    first, last, total = found.groups()
    span = Span(int(first), int(last) + 1, None if total == "*" else int(total))
    return span if span.first < span.end <= (span.total or span.end) else None


def is_all_there(answer: http.client.HTTPResponse, offset: int, if_range: str | None) -> bool:
    """Say whether a server refuses the rest of a file because there is none: all of it is here.

    Args:
        answer: any answer to a request for the bytes from `offset` on.
        offset: how many bytes are here.
        if_range: the ETag that they came with.

    Returns:
        True for a 416 that names exactly that length, and no other version of the file.
    """
    if answer.status != HTTPStatus.REQUESTED_RANGE_NOT_SATISFIABLE:
        return False
    found = _NO_SPAN.fullmatch(_value(answer, "Content-Range"))
    return found is not None and int(found[1]) == offset and _value(answer, "ETag") in {"", if_range}


def contradiction(answer: http.client.HTTPResponse, offset: int) -> str:
    """Say why the head of an answer cannot be believed, so that its body is not kept.

    Args:
        answer: a 200 or 206.
        offset: which byte was asked for first.

    Returns:
        The reason, or an empty string.
    """
    lengths = {value.strip() for value in answer.headers.get_all("Content-Length", ())}
    if len(lengths) > 1 or not all(map(_LENGTH.fullmatch, lengths)):
        return f"its Content-Length is {' and '.join(sorted(lengths))!r}"
    framing = _value(answer, "Transfer-Encoding").lower()
    if framing not in {"", "chunked", "identity"}:
        return f"its Transfer-Encoding is {framing!r}, which nobody asked for"
    coding = _value(answer, "Content-Encoding").lower()
    partial = answer.status == HTTPStatus.PARTIAL_CONTENT
    if coding not in {"", "identity"} and (partial or coding not in _INFLATED):
        return f"its Content-Encoding is {coding!r}, although the file as it is was asked for"
    return _wrong_span(answer, offset) if partial else ""


def is_packed(answer: http.client.HTTPResponse) -> bool:
    """Say whether the body is compressed in a way that is unpacked here.

    Args:
        answer: an answer that `contradiction` found nothing in.

    Returns:
        True when it is.
    """
    return _value(answer, "Content-Encoding").lower() in _INFLATED


def _wrong_span(answer: http.client.HTTPResponse, offset: int) -> str:
    span = span_of(answer)
    said = f"its Content-Range is {_value(answer, 'Content-Range')!r}"
    if span is None:
        return said
    if span.first not in {0, offset} or span.end != (span.total or span.end):
        return f"{said}, and bytes {offset}- were asked for"
    # Without a known end, a body that starts at the first byte may be any part of the file.
    if span.first == 0 and span.total is None:
        return said
    if answer.length is not None and answer.length != span.end - span.first:
        return f"{said}, its Content-Length {answer.length}"
    return ""


def _value(answer: http.client.HTTPResponse, name: str) -> str:
    return str(answer.headers.get(name, "")).strip()


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
    try:
        target = urljoin(url, location)
    except ValueError as error:
        text = f"{url}: redirects to {location!r}, which is no address ({error})"
        raise RequestRefusedError(text, url=url) from error
    if "photo_unavailable" in target:  # where Flickr sends a photo that was taken down, with status 200 at the end
        text = f"{url}: the photo was taken down (redirect to {target})"
        raise GoneError(text, url=url, status=HTTPStatus.GONE)
    if urlsplit(url).scheme == "https" and urlsplit(target).scheme != "https":
        text = f"{url}: a redirect to {target} would leave HTTPS"
        raise RequestRefusedError(text, url=url)
    if "@" in urlsplit(target).netloc:
        text = f"{url}: redirects to {target}, with a user or password that nobody here gave"
        raise RequestRefusedError(text, url=url)
    if urlsplit(target).scheme not in {"http", "https"}:
        text = f"{url}: redirects to {target!r}; only http:// and https:// are followed"
        raise RequestRefusedError(text, url=url)
    return target


def origin(url: str) -> tuple[str, str, int | None]:
    """Say whom an address asks: what a password was given for is not sent to anybody else.

    Args:
        url: the address.

    Returns:
        Scheme, host and port.

    Raises:
        RequestRefusedError: nobody can be asked for it.
    """
    parts = parsed(url)
    return parts.scheme, parts.hostname or "", parts.port


def parsed(url: str) -> SplitResult:
    """Take an address apart.

    Args:
        url: the address, as somebody's rows or a server gave it.

    Returns:
        Its parts.

    Raises:
        RequestRefusedError: nobody can be asked for it.
    """
    try:
        parts = urlsplit(url)
        host, _ = parts.hostname or "", parts.port  # both are read from the text only now, and may be impossible
    except ValueError as error:
        text = f"{url}: is no address ({error})"
        raise RequestRefusedError(text, url=url) from error
    labels = host.removesuffix(".").split(".")
    if ":" not in host and not all(0 < len(_idna(label)) <= _LONGEST_LABEL for label in labels):
        text = f"{url}: {host!r} is no name of a host"
        raise RequestRefusedError(text, url=url)
    return parts


def _idna(label: str) -> str:
    try:
        return label if label.isascii() else label.encode("idna").decode()
    except UnicodeError:
        return ""
