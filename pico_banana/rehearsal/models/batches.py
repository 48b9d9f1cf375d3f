"""The batches of both protocols: files of requests come in, jobs take a while, files of answers can be read.

Lines come back in another order. A job may fail, expire, be stuck until it is cancelled; its creation may be accepted
with the connection cut, a line may fail, and answers may be too much to be read at first. What is answered counts as
paid when the job ends, as one asked online does, so that a client that asks twice is found out.
"""

from __future__ import annotations

import json
import time
from collections import Counter
from dataclasses import dataclass, field
from typing import Any

from pico_banana.rehearsal.models.faults import draw
from pico_banana.rehearsal.models.gemini import answer_gemini
from pico_banana.rehearsal.models.mind import Mind, content_hash
from pico_banana.rehearsal.models.openai import answer_openai

_OK = 200
_HALF = 0.5


@dataclass(slots=True)
class Job:
    """One job.

    Attributes:
        id: the service's name of it.
        name: the client's.
        gemini: whose protocol; else OpenAI's.
        target: the path that each request would have had alone.
        lines: the requests.
        began: when, of the monotonic clock.
        state: "running", "succeeded", "failed", "expired" or "cancelled".
        files: answers, then errors, by their ids; empty where there are none.
    """

    id: str
    name: str
    gemini: bool
    target: str
    lines: list[dict[str, Any]]
    began: float
    state: str = "running"
    files: tuple[str, str] = ("", "")


@dataclass(slots=True)
class BatchRoom:
    """All files and jobs of a server.

    Attributes:
        mind: what the models say, and what goes wrong.
        paid: shared with the server, see there.
        files: id to content.
        jobs: id to job, in the order they were made.
    """

    mind: Mind
    paid: Counter[str]
    files: dict[str, bytes] = field(default_factory=dict)
    jobs: dict[str, Job] = field(default_factory=dict)
    _reads: Counter[str] = field(default_factory=Counter)

    def keep(self, content: bytes) -> str:
        """Keep a file.

        Args:
            content: its bytes.

        Returns:
            Its id.
        """
        name = f"file-{len(self.files):06}"
        self.files[name] = content
        return name

    def begin(self, file: str, *, name: str, gemini: bool, target: str) -> Job:
        """Make a job of a file.

        Args:
            file: its id.
            name: the client's name for the job.
            gemini: whose protocol.
            target: the path that each request would have had alone.

        Returns:
            The job.
        """
        lines = [json.loads(line) for line in self.files[file].splitlines() if line]
        job = Job(f"job-{len(self.jobs):06}", name, gemini, target, lines, time.monotonic())
        self.jobs[job.id] = job
        return job

    def look(self, job: Job) -> Job:
        """Let a job go on as far as its time has come.

        Args:
            job: the job; changed.

        Returns:
            The same.
        """
        faults, mark = self.mind.faults, self.mark(job)
        if job.state != "running" or time.monotonic() - job.began < faults.batch_s:
            return job
        fault = faults.first(("batch_failed", "batch_expired", "batch_stuck"), mark, self.mind.seed)
        if fault == "batch_failed":
            job.state = "failed"
        elif fault == "batch_expired":
            self._end(job, "expired", partly=True)
        elif not fault:
            self._end(job, "succeeded")
        return job

    def cancel(self, job: Job) -> Job:
        """Cancel a job; OpenAI hands out what was done until then.

        Args:
            job: the job; changed.

        Returns:
            The same.
        """
        if job.state == "running":
            self._end(job, "cancelled", partly=True)
        return job

    def is_readable(self, file: str) -> bool:
        """Say whether a file can be read this time."""
        self._reads[file] += 1
        return not self.mind.faults.strikes("batch_unreadable", f"{file}/{self._reads[file]}", self.mind.seed)

    def mark(self, job: Job) -> str:
        """Name a job by what is in it, whatever the client calls it."""
        return content_hash([job.lines, job.target])

    def _end(self, job: Job, state: str, *, partly: bool = False) -> None:
        """End a job; where only a part of it is done, Gemini hands out nothing and bills nothing."""
        job.state = state
        if partly and job.gemini:
            return
        answers, errors = [], []
        for mark, line in sorted((draw(self.mind.seed, "order", content_hash(one)), one) for one in job.lines):
            if partly and mark < _HALF:
                errors.append(_failed(job, line, "batch_expired", "This request could not be executed in time."))
            elif self.mind.faults.strikes("batch_line_failed", content_hash(line), self.mind.seed):
                errors.append(_failed(job, line, "server_error", "The model is overloaded."))
            else:
                answer, paid = _answered(self.mind, job, line)
                self.paid.update(paid)
                answers.append(answer)
        if job.gemini:  # one file for both
            answers, errors = answers + errors, []
        job.files = tuple(self.keep(_lines(found)) if found else "" for found in (answers, errors))  # type: ignore[assignment]


def _answered(mind: Mind, job: Job, line: dict[str, Any]) -> tuple[dict[str, Any], list[str]]:
    """Answer one line as if it had been asked online."""
    if job.gemini:
        content = line["request"]
        request, model = content_hash([job.target, content]), job.target.rpartition("/models/")[2].partition(":")[0]
        return {"key": line["key"], "response": answer_gemini(mind, content, request, model=model)}, [request]
    content = _as_form(line["body"]) if job.target.endswith("/images/edits") else line["body"]
    request = content_hash([job.target, content])
    status, body = answer_openai(mind, job.target, content, request)
    told = {"id": f"batch_req_{request[:12]}", "custom_id": line["custom_id"], "error": None}
    answer = {**told, "response": {"status_code": status, "request_id": request[:12], "body": body}}
    return answer, [request] if status == _OK else []


def _as_form(body: dict[str, Any]) -> dict[str, Any]:
    """Give the JSON of an edit as the form that it is online, so that both are the same request."""
    rest = {
        name: value if isinstance(value, str) else json.dumps(value) for name, value in body.items() if name != "images"
    }
    return {**rest, "image": body["images"][0]["image_url"].partition("base64,")[2]}


def _failed(job: Job, line: dict[str, Any], code: str, message: str) -> dict[str, Any]:
    if job.gemini:
        return {"key": line["key"], "error": {"code": 14, "message": message}}
    return {"custom_id": line["custom_id"], "response": None, "error": {"code": code, "message": message}}


def _lines(found: list[dict[str, Any]]) -> bytes:
    return b"".join(json.dumps(line).encode() + b"\n" for line in found)
