"""Words of a command that stand in another order than its help says, and go where they belong all the same.

All commands have one order: the form, where it goes, the subset. Subsets and forms are known words, so
`gallery single_turn look/` can mean only one thing.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from pico_banana.errors import ConfigError, UnknownNameError
from pico_banana.rows.choosing.selection import parse_subset
from pico_banana.taxonomy import edit_type

if TYPE_CHECKING:
    import argparse

_FORMAT = "format"
_PATHS = ("folder", "out")


def sort_words(args: argparse.Namespace, *places: str) -> None:
    """Put the words of a command where they belong: in `subset`, in `format`, and the rest in the order given.

    Args:
        args: what the parser gave; changed in place.
        places: the names of the words before the subset.

    Raises:
        ConfigError: only a subset was named, and not where the rows go.
    """
    words = [str(getattr(args, name)) for name in (*places, "subset") if getattr(args, name) is not None]
    subset = _subset_among(words, expected=args.subset, full=len(words) > len(places))
    form = next((word for word in words if word in _formats()), None) if _FORMAT in places else None
    if subset is None and len(words) > len(places):
        return  # one word is none of ours, and the error about the subset names it
    known: dict[str, str | None] = {"subset": subset, _FORMAT: form}
    for taken in filter(None, known.values()):
        words.remove(taken)
    for place in (*places, "subset"):
        word = known.get(place) or (words.pop(0) if words and place != "subset" else None)
        if word is None and place != "subset" and subset is not None:
            text = f"say where it goes, as in `{args.parser.prog} {_example(form, places)} {subset}`"
            raise ConfigError(text, key=place)
        setattr(args, place, path_or_address(word) if word and place in _PATHS else word)


def _subset_among(words: list[str], *, expected: str | None, full: bool) -> str | None:
    """Find the subset; where a word too few was given, a folder that is there may be called like one."""
    if expected is not None and is_subset(expected):
        return expected
    return next((word for word in words if is_subset(word) and (full or not Path(word).exists())), None)


def is_subset(word: str) -> bool:
    """Say whether a word is the name of a subset, in any spelling.

    Args:
        word: any word.

    Returns:
        Whether it is.
    """
    try:
        parse_subset(word)
    except UnknownNameError:
        return False
    return True


def _formats() -> tuple[str, ...]:
    from pico_banana.sharing.export import formats

    return formats()


def _example(form: str | None, places: tuple[str, ...]) -> str:
    return " ".join(form or "parquet" if place == _FORMAT else "out/" for place in places)


def path_or_address(text: str) -> Path | str:
    """Read where something goes: a path, or an address that stays as it is.

    Args:
        text: the word.

    Returns:
        A path, or the text of an address.
    """
    return text if "://" in text else Path(text)


def names(text: str) -> list[str]:
    """Read a list of names, as in `--flag a,b`.

    Args:
        text: names, separated by commas.

    Returns:
        The names.
    """
    return [part.strip() for part in text.split(",") if part.strip()] or [text]


def type_names(text: str) -> list[str]:
    """Read a list of edit types; some published labels have commas of their own.

    Args:
        text: one edit type in any spelling, or names separated by commas.

    Returns:
        The names.
    """
    try:
        return [str(edit_type(text))]
    except UnknownNameError:
        return names(text)


def numbers(text: str) -> list[int]:
    """Read a list of whole numbers, as in `--turns 2,3`.

    Args:
        text: numbers, separated by commas.

    Returns:
        The numbers.
    """
    return [int(part) for part in text.split(",")]
