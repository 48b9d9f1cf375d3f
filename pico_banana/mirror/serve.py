"""The rehearsal server: one folder on 127.0.0.1 that plays the CDN, the photo bucket and Flickr, with their bad days.

`serve(folder)` runs it in a thread of this process, for tests; `run(folder)` runs it until it is interrupted, which is
what `pico-banana mirror serve` does. Every request is logged and counted by path, so that a test can say "no request
at all" or "never a HEAD".
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import socket
import threading
from collections import Counter, deque
from dataclasses import dataclass
from typing import TYPE_CHECKING
from urllib.parse import unquote, urlsplit

from pico_banana.mirror.answers import Answer, Ending, Request, answer, head
from pico_banana.mirror.faults import Limit, Rule, Script

if TYPE_CHECKING:
    from collections.abc import Awaitable, Iterator
    from pathlib import Path

LOG_PATH = "/-/log"  # asks the server itself what it was asked; never counted
_DRIP_BYTES = 4096
_DRIP_PAUSE_S = 0.01
_KEPT_REQUESTS = 100_000


@dataclass(frozen=True, slots=True)
class Logged:
    """One request and what it got.

    Attributes:
        method: GET or HEAD.
        host: the virtual host.
        path: the decoded path.
        range: the `Range` header, or an empty string.
        status: the HTTP status; 0 for a hang-up.
    """

    method: str
    host: str
    path: str
    range: str
    status: int


class Log:
    """What was asked of a server since it started or since `clear`."""

    def __init__(self) -> None:
        self.requests: deque[Logged] = deque(maxlen=_KEPT_REQUESTS)
        self.by_path: Counter[str] = Counter()
        self.by_status: Counter[int] = Counter()
        self.connections = 0

    @property
    def total(self) -> int:
        """How many requests came."""
        return sum(self.by_path.values())

    def add(self, entry: Logged) -> None:
        """Count one request.

        Args:
            entry: the request and its status.
        """
        self.requests.append(entry)
        self.by_path[entry.path] += 1
        self.by_status[entry.status] += 1

    def clear(self) -> None:
        """Forget every request so far."""
        self.requests.clear()
        self.by_path.clear()
        self.by_status.clear()
        self.connections = 0

    def as_json(self) -> bytes:
        """Give the totals, for a client in another process.

        Returns:
            A JSON object with `total`, `connections`, `by_status` and `heads`.
        """
        heads = sum(entry.method == "HEAD" for entry in self.requests)
        return json.dumps(
            {"total": self.total, "connections": self.connections, "by_status": self.by_status, "heads": heads}
        ).encode()


class _Stage:
    """Everything the connections of one server share."""

    def __init__(self, folder: Path, script: Script, latency_s: float) -> None:
        self.folder = folder
        self.script = script
        self.latency_s = latency_s
        self.log = Log()
        self.transports: set[asyncio.Transport] = set()

    def answer(self, request: Request) -> Answer:
        if request.path == LOG_PATH:
            return Answer(200, {"Content-Type": "application/json"}, body=self.log.as_json())
        where = request.host + request.path
        bucket = self.script.bucket(request.host)
        # A request that the limiter turns away never reaches the server behind it, so it uses up no one-time fault.
        faults = self.script.faults(where) if bucket is None else set()
        found = answer(self.folder, request, faults, bucket, self.log.by_path[request.path])
        span = request.headers.get("range", "")
        self.log.add(Logged(request.method, request.host, request.path, span, found.status))
        return found


class _Connection(asyncio.Protocol):
    """One keep-alive connection. Requests are answered one at a time, in order."""

    def __init__(self, stage: _Stage) -> None:
        self._stage = stage
        self._buffer = b""
        self._busy = False
        self._loop = asyncio.get_running_loop()
        self._transport: asyncio.Transport
        self._drained = asyncio.Event()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        if not isinstance(transport, asyncio.Transport):
            raise TypeError(transport)
        self._transport = transport
        transport.set_write_buffer_limits(high=0)
        self._drained.set()
        self._stage.transports.add(transport)
        self._stage.log.connections += 1

    def connection_lost(self, exc: Exception | None) -> None:
        del exc
        self._stage.transports.discard(self._transport)
        self._drained.set()

    def pause_writing(self) -> None:
        self._drained.clear()

    def resume_writing(self) -> None:
        self._drained.set()

    def data_received(self, data: bytes) -> None:
        self._buffer += data
        self._next()

    def _next(self) -> None:
        if self._busy or b"\r\n\r\n" not in self._buffer:
            return
        text, _, self._buffer = self._buffer.partition(b"\r\n\r\n")
        self._busy = True
        self._loop.call_later(self._stage.latency_s, self._reply, _parsed(text))

    def _reply(self, request: Request) -> None:
        if self._transport.is_closing():
            return
        found = self._stage.answer(request)
        if found.status:
            self._transport.write(head(found, request.method))
        if request.method == "HEAD" or not found.status:
            self._finish(found)
        elif found.drip:
            self._later(self._drip(found))
        else:
            self._send(found)
            self._finish(found)

    def _send(self, found: Answer) -> None:
        """Send a body: straight from the page cache as far as the socket takes it, the rest through memory."""
        if found.body is not None or found.file is None:
            self._transport.write(found.body or b"")
            return
        with found.file.open("rb", buffering=0) as file:
            sent = 0
            if not self._transport.get_write_buffer_size():
                with contextlib.suppress(BlockingIOError, ConnectionError):
                    number: int = self._transport.get_extra_info("socket").fileno()
                    sent = os.sendfile(number, file.fileno(), found.start, found.length)
            if sent < found.length:
                self._transport.write(os.pread(file.fileno(), found.length - sent, found.start + sent))

    async def _drip(self, found: Answer) -> None:
        body = found.body if found.file is None else found.file.read_bytes()[found.start : found.start + found.length]
        for start in range(0, len(body or b""), _DRIP_BYTES):
            self._transport.write((body or b"")[start : start + _DRIP_BYTES])
            await asyncio.sleep(_DRIP_PAUSE_S)
            if self._transport.is_closing():
                return
        self._finish(found)

    def _finish(self, found: Answer) -> None:
        if found.ending is Ending.SILENCE:
            return
        if found.ending is Ending.KEEP:
            self._busy = False
            self._next()
        elif found.ending is Ending.CLOSE:
            self._transport.close()
        else:
            self._later(self._reset())

    async def _reset(self) -> None:
        # A reset throws away what was not read yet; what was sent must arrive first, or nothing of it would.
        await self._drained.wait()
        await asyncio.sleep(0.02)
        self._transport.abort()

    def _later(self, work: Awaitable[None]) -> None:
        task = asyncio.ensure_future(work)
        _tasks.add(task)
        task.add_done_callback(_tasks.discard)


_tasks: set[asyncio.Future[None]] = set()  # the loop keeps only weak references to its tasks


def _parsed(text: bytes) -> Request:
    first, *lines = text.decode("latin-1").split("\r\n")
    method, target, _ = (first + "  ").split(" ", 2)
    headers = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in lines)}
    whole = urlsplit(target)  # a proxy is asked with the whole URL
    host = whole.netloc or headers.get("host", "")
    return Request(method, host.partition(":")[0], unquote(whole.path), headers)


class Rehearsal:
    """A server that is running.

    Attributes:
        url: its root, `http://127.0.0.1:<port>`.
        log: what it was asked.
    """

    def __init__(self, url: str, log: Log) -> None:
        self.url = url
        self.log = log

    def hosts(self, *names: str) -> dict[str, str]:
        """Send hosts to this server, in the form that the transport takes.

        Args:
            names: hosts or patterns such as `*.staticflickr.com`; all hosts when none is given.

        Returns:
            Each name with this server's URL.
        """
        return dict.fromkeys(names or ("*",), self.url)


@contextlib.contextmanager
def serve(
    folder: Path,
    *,
    faults: tuple[Rule, ...] = (),
    limits: tuple[Limit, ...] = (),
    latency_s: float = 0.0,
    seed: int = 0,
    port: int = 0,
) -> Iterator[Rehearsal]:
    """Serve a mirror folder on 127.0.0.1 from a thread, until the block ends.

    Args:
        folder: a mirror in the published layout; `open-images/` in it plays the bucket.
        faults: what goes wrong.
        limits: rate limiters, by host.
        latency_s: seconds before each answer.
        seed: picks the paths that a fault's share strikes.
        port: 0 takes a free one.

    Yields:
        The running server.
    """
    loop = asyncio.new_event_loop()
    stage = _Stage(folder, Script(faults, limits, seed=seed), latency_s)
    listener = _listener(port)
    server = loop.run_until_complete(loop.create_server(lambda: _Connection(stage), sock=listener))
    thread = threading.Thread(target=loop.run_forever, name="rehearsal-server", daemon=True)
    thread.start()
    try:
        yield Rehearsal(f"http://127.0.0.1:{listener.getsockname()[1]}", stage.log)
    finally:
        asyncio.run_coroutine_threadsafe(_shut(server, stage), loop).result()
        loop.call_soon_threadsafe(loop.stop)
        thread.join()
        loop.close()


async def _shut(server: asyncio.Server, stage: _Stage) -> None:
    server.close()
    for transport in list(stage.transports):
        transport.abort()
    for task in list(_tasks):
        if task.get_loop() is asyncio.get_running_loop():
            task.cancel()
    await asyncio.sleep(0)
    await asyncio.sleep(0)


def _listener(port: int) -> socket.socket:
    return socket.create_server(("127.0.0.1", port), backlog=1024)
