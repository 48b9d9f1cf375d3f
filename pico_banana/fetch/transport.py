"""The only place with an HTTP client: `Transport.get(url)` gives a `Response`, or raises one of our `TransportError`s.

The client is `http.client` of the standard library with one keep-alive connection per thread and host: of the plain
clients measured it is the fastest on pictures (docs/benchmarks.md), and threads keep the surface synchronous. Anything
that is not http(s):// is opened through fsspec, see `pico_banana.fetch.remote`.
"""

from __future__ import annotations

import contextlib
import http.client
import os
import socket
import ssl
import threading
import time
import urllib.request
import weakref
from email.utils import parsedate_to_datetime
from fnmatch import fnmatchcase
from http import HTTPStatus
from typing import TYPE_CHECKING, Protocol
from urllib.parse import SplitResult, quote, urljoin, urlsplit

from pico_banana.errors import (
    ConfigError,
    GoneError,
    InterruptedTransferError,
    RequestRefusedError,
    ServerError,
    ThrottledError,
    TransportError,
)

if TYPE_CHECKING:
    from collections.abc import Mapping

HOSTS_VARIABLE = "PICO_BANANA_HOSTS"
_USER_AGENT = "pico-banana (dataset client; +https://pypi.org/project/pico-banana/)"
_REDIRECTS = {301, 302, 303, 307, 308}
_MOST_REDIRECTS = 5
_DRAINED_BYTES = 1 << 16  # a longer error page costs more to read than a new connection
_READ_BYTES = 1 << 18  # at most, from the socket at once
_CRAWL_BYTES_S = 1024  # a transfer slower than this for longer than the next line is broken off
_CRAWL_AFTER_S = 30.0
_IDLE_CONNECTIONS = 6  # for each thread: the CDN, the bucket and a few photo hosts


class Body(Protocol):
    """Where the bytes of an answer come from."""

    def readinto(self, buffer: memoryview, /) -> int | None:
        """Fill a buffer."""
        ...

    def close(self) -> None:
        """Let go of it."""
        ...


class Response:
    """One answer with a body still to be read. Use it as a context manager.

    Attributes:
        url: the address that answered, after redirects.
        offset: which byte of the file the body starts with; 0 when the server sent the whole file.
        length: bytes in this body, or None when the server does not say.
        etag: the validator to resume with, or an empty string; a weak one is left out.
        content_type: lower-case, without parameters; empty when the server does not say.
    """

    def __init__(self, body: Body, *, url: str, offset: int = 0, length: int | None = None) -> None:
        self._body = body
        self.url = url
        self.offset = offset
        self.length = length
        self.etag = ""
        self.content_type = ""
        self.read_bytes = 0
        self._began = time.monotonic()
        self._broken = ""
        self._at_end = False

    @property
    def total(self) -> int | None:
        """Length of the whole file in bytes, or None when the server does not say."""
        return None if self.length is None else self.offset + self.length

    def readinto(self, buffer: memoryview) -> int:
        """Fill a buffer with the next bytes.

        Args:
            buffer: where they go.

        Returns:
            How many bytes came: less than asked only at the end or before a break, 0 at the end.

        Raises:
            InterruptedTransferError: the connection broke, stood still, crawled, or ended before the length it promised.
        """
        filled = 0
        while filled < len(buffer) and not self._broken and not self.finished:
            try:
                count = self._body.readinto(buffer[filled:]) or 0
            except (OSError, http.client.HTTPException, ValueError) as error:
                self._broken = f"broke ({_words(error)})"
                break
            filled += count
            self.read_bytes += count
            if count == 0:
                self._ended()
            elif self._crawls():
                self._broken = "is slower than 1 KiB a second"
        # What came before a break is worth keeping: the break is reported when asked for more.
        if filled == 0 and self._broken:
            text = f"{self.url}: the transfer {self._broken} after {self.read_bytes} bytes"
            raise InterruptedTransferError(text, url=self.url)
        return filled

    @property
    def finished(self) -> bool:
        """Whether the whole body was read."""
        return self._at_end or (self.length is not None and self.read_bytes >= self.length)

    def _ended(self) -> None:
        if self.length is None:
            self._at_end = True
        else:
            self._broken = f"ended early, {self.length} bytes were promised,"

    def _crawls(self) -> bool:
        lasted = time.monotonic() - self._began
        return lasted > _CRAWL_AFTER_S and self.read_bytes < lasted * _CRAWL_BYTES_S

    def read(self) -> bytes:
        """Read the rest of the body into memory.

        Returns:
            All of it.
        """
        parts = []
        buffer = memoryview(bytearray(1 << 16))
        while count := self.readinto(buffer):
            parts.append(bytes(buffer[:count]))
        return b"".join(parts)

    def close(self) -> None:
        """Let go of the connection; one with an unread body is closed."""
        self._body.close()

    def __enter__(self) -> Response:
        """Give the response itself."""
        return self

    def __exit__(self, *_: object) -> None:
        """Close it."""
        self.close()


