"""The server itself: HTTP on 127.0.0.1 in a thread of its own, and a count of what was paid."""

from __future__ import annotations

import asyncio
import json
import threading
from collections import Counter
from typing import TYPE_CHECKING, Any, Self

from pico_banana.rehearsal.models.batch_routes import Answer, BatchRoutes, Request
from pico_banana.rehearsal.models.batches import BatchRoom
from pico_banana.rehearsal.models.failing import failing
from pico_banana.rehearsal.models.faults import ENDING, PASSING, ModelFaults
from pico_banana.rehearsal.models.gemini import answer_gemini
from pico_banana.rehearsal.models.mind import Mind, content_hash
from pico_banana.rehearsal.models.openai import answer_openai, parse_form

if TYPE_CHECKING:
    from types import TracebackType

_LARGEST_BODY = 256 << 20
_GENERATE = ":generateContent"


class ModelServer:
    """A rehearsal of the model services.

    Attributes:
        mind: what the models say.
        paid: hash of a request's content to how often it was answered in full; a well-behaved client keeps all at 1.
        statuses: HTTP status to how often it was sent; 0 for cut connections.
        most_at_a_time: most requests that were open at the same time.
        room: files and batches.
        routes: what answers for them.
    """

    def __init__(self, mind: Mind | None = None, *, port: int = 0) -> None:
        """Prepare a server; `with` starts it. Port 0 is any free one."""
        self.mind = mind or Mind()
        self.paid: Counter[str] = Counter()
        self.statuses: Counter[int] = Counter()
        self.most_at_a_time = 0
        self.room = BatchRoom(self.mind, self.paid)
        self.routes = BatchRoutes(self.room)
        self._visits: Counter[str] = Counter()
        self._port = port
        self._at_a_time = 0
        self._loop: asyncio.AbstractEventLoop | None = None
        self._thread: threading.Thread | None = None
        self._open: set[asyncio.Task[None]] = set()

    @property
    def faults(self) -> ModelFaults:
        """What goes wrong."""
        return self.mind.faults

    @property
    def gemini_url(self) -> str:
        """The base URL for `google-genai`."""
        return f"http://127.0.0.1:{self._port}"

    @property
    def openai_url(self) -> str:
        """The base URL for `openai`."""
        return f"http://127.0.0.1:{self._port}/v1"

    def __enter__(self) -> Self:
        """Start it."""
        ready = threading.Event()
        self._thread = threading.Thread(target=self._run, args=(ready,), name="model-rehearsal", daemon=True)
        self._thread.start()
        ready.wait()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Stop it."""
        if self._loop is not None and self._thread is not None:
            self._loop.call_soon_threadsafe(self._loop.stop)
            self._thread.join()

    def serve_forever(self) -> None:
        """Serve until interrupted."""
        with self:
            if self._thread is not None:
                self._thread.join()

    def _run(self, ready: threading.Event) -> None:
        loop = self._loop = asyncio.new_event_loop()
        server = loop.run_until_complete(asyncio.start_server(self._accept, "127.0.0.1", self._port, limit=1 << 20))
        self._port = server.sockets[0].getsockname()[1]
        ready.set()
        loop.run_forever()
        server.close()
        for task in asyncio.all_tasks(loop):
            task.cancel()
        loop.run_until_complete(asyncio.sleep(0.01))
        loop.close()

    async def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while (request := await _read_request(reader)) is not None:
                self._at_a_time += 1
                self.most_at_a_time = max(self.most_at_a_time, self._at_a_time)
                try:
                    if not await self._respond(request, writer):
                        return
                finally:
                    self._at_a_time -= 1
        except (ConnectionError, asyncio.IncompleteReadError, asyncio.CancelledError):
            return
        finally:
            writer.close()

    async def _respond(self, asked: Request, writer: asyncio.StreamWriter) -> bool:
        """Answer one request; False when the connection was cut.

        Raises:
            ConnectionError: the client went away; then nothing was paid.
        """
        of_batches = self.routes.answer(asked)
        if of_batches is not None:
            return await self._send(of_batches, writer)
        path, kind = asked.path, asked.headers.get("content-type", "")
        content = parse_form(asked.body, kind) if kind.startswith("multipart/") else json.loads(asked.body or b"{}")
        request = content_hash([path, content])
        self._visits[request] += 1
        fault = self.faults.first(PASSING, f"{request}/{self._visits[request]}", self.mind.seed)
        await asyncio.sleep(self.faults.latency_s + (self.faults.hang_s if fault == "hang" else 0))
        fault = fault or self._ending_fault(path, content, request)
        failed = failing(fault, self.faults, gemini=path.endswith(_GENERATE))
        answer = self._answer(path, content, request) if failed is None else Answer(*failed)
        data = _encoded(answer)
        if fault == "cut_connection":
            self.statuses[0] += 1
            writer.write(data[: len(data) // 2])
            await writer.drain()
            return False
        self.statuses[answer.status] += 1
        paid = Counter([request] if answer.status == 200 else [])  # noqa: PLR2004 - the HTTP status
        self.paid.update(paid)  # before the client can have it and ask what it paid
        try:
            writer.write(data)
            await writer.drain()
        except ConnectionError:
            self.paid -= paid
            raise
        return True

    async def _send(self, answer: Answer, writer: asyncio.StreamWriter) -> bool:
        self.statuses[0 if answer.cut else answer.status] += 1
        if not answer.cut:
            writer.write(_encoded(answer))
            await writer.drain()
        return not answer.cut

    def _ending_fault(self, path: str, content: dict[str, Any], request: str) -> str:
        found = self.faults.first(ENDING, request, self.mind.seed)
        modalities = content.get("generationConfig", {}).get("responseModalities", [])
        wants_picture = "IMAGE" in modalities or path.endswith("/images/edits")
        return "" if found == "bad_parameter" and not wants_picture else found

    def _answer(self, path: str, content: dict[str, Any], request: str) -> Answer:
        if path.endswith(_GENERATE):
            model = path.removesuffix(_GENERATE).rpartition("/models/")[2]
            return Answer(200, answer_gemini(self.mind, content, request, model=model))
        if path in {"/v1/chat/completions", "/v1/images/edits"}:
            status, body = answer_openai(self.mind, path, content, request)
            return Answer(status, body)
        return Answer(
            404, {"error": {"code": 404, "message": f"no such model or method: {path}", "status": "NOT_FOUND"}}
        )


async def _read_request(reader: asyncio.StreamReader) -> Request | None:
    line = await reader.readline()
    if not line:
        return None
    method, address = line.split()[:2]
    path, _, query = address.decode().partition("?")
    headers: dict[str, str] = {}
    while (header := (await reader.readline()).strip()) != b"":
        name, _, value = header.decode().partition(":")
        headers[name.lower()] = value.strip()
    if headers.get("transfer-encoding", "").lower() == "chunked":
        return Request(method.decode(), path, query, headers, await _read_chunks(reader))
    length = min(int(headers.get("content-length", "0")), _LARGEST_BODY)
    return Request(method.decode(), path, query, headers, await reader.readexactly(length))


async def _read_chunks(reader: asyncio.StreamReader) -> bytes:
    chunks = []
    while (size := int((await reader.readline()).split(b";")[0], 16)) > 0:
        chunks.append(await reader.readexactly(size))
        await reader.readline()
    await reader.readline()
    return b"".join(chunks)


def _encoded(answer: Answer) -> bytes:
    body = answer.body if isinstance(answer.body, bytes) else json.dumps(answer.body).encode()
    kind = "application/octet-stream" if isinstance(answer.body, bytes) else "application/json"
    headers = {"Content-Type": kind, "Content-Length": str(len(body)), **answer.headers}
    lines = [f"HTTP/1.1 {answer.status} -", *(f"{name}: {value}" for name, value in headers.items()), "", ""]
    return "\r\n".join(lines).encode() + body
