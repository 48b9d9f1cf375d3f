"""Every format, read back by the reader its users have: the same pictures, byte for byte, and the same texts."""

from __future__ import annotations

import csv
import gc
import io
import json
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from pico_banana.pictures.filesystem import local_path
from pico_banana.sharing.export import ExportOptions, export, formats


def published(address: str) -> bytes:
    return local_path(address).read_bytes()


def pixels(picture: Image.Image) -> np.ndarray:
    return np.asarray(picture.convert("RGB"))


def pixels_of(address: str) -> np.ndarray:
    return pixels(Image.open(io.BytesIO(published(address))))


def rows_of(path: Path) -> list[dict]:
    return [json.loads(line) for line in path.read_text().splitlines()]


def test_parquet_through_datasets(singles, tmp_path):
    from datasets import Image as ImageFeature
    from datasets import load_dataset

    report = export(singles, "parquet", tmp_path / "out", options=ExportOptions(shard_rows=10))
    assert (report.total, report.written, report.failed) == (24, 24, {})
    loaded = load_dataset(str(tmp_path / "out"), split="train", cache_dir=str(tmp_path / "cache"))
    assert loaded.features["source_image"] == ImageFeature()
    assert loaded.column_names == singles.to_arrow().column_names
    for ours, row in zip(singles, loaded.cast_column("edited_image", ImageFeature(decode=False)), strict=True):
        assert row["id"] == ours.id
        assert row["edited_image"]["bytes"] == published(ours.edited.address)
        np.testing.assert_array_equal(pixels(row["source_image"]), pixels_of(ours.source.address))


def test_parquet_holds_sessions_and_preferences(sessions, preferences, tmp_path):
    from datasets import load_dataset

    export(sessions, "parquet", tmp_path / "s")
    loaded = load_dataset(str(tmp_path / "s"), split="train", cache_dir=str(tmp_path / "cache"))
    for ours, row in zip(sessions, loaded, strict=True):
        assert [turn["instruction"] for turn in row["turns"]] == list(ours.instructions)
        np.testing.assert_array_equal(pixels(row["turns"][-1]["image"]), pixels_of(ours.final.address))
    export(preferences, "parquet", tmp_path / "p")
    loaded = load_dataset(str(tmp_path / "p"), split="train", cache_dir=str(tmp_path / "cache"))
    for ours, row in zip(preferences, loaded, strict=True):
        assert len(row["rejected_images"]) == len(ours.rejected)
        np.testing.assert_array_equal(pixels(row["rejected_images"][0]), pixels_of(ours.rejected[0].address))


def test_parquet_suits_the_viewer_and_pandas(singles, tmp_path):
    import pandas as pd
    import pyarrow.parquet as pq

    export(singles, "parquet", tmp_path)
    (path,) = (tmp_path / "data").glob("*.parquet")
    assert path.name == "train-00000-of-00001.parquet"
    group = pq.ParquetFile(path).metadata.row_group(0)
    compressions = {group.column(i).path_in_schema: group.column(i).compression for i in range(group.num_columns)}
    assert compressions["source_image.bytes"] == "UNCOMPRESSED"
    assert compressions["instruction"] == "SNAPPY"
    frame = pd.read_parquet(path)
    assert frame["source_image"][3]["bytes"] == published(singles[3].source.address)


# webdataset leaves its files to the garbage collector.
@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
def test_webdataset_through_webdataset(singles, tmp_path):
    webdataset = pytest.importorskip("webdataset")
    export(singles, "webdataset", tmp_path, options=ExportOptions(shard_rows=9))
    shards = sorted(map(str, tmp_path.glob("*.tar")))
    assert len(shards) == 3
    samples = list(webdataset.WebDataset(shards, shardshuffle=False, empty_check=False))
    gc.collect()
    for ours, sample in zip(singles, samples, strict=True):
        about = json.loads(sample["json"])
        assert (about["id"], about["instruction"]) == (ours.id, ours.instruction)
        assert sample[next(key for key in sample if key.startswith("input."))] == published(ours.source.address)
        assert sample["edited.png"] == published(ours.edited.address)


def test_webdataset_through_datasets(preferences, tmp_path):
    from datasets import load_dataset

    export(preferences, "webdataset", tmp_path / "out")
    shards = sorted(map(str, (tmp_path / "out").glob("*.tar")))
    loaded = load_dataset("webdataset", data_files=shards, split="train", cache_dir=str(tmp_path / "cache"))
    pairs = [pair for ours in preferences for pair in ours.pairs()]
    for (chosen, rejected), row in zip(pairs, loaded, strict=True):
        np.testing.assert_array_equal(pixels(row["edited.png"]), pixels_of(chosen.address))
        np.testing.assert_array_equal(pixels(row["rejected.png"]), pixels_of(rejected.address))


