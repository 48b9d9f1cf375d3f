"""The addresses of files and batches in both protocols: which request means what, and what its answer looks like.

Gemini: https://ai.google.dev/api/batch-api and https://ai.google.dev/api/files, uploads in Google's resumable protocol.
OpenAI: https://developers.openai.com/api/reference, batches and files.
"""

from __future__ import annotations

import base64
import json
import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, NamedTuple
from urllib.parse import parse_qs

from pico_banana.rehearsal.models.openai import parse_form

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from pico_banana.rehearsal.models.batches import BatchRoom, Job

_OK, _BAD, _NOT_FOUND, _CONFLICT, _UNAVAILABLE = 200, 400, 404, 409, 503
_OPENAI_STATES = {"running": "in_progress", "succeeded": "completed"}


class Request(NamedTuple):
    """What came in.

    Attributes:
        method: "GET" or "POST".
        path: without the query.
        query: after the question mark.
        headers: by their names in small letters.
        body: the content.
    """

    method: str
    path: str
    query: str
    headers: Mapping[str, str]
    body: bytes


@dataclass(frozen=True, slots=True)
class Answer:
    """What goes back.

    Attributes:
        status: the HTTP status.
        body: JSON values, or bytes.
        headers: beyond the usual ones.
        cut: whether the connection breaks before it is sent.
    """

    status: int
    body: Any
    headers: dict[str, str] = field(default_factory=dict)
    cut: bool = False


