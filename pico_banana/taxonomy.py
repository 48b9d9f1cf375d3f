"""The 8 categories and 35 edit types of the release, and every name they go by.

An `EditType` or a `Category` is a string, its slug (`"zoom_in"`), that also knows its published label, its aliases,
what it means and where it belongs. Names that people type go through `edit_type` and `category`, which forgive spelling
and refuse what they do not know; labels found in data go through `edit_type_from_label`, which never refuses.
"""

from __future__ import annotations

from functools import cache, lru_cache
from typing import TYPE_CHECKING, Any, Literal, NoReturn, Self, TypeAlias, TypeVar

from pico_banana.telling import Carded

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

Scope: TypeAlias = Literal["local", "global", "geometry"]

_UNKNOWN = "unknown"
_APOSTROPHES = dict.fromkeys(map(ord, "'`\u00b4\u02bc\u2018\u2019"))


class Slug(Carded, str):
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


class Category(Slug):
    """One of the 8 categories; a string, its slug.

    Attributes:
        label: the label as published, e.g. "Human-Centric".
        aliases: other names it goes by, the dataset README's among them.
        definition: what its edit types have in common, in our words.
        known: False for the one category that holds the unknown types.
    """

    __slots__ = ()
    card_also = ("edit_types",)

    def __new__(cls, slug: str, *, label: str, aliases: Iterable[str], definition: str, known: bool = True) -> Self:
        """Make a category; users get theirs from `category` and `categories`."""
        self = super().__new__(cls, slug)
        self.set_facts(label=label, aliases=tuple(aliases), definition=definition, known=known)
        return self

    @property
    def edit_types(self) -> tuple[EditType, ...]:
        """Its edit types in published order; empty for the unknown category."""
        return tuple(member for member in edit_types() if member.category == self)

    def __reduce__(self) -> tuple[Callable[[str], Category], tuple[str]]:
        """Travel as the slug, so that a copy anywhere is the one of that process."""
        return _category_by_slug, (str(self),)


class EditType(Slug):
    """One of the 35 edit types, or an unknown one found in data; a string, its slug.

    Attributes:
        label: the label exactly as in the released rows, non-ASCII characters included.
        aliases: other names it goes by, the paper's label first where that differs.
        category: the category it belongs to.
        definition: what such an edit does, in our words; empty for an unknown type.
        scope: which part of the picture it should change: "local" one region, "global" all of it, "geometry" the frame.
            An unknown type counts as "global", of which the least is expected.
        published_count: rows of the released sft.jsonl that have it; 0 for an unknown type.
        known: False for a label that is none of the 35.
    """

    __slots__ = ("category", "published_count", "scope")

    category: Category
    scope: Scope
    published_count: int

    def __new__(  # noqa: PLR0913 - one keyword a fact
        cls,
        slug: str,
        *,
        label: str,
        aliases: Iterable[str],
        category: Category,
        definition: str,
        scope: Scope,
        published_count: int,
        known: bool = True,
    ) -> Self:
        """Make an edit type; users get theirs from `edit_type` and `edit_types`."""
        self = super().__new__(cls, slug)
        facts = {"label": label, "aliases": tuple(aliases), "definition": definition, "known": known}
        self.set_facts(**facts, category=category, scope=scope, published_count=published_count)
        return self

    def __reduce__(self) -> tuple[Callable[[str], EditType], tuple[str]]:
        """Travel as the label, so that a copy anywhere is the one of that process."""
        return edit_type_from_label, (self.label,)


AnyName = TypeVar("AnyName", Category, EditType)


@cache
def _published() -> list[dict[str, Any]]:
    import json
    from pathlib import Path

    # A file beside the module: importlib.resources costs more to import than all the rest of this module.
    document: dict[str, Any] = json.loads(Path(__file__).with_suffix(".json").read_text(encoding="utf-8"))
    found: list[dict[str, Any]] = document["categories"]
    return found


@cache
def categories() -> tuple[Category, ...]:
    """Give the 8 categories.

    Returns:
        All of them, in published order.
    """
    return tuple(
        Category(facts["slug"], label=facts["label"], aliases=facts["aliases"], definition=facts["definition"])
        for facts in _published()
    )


