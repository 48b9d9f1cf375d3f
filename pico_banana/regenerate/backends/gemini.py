"""The Gemini API through the `google-genai` SDK: text, image editing, structured judging.

The SDK is imported at the first call; its exceptions and finish reasons are translated here and nowhere else.
Its own retries are off,
because the desk counts, paces and records every try.
"""

from __future__ import annotations

import json
import os
import re
from functools import cached_property
from importlib.util import find_spec
from typing import TYPE_CHECKING, Any, NoReturn

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
    from collections.abc import Mapping

    from google import genai
    from google.genai import errors, types

    from pico_banana.regenerate.backends.base import (
        EditRequest,
        JudgeRequest,
        ModelSettings,
        ShortenRequest,
        WriteRequest,
    )

# Why a reply ended, by the service's words. What is in neither list and not STOP counts as malformed.
REFUSALS = frozenset(
    {
        "SAFETY",
        "RECITATION",
        "PROHIBITED_CONTENT",
        "BLOCKLIST",
        "SPII",
        "IMAGE_SAFETY",
        "IMAGE_PROHIBITED_CONTENT",
        "IMAGE_RECITATION",
        "LANGUAGE",
        "MODEL_ARMOR",
        "JAILBREAK",
    }
)
NO_PICTURES = frozenset({"NO_IMAGE", "IMAGE_OTHER"})
_RETRY_DELAY = re.compile(r'"retryDelay": "([0-9.]+)s"')
_KEY_VARIABLES = ("GEMINI_API_KEY", "GOOGLE_API_KEY")
_THROTTLED, _SERVER_FAULT, _TIMEOUT = 429, 500, 408


class Gemini:
    """Writes, shortens, edits and judges with one Gemini model.

    Args:
        settings: the stage's settings; `parameters` may hold `temperature`, `top_p`, `thinking_budget`,
            `aspect_ratio`, `image_size`.
    """

    def __init__(self, settings: ModelSettings) -> None:
        """Connect to nothing yet; see the class.

        Raises:
            missing_extra: the SDK is not installed, a MissingExtraError.
        """
        if find_spec("google") is None or find_spec("google.genai") is None:
            raise missing_extra("google-genai", "gemini", "The gemini backend")
        self._settings = settings

    @cached_property
    def _client(self) -> genai.Client:
        from google import genai
        from google.genai import types

        options = types.HttpOptions(
            timeout=int(self._settings.timeout_s * 1000),
            retry_options=types.HttpRetryOptions(attempts=1),
            base_url=self._settings.base_url or None,
        )
        return genai.Client(api_key=_key(self._settings), http_options=options)

    def connect(self) -> None:
        """Make the client, so that a missing key is known before a run begins.

        Raises:
            ConfigError: the environment has no key.
        """
        _ = self._client

    async def write(self, request: WriteRequest) -> Reply:
        """Have an instruction written; replies with JSON."""
        schema = {
            "type": "object",
            "properties": {
                "suitable": {"type": "boolean"},
                "why": {"type": "string"},
                "prompts": {"type": "array", "items": {"type": "string"}},
            },
            "required": ["suitable", "why", "prompts"],
        }
        return await self._ask([_part(request.photo), request.prompt], request.seed, schema=schema)

    async def shorten(self, request: ShortenRequest) -> Reply:
        """Have an instruction shortened; replies with plain text."""
        return await self._ask([request.prompt], request.seed)

    async def edit(self, request: EditRequest) -> Reply:
        """Have a picture edited."""
        return await self._ask([_part(request.photo), request.prompt], request.seed, picture=True)

    async def judge(self, request: JudgeRequest) -> Reply:
        """Have an edit judged: the result first, then the pictures before it, then the text; replies with JSON."""
        parts = [_part(request.edited), *map(_part, request.inputs), request.prompt]
        return await self._ask(parts, request.seed, schema=request.schema)

    async def aclose(self) -> None:
        """Close the connections."""
        if "_client" in self.__dict__:
            await self._client.aio.aclose()

    async def _ask(
        self, contents: list[Any], seed: int, *, schema: Mapping[str, Any] | None = None, picture: bool = False
    ) -> Reply:
        from google.genai import errors

        config = self._config(seed, schema=schema, picture=picture)
        try:
            reply = await self._client.aio.models.generate_content(
                model=self._settings.model, contents=contents, config=config
            )
        except errors.APIError as error:
            _raise(error, self._settings)
        except Exception as error:  # noqa: BLE001 - the classes of its HTTP clients, of which it has four
            _raise_transport(error)
        return read_reply(reply, picture=picture)

    def _config(self, seed: int, *, schema: Mapping[str, Any] | None, picture: bool) -> types.GenerateContentConfig:
        from google.genai import types

        given = dict(self._settings.parameters)
        shape = {name: given.pop(name) for name in ("aspect_ratio", "image_size") if name in given}
        if "thinking_budget" in given:
            given["thinking_config"] = {"thinking_budget": given.pop("thinking_budget")}
        if schema is not None:
            given |= {"response_mime_type": "application/json", "response_json_schema": dict(schema)}
        if picture:
            given |= {"response_modalities": ["TEXT", "IMAGE"], **({"image_config": shape} if shape else {})}
        given["automatic_function_calling"] = {"disable": True}
        return types.GenerateContentConfig(seed=seed, max_output_tokens=self._settings.max_output_tokens, **given)


