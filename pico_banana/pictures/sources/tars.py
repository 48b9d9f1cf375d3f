"""Source photos out of the Open Images tars: tens of gigabytes read as a stream; only the wanted members are kept.

A broken connection goes on where it broke. A run that was stopped leaves every photo it took; the next one reads the
tar from its start, because gzip cannot be entered in the middle, but stops as soon as it has what is still missing.
Tars that were read to their end are remembered, with what they turned out not to hold. One that cannot be read is
listed with its reason, and the others are still read.
"""

from __future__ import annotations

import json
import re
import tarfile
from dataclasses import replace
from pathlib import Path, PurePosixPath
from typing import IO, TYPE_CHECKING, Self, cast

from pico_banana.errors import (
    InterruptedTransferError,
    PicoBananaError,
    PictureCorruptError,
    RequestRefusedError,
    TransportError,
)
from pico_banana.mirrors.fetch.item import COPY, Candidate, FetchItem
from pico_banana.mirrors.fetch.provenance import record
from pico_banana.mirrors.fetch.reasons import reason_of
from pico_banana.mirrors.fetch.report import Ledger, Outcome, Report
from pico_banana.mirrors.fetch.stream import ResumingStream
from pico_banana.mirrors.fetch.verify import check_decodes, check_head, check_length, check_tail
from pico_banana.mirrors.notes import ODD_SHAPE, read_note
from pico_banana.mirrors.store import present, write_atomic
from pico_banana.telling import redacted

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from pico_banana.mirrors.fetch.transport import Transport

_MEMBER = re.compile(r"^([0-9a-f]{16})\.jpg$")
_BLOCK_BYTES = 1 << 20
_LARGEST_PHOTO = 64 << 20  # the copies have at most a megapixel; a larger member is no photo
_LARGEST_MEMBER = 1 << 30  # reading over a member costs time, however small the compressed tar is
_LARGEST_HEADER = 1 << 20  # of a long name or of PAX records, which tarfile reads into memory whatever their length
_HEADERS = frozenset(
    {tarfile.XHDTYPE, tarfile.XGLTYPE, tarfile.SOLARIS_XHDTYPE, tarfile.GNUTYPE_LONGNAME, tarfile.GNUTYPE_LONGLINK}
)


class _Member(tarfile.TarInfo):
    """A member of a tar whose claims are looked at before anything is read because of them."""

    @classmethod
    def frombuf(cls, buf: bytes | bytearray, encoding: str, errors: str) -> Self:
        found = super().frombuf(buf, encoding, errors)
        if found.size < 0 or (found.type in _HEADERS and found.size > _LARGEST_HEADER):
            raise tarfile.ReadError(f"a header claims {found.size:,} bytes")
        return found


def take_from_tars(
    tars: Iterable[str],
    wanted: Mapping[str, FetchItem],
    *,
    transport: Transport,
    ledger: Ledger,
    done_with: Path | None = None,
    progress: Callable[[str, int, int | None], None] | None = None,
) -> Report:
    """Take photos out of tars.

    Args:
        tars: addresses or paths of tars, compressed or not, with members `…/<image id>.jpg`.
        wanted: what to take, by Open Images id; one that is on disk is reused.
        transport: what asks.
        ledger: gets one outcome for each wanted photo.
        done_with: where to remember which tars were read to their end; None remembers nothing.
        progress: called with a tar's address, bytes read of it, and its length or None.

    Returns:
        Totals that add up, and the tars that could not be read to their end. A photo in none of the tars is failed with
        reason "gone", or with that of the first such tar, which may have it.

    Raises:
        StoreError: a photo could not be written.
    """
    missing = dict(wanted)
    for image_id, item in wanted.items():
        if present(item.path):
            ledger.add(Outcome(item.address, str(item.path), "reused", size=item.path.stat().st_size))
            del missing[image_id]
    unread: dict[str, TransportError] = {}
    for tar in tars:
        if not missing.keys() - _known_absent(done_with, tar):
            continue
        try:
            whole = _take(tar, missing, transport, ledger, progress)
        except TransportError as error:
            unread[redacted(tar)] = error
            continue
        if whole:
            _remember(done_with, tar, missing)
    _report_missing(missing, unread, ledger)
    ledger.close()
    return replace(ledger.report(), unread={tar: str(error) for tar, error in unread.items()})


