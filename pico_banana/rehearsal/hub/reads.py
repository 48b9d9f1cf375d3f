"""What the rehearsal Hub answers to whoever looks: listings, facts, files.

The protocol is the clients': `huggingface_hub` 0.30 to 2.4 (`hf_api.py`, `_commit_api.py`, `lfs.py`,
`file_download.py`, `utils/_http.py`) says what it sends and what it reads.
"""

from __future__ import annotations

import hashlib
import json
import re
from typing import TYPE_CHECKING
from urllib.parse import parse_qs, quote

from pico_banana.rehearsal.hub.calls import Call, Refusal, Reply, json_reply, readable, somebody

if TYPE_CHECKING:
    from collections.abc import Mapping

    from pico_banana.rehearsal.hub.repos import Commit, Entry


# `GET /api/whoami-v2`
def _whoami(call: Call) -> Reply:
    user = somebody(call)
    access = {"accessToken": {"displayName": "rehearsal", "role": "write"}}
    return json_reply({"type": "user", "id": user, "name": user, "fullname": user, "orgs": [], "auth": access})


# `GET /api/datasets/<repo>[/revision/<revision>]`
def _info(call: Call) -> Reply:
    repo, commit = readable(call)
    tree = call.settings.repos.tree(repo, commit)
    facts = {
        "_id": hashlib.sha256(repo.id.encode()).hexdigest()[:24], "id": repo.id, "author": repo.owner, "sha": commit.id,
        "private": repo.private, "gated": repo.gated, "disabled": False, "downloads": 0, "likes": 0, "tags": [],
        "createdAt": repo.created, "lastModified": commit.date, "xetEnabled": False,
        "usedStorage": sum({entry.sha256: entry.size for entry in tree.values()}.values()),
        "siblings": [{"rfilename": path, "size": entry.size, "blobId": entry.oid} for path, entry in tree.items()],
        "cardData": _card_data(call, tree),
    }  # fmt: skip
    return json_reply(facts)


def _card_data(call: Call, tree: Mapping[str, Entry]) -> object:
    """Give the YAML of the card, as the Hub does; None when there is none that can be read."""
    import yaml

    entry = tree.get("README.md")
    text = call.settings.repos.blob(entry.sha256).read_text("utf-8", errors="replace") if entry else ""
    match = re.match(r"\s*---\n(.*?)\n---", text, re.DOTALL)
    try:
        return yaml.safe_load(match[1]) if match else None
    except yaml.YAMLError:
        return None


# `GET /api/datasets/<repo>/tree/<revision>[/<folder>]`, in pages
def _tree(call: Call) -> Reply:
    repo, commit = readable(call)
    folder = call.names.get("path") or ""
    recursive = call.query.get("recursive", [""])[0].lower() in {"true", "1"}
    rows = _listing(call.settings.repos.tree(repo, commit), folder, commit, recursive=recursive)
    if not rows and folder:
        raise Refusal(404, "EntryNotFound", f"{folder} does not exist on {commit.id}")
    start = int(call.query.get("cursor", ["0"])[0])
    page = rows[start : start + call.settings.page_size]
    following = {}
    if start + call.settings.page_size < len(rows):
        where = f"{call.base}/api/datasets/{repo.id}/tree/{commit.id}/{quote(folder)}".rstrip("/")
        following["Link"] = f'<{where}?recursive={recursive}&cursor={start + call.settings.page_size}>; rel="next"'
    return json_reply(page, headers=following)


# `POST /api/datasets/<repo>/paths-info/<revision>`; the body is a form or JSON
def _paths_info(call: Call) -> Reply:
    repo, commit = readable(call)
    text = call.body.decode("utf-8")
    wanted = json.loads(text)["paths"] if text.startswith("{") else parse_qs(text).get("paths", [])
    rows = {row["path"]: row for row in _listing(call.settings.repos.tree(repo, commit), "", commit, recursive=True)}
    return json_reply([rows[path] for path in wanted if path in rows])


# `GET /api/datasets/<repo>/refs`
def _refs(call: Call) -> Reply:
    repo, _ = readable(call)
    branch = {"name": "main", "ref": "refs/heads/main", "targetCommit": repo.commits[0].id}
    return json_reply({"branches": [branch], "tags": [], "converts": [], "pullRequests": []})


# `GET /api/datasets/<repo>/commits/<revision>`
def _commits(call: Call) -> Reply:
    repo, _ = readable(call)
    author = [{"user": repo.owner}]
    return json_reply(
        [
            {
                "id": commit.id,
                "title": commit.title,
                "message": commit.message,
                "date": commit.date,
                "authors": author,
            }
            for commit in repo.commits
        ]
    )


# `GET /datasets/<repo>/resolve/<revision>/<path>`; large files too, where the Hub would redirect to its store
def _resolve(call: Call) -> Reply:
    repo, commit = readable(call, content=True)
    entry = call.settings.repos.tree(repo, commit).get(call.names["path"])
    if entry is None:
        raise Refusal(404, "EntryNotFound", "Entry not found")
    etag = f'"{entry.sha256 if entry.large else entry.oid}"'
    linked = {"X-Linked-Etag": etag, "X-Linked-Size": str(entry.size)} if entry.large else {}
    headers = {"X-Repo-Commit": commit.id, "Accept-Ranges": "bytes", "ETag": etag, **linked}
    return Reply(file=call.settings.repos.blob(entry.sha256), headers=headers)


def _listing(tree: Mapping[str, Entry], folder: str, commit: Commit, *, recursive: bool) -> list[dict[str, object]]:
    """List files and folders under a folder as the tree endpoint does."""
    prefix = folder.rstrip("/") + "/" if folder else ""
    last = {"id": commit.id, "title": commit.title, "date": commit.date}
    rows: dict[str, dict[str, object]] = {}
    for path, entry in tree.items():
        if not path.startswith(prefix):
            continue
        below = path[len(prefix) :].split("/")
        for depth in range(1, len(below) if recursive else min(len(below), 2)):
            name = prefix + "/".join(below[:depth])
            oid = hashlib.sha1(name.encode(), usedforsecurity=False).hexdigest()
            rows[name] = {"type": "directory", "oid": oid, "size": 0, "path": name, "lastCommit": last}
        if recursive or len(below) == 1:
            large = {"lfs": {"oid": entry.sha256, "size": entry.size, "pointerSize": 134}} if entry.large else {}
            rows[path] = {
                "type": "file",
                "oid": entry.oid,
                "size": entry.size,
                "path": path,
                "lastCommit": last,
                **large,
            }
    return list(rows.values())


_REPO = r"(?P<repo>[^/]+/[^/]+)"
_REVISION = r"(?P<revision>[^/]+)"
_PATH = r"(?P<path>.+)"
ROUTES = tuple(
    (("GET", "HEAD", "POST") if handler is _paths_info else ("GET", "HEAD"), re.compile(pattern), handler)
    for pattern, handler in (
        (r"/api/whoami-v2", _whoami),
        (rf"/api/datasets/{_REPO}", _info),
        (rf"/api/datasets/{_REPO}/revision/{_REVISION}", _info),
        (rf"/api/datasets/{_REPO}/tree/{_REVISION}", _tree),
        (rf"/api/datasets/{_REPO}/tree/{_REVISION}/{_PATH}", _tree),
        (rf"/api/datasets/{_REPO}/paths-info/{_REVISION}", _paths_info),
        (rf"/api/datasets/{_REPO}/refs", _refs),
        (rf"/api/datasets/{_REPO}/commits/{_REVISION}", _commits),
        (rf"/datasets/{_REPO}/resolve/{_REVISION}/{_PATH}", _resolve),
    )
)