def backend(settings: ModelSettings) -> Gemini:
    """Make the backend.

    Args:
        settings: the stage's settings.

    Returns:
        The backend.

    Raises:
        MissingExtraError: `google-genai` is not installed.
        ConfigError: there is no model or no key.
    """
    if not settings.model:
        raise ConfigError('the gemini backend needs a model, e.g. model = "gemini-2.5-flash"', key="model")
    return Gemini(settings)


def read_reply(reply: types.GenerateContentResponse, *, picture: bool) -> Reply:
    """Translate the SDK's reply.

    Args:
        reply: as the SDK gives it.
        picture: whether a picture was asked for.

    Returns:
        Our reply; a picture that is not there is an outcome of its own, whatever the service says about it.
    """
    candidate = reply.candidates[0] if reply.candidates else None
    finish = _name(candidate.finish_reason) if candidate is not None else ""
    blocked = _name(reply.prompt_feedback.block_reason) if reply.prompt_feedback is not None else ""
    parts = (candidate.content.parts or []) if candidate is not None and candidate.content is not None else []
    texts = [part.text for part in parts if part.text and not part.thought]
    data = next(
        (part.inline_data.data for part in parts if part.inline_data is not None and part.inline_data.data), None
    )
    found = Picture.of(data) if data is not None and picture else None
    outcome = _outcome(finish, blocked, wanted=picture, found=found is not None if picture else bool(texts))
    return Reply(
        outcome,
        "".join(texts),
        found if outcome is Outcome.OK else None,
        _usage(reply, found),
        blocked or finish,
        reply.model_version or "",
        "single",
        _raw(reply),
    )


def _outcome(finish: str, blocked: str, *, wanted: bool, found: bool) -> Outcome:
    if blocked or finish in REFUSALS:
        return Outcome.REFUSED
    if finish == "MAX_TOKENS":
        return Outcome.CUT_OFF
    if finish in NO_PICTURES or (wanted and not found and finish in ("STOP", "")):
        return Outcome.NO_PICTURE
    return Outcome.OK if finish == "STOP" and found else Outcome.MALFORMED


def _usage(reply: types.GenerateContentResponse, picture: Picture | None) -> Usage:
    used = reply.usage_metadata
    if used is None:
        return Usage(pictures=int(picture is not None))
    out = (used.candidates_token_count or 0) + (used.thoughts_token_count or 0)
    return Usage(used.prompt_token_count or 0, out, int(picture is not None))


def _raw(reply: types.GenerateContentResponse) -> str:
    """Give the reply as JSON without the pictures, which are kept by their hash."""
    document = reply.model_dump(
        mode="json",
        exclude_none=True,
        exclude={
            "sdk_http_response": True,
            "candidates": {"__all__": {"content": {"parts": {"__all__": {"inline_data"}}}}},
        },
    )
    return json.dumps(document, ensure_ascii=False)


def _name(reason: object) -> str:
    return str(getattr(reason, "value", reason) or "")


def _part(picture: Picture) -> types.Part:
    from google.genai import types

    return types.Part.from_bytes(data=picture.data, mime_type=picture.media_type)


def _key(settings: ModelSettings) -> str:
    names = (settings.key_env,) if settings.key_env else _KEY_VARIABLES
    for name in names:
        if value := os.environ.get(name):
            return value
    text = f"the gemini backend needs a key: set the environment variable {' or '.join(names)}"
    raise ConfigError(text, key="key_env")


def _raise(error: errors.APIError, settings: ModelSettings) -> NoReturn:
    text = f"gemini: {error.code} {error.status or ''} {error.message or ''}".strip()
    if error.code == _THROTTLED:
        raise ThrottledError(text, status=error.code, retry_after=_retry_after(error)) from error
    if error.code >= _SERVER_FAULT or error.code == _TIMEOUT:
        raise ServerError(text, status=error.code, retry_after=_retry_after(error)) from error
    if error.code in (400, 413, 422) and "API_KEY_INVALID" not in json.dumps(error.details, default=str):
        raise RequestRefusedError(text, status=error.code) from error
    hint = "check the key, the model's name and the request's parameters"
    raise ConfigError(
        f"{text}; the service will never answer this for model {settings.model!r}: {hint}", key="model"
    ) from error


def _raise_transport(error: Exception) -> NoReturn:
    # The SDK lets the errors of its HTTP client through as they are.
    module = type(error).__module__.partition(".")[0]
    if module in {"httpx", "httpx2", "httpcore", "httpcore2", "aiohttp", "anyio"} or isinstance(
        error, OSError | ValueError
    ):
        raise InterruptedTransferError(f"gemini: {type(error).__name__}: {error}") from error
    raise error


def _retry_after(error: errors.APIError) -> float | None:
    headers = getattr(getattr(error, "response", None), "headers", None) or {}
    delay = _RETRY_DELAY.search(json.dumps(error.details, default=str))  # google.rpc.RetryInfo, in the body
    return retry_after_s(headers.get("retry-after") or (delay and delay[1]))