class _HttpBody:
    """The body of an `http.client` response; its connection survives only when it was read to the end."""

    def __init__(self, connection: http.client.HTTPConnection, answer: http.client.HTTPResponse) -> None:
        self._connection = connection
        self._answer = answer

    def readinto(self, buffer: memoryview, /) -> int:
        # read1, because readinto comes back only with a full buffer: a host that sends a byte a minute would hold us.
        data = self._answer.read1(min(len(buffer), _READ_BYTES))
        buffer[: len(data)] = data
        return len(data)

    def close(self) -> None:
        if self._answer.isclosed() or self._answer.length == 0:
            self._answer.close()
            return
        self._answer.close()
        self._connection.close()


class _Pool:
    """The connections of one thread; they are closed when the thread ends."""

    def __init__(self) -> None:
        self.by_route: dict[tuple[str, str, str], http.client.HTTPConnection] = {}

    def __del__(self) -> None:
        for connection in self.by_route.values():
            connection.close()


class Transport:
    """Fetches addresses. One object serves all threads; each thread has connections of its own.

    Attributes:
        hosts: where to connect in place of a host, as pattern and URL; the request still names the host it means.
        timeout_s: seconds without a byte after which a connection counts as dead.
    """

    def __init__(self, *, hosts: Mapping[str, str] | None = None, timeout_s: float = 30.0) -> None:
        self.hosts = dict(hosts or {})
        self.timeout_s = timeout_s
        self._local = threading.local()
        self._open: weakref.WeakSet[http.client.HTTPConnection] = weakref.WeakSet()
        self._lock = threading.Lock()
        self._tls: ssl.SSLContext | None = None

    def get(self, url: str, *, offset: int = 0, if_range: str | None = None) -> Response:
        """Ask for a file, or for the rest of one.

        Args:
            url: its address.
            offset: how many bytes are here already; a server that cannot resume sends the whole file, see
                `Response.offset`.
            if_range: the ETag of those bytes; when the file has changed the whole of it comes.

        Returns:
            The answer, its body unread.

        Raises:
            TransportError: there is no such file (`GoneError`), the server is busy (`ThrottledError`), failed
                (`ServerError`), refused (`RequestRefusedError`), or the connection broke (`InterruptedTransferError`).
        """
        if urlsplit(url).scheme not in {"http", "https"}:
            from pico_banana.fetch.remote import open_remote

            return open_remote(url, offset=offset)
        headers = {"User-Agent": _USER_AGENT, "Accept": "*/*", "Accept-Encoding": "identity"}
        if offset:
            headers["Range"] = f"bytes={offset}-"
            if if_range:
                headers["If-Range"] = if_range
        for _ in range(_MOST_REDIRECTS + 1):
            connection, answer = self._ask(url, headers)
            if answer.status not in _REDIRECTS or not answer.headers.get("Location"):
                return self._checked(url, offset, connection, answer)
            _drain(connection, answer)
            url = _followed(url, answer.headers["Location"])
        text = f"{url}: more than {_MOST_REDIRECTS} redirects"
        raise RequestRefusedError(text, url=url)

    def abort(self) -> None:
        """Break every connection, so that threads waiting for bytes wake up with an `InterruptedTransferError`."""
        with self._lock:
            connections = list(self._open)
        for connection in connections:
            with contextlib.suppress(OSError, AttributeError):
                connection.sock.shutdown(socket.SHUT_RDWR)

    def close(self) -> None:
        """Close every connection; the next request opens new ones."""
        with self._lock:
            connections = list(self._open)
        for connection in connections:
            connection.close()

    def _ask(self, url: str, headers: dict[str, str]) -> tuple[http.client.HTTPConnection, http.client.HTTPResponse]:
        """Send one request and read the head of its answer; a kept connection that turns out closed is replaced."""
        parts = urlsplit(url)
        connection, target, kept = self._connection(parts)
        headers = headers | {"Host": parts.netloc}
        try:
            try:
                connection.request("GET", target, headers=headers)
                return connection, connection.getresponse()
            except (http.client.RemoteDisconnected, ConnectionResetError, BrokenPipeError):
                connection.close()
                if not kept:
                    raise
            connection.request("GET", target, headers=headers)
            return connection, connection.getresponse()
        except ssl.SSLCertVerificationError as error:
            connection.close()
            text = f"{url}: the server's certificate is not to be trusted ({error.verify_message})"
            raise RequestRefusedError(text, url=url) from error
        except (OSError, http.client.HTTPException) as error:
            connection.close()
            text = f"{url}: no answer ({_words(error)})"
            raise InterruptedTransferError(text, url=url) from error

    def _connection(self, parts: SplitResult) -> tuple[http.client.HTTPConnection, str, bool]:
        """Give this thread's connection for a URL, the target to request, and whether it was used before."""
        pool = self._pool()
        route = self._route(parts)
        connection = pool.pop(route, None)
        kept = connection is not None and connection.sock is not None
        if connection is None:
            connection = self._new(route)
        pool[route] = connection  # the end of the dict is the most recently used
        while len(pool) > _IDLE_CONNECTIONS:
            pool.pop(next(iter(pool))).close()
        target = quote(parts.path or "/", safe="/%:@!$&'()*+,;=~-._") + (f"?{parts.query}" if parts.query else "")
        if route[2] and route[0] == "http":  # a proxy wants the whole address; for https there is a tunnel
            target = f"http://{parts.netloc}{target}"
        return connection, target, kept

    def _pool(self) -> dict[tuple[str, str, str], http.client.HTTPConnection]:
        # A child process that inherited the sockets would mix its requests with its parent's.
        if getattr(self._local, "process", None) != os.getpid():
            self._local.process = os.getpid()
            self._local.pool = _Pool()
        pool: _Pool = self._local.pool
        return pool.by_route

    def _route(self, parts: SplitResult) -> tuple[str, str, str]:
        """Give scheme, host with port, and proxy for a URL, after the overrides."""
        for pattern, instead in self.hosts.items():
            if fnmatchcase(parts.netloc, pattern):
                other = urlsplit(instead)
                return other.scheme, other.netloc, ""
        return parts.scheme, parts.netloc, _proxy(parts.scheme, parts.netloc)

    def _new(self, route: tuple[str, str, str]) -> http.client.HTTPConnection:
        scheme, netloc, proxy = route
        via = urlsplit(proxy).netloc.rpartition("@")[2] or netloc
        connection: http.client.HTTPConnection
        if scheme == "https":
            connection = http.client.HTTPSConnection(via, timeout=self.timeout_s, context=self._context())
            if proxy:
                connection.set_tunnel(netloc)
        else:
            connection = http.client.HTTPConnection(via, timeout=self.timeout_s)
        with self._lock:
            self._open.add(connection)
        return connection

    def _context(self) -> ssl.SSLContext:
        with self._lock:
            if self._tls is None:
                self._tls = ssl.create_default_context()
            return self._tls

    def _checked(
        self, url: str, offset: int, connection: http.client.HTTPConnection, answer: http.client.HTTPResponse
    ) -> Response:
        """Turn an answer into a `Response`, or into the error that it is."""
        start = _start(answer) if answer.status == HTTPStatus.PARTIAL_CONTENT else 0
        if answer.status not in {HTTPStatus.OK, HTTPStatus.PARTIAL_CONTENT} or start not in {0, offset}:
            _drain(connection, answer)
            raise _error(url, answer)
        response = Response(_HttpBody(connection, answer), url=url, offset=start, length=answer.length)
        etag = answer.headers.get("ETag", "")
        response.etag = "" if etag.startswith("W/") else etag
        response.content_type = answer.headers.get("Content-Type", "").partition(";")[0].strip().lower()
        return response


