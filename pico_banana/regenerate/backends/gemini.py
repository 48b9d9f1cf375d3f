"""The Gemini API, and Gemini on Vertex, through the `google-genai` SDK: text, image editing, structured judging.

The SDK is imported at the first call; its exceptions and finish reasons are translated here and nowhere else. Its own
retries are off, because the desk counts, paces and records every try.
"""

from __future__ import annotations

import json
import re
import time
from datetime import datetime, timedelta, timezone
from functools import cached_property
from importlib.util import find_spec
from typing import TYPE_CHECKING

from pico_banana.errors import ConfigError, missing_extra
from pico_banana.mirrors.fetch.status import retry_after_s
from pico_banana.regenerate.backends.gemini_parameters import check_parameters, request_config
from pico_banana.regenerate.backends.service import Asked, Failure, Service, malformed
from pico_banana.regenerate.values import Outcome, Picture, Reply, Usage, counted

if TYPE_CHECKING:
    from google import genai
    from google.genai import errors, types

    from pico_banana.regenerate.backends.base import ModelSettings

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
_UNSAID = ("", "FINISH_REASON_UNSPECIFIED")
_RETRY_DELAY = re.compile(r'"retryDelay": "([0-9.]+)s"')
_DAILY = re.compile(r"per[ _]?day", re.IGNORECASE)
_THROTTLED = 429
# Daily quotas are filled up at midnight in California; without its summer time this is an hour late at most.
_PACIFIC = timezone(timedelta(hours=-8))


class Gemini(Service):
    """Writes, shortens, edits and judges with one Gemini model.

    Args:
        settings: the stage's settings; for `parameters` see `gemini_parameters`. With a `project` the model is asked
            on Vertex, with the credentials of the machine.
    """

    name = "gemini"
    key_names = ("GEMINI_API_KEY", "GOOGLE_API_KEY")

    def __init__(self, settings: ModelSettings) -> None:
        """Connect to nothing yet; see the class.

        Raises:
            missing_extra: the SDK is not installed, a MissingExtraError.
        """
        if find_spec("google") is None or find_spec("google.genai") is None:
            raise missing_extra("google-genai", "gemini", "The gemini backend")
        super().__init__(settings)

    @cached_property
    def _client(self) -> genai.Client:
        from google import genai
        from google.genai import types

        given = self.settings
        options = types.HttpOptions(
            timeout=int(given.timeout_s * 1000),
            retry_options=types.HttpRetryOptions(attempts=1),
            base_url=given.base_url or None,
        )
        if given.project:
            return self._on_vertex(options)
        key = self.key()
        if not key:
            raise self.no_key()
        return genai.Client(api_key=key, vertexai=False, http_options=options)

    def _on_vertex(self, options: types.HttpOptions) -> genai.Client:
        import google.auth
        from google import genai
        from google.auth.exceptions import GoogleAuthError

        place = {"project": self.settings.project, "location": self.settings.location or "global"}
        try:
            credentials, _ = google.auth.default(scopes=["https://www.googleapis.com/auth/cloud-platform"])
        except GoogleAuthError as error:
            text = f"no credentials for Vertex ({error}); run `gcloud auth application-default login`"
            raise ConfigError(text, key="project") from error
        return genai.Client(vertexai=True, credentials=credentials, http_options=options, **place)

    def connect(self) -> None:
        """Make the client, so that a missing key is known before a run begins."""
        _ = self._client

    def check(self, method: str) -> None:
        """Try the parameters by the SDK's own types.

        Args:
            method: "inventory", "write", "shorten", "edit" or "judge".
        """
        check_parameters(self.settings, Asked((), "", 0, picture=method == "edit"))

    async def aclose(self) -> None:
        """Close the connections."""
        if "_client" in self.__dict__:
            await self._client.aio.aclose()

    async def send(self, asked: Asked) -> Reply:
        """Ask once, and read what came."""
        contents = [*map(_part, asked.pictures), asked.prompt]
        reply = await self._client.aio.models.generate_content(
            model=self.settings.model, contents=contents, config=request_config(self.settings, asked)
        )
        return read_reply(reply, picture=asked.picture)

    def translated(self, error: Exception) -> Failure | Reply | None:
        """Say what an error means.

        Args:
            error: what the SDK raised.

        Returns:
            A failure with a status; a malformed reply for an answer the SDK's types do not take; None for the errors
            of its HTTP clients, of which it has four, and for a body that is no JSON.
        """
        from google.genai import errors
        from pydantic import ValidationError

        if isinstance(error, errors.APIError):
            return _failure(error)
        if isinstance(error, ValidationError | RecursionError):
            return malformed(f"a reply that cannot be read ({type(error).__name__})")
        return None


def backend(settings: ModelSettings) -> Gemini:
    """Make the backend.

    Args:
        settings: the stage's settings.

    Returns:
        The backend.

    Raises:
        MissingExtraError: `google-genai` is not installed.
        ConfigError: there is no model.
    """
    if not settings.model:
        raise ConfigError('the gemini backend needs a model, e.g. model = "gemini-3.5-flash-lite"', key="model")
    return Gemini(settings)


