"""A repository's folder: what is in it, what its card says, what the licence lets through."""

from __future__ import annotations

import json
import re

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import yaml
from PIL import Image

import pico_banana as pb
from pico_banana.cli import main
from pico_banana.errors import ConfigError, LicenceError, UnknownNameError
from pico_banana.mirrors.catalog import resolve_mirror
from pico_banana.mirrors.store import sha256_of
from pico_banana.records.charts.style import has_matplotlib
from pico_banana.sharing.hub.licence import OWN_MARK, Origin, agreed_terms, changes_of, origin_of
from pico_banana.sharing.hub.licence_ids import LICENCE_IDS
from pico_banana.sharing.hub.viewer import check_folder
from pico_banana.sharing.hub.viewer_card import read_card
from pico_banana.sharing.parquet.layout import Form


def visible(folder):
    return sorted(
        path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file() and "/." not in str(path)
    )


def test_a_whole_publication_is_a_mirror_with_card_index_and_croissant(publish, synthetic, tmp_path):
    folder = tmp_path / "repo"
    repository = publish(folder)
    names = visible(folder)
    shards = {shard.file for config in repository.configs for split in config.splits for shard in split.shards}
    charts = {"distribution.png", "lengths.png"} if has_matplotlib() else {"distribution.png"}
    rest = {"README.md", "croissant.json", *charts, "index/pictures.parquet", "publication.json"}
    rows = {"jsonl/sft.jsonl", "jsonl/preference.jsonl", "jsonl/multi-turn.jsonl"}
    examples = {f"examples/{number}-{role}" for number in (1, 2, 3) for role in ("source.jpg", "edited.png")}
    assert set(names) == shards | rest | rows | examples
    for name in rows:
        assert (folder / name).read_bytes() == (synthetic / name).read_bytes()
    for name in charts:
        assert f"]({name})" in (folder / "README.md").read_text()
        with Image.open(folder / name) as picture:
            assert picture.width == (1216 if has_matplotlib() else 920)


def test_the_card_says_what_the_files_hold(publish, tmp_path):
    repository = publish(tmp_path)
    card = read_card(tmp_path)
    assert card["license"] == ["cc-by-nc-nd-4.0", "cc-by-2.0"]
    assert card["task_categories"][0] == "image-text-to-image"
    assert card["size_categories"] == ["n<1K"]
    assert [config["config_name"] for config in card["configs"]] == [
        "single_turn",
        "multi_turn",
        "preference",
        "instructions",
    ]
    assert [config.get("default") for config in card["configs"]] == [True, None, None, None]
    for config, described, info in zip(repository.configs, card["configs"], card["dataset_info"], strict=True):
        assert described["version"] == "1.0.0"
        assert config.fingerprint in described["description"]
        files = [file for entry in described["data_files"] for file in tmp_path.glob(entry["path"])]
        assert sum(file.stat().st_size for file in files) == info["download_size"] == config.size
        assert sum(pq.read_metadata(file).num_rows for file in files) == info["splits"][0]["num_examples"]
        assert info["dataset_size"] == info["splits"][0]["num_bytes"] > 0


def test_datasets_reads_the_card_as_it_is_meant(publish, tmp_path):
    from datasets.info import DatasetInfosDict
    from datasets.utils.metadata import MetadataConfigs
    from huggingface_hub import DatasetCard

    repository = publish(tmp_path)
    data = DatasetCard.load(tmp_path / "README.md").data
    configs = MetadataConfigs.from_dataset_card_data(data)
    assert configs.get_default_config_name() == "single_turn"
    infos = DatasetInfosDict.from_dataset_card_data(data)
    for config in repository.configs:
        stored = pq.read_schema(tmp_path / config.splits[0].shards[0].file)
        assert infos[config.name].features.arrow_schema.remove_metadata() == stored.remove_metadata()


def test_the_fingerprint_follows_the_data_and_nothing_else(publish, tmp_path):
    first, again = publish(tmp_path / "a", "preference"), publish(tmp_path / "b", "preference", title="Other")
    part = publish(tmp_path / "c", "preference", select={"limit": 14}, permission=True)
    assert first.configs[0].fingerprint == again.configs[0].fingerprint != part.configs[0].fingerprint


