"""The card of a repository as the viewer reads it: configs, splits, files. Whoever wrote it may be anybody."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal, TypeAlias

from pico_banana.errors import ConfigError
from pico_banana.mirrors.inside import inside
from pico_banana.sharing.hub.published import CARD

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

Level: TypeAlias = Literal["error", "warning"]
_NO_NAME = "(no name)"


@dataclass(frozen=True, slots=True)
class Problem:
    """Something the viewer, or `datasets`, would stumble over.

    Attributes:
        level: "error" (it will not be shown, or not be loaded) or "warning" (it will, but badly).
        where: the config, split or file.
        what: what is wrong and what would be right.
    """

    level: Level
    where: str
    what: str


@dataclass(frozen=True, slots=True)
class CardSplit:
    """One entry of `data_files`.

    Attributes:
        name: the split's name.
        patterns: paths and patterns of its files.
    """

    name: str
    patterns: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class CardConfig:
    """One config of a card.

    Attributes:
        name: its name.
        default: whether it is the one shown first.
        splits: its splits.
        described: whether `dataset_info` is about it, too.
        rows: split to the number of rows that `dataset_info` says.
        columns: the columns that `dataset_info` lists.
    """

    name: str
    default: bool
    splits: tuple[CardSplit, ...]
    described: bool = False
    rows: Mapping[str, object] = field(default_factory=dict)
    columns: tuple[str, ...] = ()


def read_card(folder: Path) -> dict[str, Any]:
    """Read the YAML of a card.

    Args:
        folder: the repository's folder.

    Returns:
        Its fields.

    Raises:
        ConfigError: there is no card, or it has no YAML.
    """
    import yaml

    file = folder / CARD
    wanted = "it must begin with YAML between two lines of ---"
    if not file.is_file():
        text = f"{folder} has no dataset card: there is no {CARD} in it; give the folder that was published"
        raise ConfigError(text, key="check")
    try:
        text = file.read_text("utf-8")
        match = re.match(r"---\n(.*?)\n---\n", text, re.DOTALL)
        fields = yaml.safe_load(match[1]) if match else None
    except Exception as error:  # PyYAML's own, and what Python says of odd dates, letters and depths
        text = f"{file} is no dataset card: {wanted}; this is none ({type(error).__name__}: {error})"
        raise ConfigError(text, key="check") from error
    if not isinstance(fields, dict):
        raise ConfigError(f"{file} is no dataset card: {wanted}", key="check")
    return fields


def configs_of(card: Mapping[str, Any]) -> tuple[tuple[CardConfig, ...], tuple[Problem, ...]]:
    """Read what a card says of its configs.

    Args:
        card: its fields.

    Returns:
        The configs, the default one first, then by name; and what is no config or no split.
    """
    problems: list[Problem] = []
    infos = {_text(info.get("config_name")): info for info in _tables(card.get("dataset_info"), [])}
    found = []
    for entry in _tables(card.get("configs"), problems):
        name = _text(entry.get("config_name"))
        splits = tuple(_splits(entry.get("data_files"), name, problems))
        info = infos.get(name, {})
        rows = {_text(split.get("name")): split.get("num_examples") for split in _tables(info.get("splits"), [])}
        columns = tuple(_text(feature.get("name")) for feature in _tables(info.get("features"), []))
        found.append(CardConfig(name, bool(entry.get("default")), splits, name in infos, rows, columns))
    return tuple(sorted(found, key=lambda config: (not config.default, config.name))), tuple(problems)


def files_of(folder: Path, split: CardSplit) -> list[Path]:
    """Find the files of a split; what lies outside the repository belongs to none.

    Args:
        folder: the repository's folder.
        split: the split.

    Returns:
        The files, sorted.
    """
    found: set[Path] = set()
    for pattern in split.patterns:
        try:
            found |= {path for path in folder.glob(pattern) if _is_of(folder, path)}
        except (ValueError, NotImplementedError, OSError):  # an absolute one, and what is no pattern
            continue
    return sorted(found)


def _is_of(folder: Path, path: Path) -> bool:
    relative = path.relative_to(folder)
    return ".." not in relative.parts and inside(folder, relative.as_posix()) is not None


def _splits(given: object, config: str, problems: list[Problem]) -> Iterator[CardSplit]:
    entries = given if isinstance(given, list) else [given] if given else []
    names = tuple(entry for entry in entries if isinstance(entry, str))
    if names and len(names) == len(entries):
        yield CardSplit("train", names)
        return
    for entry in entries:
        if isinstance(entry, dict):
            paths = entry.get("path")
            listed = paths if isinstance(paths, list) else [paths]
            yield CardSplit(_text(entry.get("split")), tuple(one for one in listed if isinstance(one, str) and one))
        else:
            problems.append(Problem("error", config, "an entry of data_files is no table with split and path"))


def _tables(given: object, problems: list[Problem]) -> list[dict[str, Any]]:
    entries = given if isinstance(given, list) else [given] if given else []
    tables = [entry for entry in entries if isinstance(entry, dict)]
    if len(tables) < len(entries):
        problems.append(Problem("error", CARD, "configs must be tables with config_name and data_files"))
    return tables


def _text(value: object) -> str:
    # Lists that refer to each other (YAML's &a and *a) can be written out longer than any memory.
    return str(value) if isinstance(value, (str, int, float)) else _NO_NAME
