"""Where in an item a turn stands: what its stages and the memory of it are asked about."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from pico_banana.regenerate.values import derived_seed

if TYPE_CHECKING:
    from pico_banana.regenerate.values import Item, Picture
    from pico_banana.taxonomy import EditType


@dataclass(frozen=True, slots=True)
class Scene:
    """Where in an item a turn stands.

    Attributes:
        item: the item.
        turn: from 1.
        photo: the picture as it is now.
        original: the source photo.
        history: the instructions of the turns before.
    """

    item: Item
    turn: int
    photo: Picture
    original: Picture
    history: tuple[str, ...] = ()

    @property
    def edit_type(self) -> EditType:
        """The edit type of this turn."""
        return self.item.edit_types[self.turn - 1]

    def seed(self, *parts: object) -> int:
        """Derive a seed for a use within this turn.

        Args:
            parts: name the use.

        Returns:
            A seed.
        """
        return derived_seed(self.item.seed, self.turn, *parts)
