"""Batches of OpenAI, through the `openai` SDK: https://developers.openai.com/api/docs/guides/batch."""

from __future__ import annotations

import base64
import json
from dataclasses import replace
from typing import TYPE_CHECKING, Any, cast

from pico_banana.errors import InterruptedTransferError
from pico_banana.regenerate.backends.batching import Line, Looked
from pico_banana.regenerate.backends.openai_parameters import edits_through_chat, given_parameters
from pico_banana.regenerate.backends.openai_replies import field_of, read_chat, read_pictures

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

    import openai

    from pico_banana.regenerate.backends.asked import Asked
    from pico_banana.regenerate.backends.service import Service
    from pico_banana.regenerate.values import Reply

CHAT, EDITS = "/v1/chat/completions", "/v1/images/edits"
_ENDED = frozenset({"completed", "failed", "expired", "cancelled"})
_NAME = "pico_banana"  # under which a job's metadata have our name
_PAGE, _OK = 100, 200


class OpenAIBatches:
    """The batches of one model of OpenAI.

    Args:
        service: the model.
        client: gives the SDK's client.
        chat: gives the body of a chat request.
        edit: gives that of an edit, without the picture.
        refusals: codes of errors that are refusals.
    """

    def __init__(
        self,
        service: Service,
        client: Callable[[], openai.AsyncOpenAI],
        chat: Callable[[Asked], dict[str, Any]],
        edit: Callable[[Asked], dict[str, Any]],
        refusals: frozenset[str],
    ) -> None:
        """Ask for nothing yet."""
        self._service, self._client, self._refusals = service, client, refusals
        self._chat, self._edit = chat, edit

    def request(self, key: str, asked: Asked) -> bytes:
        """Write one request as a line of a file."""
        body = self._edits(asked) if self._by_edits(picture=asked.picture) else self._chat(asked)
        more = body.pop("extra_body", {})
        line = {"custom_id": key, "method": "POST", "url": self._endpoint(picture=asked.picture), "body": body | more}
        return json.dumps(line, ensure_ascii=False).encode() + b"\n"

    async def submit(self, name: str, file: Path, *, picture: bool) -> str:
        """Upload a file and make a job of it."""
        client = self._client()
        sent = await self._service.guarded(client.files.create(file=file, purpose="batch"))
        job = await self._service.guarded(
            client.batches.create(
                input_file_id=sent.id,
                endpoint=self._endpoint(picture=picture),
                completion_window="24h",
                metadata={_NAME: name},
            )
        )
        return str(job.id)

    async def find(self, name: str) -> str:
        """Look our name up in the service's list."""

        async def found() -> str:
            async for job in self._client().batches.list(limit=_PAGE):
                if (job.metadata or {}).get(_NAME) == name:
                    return str(job.id)
            return ""

        return await self._service.guarded(found())

    async def look(self, job: str) -> Looked:
        """See how a job is."""
        found = await self._service.guarded(self._client().batches.retrieve(job), kept=True)
        files = tuple(file for file in (found.output_file_id, found.error_file_id) if file)
        problems = [str(one.message) for one in (found.errors.data or [] if found.errors else [])]
        return Looked(found.status in _ENDED, files, "; ".join([str(found.status), *problems]))

    async def read(self, file: str) -> bytes:
        """Read a file of answers."""

        async def content() -> bytes:
            return bytes((await self._client().files.content(file)).content)

        return await self._service.guarded(content(), kept=True)

    async def cancel(self, job: str) -> None:
        """Ask the service to stop a job."""
        await self._service.guarded(self._client().batches.cancel(job))

    def line(self, data: bytes) -> Line:
        """Read one line of a file of answers."""
        told = json.loads(data)
        response = told.get("response") or {}
        body = response.get("body")
        if response.get("status_code") == _OK:
            return Line(str(told.get("custom_id") or ""), body)
        error = told.get("error") or field_of(body, "error") or {}
        why = f"{field_of(error, 'code') or ''} {field_of(error, 'message') or ''}".strip()
        refused = str(field_of(error, "code")) in self._refusals
        return Line(str(told.get("custom_id") or ""), None, why, refused)

    def reply(self, line: Line, *, picture: bool) -> Reply:
        """Make a reply of an answer.

        Raises:
            InterruptedTransferError: it is none.
        """
        from openai.types import ImagesResponse
        from openai.types.chat import ChatCompletion

        base_url = self._service.settings.base_url
        body = cast("Mapping[str, Any]", line.answer)
        try:
            if self._by_edits(picture=picture):
                asked = given_parameters(self._service.settings.parameters)
                found = read_pictures(ImagesResponse.construct(**body), base_url=base_url, asked=asked)
            else:
                found = read_chat(ChatCompletion.construct(**body), picture=picture, base_url=base_url)
        except (AttributeError, TypeError, KeyError, IndexError) as error:
            raise InterruptedTransferError(f"openai: an answer that cannot be read ({error!r})") from error
        return self._service.cleaned(replace(found, transport="batch"))

    def _by_edits(self, *, picture: bool) -> bool:
        return picture and not edits_through_chat(self._service.settings.parameters)

    def _endpoint(self, *, picture: bool) -> Any:  # noqa: ANN401 - the SDK's list of literals
        return EDITS if self._by_edits(picture=picture) else CHAT

    def _edits(self, asked: Asked) -> dict[str, Any]:
        photo = asked.pictures[0]
        address = f"data:{photo.media_type};base64,{base64.b64encode(photo.data).decode()}"
        return {"images": [{"image_url": address}], **self._edit(asked)}
