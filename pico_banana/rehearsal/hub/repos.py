"""The repositories of the rehearsal Hub, kept in a folder: contents by hash, one tree a commit.

::

    <folder>/blobs/<sha256>                     file contents, each once
    <folder>/repos/<owner>/<name>/repo.json     visibility, gating, commits, newest first
    <folder>/repos/<owner>/<name>/trees/<id>    path -> size, hashes, whether it is a large file
"""

from __future__ import annotations

import hashlib
import json
import re
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from threading import RLock
from typing import Literal

from pico_banana.mirrors.store import write_atomic

# What the Hub stores as a large file whatever its size: https://huggingface.co/docs/hub/en/repositories-getting-started
_LARGE_SUFFIXES = frozenset(
    {".parquet", ".arrow", ".png", ".jpg", ".jpeg", ".webp", ".zip", ".tar", ".gz", ".bin", ".zst"}
)
_SHORTEST_ID = 7
_LARGE_BYTES = 10 * 1024 * 1024
_REPO_NAME = re.compile(r"^\w[\w.-]*/\w[\w.-]*$")


@dataclass(frozen=True, slots=True)
class Entry:
    """One file of a commit.

    Attributes:
        size: bytes.
        sha256: of the content, hexadecimal.
        oid: git's own id of the file, or of its pointer when it is a large one.
        large: kept as a large file (LFS).
    """

    size: int
    sha256: str
    oid: str
    large: bool


@dataclass(frozen=True, slots=True)
class Commit:
    """One commit.

    Attributes:
        id: 40 hexadecimal digits.
        title: the message's first line.
        message: the rest of the message.
        date: ISO 8601 in UTC.
    """

    id: str
    title: str
    message: str
    date: str


@dataclass(slots=True)
class Repo:
    """One dataset repository.

    Attributes:
        id: "owner/name".
        private: only its owner may read it.
        gated: False, or how access is granted.
        created: ISO 8601 in UTC.
        commits: newest first; never empty.
    """

    id: str
    private: bool
    gated: Literal["auto", "manual"] | bool = False
    created: str = ""
    commits: list[Commit] = field(default_factory=list)

    @property
    def owner(self) -> str:
        """The account it belongs to."""
        return self.id.split("/", 1)[0]

    def commit(self, revision: str) -> Commit | None:
        """Find a commit by branch, full id or unique start of an id.

        Args:
            revision: "main", "refs/heads/main" or a commit id.

        Returns:
            The commit, or None when there is none of that name.
        """
        if revision in {"main", "refs/heads/main"}:
            return self.commits[0]
        found = [commit for commit in self.commits if len(revision) >= _SHORTEST_ID and commit.id.startswith(revision)]
        return found[0] if len(found) == 1 else None


