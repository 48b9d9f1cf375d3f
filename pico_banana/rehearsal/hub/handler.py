"""HTTP of the rehearsal Hub: bodies, ranges, answers cut short, and the line of the log each request leaves."""

from __future__ import annotations

import re
import socket
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, Protocol
from urllib.parse import unquote

if TYPE_CHECKING:
    from collections.abc import Mapping

    from pico_banana.rehearsal.hub.calls import Reply

_COPY_BYTES = 1 << 20
_OK, _PARTIAL, _OUTSIDE = 200, 206, 416


@dataclass(frozen=True, slots=True)
class HubFault:
    """A failure to show to the next requests that fit.

    Attributes:
        path: a pattern searched in the request's path.
        method: only this method; empty for any.
        status: the status to answer; 0 hangs up without an answer; 200 sends half of the body, then hangs up.
        times: how many requests are to fail.
        retry_after: seconds to put into a Retry-After header; None for none.
    """

    path: str
    method: str = ""
    status: int = 503
    times: int = 1
    retry_after: float | None = None


@dataclass(frozen=True, slots=True)
class HubRequest:
    """One line of the log. The token itself is never kept.

    Attributes:
        method: the HTTP method.
        path: path and query, unquoted.
        status: the status answered; 0 when the server hung up.
        range: the Range header, or "".
        sent: bytes of body sent.
        received: bytes of body received.
        user: the account of the token; None without a token.
    """

    method: str
    path: str
    status: int
    range: str
    sent: int
    received: int
    user: str | None


class Hub(Protocol):
    """What the handler needs of the server behind it."""

    def begin(self) -> int:
        """Note that a request has come in, and number it."""

    def end(self, number: int, request: HubRequest | None) -> None:
        """Note that a request is over."""

    def take_fault(self, method: str, path: str) -> HubFault | None:
        """Use up one planned failure of a request."""

    def user_of(self, authorization: str) -> str | None:
        """Say whose token a request carries."""

    def answer(self, method: str, target: str, headers: Mapping[str, str], body: bytes) -> Reply:
        """Answer one request."""


class HubHttpServer(ThreadingHTTPServer):
    """The port. A client that hangs up is no news."""

    daemon_threads = True
    request_queue_size = 128

    def __init__(self, port: int, hub: Hub) -> None:
        """Open the port.

        Args:
            port: 0 for any free one.
            hub: what answers.
        """
        self.hub = hub
        super().__init__(("127.0.0.1", port), _Handler)

    def handle_error(self, request: object, client_address: object) -> None:
        """Say nothing.

        Args:
            request: the connection.
            client_address: who it was.
        """


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True  # headers and body are two writes: with Nagle each small answer takes 40 ms
    wbufsize = -1
    server: HubHttpServer

    @property
    def hub(self) -> Hub:
        return self.server.hub

    def _serve(self) -> None:
        number = self.hub.begin()
        request = None
        try:
            request = self._answer()
        finally:
            self.hub.end(number, request)

    def _answer(self) -> HubRequest:
        headers = {name.lower(): value for name, value in self.headers.items()}
        body, path = self._body(headers), unquote(self.path)
        fault = self.hub.take_fault(self.command, path)
        if fault is not None and fault.status != _OK:
            status, sent = self._fail(fault)
        else:
            status, sent = self._send(
                self.hub.answer(self.command, self.path, headers, body), headers, cut=fault is not None
            )
        user = self.hub.user_of(headers.get("authorization", ""))
        return HubRequest(self.command, path, status, headers.get("range", ""), sent, len(body), user)

    do_GET = do_HEAD = do_POST = do_PUT = do_DELETE = _serve  # noqa: N815 -- names set by http.server

    def _body(self, headers: Mapping[str, str]) -> bytes:
        if headers.get("transfer-encoding", "").lower() != "chunked":
            return self.rfile.read(int(headers.get("content-length") or 0))
        chunks = []
        while size := int(self.rfile.readline().split(b";")[0], 16):
            chunks.append(self.rfile.read(size))
            self.rfile.readline()
        self.rfile.readline()
        return b"".join(chunks)

    def _fail(self, fault: HubFault) -> tuple[int, int]:
        self.close_connection = True
        if fault.status:
            self.send_response(fault.status)
            self.send_header("Content-Length", "0")
            if fault.retry_after is not None:
                self.send_header("Retry-After", str(fault.retry_after))
            self.end_headers()
        else:
            self.connection.shutdown(socket.SHUT_RDWR)
        return fault.status, 0

    def _send(self, reply: Reply, headers: Mapping[str, str], *, cut: bool) -> tuple[int, int]:
        total = len(reply.body) if reply.file is None else reply.file.stat().st_size
        span = _span(headers.get("range", ""), total) if reply.file is not None else None
        status = reply.status if span is None else _PARTIAL if span[1] > span[0] else _OUTSIDE
        start, stop = span or (0, total)
        self.send_response(status)
        if span is not None:
            self.send_header(
                "Content-Range", f"bytes {start}-{stop - 1}/{total}" if status == _PARTIAL else f"bytes */{total}"
            )
        for name, value in {**reply.headers, "Content-Length": str(stop - start)}.items():
            self.send_header(name, value)
        self.end_headers()
        if self.command == "HEAD":
            return status, 0
        stop = (start + stop) // 2 if cut else stop
        self._write(reply, start, stop)
        self.close_connection = self.close_connection or cut
        return status, stop - start

    def _write(self, reply: Reply, start: int, stop: int) -> None:
        if reply.file is None:
            self.wfile.write(reply.body[start:stop])
            return
        with reply.file.open("rb") as file:
            file.seek(start)
            while start < stop and (chunk := file.read(min(_COPY_BYTES, stop - start))):
                self.wfile.write(chunk)
                start += len(chunk)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 -- the name is http.server's
        """Say nothing: the log is `RehearsalHub.requests`."""


def _span(header: str, total: int) -> tuple[int, int] | None:
    """Read a Range header of one span; (0, 0) when it lies outside the file."""
    match = re.fullmatch(r"bytes=(\d*)-(\d*)", header.strip())
    if not match or match[1] == match[2] == "":
        return None
    if not match[1]:
        return max(0, total - int(match[2])), total
    start = int(match[1])
    stop = min(int(match[2]) + 1, total) if match[2] else total
    return (start, stop) if start < stop else (0, 0)
