"""`Shard`: one of N parts of a long work, written `3/100`. Parts are disjoint, all there, and the same while N is."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, TypeVar, cast

from pico_banana.errors import ConfigError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pico_banana.rows.sharding.share import Share

S = TypeVar("S", bound="Sequence[Any]")
_WRITTEN = re.compile(r"(\d+)/(\d+)")


@dataclass(frozen=True, slots=True)
class Shard:
    """One part of a work.

    Parts are runs of neighbours: put one after the other they are the whole in its order, and no two differ by more
    than one in size.

    Attributes:
        index: which part, from 0.
        count: how many there are.
        at_once: how many run at a time, which then share what a model is asked a minute; 0 where nobody says.
        share: what it may spend of what all share, as `work_on` finds it; None for an equal part.
    """

    index: int
    count: int
    at_once: int = field(default=0, compare=False, repr=False)
    share: Share | None = field(default=None, compare=False, repr=False)

    def __post_init__(self) -> None:
        """Refuse a part that is none.

        Raises:
            ConfigError: there is no such part.
        """
        if self.count < 1 or not 0 <= self.index < self.count:
            last = max(self.count - 1, 0)
            text = f"there is no shard {self.index}/{self.count}: shards are counted from 0, the last one is {last}"
            raise ConfigError(f"{text}/{max(self.count, 1)}", key="shard")

    def __str__(self) -> str:
        """Write it as on the command line, such as `3/100`."""
        return f"{self.index}/{self.count}"

    @classmethod
    def parse(cls, text: str) -> Shard:
        """Read a shard as it is written on the command line.

        Args:
            text: such as `3/100`.

        Returns:
            The shard.

        Raises:
            ConfigError: it is not written so, or there is no such shard.
        """
        found = _WRITTEN.fullmatch(text.strip())
        if found is None:
            raise ConfigError(f"{text!r} is no shard; write I/N with I from 0, such as 0/8 to 7/8", key="shard")
        return cls(int(found[1]), int(found[2]))

    @property
    def name(self) -> str:
        """The name of its folder, such as `0003-of-0100`."""
        return f"{self.index:04}-of-{self.count:04}"

    def of(self, things: S) -> S:
        """Give this shard's part of some things.

        Args:
            things: all of them, e.g. a dataset.

        Returns:
            Its part, of the same kind.
        """
        span = self.span(len(things))
        return cast("S", things[span.start : span.stop])

    def rate(self, most: int, *, of: str) -> int:
        """Give this shard's part of a rate, of which each that runs has the same.

        Args:
            most: of all shards together; 0 for no limit.
            of: what is limited, for the message.

        Returns:
            Its rate, in whole units.

        Raises:
            ConfigError: there is less than one for each of those that run at a time.
        """
        if not most or not self.at_once:
            return most
        if most < self.at_once:
            text = f"{of} is {most}, and {self.at_once} shards run at a time: less than one each; run fewer at a time"
            raise ConfigError(text, key=of)
        return most // self.at_once

    def span(self, size: int) -> range:
        """Say which places of a whole are this shard's.

        Args:
            size: of the whole.

        Returns:
            The places, from 0; none where there are fewer things than shards.
        """
        return range(self.index * size // self.count, (self.index + 1) * size // self.count)


def shard_named(name: str) -> Shard | None:
    """Read the name of a shard's folder.

    Args:
        name: such as `0003-of-0100`.

    Returns:
        The shard, or None where it is no such name.
    """
    index, _, count = name.partition("-of-")
    if not (index.isdecimal() and count.isdecimal() and int(index) < int(count)):
        return None
    return Shard(int(index), int(count))
