"""The only place with an HTTP client: `Transport.get(url)` gives a `Response`, or raises one of our `TransportError`s.

The client is `http.client` of the standard library with one keep-alive connection per thread and host: of the plain
clients measured it is the fastest on pictures (docs/benchmarks.md), and threads keep the surface synchronous. Anything
that is not http(s):// is opened through fsspec, see `pico_banana.mirrors.fetch.remote`.
"""

from __future__ import annotations

import contextlib
import http.client
import os
import socket
import ssl
import threading
import weakref
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING
from urllib.parse import SplitResult, quote, urlsplit

from pico_banana.errors import InterruptedTransferError, RequestRefusedError
from pico_banana.mirrors.fetch.answered import drain, response_of
from pico_banana.mirrors.fetch.hosts import authorization, proxy_for, without_login
from pico_banana.mirrors.fetch.response import Response, words_of
from pico_banana.mirrors.fetch.status import followed, origin, parsed
from pico_banana.mirrors.fetch.trust import check_literal, check_row_url, check_web_url, connector
from pico_banana.mirrors.fetch.wire import Answer

if TYPE_CHECKING:
    from collections.abc import Mapping

_USER_AGENT = "pico-banana (a client of the Pico-Banana-400K dataset)"
_REDIRECTS = {301, 302, 303, 307, 308}
_MOST_REDIRECTS = 5
_IN_QUERY = "/?%:@!$&'()*+,;=~-._[]{}|^`"  # left as it is: signed addresses break when they are written otherwise
_IDLE_CONNECTIONS = 6  # for each thread: the CDN, the bucket and a few photo hosts


