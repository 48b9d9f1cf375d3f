"""What the clients of model services share: what is asked, keys, and one border for whatever an SDK raises.

A backend says how one question is sent, and what its SDK's errors mean; everything else stands here once.
"""

from __future__ import annotations

import math
import os
import time
from abc import ABC, abstractmethod
from dataclasses import replace
from typing import TYPE_CHECKING, ClassVar, TypeVar

from pico_banana.errors import (
    ConfigError,
    GoneError,
    InterruptedTransferError,
    PicoBananaError,
    RequestRefusedError,
    RunStoppedError,
    ServerError,
    ThrottledError,
)
from pico_banana.regenerate.backends.asked import Asked, asked_of
from pico_banana.regenerate.backends.failure import Failure, is_unconnected, require_url, told
from pico_banana.regenerate.backends.json_replies import repaired
from pico_banana.regenerate.values import Outcome, Reply

if TYPE_CHECKING:
    from collections.abc import Awaitable

    from pico_banana.regenerate.backends.base import (
        EditRequest,
        InventoryRequest,
        JudgeRequest,
        ModelSettings,
        ShortenRequest,
        WriteRequest,
    )
    from pico_banana.regenerate.backends.batching import Batching
    from pico_banana.regenerate.backends.texts import CaptionRequest, CompareRequest, TranslateRequest

T = TypeVar("T")

_LONGEST_WORDS = 600  # of an error; a service may answer with a whole page
_PAYMENT_REQUIRED, _THROTTLED, _SERVER_FAULT = 402, 429, 500
_OF_THE_REQUEST = (400, 413, 422)
_GONE = (404, 410)
# 408 and 409 time out or collide; 499 is how Gemini says that it gave up on a request in its own queue.
_PASSING = (408, 409, 499)
# Codes of accounts that are empty or capped, whatever the status says.
_UNPAID = frozenset({"insufficient_quota", "billing_hard_limit_reached", "billing_not_active", "insufficient_credits"})
_SHORTEST_KEY = 8  # a shorter one is a placeholder for a server of one's own, and a part of ordinary words


