"""Uploading to the rehearsal Hub, and loading back what was uploaded, with the real clients of this environment."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import huggingface_hub
import pytest

from pico_banana.rehearsal.hub import TOKEN, HubFault, RehearsalHub
from pico_banana.rehearsal.making.make import make_mirror

pytestmark = pytest.mark.slow  # each command is a process that imports the Hub's client

PUBLISH = """
import sys, io, contextlib
from pico_banana.cli import main
out, err = io.StringIO(), io.StringIO()
with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
    code = main(["publish", *ARGS, "--json"])
print(json.dumps({"code": code, "out": json.loads(out.getvalue() or "null"), "err": err.getvalue()}))
"""
SMALL = """
import pico_banana.sharing.hub.repository as repository
from pico_banana.sharing.parquet.writing import Limits
repository.limits_of = lambda subset, form: Limits(group_bytes=20_000, group_rows=7, shard_bytes=60_000)
"""
HASTY = """
import pico_banana.sharing.hub.upload as upload
from pico_banana.mirrors.fetch.retry import RetryPolicy
upload._POLICY = RetryPolicy(attempts=6, first_wait_s=0.01)
"""


@pytest.fixture
def publish_to_hub(client, synthetic):
    def run(*args, before=""):
        words = [*args, "--mirror", str(synthetic), "--repo", "rehearsal/demo"]
        return client(f"{SMALL}\n{before}\nARGS = {words!r}\n{PUBLISH}")

    return run


def head(hub):
    repo = hub.repos.find("rehearsal/demo")
    return hub.repos.tree(repo, repo.commits[0])


def uploads(hub):
    return [request for request in hub.requests() if request.method == "PUT" and request.path.startswith("/lfs/")]


def test_a_first_upload_is_private_whole_and_one_step_after_an_idle_dry_run(hub, publish_to_hub, tmp_path):
    folder = tmp_path / "repo"
    dry = publish_to_hub("--to", str(folder), "--dry-run")
    assert dry["out"]["upload"]["size"] > 0
    assert hub.repos.find("rehearsal/demo") is None
    assert {request.method for request in hub.requests()} <= {"GET", "HEAD"}
    told = publish_to_hub("--to", str(folder), "--token", TOKEN)
    assert told["code"] == 0, told["err"]
    assert told["out"]["upload"]["changes"] == dry["out"]["upload"]["changes"]
    repo = hub.repos.find("rehearsal/demo")
    assert repo.private
    assert [commit.title for commit in repo.commits] == ["Publish with pico-banana", "initial commit"]
    local = {change["path"]: change["size"] for change in told["out"]["upload"]["changes"]}
    assert {path: entry.size for path, entry in head(hub).items()} == local
    for path, entry in head(hub).items():
        assert hub.repos.blob(entry.sha256).read_bytes() == (folder / path).read_bytes()
    assert not [path for path in local if "/." in f"/{path}"]
    # The token reached the Hub's client, and nothing else.
    assert {request.user for request in hub.requests() if "/lfs/" not in request.path} == {"rehearsal"}
    assert TOKEN not in json.dumps(told)
    assert not [path for path in folder.rglob("*") if path.is_file() and TOKEN.encode() in path.read_bytes()]


def test_publishing_again_uploads_only_what_changed(hub, publish_to_hub, tmp_path):
    folder = str(tmp_path / "repo")
    first = publish_to_hub("single_turn", "--limit", "40", "--i-have-permission", "--to", folder)
    hub.forget()
    same = publish_to_hub("single_turn", "--limit", "40", "--i-have-permission", "--to", folder)
    assert (same["code"], same["out"]["upload"]["changes"], uploads(hub)) == (0, [], [])
    assert same["out"]["upload"]["unchanged"] == len(first["out"]["upload"]["changes"])
    publish_to_hub("single_turn", "--to", folder)
    shards = [entry.size for path, entry in head(hub).items() if path.endswith(".parquet")]
    sent = sum(request.received for request in uploads(hub) if request.received in shards)  # not the card's charts
    assert 0 < sent < 0.7 * sum(shards)
    names = [path for path in head(hub) if path.startswith("single_turn/")]
    assert {name.rsplit("-of-")[1] for name in names} == {f"{len(names):05d}.parquet"}


def test_a_folder_published_before_is_uploaded_as_it_is(hub, client, synthetic, tmp_path):
    folder = str(tmp_path / "repo")
    make = ["single_turn", "--mirror", str(synthetic), "--to", folder]
    assert client(f"{SMALL}\nARGS = {make!r}\n{PUBLISH}")["code"] == 0
    send = ["--to", folder, "--repo", "rehearsal/demo"]  # no mirror: the release is not meant
    told = client(f"{SMALL}\nARGS = {send!r}\n{PUBLISH}")
    assert (told["code"], told["out"]["folder"]) == (0, folder)
    written = {path.relative_to(folder) for path in Path(folder).rglob("*") if path.is_file()}
    published = {path.as_posix() for path in written if not any(part.startswith(".") for part in path.parts)}
    assert {"README.md", "jsonl/sft.jsonl"} <= published <= set(head(hub))


def test_an_upload_that_the_hub_failed_for_good_goes_on(hub, publish_to_hub, tmp_path):
    hub.fail(HubFault(r"/commit/main", method="POST", status=500, times=9))
    told = publish_to_hub("preference", "--to", str(tmp_path / "repo"), before=HASTY)
    assert told["code"] == 1
    assert "run the same command again" in told["err"]
    hub.forgive()
    hub.forget()
    again = publish_to_hub("preference", "--to", str(tmp_path / "repo"))
    assert (again["code"], uploads(hub)) == (0, [])
    assert "preference/train-00000-of-00002.parquet" in head(hub)


def test_many_files_go_in_pieces_the_card_last_behind_a_gate(hub, publish_to_hub, tmp_path):
    few = "import pico_banana.sharing.hub.planning as planning; planning.FILES_A_COMMIT = 4"
    told = publish_to_hub("--to", str(tmp_path / "repo"), "--gated", "manual", "--public", before=few)
    repo = hub.repos.find("rehearsal/demo")
    assert (repo.gated, repo.private) == ("manual", False)
    assert len(repo.commits) - 1 == told["out"]["upload"]["commits"] > 2
    having = [commit.title for commit in repo.commits if "README.md" in hub.repos.tree(repo, commit)]
    assert having == [f"Publish with pico-banana, part {len(repo.commits) - 1} of {len(repo.commits) - 1}"]


def test_refusals_say_what_to_do(tmp_path, client, hub, synthetic):
    script = SMALL + f"ARGS = ['instructions', '--mirror', {str(synthetic)!r}, '--repo', 'somebody/demo']" + PUBLISH
    unknown = client(script, HF_TOKEN="hf_unknown")
    assert (unknown["code"], "hf auth login" in unknown["err"]) == (1, True)
    hub.repos.create("somebody/demo", private=False)
    foreign = client(script)
    assert (foreign["code"], "may not write to somebody/demo" in foreign["err"]) == (1, True)
    absent = client(script, HF_HUB_OFFLINE="1")
    assert (absent["code"], "could not be reached" in absent["err"]) == (1, True)


LOAD_BACK = """
import pico_banana as pb
from datasets import Image, load_dataset

