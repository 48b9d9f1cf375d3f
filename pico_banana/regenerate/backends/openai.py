"""OpenAI and what speaks its protocol (vLLM, SGLang, OpenRouter) through the `openai` SDK: chat and `images.edit`.

The SDK is imported at the first call; its exceptions are translated here and nowhere else. Its own retries are
off, because the desk counts, paces and records every try.
"""

from __future__ import annotations

import base64
import json
import os
from functools import cached_property
from importlib.util import find_spec
from typing import TYPE_CHECKING, Any, NoReturn, TypeVar

from pico_banana.errors import (
    ConfigError,
    InterruptedTransferError,
    RequestRefusedError,
    ServerError,
    ThrottledError,
    missing_extra,
)
from pico_banana.mirrors.fetch.status import retry_after_s
from pico_banana.regenerate.values import Outcome, Picture, Reply, Usage

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Mapping

    import openai
    from openai.types import ImagesResponse
    from openai.types.chat import ChatCompletion

    from pico_banana.regenerate.backends.base import (
        EditRequest,
        JudgeRequest,
        ModelSettings,
        ShortenRequest,
        WriteRequest,
    )

AnyReply = TypeVar("AnyReply")

_KEY_VARIABLE = "OPENAI_API_KEY"
# A server of one's own asks for no key, and the SDK insists on one.
_NO_KEY = "none"
_REFUSAL_CODES = frozenset({"moderation_blocked", "content_policy_violation", "content_filter"})
_NEVER_AGAIN = frozenset({"insufficient_quota", "billing_hard_limit_reached"})  # a 429 that no waiting mends
_ENDINGS = {"image/png": "png", "image/jpeg": "jpg", "image/webp": "webp"}


class OpenAI:
    """Writes, shortens, edits and judges with one model.

    Args:
        settings: the stage's settings; `parameters` are passed with every request.
    """

    def __init__(self, settings: ModelSettings) -> None:
        """Connect to nothing yet; see the class.

        Raises:
            missing_extra: the SDK is not installed, a MissingExtraError.
        """
        if find_spec("openai") is None:
            raise missing_extra("openai", "openai", "The openai backend")
        self._settings = settings

    @cached_property
    def _client(self) -> openai.AsyncOpenAI:
        import openai

        given = self._settings
        return openai.AsyncOpenAI(
            api_key=_key(given), base_url=given.base_url or None, timeout=given.timeout_s, max_retries=0
        )

    def connect(self) -> None:
        """Make the client, so that a missing key is known before a run begins.

        Raises:
            ConfigError: the environment has no key.
        """
        _ = self._client

    async def write(self, request: WriteRequest) -> Reply:
        """Have an instruction written; replies with JSON."""
        return await self._chat(
            [_part(request.photo), _text(request.prompt)], request.seed, kind={"type": "json_object"}
        )

    async def shorten(self, request: ShortenRequest) -> Reply:
        """Have an instruction shortened; replies with plain text."""
        return await self._chat([_text(request.prompt)], request.seed)

    async def judge(self, request: JudgeRequest) -> Reply:
        """Have an edit judged: the result first, then the pictures before it, then the text; replies with JSON."""
        parts = [_part(request.edited), *map(_part, request.inputs), _text(request.prompt)]
        schema = {"type": "json_schema", "json_schema": {"name": "verdict", "schema": dict(request.schema)}}
        return await self._chat(parts, request.seed, kind=schema)

    async def edit(self, request: EditRequest) -> Reply:
        """Have a picture edited through `images.edit`."""
        ending = _ENDINGS.get(request.photo.media_type, "png")
        given: dict[str, Any] = {
            "model": self._settings.model,
            "image": (f"photo.{ending}", request.photo.data, request.photo.media_type),
            "prompt": request.prompt,
            # The protocol has no seed; the end-user field makes one attempt's request differ from another's.
            "user": f"seed-{request.seed}",
            **self._settings.parameters,
        }
        return await self._guarded(self._client.images.edit, given, _read_pictures)

    async def aclose(self) -> None:
        """Close the connections."""
        if "_client" in self.__dict__:
            await self._client.close()

    async def _chat(self, parts: list[dict[str, Any]], seed: int, *, kind: Mapping[str, Any] | None = None) -> Reply:
        given: dict[str, Any] = {
            "model": self._settings.model,
            "messages": [{"role": "user", "content": parts}],
            "seed": seed,
            "max_completion_tokens": self._settings.max_output_tokens,
            **({"response_format": kind} if kind is not None else {}),
            **self._settings.parameters,
        }
        return await self._guarded(self._client.chat.completions.create, given, _read_chat)

    async def _guarded(
        self, method: Callable[..., Awaitable[AnyReply]], given: dict[str, Any], read: Callable[[AnyReply], Reply]
    ) -> Reply:
        import openai

        try:
            reply: Reply = read(await method(**given))
        except openai.APIStatusError as error:
            if _code(error) in _REFUSAL_CODES:
                return Reply(Outcome.REFUSED, reason=error.message, raw=json.dumps(error.body, default=str))
            _raise(error, self._settings)
        except (openai.APIConnectionError, openai.APIResponseValidationError) as error:
            raise InterruptedTransferError(f"openai: {type(error).__name__}: {error}") from error
        except (AttributeError, TypeError, ValueError) as error:  # the SDK hands a body that is no JSON through as text
            raise InterruptedTransferError(f"openai: a reply that cannot be read ({error})") from error
        return reply


