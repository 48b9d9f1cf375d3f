"""What the rehearsal Hub answers to whoever publishes: new repositories, uploads, commits.

The protocol is the clients': `huggingface_hub` 0.30 to 2.4 (`hf_api.py`, `_commit_api.py`, `lfs.py`,
`file_download.py`, `utils/_http.py`) says what it sends and what it reads.
"""

from __future__ import annotations

import hashlib
import json
import re
from typing import TYPE_CHECKING

from pico_banana.mirrors.store import write_atomic
from pico_banana.rehearsal.hub.calls import Call, Refusal, Reply, json_reply, somebody, writable
from pico_banana.rehearsal.hub.repos import is_large

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path


# `POST /api/repos/create`
def _create(call: Call) -> Reply:
    user = somebody(call)
    wanted = json.loads(call.body)
    repo_id = f"{wanted.get('organization') or user}/{wanted['name']}"
    answer = {"url": f"{call.base}/datasets/{repo_id}", "id": repo_id, "name": repo_id}
    if call.settings.repos.find(repo_id) is not None:
        return json_reply({**answer, "error": "You already created this dataset repo"}, status=409)
    private = bool(wanted.get("private")) or wanted.get("visibility") == "private"
    call.settings.repos.create(repo_id, private=private)
    return json_reply(answer)


# `PUT /api/datasets/<repo>/settings`
def _settings(call: Call) -> Reply:
    repo = writable(call)
    wanted = json.loads(call.body)
    repo.gated = wanted.get("gated", repo.gated)
    repo.private = bool(wanted.get("private", wanted.get("visibility", "private" if repo.private else "") == "private"))
    call.settings.repos.save(repo)
    return json_reply({"gated": repo.gated, "private": repo.private})


# `POST /api/validate-yaml`
def _validate_yaml(call: Call) -> Reply:
    import yaml

    match = re.match(r"\s*---\n(.*?)\n---", json.loads(call.body)["content"], re.DOTALL)
    try:
        facts = yaml.safe_load(match[1]) if match else {}
    except yaml.YAMLError as error:
        return json_reply({"errors": [{"message": str(error)}], "warnings": []}, status=400)
    if not isinstance(facts, dict):
        return json_reply({"errors": [{"message": "the metadata is not a mapping"}], "warnings": []}, status=400)
    return json_reply({"errors": [], "warnings": []})


# `POST /api/datasets/<repo>/preupload/<revision>`: which files are large, and what is there already
def _preupload(call: Call) -> Reply:
    repo = writable(call)
    tree = call.settings.repos.tree(repo, repo.commits[0])
    files = []
    for wanted in json.loads(call.body)["files"]:
        there = tree.get(wanted["path"])
        large = is_large(wanted["path"], wanted["size"])
        oid = None if there is None else there.sha256 if there.large else there.oid
        files.append(
            {"path": wanted["path"], "uploadMode": "lfs" if large else "regular", "shouldIgnore": False, "oid": oid}
        )
    return json_reply({"files": files, "commitOid": repo.commits[0].id})


# `POST /datasets/<repo>.git/info/lfs/objects/batch`: where to put each large file that is not there yet
def _lfs_batch(call: Call) -> Reply:
    writable(call)
    objects = []
    for wanted in json.loads(call.body)["objects"]:
        actions = (
            {} if call.settings.repos.blob(wanted["oid"]).is_file() else {"actions": _upload_actions(call, wanted)}
        )
        objects.append({"oid": wanted["oid"], "size": wanted["size"], "authenticated": True, **actions})
    return json_reply({"transfer": "basic", "objects": objects})


def _upload_actions(call: Call, wanted: Mapping[str, str | int]) -> dict[str, object]:
    href, size = f"{call.base}/lfs/{wanted['oid']}", int(wanted["size"])
    if size <= call.settings.part_bytes:
        return {"upload": {"href": href, "header": {}}}
    parts = {str(number + 1): f"{href}/{number + 1}" for number in range(-(-size // call.settings.part_bytes))}
    return {"upload": {"href": f"{href}/complete", "header": {"chunk_size": str(call.settings.part_bytes), **parts}}}


# `PUT /lfs/<sha256>`: one whole large file
def _lfs_put(call: Call) -> Reply:
    if hashlib.sha256(call.body).hexdigest() != call.names["oid"]:
        raise Refusal(400, "BadDigest", "the content does not have that SHA-256")
    call.settings.repos.put(call.body)
    return Reply()


# `PUT /lfs/<sha256>/<number>`: one part of a large file
def _lfs_part(call: Call) -> Reply:
    write_atomic(_part(call, call.names["oid"], int(call.names["part"])), call.body)
    return Reply(headers={"ETag": f'"{hashlib.sha256(call.body).hexdigest()}"'})


# `POST /lfs/<sha256>/complete`: join the parts
def _lfs_complete(call: Call) -> Reply:
    numbers = [part["partNumber"] for part in json.loads(call.body)["parts"]]
    data = b"".join(_part(call, call.names["oid"], number).read_bytes() for number in numbers)
    if hashlib.sha256(data).hexdigest() != call.names["oid"]:
        raise Refusal(400, "BadDigest", "the parts do not join to that SHA-256")
    call.settings.repos.put(data)
    for number in numbers:
        _part(call, call.names["oid"], number).unlink()
    return json_reply({"success": True})


def _part(call: Call, oid: str, number: int) -> Path:
    return call.settings.repos.folder / "parts" / f"{oid}.{number}"


# `POST /api/datasets/<repo>/commit/<revision>`: newline-delimited JSON, the header line first
def _commit(call: Call) -> Reply:
    repo = writable(call)
    header, *operations = [json.loads(line) for line in call.body.splitlines() if line.strip()]
    parent = header["value"].get("parentCommit")
    if parent is not None and parent != repo.commits[0].id:
        raise Refusal(412, "PreconditionFailed", f"the branch has moved on to {repo.commits[0].id}")
    title, message = header["value"]["summary"], header["value"].get("description", "")
    try:
        commit = call.settings.repos.commit(repo.id, operations, title=title, message=message)
    except KeyError as error:
        raise Refusal(400, "LfsMissing", f"this was never uploaded: {error}") from error
    url = f"{call.base}/datasets/{repo.id}/commit/{commit.id}"
    return json_reply({"success": True, "commitOid": commit.id, "commitUrl": url, "hookOutput": ""})


_REPO = r"(?P<repo>[^/]+/[^/]+)"
_REVISION = r"(?P<revision>[^/]+)"
_OID = r"(?P<oid>[0-9a-f]{64})"
ROUTES = tuple(
    ((method,), re.compile(pattern), handler)
    for method, pattern, handler in (
        ("POST", r"/api/repos/create", _create),
        ("POST", r"/api/validate-yaml", _validate_yaml),
        ("PUT", rf"/api/datasets/{_REPO}/settings", _settings),
        ("POST", rf"/api/datasets/{_REPO}/preupload/{_REVISION}", _preupload),
        ("POST", rf"/api/datasets/{_REPO}/commit/{_REVISION}", _commit),
        ("POST", rf"/datasets/{_REPO}\.git/info/lfs/objects/batch", _lfs_batch),
        ("PUT", rf"/lfs/{_OID}", _lfs_put),
        ("PUT", rf"/lfs/{_OID}/(?P<part>\d+)", _lfs_part),
        ("POST", rf"/lfs/{_OID}/complete", _lfs_complete),
    )
)
