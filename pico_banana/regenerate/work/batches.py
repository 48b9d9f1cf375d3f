"""Requests that wait for one another and go to a service together, half as dear; each gets its answer by its key.

What is durable before what: the requests and what the ledger knows of them, before anything is sent; the service's name
of a job, before it is looked at; the answers, before anybody is told one. So a process may be killed at any step. The
next one finds which batches there are, and asks the service's list for a job under our name before it sends one.

A request that a batch brings no answer for, because the job failed, expired or was cancelled, goes online.
"""

from __future__ import annotations

import asyncio
from copy import copy
from typing import TYPE_CHECKING, Any
from uuid import uuid4

from pico_banana.errors import InterruptedTransferError
from pico_banana.regenerate.backends.batching import Line, Looked
from pico_banana.regenerate.ledger.batchbook import FETCHED, Batch, BatchBook
from pico_banana.regenerate.values import Outcome, Reply
from pico_banana.regenerate.work.batch_jobs import BatchJobs
from pico_banana.regenerate.work.batch_queue import BatchQueue, Came, Waiting
from pico_banana.regenerate.work.pace import Stopped

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Iterable, Mapping
    from pathlib import Path

    from pico_banana.regenerate.backends.asked import Asked
    from pico_banana.regenerate.backends.batching import Batching
    from pico_banana.regenerate.settings.batching import BatchSettings


