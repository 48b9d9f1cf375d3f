"""What keeps a run from paying for mistakes: one item goes first, repeated refusals and other models end it."""

from __future__ import annotations

import asyncio
import re
import time
from collections import Counter
from typing import TYPE_CHECKING, TypeAlias

from pico_banana.errors import InterruptedTransferError, RequestRefusedError, RunStoppedError, TransportError
from pico_banana.regenerate.backends.service import moment
from pico_banana.regenerate.values import Reply, Stage
from pico_banana.regenerate.work.pace import Stopped
from pico_banana.telling import bare

if TYPE_CHECKING:
    from collections.abc import Callable

    from pico_banana.errors import ModelError, ModelUnavailableError
    from pico_banana.regenerate.backends.base import ModelSettings

# Items that may go alone before the rest: writers decline and editors refuse, so the first need not come through.
_MOST_CANARIES = 8
# Refusals of one kind in a row that end a run: while a stage has never answered, and after it has.
_REFUSED_AT_FIRST, _REFUSED_LATER = 3, 10
_TRIES_UNREACHED = 3  # of a call to a service that there was no connection to, ever
_VERSION = re.compile(r"-\d[\d-]*")  # a model answers with its date or number: "gpt-5.4-2026-03-05", "gemini-…-001"
_Service: TypeAlias = tuple[str, str]  # its backend and its address
_NUMBERS = re.compile(r"[0-9a-f]*\d[0-9a-f]*")


class Canary:
    """Lets one item go through all stages before the rest begin.

    Args:
        stop: set when the run stops.
    """

    def __init__(self, stop: asyncio.Event) -> None:
        """Nobody has gone yet."""
        self._stop = stop
        self._leader: int | None = None
        self._gone = 0
        self._open = False
        self._changed = asyncio.Event()

    @property
    def is_open(self) -> bool:
        """Whether all items may ask."""
        return self._open

    async def admit(self, item: int) -> None:
        """Wait until an item may ask a service.

        Args:
            item: its id.

        Raises:
            Stopped: the run is stopping.
        """
        while not self._open:
            if self._stop.is_set():
                raise Stopped
            if self._leader in (None, item):
                self._leader = item
                return
            self._changed.clear()
            await self._changed.wait()

    def answered(self, stage: Stage, item: int) -> None:
        """Note that a stage answered; the last one opens the way.

        Args:
            stage: the stage.
            item: the item it answered.
        """
        if item == self._leader and stage in (Stage.JUDGE, Stage.SECOND_JUDGE, Stage.INVENTORY):
            self._open = True
            self.wake()

    def ended(self, item: int) -> None:
        """Note that an item ended, well or not; the next one may go.

        Args:
            item: its id.
        """
        if item == self._leader:
            self._leader = None
            self._gone += 1
            self._open = self._open or self._gone >= _MOST_CANARIES
            self.wake()

    def wake(self) -> None:
        """Let everything that waits look again."""
        self._changed.set()


class FirstCalls:
    """Lets the first call of a stage go alone where there is a budget: until it came back nobody knows what one costs.

    Args:
        known: tells whether a stage has been paid for in this run.
        stop: set when the run stops.
    """

    def __init__(self, known: Callable[[Stage], bool], stop: asyncio.Event) -> None:
        """Nothing is in flight."""
        self._known = known
        self._stop = stop
        self._going: set[Stage] = set()
        self._changed = asyncio.Event()

    async def begin(self, stage: Stage) -> None:
        """Wait until a call may start; every `begin` needs one `end`.

        Args:
            stage: the call's.

        Raises:
            Stopped: the run is stopping.
        """
        while stage in self._going and not self._known(stage):
            if self._stop.is_set():
                raise Stopped
            self._changed.clear()
            await self._changed.wait()
        self._going.add(stage)

    def end(self, stage: Stage) -> None:
        """Note that a call ended.

        Args:
            stage: the call's.
        """
        self._going.discard(stage)
        self.wake()

    def wake(self) -> None:
        """Let everything that waits look again."""
        self._changed.set()


