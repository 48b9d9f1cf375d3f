"""One of several parts of any rows: chosen by the row's id alone, so that parts are disjoint whoever makes them."""

from __future__ import annotations

import re
from hashlib import blake2s
from typing import NamedTuple

from pico_banana.errors import ConfigError

_FORM = re.compile(r"(\d+)/(\d+)")


class Shard(NamedTuple):
    """One part of several.

    Attributes:
        number: from 1.
        of: how many parts there are.
    """

    number: int = 1
    of: int = 1

    def holds(self, identity: str) -> bool:
        """Tell whether a row is in this part, the same in every process.

        Args:
            identity: the row's id.

        Returns:
            True in exactly one of the parts.
        """
        digest = blake2s(identity.encode(), digest_size=8).digest()
        return int.from_bytes(digest, "big") % self.of == self.number - 1

    def __str__(self) -> str:
        """Name it for a folder."""
        return "all" if self.of == 1 else f"shard-{self.number}-of-{self.of}"


def parse_shard(text: str) -> Shard:
    """Read which part is meant.

    Args:
        text: "2/8" for the second of eight parts; empty for everything.

    Returns:
        The part.

    Raises:
        ConfigError: it is no such part.
    """
    if not text:
        return Shard()
    found = _FORM.fullmatch(text)
    if found is None or not 1 <= int(found[1]) <= int(found[2]):
        raise ConfigError(f"shard={text!r} is no part of several; write 1/8 to 8/8 for eight of them", key="shard")
    return Shard(int(found[1]), int(found[2]))