class Batches:
    """All batches of a run.

    Args:
        book: what the ledger knows of them.
        settings: how large they are, and how long one waits.
        services: who takes batches, by the stage's table.
        stop: set when the run stops.
    """

    def __init__(
        self, book: BatchBook, settings: BatchSettings, services: Mapping[str, Batching], stop: asyncio.Event
    ) -> None:
        """Start nothing yet; `start` does."""
        self._book, self._settings, self._services, self._stop = book, settings, services, stop
        self._jobs = BatchJobs(book, settings)
        self._queues: dict[str, BatchQueue] = {}
        self._known: dict[str, asyncio.Future[Came | None]] = {}
        self._tasks: set[asyncio.Task[None]] = set()

    def start(self) -> None:
        """Go on with the batches of earlier runs, and watch the queues."""
        self._book.remove_done()
        for batch in self._book.unfinished():
            if batch.table in self._services:
                futures = {key: self._future(key) for key in batch.opened}
                self._spawn(self._go_on(batch, futures, fresh=False))
        self._spawn(self._watch())

    async def close(self) -> None:
        """Leave everything as it is; batches at the service go on."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        self._book.remove_done()

    def takes(self, table: str, key: str, attempt: int) -> bool:
        """Say whether a call waits for a batch: one that it is in already, or one that it goes into.

        Args:
            table: the stage's table.
            key: of the request.
            attempt: of the edit, 0 for instructions.

        Returns:
            Whether it does.
        """
        wanted = {"online": False, "batch": True, "auto": attempt <= 1}[self._settings.transport]
        return self.knows(key) or (wanted and table in self._services)

    async def ask(self, table: str, key: str, asked: Asked, open_: Callable[[], Awaitable[int]]) -> Came | None:
        """Wait until a batch has an answer.

        Args:
            table: the stage's table.
            key: of the request.
            asked: the question.
            open_: records that the request is about to be sent, and gives its number.

        Returns:
            What came; None for a straggler that was never sent.

        Raises:
            Stopped: the run is stopping; the batch goes on.
        """
        came = self._known.get(key)
        if came is None:
            came = self._future(key)
            line = await asyncio.to_thread(self._services[table].request, key, asked)
            self._add(table, Waiting(key, line, open_, came), picture=asked.picture)
        stopping = asyncio.ensure_future(self._stop.wait())
        try:
            both: set[asyncio.Future[Any]] = {came, stopping}
            await asyncio.wait(both, return_when=asyncio.FIRST_COMPLETED)
        finally:
            stopping.cancel()
        if not came.done():
            raise Stopped
        self._known.pop(key, None)
        return came.result()

    def knows(self, key: str) -> bool:
        """Say whether a request is in a batch already, or waits for one."""
        return key in self._known

    def reply(self, table: str, came: Came, *, picture: bool) -> Reply:
        """Make a reply of what a batch brought.

        Args:
            table: the stage's table.
            came: what it brought.
            picture: whether a picture was asked for.

        Returns:
            The reply; unavailable where nothing came, or nothing that can be read.
        """
        line = came.line
        if line is None or line.answer is None:
            why = (line.why if line is not None else "") or came.why or "the batch has no line for it"
            outcome = Outcome.REFUSED if line is not None and line.refusal else Outcome.UNAVAILABLE
            return Reply(outcome, reason=why, transport="batch")
        try:
            return self._services[table].reply(line, picture=picture)
        except InterruptedTransferError as error:
            return Reply(Outcome.MALFORMED, reason=str(error), transport="batch")

    def _future(self, key: str) -> asyncio.Future[Came | None]:
        return self._known.setdefault(key, asyncio.get_running_loop().create_future())

    def _add(self, table: str, one: Waiting, *, picture: bool) -> None:
        queue = self._queues.setdefault(table, BatchQueue(self._settings, picture))
        if not queue.fits(one, readable_bytes=self._book.readable_bytes):
            self._begin(table, queue)
        queue.add(one)

    async def _watch(self) -> None:
        """Send what waits when nothing more comes."""
        while True:
            await asyncio.sleep(min(1.0, self._settings.linger_s / 4))
            for table, queue in self._queues.items():
                if queue.is_quiet:
                    self._begin(table, queue)

    def _begin(self, table: str, queue: BatchQueue) -> None:
        waiting = queue.take()
        if self._settings.transport == "auto" and len(waiting) < self._settings.stragglers:
            for one in waiting:
                one.came.set_result(None)
            return
        batch = Batch(f"pico-banana-{uuid4().hex}", table, queue.picture, queue.output_bytes(len(waiting)))
        self._spawn(self._write_and_go_on(batch, waiting))

    async def _write_and_go_on(self, batch: Batch, waiting: list[Waiting]) -> None:
        try:
            numbers = await asyncio.gather(*(one.open() for one in waiting))
            batch.opened = {one.key: number for one, number in zip(waiting, numbers, strict=True)}
            lines = [one.line for one in waiting]
            await asyncio.to_thread(self._book.write, batch, lines)
        except Exception as error:  # noqa: BLE001 - whatever it is, those who wait must hear of it
            _tell_all((one.came for one in waiting), error)
            return
        await self._go_on(batch, {one.key: one.came for one in waiting}, fresh=True)

    async def _go_on(self, batch: Batch, futures: Mapping[str, asyncio.Future[Came | None]], *, fresh: bool) -> None:
        try:
            looked = Looked(ended=True)
            if batch.state != FETCHED:
                looked = await self._jobs.fetched(self._services[batch.table], batch, fresh=fresh)
            lines = await asyncio.to_thread(self._lines, batch)
        except Exception as error:  # noqa: BLE001 - as above
            _tell_all(futures.values(), error)
            return
        for key, came in futures.items():
            if not came.done():
                came.set_result(Came(batch.opened[key], lines.get(key), looked.why, looked.is_paid))

    def _lines(self, batch: Batch) -> dict[str, Line]:
        """Read the answers that are on the disk."""
        path: Path = self._book.answers_file(batch)
        if batch.state != FETCHED or not path.is_file():
            return {}
        service, found = self._services[batch.table], dict[str, Line]()
        with path.open("rb") as file:
            for data in file:
                try:
                    line = service.line(data)
                except (ValueError, AttributeError):  # no JSON object: half a line, or a word of the service
                    continue
                if line.key in batch.opened:
                    found[line.key] = line
        return found

    def _spawn(self, work: Awaitable[None]) -> None:
        task = asyncio.ensure_future(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)


def _tell_all(futures: Iterable[asyncio.Future[Came | None]], error: Exception) -> None:
    for came in futures:
        if not came.done():
            came.set_exception(copy(error))  # raised a thousand times, one and the same would have as long a traceback