@cache
def edit_types() -> tuple[EditType, ...]:
    """Give the 35 edit types.

    Returns:
        All of them, in published order.
    """
    return tuple(
        EditType(
            facts["slug"],
            label=facts["label"],
            aliases=facts["aliases"],
            category=owner,
            definition=facts["definition"],
            scope=facts["scope"],
            published_count=facts["published_count"],
        )
        for owner, group in zip(categories(), _published(), strict=True)
        for facts in group["edit_types"]
    )


def edit_type(name: str) -> EditType:
    """Look up an edit type by slug, label or alias, however it is spelled.

    Args:
        name: any of its names; case, arrows, dashes, apostrophes, spaces and the like do not matter.

    Returns:
        The edit type; one that is given as such comes back as it is.

    Raises:
        UnknownNameError: no edit type goes by that name.
    """
    if isinstance(name, EditType):
        return name
    found = _edit_types_by_key().get(_key(name))
    return found if found is not None else _refuse("edit type", name, edit_types())


def category(name: str) -> Category:
    """Look up a category by slug, label or alias, however it is spelled.

    Args:
        name: any of its names; case, dashes, ampersands, spaces and the like do not matter.

    Returns:
        The category; one that is given as such comes back as it is.

    Raises:
        UnknownNameError: no category goes by that name.
    """
    if isinstance(name, Category):
        return name
    found = _categories_by_key().get(_key(name))
    return found if found is not None else _refuse("category", name, categories())


def edit_type_from_label(label: str) -> EditType:
    """Read the edit type of a row; what is not known is kept, never refused.

    Args:
        label: the label in the data: as published, as in the paper, or any other name.

    Returns:
        The edit type; for a label that is none of the 35 one with `known` False, that label, and a slug that starts
        with "unknown".
    """
    return _edit_types_by_label().get(label) or _read_label(label)


@lru_cache(maxsize=4096)  # bounded: a broken file may have a new label on every line
def _read_label(label: str) -> EditType:
    return _edit_types_by_key().get(_key(label)) or EditType(
        _unknown_slug(label),
        label=label,
        aliases=(),
        category=_unknown_category(),
        definition="",
        scope="global",
        published_count=0,
        known=False,
    )


def _unknown_slug(label: str) -> str:
    words = "".join(character if character.isalnum() else " " for character in label.casefold()).split()
    if not words and label.strip():
        words = [f"{ord(character):x}" for character in label.strip()]
    return "_".join(words if words[:1] == [_UNKNOWN] else [_UNKNOWN, *words])


@cache
def _unknown_category() -> Category:
    definition = "Edit types that are none of the 35 published ones."
    return Category(_UNKNOWN, label="Unknown", aliases=(), definition=definition, known=False)


def _category_by_slug(slug: str) -> Category:
    return _unknown_category() if slug == _UNKNOWN else category(slug)


@cache
def _edit_types_by_label() -> dict[str, EditType]:
    return {member.label: member for member in edit_types()}


@cache
def _edit_types_by_key() -> dict[str, EditType]:
    return _by_key(edit_types())


@cache
def _categories_by_key() -> dict[str, Category]:
    return _by_key(categories())


def _by_key(members: Iterable[AnyName]) -> dict[str, AnyName]:
    return {_key(name): member for member in members for name in member.names}


def _key(name: str) -> str:
    """Strip a name to what two spellings of it share: letters and digits, one case, American spelling."""
    folded = name.casefold().translate(_APOSTROPHES).replace("&", " and ").replace("colour", "color")
    return "".join(filter(str.isalnum, folded))


def _refuse(kind: str, name: str, members: Iterable[AnyName]) -> NoReturn:
    from pico_banana.errors import UnknownNameError, nearest, unknown_name

    see = "`pico-banana types`"
    slugs = {spelling: str(member) for member in members for spelling in member.names}
    near = tuple(dict.fromkeys(slugs[spelling] for spelling in nearest(name, slugs)))
    if not near:
        raise unknown_name(kind, name, dict.fromkeys(slugs.values()), see=see)
    text = f"unknown {kind} {name!r}. Did you mean {' or '.join(map(repr, near))}? See {see}."
    raise UnknownNameError(text, kind=kind, name=name, suggestions=near)
