"""A name that is a plain string to everybody else and knows more to those who ask."""

from __future__ import annotations

from typing import NoReturn


class Slug(str):
    """A slug that carries facts about itself; it cannot be changed once made."""

    __slots__ = ("aliases", "definition", "known", "label")

    label: str
    aliases: tuple[str, ...]
    definition: str
    known: bool

    @property
    def names(self) -> tuple[str, ...]:
        """Everything it goes by: slug, published label, aliases."""
        return (str(self), self.label, *self.aliases)

    def set_facts(self, **facts: object) -> None:
        """Give the slug its facts, once, while it is made.

        Args:
            **facts: attribute name to value.
        """
        for name, value in facts.items():
            object.__setattr__(self, name, value)

    def __setattr__(self, name: str, value: object) -> NoReturn:
        """Refuse: everybody shares the one value.

        Raises:
            AttributeError: always.
        """
        message = f"{self!r} is shared and cannot be changed: {name}"
        raise AttributeError(message)

    def __repr__(self) -> str:
        """Show what it is beside the slug."""
        return f"{type(self).__name__}({str(self)!r})"
