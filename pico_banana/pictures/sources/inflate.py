"""gzip read so that it can be left, and entered again by another process: zlib told to stop between two blocks.

Python's own zlib tells neither where a block ends nor what it remembers of the text before; the library behind it tells
both, and is on every Linux and macOS. The way is that of zlib's example `zran.c`. Why no package: docs/decisions.md.
"""

from __future__ import annotations

import ctypes
import ctypes.util
import sys
import zlib
from dataclasses import dataclass
from functools import cache
from typing import IO, TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

_READ_BYTES = 1 << 20
_NO_FLUSH, _BLOCK = 0, 5
_STREAM_END, _BUFFER_ERROR = 1, -5  # the second means: nothing to do without more input
_GZIP, _RAW = 31, -15  # window bits, as zlib takes them
_TRAILER_BYTES = 8  # of a gzip member: checksum and length
WINDOW_BYTES = 1 << 15
_BITS_LEFT, _IN_LAST_BLOCK, _BETWEEN_BLOCKS = 7, 64, 128  # of `data_type`, as zlib.h has it
_NAMES = {"darwin": ("/usr/lib/libz.dylib",), "win32": ("zlib1.dll", "zlib.dll")}


class _Stream(ctypes.Structure):
    """`z_stream` of zlib.h; `inflateInit2_` compares its length."""

    _fields_ = (
        ("next_in", ctypes.c_void_p),
        ("avail_in", ctypes.c_uint),
        ("total_in", ctypes.c_ulong),
        ("next_out", ctypes.c_void_p),
        ("avail_out", ctypes.c_uint),
        ("total_out", ctypes.c_ulong),
        ("msg", ctypes.c_char_p),
        ("state", ctypes.c_void_p),
        ("zalloc", ctypes.c_void_p),
        ("zfree", ctypes.c_void_p),
        ("opaque", ctypes.c_void_p),
        ("data_type", ctypes.c_int),
        ("adler", ctypes.c_ulong),
        ("reserved", ctypes.c_ulong),
    )


@dataclass(frozen=True, slots=True)
class RestartPoint:
    """Where reading of a gzip file can begin.

    Attributes:
        packed: byte of the file; the one before it belongs to the point where `bits` is not 0.
        bits: how many bits of the byte before are still to come.
        unpacked: byte of the unpacked data that comes first.
        window: the 32 KiB before it, which what follows may repeat; empty where a member of the file begins.
    """

    packed: int = 0
    bits: int = 0
    unpacked: int = 0
    window: bytes = b""

    @property
    def begin(self) -> int:
        """The byte of the file to read first."""
        return self.packed - bool(self.bits)


START = RestartPoint()


@cache
def library() -> ctypes.CDLL | None:
    """Find zlib.

    Returns:
        The library, or None where there is none of its own: mostly on Windows.
    """
    for name in _names():
        try:
            found = ctypes.CDLL(name)
            found.zlibVersion.restype = ctypes.c_char_p
            found.inflateGetDictionary  # noqa: B018 - 1.2.8 or later has it
        except (OSError, AttributeError):
            continue
        return found
    return None


def _names() -> Iterator[str]:
    yield from _NAMES.get(sys.platform, ("libz.so.1",))
    if name := ctypes.util.find_library("z"):  # asks other programs, so it comes last
        yield name


