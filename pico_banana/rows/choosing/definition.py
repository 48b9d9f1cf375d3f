"""The definition of a benchmark: the ids of its rows and of its photos, and nothing else of the data.

It can be handed on under any licence of the rows, because no row is in it. A photo's id is its place among the splits,
16 hexadecimal digits made from its address, so that a photo is known again in every subset without the others' rows.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import Any, Literal

from pico_banana.errors import SelectionError, nearest
from pico_banana.mirrors.notes import ODD_SHAPE, read_note

Size = Literal["full", "mini"]
BENCHMARK = "benchmark"
# Names of splits that `parse_split` leaves to the definition: photos are chosen one by one, no range of places.
IN_BENCHMARK, OUTSIDE = "benchmark", "train_without_benchmark"
PUBLISHED_SEED = 20261128
FORMAT = "pico-banana benchmark 1"
_PLACES = 2**64


@dataclass(frozen=True, slots=True)
class Definition:
    """What a benchmark consists of.

    Attributes:
        size: "full" or "mini"; the ids of the small one are among those of the large one.
        seed: what it was drawn with.
        single_turn: ids of single edits, in the order they were drawn: one of every type, then the next of every type.
        multi_turn: ids of sessions.
        preference: ids of pairs.
        photos: the ids of all photos of these rows, 16 hexadecimal digits each, sorted.
    """

    size: str
    seed: int
    single_turn: tuple[str, ...]
    multi_turn: tuple[str, ...]
    preference: tuple[str, ...]
    photos: tuple[str, ...]

    @property
    def checksum(self) -> str:
        """The SHA-256 of the ids, hexadecimal; it names the benchmark in every result."""
        parts = (self.single_turn, self.multi_turn, self.preference, self.photos)
        return sha256(json.dumps([list(part) for part in parts], ensure_ascii=False).encode()).hexdigest()

    @property
    def places(self) -> tuple[int, ...]:
        """The photos as numbers, as the row store keeps them."""
        return tuple(int(photo, 16) for photo in self.photos)

    def write(self, path: str | Path) -> None:
        """Write the definition.

        Args:
            path: a .json file.
        """
        parts = {"single_turn": self.single_turn, "multi_turn": self.multi_turn, "preference": self.preference}
        head = {"format": FORMAT, "size": self.size, "seed": self.seed, "checksum": self.checksum}
        document = {**head, **{name: list(ids) for name, ids in parts.items()}, "photos": list(self.photos)}
        Path(path).write_text(json.dumps(document, ensure_ascii=False, indent=0) + "\n", encoding="utf-8")


def read_definition(path: str | Path) -> Definition:
    """Read a definition.

    Args:
        path: a file that `Definition.write` wrote.

    Returns:
        The definition, its ids checked against its checksum.

    Raises:
        SelectionError: there is no such file, it is of another format, or its ids are not those of its checksum.
    """
    path = Path(path).expanduser()
    make = "make one with `pico-banana benchmark make`"
    if not path.is_file():
        raise SelectionError(f"there is no definition of a benchmark at {path}; {make}")
    try:
        told = read_note(path)
        found = _read(told)
    except ODD_SHAPE as error:
        raise SelectionError(f"{path} is no definition of a benchmark ({FORMAT!r}): {error!r}; {make}") from error
    if told.get("checksum") != found.checksum:
        text = (
            f"{path}: the ids are not those of the checksum {told.get('checksum')}; take the file as it was published"
        )
        raise SelectionError(text)
    return found


def defined(value: Definition | str | Path) -> Definition:
    """Give a definition, read where its file is named.

    Args:
        value: the definition, or a file that `Definition.write` wrote.

    Returns:
        The definition.

    Raises:
        SelectionError: it is neither, or see `read_definition`.
    """
    if isinstance(value, Definition):
        return value
    if not isinstance(value, str | Path):
        raise SelectionError(f"{type(value).__name__} is no definition of a benchmark; give one, or its file")
    return read_definition(value)


def _read(told: dict[str, Any]) -> Definition:
    if told["format"] != FORMAT:
        raise ValueError(f"the format is {told['format']!r}")
    parts = [tuple(map(str, told[name])) for name in ("single_turn", "multi_turn", "preference", "photos")]
    if any(not 0 <= int(photo, 16) < _PLACES for photo in parts[3]):
        raise ValueError("a photo is no number of 16 hexadecimal digits")
    return Definition(str(told["size"]), int(told["seed"]), *parts)


def named(value: str | Path) -> str:
    """Name a definition so that the name changes with the file's content.

    Args:
        value: "benchmark" for the one that is drawn from the mirror's rows, or a file's path.

    Returns:
        The word, or the absolute path with the start of the checksum behind an "@".

    Raises:
        SelectionError: the file is not there, is no definition, or is not the one that was named.
    """
    if not isinstance(value, str | Path):
        write = "; write this one to a file with `.write()`" if isinstance(value, Definition) else ""
        raise SelectionError(f"a {type(value).__name__} names no benchmark: give {BENCHMARK!r} or a file{write}")
    text = str(value)
    if text == BENCHMARK:
        return text
    path, _, checksum = text.rpartition("@")
    if not path or Path(text).is_file():
        path, checksum = text, ""
    if not Path(path).expanduser().is_file() and nearest(text, [BENCHMARK]):
        meant = f"did you mean {BENCHMARK!r}? A file is made by `pico-banana benchmark make`"
        raise SelectionError(f"there is no definition of a benchmark at {text}; {meant}")
    found = read_definition(path)
    if not found.checksum.startswith(checksum):
        raise SelectionError(f"{path} is now another definition, {found.checksum[:16]}, not {checksum}")
    return f"{Path(path).expanduser().absolute()}@{found.checksum[:16]}"


def file_of(name: str) -> Path:
    """Give the file that `named` named.

    Args:
        name: a path with a checksum behind it.

    Returns:
        The path.
    """
    return Path(name.rpartition("@")[0])
