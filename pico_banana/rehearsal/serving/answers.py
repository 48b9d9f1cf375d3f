"""What the rehearsal server answers: a pure function from a request and the faults that strike it to an `Answer`."""

from __future__ import annotations

import os
from dataclasses import dataclass, field, replace
from enum import StrEnum
from http import HTTPStatus
from typing import TYPE_CHECKING
from urllib.parse import quote

from pico_banana.rehearsal.serving.faults import Bucket, Fault
from pico_banana.rehearsal.serving.hosts import file_for

if TYPE_CHECKING:
    from collections.abc import Set as AbstractSet
    from pathlib import Path

_TYPES = {
    ".png": "image/png",
    ".jpg": "image/jpeg",
    ".jsonl": "application/jsonl",
    ".txt": "text/plain",
    ".csv": "text/csv",
    ".gz": "application/gzip",
}
_PLAIN_ANSWERS = {
    Fault.ERROR_500: HTTPStatus.INTERNAL_SERVER_ERROR,
    Fault.BUSY_503: HTTPStatus.SERVICE_UNAVAILABLE,
    Fault.MISSING_404: HTTPStatus.NOT_FOUND,
    Fault.GONE_410: HTTPStatus.GONE,
    Fault.REFUSED_403: HTTPStatus.FORBIDDEN,
    Fault.THROTTLED_429: HTTPStatus.TOO_MANY_REQUESTS,
    Fault.HTML: HTTPStatus.OK,
}
_MOVED_TO = "/-/moved"
_ERROR_PAGE = b"<!doctype html><title>Error</title><p>Something went wrong.</p>"
# The smallest well-formed GIF: what hosts send in place of a picture that was taken down.
_PLACEHOLDER = b"GIF89a" + bytes.fromhex("01000100800000ffffff00000021f90401000000002c00000000010001000002024401003b")


class Ending(StrEnum):
    """What happens to the connection after the answer."""

    KEEP = "keep"
    CLOSE = "close"
    RESET = "reset"
    SILENCE = "silence"


_HALVED = {
    Fault.CUT: Ending.RESET,
    Fault.SHORT: Ending.CLOSE,
    Fault.STALL: Ending.SILENCE,
    Fault.SHORT_UNSAID: Ending.CLOSE,
}


@dataclass(frozen=True, slots=True)
class Request:
    """One request as it came.

    Attributes:
        method: GET or HEAD.
        host: the `Host` header without its port.
        path: the decoded path.
        headers: by lower-case name.
    """

    method: str
    host: str
    path: str
    headers: dict[str, str]


@dataclass(frozen=True, slots=True)
class Answer:
    """One answer: a head, then a slice of a file or a body in memory.

    Attributes:
        status: the HTTP status; 0 hangs up without a word.
        headers: in order.
        file: the file to send from, unless `body` is given.
        start: first byte of `file` to send.
        length: how many bytes of `file` to send.
        body: what to send in place of a file.
        ending: what happens afterwards.
        drip: send slowly.
    """

    status: int
    headers: dict[str, str] = field(default_factory=dict)
    file: Path | None = None
    start: int = 0
    length: int = 0
    body: bytes | None = None
    ending: Ending = Ending.KEEP
    drip: bool = False


def answer(root: Path, request: Request, faults: AbstractSet[Fault], bucket: Bucket | None, visit: int) -> Answer:
    """Decide what one request gets.

    Args:
        root: the mirror folder.
        request: what was asked.
        faults: what goes wrong this time.
        bucket: the limiter that refuses, if one does.
        visit: how often this path was asked before; it changes the ETag under `Fault.NEW_ETAG`.

    Returns:
        The answer to send.
    """
    if bucket is not None:
        return _page(HTTPStatus.TOO_MANY_REQUESTS, bucket.headers())
    path = request.path.removeprefix(_MOVED_TO)
    refusal = _refusal(request, faults, moved=path != request.path)
    if refusal is not None:
        return refusal
    file = file_for(root, request.host, path)
    return _page(HTTPStatus.NOT_FOUND) if file is None else _with_file(file, request, faults, visit)


