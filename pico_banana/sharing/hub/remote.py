"""A repository as the Hub has it, at one commit: sizes, hashes, our list of files, the card."""

from __future__ import annotations

import tempfile
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from pico_banana.sharing.hub.manifest import MANIFEST, Manifest, parse_manifest
from pico_banana.sharing.hub.published import CARD

if TYPE_CHECKING:
    from collections.abc import Mapping

    from huggingface_hub import HfApi

UNSEEN = ".gitattributes"  # the Hub's own


@dataclass(frozen=True, slots=True)
class Remote:
    """A repository at one commit.

    Attributes:
        head: the commit; "" while there is no repository.
        files: path → SHA-256 of large files, git's id of others.
        manifest: our list of files; None when there is none of ours.
        card: the content of `README.md`; empty when there is none.
    """

    head: str = ""
    files: Mapping[str, str] = field(default_factory=dict)
    manifest: Manifest | None = None
    card: bytes = b""


def look_at_remote(api: HfApi, repo: str) -> Remote:
    """Look at a repository.

    Args:
        api: the Hub's client.
        repo: "USER/NAME".

    Returns:
        What is there. The commit is asked for first and everything else at that commit, so that nothing that somebody
        does meanwhile mixes in.
    """
    from huggingface_hub.errors import RepositoryNotFoundError

    try:
        head = str(api.repo_info(repo, repo_type="dataset").sha)
    except RepositoryNotFoundError:
        return Remote()
    files = _files(api, repo, head)
    listed = _content(api, repo, MANIFEST, head) if MANIFEST in files else b""
    card = _content(api, repo, CARD, head) if CARD in files else b""
    return Remote(head, files, parse_manifest(listed), card)


def _files(api: HfApi, repo: str, head: str) -> dict[str, str]:
    from huggingface_hub.hf_api import RepoFile

    tree = api.list_repo_tree(repo, repo_type="dataset", recursive=True, revision=head)
    files = [entry for entry in tree if isinstance(entry, RepoFile) and entry.path != UNSEEN]
    return {file.path: file.lfs.sha256 if file.lfs else file.blob_id for file in files}


def _content(api: HfApi, repo: str, path: str, head: str) -> bytes:
    """Download a small file past the cache of the client, which is not ours to fill."""
    with tempfile.TemporaryDirectory(prefix="pico-banana-") as folder:
        file = api.hf_hub_download(repo, path, repo_type="dataset", revision=head, local_dir=folder)
        return Path(file).read_bytes()
