"""`export.json`: what lies in an export's folder, and whether it is still what it was.

A folder that is being written has a manifest with `"complete": false`. One that holds several splits has the manifest
of the first one, with those of the others in its list `also`.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from pathlib import PurePosixPath
from typing import TYPE_CHECKING, Any, Protocol, TypeAlias

from pico_banana.errors import ExportError
from pico_banana.mirrors.notes import ODD_SHAPE, read_note
from pico_banana.mirrors.store import sha256_of, write_atomic
from pico_banana.telling import redacted, redacted_in

if TYPE_CHECKING:
    from pathlib import Path

NAME = "export.json"
VERSION = 2
LICENCES = {
    "data": "CC BY-NC-ND 4.0, https://creativecommons.org/licenses/by-nc-nd/4.0/",
    "source photos": "CC BY 2.0 by their authors, https://creativecommons.org/licenses/by/2.0/",
    "pictures unchanged": "may be shared for non-commercial use with attribution",
    "pictures turned, resized or re-encoded": "for your own use; the licence does not allow sharing them",
}
Manifest: TypeAlias = dict[str, Any]


class FormatFacts(Protocol):
    """What an earlier run is told by of a format."""

    @property
    def name(self) -> str:
        """As on the command line."""
        ...

    @property
    def splits(self) -> bool:
        """Whether several splits may lie in one folder."""
        ...

    @property
    def absolute(self) -> bool:
        """Whether its files name others by absolute paths."""
        ...


@dataclass(slots=True)
class ShardNote:
    """What is in a shard.

    Attributes:
        written: examples in it.
        size: bytes of the file.
        failed: the reason for every example that is not, by id.
        wanted: the addresses of the pictures of each of those, by id.
        changes: how many of its pictures are not as published, by what was done to them.
    """

    written: int = 0
    size: int = 0
    failed: dict[str, str] = field(default_factory=dict)
    wanted: dict[str, list[str]] = field(default_factory=dict)
    changes: dict[str, int] = field(default_factory=dict)


def read_manifests(folder: Path) -> list[Manifest]:
    """Read what an export's folder says about itself.

    Args:
        folder: the folder; need not exist.

    Returns:
        One manifest a split; none for an empty folder.

    Raises:
        ExportError: there are files and no manifest, or one that is none of ours.
    """
    path = folder / NAME
    if not path.is_file():
        strange = next((found for found in _listed(folder) if not found.name.startswith(".")), None)
        if strange is not None:
            msg = f"{folder} has files that are of no export, such as {strange.name}; choose an empty folder"
            raise ExportError(msg)
        return []
    try:
        first = read_note(path)
        found = [first, *first.pop("also", [])]
        whole = all(isinstance(one["key"], str) and isinstance(one["complete"], bool) for one in found)
    except ODD_SHAPE as error:
        msg = f"{path} is damaged or no manifest of ours ({error!r}); delete the folder, or choose another"
        raise ExportError(msg) from error
    if not whole:
        msg = f"{path} is no manifest of ours; delete the folder, or choose another"
        raise ExportError(msg)
    return found


def write_manifest(folder: Path, mine: Manifest, others: list[Manifest]) -> None:
    """Write the manifest of a split, beside those of others; folders are shared, so no address in it has a secret.

    Args:
        folder: the export's folder.
        mine: the manifest.
        others: those of the folder's other splits, in their order.
    """
    first, *rest = [*others, mine]
    content = redacted_in({**first, "also": rest} if rest else first)
    write_atomic(folder / NAME, json.dumps(content, indent=1, default=lambda value: redacted(str(value))).encode())


def damaged_files(folder: Path, manifest: Manifest, *, verify: bool) -> set[str]:
    """Find the files of a complete export that are no longer what they were.

    Args:
        folder: the export's folder.
        manifest: what was written.
        verify: also compare their hashes, where the manifest has them.

    Returns:
        The names of those that are gone, have another size, or other content.
    """
    return {name for name, about in manifest["files"].items() if not _is_sound(folder, name, about, verify=verify)}


def inside(name: str) -> bool:
    """Say whether a file's name stays below its folder.

    Args:
        name: as in a manifest, with forward slashes.

    Returns:
        Whether it does.
    """
    path = PurePosixPath(name)
    return not path.is_absolute() and ".." not in path.parts and "\\" not in name


def _is_sound(folder: Path, name: str, about: dict[str, Any], *, verify: bool) -> bool:
    path = folder / name
    if not path.is_file() or path.stat().st_size != about["bytes"]:
        return False
    return not verify or "sha256" not in about or sha256_of(path) == about["sha256"]


def _listed(folder: Path) -> list[Path]:
    return sorted(folder.iterdir()) if folder.is_dir() else []
