"""Options of a selection as people write them: any spelling, one name for a list of one, numbers of any library."""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable, Iterable, Mapping
from enum import StrEnum
from typing import Any, ParamSpec, SupportsFloat, SupportsIndex, TypeVar

from pico_banana.errors import ConfigError, SelectionError, UnknownNameError, unknown_name
from pico_banana.records import Flag
from pico_banana.rows.choosing.definition import named
from pico_banana.rows.choosing.splits import parse_split
from pico_banana.taxonomy import category, edit_type

Names = str | Iterable[str]
Member = TypeVar("Member", bound=StrEnum)
P = ParamSpec("P")
T = TypeVar("T")


def parse_flag(name: str | Flag) -> Flag:
    """Read the name of a flag.

    Args:
        name: the name, "-" or "_", upper or lower case.

    Returns:
        The flag.

    Raises:
        UnknownNameError: there is no such flag.
    """
    return read_member(Flag, "flag", str(name))


def read_member(kind: type[Member], what: str, name: str) -> Member:
    """Read one name of an enumeration.

    Args:
        kind: the enumeration.
        what: what its names name, for the message.
        name: the name, "-" or "_", upper or lower case.

    Returns:
        The member.

    Raises:
        UnknownNameError: there is no such name.
    """
    try:
        return kind(name.strip().lower().replace("-", "_"))
    except ValueError as refused:
        error = unknown_name(what, name, [member.value for member in kind])
        raise error from refused


def _names(value: Names) -> tuple[str, ...]:
    if not isinstance(value, Iterable):
        raise SelectionError(f"{value!r} is no name and no list of names")
    names = tuple(dict.fromkeys([value] if isinstance(value, str) else value))
    return tuple(map(_text, names))


def _text(value: object) -> str:
    if not isinstance(value, str) or (not value.isascii() and value != value.encode(errors="ignore").decode()):
        raise SelectionError(f"{value!r} is not a text")
    return value


def _counts(value: int | Iterable[int]) -> tuple[int, ...]:
    values = value if isinstance(value, Iterable) else [value]
    return tuple(sorted(set(map(_whole, values))))


def _whole(value: object) -> int:
    if isinstance(value, bool) or not isinstance(value, SupportsIndex):
        raise SelectionError(f"{value!r} is not a whole number; limit, turns and shuffle (the seed) take one")
    return value.__index__()


def _seed(value: object) -> int:
    seed = _whole(value)
    if seed < 0:
        raise SelectionError(f"shuffle={seed} is no seed; give a whole number from 0")
    return seed


def _regex(value: object) -> str:
    import pyarrow as pa
    import pyarrow.compute as pc

    pattern = _text(value)
    try:
        pc.match_substring_regex(pa.nulls(1, pa.string()), pattern)
    except pa.ArrowInvalid as error:
        text = f"regex={pattern!r} cannot be used ({error}); it is RE2 syntax, without look-around and back-references"
        raise SelectionError(text) from error
    return pattern


def _fraction(value: float) -> float:
    if isinstance(value, bool) or not isinstance(value, SupportsFloat) or not 0 <= float(value) <= 1:
        raise SelectionError(f"min_confidence={value!r} is not a number from 0 to 1")
    return float(value)


def _one_of(kind: str, known: tuple[str, ...]) -> Any:  # noqa: ANN401 - one reader of READERS
    def read(value: str) -> str:
        if value not in known:
            raise unknown_name(kind, str(value), known)
        return value

    return read


def _split(value: object) -> str:
    name = _text(value)
    parse_split(name)
    return name


READERS: Mapping[str, Any] = {
    "split": _split,
    "exclude": named,
    "categories": lambda value: tuple(dict.fromkeys(map(category, _names(value)))),
    "edit_types": lambda value: tuple(dict.fromkeys(map(edit_type, _names(value)))),
    "inferred_edit_types": lambda value: tuple(dict.fromkeys(map(edit_type, _names(value)))),
    "min_confidence": _fraction,
    "turns": _counts,
    "contains": _names,
    "regex": _regex,
    "wording": _one_of("wording", ("any", "long", "short")),
    "has_flags": lambda value: tuple(dict.fromkeys(map(parse_flag, _names(value)))),
    "lacks_flags": lambda value: tuple(dict.fromkeys(map(parse_flag, _names(value)))),
    "ids": _names,
    "shuffle": _seed,
    "balance": _one_of("way to balance", ("edit_type", "category")),
    "limit": _whole,
}


def spelled_out(function: Callable[P, T]) -> Callable[P, T]:
    """Have a function refuse keywords it does not have with the nearest it has, where Python says `TypeError` alone.

    Args:
        function: takes its options as keywords, all of them named; a keyword `options` stands for all of them.

    Returns:
        The function, with the same signature; it raises UnknownNameError, and ConfigError for `options` together with
        what it stands for.
    """
    known = list(inspect.signature(function).parameters)

    @functools.wraps(function)
    def refusing(*args: P.args, **options: P.kwargs) -> T:
        for name in options:
            if name not in known:
                raise _unknown_option(function.__name__, name, [one for one in known if one != "self"])
        if "options" in known and options.get("options") is not None:
            _refuse_beside(options, function.__name__)
        return function(*args, **options)

    return refusing


def _unknown_option(function: str, name: str, known: list[str]) -> UnknownNameError:
    kind = f"option of {function}"
    if name not in READERS:
        return unknown_name(kind, name, known)
    text = f"unknown {kind} {name!r}; it chooses rows: choose them first, as in ds.select({name}=...)"
    return UnknownNameError(text, kind=kind, name=name)


def _refuse_beside(passed: Iterable[str], function: str) -> None:
    """Refuse keywords that `options` would make mean nothing; who is told of the progress is not among them.

    Raises:
        ConfigError: there are some.
    """
    beside = [name for name in passed if name not in {"options", "progress"}]
    if beside:
        text = (
            f"{function} got options= and {', '.join(f'{name}=' for name in beside)}, which options= would override; "
            "say it in one way: dataclasses.replace(options, ...) changes a choice"
        )
        raise ConfigError(text, key=beside[0])
