"""The desk every call goes over: replayed when it was answered before, else paced, paid, saved, then given out."""

from __future__ import annotations

import asyncio
import random
import time
from collections import Counter
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from pico_banana.errors import (
    DiskFullError,
    InterruptedTransferError,
    ModelError,
    ModelUnavailableError,
    PicoBananaError,
    ThrottledError,
    TransportError,
)
from pico_banana.regenerate.backends.asked import asked_of
from pico_banana.regenerate.ledger.batchbook import BatchBook
from pico_banana.regenerate.ledger.entries import reply_row
from pico_banana.regenerate.settings.pricelist import FREE_BACKENDS
from pico_banana.regenerate.values import Outcome, Reply, Stage
from pico_banana.regenerate.work.batches import Batches
from pico_banana.regenerate.work.budget import Budget, in_batch, most_usd, prices, reply_usd
from pico_banana.regenerate.work.calls import TABLE_OF_STAGE, Call, what_was_asked
from pico_banana.regenerate.work.guards import Breaker, Canary, FirstCalls, Reach, check_model, patient
from pico_banana.regenerate.work.memory import Memory
from pico_banana.regenerate.work.pace import Stopped, paces

if TYPE_CHECKING:
    from collections.abc import Mapping

    from pico_banana.regenerate.backends.base import ModelSettings
    from pico_banana.regenerate.backends.batching import Batching
    from pico_banana.regenerate.ledger.book import Ledger
    from pico_banana.regenerate.settings.config import Config

_FIRST_WAIT_S, _DISK_CHECK_EVERY_S = 0.5, 2.0


