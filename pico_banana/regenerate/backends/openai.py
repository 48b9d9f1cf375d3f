"""OpenAI and what speaks its protocol (vLLM, SGLang, OpenRouter) through the `openai` SDK: chat and `images.edit`.

The SDK is imported at the first call; its exceptions are translated here and nowhere else. Its own retries are
off, because the desk counts, paces and records every try.
"""

from __future__ import annotations

import asyncio
import base64
import json
import re
import time
from functools import cached_property
from importlib.util import find_spec
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from pico_banana.errors import ConfigError, InterruptedTransferError, missing_extra
from pico_banana.mirrors.fetch.status import retry_after_s
from pico_banana.regenerate.backends.failure import Failure
from pico_banana.regenerate.backends.openai_batches import OpenAIBatches
from pico_banana.regenerate.backends.openai_parameters import check_parameters, edits_through_chat, given_parameters
from pico_banana.regenerate.backends.openai_replies import field_of
from pico_banana.regenerate.backends.openai_replies import read_chat as _read_chat
from pico_banana.regenerate.backends.openai_replies import read_pictures as _read_pictures
from pico_banana.regenerate.backends.service import Service, malformed
from pico_banana.regenerate.values import Outcome, Reply

if TYPE_CHECKING:
    import openai

    from pico_banana.regenerate.backends.asked import Asked
    from pico_banana.regenerate.backends.base import ModelSettings
    from pico_banana.regenerate.values import Picture

# A server of one's own asks for no key, and the SDK insists on one.
_NO_KEY = "none"
_REFUSAL_CODES = frozenset({"moderation_blocked", "content_policy_violation", "content_filter"})
_ENDINGS = {"image/png": "png", "image/jpeg": "jpg", "image/webp": "webp"}
# What the headers of a picture's reply tell of who made it; its body names no model.
_TELLING = ("openai-version", "x-request-id")
_DAILY = re.compile(r"per day|\b[RT]PD\b", re.IGNORECASE)
_AGAIN_IN = re.compile(r"try again in (?:(\d+)h)?(?:(\d+)m(?!s))?(?:([\d.]+)s)?", re.IGNORECASE)
_THROTTLED = 429
_DAY_S = 86_400.0


