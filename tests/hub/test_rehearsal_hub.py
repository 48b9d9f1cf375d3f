"""The rehearsal Hub, asked by the real clients of this environment and by plain HTTP."""

from __future__ import annotations

import json
import urllib.error
import urllib.request
from http.client import IncompleteRead, RemoteDisconnected

import pytest

from pico_banana.rehearsal.hub import TOKEN, HubFault, RehearsalHub


def ask(hub, path, *, method="GET", token=TOKEN, headers=None, body=None):
    wanted = {"Authorization": f"Bearer {token}", **(headers or {})} if token else headers or {}
    request = urllib.request.Request(hub.url + path, method=method, headers=wanted, data=body)
    try:
        with urllib.request.urlopen(request, timeout=10) as reply:
            return reply.status, reply.headers, reply.read()
    except urllib.error.HTTPError as error:
        with error:
            return error.code, error.headers, error.read()


def put(hub, **files: bytes):
    hub.repos.create("rehearsal/demo", private=False)
    operations = [
        {
            "key": "lfsFile",
            "value": {"path": name.replace("__", "/").replace("_parquet", ".parquet"), "oid": hub.repos.put(data)},
        }
        for name, data in files.items()
    ]
    return hub.repos.commit("rehearsal/demo", operations, title="put")


COMMIT = """
import os, huggingface_hub as h
api = h.HfApi()
api.create_repo("rehearsal/demo", repo_type="dataset", private=True)
data = bytes(range(256)) * 1000
api.create_commit("rehearsal/demo", repo_type="dataset", commit_message="one", operations=[
    h.CommitOperationAdd("b/big.parquet", data), h.CommitOperationAdd("README.md", b"---\\nlicense: mit\\n---\\n"),
    h.CommitOperationAdd("b/two.txt", b"2"), h.CommitOperationAdd("three.txt", b"3")])
"""


def test_the_real_client_creates_commits_lists_and_downloads(hub, client):
    told = client(
        COMMIT
        + """
path = h.hf_hub_download("rehearsal/demo", "b/big.parquet", repo_type="dataset")
tree = list(api.list_repo_tree("rehearsal/demo", repo_type="dataset", recursive=True))
there = api.get_paths_info("rehearsal/demo", ["b", "b/big.parquet", "nope"], repo_type="dataset")
snapshot = h.snapshot_download("rehearsal/demo", repo_type="dataset")
print(json.dumps({
    "same": open(path, "rb").read() == data, "whoami": api.whoami()["name"],
    "tree": [item.path for item in tree], "there": [item.path for item in there],
    "sha256": {item.path: item.lfs.sha256 for item in tree if getattr(item, "lfs", None)},
    "snapshot": sorted(os.listdir(snapshot)), "head": api.dataset_info("rehearsal/demo").sha,
    "commits": [c.title for c in api.list_repo_commits("rehearsal/demo", repo_type="dataset")],
    "refs": [b.name for b in api.list_repo_refs("rehearsal/demo", repo_type="dataset").branches],
}))"""
    )
    repo = hub.repos.find("rehearsal/demo")
    entry = hub.repos.tree(repo, repo.commits[0])["b/big.parquet"]
    assert told == {
        "same": True, "whoami": "rehearsal", "tree": ["README.md", "b", "b/big.parquet", "b/two.txt", "three.txt"],
        "there": ["b", "b/big.parquet"], "sha256": {"b/big.parquet": entry.sha256},
        "snapshot": ["README.md", "b", "three.txt"],
        "head": repo.commits[0].id, "commits": ["one", "initial commit"], "refs": ["main"],
    }  # fmt: skip
    assert repo.private
    parts = [request for request in hub.requests() if request.method == "PUT"]
    assert [request.received for request in parts] == [100_000, 100_000, 56_000]  # uploaded in parts
    assert sum("cursor=" in request.path for request in hub.requests()) >= 1  # listed in pages


def test_an_upload_goes_on_after_the_server_failed(hub, client):
    hub.fail(HubFault("/lfs/", method="PUT", status=503, times=2))
    told = client(COMMIT + "print(json.dumps(api.file_exists('rehearsal/demo', 'b/big.parquet', repo_type='dataset')))")
    assert told is True
    assert [request.status for request in hub.requests() if request.method == "PUT"] == [503, 503, 200, 200, 200]


def test_a_second_commit_sends_no_content_again(hub, client):
    client(COMMIT + "print(0)")
    hub.forget()
    client(COMMIT.replace("private=True", "exist_ok=True").replace("README.md", "OTHER.md") + "print(0)")
    assert not [request for request in hub.requests() if request.path.startswith("/lfs/")]