def read_reply(reply: types.GenerateContentResponse, *, picture: bool) -> Reply:
    """Translate the SDK's reply.

    Args:
        reply: as the SDK gives it.
        picture: whether a picture was asked for.

    Returns:
        Our reply; a picture that is not there is an outcome of its own, whatever the service says about it. The
        result is the last picture that is no thought: a model that thinks sends drafts before it, and a reply of drafts
        alone has no picture.
    """
    candidate = reply.candidates[0] if reply.candidates else None
    finish = _name(candidate.finish_reason) if candidate is not None else ""
    blocked = _name(reply.prompt_feedback.block_reason) if reply.prompt_feedback is not None else ""
    parts = (candidate.content.parts or []) if candidate is not None and candidate.content is not None else []
    texts = [part.text for part in parts if part.text and not part.thought]
    pictures = [found for part in parts if not part.thought and (found := _picture(part)) is not None]
    drafts = sum(1 for part in parts if part.thought and _picture(part) is not None)
    found = pictures[-1] if pictures and picture else None
    outcome = _outcome(finish, blocked, wanted=picture, found=found is not None if picture else bool(texts))
    reason = blocked or finish
    if outcome is Outcome.NO_PICTURE and drafts:
        reason = f"{reason}: only drafts came, {drafts} of them".removeprefix(": ")
    return Reply(
        outcome,
        "".join(texts),
        found if outcome is Outcome.OK else None,
        _usage(reply, made=int(found is not None), drafts=drafts),
        reason,
        reply.model_version or "",
        "single",
        _raw(reply),
    )


def _outcome(finish: str, blocked: str, *, wanted: bool, found: bool) -> Outcome:
    if blocked or finish in REFUSALS:
        return Outcome.REFUSED
    if finish == "MAX_TOKENS":
        return Outcome.CUT_OFF
    if finish in NO_PICTURES or (wanted and not found and finish in ("STOP", *_UNSAID)):
        return Outcome.NO_PICTURE
    if wanted and found and finish in _UNSAID:
        return Outcome.OK  # a whole picture is there and was paid for; a text without an end may be half of one
    return Outcome.OK if finish == "STOP" and found else Outcome.MALFORMED


def _picture(part: types.Part) -> Picture | None:
    """Give the picture of a part; other inline data, e.g. a voice, is none."""
    blob = part.inline_data
    if blob is None or not blob.data:
        return None
    said = (blob.mime_type or "").partition("/")[0]
    found = Picture.of(blob.data)
    return found if said == "image" or (not said and found.media_type.startswith("image/")) else None


def _usage(reply: types.GenerateContentResponse, *, made: int, drafts: int) -> Usage:
    used = reply.usage_metadata
    if used is None:
        return Usage(pictures=made, drafts=drafts)
    thought, answer = counted(used.thoughts_token_count), counted(used.candidates_token_count)
    of_pictures = _of_pictures(used.candidates_tokens_details)
    return Usage(
        counted(used.prompt_token_count) + counted(used.tool_use_prompt_token_count),
        answer + thought,
        made,
        _of_pictures(used.prompt_tokens_details) or 0,
        counted(used.cached_content_token_count),
        thought,
        # Where the service does not say what an answer with a picture is made of, all of it counts as picture.
        min(answer, (answer if made else 0) if of_pictures is None else of_pictures),
        drafts,
    )


def _of_pictures(details: list[types.ModalityTokenCount] | None) -> int | None:
    if not details:
        return None
    return sum(counted(entry.token_count) for entry in details if _name(entry.modality) == "IMAGE")


def _raw(reply: types.GenerateContentResponse) -> str:
    """Give the reply as JSON without the pictures, which are kept by their hash."""
    document = reply.model_dump(
        exclude_none=True,
        warnings=False,
        exclude={
            "sdk_http_response": True,
            "candidates": {"__all__": {"content": {"parts": {"__all__": {"inline_data", "thought_signature"}}}}},
        },
    )
    return json.dumps(document, ensure_ascii=False, default=str)


def _name(reason: object) -> str:
    return str(getattr(reason, "value", reason) or "")


def _part(picture: Picture) -> types.Part:
    from google.genai import types

    return types.Part.from_bytes(data=picture.data, mime_type=picture.media_type)


def _failure(error: errors.APIError) -> Failure:
    details = json.dumps(error.details, default=str)
    headers = getattr(getattr(error, "response", None), "headers", None) or {}
    delay = _RETRY_DELAY.search(details)  # google.rpc.RetryInfo, in the body
    wait = retry_after_s(headers.get("retry-after") or (delay and delay[1]))
    status = error.code if isinstance(error.code, int) else 0
    daily = status == _THROTTLED and _DAILY.search(details) is not None
    return Failure(
        status or 500,
        f"{error.status or ''} {error.message or ''}".strip(),
        str(error.status or ""),
        wait,
        _next_midnight() if daily else None,
        "API_KEY_INVALID" in details,
    )


def _next_midnight() -> float:
    now = datetime.fromtimestamp(time.time(), _PACIFIC)
    return (now.replace(hour=0, minute=0, second=0, microsecond=0) + timedelta(days=1)).timestamp()
