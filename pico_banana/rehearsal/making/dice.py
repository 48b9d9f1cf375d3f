"""Chance that depends on numbers alone: the same keys give the same rolls, on every machine and in every version.

A row of a synthetic mirror is a pure function of the seed and its own number, so that a mirror of ten million rows
is written in a stream, holding nothing, and any file of it can name the paths of any other.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import gcd
from typing import TYPE_CHECKING, TypeVar

if TYPE_CHECKING:
    from collections.abc import Sequence

T = TypeVar("T")

_MASK = (1 << 64) - 1
_GOLDEN = 0x9E3779B97F4A7C15


def mixed(number: int) -> int:
    """Scramble a number into 64 bits (the finaliser of splitmix64, Steele et al. 2014).

    Args:
        number: any whole number.

    Returns:
        A number from 0 to 2**64 - 1; near inputs give unrelated outputs.
    """
    number &= _MASK
    number = ((number ^ (number >> 30)) * 0xBF58476D1CE4E5B9) & _MASK
    number = ((number ^ (number >> 27)) * 0x94D049BB133111EB) & _MASK
    return number ^ (number >> 31)


class Dice:
    """A stream of rolls that depends on its keys alone."""

    __slots__ = ("_state",)

    def __init__(self, *keys: int) -> None:
        """Start a stream; other keys start an unrelated one."""
        state = 0
        for key in keys:
            state = mixed(state * _GOLDEN + key + 1)
        self._state = state

    def roll(self, sides: int) -> int:
        """Give the next number.

        Args:
            sides: how many values it may have.

        Returns:
            A number from 0 to `sides - 1`.
        """
        self._state = (self._state * 6364136223846793005 + 1442695040888963407) & _MASK
        return (self._state >> 32) * sides >> 32

    def pick(self, options: Sequence[T]) -> T:
        """Give one of some options.

        Args:
            options: at least one value, fewer than 2**32.

        Returns:
            One of them.
        """
        self._state = (self._state * 6364136223846793005 + 1442695040888963407) & _MASK
        return options[(self._state >> 32) * len(options) >> 32]  # `roll`, written out: rows are mostly picks

    def unit(self) -> float:
        """Give the next number between 0 and 1.

        Returns:
            A number in [0, 1).
        """
        return self.roll(1 << 32) / (1 << 32)


@dataclass(frozen=True, slots=True)
class Scatter:
    """A permutation of `range(size)` that takes no memory: `at(i)` is `(i * step + start) % size`.

    Attributes:
        size: how many numbers are permuted; at least 1.
        step: coprime to `size`.
        start: where 0 goes.
    """

    size: int
    step: int
    start: int

    @classmethod
    def of(cls, size: int, seed: int) -> Scatter:
        """Make a permutation that throws neighbours far apart.

        Args:
            size: how many numbers; fewer than 1 counts as 1.
            seed: another seed gives another permutation.

        Returns:
            The permutation.
        """
        size = max(1, size)
        step = max(1, int(size * (0.6180339887 + 0.05 * Dice(seed, size).unit())))
        while gcd(step, size) != 1:
            step += 1
        return cls(size, step, mixed(seed) % size)

    def at(self, index: int) -> int:
        """Give the place of a number.

        Args:
            index: from 0 to `size - 1`.

        Returns:
            Its place, from 0 to `size - 1`; no two numbers share one.
        """
        return (index * self.step + self.start) % self.size
