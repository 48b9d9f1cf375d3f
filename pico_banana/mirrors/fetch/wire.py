"""Bytes as they come from a socket, within limits of time and length, whatever the server does.

A socket's own timeout starts anew with every byte, so a server that sends a byte now and then, interim answers without
end, or chunk lines without chunks would hold a reader for good. Here the head of an answer must come within one such
time and within a length, and so must the next piece of its body.
"""

from __future__ import annotations

import http.client
import io
import time
import zlib
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import socket

    from _typeshed import WriteableBuffer

    from pico_banana.mirrors.fetch.response import Body

_READ_BYTES = 1 << 18  # at most, from the socket at once
_MOST_HEAD_BYTES = 1 << 20  # heads have hundreds of bytes; http.client alone would take any number of interim ones
_INFLATED_FROM_BYTES = 1 << 16
_GZIP_OR_ZLIB, _RAW = 47, -15  # window bits, as zlib takes them
_ZLIB_METHOD, _ZLIB_CHECK = 8, 31  # how a zlib stream begins (RFC 1950)


class _Watched(io.RawIOBase):
    """A socket's file that stops at a time, and after so many bytes of a head."""

    def __init__(self, raw: io.RawIOBase, within_s: float) -> None:
        super().__init__()
        self._raw = raw
        self._within_s = within_s
        self._until = time.monotonic() + within_s
        self._head_bytes_left: int | None = _MOST_HEAD_BYTES

    def begin_piece(self) -> None:
        """Give the next piece of the body its time."""
        self._head_bytes_left = None
        self._until = time.monotonic() + self._within_s

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: WriteableBuffer, /) -> int | None:
        if time.monotonic() > self._until:
            text = f"nothing to use came for {self._within_s:g} s"
            raise TimeoutError(text)
        count = self._raw.readinto(buffer)
        if self._head_bytes_left is not None:
            self._head_bytes_left -= count or 0
            if self._head_bytes_left < 0:
                text = f"the head of the answer is longer than {_MOST_HEAD_BYTES:,} bytes"
                raise http.client.HTTPException(text)
        return count

    def close(self) -> None:
        self._raw.close()
        super().close()


class Answer(http.client.HTTPResponse):
    """An answer of `http.client` whose bytes are watched."""

    def __init__(
        self, sock: socket.socket, debuglevel: int = 0, method: str | None = None, url: str | None = None
    ) -> None:
        """Begin to read an answer.

        Args:
            sock: where it comes from; its timeout is the limit.
            debuglevel: see `http.client`.
            method: of the request.
            url: see `http.client`.
        """
        super().__init__(sock, debuglevel, method, url)
        raw = self.fp.detach()
        self.watched = _Watched(raw, sock.gettimeout() or float("inf"))
        self.fp = io.BufferedReader(self.watched)


class HttpBody:
    """The body of an answer; its connection survives only when it was read to the end."""

    def __init__(self, connection: http.client.HTTPConnection, answer: http.client.HTTPResponse) -> None:
        """Wrap an answer whose head was read.

        Args:
            connection: what it comes over.
            answer: the answer.
        """
        self._connection = connection
        self._answer = answer
        self._watched = answer.watched if isinstance(answer, Answer) else None

    def readinto(self, buffer: memoryview, /) -> int:
        """Fill a buffer with what is there, waiting for the first byte of it.

        Args:
            buffer: where it goes.

        Returns:
            Bytes that came; 0 at the end.

        Raises:
            OSError: the connection was closed by somebody else here; http.client would call that the end.
        """
        # HTTPResponse.readinto comes back only with a full buffer: a host that sends a byte a minute would hold us.
        answer = self._answer
        if answer.fp is None:
            raise OSError("was closed meanwhile")
        if self._watched is not None:
            self._watched.begin_piece()
        if answer.chunked or answer.length is None:
            data = answer.read1(min(len(buffer), _READ_BYTES))
            buffer[: len(data)] = data
            return len(data)
        count: int = answer.fp.readinto1(buffer[: answer.length])  # from the socket into the buffer, without a copy
        answer.length -= count
        return count

    def close(self) -> None:
        """Let go of the connection, or close it when something is still to come."""
        if self._answer.isclosed() or self._answer.length == 0:
            self._answer.close()
            return
        self._answer.close()
        self._connection.close()


class Inflated:
    """A compressed body, unpacked: some servers compress although nobody asked."""

    def __init__(self, body: Body) -> None:
        """Wrap a body.

        Args:
            body: gzip or deflate, with or without zlib's frame.
        """
        self._body = body
        self._inflater: zlib._Decompress | None = None
        self._packed = b""
        self._room = memoryview(bytearray(_INFLATED_FROM_BYTES))

    def readinto(self, buffer: memoryview, /) -> int:
        """Fill a buffer.

        Args:
            buffer: where the unpacked bytes go.

        Returns:
            Bytes that came; 0 at the end.

        Raises:
            OSError: the body is damaged, or ended before its compressed data did.
        """
        while True:
            if not self._packed and not self._more():
                return 0
            data = self._unpacked(len(buffer))
            if data:
                buffer[: len(data)] = data
                return len(data)

    def close(self) -> None:
        """Let go of the body."""
        self._body.close()

    def _more(self) -> bool:
        """Get more of the packed body; False at a proper end.

        Raises:
            OSError: it ended in the middle.
        """
        count = self._body.readinto(self._room) or 0
        self._packed = bytes(self._room[:count])
        if count == 0 and self._inflater is not None:
            text = "the compressed data has no end; it was cut off"
            raise OSError(text)
        return count > 0

    def _unpacked(self, most: int) -> bytes:
        if self._inflater is None:
            self._inflater = zlib.decompressobj(_window_of(self._packed))
        try:
            data = self._inflater.decompress(self._packed, most)
        except zlib.error as error:
            text = f"the compressed data is damaged: {error}"
            raise OSError(text) from error
        self._packed = self._inflater.unconsumed_tail
        if self._inflater.eof:  # gzip may go on with another member
            self._packed, self._inflater = self._inflater.unused_data, None
        return data


def _window_of(start: bytes) -> int:
    """Tell zlib's frame, which "deflate" means, from the bare data, which some servers send."""
    framed = start[0] & 0x0F == _ZLIB_METHOD and int.from_bytes(start[:2], "big") % _ZLIB_CHECK == 0
    return _GZIP_OR_ZLIB if framed or start.startswith(b"\x1f") else _RAW
