"""One part of a tar as a stream of members, from where an earlier run was or from its start."""

from __future__ import annotations

import io
import re
import tarfile
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import IO, TYPE_CHECKING, Self, cast

from pico_banana.errors import InterruptedTransferError, RequestRefusedError
from pico_banana.mirrors.fetch.sizes import readable
from pico_banana.mirrors.fetch.stream import ResumingStream
from pico_banana.pictures.sources.inflate import START, Inflating, library
from pico_banana.pictures.sources.tars_points import Part, TarPoints
from pico_banana.telling import redacted

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from pico_banana.mirrors.fetch.transport import Transport

_PHOTO = re.compile(r"^([0-9a-f]{16})\.jpg$")
_GZIP = b"\x1f\x8b"
_BLOCK_BYTES = 1 << 20
_UNPACKED_BYTES = 1 << 15  # tarfile copies the rest of a piece at each read: with 1 MiB that is half of zlib's own time
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


@dataclass(frozen=True, slots=True)
class Reading:
    """How tars are read.

    Attributes:
        transport: what asks.
        notes: gets what somebody should know.
        progress: called with a tar's address, bytes read of it, and its length or None.
    """

    transport: Transport
    notes: list[str]
    progress: Callable[[str, int, int | None], None] | None = None


class TarReader:
    """Reads one part of a tar; use it as a context manager."""

    def __init__(self, tar: str, part: Part, points: TarPoints, reading: Reading) -> None:
        """Set it up; nothing is asked before the first member.

        Args:
            tar: the tar's address.
            part: which part.
            points: what is known of the tar; gets what is passed.
            reading: how.
        """
        self._tar = tar
        self._part = part
        self._points = points
        self._reading = reading
        self._stream = ResumingStream(reading.transport, tar)
        self._inflating: Inflating | None = None
        self._came = False

    def __enter__(self) -> Self:
        """Give the reader itself."""
        return self

    def __exit__(self, *_: object) -> None:
        """Let go of the connection."""
        self._stream.close()
        if self._inflating is not None:
            self._inflating.close()

    @property
    def stop(self) -> int:
        """Number of the first stretch that was not read."""
        return self._points.count if self._part.end is None else self._part.stop

    def members(self) -> Iterator[tuple[tarfile.TarFile, tarfile.TarInfo]]:
        """Read the members of the part.

        Yields:
            The archive and a member of it, whose data can be read until the next is asked for.

        Raises:
            TransportError: the tar could not be fetched.
            RequestRefusedError: it is no tar of photos.
        """
        self._enter()
        with self._opened() as archive:
            for member in archive:
                at = self._part.member + member.offset
                if self._part.end is not None and at >= self._part.end:
                    return
                self._look_at(member, at, global_header=bool(archive.pax_headers))
                yield archive, member
        if self._inflating is not None:
            self._points.ended()

    def failed(self, error: Exception) -> int:
        """Say what follows from a tar that cannot be read.

        Args:
            error: what was raised.

        Returns:
            Number of the stretch to go on with: the first, where the tar was entered in the middle and no member came.

        Raises:
            InterruptedTransferError: the tar itself is damaged, or none.
        """
        if self._came or self._part.point == START:
            text = f"{self._tar}: not a readable tar after {self._stream.position} bytes ({error})"
            raise InterruptedTransferError(text, url=self._tar) from error
        self._note(f"cannot be read on from byte {self._part.point.packed} ({error}), so it is read from its start")
        self._points.forget()
        return 0

    def _enter(self) -> None:
        """Ask for the part; where that cannot be had, for all of the tar."""
        begin, version = self._part.point.begin, self._points.version
        if self._stream.enter(begin, version):
            if begin and not self._points.entered:
                self._points.entered = True
                self._note(f"went on at {readable(begin)} of {readable(version.total or 0)}")
        elif version.certain:
            same = version.same(self._stream.version)
            if not same:
                self._points.forget()
            why = "its server cannot begin in the middle of a file" if same else "it has changed since the last run"
            self._note(f"read from its start, because {why}")
            self._part = Part()

    def _opened(self) -> tarfile.TarFile:
        """Open what comes as a tar, strictly forward: the stream never has to go back, and needs only `read`."""
        file = io.BufferedReader(self._stream, _BLOCK_BYTES)
        packed = self._part.point != START or file.peek(len(_GZIP)).startswith(_GZIP)
        if packed and library() is not None:
            self._points.read_begins(self._stream.version)
            spacing, after = self._points.spacing, self._points.next_due
            self._inflating = Inflating(file, start=self._part.point, spacing=spacing, after=after)
            self._inflating.skip(self._part.member - self._part.point.unpacked)
            unpacked = cast("IO[bytes]", self._inflating)
            return tarfile.open(fileobj=unpacked, mode="r|", bufsize=_UNPACKED_BYTES, tarinfo=_Member)
        return tarfile.open(fileobj=file, mode="r|*", bufsize=_BLOCK_BYTES, tarinfo=_Member)

    def _look_at(self, member: tarfile.TarInfo, at: int, *, global_header: bool) -> None:
        """Look at a member before anything of it is read: to read over what it claims could take for ever.

        Raises:
            RequestRefusedError: it claims more than any photo has.
        """
        self._came = True
        if self._reading.progress is not None:
            self._reading.progress(self._tar, self._stream.position, self._stream.total)
        if not 0 <= member.size <= _LARGEST_MEMBER:
            text = f"{self._tar}: {member.name!r} claims {member.size:,} bytes; this is no tar of photos"
            raise RequestRefusedError(text, url=self._tar)
        if global_header:  # it holds for all members behind it, so none of them can be read without it
            self._points.keeping = False
        if self._inflating is not None:
            self._points.passed(at, photo_id(member), self._inflating.points)

    def _note(self, text: str) -> None:
        self._reading.notes.append(f"{redacted(self._tar)}: {text}")


def photo_id(member: tarfile.TarInfo) -> str | None:
    """Find out which photo a member is.

    Args:
        member: of a tar.

    Returns:
        Its Open Images id, or None for anything else.
    """
    name = _PHOTO.match(PurePosixPath(member.name).name)
    return name[1] if name and member.isreg() else None
