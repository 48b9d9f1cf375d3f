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
from pico_banana.regenerate.backends.asked import Asked
from pico_banana.regenerate.backends.failure import Failure
from pico_banana.regenerate.backends.gemini_batches import GeminiBatches
from pico_banana.regenerate.backends.gemini_parameters import check_parameters, request_config
from pico_banana.regenerate.backends.gemini_replies import read_reply
from pico_banana.regenerate.backends.service import Service, malformed

if TYPE_CHECKING:
    from google import genai
    from google.genai import errors, types

    from pico_banana.regenerate.backends.base import ModelSettings
    from pico_banana.regenerate.values import Picture, Reply

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
    def client(self) -> genai.Client:
        """The SDK's client, made at the first use."""
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

    @property
    def batches(self) -> GeminiBatches | None:
        """How the model takes batches; Vertex reads them from Cloud Storage, which is not done here."""
        return None if self.settings.project else GeminiBatches(self, lambda: self.client)

    def connect(self) -> None:
        """Make the client, so that a missing key is known before a run begins."""
        _ = self.client

    def check(self, method: str) -> None:
        """Try the parameters by the SDK's own types.

        Args:
            method: "inventory", "write", "shorten", "edit" or "judge".
        """
        check_parameters(self.settings, Asked((), "", 0, picture=method == "edit"))

    async def aclose(self) -> None:
        """Close the connections."""
        if "client" in self.__dict__:
            await self.client.aio.aclose()

    async def send(self, asked: Asked) -> Reply:
        """Ask once, and read what came."""
        contents = [*map(_part, asked.pictures), asked.prompt]
        reply = await self.client.aio.models.generate_content(
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