def test_what_was_uploaded_survives_a_restart(tmp_path):
    with RehearsalHub(tmp_path) as hub:
        put(hub, a_parquet=b"abc")
    with RehearsalHub(tmp_path) as hub:
        assert ask(hub, "/datasets/rehearsal/demo/resolve/main/a.parquet")[2] == b"abc"


@pytest.mark.parametrize(
    ("span", "status", "content", "sent"),
    [
        ("bytes=2-4", 206, "bytes 2-4/10", b"234"),
        ("bytes=-3", 206, "bytes 7-9/10", b"789"),
        ("bytes=8-", 206, "bytes 8-9/10", b"89"),
        ("bytes=5-99", 206, "bytes 5-9/10", b"56789"),
        ("bytes=10-", 416, "bytes */10", b""),
        ("nonsense", 200, None, b"0123456789"),
    ],
)
def test_ranges(hub, span, status, content, sent):
    put(hub, a_parquet=b"0123456789")
    reply = ask(hub, "/datasets/rehearsal/demo/resolve/main/a.parquet", headers={"Range": span})
    assert (reply[0], reply[1]["Content-Range"], reply[2]) == (status, content, sent)
    assert hub.sent_bytes(r"a\.parquet$") == len(sent)


def test_a_private_repository_is_hidden_and_a_gated_one_keeps_its_files(tmp_path):
    with RehearsalHub(tmp_path, users={"a": "owner", "b": "guest"}) as hub:
        repo = hub.repos.create("owner/demo", private=True)
        hub.repos.commit("owner/demo", [{"key": "file", "value": {"path": "x", "content": "eA=="}}], title="x")
        file = "/datasets/owner/demo/resolve/main/x"
        assert [ask(hub, file, token=token)[0] for token in ("a", "b", None)] == [200, 401, 401]
        repo = hub.repos.find("owner/demo")
        repo.private, repo.gated = False, "manual"
        hub.repos.save(repo)
        assert [ask(hub, file, token=token)[0] for token in ("a", "b", None)] == [200, 403, 403]
        assert ask(hub, "/api/datasets/owner/demo", token="b")[0] == 200
        assert ask(hub, "/api/datasets/owner/demo/preupload/main", method="POST", token="b", body=b"{}")[0] == 403


def test_faults_show_once_each(hub):
    put(hub, a_parquet=b"0123456789")
    file = "/datasets/rehearsal/demo/resolve/main/a.parquet"
    hub.fail(HubFault(r"a\.parquet", status=429, retry_after=2))
    hub.fail(HubFault(r"a\.parquet", status=0))
    hub.fail(HubFault(r"a\.parquet", status=200))
    assert ask(hub, file)[1]["Retry-After"] == "2"
    with pytest.raises(RemoteDisconnected):
        ask(hub, file)
    with pytest.raises(IncompleteRead):
        ask(hub, file)
    assert ask(hub, file)[2] == b"0123456789"
    assert [(request.status, request.sent) for request in hub.requests()] == [(429, 0), (0, 0), (200, 5), (200, 10)]


def test_a_commit_on_an_old_parent_or_of_an_absent_file_is_refused(hub):
    put(hub, a_parquet=b"a")
    lines = [{"key": "header", "value": {"summary": "s", "parentCommit": "0" * 40}}]
    body = "\n".join(map(json.dumps, lines)).encode()
    assert ask(hub, "/api/datasets/rehearsal/demo/commit/main", method="POST", body=body)[0] == 412
    lines = [{"key": "header", "value": {"summary": "s"}}, {"key": "lfsFile", "value": {"path": "x", "oid": "0" * 64}}]
    body = "\n".join(map(json.dumps, lines)).encode()
    assert ask(hub, "/api/datasets/rehearsal/demo/commit/main", method="POST", body=body)[0] == 400


def test_nothing_outside_the_folder_is_reached(hub, tmp_path):
    put(hub, a_parquet=b"a")
    (tmp_path / "hub" / "secret").write_bytes(b"secret")
    for path in (
        "/datasets/rehearsal/demo/resolve/main/..%2F..%2Fsecret",
        "/api/datasets/../..",
        "/datasets/../../resolve/main/secret",
    ):
        assert ask(hub, path)[0] in {401, 404}


def test_a_wrong_digest_is_refused(hub):
    assert ask(hub, f"/lfs/{'0' * 64}", method="PUT", body=b"x")[0] == 400
    assert not hub.repos.blob("0" * 64).exists()


def test_the_log_never_holds_the_token(hub):
    put(hub, a_parquet=b"a")
    ask(hub, "/api/whoami-v2")
    assert hub.requests()[0].user == "rehearsal"
    assert TOKEN not in repr(hub.requests())
