"""One try to bring one file from one place: ask, receive, check, publish."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import unquote, urlsplit

from pico_banana.errors import InterruptedTransferError, PictureCorruptError
from pico_banana.mirrors.fetch import verify
from pico_banana.mirrors.fetch.provenance import record

if TYPE_CHECKING:
    from threading import Event

    from pico_banana.mirrors.fetch.item import Candidate, FetchItem
    from pico_banana.mirrors.fetch.partial import Partial
    from pico_banana.mirrors.fetch.response import Response
    from pico_banana.mirrors.fetch.transport import Transport

BUFFER_BYTES = 1 << 20  # most pictures fit, and are checked and written in one piece
_NOTE_BYTES = 8 << 20  # a file this large is worth resuming even after kill -9: note where it is from at once
_ENDS_BYTES = 64


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
        TransportError: it did not come.
        PictureCorruptError: what came is not it.
        StoreError: it could not be written.
    """
    etag = claim.resumable(candidate.url)
    asked = transport.get(
        candidate.url, offset=claim.size, if_range=etag or None, by_row=candidate.by_row, near=candidate.near
    )
    with asked as response:
        verify.check_content_type(response.content_type, kind=item.kind, address=item.address)
        if response.total is not None:
            verify.check_length(response.total, candidate.size, kind=item.kind, address=item.address)
        if response.offset != claim.size:
            claim.restart()
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
    claim.publish(durable=checks.durable)
    if item.note is not None and candidate.variant:
        record(item.note, item.address, candidate, claim.size)
    return response.read_bytes


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
