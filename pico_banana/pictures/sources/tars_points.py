"""Where a gzip tar can be entered again: kept beside the photos, a line for each restart point as it is passed.

A line is written when all photos before its point are on the disk. It also names the photos that lie between the point
before and this one, so another selection reads only the stretches of the tar that hold some of its own. A line that a
killed process left unfinished is cut off; any other damage is told, and the tar is read from its start.
"""

from __future__ import annotations

import base64
import hashlib
import json
import os
import re
import sys
import zlib
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from pico_banana.mirrors.fetch.stream import Version
from pico_banana.mirrors.locking import locked_if_free
from pico_banana.mirrors.notes import ODD_SHAPE, parse_note
from pico_banana.mirrors.writing import append_line
from pico_banana.pictures.sources.inflate import START, WINDOW_BYTES, RestartPoint, library
from pico_banana.telling import bare, redacted

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator
    from pathlib import Path

_SPACING = 64 << 20  # 0.7 MB are kept of a GB; what a kill has read twice is a second's download
_FORMAT = 1
_MOST_IDS = 1 << 21  # both tars have 0.2 million photos; a tar with more members than this is none of photos
_SUM_CHARS = 8
_LONGEST_NAME = 60
_BITS = range(8)


@dataclass(frozen=True, slots=True)
class Restarts:
    """Where restart points are kept.

    Attributes:
        folder: one file for each tar, beside the photos.
        spacing: unpacked bytes between two points.
    """

    folder: Path
    spacing: int = _SPACING


@dataclass(frozen=True, slots=True)
class Part:
    """Neighbouring stretches of a tar that are read in one go.

    Attributes:
        point: where to enter the file.
        member: byte of the unpacked tar with the first header to read.
        end: byte of the unpacked tar with the first header not to read; None reads to the tar's end.
        stop: number of the first stretch behind it.
    """

    point: RestartPoint = START
    member: int = 0
    end: int | None = None
    stop: int = 0


@dataclass(slots=True)
class _Stretch:
    """The members between a restart point and the next; of the last one the ids are not known before it was read."""

    point: RestartPoint
    member: int
    ids: frozenset[str] | None = None