@pytest.mark.parametrize("form", ["imagefolder", "diffusers-img2img"])
def test_folders_through_datasets(singles, tmp_path, form):
    from datasets import load_dataset

    export(singles, form, tmp_path / "out")
    loaded = load_dataset("imagefolder", data_dir=str(tmp_path / "out"), split="train", cache_dir=str(tmp_path / "c"))
    source, edited, text = {
        "imagefolder": ("source", "edited", "instruction"),
        "diffusers-img2img": ("cond_image", "image", "caption"),
    }[form]
    by_text = {row[text]: row for row in loaded}
    for ours in singles:
        row = by_text[ours.instruction]
        np.testing.assert_array_equal(pixels(row[source]), pixels_of(ours.source.address))
        np.testing.assert_array_equal(pixels(row[edited]), pixels_of(ours.edited.address))


def test_instruct_pix2pix_columns(singles, tmp_path):
    from datasets import load_dataset

    export(singles, "diffusers-ip2p", tmp_path / "out")
    loaded = load_dataset(str(tmp_path / "out"), split="train", cache_dir=str(tmp_path / "cache"))
    assert loaded.column_names == ["input_image", "edit_prompt", "edited_image"]
    np.testing.assert_array_equal(pixels(loaded[5]["edited_image"]), pixels_of(singles[5].edited.address))
    assert loaded[5]["edit_prompt"] == singles[5].instruction


def test_diffusion_dpo_columns(preferences, tmp_path):
    from datasets import load_dataset

    export(preferences, "diffusion-dpo", tmp_path / "out")
    loaded = load_dataset(str(tmp_path / "out"), split="train", cache_dir=str(tmp_path / "cache"))
    assert len(loaded) == sum(len(row.rejected) for row in preferences)
    chosen = {published(row.chosen.address) for row in preferences}
    for row in loaded:
        assert row["label_0"] + row["label_1"] == 1
        assert (row["jpg_0"] if row["label_0"] else row["jpg_1"]) in chosen
        assert (row["jpg_1"] if row["label_0"] else row["jpg_0"]) not in chosen
        assert Image.open(io.BytesIO(row["input_image"])).size[0] > 0


def test_trl_columns(preferences, tmp_path):
    from datasets import load_dataset

    export(preferences, "trl", tmp_path / "out")
    loaded = load_dataset(str(tmp_path / "out"), split="train", cache_dir=str(tmp_path / "cache"))
    row = loaded[0]
    assert [message["role"] for message in row["prompt"] + row["chosen"]] == ["user", "assistant"]
    assert {row["chosen"][0]["content"], row["rejected"][0]["content"]} == {"A", "B"}
    accepted = row["images"]["AB".index(row["chosen"][0]["content"]) + 1]
    np.testing.assert_array_equal(pixels(accepted), pixels_of(preferences[0].chosen.address))
    trl = pytest.importorskip("trl.data_utils")
    assert trl.is_conversational(row)


def test_llama_factory(singles, preferences, tmp_path):
    export(singles, "llama-factory", tmp_path / "s")
    (row, *_) = json.loads((tmp_path / "s/pico_banana.json").read_text())
    assert row["messages"][0]["content"].count("<image>") == len(row["images"]) == 2
    assert row["messages"][1]["content"] == singles[0].instruction
    assert (tmp_path / "s" / row["images"][1]).read_bytes() == published(singles[0].edited.address)
    about = json.loads((tmp_path / "s/dataset_info.json").read_text())["pico_banana"]
    assert (tmp_path / "s" / about["file_name"]).is_file()
    export(preferences, "llama-factory-preference", tmp_path / "p")
    (row, *_) = json.loads((tmp_path / "p/pico_banana_preference.json").read_text())
    assert row["conversations"][0]["value"].count("<image>") == len(row["images"]) == 3
    accepted = row["images"]["AB".index(row["chosen"]["value"]) + 1]
    assert (tmp_path / "p" / accepted).read_bytes() == published(preferences[0].chosen.address)


def test_diffsynth(singles, tmp_path):
    import pandas as pd

    export(singles, "diffsynth", tmp_path)
    frame = pd.read_json(tmp_path / "metadata.jsonl", lines=True)
    assert list(frame.columns) == ["prompt", "image", "edit_image"]
    assert (tmp_path / frame["image"][2]).read_bytes() == published(singles[2].edited.address)
    assert (tmp_path / frame["edit_image"][2]).read_bytes() == published(singles[2].source.address)