def _report_missing(missing: Mapping[str, FetchItem], unread: Mapping[str, TransportError], ledger: Ledger) -> None:
    first = next(iter(unread.values()), None)
    reason = "gone" if first is None else reason_of(first)
    why = "in none of the tars" if first is None else f"in none of the tars that could be read; {first}"
    for item in missing.values():
        text = f"{item.address}: {why}"
        ledger.add(Outcome(item.address, str(item.path), "failed", source="tar", reason=reason, detail=text))


def _take(
    tar: str,
    missing: dict[str, FetchItem],
    transport: Transport,
    ledger: Ledger,
    progress: Callable[[str, int, int | None], None] | None,
) -> bool:
    """Take what one tar has; True when it was read to its end, False when nothing more was wanted before.

    Raises:
        PicoBananaError: it could not be fetched, or a photo could not be written.
        InterruptedTransferError: it is no tar, or ended early.
    """
    with ResumingStream(transport, tar) as stream:
        try:
            # "r|*" reads strictly forward, so the stream never has to go back. It wants only `read`.
            with tarfile.open(
                fileobj=cast("IO[bytes]", stream), mode="r|*", bufsize=_BLOCK_BYTES, tarinfo=_Member
            ) as archive:
                for member in archive:
                    if progress is not None:
                        progress(tar, stream.position, stream.total)
                    _require_believable(member, stream)
                    _take_member(archive, member, missing, ledger)
                    if not missing:
                        return False
        except PicoBananaError:
            raise
        except Exception as error:  # of tarfile, of four decompressors, of headers nested until Python gives up
            text = f"{tar}: not a readable tar after {stream.position} bytes ({error})"
            raise InterruptedTransferError(text, url=tar) from error
    return True


def _require_believable(member: tarfile.TarInfo, stream: ResumingStream) -> None:
    """Stop before a member that claims more than any photo has: reading over it could take for ever.

    Raises:
        RequestRefusedError: it does.
    """
    if not 0 <= member.size <= _LARGEST_MEMBER:
        text = f"{stream.url}: {member.name!r} claims {member.size:,} bytes; this is no tar of photos"
        raise RequestRefusedError(text, url=stream.url)


def _take_member(
    archive: tarfile.TarFile, member: tarfile.TarInfo, missing: dict[str, FetchItem], ledger: Ledger
) -> None:
    name = _MEMBER.match(PurePosixPath(member.name).name)
    item = missing.get(name[1]) if name and member.isreg() and member.size <= _LARGEST_PHOTO else None
    file = archive.extractfile(member) if item is not None else None
    if item is None or file is None or name is None:
        return
    data = file.read()
    try:
        check_length(len(data), member.size, kind="jpeg", address=item.address)
        check_head(data, kind="jpeg", address=item.address)
        if not check_tail(data, kind="jpeg", address=item.address):
            check_decodes(data, address=item.address)
    except PictureCorruptError:
        return  # another tar or place may have it whole; else it is reported as missing
    write_atomic(item.path, data)
    if item.note is not None:
        record(item.note, item.address, Candidate("tar", "", variant=COPY), len(data))
    ledger.add(
        Outcome(item.address, str(item.path), "done", source="tar", variant=COPY, size=len(data), received=len(data))
    )
    del missing[name[1]]


def _known_absent(done_with: Path | None, tar: str) -> set[str]:
    if done_with is None or not done_with.is_file():
        return set()
    try:
        return {str(image_id) for image_id in read_note(done_with).get(tar, ())}
    except ODD_SHAPE:  # damaged: the tar is read again
        return set()


def _remember(done_with: Path | None, tar: str, missing: Mapping[str, FetchItem]) -> None:
    if done_with is None:
        return
    try:
        known = dict(read_note(done_with)) if done_with.is_file() else {}
    except ODD_SHAPE:
        known = {}
    known[tar] = sorted(_known_absent(done_with, tar) | missing.keys())
    write_atomic(done_with, json.dumps(known).encode())
