"""What an earlier run of an export left: continued, checked, or refused, never passed on unseen."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from pico_banana.errors import ExportError
from pico_banana.sharing.export.manifest import Manifest, damaged_files, inside, read_manifests
from pico_banana.sharing.export.report import ExportReport

if TYPE_CHECKING:
    from pathlib import Path

    from pico_banana.sharing.export.manifest import FormatFacts
    from pico_banana.sharing.export.pictures import Picture


@dataclass(slots=True)
class Earlier:
    """What an earlier run of the same export left.

    Attributes:
        report: what it would report now, when it is complete and sound; else None.
        others: the manifests of the folder's other splits.
        files: what is known of each of its files, when it was complete.
        damaged: the names of those that are no longer what they were.
        wanted: the addresses of the pictures of every example that it left out, by id.
        notes: what is in each of its sound shards.
    """

    report: ExportReport | None = None
    others: list[Manifest] = field(default_factory=list)
    files: dict[str, dict[str, Any]] = field(default_factory=dict)
    damaged: set[str] = field(default_factory=set)
    wanted: dict[str, list[str]] = field(default_factory=dict)
    notes: dict[str, dict[str, Any]] = field(default_factory=dict)

    def is_there(self, path: Path, picture: Picture, *, verify: bool) -> bool:
        """Say whether a picture is a file of the export already.

        Args:
            path: the file.
            picture: the picture.
            verify: compare the content too.

        Returns:
            Whether it is.
        """
        if not path.is_file() or path.stat().st_size != picture.size:
            return False
        return not verify or path.read_bytes() == picture.read()

    def digest_of(self, name: str) -> str | None:
        """Give the SHA-256 that a file had when the export was complete.

        Args:
            name: its path below the folder.

        Returns:
            The digest, or None.
        """
        return None if name in self.damaged else self.files.get(name, {}).get("sha256")

    def drop_damaged(self, folder: Path) -> None:
        """Remove the files that are no longer what they were, so that they are made anew.

        Args:
            folder: the export's folder.
        """
        for name in filter(inside, self.damaged):
            (folder / name).unlink(missing_ok=True)

    def drop_forgotten(self, folder: Path, kept: set[str]) -> None:
        """Remove the files that the complete earlier run wrote and this one did not.

        Args:
            folder: the export's folder.
            kept: the names of those of this run.
        """
        for name in filter(inside, self.files.keys() - kept):
            (folder / name).unlink(missing_ok=True)


def find_earlier(folder: Path, form: FormatFacts, split: str, *, key: str, verify: bool) -> Earlier:
    """Look at what is in an export's folder.

    Args:
        folder: the folder; need not exist.
        form: the format to be written.
        split: the split to be written.
        key: what the export is made of.
        verify: compare hashes, not only sizes.

    Returns:
        What is there of this export.

    Raises:
        ExportError: there is another export, or files that are of none.
    """
    found = read_manifests(folder)
    same = [one for one in found if one["key"] == key]
    others = [one for one in found if one["key"] != key]
    if any(not form.splits or one.get("format") != form.name or one.get("split") == split for one in others):
        msg = f"{folder} holds another export; choose an empty folder, or delete that one"
        raise ExportError(msg)
    if not same or not same[0]["complete"]:
        return Earlier(others=others)
    return _complete(folder, form, same[0], others, verify=verify)


def _complete(folder: Path, form: FormatFacts, manifest: Manifest, others: list[Manifest], *, verify: bool) -> Earlier:
    damaged = damaged_files(folder, manifest, verify=verify)
    moved = form.absolute and manifest.get("folder") != str(folder.resolve())
    counts, notes = manifest["counts"], manifest.get("shards", {})
    there = counts["total"] - len(counts["failed"])
    report = ExportReport(counts["total"], 0, there, counts["failed"], counts["size"], counts.get("texts", {}))
    return Earlier(
        None if damaged or moved else report,
        others,
        manifest["files"],
        damaged,
        manifest.get("wanted", {}),
        {name: note for name, note in notes.items() if name not in damaged},
    )
