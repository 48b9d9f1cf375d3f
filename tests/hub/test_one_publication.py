"""A folder holds exactly one publication: old files go, files of others are refused, hand-written prose stays."""

from __future__ import annotations

import json

import pyarrow.parquet as pq
import pytest

import pico_banana as pb
from pico_banana.cli import main
from pico_banana.errors import ConfigError
from pico_banana.sharing.hub import repository as module
from pico_banana.sharing.hub.manifest import MANIFEST, read_manifest, visible_files
from pico_banana.sharing.hub.planning import make_plan
from pico_banana.sharing.hub.remote import Remote
from pico_banana.sharing.hub.sidecars import build_sidecars
from pico_banana.sharing.hub.viewer import check_folder
from pico_banana.sharing.hub.viewer_card import read_card
from pico_banana.sharing.parquet.layout import Form


def test_the_list_names_every_file_with_size_and_hash(publish, tmp_path):
    import hashlib

    publish(tmp_path)
    files = json.loads((tmp_path / MANIFEST).read_bytes())["files"]
    assert sorted([*files, MANIFEST]) == visible_files(tmp_path)
    for path, entry in files.items():
        content = (tmp_path / path).read_bytes()
        assert (entry["size"], entry["sha256"]) == (len(content), hashlib.sha256(content).hexdigest())


def test_splits_of_an_earlier_publication_go(publish, tmp_path):
    publish(tmp_path, "single_turn", splits=(60, 20, 20))
    assert list(tmp_path.glob("single_turn/test-*"))
    publish(tmp_path, "single_turn")
    shards = sorted(tmp_path.glob("single_turn/*.parquet"))
    assert {shard.name.split("-")[0] for shard in shards} == {"train"}
    assert sum(pq.read_metadata(shard).num_rows for shard in shards) == 70
    assert sorted([*read_manifest(tmp_path).files, MANIFEST]) == visible_files(tmp_path)
    assert check_folder(tmp_path).problems == ()


def test_dropped_subsets_go_with_their_rows_files(publish, tmp_path):
    publish(tmp_path)
    publish(tmp_path, "preference")
    assert {name.split("/")[0] for name in visible_files(tmp_path) if "/" in name} == {
        "preference",
        "jsonl",
        "examples",
        "index",
    }
    assert [path.name for path in (tmp_path / "jsonl").iterdir()] == ["preference.jsonl"]
    assert not [path for path in tmp_path.iterdir() if path.name in {"single_turn", "multi_turn", "instructions"}]
    index = pq.read_table(tmp_path / "index/pictures.parquet")["file"].to_pylist()
    assert {name.split("/")[0] for name in index} == {"preference"}


def test_rows_over_pictures_leave_no_index_of_pictures_that_are_gone(publish, tmp_path):
    publish(tmp_path, "single_turn")
    publish(tmp_path, "single_turn", form=Form.ROWS)
    assert not (tmp_path / "index").exists()
    assert sorted([*read_manifest(tmp_path).files, MANIFEST]) == visible_files(tmp_path)


def test_annotations_over_rows_leave_nothing_of_them(publish, tmp_path):
    scores = tmp_path / "scores.csv"
    scores.write_text("id,score\nsingle_turn/positive-edit/1,0.5\n")
    publish(tmp_path / "repo", "single_turn")
    build_sidecars([scores], tmp_path / "repo", licence="cc-by-4.0", title="Scores")
    assert not (tmp_path / "repo/single_turn").exists()
    assert "jsonl/sft.jsonl" not in visible_files(tmp_path / "repo")


@pytest.mark.parametrize("name", ["data/train.csv", "README.md", "single_turn/extra.parquet", "notes.txt", MANIFEST])
def test_files_of_others_are_refused_before_anything_is_written(publish, tmp_path, name):
    (tmp_path / name).parent.mkdir(exist_ok=True)
    (tmp_path / name).write_text("mine")
    with pytest.raises(ConfigError, match=f"no publication of this library wrote: {name}"):
        publish(tmp_path, "single_turn")
    assert [path for path in tmp_path.rglob("*") if path.is_file()] == [tmp_path / name]
    assert (tmp_path / name).read_text() == "mine"


def test_a_publication_that_stopped_at_any_step_goes_on(publish, tmp_path, monkeypatch):
    def stop(*_args, **_options):
        raise KeyboardInterrupt

    for step in ("write_rows_files", "write_pictures_index", "write_charts", "write_croissant"):
        with monkeypatch.context() as patch:
            patch.setattr(module, step, stop)
            with pytest.raises(KeyboardInterrupt):
                publish(tmp_path, "single_turn", "preference", splits=(60, 20, 20))
    publish(tmp_path, "single_turn")
    assert not list(tmp_path.glob("*/test-*"))
    assert sorted([*read_manifest(tmp_path).files, MANIFEST]) == visible_files(tmp_path)
    assert "5 rows" not in (tmp_path / "README.md").read_text()