def hosts_from_environment() -> dict[str, str]:
    """Read host overrides from `PICO_BANANA_HOSTS`, e.g. `*.staticflickr.com=http://127.0.0.1:8000`.

    Returns:
        Pattern and URL of each override, in order.

    Raises:
        ConfigError: an entry is not `PATTERN=URL`.
    """
    return parse_hosts(os.environ.get(HOSTS_VARIABLE, "").split())


def parse_hosts(entries: list[str]) -> dict[str, str]:
    """Read host overrides.

    Args:
        entries: each `PATTERN=URL`.

    Returns:
        Pattern and URL of each, in order.

    Raises:
        ConfigError: an entry is not `PATTERN=URL`.
    """
    hosts = {}
    for entry in entries:
        pattern, _, url = entry.partition("=")
        if not pattern or urlsplit(url).scheme not in {"http", "https"}:
            text = f"cannot read the host override {entry!r}; write HOST=URL, e.g. '*.staticflickr.com=http://127.0.0.1:8000'"
            raise ConfigError(text, key=HOSTS_VARIABLE)
        hosts[pattern] = url.rstrip("/")
    return hosts


def retry_after_s(value: str | None, *, now: float | None = None) -> float | None:
    """Read a `Retry-After` header.

    Args:
        value: whole seconds or an HTTP date, or None.
        now: the time to count a date from, in seconds since the epoch.

    Returns:
        Seconds to wait, never negative; None when there is nothing to read.
    """
    if value is None:
        return None
    value = value.strip()
    if value.isdigit():
        return float(value)
    try:
        return max(0.0, parsedate_to_datetime(value).timestamp() - (time.time() if now is None else now))
    except ValueError:
        return None