class TarPoints:
    """What is known of one tar.

    Attributes:
        version: the content of the tar that the points belong to.
        spacing: unpacked bytes between two points.
        keeping: whether points are kept; else they are only used.
        entered: whether this run has begun in the middle.
    """

    def __init__(self, path: Path | None, tar: str, spacing: int = _SPACING) -> None:
        """Know nothing.

        Args:
            path: where points are kept, or None.
            tar: the tar's address.
            spacing: unpacked bytes between two points.
        """
        self.version = Version()
        self.spacing = spacing
        self.keeping = self.entered = False
        self._path = path
        self._tar = tar
        self._stretches = [_Stretch(START, 0)]
        self._ids: list[str] = []  # of the last stretch, as it is read
        self._held = 0

    @property
    def count(self) -> int:
        """How many stretches are known."""
        return len(self._stretches)

    @property
    def next_due(self) -> int:
        """Byte of the unpacked tar before which no further restart point is wanted."""
        last = self._stretches[-1]
        return last.point.unpacked + self.spacing if self.keeping and last.ids is None else sys.maxsize

    def part(self, wanted: Collection[str], since: int = 0) -> Part | None:
        """Choose what to read next.

        Args:
            wanted: ids of photos.
            since: number of the first stretch that was not read yet.

        Returns:
            The next stretches that hold one of them, or may; None when there are none.
        """
        numbers = range(since, self.count)
        first = next((number for number in numbers if self._may_have(number, wanted)), None)
        if first is None:
            return None
        behind = range(first + 1, self.count)
        stop = next((number for number in behind if not self._may_have(number, wanted)), self.count)
        end = self._stretches[stop].member if stop < self.count else None
        return Part(self._stretches[first].point, self._stretches[first].member, end, stop)

    def read_begins(self, version: Version) -> None:
        """Begin to keep what is passed, if the tar's content can be told from another.

        Args:
            version: the content that is read.
        """
        self._ids = []
        if self.keeping and not self.version.certain:
            self.version = version
            self.keeping = version.certain
            self._write({"format": _FORMAT, "tar": redacted(self._tar), "version": version})

    def passed(self, member: int, image_id: str | None, points: list[RestartPoint]) -> None:
        """Note a member, when all before it are on the disk.

        Args:
            member: byte of the unpacked tar with its header.
            image_id: the photo in it, if it is one.
            points: restart points that were passed; those that lie before the member are taken out.
        """
        last = self._stretches[-1]
        if not self.keeping or member < last.member or last.ids is not None:
            return
        reached = [point for point in points if point.unpacked <= member]
        if reached:
            del points[: len(reached)]
            self._close(_Stretch(reached[-1], member))
        if image_id is not None:
            self._ids.append(image_id)
            self.keeping = self._held + len(self._ids) <= _MOST_IDS

    def ended(self) -> None:
        """Note that the tar was read to its end."""
        if self.keeping and self._stretches[-1].ids is None:
            self._write({"ids": self._ids})
            self._add_ids(self._ids)

    def forget(self) -> None:
        """Let go of every point: the tar is another one, or what was kept is damaged."""
        self._stretches, self._held, self.version = [_Stretch(START, 0)], 0, Version()
        if self.keeping and self._path is not None:
            self._path.unlink(missing_ok=True)

    def load(self) -> str:
        """Take in what earlier runs kept.

        Returns:
            Why it cannot be used, or an empty text.
        """
        if self._path is None or not self._path.is_file():
            return ""
        try:
            data = self._path.read_bytes()
            whole = data[: data.rfind(b"\n") + 1]  # the rest is of a process that was killed while it wrote
            self._take_in(whole.splitlines())
            if self.keeping and len(whole) < len(data):
                os.truncate(self._path, len(whole))
        except (*ODD_SHAPE, OSError) as error:
            return str(error)
        return ""

    def _may_have(self, number: int, wanted: Collection[str]) -> bool:
        ids = self._stretches[number].ids
        return ids is None or any(image_id in wanted for image_id in ids)

    def _close(self, behind: _Stretch) -> None:
        point, ids = behind.point, self._ids
        values = {"packed": point.packed, "bits": point.bits, "unpacked": point.unpacked, "member": behind.member}
        self._write({**values, "window": base64.b64encode(point.window).decode(), "ids": ids})
        self._add_ids(ids)
        self._stretches.append(behind)

    def _add_ids(self, ids: Iterable[str]) -> None:
        last = self._stretches[-1]
        last.ids = frozenset(ids)
        self._held += len(last.ids)
        self._ids = []

    def _write(self, values: dict[str, Any]) -> None:
        if self._path is not None and self.keeping:
            text = json.dumps(values).encode()
            append_line(self._path, b"%08x %s\n" % (zlib.crc32(text), text))

    def _take_in(self, lines: list[bytes]) -> None:
        for number, line in enumerate(lines, 1):
            text = line[_SUM_CHARS + 1 :]
            if int(line[:_SUM_CHARS], 16) != zlib.crc32(text):
                raise ValueError(f"the checksum of line {number} is wrong")
            values = parse_note(text)
            if number == 1:
                self.version = _version_in(values)
            elif self._stretches[-1].ids is not None:
                raise ValueError(f"line {number} lies behind the end")
            else:
                self._add_ids(map(str, values["ids"]))
                if "packed" in values:
                    self._stretches.append(self._stretch_in(values))

    def _stretch_in(self, values: dict[str, Any]) -> _Stretch:
        window = base64.b64decode(values["window"], validate=True)
        point = RestartPoint(values["packed"], values["bits"], values["unpacked"], window)
        last, member = self._stretches[-1], int(values["member"])
        ordered = last.point.packed < point.packed < (self.version.total or 0)
        ordered = ordered and last.point.unpacked < point.unpacked <= member and last.member < member
        if not ordered or point.bits not in _BITS or len(window) > WINDOW_BYTES:
            raise ValueError(f"the point at byte {point.packed} does not follow the one before")
        return _Stretch(point, member)


def _version_in(values: dict[str, Any]) -> Version:
    etag, modified, total = values["version"]
    version = Version(str(etag), str(modified), int(total))
    if values["format"] != _FORMAT or not version.certain:
        raise ValueError("of another format")
    return version


@contextmanager
def opened_points(restarts: Restarts | None, tar: str, notes: list[str]) -> Iterator[TarPoints]:
    """Open what is kept about a tar.

    Args:
        restarts: where points are kept; None keeps none, and so does a machine without zlib's library.
        tar: its address.
        notes: gets what somebody should know.

    Yields:
        What is known. Only one process at a time keeps more of a tar; another only uses it.

    Raises:
        StoreError: the folder cannot be written.
    """
    if restarts is None or library() is None:
        yield TarPoints(None, tar)
        return
    path = restarts.folder / _file_name(tar)
    with locked_if_free(path.with_suffix(".lock")) as held:
        points = TarPoints(path, tar, restarts.spacing)
        points.keeping = held
        if trouble := points.load():
            notes.append(f"{redacted(tar)}: read from its start, because {path} is damaged: {trouble}")
            points.forget()
        yield points


def _file_name(tar: str) -> str:
    address = bare(tar)  # what signs an address changes from day to day
    name = re.sub(r"[^A-Za-z0-9._-]", "_", address.rstrip("/").rpartition("/")[2])[-_LONGEST_NAME:]
    return f"{name}-{hashlib.blake2s(address.encode(), digest_size=4).hexdigest()}.points"