def plain(value):
    if isinstance(value, dict) and set(value) == {"bytes", "path"}:
        return value["bytes"]
    if isinstance(value, dict):
        return {name: plain(item) for name, item in value.items()}
    return [plain(item) for item in value] if isinstance(value, list) else value

def undecoded(dataset, subset):
    for name in {"instructions": (), "multi_turn": ("source_image",), "single_turn": ("source_image", "edited_image"),
                 "preference": ("source_image", "edited_image")}[subset]:
        dataset = dataset.cast_column(name, Image(decode=False))
    return dataset

def original(record):
    source = {} if isinstance(record, pb.InstructionPair) else {"source_image": record.source.bytes()}
    if isinstance(record, pb.MultiTurn):
        return {"id": record.id, **source}
    row = {"id": record.id, **source, "instruction": record.instruction, "short_instruction": record.short_instruction}
    if isinstance(record, pb.SingleTurn):
        row["edited_image"] = record.edited.bytes()
    if isinstance(record, pb.Preference):
        row["edited_image"] = record.chosen.bytes()
    return row

def same(rows, records):
    rows, records = list(rows), list(records)
    found = [{name: plain(row[name]) for name in original(record)} for row, record in zip(rows, records)]
    return len(rows) == len(records) and found == [original(record) for record in records]

result = {}
for subset in ("single_turn", "multi_turn", "preference", "instructions"):
    records = pb.load(subset, mirror=MIRROR)
    whole = load_dataset("rehearsal/demo", subset, split="train")
    streamed = load_dataset("rehearsal/demo", subset, split="train", streaming=True)
    result[subset] = [same(undecoded(whole, subset), records), same(undecoded(streamed, subset), records)]
    if subset == "multi_turn":
        first, record = whole[0], records[0]
        result["turns"] = [turn["instruction"] for turn in first["turns"]] == list(record.instructions)
        pictures = [(turn["image"], wanted.image) for turn, wanted in zip(first["turns"], record.turns)]
        result["pictures"] = all(found.tobytes() == ref.image().tobytes() for found, ref in pictures if ref)
