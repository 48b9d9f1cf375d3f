"""What the store keeps of each mirror: how much it is, and taking it away."""

from __future__ import annotations

import os
import shutil
from dataclasses import dataclass
from typing import TYPE_CHECKING

from pico_banana.errors import MirrorError, unknown_name
from pico_banana.mirrors.addresses import RELEASE
from pico_banana.mirrors.known import recall
from pico_banana.mirrors.store import area, home, writing

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

_MIRRORS = "mirrors"
# What is ours of the release; its folder is the store itself, which may be one that somebody made for more.
_OF_THE_RELEASE = (
    "copies",
    "failures.jsonl",
    "images",
    "jsonl",
    "open_images",
    "photos.jsonl",
    "reports",
    "rows",
    "source",
)


@dataclass(frozen=True, slots=True)
class Kept:
    """What the store keeps of one mirror.

    Attributes:
        name: the mirror's name, as addresses and folders have it.
        root: where the mirror is, empty when nobody noted it.
        files: how many files are kept.
        bytes: their length.
    """

    name: str
    root: str
    files: int
    bytes: int

    def as_dict(self) -> dict[str, object]:
        """Give the facts for `--json`.

        Returns:
            Plain values only.
        """
        return {"name": self.name, "root": self.root, "files": self.files, "bytes": self.bytes}


def kept_mirrors() -> list[Kept]:
    """Look what the store keeps of every mirror.

    Returns:
        The release first when there is anything of it, then the others by name.
    """
    folder = home() / _MIRRORS
    others = sorted(path.name for path in folder.iterdir() if path.is_dir()) if folder.is_dir() else []
    found = [_kept(name) for name in (RELEASE, *others)]
    return [kept for kept in found if kept.name != RELEASE or kept.files]


def find_kept(name: str) -> Kept:
    """Look what the store keeps of one mirror.

    Args:
        name: the mirror's name, as `kept_mirrors` gives it.

    Returns:
        What is kept.

    Raises:
        UnknownNameError: the store keeps nothing of such a mirror.
    """
    kept = {kept.name: kept for kept in kept_mirrors()}
    if name not in kept:
        problem = unknown_name("mirror in the store", name, kept, see="`pico-banana store list`")
        raise problem
    return kept[name]


def remove_kept(name: str) -> Kept:
    """Remove all that the store keeps of a mirror: rows, row stores, pictures, reports. The mirror itself stays.

    Args:
        name: the mirror's name, as `kept_mirrors` gives it.

    Returns:
        What was removed.

    Raises:
        UnknownNameError: the store keeps nothing of such a mirror.
        StoreError: the folder cannot be changed.
    """
    kept = find_kept(name)  # what a folder's name says goes no further than the store
    for path in _parts(name):
        with writing(path):
            shutil.rmtree(path) if path.is_dir() and not path.is_symlink() else path.unlink()
    return kept


def _kept(name: str) -> Kept:
    files = size = 0
    for part in _parts(name):
        for path in _files(part):
            files += 1
            size += path.lstat().st_size
    return Kept(name, _root(name), files, size)


def _root(name: str) -> str:
    try:
        return recall(name).root
    except MirrorError:
        return ""


def _parts(name: str) -> list[Path]:
    """Give the folders and files that belong to a mirror, and are there."""
    folders = [area(name)] if name != RELEASE else [home() / part for part in _OF_THE_RELEASE]
    return [folder for folder in folders if folder.exists()]


def _files(part: Path) -> Iterator[Path]:
    if not part.is_dir():
        yield part
    for folder, _, names in os.walk(part):
        yield from (type(part)(folder) / name for name in names)
