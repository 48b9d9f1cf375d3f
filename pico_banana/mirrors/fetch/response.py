"""One answer of a server, its body still to be read."""

from __future__ import annotations

import http.client
import time
from typing import Protocol, Self

from pico_banana.errors import InterruptedTransferError

_CRAWL_BYTES_S = 1024  # a transfer slower than this for longer than the next line is broken off
_CRAWL_AFTER_S = 30.0


class Body(Protocol):
    """Where the bytes of an answer come from."""

    def readinto(self, buffer: memoryview, /) -> int | None:
        """Fill a buffer."""
        ...

    def close(self) -> None:
        """Let go of it."""
        ...


class Response:
    """One answer with a body still to be read. Use it as a context manager.

    Attributes:
        url: the address that answered, after redirects.
        offset: which byte of the file the body starts with; 0 when the server sent the whole file.
        length: bytes in this body, or None when the server does not say.
        etag: the validator to resume with, or an empty string; a weak one is left out.
        modified: when the file was changed, as the place writes it, or an empty string.
        content_type: lower-case, without parameters; empty when the server does not say.
    """

    def __init__(self, body: Body, *, url: str, offset: int = 0, length: int | None = None) -> None:
        """Wrap a body.

        Args:
            body: where the bytes come from.
            url: the address that answered.
            offset: which byte of the file comes first.
            length: bytes to come, or None when nobody says.
        """
        self._body = body
        self.url = url
        self.offset = offset
        self.length = length
        self.etag = ""
        self.modified = ""
        self.content_type = ""
        self.read_bytes = 0
        self._began = time.monotonic()
        self._broken = ""
        self._at_end = False

    @property
    def total(self) -> int | None:
        """Length of the whole file in bytes, or None when the server does not say."""
        return None if self.length is None else self.offset + self.length

    def readinto(self, buffer: memoryview) -> int:
        """Fill a buffer with the next bytes.

        Args:
            buffer: where they go.

        Returns:
            How many bytes came; less than asked at the end or before a break, 0 after the end.

        Raises:
            InterruptedTransferError: the connection broke, stood still, crawled, or ended before its promised length.
        """
        filled = 0
        while filled < len(buffer) and not self._broken and not self.finished:
            try:
                count = self._body.readinto(buffer[filled : self._most(len(buffer), filled)]) or 0
            except (OSError, http.client.HTTPException, ValueError) as error:
                self._broken = f"broke ({words_of(error)})"
                break
            filled += count
            self.read_bytes += count
            if count == 0:
                self._ended()
            elif self._crawls():
                self._broken = "is slower than 1 KiB a second"
        # What came before a break is worth keeping: the break is reported when asked for more.
        if filled == 0 and self._broken:
            text = f"{self.url}: the transfer {self._broken} after {self.read_bytes} bytes"
            raise InterruptedTransferError(text, url=self.url)
        return filled

    @property
    def finished(self) -> bool:
        """Whether the whole body was read."""
        return self._at_end or (self.length is not None and self.read_bytes >= self.length)

    def _most(self, room: int, filled: int) -> int:
        # A body without a length of its own may be longer than what its answer promised.
        return room if self.length is None else min(room, filled + self.length - self.read_bytes)

    def _ended(self) -> None:
        if self.length is None:
            self._at_end = True
        else:
            self._broken = f"ended early, {self.length} bytes were promised,"

    def _crawls(self) -> bool:
        lasted = time.monotonic() - self._began
        return lasted > _CRAWL_AFTER_S and self.read_bytes < lasted * _CRAWL_BYTES_S

    def read(self) -> bytes:
        """Read the rest of the body into memory.

        Returns:
            All of it.
        """
        parts = []
        buffer = memoryview(bytearray(1 << 16))
        while count := self.readinto(buffer):
            parts.append(bytes(buffer[:count]))
        return b"".join(parts)

    def close(self) -> None:
        """Let go of the connection; one with an unread body is closed."""
        self._body.close()

    def __enter__(self) -> Self:
        """Give the response itself."""
        return self

    def __exit__(self, *_: object) -> None:
        """Close it."""
        self.close()


def words_of(error: Exception) -> str:
    """Say what an error is, also when it says nothing itself.

    Args:
        error: the error.

    Returns:
        Its text, without the number that it has on this system, else the name of its class.
    """
    return getattr(error, "strerror", None) or str(error) or type(error).__name__
