"""Batches of the Gemini API, through `google-genai`: https://ai.google.dev/gemini-api/docs/batch-api."""

from __future__ import annotations

import base64
import json
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from pico_banana.errors import InterruptedTransferError
from pico_banana.regenerate.backends.batching import Line, Looked
from pico_banana.regenerate.backends.gemini_parameters import request_config
from pico_banana.regenerate.backends.gemini_replies import read_reply

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from google import genai

    from pico_banana.regenerate.backends.asked import Asked
    from pico_banana.regenerate.backends.service import Service
    from pico_banana.regenerate.values import Reply

_ENDED = frozenset({"SUCCEEDED", "FAILED", "CANCELLED", "EXPIRED", "PARTIALLY_SUCCEEDED"})
# Of the SDK's configuration, what the service wants beside the generation's parameters.
_BESIDE = ("systemInstruction", "safetySettings", "tools", "toolConfig", "cachedContent")
_OF_THE_SDK = ("httpOptions", "automaticFunctionCalling", "shouldReturnHttpResponse")
_PAGE = 100


class GeminiBatches:
    """The batches of one Gemini model.

    Args:
        service: the model.
        client: gives the SDK's client.
    """

    def __init__(self, service: Service, client: Callable[[], genai.Client]) -> None:
        """Ask for nothing yet."""
        self._service, self._client = service, client

    def request(self, key: str, asked: Asked) -> bytes:
        """Write one request as a line of a file, as the SDK would send it alone."""
        config = request_config(self._service.settings, asked).model_dump(mode="json", by_alias=True, exclude_none=True)
        beside = {name: config.pop(name) for name in _BESIDE if name in config}
        for name in _OF_THE_SDK:
            config.pop(name, None)
        parts: list[dict[str, Any]] = [
            {"inlineData": {"data": base64.urlsafe_b64encode(one.data).decode(), "mimeType": one.media_type}}
            for one in asked.pictures
        ]
        contents = [{"parts": [*parts, {"text": asked.prompt}], "role": "user"}]
        request = {"contents": contents, "generationConfig": config, **beside}
        return json.dumps({"key": key, "request": request}, ensure_ascii=False).encode() + b"\n"

    async def submit(self, name: str, file: Path, *, picture: bool) -> str:
        """Upload a file and make a job of it."""
        client = self._client().aio
        sent = await self._service.guarded(
            client.files.upload(file=str(file), config={"display_name": name, "mime_type": "jsonl"})
        )
        job = await self._service.guarded(
            client.batches.create(model=self._service.settings.model, src=sent.name, config={"display_name": name})
        )
        return str(job.name)

    async def find(self, name: str) -> str:
        """Look our name up in the service's list.

        Raises:
            InterruptedTransferError: the connection broke.
        """

        async def found() -> str:
            async for job in await self._client().aio.batches.list(config={"page_size": _PAGE}):
                if job.display_name == name:
                    return str(job.name)
            return ""

        return await self._service.guarded(found())

    async def look(self, job: str) -> Looked:
        """See how a job is."""
        found = await self._service.guarded(self._client().aio.batches.get(name=job), kept=True)
        state = str(getattr(found.state, "name", found.state) or "")
        file = found.dest.file_name if found.dest is not None else None
        return Looked(state.removeprefix("JOB_STATE_") in _ENDED, (file,) if file else (), state)

    async def read(self, file: str) -> bytes:
        """Read a file of answers."""
        return bytes(await self._service.guarded(self._client().aio.files.download(file=file), kept=True))

    async def cancel(self, job: str) -> None:
        """Ask the service to stop a job."""
        await self._service.guarded(self._client().aio.batches.cancel(name=job))

    def line(self, data: bytes) -> Line:
        """Read one line of a file of answers."""
        told = json.loads(data)
        error = told.get("error") or {}
        why = f"{error.get('code', '')} {error.get('message', '')}".strip() if isinstance(error, dict) else str(error)
        return Line(str(told.get("key") or ""), told.get("response"), why)

    def reply(self, line: Line, *, picture: bool) -> Reply:
        """Make a reply of an answer.

        Raises:
            InterruptedTransferError: it is none.
        """
        from google.genai import types
        from pydantic import ValidationError

        try:
            answer = types.GenerateContentResponse.model_validate(line.answer)
        except ValidationError as error:
            raise InterruptedTransferError(f"gemini: an answer that cannot be read ({error.error_count()})") from error
        return self._service.cleaned(replace(read_reply(answer, picture=picture), transport="batch"))