default = load_dataset("rehearsal/demo", split="train")
result["default"] = default.column_names
result["label"] = default.features["edit_type"].int2str(default[5]["edit_type"])
result["picture"] = default[5]["edited_image"].size
print(json.dumps(result))
"""


def test_stock_datasets_loads_it_back_row_by_row_and_byte_by_byte(hub, publish_to_hub, client, synthetic, tmp_path):
    import pico_banana as pb

    publish_to_hub("--to", str(tmp_path / "repo"))
    told = client(f"MIRROR = {str(synthetic)!r}\n" + LOAD_BACK)
    subsets = {name: told[name] for name in ("single_turn", "multi_turn", "preference", "instructions")}
    assert subsets == {name: [True, True] for name in subsets}
    record = pb.load("single_turn", mirror=synthetic)[5]
    assert (told["turns"], told["pictures"]) == (True, True)
    assert told["label"] == str(record.edit_type)
    assert tuple(told["picture"]) == record.edited.image().size
    assert "edited_image" in told["default"]


def test_a_filter_reads_only_the_row_groups_that_can_match(hub, client, put_folder, synthetic, tmp_path):
    import random

    import pico_banana as pb
    from pico_banana.sharing.hub.licence import Origin, Terms
    from pico_banana.sharing.hub.repository import Publication, build_repository
    from pico_banana.sharing.parquet.writing import Limits

    rows = pb.load("single_turn", mirror=synthetic).sort("edit_type")  # 70 rows of 2 x 400 kB in groups of 8 MB
    terms = Terms(Origin.RELEASE, ("cc-by-nc-nd-4.0",), ())
    big = {rows.subset: Limits(group_bytes=8_000_000)}
    folder = tmp_path / "repo"
    noise = random.Random(7).randbytes(400_000)
    build_repository(Publication((rows,), terms), folder, read=lambda ref: ref.bytes() + noise, limits=big)
    put_folder(folder)
    script = """
from datasets import load_dataset, load_dataset_builder
label = load_dataset_builder("rehearsal/demo", "single_turn").info.features["edit_type"].str2int("outpainting")
rows = load_dataset("rehearsal/demo", "single_turn", split="train", streaming=True, columns=COLUMNS,
                    filters=[("edit_type", "==", label)])
print(json.dumps(sorted(row["id"] for row in rows.remove_columns(PICTURES))))
"""
    texts = 'COLUMNS, PICTURES = ["id", "edit_type", "instruction"], []'
    hub.forget()
    found = client(texts + script)
    read_texts = hub.sent_bytes(r"\.parquet$")
    hub.forget()
    with_pictures = 'COLUMNS, PICTURES = None, ["source_image", "edited_image"]'
    assert client(with_pictures + script) == found
    read_matching = hub.sent_bytes(r"\.parquet$")
    whole = sum(entry.size for path, entry in head(hub).items() if path.endswith(".parquet"))
    assert found == sorted(row.id for row in rows if str(row.edit_type) == "outpainting")
    assert read_texts < read_matching < 0.5 * whole


def test_a_changed_folder_is_never_served_from_a_stale_cache(client, publish, tmp_path):
    folder = tmp_path / "repo"
    script = f"from datasets import load_dataset\nprint(json.dumps(len(load_dataset({str(folder)!r}, split='train'))))"
    publish(folder, "single_turn")
    assert client(script) == 70
    publish(folder, "single_turn", select={"limit": 60}, permission=True)
    assert client(script) == 60


def test_a_folder_with_splits_loads_each_and_has_none_that_is_empty(client, publish, tmp_path):
    publish(tmp_path / "repo", "preference", splits=(90, 5, 5))
    script = f"from datasets import load_dataset\nd = load_dataset({str(tmp_path / 'repo')!r}, 'preference')"
    told = client(script + "\nprint(json.dumps({name: len(part) for name, part in d.items()}))")
    assert "train" in told
    assert sum(told.values()) == 15
    assert all(told.values())


def test_two_users_share_one_rehearsal_hub(tmp_path):
    with RehearsalHub(tmp_path, users={"a": "one", "b": "two"}) as hub:
        assert [hub.user_of(f"Bearer {token}") for token in ("a", "b", "c")] == ["one", "two", None]


def test_the_default_transport_uploads_and_sends_little_of_a_small_change(hub, tmp_path):
    pytest.importorskip("hf_xet")
    if int(huggingface_hub.__version__.split(".")[0]) < 2:
        pytest.skip("clients before 2 ask for other routes of Xet")
    mirror = make_mirror(tmp_path / "mirror", rows=40, pictures=True, size=(256, 192)).folder
    environment = {**os.environ, **hub.environment(tmp_path / "hf", xet=True)}
    command = [sys.executable, "-m", "pico_banana.cli", "publish", "single_turn", "--mirror", str(mirror), "--own"]
    command += ["--licence", "mit", "--to", str(tmp_path / "repo"), "--repo", "rehearsal/demo"]
    sent, rows = [], mirror / "jsonl" / "sft.jsonl"
    for changed in (False, True):
        if changed:
            rows.write_bytes(rows.read_bytes().replace(b'"text": "', b'"text": "Please: ', 1))
        hub.forget()
        subprocess.run(command, env=environment, check=True, capture_output=True, timeout=100)
        sent.append(sum(request.received for request in hub.requests() if "/xet/v1/xorbs/" in request.path))
        assert not uploads(hub)  # nothing went by LFS
        tree = head(hub)
        for path in tree:
            if path != ".gitattributes":
                assert hub.repos.blob(tree[path].sha256).read_bytes() == (tmp_path / "repo" / path).read_bytes(), path
    assert 0 < sent[1] < sent[0] / 3, sent