def test_splits_part_the_photos_in_every_config(publish, tmp_path):
    repository = publish(tmp_path, "single_turn", "multi_turn", splits=(70, 15, 15))
    photos = {"train": set(), "validation": set(), "test": set()}
    for config in repository.configs:
        assert config.rows == {"single_turn": 70, "multi_turn": 20}[config.name]
        for split in config.splits:
            for shard in split.shards:
                photos[split.split] |= set(
                    pq.read_table(tmp_path / shard.file, columns=["source_url"])["source_url"].to_pylist()
                )
    assert all(photos.values())
    assert not photos["train"] & photos["test"]
    assert not photos["train"] & photos["validation"]


def test_publishing_again_reads_no_picture(publish, synthetic, tmp_path, monkeypatch):
    first = publish(tmp_path)
    monkeypatch.setattr(pb.ImageRef, "bytes", None)
    again = publish(tmp_path)
    assert [config.fingerprint for config in again.configs] == [config.fingerprint for config in first.configs]
    assert all(split.reused == len(split.shards) for config in again.configs for split in config.splits)


def test_a_part_keeps_the_published_lines_of_its_rows(publish, synthetic, tmp_path):
    publish(tmp_path, "single_turn", "instructions", select={"categories": ["Human-Centric"]}, permission=True)
    lines = (tmp_path / "jsonl/sft.jsonl").read_bytes().splitlines()
    whole = (synthetic / "jsonl/sft.jsonl").read_bytes().splitlines()
    assert 0 < len(lines) < len(whole)
    assert [line for line in whole if line in lines] == lines
    assert "with permission" in (tmp_path / "README.md").read_text()


def test_rows_only_holds_no_picture(publish, tmp_path):
    publish(tmp_path, "preference", form=Form.ROWS)
    assert not (tmp_path / "index").exists()
    [file] = (tmp_path / "preference").glob("*.parquet")
    row = pq.read_table(file).to_pylist()[0]
    assert row["edited_image"].startswith("picobanana://edited/positive-edit/")  # the release's address, for everybody
    assert row["source_image"] == row["source_url"].replace("https://", "picobanana://source/")
    assert len(row["edited_urls"]) == 1 + len(row["rejected_images"])
    assert row["edited_urls"][0].endswith("/images/" + row["edited_image"].removeprefix("picobanana://edited/"))


@pytest.mark.parametrize("gated", [True, False])
def test_gated_fields_are_offered(publish, tmp_path, gated):
    publish(tmp_path, "instructions", gated=gated)
    assert ("extra_gated_fields" in read_card(tmp_path)) is gated


def test_a_card_is_yaml_and_text_without_a_hole(publish, tmp_path):
    publish(tmp_path)
    text = (tmp_path / "README.md").read_text("utf-8")
    header, body = text.removeprefix("---\n").split("\n---\n", 1)
    assert isinstance(yaml.safe_load(header), dict)
    assert "$" not in body
    assert "\n\n\n" not in body
    assert "CC BY-NC-ND 4.0" in body
    assert "CC BY 2.0" in body


# --- licence ---------------------------------------------------------------------------------------------------------


def test_the_release_goes_out_whole_or_not_at_all(synthetic):
    whole = [pb.load("single_turn", mirror=synthetic)]
    part = [pb.load("single_turn", mirror=synthetic, limit=5)]
    assert agreed_terms(Origin.RELEASE, changes_of(whole)).licences == ("cc-by-nc-nd-4.0", "cc-by-2.0")
    with pytest.raises(LicenceError, match=r"single_turn: 5 of 70 rows.*CC BY-NC-ND 4\.0.*--i-have-permission"):
        agreed_terms(Origin.RELEASE, changes_of(part))
    assert agreed_terms(Origin.RELEASE, changes_of(part), permission=True).changes == ("single_turn: 5 of 70 rows",)


def test_a_row_told_twice_does_not_hide_one_left_out(synthetic):
    whole = pb.load("single_turn", mirror=synthetic)
    with pytest.raises(LicenceError):
        agreed_terms(Origin.RELEASE, changes_of([whole[[0] * 70]]))
    assert changes_of([whole.shuffle(3)]) == ()


def test_a_line_that_is_no_row_does_not_stop_a_verbatim_publication(synthetic, tmp_path, capsys):
    import shutil

    mirror = shutil.copytree(synthetic, tmp_path / "mirror")
    rows = mirror / "jsonl/sft.jsonl"
    rows.write_bytes(b"no row\n" + rows.read_bytes())
    command = ["publish", "instructions", "--mirror", str(mirror), "--to", str(tmp_path / "repo")]
    assert main(command) == 2
    assert main([*command, "--skip-bad-rows"]) == 0
    assert (tmp_path / "repo/jsonl/sft.jsonl").read_bytes() == rows.read_bytes()