def backend(settings: ModelSettings) -> OpenAI:
    """Make the backend.

    Args:
        settings: the stage's settings.

    Returns:
        The backend.

    Raises:
        MissingExtraError: `openai` is not installed.
        ConfigError: there is no model or no key.
    """
    if not settings.model:
        raise ConfigError('the openai backend needs a model, e.g. model = "Qwen/Qwen2.5-7B-Instruct"', key="model")
    return OpenAI(settings)


def _read_chat(reply: ChatCompletion) -> Reply:
    choice = reply.choices[0] if reply.choices else None
    used = reply.usage
    usage = Usage(used.prompt_tokens, used.completion_tokens) if used is not None else Usage()
    finish = (choice.finish_reason or "") if choice is not None else ""
    refusal = getattr(choice.message, "refusal", None) if choice is not None else None
    text = (choice.message.content or "") if choice is not None else ""
    raw = reply.model_dump_json(exclude_none=True)
    outcome = _chat_outcome(finish, refused=bool(refusal), empty=not text)
    return Reply(outcome, text, None, usage, refusal or finish, reply.model or "", "single", raw)


def _chat_outcome(finish: str, *, refused: bool, empty: bool) -> Outcome:
    if refused or finish == "content_filter":
        return Outcome.REFUSED
    if finish == "length":
        return Outcome.CUT_OFF
    return Outcome.MALFORMED if empty else Outcome.OK


def _read_pictures(reply: ImagesResponse) -> Reply:
    data = next((entry.b64_json for entry in reply.data or () if entry.b64_json), None)
    picture = Picture.of(base64.b64decode(data)) if data is not None else None
    used = reply.usage
    made = int(picture is not None)
    usage = Usage(used.input_tokens, used.output_tokens, made) if used is not None else Usage(pictures=made)
    raw = reply.model_dump_json(exclude_none=True, exclude={"data"})
    outcome = Outcome.OK if picture is not None else Outcome.NO_PICTURE
    return Reply(outcome, "", picture, usage, "" if picture is not None else "no picture in the reply", raw=raw)


def _code(error: openai.APIStatusError) -> str:
    body = error.body if isinstance(error.body, dict) else {}
    return str(error.code or body.get("code") or "")


def _raise(error: openai.APIStatusError, settings: ModelSettings) -> NoReturn:
    text = f"openai: {error.status_code} {error.message}"
    if error.status_code == 429 and _code(error) not in _NEVER_AGAIN:  # noqa: PLR2004 - the HTTP status
        raise ThrottledError(text, status=429, retry_after=_retry_after(error)) from error
    if error.status_code >= 500 or error.status_code in {408, 409}:  # noqa: PLR2004 - HTTP statuses that pass
        raise ServerError(text, status=error.status_code, retry_after=_retry_after(error)) from error
    if error.status_code in (400, 413, 422):
        raise RequestRefusedError(text, status=error.status_code) from error
    hint = "check the key, the model's name and the request's parameters"
    raise ConfigError(
        f"{text}; the service will never answer this for model {settings.model!r}: {hint}", key="model"
    ) from error


def _retry_after(error: openai.APIStatusError) -> float | None:
    return retry_after_s(error.response.headers.get("retry-after"))


def _key(settings: ModelSettings) -> str:
    name = settings.key_env or _KEY_VARIABLE
    if value := os.environ.get(name):
        return value
    if settings.base_url and not settings.key_env:
        return _NO_KEY
    raise ConfigError(f"the openai backend needs a key: set the environment variable {name}", key="key_env")


def _part(picture: Picture) -> dict[str, Any]:
    data = base64.b64encode(picture.data).decode()
    return {"type": "image_url", "image_url": {"url": f"data:{picture.media_type};base64,{data}"}}


def _text(text: str) -> dict[str, Any]:
    return {"type": "text", "text": text}