class BatchRoutes:
    """Answers what is about files and batches.

    Args:
        room: the files and jobs.

    Attributes:
        noticed: told what was just done, before its answer is sent; a client can be killed there.
    """

    def __init__(self, room: BatchRoom) -> None:
        """Have nothing uploaded yet."""
        self.room = room
        self.noticed: Callable[[str], None] | None = None
        self._uploads: dict[str, bytearray] = {}
        # Both services have /v1/batches; a key in Google's header says which one is meant.
        self._routes: tuple[tuple[bool, str, str, Callable[..., Answer]], ...] = (
            (True, "POST", r"/upload/v1\w*/files", self._start_upload),
            (True, "POST", r"/upload/(upload\d+)", self._upload),
            (True, "POST", r"(/v1\w*/models/.+):batchGenerateContent", self._gemini_create),
            (True, "GET", r"/v1\w*/batches/([\w-]+)", self._gemini_look),
            (True, "POST", r"/v1\w*/batches/([\w-]+):cancel", self._gemini_cancel),
            (True, "GET", r"/v1\w*/batches", self._gemini_list),
            (True, "GET", r"/v1\w*/files/([\w-]+):download", self._download),
            (False, "POST", r"/v1/files", self._openai_upload),
            (False, "GET", r"/v1/files/([\w-]+)/content", self._download),
            (False, "POST", r"/v1/batches", self._openai_create),
            (False, "GET", r"/v1/batches", self._openai_list),
            (False, "GET", r"/v1/batches/([\w-]+)", self._openai_look),
            (False, "POST", r"/v1/batches/([\w-]+)/cancel", self._openai_cancel),
        )

    def answer(self, request: Request) -> Answer | None:
        """Answer a request.

        Args:
            request: what came in.

        Returns:
            The answer; None where it is about neither files nor batches.
        """
        of_google = "x-goog-api-key" in request.headers or request.path.startswith("/upload/")
        for google, method, pattern, route in self._routes:
            found = re.fullmatch(pattern, request.path)
            if found and method == request.method and google == of_google:
                try:
                    answer = route(request, *found.groups())
                except KeyError as error:
                    return Answer(_NOT_FOUND, {"error": {"code": _NOT_FOUND, "message": f"there is no {error}"}})
                if self.noticed is not None:
                    self.noticed(route.__name__.removeprefix("_"))
                return answer
        return None

    def _start_upload(self, request: Request) -> Answer:
        name = f"upload{len(self._uploads)}"
        self._uploads[name] = bytearray()
        place = f"http://{request.headers['host']}/upload/{name}"
        return Answer(_OK, {}, {"X-Goog-Upload-URL": place, "X-Goog-Upload-Status": "active"})

    def _upload(self, request: Request, name: str) -> Answer:
        self._uploads[name] += request.body
        if "finalize" not in request.headers["x-goog-upload-command"]:
            return Answer(_OK, {}, {"X-Goog-Upload-Status": "active"})
        file = self.room.keep(bytes(self._uploads.pop(name)))
        self._uploads[name] = bytearray()  # names are not given twice
        told = {"name": f"files/{file}", "mimeType": "jsonl", "state": "ACTIVE", "uri": f"files/{file}"}
        return Answer(_OK, {"file": told}, {"X-Goog-Upload-Status": "final"})

    def _gemini_create(self, request: Request, place: str) -> Answer:
        batch = json.loads(request.body)["batch"]
        file = batch["inputConfig"]["fileName"].removeprefix("files/")
        job = self.room.begin(file, name=batch["displayName"], gemini=True, target=f"{place}:generateContent")
        return Answer(_OK, _operation(job), cut=self._is_cut(job))

    def _gemini_look(self, request: Request, name: str) -> Answer:
        return Answer(_OK, _operation(self.room.look(self.room.jobs[name])))

    def _gemini_cancel(self, request: Request, name: str) -> Answer:
        job = self.room.jobs[name]
        if job.state != "running":
            told = {"code": _BAD, "message": "The batch is not running.", "status": "FAILED_PRECONDITION"}
            return Answer(_BAD, {"error": told})
        self.room.cancel(job)
        return Answer(_OK, {})

    def _gemini_list(self, request: Request) -> Answer:
        query = parse_qs(request.query)
        size, begin = int(query.get("pageSize", ["50"])[0]), int(query.get("pageToken", ["0"])[0])
        every = [job for job in reversed(self.room.jobs.values()) if job.gemini]
        more = {"nextPageToken": str(begin + size)} if begin + size < len(every) else {}
        return Answer(_OK, {"operations": [_operation(job) for job in every[begin : begin + size]], **more})

    def _openai_upload(self, request: Request) -> Answer:
        form = parse_form(request.body, request.headers["content-type"])
        content = base64.b64decode(form["file"])
        told = {"object": "file", "bytes": len(content), "created_at": 0, "filename": "requests.jsonl"}
        return Answer(_OK, {**told, "id": self.room.keep(content), "purpose": form["purpose"], "status": "processed"})

    def _openai_create(self, request: Request) -> Answer:
        asked = json.loads(request.body)
        name = (asked.get("metadata") or {}).get("pico_banana", "")
        job = self.room.begin(asked["input_file_id"], name=name, gemini=False, target=asked["endpoint"])
        return Answer(_OK, _batch(job), cut=self._is_cut(job))

    def _openai_look(self, request: Request, name: str) -> Answer:
        return Answer(_OK, _batch(self.room.look(self.room.jobs[name])))

    def _openai_cancel(self, request: Request, name: str) -> Answer:
        job = self.room.jobs[name]
        if job.state != "running":
            told = {"message": f"Cannot cancel a batch with status {job.state!r}.", "type": "invalid_request_error"}
            return Answer(_CONFLICT, {"error": {**told, "code": None, "param": None}})
        return Answer(_OK, _batch(self.room.cancel(self.room.jobs[name])))

    def _openai_list(self, request: Request) -> Answer:
        query = parse_qs(request.query)
        size, after = int(query.get("limit", ["20"])[0]), query.get("after", [""])[0]
        every = [job for job in reversed(self.room.jobs.values()) if not job.gemini]
        begin = next((place + 1 for place, job in enumerate(every) if job.id == after), 0)
        page = every[begin : begin + size]
        ends = {"first_id": page[0].id, "last_id": page[-1].id} if page else {}
        told = {"object": "list", "data": [_batch(job) for job in page], "has_more": begin + size < len(every)}
        return Answer(_OK, {**told, **ends})

    def _download(self, request: Request, name: str) -> Answer:
        content = self.room.files[name]
        if not self.room.is_readable(name):
            return Answer(
                _UNAVAILABLE, {"error": {"code": _UNAVAILABLE, "message": "The file is too large to be read."}}
            )
        return Answer(_OK, content)

    def _is_cut(self, job: Job) -> bool:
        return self.room.mind.faults.strikes("batch_cut", self.room.mark(job), self.room.mind.seed)


def _operation(job: Job) -> dict[str, Any]:
    state = job.state.upper()
    output = {"output": {"responsesFile": f"files/{job.files[0]}"}} if job.files[0] else {}
    about = {"displayName": job.name, "model": job.target, "state": f"BATCH_STATE_{state}"}
    return {"name": f"batches/{job.id}", "metadata": {**about, **output}, "done": job.state != "running"}


def _batch(job: Job) -> dict[str, Any]:
    about = {
        "object": "batch",
        "endpoint": job.target,
        "input_file_id": "",
        "completion_window": "24h",
        "created_at": 0,
    }
    files = {"output_file_id": job.files[0] or None, "error_file_id": job.files[1] or None}
    status = _OPENAI_STATES.get(job.state, job.state)
    return {"id": job.id, **about, **files, "status": status, "metadata": {"pico_banana": job.name}}
