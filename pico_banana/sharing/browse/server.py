"""The server: HTTP on 127.0.0.1 from the standard library, for one page, the rows it shows and the marks it makes.

Addresses name rows and pictures by number, never by path, so there is nothing outside of the rows to ask for.
"""

from __future__ import annotations

import json
import re
import secrets
import socket
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl, urlsplit

from pico_banana.errors import ConfigError, PicoBananaError, SelectionError, UnknownNameError
from pico_banana.mirrors.notes import ODD_SHAPE, parse_note
from pico_banana.sharing.browse.guard import HEADERS, refusal
from pico_banana.sharing.browse.page import mark_data, page_html, page_script, page_style

if TYPE_CHECKING:
    from collections.abc import Callable

    from pico_banana.sharing.browse.listing import Listing
    from pico_banana.sharing.browse.page import CardWriter
    from pico_banana.sharing.browse.pictures import Pictures

_PICTURE = re.compile(r"/(small|whole|changed)/(\d{1,9})/(\d{1,3})")
_MOST_ROWS = 64  # of one request
_LARGEST_BODY = 1 << 16
_DIGITS = 10
_IDLE_S = 60
_MISTAKES = (ConfigError, SelectionError, UnknownNameError)
_OK, _BAD, _FORBIDDEN, _ABSENT, _FAILED = 200, 400, 403, 404, 500


class Server(ThreadingHTTPServer):
    """A server of one listing.

    Attributes:
        listing: what is looked at.
        writer: writes its cards.
        pictures: gives its pictures.
        token: what those who may ask were given.
    """

    daemon_threads = True
    request_queue_size = 128  # browsers open several connections at once; one too many waits for seconds

    def __init__(self, port: int, listing: Listing, writer: CardWriter, pictures: Pictures) -> None:
        """Listen on 127.0.0.1.

        Args:
            port: 0 takes a free one.
            listing: what is looked at.
            writer: writes its cards.
            pictures: gives its pictures.
        """
        self.listing, self.writer, self.pictures = listing, writer, pictures
        self.token = secrets.token_urlsafe(24)
        self._open: set[socket.socket] = set()
        self._opening = threading.Lock()
        super().__init__(("127.0.0.1", port), _Handler)

    @property
    def url(self) -> str:
        """The address of the page, with the token."""
        return f"http://127.0.0.1:{self.server_port}/?token={self.token}"

    def process_request(self, request: Any, client_address: Any) -> None:  # noqa: ANN401 - as socketserver has them
        """Begin with a connection, and know that it is open."""
        with self._opening:
            self._open.add(request)
        super().process_request(request, client_address)

    def shutdown_request(self, request: Any) -> None:  # noqa: ANN401 - likewise
        """End a connection."""
        with self._opening:
            self._open.discard(request)
        super().shutdown_request(request)

    def handle_error(self, request: Any, client_address: Any) -> None:  # noqa: ANN401 - likewise
        """Say nothing of browsers that hang up."""

    def stop(self) -> None:
        """End, with the connections that browsers keep open."""
        self.shutdown()
        self.server_close()
        with self._opening:
            for one in self._open:
                try:
                    one.shutdown(socket.SHUT_RDWR)
                except OSError:  # it has ended meanwhile
                    continue