class Service(ABC):
    """A model at a service.

    Args:
        settings: the stage's settings.
    """

    name: ClassVar[str]
    key_names: ClassVar[tuple[str, ...]]

    def __init__(self, settings: ModelSettings) -> None:
        """Connect to nothing yet.

        Raises:
            ConfigError: its address is no URL.
        """
        require_url(settings.base_url)
        self.settings = settings

    @abstractmethod
    def connect(self) -> None:
        """Make the client, so that a missing key is known before a run begins."""

    @abstractmethod
    def check(self, method: str) -> None:
        """Try the parameters by the SDK's own types, so that a wrong one is known before anything is paid."""

    @abstractmethod
    async def aclose(self) -> None:
        """Close the connections."""

    @abstractmethod
    async def send(self, asked: Asked) -> Reply:
        """Ask; errors of the SDK may come through, `translated` knows them."""

    @abstractmethod
    def translated(self, error: Exception) -> Failure | Reply | None:
        """Say what an error of the SDK means: a failure, an answer, or None for one it is not known for."""

    @property
    def batches(self) -> Batching | None:
        """How the model takes batches, or None where it takes none."""
        return None

    async def inventory(self, request: InventoryRequest) -> Reply:
        """Have a photo looked at; replies with JSON."""
        return await self.ask(asked_of(request))

    async def write(self, request: WriteRequest) -> Reply:
        """Have an instruction written; replies with JSON."""
        return await self.ask(asked_of(request))

    async def shorten(self, request: ShortenRequest) -> Reply:
        """Have an instruction shortened; replies with plain text."""
        return await self.ask(asked_of(request))

    async def edit(self, request: EditRequest) -> Reply:
        """Have a picture edited."""
        return await self.ask(asked_of(request))

    async def judge(self, request: JudgeRequest) -> Reply:
        """Have an edit judged; replies with JSON."""
        return await self.ask(asked_of(request))

    async def caption(self, request: CaptionRequest) -> Reply:
        """Have said what was changed; replies with JSON."""
        return await self.ask(asked_of(request))

    async def translate(self, request: TranslateRequest) -> Reply:
        """Have a text translated; replies with JSON."""
        return await self.ask(asked_of(request))

    async def compare(self, request: CompareRequest) -> Reply:
        """Have a text held against another, or against two pictures; replies with JSON."""
        return await self.ask(asked_of(request))

    async def ask(self, asked: Asked) -> Reply:
        """Ask, and let nothing through but replies and errors of ours.

        Args:
            asked: the question.

        Returns:
            The reply; its texts can be stored and hold no key.

        Raises:
            TransportError: the service failed, or refused the request.
            InterruptedTransferError: the connection broke, or what came is no reply.
            ConfigError: it will never answer this account or model.
            RunStoppedError: it will not before somebody pays, or a day has passed.
            PicoBananaError: what a backend found itself.
        """
        try:
            reply = await self.send(asked)
        except PicoBananaError:
            raise
        except Exception as error:  # noqa: BLE001 - the border: nobody lists what an SDK and its HTTP clients raise
            reply = self._meant(error)
        return self.cleaned(reply)

    async def guarded(self, sending: Awaitable[T], *, kept: bool = False) -> T:
        """Let nothing through but a result and errors of ours, as `ask` does.

        Args:
            sending: a call of the SDK that is no question to a model.
            kept: it is about a thing that the service had and may no longer have.

        Returns:
            Its result.

        Raises:
            PicoBananaError: as `ask`.
            GoneError: the service no longer has the thing.
            RequestRefusedError: the service refused it.
        """
        try:
            return await sending
        except PicoBananaError:
            raise
        except Exception as error:  # the border, as in `ask`
            meant = self.translated(error)
            if kept and isinstance(meant, Failure) and meant.status in _GONE:
                raise GoneError(self.words(f"{self.name}: {meant.status} {meant.text}"), status=meant.status) from error
            refused = self._meant(error)
            raise RequestRefusedError(self.words(f"{self.name}: {refused.reason}")) from error

    def cleaned(self, reply: Reply) -> Reply:
        """Make the texts of a reply such that they can be stored, and hold no key.

        Args:
            reply: as it came.

        Returns:
            The same in clean words.
        """
        return replace(
            reply,
            text=self._clean(reply.text),
            reason=self.words(reply.reason),
            model=self.words(reply.model),
            raw=self._clean(reply.raw),
        )

    def _meant(self, error: Exception) -> Reply:
        """Give the reply that an error of the SDK is.

        Raises:
            InterruptedTransferError: it is a broken connection; or what else it means, see `ask`.
        """
        meant = self.translated(error)
        if isinstance(meant, Failure):
            raise self._failed(meant) from error
        if meant is None:
            text = self.words(f"{self.name}: {type(error).__name__}: {told(error, self.settings.timeout_s)}")
            broken = InterruptedTransferError(text)
            broken.connected = not is_unconnected(error)
            raise broken from error
        return meant

    def key(self) -> str:
        """Find the key in the environment.

        Returns:
            The key; empty when there is none.
        """
        names = (self.settings.key_env,) if self.settings.key_env else self.key_names
        return next((value for name in names if (value := os.environ.get(name))), "")

    def no_key(self) -> ConfigError:
        """Build the error for a missing key.

        Returns:
            The error, with the variable's name.
        """
        names = (self.settings.key_env,) if self.settings.key_env else self.key_names
        text = f"the {self.name} backend needs a key: set the environment variable {' or '.join(names)}"
        return ConfigError(text, key="key_env")

    def words(self, text: str) -> str:
        """Make words of a service fit to show: one line, no key, no page.

        Args:
            text: as it came.

        Returns:
            The words.
        """
        line = "".join(letter if letter.isprintable() else " " for letter in self._clean(text)).strip()
        return line if len(line) <= _LONGEST_WORDS else f"{line[:_LONGEST_WORDS]}…"

    def _clean(self, text: str) -> str:
        key = self.key()
        return repaired(text.replace(key, "[key]") if len(key) >= _SHORTEST_KEY else text)

    def _failed(self, failure: Failure) -> PicoBananaError:
        text = self.words(f"{self.name}: {failure.status} {failure.text}")
        status = failure.status
        if failure.code in _UNPAID or status == _PAYMENT_REQUIRED:
            hint = "the account is empty or at its limit: pay it up or raise the limit, then run the same command again"
            return RunStoppedError(f"{text}; {hint}", backend=self.name)
        if failure.back_at is not None:
            again = f"the quota is filled up again at {moment(failure.back_at)}: run the same command then"
            return RunStoppedError(f"{text}; {again}", backend=self.name)
        if status == _THROTTLED:
            return ThrottledError(text, status=status, retry_after=failure.wait_s)
        if status >= _SERVER_FAULT or status in _PASSING:
            return ServerError(text, status=status, retry_after=failure.wait_s)
        if status in _OF_THE_REQUEST and not failure.bad_key:
            return RequestRefusedError(text, status=status)
        hint = "check the key, the model's name and the request's parameters"
        never = f"the service will never answer this for model {self.settings.model!r}"
        return ConfigError(f"{text}; {never}: {hint}", key="model")


def malformed(reason: str) -> Reply:
    """Give the reply for an answer that came and cannot be read; it was paid for, and is not asked for again.

    Args:
        reason: what is wrong with it.

    Returns:
        The reply.
    """
    return Reply(Outcome.MALFORMED, reason=reason)


def moment(at: float) -> str:
    """Write a time so that it is plain how long it is until then.

    Args:
        at: seconds since the epoch.

    Returns:
        e.g. "2026-11-29 08:00 UTC, in 3 h 51 min".
    """
    minutes = max(0, math.ceil((at - time.time()) / 60))
    long = f"{minutes // 60} h {minutes % 60:02} min" if minutes >= 60 else f"{minutes} min"  # noqa: PLR2004 - an hour
    return f"{time.strftime('%Y-%m-%d %H:%M UTC', time.gmtime(at))}, in {long}"