class Desk:
    """Sends calls and keeps their records.

    Attributes:
        ledger: where records go.
        memory: what is there of an item already.
        config: the run's configuration.
        budget: the money.
        stop: set to let no new call start.
        batches: those that calls wait for.
        replayed: calls answered from the ledger in this run.
        sent: calls answered by a service in this run.
        answered_by: stage table name to the models that answered in this run, and how often.
    """

    def __init__(self, ledger: Ledger, config: Config, budget: Budget, batching: Mapping[str, Batching]) -> None:
        """Open the desk; `batching` says who takes batches, by the stage's table."""
        self.ledger, self.config, self.budget = ledger, config, budget
        self.memory = Memory(ledger, config)
        self.stop = asyncio.Event()
        self.batches = Batches(BatchBook(ledger), config.batch, batching, self.stop)
        self.replayed = 0
        self.sent = 0
        self.answered_by: dict[str, Counter[str]] = {}
        self._prices = prices(config)
        self._canary = Canary(self.stop)
        self._first = FirstCalls(lambda stage: not budget.limit_usd or stage in budget.dearest, self.stop)
        self._breaker, self._reach = Breaker(), Reach()
        self._is_free = all(one.backend in FREE_BACKENDS for one in config.models.values())
        self._usd: dict[int, float] = {}
        self._paces = paces(config.models)
        self._next_id = ledger.next_call_id()
        self._saving: set[asyncio.Task[None]] = set()
        self._disk_checked = float("-inf")

    async def ask(self, call: Call) -> Reply:
        """Answer a call: from the ledger when it is there, else from its model.

        Args:
            call: the request.

        Returns:
            The reply, durable.

        Raises:
            ModelUnavailableError: the service failed at every try.
            Stopped: the run is stopping.
            RunStoppedError: going on would only waste money.
            BudgetError: the call could exceed the budget.
            DiskFullError: there is no room for the reply.
        """
        key = self.key(call)
        saved = self.ledger.answer(key)
        if saved is not None:
            self.replayed += 1
            return saved
        if not self._is_free:
            await self._canary.admit(call.item)
        reply = await self._batched(call, key) or await self._send_until_answered(call, key)
        self.sent += 1
        self._look_at(call, reply)
        return reply

    def item_ended(self, item: int) -> float:
        """Note that an item ended, well or not, and give what its calls cost in this run, USD."""
        self._canary.ended(item)
        return self._usd.pop(item, 0.0)

    def key(self, call: Call) -> str:
        """Hash everything a reply depends on."""
        return call.key(self._settings(call.stage))

    def halt(self) -> None:
        """Let no new call start; those in flight go on."""
        self.stop.set()
        for waiting in (self._canary, self._first):
            waiting.wake()
        for pace in self._paces.values():
            pace.stop()

    async def drain(self) -> None:
        """Wait until every reply that came is on the disk."""
        while self._saving:
            await asyncio.gather(*self._saving, return_exceptions=True)

    async def _batched(self, call: Call, key: str) -> Reply | None:
        """Have a call answered by a batch; None for one that goes online, or has to after all."""
        table, began = TABLE_OF_STAGE[call.stage], time.monotonic()
        goes = self.batches.takes(table, key, call.attempt) and (self._canary.is_open or self.batches.knows(key))
        if not goes:
            return None
        self._check_disk()
        price = in_batch(self._prices[table])
        most, usd = self.budget.most(call.stage, most_usd(price, self._settings(call.stage), call.stage)), 0.0
        self.budget.reserve(most)
        try:
            came = await self.batches.ask(table, key, asked_of(call.request), lambda: self._open(call, key, most))
            if came is None:
                return None
            reply = await asyncio.to_thread(self.batches.reply, table, came, picture=call.stage is Stage.EDIT)
            if reply.outcome is not Outcome.UNAVAILABLE:
                usd = reply_usd(price, reply, most)
            elif came.is_paid:
                usd = most
            await self._keep(call, reply, {"opened": came.opened, "key": key, "usd": usd}, began)
        finally:
            self.budget.settle(call.stage, most, usd)
        return None if reply.outcome is Outcome.UNAVAILABLE else replace(reply, call=came.opened)

    async def _send_until_answered(self, call: Call, key: str) -> Reply:
        settings, number = self._settings(call.stage), 0
        while number < (tries := self._reach.tries(settings, self.config.run.tries)):
            if number:
                await self._wait(number)
            number += 1
            reply = await self._send_once(call, key)
            if reply.outcome is not Outcome.UNAVAILABLE:
                return reply
        text = f"{call.stage} failed {tries} times, the last time with: {reply.reason}"
        raise self._reach.given_up(settings, call.item, ModelUnavailableError(text, backend=settings.backend))

    def _look_at(self, call: Call, reply: Reply) -> None:
        """Learn from an answer, which is on the disk by now."""
        table, settings = TABLE_OF_STAGE[call.stage], self._settings(call.stage)
        self.answered_by.setdefault(table, Counter())[reply.model] += 1
        self._breaker.answered(call.stage)
        self._reach.came(settings)
        if not self.config.run.allow_model_change:
            check_model(settings, reply, call.stage)
        self._canary.answered(call.stage, call.item)

    async def _send_once(self, call: Call, key: str) -> Reply:
        await self._first.begin(call.stage)
        try:
            return await self._paid(call, key)
        finally:
            self._first.end(call.stage)

    async def _paid(self, call: Call, key: str) -> Reply:
        table = TABLE_OF_STAGE[call.stage]
        settings, pace = self._settings(call.stage), self._paces[table]
        started = await pace.enter(settings.max_output_tokens + settings.max_input_tokens, self.stop)
        error: Exception | None = None
        usd, tokens = 0.0, 0
        try:
            self._check_disk()
            most = self.budget.most(call.stage, most_usd(self._prices[table], settings, call.stage))
            self.budget.reserve(most)
            try:
                number = await self._open(call, key, most)
                reply, error = await self._answer(call, settings)
                tokens = reply.usage.input_tokens + reply.usage.output_tokens
                if error is None:
                    usd = reply_usd(self._prices[table], reply, most)
                elif isinstance(error, InterruptedTransferError):
                    usd = most
                await self._keep(call, reply, {"opened": number, "key": key, "usd": usd}, started)
            finally:
                self.budget.settle(call.stage, most, usd)
        finally:
            pace.leave(started, error, tokens=tokens)
        if error is not None and not (isinstance(error, TransportError) and error.retryable):
            raise error
        return replace(reply, call=number)

    async def _answer(self, call: Call, settings: ModelSettings) -> tuple[Reply, Exception | None]:
        try:
            return await asyncio.wait_for(call.send(), settings.timeout_s), None
        except TimeoutError:
            error: Exception = InterruptedTransferError(f"no reply within {settings.timeout_s:g} s")
        except ModelUnavailableError as failed:
            error = ThrottledError(str(failed), retry_after=failed.retry_after)
        except PicoBananaError as failed:
            error = failed
        except Exception as failed:  # noqa: BLE001 - somebody else's backend; one item fails, the run goes on
            error = ModelError(f"{type(failed).__name__}: {failed}", backend=settings.backend)
            error.__cause__ = failed
        self._reach.came(settings, error)
        error = patient(self._breaker.judged(call.stage, error), self.config.run.longest_pause_s)
        return Reply(Outcome.UNAVAILABLE, reason=f"{type(error).__name__}: {error}"), error

    async def _open(self, call: Call, key: str, most: float) -> int:
        number = self._next_id
        self._next_id += 1
        row = {"id": number, "key": key, "stage": call.stage, "item": call.item, "most_usd": most, "at": time.time()}
        await asyncio.wrap_future(self.ledger.append("opened", row))
        return number

    async def _keep(self, call: Call, reply: Reply, facts: Mapping[str, Any], began: float) -> None:
        """Count what a call cost, and make its reply durable, even when whoever asked for it is cancelled meanwhile."""
        self._usd[call.item] = self._usd.get(call.item, 0.0) + facts["usd"]
        task = asyncio.create_task(self._save(call, reply, {**facts, "seconds": time.monotonic() - began}))
        self._saving.add(task)
        task.add_done_callback(self._saving.discard)
        await asyncio.shield(task)

    async def _save(self, call: Call, reply: Reply, facts: Mapping[str, Any]) -> None:
        if reply.picture is not None:
            await asyncio.to_thread(self.ledger.vault.save, reply.picture)
        row = {**facts, **what_was_asked(call, self._settings(call.stage)), **reply_row(reply), "at": time.time()}
        await asyncio.wrap_future(self.ledger.append("calls", row))

    async def _wait(self, number: int) -> None:
        longest = min(self.config.run.max_wait_s, _FIRST_WAIT_S * 2 ** (number - 1))
        try:
            await asyncio.wait_for(self.stop.wait(), longest * random.uniform(0.5, 1.0))  # noqa: S311 - jitter
        except TimeoutError:
            return
        raise Stopped

    def _settings(self, stage: Stage) -> ModelSettings:
        return self.config.models[TABLE_OF_STAGE[stage]]

    def _check_disk(self) -> None:
        now = time.monotonic()
        if now - self._disk_checked < _DISK_CHECK_EVERY_S and not self.ledger.vault.reserve_spent:
            return
        self._disk_checked = now
        vault, least = self.ledger.vault, self.config.run.min_free_mb
        if vault.reserve_spent or vault.free_mb() < least:
            text = (
                f"less than {least} MB are free for {self.ledger.folder}; nothing more is paid for until there is room"
            )
            raise DiskFullError(text, path=str(self.ledger.folder))
