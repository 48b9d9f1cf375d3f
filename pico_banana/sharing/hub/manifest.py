"""The list of what a publication wrote, `publication.json`: it lies in the folder and in the repository, visible.

Whoever publishes again may replace or delete exactly what is listed there and still is what is listed. Everything else
is somebody else's.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from pico_banana.mirrors.notes import ODD_SHAPE, parse_note
from pico_banana.sharing.hub.hashes import Hashes

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from pathlib import Path

MANIFEST = "publication.json"
GIT_BYTES = 10 << 20  # the Hub keeps larger files by their SHA-256 and smaller ones, some of them, by git's id
_ABOUT = "Files written by pico-banana publish; publishing again replaces and deletes these and no others."


@dataclass(frozen=True, slots=True)
class Listed:
    """One file.

    Attributes:
        size: bytes.
        sha256: of its content, hexadecimal.
        git: git's id of it; "" for a file beyond `GIT_BYTES`.
    """

    size: int
    sha256: str
    git: str = ""

    def is_the(self, digest: str) -> bool:
        """Say whether a hash of the Hub names this content.

        Args:
            digest: SHA-256 or git's id.

        Returns:
            True when it does.
        """
        return digest in {self.sha256, self.git or self.sha256}


@dataclass(frozen=True, slots=True)
class Manifest:
    """What a publication wrote.

    Attributes:
        files: path below the folder → what lies there; the manifest itself is not listed.
        prose: SHA-256 of the card's text as it was generated; another text was written by hand.
        earlier: what an upload in several commits still has to replace or to delete; empty once it is finished.
    """

    files: Mapping[str, Listed]
    prose: str = ""
    earlier: tuple[tuple[str, Listed], ...] = field(default=())

    def wrote(self, path: str, digest: str) -> bool:
        """Say whether a file of the Hub is one that we wrote, and still what we wrote.

        Args:
            path: in the repository.
            digest: its SHA-256 or git's id.

        Returns:
            True when it is.
        """
        entries = [entry for name, entry in (*self.files.items(), *self.earlier) if name == path]
        return any(entry.is_the(digest) for entry in entries)

    def content(self) -> bytes:
        """Give the file.

        Returns:
            JSON, the same bytes for the same content.
        """
        facts: dict[str, Any] = {"about": _ABOUT, "version": 1, "prose": self.prose}
        facts["files"] = {path: _facts(self.files[path]) for path in sorted(self.files)}
        if self.earlier:
            facts["earlier"] = [[path, _facts(entry)] for path, entry in self.earlier]
        return (json.dumps(facts, indent=1) + "\n").encode()


def parse_manifest(content: bytes) -> Manifest | None:
    """Read a manifest.

    Args:
        content: what lies under its name.

    Returns:
        The manifest; None when it is something else.
    """
    try:
        facts = parse_note(content)
        files = {str(path): Listed(**entry) for path, entry in facts["files"].items()}
        earlier = tuple((str(path), Listed(**entry)) for path, entry in facts.get("earlier", ()))
        return Manifest(files, str(facts["prose"]), earlier)
    except ODD_SHAPE:
        return None


def read_manifest(folder: Path) -> Manifest | None:
    """Read the manifest of a folder.

    Args:
        folder: the repository's.

    Returns:
        The manifest; None when there is none.
    """
    try:
        return parse_manifest((folder / MANIFEST).read_bytes())
    except (FileNotFoundError, NotADirectoryError):
        return None


def list_files(folder: Path, paths: Iterable[str]) -> dict[str, Listed]:
    """Look at files.

    Args:
        folder: the repository's.
        paths: below it, with forward slashes.

    Returns:
        Each with what lies there; the hash of a file that did not change is not computed again.
    """
    with Hashes(folder) as hashes:
        return {path: _listed(folder, path, hashes) for path in sorted(paths)}


def listed_content(content: bytes) -> Listed:
    """Describe a small content as `list_files` describes a file.

    Args:
        content: the bytes.

    Returns:
        Its size and hashes.
    """
    return Listed(len(content), hashlib.sha256(content).hexdigest(), git_id(content))


def git_id(content: bytes) -> str:
    """Compute git's id of a file.

    Args:
        content: its bytes.

    Returns:
        40 hexadecimal digits.
    """
    return hashlib.sha1(b"blob %d\0" % len(content) + content, usedforsecurity=False).hexdigest()


def visible_files(folder: Path) -> list[str]:
    """List what of a folder is no secret of ours.

    Args:
        folder: the repository's folder; need not exist.

    Returns:
        Paths below it, sorted; nothing hidden.
    """
    found = (path.relative_to(folder) for path in folder.rglob("*") if path.is_file() or path.is_symlink())
    return sorted(path.as_posix() for path in found if not any(part.startswith(".") for part in path.parts))


def _listed(folder: Path, path: str, hashes: Hashes) -> Listed:
    size = (folder / path).stat().st_size
    git = git_id((folder / path).read_bytes()) if size <= GIT_BYTES else ""
    return Listed(size, hashes.sha256(path), git)


def _facts(entry: Listed) -> dict[str, int | str]:
    return {"size": entry.size, "sha256": entry.sha256, **({"git": entry.git} if entry.git else {})}
