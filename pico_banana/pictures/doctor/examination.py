"""What is asked of a release, and the answers so far: each thing is read once, and only its beginning."""

from __future__ import annotations

import csv
import io
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Any

from pico_banana.mirrors.catalog import Mirror, facts, rows_file
from pico_banana.records import Subset
from pico_banana.rows.bad import BadRow
from pico_banana.rows.lines.published import parse_line

if TYPE_CHECKING:
    from pico_banana.mirrors.fetch.response import Response
    from pico_banana.mirrors.fetch.transport import Transport

_HEAD_BYTES = 1 << 18
SMALL_HEAD_BYTES = 1 << 16


@dataclass
class Examination:
    """What is asked, and the answers so far.

    Attributes:
        mirror: the mirror under examination.
        transport: what asks.
        heads: the beginnings of files that were read, by address, with the length of the whole.
    """

    mirror: Mirror
    transport: Transport
    heads: dict[str, tuple[bytes, int | None]] = field(default_factory=dict)

    def head(self, url: str, size: int = _HEAD_BYTES) -> bytes:
        """Read the beginning of a file, once.

        Args:
            url: its address.
            size: bytes wanted.

        Returns:
            Up to so many bytes.
        """
        if url not in self.heads:
            with self.transport.get(url) as response:
                self.heads[url] = (read_into(response, size), response.total)
        return self.heads[url][0]

    def lines(self, subset: Subset) -> list[bytes]:
        """Give the first whole lines of a rows file.

        Args:
            subset: whose file.

        Returns:
            Lines.
        """
        url = f"{self.mirror.root}/{rows_file(subset).path}"
        head, total = self.head(url), self.heads[url][1]
        lines = head.split(b"\n")
        return [line for line in (lines if total == len(head) else lines[:-1]) if line.strip()]

    @cached_property
    def rows(self) -> list[dict[str, Any]]:
        """The first single-turn rows in our own names."""
        parsed = (parse_line(Subset.SINGLE_TURN, line) for line in self.lines(Subset.SINGLE_TURN))
        return [row for row in parsed if not isinstance(row, BadRow)]

    @cached_property
    def photo_table(self) -> list[dict[str, str]]:
        """The first rows of the Open Images table."""
        head = self.head(facts()["open_images"]["index"], SMALL_HEAD_BYTES)
        whole = head[: head.rfind(b"\n") + 1].decode("utf-8", "replace")
        return list(csv.DictReader(io.StringIO(whole)))[:-1]


def read_into(response: Response, size: int) -> bytes:
    """Read the beginning of a body.

    Args:
        response: the answer.
        size: bytes wanted.

    Returns:
        Up to so many bytes.
    """
    room = memoryview(bytearray(size))
    filled = 0
    while filled < size and (count := response.readinto(room[filled:])):
        filled += count
    return bytes(room[:filled])