@pytest.mark.parametrize("licence", ["apache-2.0", "cc-by-2.5", "cc-by-nc-nd-3.0", "openrail++", "other"])
def test_licences_of_the_hub_are_taken_as_they_are(licence):
    assert agreed_terms(Origin.OWN, (), licence=licence).licences == (licence,)
    assert not [name for name in LICENCE_IDS if name.startswith("-") or name.endswith("-")]


def test_the_release_takes_no_other_licence_and_own_data_need_one():
    with pytest.raises(ConfigError, match="no other licence"):
        agreed_terms(Origin.RELEASE, (), licence="mit")
    with pytest.raises(ConfigError, match="--licence ID"):
        agreed_terms(Origin.OWN, ())
    with pytest.raises(UnknownNameError, match=r"Did you mean 'apache-2\.0'"):
        agreed_terms(Origin.OWN, (), licence="Apache 2.0")
    assert agreed_terms(Origin.OWN, ("single_turn: 1 of 2 rows",), licence="cc-by-4.0").changes == ()


def test_only_the_sample_and_regenerated_mirrors_are_own(synthetic, tmp_path):
    assert origin_of(resolve_mirror("sample")) is Origin.OWN
    assert origin_of(resolve_mirror("release")) is Origin.RELEASE
    assert origin_of(resolve_mirror(synthetic)) is Origin.RELEASE
    assert origin_of(resolve_mirror(synthetic), declared_own=True) is Origin.OWN
    with pytest.raises(ConfigError, match="the release itself"):
        origin_of(resolve_mirror("release"), declared_own=True)
    made = tmp_path / OWN_MARK
    made.parent.mkdir(parents=True)
    made.touch()
    assert origin_of(resolve_mirror(tmp_path)) is Origin.OWN


# --- the command -----------------------------------------------------------------------------------------------------