def _refusal(request: Request, faults: AbstractSet[Fault], *, moved: bool) -> Answer | None:
    """Give the answer of a request that gets no file, or None."""
    if request.method not in {"GET", "HEAD"}:
        return _page(HTTPStatus.METHOD_NOT_ALLOWED)
    if Fault.HANG_UP in faults:
        return Answer(0, ending=Ending.RESET)
    if Fault.MOVED in faults and not moved:
        return _page(HTTPStatus.FOUND, {"Location": _MOVED_TO + quote(request.path)})
    status = next((status for fault, status in _PLAIN_ANSWERS.items() if fault in faults), None)
    return None if status is None else _page(status)


def _page(status: int, headers: dict[str, str] | None = None) -> Answer:
    return Answer(status, {"Content-Type": "text/html", **(headers or {})}, body=_ERROR_PAGE)


def _with_file(file: Path, request: Request, faults: AbstractSet[Fault], visit: int) -> Answer:
    status = file.stat()
    etag = f'"{status.st_mtime_ns:x}-{status.st_size:x}{f"-{visit}" if Fault.NEW_ETAG in faults else ""}"'
    headers = {"Content-Type": _TYPES.get(file.suffix, "application/octet-stream")}
    if Fault.NO_ETAG not in faults:
        headers["ETag"] = etag
    if Fault.WRONG_TYPE in faults:
        headers["Content-Type"] = "application/octet-stream"
    if Fault.NO_RANGE in faults:
        found = Answer(HTTPStatus.OK, headers, file, 0, status.st_size)
    else:
        found = _slice(file, status.st_size, etag, request, headers | {"Accept-Ranges": "bytes"})
    return _spoilt(found, faults)


def _slice(file: Path, size: int, etag: str, request: Request, headers: dict[str, str]) -> Answer:
    whole = Answer(HTTPStatus.OK, headers, file, 0, size)
    wanted = request.headers.get("range", "")
    if not wanted.startswith("bytes=") or "," in wanted or request.headers.get("if-range", etag) != etag:
        return whole
    first, _, last = wanted.removeprefix("bytes=").partition("-")
    if not first.isdigit():
        return whole
    start, end = int(first), min(int(last) if last.isdigit() else size - 1, size - 1)
    if start > end:
        return _page(HTTPStatus.REQUESTED_RANGE_NOT_SATISFIABLE, {"Content-Range": f"bytes */{size}"})
    span = {"Content-Range": f"bytes {start}-{end}/{size}"}
    return Answer(HTTPStatus.PARTIAL_CONTENT, headers | span, file, start, end - start + 1)


def _spoilt(found: Answer, faults: AbstractSet[Fault]) -> Answer:
    """Apply the faults that change a body or its headers."""
    if Fault.OTHER_PICTURE in faults:
        return replace(found, headers=found.headers | {"Content-Type": "image/gif"}, file=None, body=_PLACEHOLDER)
    if Fault.FLIPPED in faults:
        return replace(found, file=None, body=_flipped(_bytes(found)))
    if Fault.SHORT_AGREED in faults:
        return replace(found, length=found.length // 2)
    for fault, ending in _HALVED.items():
        if fault in faults:
            length = {"Connection": "close"} if fault is Fault.SHORT_UNSAID else {"Content-Length": str(found.length)}
            return replace(found, headers=found.headers | length, length=found.length // 2, ending=ending)
    return replace(found, drip=Fault.DRIP in faults)


def _flipped(data: bytes) -> bytes:
    start = len(data) // 2
    return data[:start] + bytes(byte ^ 0xFF for byte in data[start : start + 64]) + data[start + 64 :]


def _bytes(found: Answer) -> bytes:
    if found.body is not None or found.file is None:
        return found.body or b""
    with found.file.open("rb") as file:
        return os.pread(file.fileno(), found.length, found.start)


def head(found: Answer, method: str) -> bytes:
    """Write the status line and the headers.

    Args:
        found: the answer.
        method: of the request; HEAD gets the same headers.

    Returns:
        Everything before the body. Content-Length is left out where the connection closes instead.
    """
    headers = dict(found.headers)
    unsaid = headers.get("Connection") == "close"
    if not unsaid and "Content-Length" not in headers:
        headers["Content-Length"] = str(found.length if found.body is None else len(found.body))
    lines = [f"HTTP/1.1 {found.status} {HTTPStatus(found.status).phrase}"]
    lines += [f"{name}: {value}" for name, value in headers.items()]
    return ("\r\n".join(lines) + "\r\n\r\n").encode("latin-1")
