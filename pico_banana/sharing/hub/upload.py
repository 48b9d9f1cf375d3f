"""Bring a repository's folder to the Hub: only what changed, in pieces, the card last.

Every call is to `huggingface_hub` (0.30 to 2.x): `create_commit` uploads large files by Xet or LFS in several threads
and skips contents the Hub has, so a stopped upload goes on when it is run again. The token is handed to the client and
to nobody else.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Literal, TypeAlias

from pico_banana.errors import ConfigError
from pico_banana.sharing.hub.hashes import Hashes
from pico_banana.sharing.hub.published import CARD
from pico_banana.sharing.hub.refusals import translated_refusals

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from huggingface_hub import HfApi

FILES_A_COMMIT = 50
Gate: TypeAlias = Literal["auto", "manual"]


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
    """

    repo: str
    exists: bool
    changes: tuple[Change, ...]
    unchanged: tuple[str, ...]

    @property
    def size(self) -> int:
        """Bytes to upload at most; the Hub may know some contents already."""
        return sum(change.size for change in self.changes)

    @property
    def commits(self) -> int:
        """How many commits it takes."""
        return -(-len(self.changes) // FILES_A_COMMIT)

    def as_dict(self) -> dict[str, object]:
        """Give the plan for `--json`.

        Returns:
            Plain values only.
        """
        changes = [{"path": change.path, "size": change.size, "kind": change.kind} for change in self.changes]
        totals = {"size": self.size, "commits": self.commits, "unchanged": len(self.unchanged)}
        return {"repo": self.repo, "exists": self.exists, **totals, "changes": changes}


def plan_upload(folder: str | Path, repo: str, *, token: str | None = None) -> UploadPlan:
    """Compare a folder with the Hub; nothing is changed.

    Args:
        folder: the repository's folder, as `build_repository` writes it.
        repo: "USER/NAME".
        token: the Hub's token; None for the one of `hf auth login` or `HF_TOKEN`.

    Returns:
        What an upload would do.

    Raises:
        ConfigError: the folder holds no card, or the name is no name of a repository.
        RequestRefusedError: the Hub does not let us see the repository.
        ServerError: the Hub failed.
        InterruptedTransferError: the Hub could not be reached.
    """
    folder = Path(folder)
    _check(folder, repo)
    with translated_refusals(repo):
        remote = _remote_files(_api(token), repo)
    with Hashes(folder) as hashes:
        local = {path: (folder / path).stat().st_size for path in visible_files(folder)}
        same = {path for path in local if remote and _is_same(folder, path, remote.get(path), hashes)}
    known = remote or {}
    changes = [Change(path, local[path], "changed" if path in known else "new") for path in local if path not in same]
    changes.sort(key=lambda change: (change.path == CARD, "/" not in change.path, change.path))
    gone = [Change(path, 0, "deleted") for path in known if path not in local and path != ".gitattributes"]
    return UploadPlan(repo, remote is not None, (*changes, *gone), tuple(sorted(same)))


def upload(
    folder: str | Path,
    plan: UploadPlan,
    *,
    private: bool = True,
    gate: Gate | None = None,
    token: str | None = None,
    progress: Callable[[int, int], None] | None = None,
) -> str:
    """Carry out a plan.

    Args:
        folder: the folder the plan was made for.
        plan: what to do.
        private: a new repository is visible to its owner only.
        gate: visitors must agree to the card's terms: at once ("auto") or when the owner says so ("manual").
        token: the Hub's token; None for the one of `hf auth login` or `HF_TOKEN`.
        progress: called with (commits done, commits) after each.

    Returns:
        The repository's address.

    Raises:
        RequestRefusedError: no token, or it may not write there.
        ServerError: the Hub failed; the same call goes on where it stopped.
        InterruptedTransferError: the Hub could not be reached; the same call goes on where it stopped.
    """
    folder = Path(folder)
    from huggingface_hub import CommitOperationAdd, CommitOperationDelete

    api = _api(token)
    with translated_refusals(plan.repo):
        address = str(api.create_repo(plan.repo, repo_type="dataset", private=private, exist_ok=True))
        if gate is not None:
            api.update_repo_settings(plan.repo, repo_type="dataset", gated=gate)
        for number, changes in enumerate(_pieces(plan.changes), start=1):
            operations = [
                CommitOperationDelete(change.path)
                if change.kind == "deleted"
                else CommitOperationAdd(change.path, str(folder / change.path))
                for change in changes
            ]
            part = f", part {number} of {plan.commits}" if plan.commits > 1 else ""
            message = f"Publish with pico-banana{part}"
            api.create_commit(plan.repo, operations, commit_message=message, repo_type="dataset", num_threads=8)
            if progress is not None:
                progress(number, plan.commits)
    return address


def visible_files(folder: Path) -> list[str]:
    """List what of a folder belongs into the repository.

    Args:
        folder: the repository's folder.

    Returns:
        Paths below it, sorted; nothing hidden.
    """
    found = (path.relative_to(folder) for path in folder.rglob("*") if path.is_file())
    return sorted(path.as_posix() for path in found if not any(part.startswith(".") for part in path.parts))


def _pieces(changes: Sequence[Change]) -> Iterator[Sequence[Change]]:
    """Cut the changes into commits; few enough go in one, which makes the publication one step."""
    for start in range(0, len(changes), FILES_A_COMMIT):
        yield changes[start : start + FILES_A_COMMIT]


def _check(folder: Path, repo: str) -> None:
    if repo.count("/") != 1 or not all(repo.split("/")):
        text = f"{repo!r} is no name of a repository on the Hub; write USER/NAME, such as ada/pico-banana"
        raise ConfigError(text, key="repo")
    if not (folder / CARD).is_file():
        raise ConfigError(
            f"{folder} holds no {CARD}; write the folder first: pico-banana publish --to {folder}", key="to"
        )


def _api(token: str | None) -> HfApi:
    from huggingface_hub import HfApi

    return HfApi(token=token, library_name="pico-banana")


def _remote_files(api: HfApi, repo: str) -> dict[str, tuple[int, str]] | None:
    """Give size and hash of the Hub's files (SHA-256 of large ones, git's id of others); None without a repository."""
    from huggingface_hub.errors import RepositoryNotFoundError
    from huggingface_hub.hf_api import RepoFile

    try:
        tree = list(api.list_repo_tree(repo, repo_type="dataset", recursive=True))
    except RepositoryNotFoundError:
        return None
    files = [entry for entry in tree if isinstance(entry, RepoFile)]
    return {file.path: (file.size, file.lfs.sha256 if file.lfs else file.blob_id) for file in files}


def _is_same(folder: Path, path: str, remote: tuple[int, str] | None, hashes: Hashes) -> bool:
    file = folder / path
    if remote is None or remote[0] != file.stat().st_size:
        return False
    if len(remote[1]) == hashlib.sha256().digest_size * 2:
        return hashes.sha256(path) == remote[1]
    content = file.read_bytes()
    git = hashlib.sha1(b"blob %d\0" % len(content) + content, usedforsecurity=False)
    return git.hexdigest() == remote[1]
