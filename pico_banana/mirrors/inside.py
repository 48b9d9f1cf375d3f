"""Which files a folder's links and a rows file's paths may lead to: those below it, and those the user allowed.

A mirror's folder and a rows file are data; `images/1.png` may be a link to a private key, a row may name its path.
`PICO_BANANA_ALLOW` names further folders, separated as in PATH, that links and paths of rows may lead to.
"""

from __future__ import annotations

import os
import stat
from functools import lru_cache
from pathlib import Path

ALLOW_VARIABLE = "PICO_BANANA_ALLOW"
_MOST_FOLDERS = 4096


def inside(folder: Path, relative: str) -> Path | None:
    """Find a file of a folder that somebody else may have filled.

    Args:
        folder: the folder.
        relative: the file's path below it, with forward slashes.

    Returns:
        The file; None when it is not there, is no plain file, or is reached by a link out of the folder.
    """
    path = f"{folder}/{relative}"
    try:
        status = os.lstat(path)
    except (OSError, ValueError):
        return None
    if stat.S_ISREG(status.st_mode):
        held = _held(os.path.dirname(path), str(folder), os.environ.get(ALLOW_VARIABLE, ""))  # noqa: PTH120
        return Path(path) if held else None
    if not stat.S_ISLNK(status.st_mode) or not os.path.isfile(path):  # noqa: PTH113
        return None
    return Path(path) if is_held(path, str(folder)) else None


def is_held(path: str, folder: str) -> bool:
    """Say whether a path, its links followed, ends below a folder or one that the user allowed.

    Args:
        path: any path.
        folder: the folder.

    Returns:
        True when it does.
    """
    return _within(os.path.realpath(path), _roots(folder, os.environ.get(ALLOW_VARIABLE, "")))


@lru_cache(maxsize=_MOST_FOLDERS)
def _held(parent: str, folder: str, allowed: str) -> bool:
    return _within(os.path.realpath(parent), _roots(folder, allowed))


def _within(real: str, roots: tuple[str, ...]) -> bool:
    return any(real == root or real.startswith(root.rstrip("/") + "/") for root in roots)


@lru_cache(maxsize=64)
def _roots(folder: str, allowed: str) -> tuple[str, ...]:
    whole = Path(os.path.realpath(folder))
    roots = [whole, *(Path(os.path.realpath(name)) for name in allowed.split(os.pathsep) if name)]
    # What huggingface_hub downloaded is a folder of links into the repository's own blobs beside it.
    roots += [parent.parent / "blobs" for parent in whole.parents if parent.name == "snapshots"]
    return tuple(str(root) for root in roots)
