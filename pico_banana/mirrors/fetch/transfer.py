"""One try to bring one file from one place: ask, receive, check, publish."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from http import HTTPStatus
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import unquote, urlsplit

from pico_banana.errors import (
    InterruptedTransferError,
    PictureCorruptError,
    RequestRefusedError,
    ServerError,
    TransportError,
)
from pico_banana.mirrors.fetch import verify
from pico_banana.mirrors.fetch.placing import placing
from pico_banana.mirrors.fetch.provenance import record

if TYPE_CHECKING:
    from threading import Event

    from pico_banana.mirrors.fetch.item import Candidate, FetchItem, Kind
    from pico_banana.mirrors.fetch.partial import Partial
    from pico_banana.mirrors.fetch.response import Response
    from pico_banana.mirrors.fetch.transport import Transport

BUFFER_BYTES = 1 << 20  # most pictures fit, and are checked and written in one piece
_NOTE_BYTES = 8 << 20  # a file this large is worth resuming even after kill -9: note where it is from at once
_ENDS_BYTES = 64
# The largest Flickr originals have some 50 MB; of other files the largest published has 638.
_MOST_BYTES: dict[Kind, int] = {"png": 256 << 20, "jpeg": 256 << 20, "rows": 16 << 30, "file": 16 << 30}


@dataclass(frozen=True, slots=True)
class Checks:
    """How much is looked at before a file may be seen.

    Attributes:
        deep: decode every pixel.
        durable: flush each file to the disk before it gets its name.
    """

    deep: bool = False
    durable: bool = False


def transfer(
    claim: Partial,
    item: FetchItem,
    candidate: Candidate,
    *,
    transport: Transport,
    buffer: memoryview,
    checks: Checks = Checks(),
    stop: Event | None = None,
) -> int:
    """Bring one file from one place.

    Args:
        claim: our claim on it.
        item: the file.
        candidate: the place.
        transport: what asks.
        buffer: room to receive into; the caller keeps it for the next file.
        checks: how much is looked at.
        stop: when set, the transfer is broken off and what came is kept for another run.

    Returns:
        Bytes that crossed the wire, which is less than the file when it was resumed.

    Raises:
        InterruptedTransferError: it came in part.
        RequestRefusedError: it is larger than any such file.
        TransportError: it did not come.
        PictureCorruptError: what came is not it.
        PictureError: another picture's folder has its name.
        StoreError: it could not be written.
    """
    with _asked(claim, candidate, transport) as response:
        verify.check_content_type(response.content_type, kind=item.kind, address=item.address)
        if response.total is not None:
            verify.check_length(response.total, candidate.size, kind=item.kind, address=item.address)
        if response.offset != claim.size:
            claim.restart()
        _require_bounded(claim, item, max(response.total or 0, claim.size), response)
        try:
            _receive(claim, item, candidate, response, buffer, stop)
        except InterruptedTransferError:
            claim.note(response, candidate.url)
            raise
    try:
        _check(claim, item, candidate, buffer, checks, whole=response.read_bytes == claim.size)
    except PictureCorruptError:
        claim.discard()
        raise
    with placing(item.address):
        claim.publish(durable=checks.durable)
    if item.note is not None and candidate.variant:
        record(item.note, item.address, candidate, claim.size)
    return response.read_bytes


def _asked(claim: Partial, candidate: Candidate, transport: Transport) -> Response:
    """Ask for the rest of what is here, where that is a part of the same file; else for the whole of it.

    Raises:
        RequestRefusedError: the server refuses both.
        ServerError: the server fails at both.
    """
    url, by_row, near = candidate.url, candidate.by_row, candidate.near
    etag = claim.resumable(url)
    if claim.size == 0:
        return transport.get(url, by_row=by_row, near=near)
    try:
        rest = transport.get(url, offset=claim.size, if_range=etag, by_row=by_row, near=near)
    except (RequestRefusedError, ServerError) as error:
        if not _may_be_the_range(error):
            raise
    else:
        # RFC 9110 lets a server ignore If-Range: then its 206 belongs to another version than the bytes that are here.
        if rest.offset == 0 or (rest.etag == etag and claim.total in {None, rest.total}):
            return rest
        rest.close()
    # What is here is thrown away only when the whole file really comes.
    return transport.get(url, by_row=by_row, near=near)


def _may_be_the_range(error: TransportError) -> bool:
    """Say whether a refusal may be about the range alone: then the same file is asked for without one."""
    return error.status not in {0, HTTPStatus.SERVICE_UNAVAILABLE}


def _require_bounded(claim: Partial, item: FetchItem, size: int, response: Response) -> None:
    """Stop what would fill the disk.

    Raises:
        RequestRefusedError: it is larger than any such file.
    """
    most = item.most_bytes or _MOST_BYTES[item.kind]
    if size > most:
        claim.discard()
        text = f"{item.address}: {response.url} sends more than {most:,} bytes, which no such file has"
        raise RequestRefusedError(text, url=response.url)


def _receive(
    claim: Partial,
    item: FetchItem,
    candidate: Candidate,
    response: Response,
    buffer: memoryview,
    stop: Event | None,
) -> None:
    if response.total is not None and response.total >= _NOTE_BYTES:
        claim.note(response, candidate.url)
    while not response.finished:
        if stop is not None and stop.is_set():
            text = f"{candidate.url}: stopped after {claim.size} bytes"
            raise InterruptedTransferError(text, url=candidate.url)
        count = response.readinto(buffer)
        if claim.size == 0 and count:
            verify.check_head(buffer[:count], kind=item.kind, address=item.address)
        claim.write(buffer[:count])
        _require_bounded(claim, item, claim.size, response)
    if stop is not None and stop.is_set() and response.total is None:
        text = f"{candidate.url}: stopped; whether all of it came cannot be told"
        raise InterruptedTransferError(text, url=candidate.url)


def _check(
    claim: Partial, item: FetchItem, candidate: Candidate, buffer: memoryview, checks: Checks, *, whole: bool
) -> None:
    """Check a file that came, from memory where it fitted."""
    size = claim.size
    if not whole or size > len(buffer) or checks.deep:
        verify.check_open_file(
            claim.number,
            kind=item.kind,
            address=item.address,
            size=candidate.size,
            md5=candidate.md5,
            deep=checks.deep,
        )
        return
    verify.check_length(size, candidate.size, kind=item.kind, address=item.address)
    if candidate.md5 is not None:
        found = hashlib.md5(buffer[:size], usedforsecurity=False).hexdigest()
        verify.check_md5(found, candidate.md5, address=item.address)
    if not verify.check_tail(buffer[max(0, size - _ENDS_BYTES) : size], kind=item.kind, address=item.address):
        verify.check_open_file(claim.number, kind=item.kind, address=item.address, deep=True)


def local_path(url: str) -> Path | None:
    """Give the path of an address on this machine's disk.

    Args:
        url: any address.

    Returns:
        Its path for file:// and plain paths, else None.
    """
    if "://" not in url:
        return Path(url)
    parts = urlsplit(url)
    return Path(unquote(parts.path)) if parts.scheme == "file" else None
