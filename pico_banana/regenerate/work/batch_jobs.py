"""One batch from a file of requests to a file of answers: sent once, looked at, read; every step may be killed."""

from __future__ import annotations

import asyncio
import random
import time
from typing import TYPE_CHECKING, TypeVar

from pico_banana.errors import (
    ConfigError,
    GoneError,
    InterruptedTransferError,
    RequestRefusedError,
    RunStoppedError,
    TransportError,
)
from pico_banana.regenerate.backends.batching import Looked
from pico_banana.regenerate.ledger.batchbook import FAILED, SENT

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from pico_banana.regenerate.backends.batching import Batching
    from pico_banana.regenerate.ledger.batchbook import Batch, BatchBook
    from pico_banana.regenerate.settings.batching import BatchSettings

T = TypeVar("T")
_FIRST_WAIT_S, _LONGEST_WAIT_S = 1.0, 60.0
_LOOKS_AFTER_CANCELLING = 30


class BatchJobs:
    """Sends batches and waits for them.

    Args:
        book: what the ledger knows of batches.
        settings: how long one waits.
    """

    def __init__(self, book: BatchBook, settings: BatchSettings) -> None:
        """Send nothing yet."""
        self._book, self._settings = book, settings

    async def fetched(self, service: Batching, batch: Batch, *, fresh: bool) -> Looked:
        """Bring a batch to its end; afterwards its answers are on the disk.

        Args:
            service: who takes it.
            batch: the batch; changed.
            fresh: whether it was written just now, so that the service cannot have it.

        Returns:
            How the job ended, and so why answers may be missing.
        """
        if not batch.job:
            job = await self._sent(service, batch, fresh=fresh)
            if not job:
                return Looked(ended=True, why="the service refused the batch")
            await asyncio.to_thread(self._book.note, batch, SENT, job)
        try:
            looked = await self._ended(service, batch)
            data = b"".join([_whole_lines(await self._read(service, batch, file)) for file in looked.files])
        except GoneError as error:  # answers are kept for days, and this comes later
            looked, data = Looked(ended=True, why=f"the service no longer has it ({error})", is_paid=True), b""
        if looked.files:
            await asyncio.to_thread(self._book.keep_answers, batch, data)
        else:
            await asyncio.to_thread(self._book.note, batch, FAILED)
        return looked

    async def _sent(self, service: Batching, batch: Batch, *, fresh: bool) -> str:
        """Make a job of a batch, once: what may be at the service already is looked for first.

        Returns:
            The service's name of the job; empty where it refuses what is in the batch.

        Raises:
            ConfigError: the service takes no batches, or none of this account.
            InterruptedTransferError: the service took none at any try.
            RequestRefusedError: the service does not say whether it has the batch.
        """
        file, may_be_there = self._book.requests_file(batch), not fresh
        for number in range(self._settings.tries):
            try:
                if may_be_there and (job := await service.find(batch.id)):
                    return job
                may_be_there = False
                return await service.submit(batch.id, file, picture=batch.picture)
            except (ConfigError, RequestRefusedError) as error:
                if not may_be_there:
                    await asyncio.to_thread(self._book.note, batch, FAILED)
                if isinstance(error, ConfigError):
                    raise ConfigError(f"{error}; or no batches there: --transport online", key=error.key) from error
                if may_be_there:  # and paid: nobody asks again before the list says that it is not
                    raise
                return ""
            except TransportError as error:
                may_be_there = True
                await self._again(number, error)
        raise InterruptedTransferError(f"the service took no batch at {self._settings.tries} tries")

    async def _ended(self, service: Batching, batch: Batch) -> Looked:
        looks, is_cancelled = 0, False
        while True:
            looked = await self._tried(lambda: service.look(batch.job))
            if looked.ended:
                return looked
            if time.time() - batch.at > 3600 * self._settings.patience_h:
                is_cancelled = is_cancelled or await _cancelled(service, batch)
                looks += 1
                if looks > _LOOKS_AFTER_CANCELLING:
                    return Looked(ended=True, why="stuck, and not to be cancelled", is_paid=True)
            await asyncio.sleep(self._settings.poll_s)

    async def _read(self, service: Batching, batch: Batch, file: str) -> bytes:
        """Read answers; those that a service cannot hand out now are left for a later run, for they are paid.

        Raises:
            GoneError: the service no longer has them.
            RunStoppedError: they could not be read.
        """
        try:
            return await self._tried(lambda: service.read(file))
        except GoneError:
            raise
        except TransportError as error:
            await asyncio.to_thread(self._book.not_readable, batch.output_bytes)
            text = (
                f"the answers of {len(batch.opened)} requests are ready and paid, and the service cannot hand them out "
                f"({error}); run the same command again later. Batches from now on have half as many"
            )
            raise RunStoppedError(text) from error

    async def _tried(self, step: Callable[[], Awaitable[T]]) -> T:
        for number in range(self._settings.tries - 1):
            try:
                return await step()
            except TransportError as error:
                await self._again(number, error)
        return await step()

    async def _again(self, number: int, error: TransportError) -> None:
        if not error.retryable:
            raise error
        wait_s = min(_LONGEST_WAIT_S, _FIRST_WAIT_S * 2**number, 10 * self._settings.poll_s)
        await asyncio.sleep(max(error.retry_after or 0.0, wait_s * random.uniform(0.5, 1.0)))  # noqa: S311 - jitter


async def _cancelled(service: Batching, batch: Batch) -> bool:
    """Ask a service to stop a job, and say whether it heard; one that ended this moment cannot be stopped."""
    try:
        await service.cancel(batch.job)
    except TransportError:
        return False
    return True


def _whole_lines(data: bytes) -> bytes:
    return data if not data or data.endswith(b"\n") else data + b"\n"
