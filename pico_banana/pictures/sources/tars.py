"""Source photos out of the Open Images tars: tens of gigabytes read as a stream; only the wanted members are kept.

A broken connection goes on where it broke. A run that was stopped leaves every photo it took, and where it was: the
next one enters the gzip file there, see `tars_points`, and stops as soon as it has what is still missing. Tars that
were read to their end are remembered, with what they turned out not to hold. One that cannot be read is listed with its
reason, and the others are still read.
"""

from __future__ import annotations

import json
from dataclasses import replace
from typing import TYPE_CHECKING

from pico_banana.errors import PicoBananaError, PictureCorruptError, TransportError
from pico_banana.mirrors.fetch.item import COPY, Candidate, FetchItem
from pico_banana.mirrors.fetch.provenance import record
from pico_banana.mirrors.fetch.reasons import reason_of
from pico_banana.mirrors.fetch.report import Ledger, Outcome, Report
from pico_banana.mirrors.fetch.verify import check_decodes, check_head, check_length, check_tail
from pico_banana.mirrors.notes import ODD_SHAPE, read_note
from pico_banana.mirrors.store import present, write_atomic
from pico_banana.pictures.sources.tars_points import Restarts, TarPoints, opened_points
from pico_banana.pictures.sources.tars_reading import Reading, TarReader, photo_id
from pico_banana.telling import redacted

if TYPE_CHECKING:
    import tarfile
    from collections.abc import Callable, Iterable, Mapping
    from pathlib import Path

    from pico_banana.mirrors.fetch.transport import Transport

_LARGEST_PHOTO = 64 << 20  # the copies have at most a megapixel; a larger member is no photo


def take_from_tars(
    tars: Iterable[str],
    wanted: Mapping[str, FetchItem],
    *,
    transport: Transport,
    ledger: Ledger,
    done_with: Path | None = None,
    restarts: Restarts | None = None,
    progress: Callable[[str, int, int | None], None] | None = None,
) -> Report:
    """Take photos out of tars.

    Args:
        tars: addresses or paths of tars, compressed or not, with members `…/<image id>.jpg`.
        wanted: what to take, by Open Images id; one that is on disk is reused.
        transport: what asks.
        ledger: gets one outcome for each wanted photo.
        done_with: where to remember which tars were read to their end; None remembers nothing.
        restarts: where restart points of gzip tars are kept; None keeps none.
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
    reading = Reading(transport, [], progress)
    for tar in tars:
        if not missing.keys() - _known_absent(done_with, tar):
            continue
        try:
            with opened_points(restarts, tar, reading.notes) as points:
                whole = _take(tar, missing, ledger, points, reading)
        except TransportError as error:
            unread[redacted(tar)] = error
            continue
        if whole:
            _remember(done_with, tar, missing)
    _report_missing(missing, unread, ledger)
    ledger.close()
    told = {tar: str(error) for tar, error in unread.items()}
    return replace(ledger.report(), unread=told, notes=tuple(reading.notes))


def _report_missing(missing: Mapping[str, FetchItem], unread: Mapping[str, TransportError], ledger: Ledger) -> None:
    first = next(iter(unread.values()), None)
    reason = "gone" if first is None else reason_of(first)
    why = "in none of the tars" if first is None else f"in none of the tars that could be read; {first}"
    for item in missing.values():
        text = f"{item.address}: {why}"
        ledger.add(Outcome(item.address, str(item.path), "failed", source="tar", reason=reason, detail=text))


def _take(tar: str, missing: dict[str, FetchItem], ledger: Ledger, points: TarPoints, reading: Reading) -> bool:
    """Take what one tar has; True when it has no more of it, False when nothing more was wanted.

    Raises:
        PicoBananaError: it could not be fetched, or a photo could not be written.
        InterruptedTransferError: it is no tar, or ended early.
    """
    since = 0
    while missing and (part := points.part(missing, since)) is not None:
        with TarReader(tar, part, points, reading) as reader:
            try:
                for archive, member in reader.members():
                    _take_member(archive, member, missing, ledger)
                    if not missing:
                        return False
                since = reader.stop
            except PicoBananaError:
                raise
            except Exception as error:  # noqa: BLE001 - of tarfile, of four decompressors, of headers nested until Python gives up
                since = reader.failed(error)
    return bool(missing)


def _take_member(
    archive: tarfile.TarFile, member: tarfile.TarInfo, missing: dict[str, FetchItem], ledger: Ledger
) -> None:
    image_id = photo_id(member)
    item = missing.get(image_id) if image_id and member.size <= _LARGEST_PHOTO else None
    file = archive.extractfile(member) if item is not None else None
    if item is None or file is None or image_id is None:
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
    del missing[image_id]


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