class Inflating:
    """A gzip file, unpacked as it is read, strictly forward; files of several members are one.

    Attributes:
        points: restart points that were passed; who keeps them takes them out.
    """

    def __init__(self, file: IO[bytes], *, start: RestartPoint = START, spacing: int, after: int = 0) -> None:
        """Begin at a restart point.

        Args:
            file: stands at the point's first byte.
            start: the point.
            spacing: at most one point in so many unpacked bytes.
            after: the unpacked byte before which no point is wanted.

        Raises:
            OSError: there is no zlib here.
        """
        found = library()
        if found is None:
            raise OSError("there is no zlib library on this machine")
        self.points: list[RestartPoint] = []
        self._zlib = found
        self._file = file
        self._stream = _Stream()
        self._room = bytearray(_READ_BYTES)
        self._input = (ctypes.c_ubyte * _READ_BYTES).from_buffer(self._room)
        self._output = ctypes.create_string_buffer(_READ_BYTES)
        self._packed, self._unpacked = start.begin, start.unpacked
        self._spacing = spacing
        self._due = max(start.unpacked + spacing, after)
        self._raw = bool(start.window)
        self._between = False
        self._begin(_RAW if self._raw else _GZIP)
        if start.window:
            self._remember(start)

    def read(self, size: int) -> bytes:
        """Read on.

        Args:
            size: bytes at most.

        Returns:
            Some bytes; none at the end.

        Raises:
            EOFError: the file ends in the middle.
            zlib.error: it is damaged.
        """
        while not self._between or self._next_member():
            if not self._stream.avail_in and not self._fill():
                raise EOFError("the compressed data was cut off")
            if data := self._inflated(min(size, _READ_BYTES)):
                return data
        return b""

    def skip(self, count: int) -> None:
        """Read over unpacked bytes.

        Args:
            count: how many.

        Raises:
            EOFError: the file ends before that.
            zlib.error: it is damaged.
        """
        while count > 0:
            data = self.read(count)
            if not data:
                raise EOFError("the compressed data is shorter than it was")
            count -= len(data)

    def close(self) -> None:
        """Let go of zlib's memory."""
        self._zlib.inflateEnd(ctypes.byref(self._stream))

    def _begin(self, window_bits: int) -> None:
        size = ctypes.sizeof(_Stream)
        if self._zlib.inflateInit2_(ctypes.byref(self._stream), window_bits, self._zlib.zlibVersion(), size):
            raise OSError("the zlib library of this machine is of another kind than zlib.h describes")

    def _remember(self, start: RestartPoint) -> None:
        """Bring zlib into the state that it had at a point."""
        if start.bits and self._fill():
            byte = self._take(1)[0]
            self._zlib.inflatePrime(ctypes.byref(self._stream), start.bits, byte >> (8 - start.bits))
        self._zlib.inflateSetDictionary(ctypes.byref(self._stream), start.window, len(start.window))

    def _fill(self) -> bool:
        count = self._file.readinto(self._room)  # type: ignore[attr-defined]  # as every binary file has
        self._stream.next_in, self._stream.avail_in = ctypes.addressof(self._input), count
        return bool(count)

    def _take(self, size: int) -> bytes:
        """Take bytes of the file past zlib."""
        taken = bytearray()
        while len(taken) < size and (self._stream.avail_in or self._fill()):
            count = min(size - len(taken), self._stream.avail_in)
            taken += ctypes.string_at(self._stream.next_in, count)
            self._stream.next_in += count
            self._stream.avail_in -= count
            self._packed += count
        return bytes(taken)

    def _inflated(self, size: int) -> bytes:
        stream = self._stream
        stream.next_out, stream.avail_out = ctypes.addressof(self._output), size
        before = stream.avail_in
        due = self._unpacked >= self._due
        code = self._zlib.inflate(ctypes.byref(stream), _BLOCK if due else _NO_FLUSH)
        if code < 0 and code != _BUFFER_ERROR:
            raise zlib.error((stream.msg or b"the compressed data is damaged").decode())
        made = size - stream.avail_out
        self._packed += before - stream.avail_in
        self._unpacked += made
        if code == _STREAM_END:
            self._between = True
        elif due and stream.data_type & _BETWEEN_BLOCKS and not stream.data_type & _IN_LAST_BLOCK:
            self._mark(stream.data_type & _BITS_LEFT, self._window())
        return ctypes.string_at(self._output, made)

    def _window(self) -> bytes:
        room, length = ctypes.create_string_buffer(WINDOW_BYTES), ctypes.c_uint()
        self._zlib.inflateGetDictionary(ctypes.byref(self._stream), room, ctypes.byref(length))
        return room.raw[: length.value]

    def _mark(self, bits: int, window: bytes) -> None:
        self.points.append(RestartPoint(self._packed, bits, self._unpacked, window))
        self._due = self._unpacked + self._spacing

    def _next_member(self) -> bool:
        """Go on with another member of the file; False at the end, before which there may be zeros.

        Raises:
            EOFError: the file ends in the middle.
        """
        if self._raw and len(self._take(_TRAILER_BYTES)) < _TRAILER_BYTES:
            raise EOFError("the compressed data was cut off")
        stream = self._stream
        while (stream.avail_in or self._fill()) and ctypes.string_at(stream.next_in, 1) == b"\0":
            self._take(1)
        if not stream.avail_in:
            return False
        self._raw = self._between = False
        self._zlib.inflateReset2(ctypes.byref(stream), _GZIP)
        if self._unpacked >= self._due:
            self._mark(0, b"")
        return True