class OpenAI(Service):
    """Writes, shortens, edits and judges with one model.

    Args:
        settings: the stage's settings; `parameters` are passed with every request, and `edit_through = "chat"` has
            pictures edited by chat, as OpenRouter does.
    """

    name = "openai"
    key_names = ("OPENAI_API_KEY",)

    def __init__(self, settings: ModelSettings) -> None:
        """Connect to nothing yet; see the class.

        Raises:
            missing_extra: the SDK is not installed, a MissingExtraError.
        """
        if find_spec("openai") is None:
            raise missing_extra("openai", "openai", "The openai backend")
        super().__init__(settings)

    @cached_property
    def client(self) -> openai.AsyncOpenAI:
        """The SDK's client, made at the first use."""
        import openai

        given = self.settings
        key = self.key()
        if not key and (given.key_env or not given.base_url):
            raise self.no_key()
        return openai.AsyncOpenAI(
            api_key=key or _NO_KEY, base_url=given.base_url or None, timeout=given.timeout_s, max_retries=0
        )

    @property
    def batches(self) -> OpenAIBatches:
        """How the model takes batches; a server without them says so at the first one."""
        return OpenAIBatches(self, lambda: self.client, self._chat_request, self._edit_request, _REFUSAL_CODES)

    def connect(self) -> None:
        """Make the client, so that a missing key is known before a run begins."""
        _ = self.client

    def check(self, method: str) -> None:
        """Try the parameters by the SDK's own types.

        Args:
            method: "inventory", "write", "shorten", "edit" or "judge".
        """
        check_parameters(self.settings.parameters, picture=method == "edit")

    async def aclose(self) -> None:
        """Close the connections."""
        if "client" in self.__dict__:
            await self.client.close()

    async def send(self, asked: Asked) -> Reply:
        """Ask once.

        Args:
            asked: the question.

        Returns:
            The reply.

        Raises:
            InterruptedTransferError: what came is no JSON.
        """
        if asked.picture and not edits_through_chat(self.settings.parameters):
            return await self._edit(asked)
        reply = await self.client.chat.completions.create(**self._chat_request(asked))
        if isinstance(reply, str):  # the SDK hands a body that is no JSON through as text
            raise InterruptedTransferError("openai: a reply that is no JSON")
        return await asyncio.to_thread(_read_chat, reply, picture=asked.picture, base_url=self.settings.base_url)

    def _chat_request(self, asked: Asked) -> dict[str, Any]:
        parts: list[dict[str, Any]] = [*map(_part, asked.pictures), {"type": "text", "text": asked.prompt}]
        given = given_parameters(self.settings.parameters)
        if asked.picture:
            # The SDK's own parameter of this name knows text and audio alone.
            wanted = given.pop("modalities", ["image", "text"])
            given["extra_body"] = {"modalities": wanted, **given.get("extra_body", {})}
        if asked.schema is not None:
            verdict = {"name": "reply", "schema": dict(asked.schema)}
            given["response_format"] = {"type": "json_schema", "json_schema": verdict}
        return {
            "model": self.settings.model,
            "messages": [{"role": "user", "content": parts}],
            "seed": asked.seed,
            **({} if "max_tokens" in given else {"max_completion_tokens": self.settings.max_output_tokens}),
            **given,
        }

    def _edit_request(self, asked: Asked) -> dict[str, Any]:
        given = given_parameters(self.settings.parameters)
        if self._is_own_server:
            given["extra_body"] = {"seed": asked.seed, **given.get("extra_body", {})}
        # OpenAI's own endpoint has no seed; the end-user field makes one attempt's request differ from another's.
        return {"model": self.settings.model, "prompt": asked.prompt, "user": f"seed-{asked.seed}", **given}

    async def _edit(self, asked: Asked) -> Reply:
        photo = asked.pictures[0]
        name = f"photo.{_ENDINGS.get(photo.media_type, 'png')}"
        answer = await self.client.images.with_raw_response.edit(
            image=(name, photo.data, photo.media_type), **self._edit_request(asked)
        )
        reply = answer.parse()
        if isinstance(reply, str):
            raise InterruptedTransferError("openai: a reply that is no JSON")
        headers = {name: answer.headers[name] for name in _TELLING if name in answer.headers}
        asked_for = given_parameters(self.settings.parameters)
        return await asyncio.to_thread(
            _read_pictures, reply, base_url=self.settings.base_url, asked=asked_for, headers=headers
        )

    @property
    def _is_own_server(self) -> bool:
        host = urlsplit(self.settings.base_url).hostname
        return host is not None and not host.endswith("openai.com")

    def translated(self, error: Exception) -> Failure | Reply | None:
        """Say what an error means.

        Args:
            error: what the SDK raised.

        Returns:
            A failure with a status, a refusal, or a malformed reply for an answer of another shape than the protocol's;
            None for a broken connection.
        """
        import openai

        if isinstance(error, openai.APIStatusError):
            if _code(error) in _REFUSAL_CODES:
                return Reply(Outcome.REFUSED, reason=str(error.message), raw=json.dumps(error.body, default=str))
            return _failure(error)
        odd = (AttributeError, TypeError, KeyError, IndexError, RecursionError, openai.APIResponseValidationError)
        if isinstance(error, odd):
            return malformed(f"a reply that cannot be read ({type(error).__name__}: {error})")
        return None


def backend(settings: ModelSettings) -> OpenAI:
    """Make the backend.

    Args:
        settings: the stage's settings.

    Returns:
        The backend.

    Raises:
        MissingExtraError: `openai` is not installed.
        ConfigError: there is no model.
    """
    if not settings.model:
        raise ConfigError('the openai backend needs a model, e.g. model = "Qwen/Qwen2.5-7B-Instruct"', key="model")
    return OpenAI(settings)


def _part(picture: Picture) -> dict[str, Any]:
    data = base64.b64encode(picture.data).decode()
    return {"type": "image_url", "image_url": {"url": f"data:{picture.media_type};base64,{data}"}}


def _code(error: openai.APIStatusError) -> str:
    return str(field_of(error.body, "code") or error.code or "")


def _failure(error: openai.APIStatusError) -> Failure:
    message = str(error.message)
    wait = retry_after_s(error.response.headers.get("retry-after"))
    found = _AGAIN_IN.search(message)
    if wait is None and found is not None and any(found.groups()):
        hours, minutes, seconds = (float(part or 0) for part in found.groups())
        wait = 3600 * hours + 60 * minutes + seconds
    daily = error.status_code == _THROTTLED and _DAILY.search(message) is not None
    back_at = time.time() + (_DAY_S if wait is None else wait) if daily else None
    return Failure(error.status_code, message, _code(error), wait, back_at)
