"""The orders in which the rows of a mirror can lie, as functions of a row's number.

The release's own (`Order.RELEASE`), inferred from rows that public notebooks print: the 17 general types lie mixed in
one long stretch that follows the sources; the human types and then the text types come after it in stretches of their
own, each starting over with the sources. `Order.BLOCKS` has one block a type: what a reader
that is only quick on neat files would like. Whatever claims to be quick is measured on both.
"""

from __future__ import annotations

from bisect import bisect_right
from dataclasses import dataclass
from enum import StrEnum
from itertools import accumulate
from typing import TYPE_CHECKING

from pico_banana.rehearsal.making.dice import Scatter
from pico_banana.taxonomy import EditType, edit_types

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

_MIXED = 51
_LATER = ("human_centric", "text_symbol")  # the stretches behind the general one


class Order(StrEnum):
    """How the rows of a mirror follow one another."""

    RELEASE = "release"  # types mixed, photos rising: as published
    BLOCKS = "blocks"  # one block a type, photos scattered


@dataclass(frozen=True, slots=True)
class Stretch:
    """Rows that lie together, their types mixed.

    Attributes:
        first: the number of the first row.
        kinds: the types in it.
        ends: how many rows have this type or one before it, for each type.
        mix: which place of the types' list a row takes.
    """

    first: int
    kinds: tuple[EditType, ...]
    ends: tuple[int, ...]
    mix: Scatter

    @property
    def size(self) -> int:
        """How many rows it has."""
        return self.ends[-1]

    def edit_type(self, row: int) -> EditType:
        """Give the type of a row.

        Args:
            row: its number in the file, of a row of this stretch.

        Returns:
            The type.
        """
        return self.kinds[bisect_right(self.ends, self.mix.at(row - self.first))]


def stretches(order: Order, counts: Sequence[int], *, seed: int) -> tuple[Stretch, ...]:
    """Lay rows out.

    Args:
        order: how.
        counts: how many rows each of the 35 types has.
        seed: the mirror's seed.

    Returns:
        The stretches, in order; empty ones are left out.
    """
    listed = list(zip(edit_types(), counts, strict=True))
    if order is Order.BLOCKS:
        groups = [listed]
    else:
        groups = [[item for item in listed if str(item[0].category) not in _LATER]]
        groups += [[item for item in listed if str(item[0].category) == category] for category in _LATER]
    return tuple(_laid(groups, mixed=order is Order.RELEASE, seed=seed))


def _laid(groups: Iterable[list[tuple[EditType, int]]], *, mixed: bool, seed: int) -> Iterator[Stretch]:
    first = 0
    for number, group in enumerate(groups):
        ends = tuple(accumulate(count for _, count in group))
        mix = Scatter.of(ends[-1], seed + _MIXED + number) if mixed else Scatter(max(1, ends[-1]), 1, 0)
        if ends[-1]:
            yield Stretch(first, tuple(kind for kind, _ in group), ends, mix)
        first += ends[-1]