@pytest.mark.parametrize(
    ("form", "target", "condition"), [("ai-toolkit", "target", "control"), ("simpletuner", "edited", "source")]
)
def test_paired_folders_have_equal_names(singles, tmp_path, form, target, condition):
    export(singles, form, tmp_path)
    targets = {path.stem: path for path in (tmp_path / target).iterdir() if path.suffix != ".txt"}
    conditions = {path.stem: path for path in (tmp_path / condition).iterdir()}
    captions = {path.stem: path.read_text() for path in (tmp_path / target).glob("*.txt")}
    assert targets.keys() == conditions.keys() == captions.keys()
    assert sorted(captions.values()) == sorted(row.instruction for row in singles)
    for row in singles:
        stem = next(stem for stem, text in captions.items() if text == row.instruction)
        np.testing.assert_array_equal(pixels(Image.open(conditions[stem])), pixels_of(row.source.address))
        assert targets[stem].read_bytes() == published(row.edited.address)
        if form == "simpletuner":  # it wants the endings to agree as well
            assert conditions[stem].name == targets[stem].name
        else:
            assert conditions[stem].read_bytes() == published(row.source.address)


def test_simpletuner_backends_name_the_folders(singles, tmp_path):
    export(singles, "simpletuner", tmp_path)
    edited, source = json.loads((tmp_path / "multidatabackend.json").read_text())
    assert (tmp_path / edited["instance_data_dir"]).is_dir()
    assert source["id"] in edited["conditioning_data"]
    assert source["dataset_type"] == "conditioning"


def test_musubi_tuner(sessions, tmp_path):
    import tomllib

    export(sessions, "musubi-tuner", tmp_path)
    (dataset,) = tomllib.loads((tmp_path / "dataset.toml").read_text())["datasets"]
    rows = rows_of(Path(dataset["image_jsonl_file"]))
    assert len(rows) == sum(len(session.turns) for session in sessions)
    assert set(rows[0]) == {"image_path", "control_path", "caption"}
    assert Path(rows[1]["control_path"]).read_bytes() == published(sessions[0].turns[0].image.address)


def test_text_tables(singles, sessions, tmp_path):
    export(singles, "jsonl", tmp_path / "j")
    assert rows_of(tmp_path / "j/train.jsonl") == singles.to_arrow().to_pylist()
    export(sessions, "csv", tmp_path / "c")
    with (tmp_path / "c/train.csv").open(newline="") as file:
        rows = list(csv.DictReader(file))
    assert [row["id"] for row in rows] == sessions.ids
    assert [turn["instruction"] for turn in json.loads(rows[0]["turns"])] == list(sessions[0].instructions)


def test_mds_through_streaming(preferences, tmp_path):
    streaming = pytest.importorskip("streaming")
    export(preferences, "mds", tmp_path)
    loaded = streaming.StreamingDataset(local=str(tmp_path / "train"), batch_size=1, shuffle=False)
    for ours, row in zip(preferences, loaded, strict=True):
        assert row["id"] == ours.id
        assert row["edited"] == published(ours.chosen.address)
        assert row["rejected0"] == published(ours.rejected[0].address)


def test_lance_through_lance(preferences, tmp_path):
    lance = pytest.importorskip("lance")
    export(preferences, "lance", tmp_path)
    table = lance.dataset(str(tmp_path / "train.lance")).to_table()
    assert table["id"].to_pylist() == preferences.ids
    assert table["edited"].to_pylist() == [published(row.chosen.address) for row in preferences]
    assert table["rejected0"][0].as_py() == published(preferences[0].rejected[0].address)


def test_every_format_is_here():
    """The list a new format has to join, with a test above."""
    assert formats() == (
        *("ai-toolkit", "bagel", "csv", "diffsynth", "diffsynth-kontext", "diffsynth-nexus-gen"),
        *("diffsynth-step1x", "diffusers-img2img", "diffusers-ip2p", "diffusion-dpo", "edit-reward", "embedding-atlas"),
        *("fal", "flow-factory", "gradio-space", "imagefolder", "jsonl", "label-studio", "lance", "llama-factory"),
        *("llama-factory-preference", "longcat-edit-dpo", "mds", "ms-swift-preference", "musubi-tuner", "omnigen2"),
        *("parquet", "replicate", "simpletuner", "simpletuner-flow-dpo", "trl", "webdataset"),
    )