class _Handler(BaseHTTPRequestHandler):
    """Answers one connection's requests."""

    server: Server
    protocol_version = "HTTP/1.1"
    server_version, sys_version = "pico-banana", ""
    timeout = _IDLE_S

    def do_GET(self) -> None:
        """Answer with a page, rows or a picture."""
        self._answer({
            "/": self._page,
            "/page.css": lambda _: self._send(page_style().encode(), "text/css"),
            "/page.js": lambda _: self._send(page_script().encode(), "text/javascript"),
            "/list": lambda asked: self._send(
                self.server.listing.find(asked).astype("<i4").tobytes(), "application/octet-stream"
            ),
            "/rows": lambda asked: self._send(self.server.writer.cards(self._numbers(asked)).encode(), "text/html"),
            "/marks": self._marks,
            "/number": lambda asked: self._json(self.server.listing.number_of(asked.get("id", ""))),
            "/selection": lambda asked: self._json(self.server.listing.selection(asked)),
        })  # fmt: skip

    def do_POST(self) -> None:
        """Take a mark."""
        self._answer({"/mark": self._mark}, changes=True)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - as http.server has it
        """Say nothing of requests."""

    def _answer(self, routes: dict[str, Callable[[dict[str, str]], None]], *, changes: bool = False) -> None:
        address = urlsplit(self.path)
        asked = dict(parse_qsl(address.query))
        reason = refusal(
            self.headers,  # type: ignore[arg-type]  # a message is read as a mapping is
            token=self.server.token,
            given=asked.get("token", ""),
            cookie=self._cookie,
            changes=changes,
            first=address.path == "/" and not changes,
        )
        if reason:
            self.close_connection = True  # a body may be left unread
            self._send(reason.encode(), "text/plain", status=_FORBIDDEN)
            return
        try:
            if (picture := _PICTURE.fullmatch(address.path)) and not changes:
                self._picture(*picture.groups())
            elif (route := routes.get(address.path)) is not None:
                route(asked)
            else:
                self.close_connection = True
                self._send(b"there is no such page", "text/plain", status=_ABSENT)
        except _MISTAKES as error:
            self._send(str(error).encode(), "text/plain", status=_BAD)
        except (PicoBananaError, OSError) as error:
            if isinstance(error, (ConnectionError, TimeoutError)) and not isinstance(error, PicoBananaError):
                raise
            self._send(str(error).encode(), "text/plain", status=_FAILED)

    @property
    def _cookie(self) -> str:
        return f"pico-banana-{self.server.server_port}"  # browsers keep the ports of a host in one jar

    def _page(self, _asked: dict[str, str]) -> None:
        cookie = f"{self._cookie}={self.server.token}; HttpOnly; SameSite=Strict; Path=/"
        html = page_html(self.server.listing, token=self.server.token)
        self._send(html.encode(), "text/html", {"Set-Cookie": cookie})

    def _numbers(self, asked: dict[str, str]) -> list[int]:
        count = len(self.server.listing.rows)
        numbers = [int(one) for one in asked.get("of", "").split(",") if one.isdecimal()][:_MOST_ROWS]
        return [number for number in numbers if number < count]

    def _marks(self, asked: dict[str, str]) -> None:
        listing = self.server.listing
        ids = listing.rows[self._numbers(asked)].ids
        self._json({row: mark_data(mark) for row, mark in listing.marks.of(ids).items()})

    def _mark(self, _asked: dict[str, str]) -> None:
        told = self.headers.get("Content-Length") or ""
        length = int(told) if told.isascii() and told.isdecimal() and len(told) < _DIGITS else 0
        if not 0 < length <= _LARGEST_BODY or self.headers.get_content_type() != "application/json":
            self.close_connection = True
            raise ConfigError("a mark is a small JSON object", key="mark")
        rows = self.server.listing.rows
        try:
            said = parse_note(self.rfile.read(length))
            number = said.pop("row")
        except ODD_SHAPE as error:
            raise ConfigError(f"a mark is a JSON object with a row's number ({error!r})", key="row") from error
        if type(number) is not int or not 0 <= number < len(rows):
            raise ConfigError(f"row={number!r} is none of {len(rows):,}; the first is 0", key="row")
        self._json(mark_data(self.server.listing.marks.change(rows[number].id, said)))

    def _picture(self, kind: str, number: str, place: str) -> None:
        data, what = self.server.pictures.give(kind, int(number), int(place))
        self._send(data, what, {"Cache-Control": "private, max-age=86400, immutable"})

    def _json(self, value: object) -> None:
        self._send(json.dumps(value).encode(), "application/json")

    def _send(self, data: bytes, kind: str, more: dict[str, str] | None = None, *, status: int = _OK) -> None:
        charset = "; charset=utf-8" if kind.startswith("text/") else ""
        headers = {**HEADERS, "Cache-Control": "no-store", **(more or {})}
        self.send_response(status)
        for name, value in {**headers, "Content-Type": kind + charset, "Content-Length": str(len(data))}.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(data)
