"""TOML tables into frozen dataclasses, with errors that name the key and say what would be right."""

from __future__ import annotations

import dataclasses
import types
import typing
from collections.abc import Mapping
from typing import Any, Literal, NoReturn, TypeVar

from pico_banana.errors import ConfigError, nearest

SectionT = TypeVar("SectionT")

# To evaluate annotations takes longer than all else, and a run in shards has a configuration in each ledger.
_HINTS: dict[type, Mapping[str, Any]] = {}


def read_section(cls: type[SectionT], table: object, path: str) -> SectionT:
    """Read a table into a dataclass, by its annotations.

    Args:
        cls: the dataclass; it may hold others, lists, tables and choices.
        table: as TOML gives it.
        path: where the table stands, dotted, for messages.

    Returns:
        The value.

    Raises:
        ConfigError: a key is unknown or a value does not fit; the text says what would.
    """
    if not isinstance(table, Mapping):
        raise ConfigError(f"{path or 'the configuration'} must be a table, not {table!r}", key=path)
    hints = _HINTS.get(cls) or _HINTS.setdefault(cls, typing.get_type_hints(cls))
    for key in table:
        if key not in hints:
            _refuse_key(key, path, hints)
    values = {key: _value(hints[key], value, f"{path}.{key}" if path else key) for key, value in table.items()}
    return cls(**values)


def _refuse_key(key: str, path: str, known: Mapping[str, object]) -> NoReturn:
    where = f"[{path}]" if path else "the top level"
    near = nearest(key, known)
    hint = f"did you mean {near[0]!r}?" if near else f"known: {', '.join(known)}"
    raise ConfigError(f"unknown key {key!r} in {where}; {hint}", key=f"{path}.{key}" if path else key)


def _value(hint: Any, value: Any, key: str) -> Any:  # noqa: ANN401 - whatever the annotation says
    origin, inner = typing.get_origin(hint), typing.get_args(hint)
    if origin in (types.UnionType, typing.Union):
        # TOML has no empty value; a ledger's copy of a configuration has.
        chosen = next(part for part in inner if part is not types.NoneType)
        return None if value is None else _value(chosen, value, key)
    if dataclasses.is_dataclass(hint) and isinstance(hint, type):
        return read_section(hint, value, key)
    if origin is Literal:
        return _one_of(inner, value, key)
    if origin is tuple:
        return tuple(_value(inner[0], part, key) for part in _plain(list, value, key))
    if origin is not None and issubclass(origin, Mapping):
        return {name: _value(inner[1], part, f"{key}.{name}") for name, part in _plain(dict, value, key).items()}
    return value if hint is Any else _plain(hint, value, key)


def _one_of(known: tuple[object, ...], value: object, key: str) -> object:
    if value in known:
        return value
    raise ConfigError(f"{key} is {value!r}; it must be one of {', '.join(map(repr, known))}", key=key)


def _plain(kind: type, value: Any, key: str) -> Any:  # noqa: ANN401 - as above
    if kind is float and isinstance(value, int) and not isinstance(value, bool):
        return float(value)
    if isinstance(value, kind) and not (kind is int and isinstance(value, bool)):
        return value
    raise ConfigError(f"{key} is {value!r}; it must be a {_KINDS.get(kind, kind.__name__)}", key=key)


_KINDS = {str: "text", int: "whole number", float: "number", bool: "true or false", list: "list", dict: "table"}
