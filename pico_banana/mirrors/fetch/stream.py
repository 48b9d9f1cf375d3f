"""One long file as a stream that survives broken connections: for what is read once and never kept, like the tars."""

from __future__ import annotations

import io
import time
from typing import TYPE_CHECKING, NamedTuple, TypeVar

from pico_banana.errors import InterruptedTransferError, RequestRefusedError, ThrottledError, TransportError
from pico_banana.mirrors.fetch.retry import RetryPolicy

if TYPE_CHECKING:
    from collections.abc import Callable

    from pico_banana.mirrors.fetch.response import Response
    from pico_banana.mirrors.fetch.transport import Transport

_FIRST_TRIES = 2  # of a first connection
_SKIP_BYTES = 1 << 20
_LONGEST_PAUSE_S = 600.0

T = TypeVar("T")


class Version(NamedTuple):
    """Which content of an address it is: parts of two versions do not belong together.

    Attributes:
        etag: its strong ETag, or an empty string.
        modified: when it was changed, as the place says it, or an empty string.
        total: its length in bytes, or None when the place does not say.
    """

    etag: str = ""
    modified: str = ""
    total: int | None = None

    @property
    def certain(self) -> bool:
        """Whether another content would surely have another version."""
        return self.total is not None and bool(self.etag or self.modified)

    def same(self, other: Version) -> bool:
        """Say whether another version is surely this one.

        Args:
            other: what a server says now.

        Returns:
            True when it is.
        """
        by_date = not self.etag and self.modified == other.modified
        return self.certain and self.total == other.total and self.etag == other.etag and (bool(self.etag) or by_date)


class ResumingStream(io.RawIOBase):
    """Reads an address front to back; where a connection breaks it goes on with Range.

    Attributes:
        url: the address.
        position: bytes given out so far.
        total: length of the file in bytes, or None when the server does not say.
        requests: how often the server was asked.
    """

    def __init__(self, transport: Transport, url: str, *, policy: RetryPolicy | None = None) -> None:
        """Set the stream up; nothing is asked before the first read.

        Args:
            transport: what asks.
            url: the address.
            policy: how often a break in one place is tried again.
        """
        super().__init__()
        self.url = url
        self.position = 0
        self.total: int | None = None
        self.requests = 0
        self._transport = transport
        self._policy = policy or RetryPolicy(attempts=8)
        self._response: Response | None = None
        self._etag = ""
        self._modified = ""

    @property
    def version(self) -> Version:
        """Which content is read; known with the first byte."""
        return Version(self._etag, self._modified, self.total)

    def enter(self, position: int, version: Version) -> bool:
        """Begin in the middle of a file that was read to there before.

        Args:
            position: which byte to begin with.
            version: the content that was read.

        Returns:
            True when it begins there. False when the file is another now, which `version` says, or the server cannot
            begin in the middle: then it begins at the first byte.

        Raises:
            TransportError: the server could not be reached for long, or refused.
        """
        self.position, self._etag = position, version.etag
        response = self._patiently(self._asked)
        self._note(response)
        if version.same(self.version) and response.offset == position:
            self._response = response
            return True
        self.position = 0
        if response.offset:
            response.close()
        else:
            self._response = response
        return False

    def readable(self) -> bool:
        """Say that it can be read."""
        return True

    def readinto(self, buffer: bytearray | memoryview, /) -> int:  # type: ignore[override]  # Buffer comes with 3.12
        """Fill a buffer.

        Args:
            buffer: where the bytes go.

        Returns:
            How many came; 0 at the end.

        Raises:
            TransportError: the server could not be reached for long, refused, or the file changed meanwhile.
        """
        view = memoryview(buffer).cast("B")
        count = self._patiently(lambda: self._opened().readinto(view))
        self.position += count
        return count

    def close(self) -> None:
        """Let go of the connection."""
        self._drop()
        super().close()

    def _patiently(self, ask: Callable[[], T]) -> T:
        tried = 0
        while True:
            try:
                return ask()
            except TransportError as error:
                tried += 1
                self._drop()
                if not self._policy.again(error, tried=tried, throttled=tried) or self._unreachable(error, tried):
                    raise
                time.sleep(_pause_s(error, self._policy, tried))

    def _opened(self) -> Response:
        if self._response is None:
            response = self._asked()
            if self.position and (response.etag != self._etag or _differ(response.total, self.total)):
                response.close()
                text = f"{self.url} changed while it was read; start again"
                raise RequestRefusedError(text, url=self.url)
            self._note(response)
            self._response = response
            self._skip(response, self.position - response.offset)
        return self._response

    def _note(self, response: Response) -> None:
        self._etag, self._modified, self.total = response.etag, response.modified, response.total

    def _asked(self) -> Response:
        """Ask for the rest, or for the whole of it where the server answers everything but the rest.

        Raises:
            RequestRefusedError: the server refuses both.
        """
        self.requests += 1
        try:
            return self._transport.get(self.url, offset=self.position, if_range=self._etag or None)
        except RequestRefusedError as error:
            if not self.position or not error.status:
                raise
        self.requests += 1
        return self._transport.get(self.url)

    def _unreachable(self, error: TransportError, tried: int) -> bool:
        """Tell whether nothing ever answered: then the name or the network is wrong, and patience does not help."""
        never = self.total is None and not self._etag and self.position == 0
        return never and tried >= _FIRST_TRIES and isinstance(error, InterruptedTransferError)

    def _skip(self, response: Response, count: int) -> None:
        """Read over what a server without Range sends again.

        Raises:
            InterruptedTransferError: the body ended before that.
        """
        room = memoryview(bytearray(min(count, _SKIP_BYTES)))
        while count > 0:
            got = response.readinto(room[: min(count, len(room))])
            if got == 0:
                text = f"{self.url}: ended before byte {self.position}"
                raise InterruptedTransferError(text, url=self.url)
            count -= got

    def _drop(self) -> None:
        if self._response is not None:
            self._response.close()
            self._response = None


def _differ(length: int | None, before: int | None) -> bool:
    return None not in {length, before} and length != before


def _pause_s(error: TransportError, policy: RetryPolicy, tried: int) -> float:
    if isinstance(error, ThrottledError) and error.retry_after is not None:
        return min(_LONGEST_PAUSE_S, error.retry_after)
    return policy.wait_s(tried)
