"""One connection to the rehearsal server: HTTP/1.1 with keep-alive, as much of it as downloads need."""

from __future__ import annotations

import asyncio
import contextlib
import os
from typing import TYPE_CHECKING
from urllib.parse import unquote, urlsplit

from pico_banana.rehearsal.serving.answers import Answer, Ending, Request, answer, head
from pico_banana.rehearsal.serving.asked import Log, Logged

if TYPE_CHECKING:
    from collections.abc import Awaitable
    from pathlib import Path

    from pico_banana.rehearsal.serving.faults import Script

LOG_PATH = "/-/log"  # asks the server itself what it was asked; never counted
_DRIP_BYTES = 4096
_DRIP_PAUSE_S = 0.01


class Stage:
    """Everything the connections of one server share.

    Attributes:
        folder: the mirror.
        script: what goes wrong.
        latency_s: seconds before each answer.
        log: what was asked.
        transports: the open connections.
        tasks: what is still being sent.
    """

    def __init__(self, folder: Path, script: Script, latency_s: float) -> None:
        """Begin with nobody connected.

        Args:
            folder: the mirror.
            script: what goes wrong.
            latency_s: seconds before each answer.
        """
        self.folder = folder
        self.script = script
        self.latency_s = latency_s
        self.log = Log()
        self.transports: set[asyncio.Transport] = set()
        self.tasks: set[asyncio.Future[None]] = set()  # the loop keeps only weak references to its tasks

    def answer(self, request: Request) -> Answer:
        """Decide what a request gets, and count it.

        Args:
            request: what was asked.

        Returns:
            The answer.
        """
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


class Connection(asyncio.Protocol):
    """One keep-alive connection. Requests are answered one at a time, in order."""

    def __init__(self, stage: Stage) -> None:
        """Wait for requests.

        Args:
            stage: what all connections share.
        """
        self._stage = stage
        self._buffer = b""
        self._busy = False
        self._loop = asyncio.get_running_loop()
        self._transport: asyncio.Transport
        self._drained = asyncio.Event()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Keep the transport.

        Args:
            transport: of this connection.

        Raises:
            TypeError: never; the loop gives streams.
        """
        if not isinstance(transport, asyncio.Transport):
            raise TypeError(transport)
        self._transport = transport
        transport.set_write_buffer_limits(high=0)
        self._drained.set()
        self._stage.transports.add(transport)
        self._stage.log.connections += 1

    def connection_lost(self, exc: Exception | None) -> None:
        """Let go of it.

        Args:
            exc: why.
        """
        del exc
        self._stage.transports.discard(self._transport)
        self._drained.set()

    def pause_writing(self) -> None:
        """Note that the other side reads slowly."""
        self._drained.clear()

    def resume_writing(self) -> None:
        """Note that what was sent arrived."""
        self._drained.set()

    def data_received(self, data: bytes) -> None:
        """Take what came.

        Args:
            data: part of a request, or more than one.
        """
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
        self._stage.tasks.add(task)
        task.add_done_callback(self._stage.tasks.discard)


def _parsed(text: bytes) -> Request:
    first, *lines = text.decode("latin-1").split("\r\n")
    method, target, _ = (first + "  ").split(" ", 2)
    headers = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in lines)}
    whole = urlsplit(target)  # a proxy is asked with the whole URL
    host = whole.netloc or headers.get("host", "")
    return Request(method, host.partition(":")[0], unquote(whole.path), headers)