def test_prose_written_by_hand_stays_and_the_yaml_is_ours(publish, tmp_path):
    publish(tmp_path, "single_turn")
    card = (tmp_path / "README.md").read_text()
    (tmp_path / "README.md").write_text(card.split("\n---\n")[0] + "\nmine: 1\n---\n\n# My words\n")
    for subset in ("preference", "single_turn", "preference"):
        publish(tmp_path, subset)
        assert read_card(tmp_path)["configs"][0]["config_name"] == subset
        assert "mine" not in read_card(tmp_path)
        assert (tmp_path / "README.md").read_text().split("\n---\n")[1].strip() == "# My words"


def test_the_check_reports_files_that_no_config_names(publish, tmp_path, capsys):
    publish(tmp_path, "single_turn")
    assert check_folder(tmp_path).problems == ()
    (tmp_path / "single_turn/test-00000-of-00001.parquet").write_bytes(
        next(tmp_path.glob("single_turn/train*")).read_bytes()
    )
    (tmp_path / "teaser.txt").write_text("look")
    found = {problem.where: problem.level for problem in check_folder(tmp_path).problems}
    assert found == {"single_turn/test-00000-of-00001.parquet": "error", "teaser.txt": "warning"}
    assert main(["publish", "--check", str(tmp_path)]) == 1
    assert "no config names this file" in capsys.readouterr().out


# --- the plan, without a Hub -----------------------------------------------------------------------------------------


@pytest.fixture
def published(publish, tmp_path):
    """Give a folder, and the Hub as it is after that folder was uploaded."""
    publish(tmp_path, "single_turn", "preference")
    manifest = read_manifest(tmp_path)
    digests = {path: entry.sha256 for path, entry in manifest.files.items()} | {MANIFEST: "old"}
    return Remote("1" * 40, digests, manifest, (tmp_path / "README.md").read_bytes())


def changes_of(folder, remote, *, replace_all=False):
    plan = make_plan(folder, "a/b", remote, replace_all=replace_all)
    return {change.path: change.kind for change in plan.changes}


def test_what_we_wrote_is_deleted_and_what_others_added_stays(published, publish, tmp_path):
    remote = Remote(published.head, {**published.files, "LICENSE": "x"}, published.manifest, published.card)
    publish(tmp_path, "single_turn")
    changes = changes_of(tmp_path, remote)
    gone = {path for path, kind in changes.items() if kind == "deleted"}
    assert gone == {path for path in published.files if path.startswith(("preference/", "jsonl/preference"))}
    assert make_plan(tmp_path, "a/b", remote, replace_all=False).others == ("LICENSE",)
    assert changes_of(tmp_path, remote, replace_all=True)["LICENSE"] == "deleted"


@pytest.mark.parametrize("path", ["jsonl/preference.jsonl", "preference/other.parquet", "index/mine.txt"])
def test_what_others_changed_or_put_among_ours_is_refused_by_name(published, publish, tmp_path, path):
    publish(tmp_path, "preference", select={"limit": 14}, permission=True)
    remote = Remote(published.head, {**published.files, path: "theirs"}, published.manifest, published.card)
    with pytest.raises(ConfigError, match=f"{path};.*--replace-all"):
        changes_of(tmp_path, remote)
    assert path in changes_of(tmp_path, remote, replace_all=True)


def test_a_card_edited_in_two_places_is_refused(published, publish, tmp_path):
    theirs = published.card + b"\ntheirs\n"
    remote = Remote(published.head, {**published.files, "README.md": "theirs"}, published.manifest, theirs)
    plan = make_plan(tmp_path, "a/b", remote, replace_all=False)
    assert plan.contents["README.md"].endswith(b"theirs\n")
    (tmp_path / "README.md").write_bytes(published.card + b"\nours\n")
    with pytest.raises(ConfigError, match="edited by hand in the folder and on the Hub"):
        changes_of(tmp_path, remote)
    assert b"theirs" not in make_plan(tmp_path, "a/b", remote, replace_all=True).contents["README.md"]


def test_a_folder_that_was_changed_since_is_not_uploaded(published, publish, tmp_path):
    (tmp_path / "jsonl/sft.jsonl").write_text("other")
    with pytest.raises(ConfigError, match=r"other contents of jsonl/sft\.jsonl"):
        changes_of(tmp_path, published)


def test_a_second_publication_of_the_same_is_a_mirror_of_the_same_rows(publish, synthetic, tmp_path):
    publish(tmp_path, "single_turn", splits=(60, 20, 20))
    publish(tmp_path, "single_turn")
    assert pb.load("single_turn", mirror=tmp_path).ids == pb.load("single_turn", mirror=synthetic).ids
