"""What an upload never does: lose what others put there, send a commit twice, give up at the first failure."""

from __future__ import annotations

import pytest

from pico_banana.rehearsal.hub import HubFault
from tests.hub.test_uploading import HASTY, PUBLISH, SMALL, head, uploads

pytestmark = pytest.mark.slow  # each command is a process that imports the Hub's client

THEIRS = {"README.md": b"# Theirs", "data/train.csv": b"a,b", "LICENSE": b"mine", "teaser.png": b"\x89PNG"}
MEANWHILE = """
import pico_banana.sharing.hub.upload as upload
from huggingface_hub import CommitOperationAdd, HfApi
planned = upload.plan_upload
def plan_upload(*args, **options):
    plan = planned(*args, **options)
    MEANWHILE
    return plan
upload.plan_upload = plan_upload
"""


@pytest.fixture
def publish_to_hub(client, synthetic):
    def run(*args, before=""):
        words = [*args, "--mirror", str(synthetic), "--repo", "rehearsal/demo"]
        return client(f"{SMALL}\n{HASTY}\n{before}\nARGS = {words!r}\n{PUBLISH}")

    return run


def put(hub, **files):
    operations = [
        {"key": "lfsFile", "value": {"path": path, "oid": hub.repos.put(content)}} for path, content in files.items()
    ]
    return hub.repos.commit("rehearsal/demo", operations, title="theirs")


def commits(hub):
    return [commit.title for commit in hub.repos.find("rehearsal/demo").commits][::-1]


def posts(hub, path):
    return [request.status for request in hub.requests() if request.method == "POST" and path in request.path]


def content(hub, path):
    return hub.repos.blob(head(hub)[path].sha256).read_bytes()


def test_a_repository_of_somebody_else_is_left_alone_unless_all_is_to_be_replaced(hub, publish_to_hub, tmp_path):
    hub.repos.create("rehearsal/demo", private=False)
    put(hub, **THEIRS)
    folder = str(tmp_path / "repo")
    refused = publish_to_hub("preference", "--to", folder)
    assert refused["code"] == 2
    assert all(path in refused["err"] for path in (*THEIRS, "--replace-all"))
    dry = publish_to_hub("preference", "--to", folder, "--replace-all", "--dry-run")
    assert sorted(dry["out"]["upload"]["foreign"]) == sorted(THEIRS)
    assert all(path in dry["err"] for path in THEIRS)
    assert {path: content(hub, path) for path in head(hub)} == THEIRS
    assert publish_to_hub("preference", "--to", folder, "--replace-all")["code"] == 0
    assert set(THEIRS) & set(head(hub)) == {"README.md"}
    assert b"Theirs" not in content(hub, "README.md")


def test_our_files_go_theirs_stay_and_their_prose_too(hub, publish_to_hub, tmp_path):
    assert publish_to_hub("preference", "instructions", "--splits", "60/20/20")["code"] == 0
    edited = content(hub, "README.md").split(b"\n---\n")[0] + b"\nmine: 1\n---\n\n# Their words\n"
    put(hub, LICENSE=b"theirs", **{"README.md": edited})
    told = publish_to_hub("preference")
    assert (told["code"], told["out"]["upload"]["others"]) == (0, ["LICENSE"])
    assert content(hub, "LICENSE") == b"theirs"
    card = content(hub, "README.md")
    assert card.endswith(b"\n---\n\n# Their words\n")
    assert b"mine" not in card
    assert b"test" not in card.split(b"\n---\n")[0]
    assert not [path for path in head(hub) if path.startswith("instructions/") or "/test-" in path]
    hub.forget()
    again = publish_to_hub("preference")
    assert (again["out"]["upload"]["changes"], uploads(hub)) == ([], [])


def test_an_upload_stopped_between_two_commits_goes_on_with_another_selection(hub, publish_to_hub, tmp_path):
    few = "import pico_banana.sharing.hub.planning as planning; planning.FILES_A_COMMIT = 4\n"
    first = few + "import pico_banana.cli.publish as p\ndef stop(*_): raise KeyboardInterrupt\np._tell_commit = stop\n"
    stopped = publish_to_hub("single_turn", "preference", before=first)
    assert stopped["code"] != 0
    assert len(commits(hub)) == 2
    assert "publication.json" in head(hub)
    told = publish_to_hub("instructions", before=few)
    assert told["code"] == 0, told["err"]
    kinds = {change["path"]: change["kind"] for change in told["out"]["upload"]["changes"]}
    assert "deleted" in kinds.values()
    assert {path.split("/")[0] for path in head(hub) if "/" in path} == {"instructions", "jsonl", "index"}


def test_what_somebody_commits_between_plan_and_upload_is_kept(hub, publish_to_hub):
    publish_to_hub("preference")
    add = 'HfApi().create_commit("rehearsal/demo", [CommitOperationAdd("notes.txt", b"n")], repo_type="dataset", '
    told = publish_to_hub("single_turn", before=MEANWHILE.replace("MEANWHILE", add + 'commit_message="theirs")'))
    assert told["code"] == 0, told["err"]
    assert content(hub, "notes.txt") == b"n"
    assert {path.split("/")[0] for path in head(hub) if path.endswith("-of-00001.parquet")} <= {"single_turn"}
    assert 412 in posts(hub, "/commit/")


def test_a_subset_published_by_somebody_between_plan_and_upload_is_not_lost(hub, publish_to_hub, synthetic):
    theirs = f"""if not OTHER:
        OTHER.append(1)
        import io, contextlib
        from pico_banana.cli import main
        with contextlib.redirect_stdout(io.StringIO()):
            main(["publish", "preference", "--mirror", {str(synthetic)!r}, "--repo", "rehearsal/demo"])"""
    told = publish_to_hub("single_turn", before="OTHER = []" + MEANWHILE.replace("MEANWHILE", theirs))
    assert told["code"] == 2
    assert "somebody else published to rehearsal/demo meanwhile" in told["err"]
    assert [path for path in head(hub) if path.startswith("preference/")]
    assert not [path for path in head(hub) if path.startswith("single_turn/")]


def test_somebody_who_commits_all_the_time_is_not_raced_for_ever(hub, publish_to_hub):
    hub.repos.create("rehearsal/demo", private=False)
    hub.fail(HubFault(r"/commit/main", method="POST", status=412, times=100))
    told = publish_to_hub("preference")
    assert (told["code"], "others commit to rehearsal/demo all the time" in told["err"]) == (1, True)
    assert posts(hub, "/commit/") == [412] * 6


@pytest.mark.parametrize(
    "fault",
    [
        HubFault("", status=429, retry_after=0.05, times=7),
        HubFault("", status=500, times=2),
        HubFault("", status=503, retry_after=0.05),
        HubFault("", status=0, times=2),
        HubFault("", status=200),  # it was done, and the answer was cut
    ],
    ids=["429", "500", "503", "no answer", "answer cut"],
)
def test_failures_while_creating_and_committing_are_waited_for(hub, publish_to_hub, fault):
    from dataclasses import replace

    hub.fail(replace(fault, path=r"/repos/create", method="POST"))
    hub.fail(replace(fault, path=r"/commit/main", method="POST"))
    told = publish_to_hub("preference")
    assert told["code"] == 0, told["err"]
    assert commits(hub) == ["initial commit", "Publish with pico-banana"]
    assert "preference/train-00000-of-00002.parquet" in head(hub)
    assert len(posts(hub, "/commit/")) == (1 if fault.status == 200 else fault.times + 1)