class _Pool:
    """The connections of one thread; they are closed when the thread ends."""

    def __init__(self) -> None:
        self.by_route: dict[tuple[str, ...], http.client.HTTPConnection] = {}

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
        """Set a transport up; nothing is asked before `get`.

        Args:
            hosts: where to connect in place of a host.
            timeout_s: seconds without a byte after which a connection counts as dead.
        """
        self.hosts = dict(hosts or {})
        self.timeout_s = timeout_s
        self._routes: dict[tuple[str, str], tuple[str, ...]] = {}
        self._local = threading.local()
        self._open: weakref.WeakSet[http.client.HTTPConnection] = weakref.WeakSet()
        self._lock = threading.Lock()
        self._tls: ssl.SSLContext | None = None

    def get(
        self, url: str, *, offset: int = 0, if_range: str | None = None, by_row: bool = False, near: str = ""
    ) -> Response:
        """Ask for a file, or for the rest of one.

        Args:
            url: its address.
            offset: how many bytes are here already; a server that cannot resume sends the whole file, see
                `Response.offset`.
            if_range: the ETag of those bytes; when the file has changed the whole of it comes.
            by_row: a row chose the address, see `trust`.
            near: the host that the user named for it.

        Returns:
            The answer, its body unread.

        Raises:
            RequestRefusedError: it redirects without end, or out of HTTPS.
            TransportError: there is no such file (`GoneError`), the server is busy (`ThrottledError`), failed
                (`ServerError`), refused (`RequestRefusedError`), or the connection broke (`InterruptedTransferError`).
        """
        if by_row:
            check_row_url(url)
        elif not url.lower().startswith(("http://", "https://")):
            from pico_banana.mirrors.fetch.remote import open_remote

            return open_remote(url, offset=offset)
        url, login = without_login(url)
        headers = {"User-Agent": _USER_AGENT, "Accept": "*/*", "Accept-Encoding": "identity"}
        if offset:
            headers["Range"] = f"bytes={offset}-"
            if if_range:
                headers["If-Range"] = if_range
        named, asked = "" if by_row else parsed(url).hostname or "", origin(url)
        for _ in range(_MOST_REDIRECTS + 1):
            guarded = parsed(url).hostname != named
            mine = headers | login if origin(url) == asked else headers  # a password is for whom the user gave it
            connection, answer = self._ask(url, mine, near=near or named, guarded=guarded)
            if answer.status not in _REDIRECTS or not answer.headers.get("Location"):
                return response_of(url, headers, connection, answer)
            drain(connection, answer)
            url = followed(url, answer.headers["Location"])
            check_web_url(url)
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

    def _ask(
        self, url: str, headers: dict[str, str], *, near: str, guarded: bool
    ) -> tuple[http.client.HTTPConnection, http.client.HTTPResponse]:
        """Send one request and read the head of its answer.

        Raises:
            InterruptedTransferError: there was none.
            RequestRefusedError: the server is not who it says it is, or the address is none.
        """
        parts = parsed(url)
        try:
            connection, target, kept = self._connection(parts, near if guarded else None)
        except (http.client.InvalidURL, ValueError) as error:
            text = f"{url}: is no address ({words_of(error)})"
            raise RequestRefusedError(text, url=url) from error
        headers = headers | {"Host": parts.netloc} | self._for_proxy(parts)
        try:
            answer = _answer(connection, target, headers, may_be_closed=kept)
        except RequestRefusedError:
            connection.close()
            raise
        except ssl.SSLCertVerificationError as error:
            connection.close()
            text = f"{url}: the server's certificate is not to be trusted ({error.verify_message})"
            raise RequestRefusedError(text, url=url) from error
        except (socket.gaierror, ConnectionRefusedError) as error:
            connection.close()
            text = f"{url}: {connection.host} cannot be reached ({words_of(error)}); check the network and the address"
            broken = InterruptedTransferError(text, url=url)
            broken.connected = False
            raise broken from error
        except (OSError, http.client.HTTPException) as error:
            connection.close()
            text = f"{url}: no answer ({words_of(error)})"
            raise InterruptedTransferError(text, url=url) from error
        except ValueError as error:  # a request that cannot be written: letters that no header and no address has
            connection.close()
            text = f"{url}: cannot be asked for ({words_of(error)})"
            raise RequestRefusedError(text, url=url) from error
        return connection, answer

    def _connection(self, parts: SplitResult, near: str | None) -> tuple[http.client.HTTPConnection, str, bool]:
        """Give this thread's connection for a URL, the target to request, and whether it was used before."""
        pool = self._pool()
        named = parts.scheme, parts.netloc
        route = self._routes.get(named) or self._routes.setdefault(named, self._route(parts))
        if near is not None and route[2]:
            check_literal(parts.hostname or "", near, url=parts.geturl())
        guard = "" if near is None or route[2] or self._overrides(parts.netloc) else f"only public, or like {near}"
        route = (*route[:3], guard)
        connection = pool.pop(route, None)
        kept = connection is not None and connection.sock is not None
        if connection is None:
            connection = self._new(route)
            if guard:
                connection._create_connection = connector(near or "", parts.geturl())  # type: ignore[attr-defined] # noqa: SLF001 - http.client has no other seam between a name and its socket
        pool[route] = connection  # the end of the dict is the most recently used
        while len(pool) > _IDLE_CONNECTIONS:
            pool.pop(next(iter(pool))).close()
        target = quote(parts.path or "/", safe="/%:@!$&'()*+,;=~-._") + (
            f"?{quote(parts.query, safe=_IN_QUERY)}" if parts.query else ""
        )
        if route[2] and route[0] == "http":  # a proxy wants the whole address; for https there is a tunnel
            target = f"http://{parts.netloc}{target}"
        return connection, target, kept

    def _pool(self) -> dict[tuple[str, ...], http.client.HTTPConnection]:
        # A child process that inherited the sockets would mix its requests with its parent's.
        if getattr(self._local, "process", None) != os.getpid():
            self._local.process = os.getpid()
            self._local.pool = _Pool()
        pool: _Pool = self._local.pool
        return pool.by_route

    def _overrides(self, netloc: str) -> str:
        """Give the URL that the user named in place of a host, or an empty string."""
        return next((instead for pattern, instead in self.hosts.items() if fnmatchcase(netloc, pattern)), "")

    def _route(self, parts: SplitResult) -> tuple[str, ...]:
        """Give scheme, host with port, and proxy for a URL, after the overrides."""
        if instead := self._overrides(parts.netloc):
            other = urlsplit(instead)
            return other.scheme, other.netloc, ""
        return parts.scheme, parts.netloc, proxy_for(parts.scheme, parts.netloc)

    def _for_proxy(self, parts: SplitResult) -> dict[str, str]:
        """Give the headers for a proxy that sees the request itself; a tunnel has told its own already."""
        scheme, _, proxy = self._routes[parts.scheme, parts.netloc]
        return authorization(proxy) if scheme == "http" else {}

    def _new(self, route: tuple[str, ...]) -> http.client.HTTPConnection:
        scheme, netloc, proxy = route[:3]
        via = urlsplit(proxy).netloc.rpartition("@")[2] or netloc
        connection: http.client.HTTPConnection
        if scheme == "https":
            connection = http.client.HTTPSConnection(via, timeout=self.timeout_s, context=self._context())
            if proxy:
                connection.set_tunnel(netloc, headers=authorization(proxy))
        else:
            connection = http.client.HTTPConnection(via, timeout=self.timeout_s)
        connection.response_class = Answer
        with self._lock:
            self._open.add(connection)
        return connection

    def _context(self) -> ssl.SSLContext:
        with self._lock:
            if self._tls is None:
                self._tls = ssl.create_default_context()
            return self._tls


def _answer(
    connection: http.client.HTTPConnection, target: str, headers: dict[str, str], *, may_be_closed: bool
) -> http.client.HTTPResponse:
    """Send a request; a kept connection that the server closed meanwhile is opened again, once."""
    if may_be_closed:
        with contextlib.suppress(http.client.RemoteDisconnected, ConnectionResetError, BrokenPipeError):
            connection.request("GET", target, headers=headers)
            return connection.getresponse()
        connection.close()
    connection.request("GET", target, headers=headers)
    return connection.getresponse()
