"""In which order examples come, and which of them share a batch: a function of seed and epoch, of nothing else.

Batch number `i` of an epoch is the same for any number of threads, worker processes and ranks. Ranks take turns: rank
`r` of `w` gets the batches r, r + w, r + 2w. That is what makes resuming exact: a position is one number.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from pico_banana.errors import ConfigError

if TYPE_CHECKING:
    from collections.abc import Hashable, Sequence

    import numpy as np


@dataclass(frozen=True, slots=True)
class Share:
    """The part of every epoch that one of several consumers gets.

    Attributes:
        rank: which consumer, from 0.
        world: how many there are.
    """

    rank: int = 0
    world: int = 1

    def __post_init__(self) -> None:
        """Check that the rank is one of the world's.

        Raises:
            ConfigError: it is not.
        """
        if not 0 <= self.rank < self.world:
            msg = f"rank={self.rank} of world_size={self.world}; ranks count from 0 to world_size - 1"
            raise ConfigError(msg, key="rank")


def epoch_order(count: int, *, seed: int, epoch: int, shuffle: bool) -> Sequence[int]:
    """Give the order in which the examples of one epoch come.

    Args:
        count: number of examples.
        seed: of the whole run.
        epoch: from 0.
        shuffle: False keeps the examples' own order in every epoch.

    Returns:
        Every index from 0 to `count` - 1 once.
    """
    if not shuffle:
        return range(count)
    permutation: list[int] = generator(seed, epoch).permutation(count).tolist()
    return permutation


def generator(*key: int) -> np.random.Generator:
    """Make a random generator that depends on a key alone.

    Args:
        key: non-negative numbers, e.g. seed and epoch.

    Returns:
        A generator; equal keys give equal streams.
    """
    import numpy as np

    return np.random.Generator(np.random.Philox(np.random.SeedSequence(list(key))))


def plan_batches(
    order: Sequence[int], batch_size: int, *, groups: Sequence[Hashable] | None = None, drop_last: bool = False
) -> list[list[int]]:
    """Put the examples of an epoch into batches.

    Args:
        order: the examples of the epoch, in order.
        batch_size: examples a batch.
        groups: the group of every example; only equals share a batch. None: all are equal.
        drop_last: leave out batches that are not full.

    Returns:
        The batches, in the order in which they become full; those that never do come last.
    """
    if groups is None:
        batches = [list(order[start : start + batch_size]) for start in range(0, len(order), batch_size)]
        return batches[:-1] if drop_last and batches and len(batches[-1]) < batch_size else batches
    full: list[list[int]] = []
    waiting: dict[Hashable, list[int]] = {}
    for index in order:
        batch = waiting.setdefault(groups[index], [])
        batch.append(index)
        if len(batch) == batch_size:
            full.append(waiting.pop(groups[index]))
    return full if drop_last else full + list(waiting.values())


def share_out(batches: Sequence[list[int]], share: Share, *, drop_last: bool) -> Sequence[list[int]]:
    """Give one consumer its batches.

    Args:
        batches: all batches of the epoch.
        share: whose part.
        drop_last: give every consumer the same number, leaving out what is over; else they differ by one at most.

    Returns:
        The consumer's batches, in order.
    """
    even = len(batches) - len(batches) % share.world if drop_last else len(batches)
    return batches[:even][share.rank :: share.world]
