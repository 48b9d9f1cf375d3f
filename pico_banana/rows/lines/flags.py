"""The flags of a row as one number, one bit each: how the row store keeps them."""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING

from pico_banana.records import Flag

if TYPE_CHECKING:
    from collections.abc import Iterable

BIT = {flag: 1 << place for place, flag in enumerate(Flag)}


def bits_of(flags: Iterable[Flag]) -> int:
    """Put flags into one number.

    Args:
        flags: any flags.

    Returns:
        The number with their bits set.
    """
    bits = 0
    for flag in flags:
        bits |= BIT[flag]
    return bits


@lru_cache(maxsize=1024)
def flags_of(bits: int) -> frozenset[Flag]:
    """Take flags out of a number.

    Args:
        bits: what `bits_of` gave.

    Returns:
        The flags whose bits are set.
    """
    return frozenset(flag for flag, bit in BIT.items() if bits & bit)