def _error(url: str, answer: http.client.HTTPResponse) -> TransportError:
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
    return kind(text, url=url, status=status, retry_after=wait)


def _start(answer: http.client.HTTPResponse) -> int:
    """Give the first byte of a 206, or -1 when it does not say."""
    unit, _, span = answer.headers.get("Content-Range", "").partition(" ")
    first = span.partition("-")[0]
    return int(first) if unit == "bytes" and first.isdigit() else -1


def _drain(connection: http.client.HTTPConnection, answer: http.client.HTTPResponse) -> None:
    """Read a short error page so that its connection can be used again; else close the connection."""
    try:
        if answer.length is not None and answer.length <= _DRAINED_BYTES:
            answer.read()
            return
    except (OSError, http.client.HTTPException):
        pass
    answer.close()
    connection.close()


def _followed(url: str, location: str) -> str:
    target = urljoin(url, location)
    if "photo_unavailable" in target:  # where Flickr sends a photo that was taken down, with status 200 at the end
        text = f"{url}: the photo was taken down (redirect to {target})"
        raise GoneError(text, url=url, status=HTTPStatus.GONE)
    if urlsplit(url).scheme == "https" and urlsplit(target).scheme != "https":
        text = f"{url}: a redirect to {target} would leave HTTPS"
        raise RequestRefusedError(text, url=url)
    return target


def _proxy(scheme: str, netloc: str) -> str:
    proxy = urllib.request.getproxies().get(scheme, "")
    return "" if not proxy or urllib.request.proxy_bypass(netloc) else proxy


def _words(error: Exception) -> str:
    return str(error) or type(error).__name__
