"""A server that sends exactly the bytes it is told, right or wrong: what no framework would let us say."""

from __future__ import annotations

import socket
import threading
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator


@dataclass
class Asked:
    """One request."""

    path: str
    headers: dict[str, str]


@dataclass
class RawServer:
    """Where it listens, and what it was asked."""

    url: str
    asked: list[Asked] = field(default_factory=list, repr=False)


def answer(status: str, body: bytes = b"", **headers: object) -> bytes:
    """Write an answer with a right length; a header of None is left out, a list is sent several times."""
    fields = {"Content_Length": len(body), **headers}
    lines = [f"HTTP/1.1 {status}"]
    for name, given in fields.items():
        values = given if isinstance(given, list) else [] if given is None else [given]
        lines += [f"{name.replace('_', '-')}: {value}" for value in values]
    return "\r\n".join([*lines, "", ""]).encode("latin-1") + body


@contextmanager
def raw_server(respond: Callable[[Asked], bytes | None]) -> Iterator[RawServer]:
    """Serve on this machine; every connection is closed after one answer."""
    listening = socket.create_server(("127.0.0.1", 0))
    server = RawServer(f"http://127.0.0.1:{listening.getsockname()[1]}")
    over = threading.Event()

    def one(connection: socket.socket) -> None:
        with connection:
            connection.settimeout(10)
            try:
                asked = _read(connection)
                if asked is None:
                    return
                server.asked.append(asked)
                data = respond(asked)
                if data is not None:
                    connection.sendall(data)
                else:
                    _endless(connection, over)
                connection.shutdown(socket.SHUT_WR)
                while connection.recv(1 << 16):  # or closing would reset what the client has not read yet
                    pass
            except OSError:
                return

    def accept() -> None:
        while True:
            try:
                connection, _ = listening.accept()
            except OSError:
                return
            threading.Thread(target=one, args=(connection,), daemon=True).start()

    thread = threading.Thread(target=accept, daemon=True)
    thread.start()
    try:
        yield server
    finally:
        over.set()
        listening.shutdown(socket.SHUT_RDWR)
        listening.close()
        thread.join()


def _read(connection: socket.socket) -> Asked | None:
    with connection.makefile("rb") as file:
        words = file.readline(1 << 16).decode("latin-1").split()
        if len(words) < 2:
            return None
        headers = {}
        while line := file.readline(1 << 16).decode("latin-1").strip():
            name, _, value = line.partition(":")
            headers[name.lower()] = value.strip()
        return Asked(words[1], headers)


def _endless(connection: socket.socket, over: threading.Event) -> None:
    """Send interim answers until nobody listens."""
    while not over.is_set():
        connection.sendall(b"HTTP/1.1 100 Continue\r\n\r\n" * 1000)