class HubRepos:
    """All repositories under one folder.

    Safe to use from several threads of one process.
    """

    def __init__(self, folder: Path) -> None:
        """Look at a folder; nothing is read or written yet.

        Args:
            folder: where the repositories lie; it may be missing.
        """
        self.folder = folder
        self._lock = RLock()

    def find(self, repo_id: str) -> Repo | None:
        """Read a repository.

        Args:
            repo_id: "owner/name".

        Returns:
            The repository, or None when there is none.
        """
        file = self._home(repo_id) / "repo.json"
        if not _REPO_NAME.match(repo_id) or not file.is_file():
            return None
        facts = json.loads(file.read_text("utf-8"))
        return Repo(**{**facts, "commits": [Commit(**commit) for commit in facts["commits"]]})

    def create(self, repo_id: str, *, private: bool) -> Repo:
        """Make a repository with an empty first commit.

        Args:
            repo_id: "owner/name".
            private: only its owner may read it.

        Returns:
            The new repository.
        """
        repo = Repo(id=repo_id, private=private, created=_now())
        self._add_commit(repo, {}, title="initial commit", message="")
        return repo

    def save(self, repo: Repo) -> None:
        """Write a repository's facts.

        Args:
            repo: the repository.
        """
        write_atomic(self._home(repo.id) / "repo.json", json.dumps(asdict(repo), indent=1).encode())

    def tree(self, repo: Repo, commit: Commit) -> dict[str, Entry]:
        """Read every file of a commit.

        Args:
            repo: the repository.
            commit: one of its commits.

        Returns:
            Path to entry, sorted by path.
        """
        text = (self._home(repo.id) / "trees" / commit.id).read_text("utf-8")
        return {path: Entry(**facts) for path, facts in sorted(json.loads(text).items())}

    def commit(self, repo_id: str, operations: list[dict[str, object]], *, title: str, message: str = "") -> Commit:
        """Apply operations to the newest tree.

        Args:
            repo_id: "owner/name".
            operations: `{"key": "file" | "lfsFile" | "deletedFile" | "deletedFolder", "value": ...}`.
            title: the message's first line.
            message: the rest of the message.

        Returns:
            The new commit.

        Raises:
            KeyError: no such repository, or a large file whose content was never uploaded.
        """
        with self._lock:
            repo = self.find(repo_id)
            if repo is None:
                raise KeyError(repo_id)
            tree = self.tree(repo, repo.commits[0])
            for operation in operations:
                _apply(tree, operation, self)
            return self._add_commit(repo, tree, title=title, message=message)

    def blob(self, sha256: str) -> Path:
        """Say where a content lies, or would lie.

        Args:
            sha256: hexadecimal.

        Returns:
            Its file.
        """
        return self.folder / "blobs" / sha256

    def put(self, data: bytes) -> str:
        """Keep a content.

        Args:
            data: the content.

        Returns:
            Its SHA-256, hexadecimal.
        """
        sha256 = hashlib.sha256(data).hexdigest()
        if not self.blob(sha256).is_file():
            write_atomic(self.blob(sha256), data)
        return sha256

    def _add_commit(self, repo: Repo, tree: dict[str, Entry], *, title: str, message: str) -> Commit:
        parent = repo.commits[0].id if repo.commits else ""
        text = json.dumps({path: asdict(entry) for path, entry in sorted(tree.items())})
        seed = f"{repo.id}\n{parent}\n{title}\n{len(repo.commits)}\n{text}"
        commit = Commit(
            id=hashlib.sha1(seed.encode(), usedforsecurity=False).hexdigest(), title=title, message=message, date=_now()
        )
        write_atomic(self._home(repo.id) / "trees" / commit.id, text.encode())
        repo.commits.insert(0, commit)
        self.save(repo)
        return commit

    def _home(self, repo_id: str) -> Path:
        return self.folder / "repos" / repo_id


def is_large(path: str, size: int) -> bool:
    """Say whether the Hub keeps a file as a large one.

    Args:
        path: the file's path in the repository.
        size: bytes.

    Returns:
        True for LFS, False for a file git keeps itself.
    """
    return Path(path).suffix.lower() in _LARGE_SUFFIXES or size > _LARGE_BYTES


def git_oid(data: bytes) -> str:
    """Compute git's id of a file.

    Args:
        data: its content.

    Returns:
        40 hexadecimal digits.
    """
    return hashlib.sha1(b"blob %d\0" % len(data) + data, usedforsecurity=False).hexdigest()


def _apply(tree: dict[str, Entry], operation: dict[str, object], repos: HubRepos) -> None:
    import base64

    value = operation["value"]
    if not isinstance(value, dict):
        raise KeyError("value")
    path = str(value["path"])
    match operation["key"]:
        case "file":
            data = base64.b64decode(str(value["content"]))
            tree[path] = Entry(size=len(data), sha256=repos.put(data), oid=git_oid(data), large=False)
        case "lfsFile":
            tree[path] = _large_entry(repos, str(value["oid"]))
        case "deletedFile":
            tree.pop(path, None)
        case "deletedFolder":
            for name in [name for name in tree if name.startswith(path.rstrip("/") + "/")]:
                del tree[name]


def _large_entry(repos: HubRepos, sha256: str) -> Entry:
    if not repos.blob(sha256).is_file():
        raise KeyError(sha256)
    size = repos.blob(sha256).stat().st_size
    pointer = f"version https://git-lfs.github.com/spec/v1\noid sha256:{sha256}\nsize {size}\n"
    return Entry(size=size, sha256=sha256, oid=git_oid(pointer.encode()), large=True)


def _now() -> str:
    return datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%S.000Z")