class Breaker:
    """Ends a run whose requests are refused again and again in one way."""

    def __init__(self) -> None:
        """Nothing was refused yet."""
        self._row: Counter[tuple[Stage, str]] = Counter()
        self._answered: set[Stage] = set()

    def answered(self, stage: Stage) -> None:
        """Note that a stage answered.

        Args:
            stage: the stage.
        """
        self._answered.add(stage)
        for key in [key for key in self._row if key[0] is stage]:
            del self._row[key]

    def judged(self, stage: Stage, error: Exception) -> Exception:
        """Look at how a call failed.

        Args:
            stage: the stage.
            error: its error.

        Returns:
            The error to go on with: itself, or one that ends the run.
        """
        if not isinstance(error, RequestRefusedError):
            return error
        kind = (stage, f"{error.status} {_NUMBERS.sub('#', str(error))}")
        self._row[kind] += 1
        most = _REFUSED_LATER if stage in self._answered else _REFUSED_AT_FIRST
        if self._row[kind] < most:
            return error
        text = (
            f"the service of stage {stage} refused {self._row[kind]} requests in one way: {error}. Mend the stage's "
            "model or parameters and run the same command again; items that failed by it wait for retry-failed"
        )
        return RunStoppedError(text)


class Reach:
    """Ends a run whose service nobody could connect to; one that answered once is waited for as long as tries last."""

    def __init__(self) -> None:
        """Nobody was asked yet."""
        self._reached: set[_Service] = set()
        self._unconnected: set[_Service] = set()
        self._missed: dict[_Service, set[int]] = {}

    def came(self, settings: ModelSettings, error: Exception | None = None) -> None:
        """Note that a call came back.

        Args:
            settings: of the model.
            error: how it failed; None for a reply. Without a connection nobody was there.
        """
        if not isinstance(error, InterruptedTransferError) or error.connected:
            self._reached.add((settings.backend, settings.base_url))
        else:
            self._unconnected.add((settings.backend, settings.base_url))

    def tries(self, settings: ModelSettings, most: int) -> int:
        """Say how often a call is tried: not for minutes where there never was a connection.

        Args:
            settings: of the model.
            most: as the run is configured.

        Returns:
            The number.
        """
        service = settings.backend, settings.base_url
        return min(most, _TRIES_UNREACHED) if service in self._unconnected - self._reached else most

    def given_up(self, settings: ModelSettings, item: int, error: ModelUnavailableError) -> ModelError:
        """Look at a call that failed at every try.

        Args:
            settings: of the model.
            item: whose call it was.
            error: its error.

        Returns:
            The error to go on with: itself, or one that ends the run.
        """
        service = settings.backend, settings.base_url
        missed = self._missed.setdefault(service, set())
        missed.add(item)
        if service in self._reached or len(missed) < _REFUSED_AT_FIRST:
            return error
        where = f" at {bare(settings.base_url)}" if settings.base_url else ""
        text = (
            f"nobody could be reached{where} for {len(missed)} items in a row ({error}). Start the service or mend its "
            "address, and run the same command again; items that failed by it wait for retry-failed"
        )
        return RunStoppedError(text, backend=settings.backend)


def patient(error: Exception, longest_s: float) -> Exception:
    """Refuse to wait for hours, as a quota of the day has it.

    Args:
        error: how a call failed.
        longest_s: longest wait in seconds.

    Returns:
        The error itself, or one that ends the run and says when to go on.
    """
    wait = error.retry_after if isinstance(error, TransportError) else None
    if wait is None or wait <= longest_s:
        return error
    # Ten years stand for every longer wait: a service may say anything.
    back = moment(time.time() + min(wait, 315_360_000.0))
    return RunStoppedError(f"{error}; the service asks to wait until {back}: run the same command then")


def check_model(settings: ModelSettings, reply: Reply, stage: Stage) -> None:
    """Compare the model that answered with the one asked for.

    Args:
        settings: the stage's.
        reply: the answer.
        stage: the stage.

    Raises:
        RunStoppedError: it is another one.
    """
    if same_model(settings.model, reply.model):
        return
    text = (
        f"stage {stage} asked {settings.model!r} and {reply.model!r} answered: services reroute models they retire. "
        "Name the model you want, or go on with --allow-model-change; prices are those of the name asked for"
    )
    raise RunStoppedError(text)


def same_model(asked: str, answered: str) -> bool:
    """Say whether a model is the one that was asked for.

    Args:
        asked: its name in the configuration.
        answered: as the service names it; empty when it says nothing.

    Returns:
        True also where the service adds a version or date, or the path of its own.
    """
    wanted, found = asked.lower(), answered.lower()
    if not found or not wanted or wanted.endswith("-latest"):
        return True
    if "/" in found and "/" not in wanted:
        found = found.rpartition("/")[2]
    elif "/" in wanted and "/" not in found:
        wanted = wanted.rpartition("/")[2]
    wanted, found = wanted.removeprefix("models/"), found.removeprefix("models/")
    return found == wanted or (found.startswith(wanted) and _VERSION.fullmatch(found[len(wanted) :]) is not None)