def test_the_command_writes_checks_and_tells(synthetic, tmp_path, capsys):
    target = str(tmp_path / "repo")
    assert main(["publish", "single_turn", "instructions", "--mirror", str(synthetic), "--to", target, "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert {name: facts["splits"] for name, facts in told["configs"].items()} == {
        "single_turn": {"train": 70},
        "instructions": {"train": 70},
    }
    assert told["missing"] == []
    assert main(["publish", "--check", target]) == 0
    assert "0 errors" in capsys.readouterr().out


def test_the_command_refuses_a_part_and_says_what_is_allowed(synthetic, tmp_path, capsys):
    command = ["publish", "single_turn", "--mirror", str(synthetic), "--to", str(tmp_path / "repo"), "--limit", "3"]
    assert main(command) == 2
    assert "--i-have-permission" in capsys.readouterr().err
    assert not (tmp_path / "repo").exists()
    assert main([*command, "--i-have-permission"]) == 0
    assert main([*command, "--own", "--licence", "cc-by-4.0"]) == 0
    assert read_card(tmp_path / "repo")["license"] == "cc-by-4.0"


def test_the_command_says_when_it_is_not_told_where(capsys):
    assert main(["publish", "--mirror", "sample"]) == 2
    assert "--to DIR" in capsys.readouterr().err


def test_pictures_that_failed_stop_the_upload(synthetic, tmp_path, capsys, monkeypatch):
    from pico_banana.errors import ThrottledError

    def busy(ref):
        raise ThrottledError("later")

    monkeypatch.setattr(pb.ImageRef, "bytes", busy)
    command = ["publish", "single_turn", "--mirror", str(synthetic), "--to", str(tmp_path), "--repo", "a/b", "--json"]
    assert main(command) == 1
    captured = capsys.readouterr()
    assert "140 pictures could not be had" in captured.err
    assert len(json.loads(captured.out)["missing"]) == 140


# --- annotations alone -----------------------------------------------------------------------------------------------


def test_annotations_are_published_alone_and_load_by_name(tmp_path, capsys):
    scores = tmp_path / "scores.csv"
    scores.write_text("id,score\nsingle_turn/positive-edit/1,0.5\nsingle_turn/positive-edit/2,0.25\n")
    masks = tmp_path / "masks.jsonl"
    masks.write_text('{"id": "single_turn/positive-edit/1", "mask": "…"}\n')
    command = ["publish", "--sidecar", str(scores), "--sidecar", str(masks), "--to", str(tmp_path / "repo")]
    assert main(command) == 2
    assert "--licence ID" in capsys.readouterr().err
    assert main([*command, "--licence", "cc-by-4.0", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["configs"] == {"scores": 2, "masks": 1}
    assert main(["publish", "--check", str(tmp_path / "repo")]) == 0
    card = read_card(tmp_path / "repo")
    assert (card["license"], [config["config_name"] for config in card["configs"]]) == (
        "cc-by-4.0",
        ["scores", "masks"],
    )


def test_a_repository_of_annotations_says_what_is_in_it(tmp_path):
    from datasets import load_dataset

    folder = tmp_path / "repo"
    table = {
        "id": ["single_turn/positive-edit/1", "single_turn/positive-edit/2"],
        "score": [0.5, 0.25],
        "good": [True, None],
        "boxes": [[{"x": 1, "why": "a"}], []],
        "kind": pa.array(["a", "b"]).dictionary_encode(),
    }
    pq.write_table(pa.table(table), tmp_path / "scores.parquet")
    command = ["publish", "--sidecar", str(tmp_path / "scores.parquet"), "--to", str(folder), "--title", "My scores"]
    assert main([*command, "--licence", "cc-by-4.0"]) == 0
    assert check_folder(folder).problems == ()
    card = read_card(folder)
    assert (card["language"], card["size_categories"]) == (["en"], ["n<1K"])
    (info,) = card["dataset_info"]
    (file,) = folder.glob("scores/*.parquet")
    assert info["splits"][0]["num_examples"] == 2
    assert info["download_size"] == file.stat().st_size
    boxes = info["features"][3]
    assert boxes["name"] == "boxes"
    assert sorted(boxes["list"], key=lambda one: one["name"]) == [  # Arrows differ in their order of a dict's keys
        {"name": "why", "dtype": "string"},
        {"name": "x", "dtype": "int64"},
    ]
    described = json.loads((folder / "croissant.json").read_text("utf-8"))
    assert (described["name"], described["license"]) == ("my-scores", ["https://creativecommons.org/licenses/by/4.0/"])
    assert [field["name"] for field in described["recordSet"][0]["field"]] == list(table)
    assert described["distribution"][0]["sha256"] == sha256_of(file)
    loaded = load_dataset(str(folder), "scores", split="train", cache_dir=str(tmp_path / "cache"))
    assert loaded.to_dict()["boxes"] == table["boxes"]


def test_the_card_shows_rows_and_names_the_paper(tmp_path):
    folder = tmp_path / "repo"
    assert main(["publish", "single_turn", "--mirror", "sample", "--licence", "mit", "--to", str(folder)]) == 0
    text = (folder / "README.md").read_text("utf-8")
    assert "arxiv.org/abs/2510.19808" in text
    rows = {row.instruction: row for row in pb.load("single_turn", mirror="sample")}
    shown = re.findall(r'\| <img src="(.*?)" width="256"> \| <img src="(.*?)" width="256"> \| (.*) \|', text)
    assert len(shown) == 3
    for source, edited, instruction in shown:
        row = rows[instruction]
        assert (folder / source).read_bytes() == row.source.bytes()
        assert (folder / edited).read_bytes() == row.edited.bytes()
    assert check_folder(folder).problems == ()
    assert main(["publish", "instructions", "--mirror", "sample", "--licence", "mit", "--to", str(folder)]) == 0
    assert not list(folder.glob("examples/*"))  # and the folder holds exactly the new publication


def test_a_label_is_read_as_text_too(tmp_path):
    rows = pb.load("single_turn", mirror="sample")
    folder = tmp_path / "repo"
    assert main(["publish", "single_turn", "--mirror", "sample", "--licence", "mit", "--to", str(folder)]) == 0
    found = pq.read_table(next(folder.glob("single_turn/*.parquet")), columns=["category_label"])
    kinds = [row.edit_type for row in rows]
    assert found["category_label"].to_pylist() == [kind.category.label if kind.known else None for kind in kinds]


@pytest.mark.parametrize(
    ("content", "error", "told"),
    [
        ("id,instruction\na,b\n", LicenceError, "columns of the release"),
        ("score\n1\n", ConfigError, "no column 'id'"),
        ("id\na\na\n", ConfigError, "an id twice"),
    ],
)
def test_annotations_that_carry_the_release_or_no_id_are_refused(tmp_path, content, error, told):
    from pico_banana.sharing.hub.sidecars import build_sidecars

    file = tmp_path / "scores.csv"
    file.write_text(content)
    with pytest.raises(error, match=told):
        build_sidecars([file], tmp_path / "repo", licence="cc-by-4.0", title="Scores")
    assert not (tmp_path / "repo").exists()
