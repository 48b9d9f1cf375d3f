"""What an upload would do: a folder that holds one publication, compared with the Hub.

Only files that a publication of ours wrote, and that are still what it wrote, are replaced or deleted. What somebody
else put there stays where it is in nobody's way, and is refused by name where it is; a card's prose that was edited by
hand stays under the new YAML.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal

from pico_banana.errors import ConfigError
from pico_banana.sharing.hub.card_parts import prose_id, with_prose
from pico_banana.sharing.hub.manifest import (
    MANIFEST,
    Listed,
    Manifest,
    list_files,
    listed_content,
    read_manifest,
    visible_files,
)
from pico_banana.sharing.hub.published import CARD
from pico_banana.sharing.hub.remote import Remote
from pico_banana.sharing.hub.settling import told_names

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

FILES_A_COMMIT = 50


@dataclass(frozen=True, slots=True)
class Change:
    """One file that differs from the Hub's.

    Attributes:
        path: in the repository.
        size: bytes to upload; 0 for a file to delete.
        kind: what is to be done.
    """

    path: str
    size: int
    kind: Literal["new", "changed", "deleted"]


@dataclass(frozen=True, slots=True)
class UploadPlan:
    """What an upload would do.

    Attributes:
        repo: "USER/NAME".
        exists: the repository is there already.
        changes: what differs, in the order of upload: data first, the card last, then deletions.
        unchanged: files the Hub has already.
        others: files of somebody else that stay.
        foreign: files of somebody else among `changes`, because everything is to be replaced.
        replace_all: files of somebody else may be replaced and deleted.
        remote: what the plan was made against.
        contents: what to upload in place of what lies in the folder: the merged card, the list of files.
        first: the list of files for the first of several commits, which names what is still to be deleted too.
    """

    repo: str
    exists: bool
    changes: tuple[Change, ...]
    unchanged: tuple[str, ...]
    others: tuple[str, ...] = ()
    foreign: tuple[str, ...] = ()
    replace_all: bool = False
    remote: Remote = field(default_factory=Remote, repr=False)
    contents: Mapping[str, bytes] = field(default_factory=dict, repr=False)
    first: bytes = field(default=b"", repr=False)

    @property
    def size(self) -> int:
        """Bytes to upload at most; the Hub may know some contents already."""
        return sum(change.size for change in self.changes)

    @property
    def commits(self) -> int:
        """How many commits it takes."""
        return len(self.pieces())

    def pieces(self) -> list[tuple[Change, ...]]:
        """Cut the changes into commits; few enough go in one, which makes the publication one step.

        Returns:
            The changes of each commit.
        """
        return [self.changes[start : start + FILES_A_COMMIT] for start in range(0, len(self.changes), FILES_A_COMMIT)]

    def as_dict(self) -> dict[str, object]:
        """Give the plan for `--json`.

        Returns:
            Plain values only.
        """
        changes = [{"path": change.path, "size": change.size, "kind": change.kind} for change in self.changes]
        totals = {"size": self.size, "commits": self.commits, "unchanged": len(self.unchanged)}
        others = {"others": list(self.others), "foreign": list(self.foreign)}
        return {"repo": self.repo, "exists": self.exists, **totals, **others, "changes": changes}


def local_manifest(folder: Path) -> Manifest:
    """Read what a folder's publication consists of, and make sure that the folder still holds exactly that.

    Args:
        folder: the repository's folder, as `build_repository` writes it.

    Returns:
        The list, with what the card is now: it may be edited by hand.

    Raises:
        ConfigError: the folder holds no finished publication, other files, or changed ones.
    """
    manifest = read_manifest(folder)
    again = f"write the folder first: pico-banana publish --to {folder}"
    if manifest is None or CARD not in manifest.files:
        raise ConfigError(f"{folder} holds no finished publication ({MANIFEST}); {again}", key="to")
    there = set(visible_files(folder)) - {MANIFEST}
    if foreign := sorted(there - set(manifest.files)):
        text = f"{folder} holds files that its publication did not write: {told_names(foreign)}; move them away"
        raise ConfigError(text, key="to")
    now = list_files(folder, there)
    other = [path for path, entry in manifest.files.items() if path != CARD and now.get(path) != entry]
    if other or CARD not in now:
        raise ConfigError(f"{folder} lacks or has other contents of {told_names(other or [CARD])}; {again}", key="to")
    return Manifest(now, manifest.prose)


def make_plan(folder: Path, repo: str, remote: Remote, *, replace_all: bool) -> UploadPlan:
    """Compare a folder with a repository.

    Args:
        folder: the repository's folder.
        repo: "USER/NAME".
        remote: what the Hub has.
        replace_all: files of somebody else may be replaced and deleted.

    Returns:
        What an upload would do.

    Raises:
        ConfigError: the folder holds no finished publication, or files of somebody else are in the way.
    """
    local = local_manifest(folder)
    card = _card((folder / CARD).read_bytes(), local, remote, replace_all=replace_all)
    files = {**local.files, CARD: listed_content(card)}
    manifest = Manifest(files, local.prose)
    wanted = {**files, MANIFEST: listed_content(manifest.content())}
    same = {path for path, entry in wanted.items() if entry.is_the(remote.files.get(path, ""))}
    foreign = [path for path in remote.files if path not in same and not _is_ours(path, local, remote)]
    if not replace_all:
        _refuse(repo, [path for path in foreign if _in_the_way(path, wanted, remote)])
    others = () if replace_all else tuple(foreign)
    return UploadPlan(
        repo,
        bool(remote.head),
        _changes(wanted, same, remote, kept={*same, *others}),
        tuple(sorted(same)),
        others=others,
        foreign=tuple(foreign) if replace_all else (),
        replace_all=replace_all,
        remote=remote,
        contents={CARD: card, MANIFEST: manifest.content()},
        first=_first(manifest, remote),
    )


def _changes(wanted: Mapping[str, Listed], same: set[str], remote: Remote, *, kept: set[str]) -> tuple[Change, ...]:
    """Order what is to be done: the card behind its data, deletions behind the card, the list of files at the end."""
    changes = [
        Change(path, entry.size, "changed" if path in remote.files else "new")
        for path, entry in wanted.items()
        if path not in same
    ]
    changes.sort(key=lambda change: (change.path == CARD, "/" not in change.path, change.path))
    gone = [Change(path, 0, "deleted") for path in remote.files if path not in wanted and path not in kept]
    if not gone:
        return tuple(changes)
    listing = [change for change in changes if change.path == MANIFEST]
    return (*(change for change in changes if change.path != MANIFEST), *gone, *listing)


def _first(manifest: Manifest, remote: Remote) -> bytes:
    """List the new files, and the old ones of ours that are still there, for an upload that may be stopped half-way."""
    before = remote.manifest or Manifest({})
    old = [(path, entry) for path, entry in (*before.files.items(), *before.earlier) if path in remote.files]
    return Manifest(manifest.files, manifest.prose, tuple(old)).content()


def _card(ours: bytes, local: Manifest, remote: Remote, *, replace_all: bool) -> bytes:
    """Choose the card: prose that somebody wrote by hand on the Hub stays, unless ours was written by hand as well.

    Raises:
        ConfigError: both were, and differ.
    """
    theirs, before = remote.card, remote.manifest
    if replace_all or before is None or not theirs:
        return ours
    if prose_id(theirs) in {before.prose, local.prose, prose_id(ours)}:
        return ours
    if prose_id(ours) == local.prose:
        return with_prose(ours, theirs)
    if before.wrote(CARD, remote.files[CARD]):
        return ours
    text = f"{CARD} was edited by hand in the folder and on the Hub; bring the two together, or say --replace-all"
    raise ConfigError(text, key="repo")


def _is_ours(path: str, local: Manifest, remote: Remote) -> bool:
    """Say whether a file of the Hub was written by a publication of ours; a card by hand was merged before."""
    if remote.manifest is None:
        return False
    return path in {MANIFEST, CARD} or remote.manifest.wrote(path, remote.files[path])


def _in_the_way(path: str, wanted: Mapping[str, Listed], remote: Remote) -> bool:
    """Say whether somebody else's file cannot stay: its place is needed, readers would mix it in, or we listed it."""
    if remote.manifest is None:
        return True
    config = path.split("/", 1)[0] if "/" in path else ""
    listed = path in remote.manifest.files
    return listed or path in wanted or any(name.startswith(f"{config}/") for name in wanted if config)


def _refuse(repo: str, foreign: list[str]) -> None:
    if foreign:
        text = (
            f"{repo} holds files that no publication of this library wrote, or that were changed since: "
            f"{told_names(foreign)}; take another repository, or say --replace-all to replace and delete them"
        )
        raise ConfigError(text, key="repo")
