"""What a pack looks like on disk.

::

    pack.json             written last: what is in the pack, and every shard's size and SHA-256
    shard-00000.bin       the pictures, one after the other, as their codec left them
    shard-00000.arrow     a row an example: its texts, and for each picture its place, length and shape
    shard-00000.json      the shard's part of pack.json; its presence says that the shard is whole
"""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

from pico_banana.errors import StoreError
from pico_banana.mirrors.notes import ODD_SHAPE, read_note
from pico_banana.mirrors.store import sha256_of, write_atomic

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

PACK_FILE = "pack.json"
VERSION = 1
PLACE, LENGTH, SHAPE = ".place", ".length", ".shape"  # a picture's columns in the Arrow file: "source.place"


@dataclass(frozen=True, slots=True)
class Shard:
    """One shard of a pack.

    Attributes:
        number: from 0.
        examples: how many are in it.
        size: bytes of its pictures.
        sha256: of its pictures' file.
        rows_sha256: of its Arrow file.
        failed: the reason for every example that is not in it, by id.
    """

    number: int
    examples: int
    size: int
    sha256: str
    rows_sha256: str
    failed: dict[str, str]

    @property
    def pictures_file(self) -> str:
        """The name of the file of pictures."""
        return f"shard-{self.number:05}.bin"

    @property
    def rows_file(self) -> str:
        """The name of the Arrow file."""
        return f"shard-{self.number:05}.arrow"


@dataclass(frozen=True, slots=True)
class PackInfo:
    """What is in a pack.

    Attributes:
        name: of the examples it was made from.
        format: "raw", "zstd", "qoi" or "jpeg".
        geometry: what was done to the pictures, as text.
        shards: in order.
    """

    name: str
    format: str
    geometry: str
    shards: tuple[Shard, ...]

    @property
    def examples(self) -> int:
        """How many examples the pack has."""
        return sum(shard.examples for shard in self.shards)


def write_shard_note(folder: Path, shard: Shard, *, key: str) -> None:
    """Note that a shard is whole.

    Args:
        folder: the pack's.
        shard: the shard.
        key: what the shard was made from; another key makes it anew.
    """
    content = json.dumps({"version": VERSION, "key": key, **asdict(shard)}, indent=1)
    write_atomic(folder / f"shard-{shard.number:05}.json", content.encode())


def read_shard_note(folder: Path, number: int, *, key: str) -> Shard | None:
    """Find a shard that is already whole.

    Args:
        folder: the pack's.
        number: which shard.
        key: what it must have been made from.

    Returns:
        The shard, or None where it has to be made.
    """
    try:
        note = read_note(folder / f"shard-{number:05}.json")
        shard = _shard(note)
        pictures, rows = folder / shard.pictures_file, folder / shard.rows_file
        whole = pictures.stat().st_size == shard.size
        # A size alone passes on what a bad disk made of it, into every later pack; hashing costs less than packing.
        whole = whole and (sha256_of(pictures), sha256_of(rows)) == (shard.sha256, shard.rows_sha256)
    except (OSError, *ODD_SHAPE):
        return None
    return shard if whole and (note.get("version"), note.get("key")) == (VERSION, key) else None


def write_info(folder: Path, info: PackInfo) -> None:
    """Write `pack.json`.

    Args:
        folder: the pack's.
        info: what is in it.
    """
    content = {"version": VERSION, "examples": info.examples, **asdict(info)}
    write_atomic(folder / PACK_FILE, json.dumps(content, indent=1).encode())


def read_info(folder: Path) -> PackInfo:
    """Read `pack.json`.

    Args:
        folder: the pack's.

    Returns:
        What is in the pack.

    Raises:
        StoreError: there is no whole pack in the folder, or one of another version.
    """
    path = folder / PACK_FILE
    try:
        content = read_note(path)
        if content["version"] != VERSION:
            msg = f"{path} is of version {content['version']}, this is version {VERSION}; pack again"
            raise StoreError(msg, path=str(path))
        shards = tuple(_shard(shard) for shard in content["shards"])
        return PackInfo(content["name"], content["format"], content["geometry"], shards)
    except (FileNotFoundError, *ODD_SHAPE) as error:
        msg = f"{folder} holds no whole pack ({error}); finish it with `pico-banana pack {folder}`"
        raise StoreError(msg, path=str(folder)) from error


def damaged(folder: Path, shards: Iterable[Shard]) -> dict[str, str]:
    """Compare files with their checksums.

    Args:
        folder: the pack's.
        shards: the shards to look at.

    Returns:
        The reason for every file that is not as it was written, by name.
    """
    reasons = {}
    for shard in shards:
        for name, expected in ((shard.pictures_file, shard.sha256), (shard.rows_file, shard.rows_sha256)):
            if not (folder / name).is_file():
                reasons[name] = "is missing"
            elif sha256_of(folder / name) != expected:
                reasons[name] = "has another SHA-256 than when it was written"
    return reasons


def _shard(note: dict[str, Any]) -> Shard:
    """Read a shard's part of a note.

    Raises:
        TypeError: a value is of another type than it was written in.
    """
    found = Shard(**{name: note[name] for name in Shard.__slots__})
    counts, sums = (found.number, found.examples, found.size), (found.sha256, found.rows_sha256)
    whole = all(type(one) is int and one >= 0 for one in counts) and all(isinstance(one, str) for one in sums)
    if not whole or not isinstance(found.failed, dict):
        raise TypeError("the facts of a shard are of other types")
    return found
