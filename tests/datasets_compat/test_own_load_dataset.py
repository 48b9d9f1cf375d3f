"""`pico_banana.load_dataset`: the shape of the `datasets` function, our rows, nothing patched."""

from __future__ import annotations

from pathlib import Path

import datasets
import pytest

import pico_banana as pb
from pico_banana.errors import ConfigError, RowError, SelectionError, UnknownNameError

SIDES = ["train_80_10_10", "validation_80_10_10", "test_80_10_10"]


@pytest.fixture
def load(mirror, cache):
    return lambda *args, **options: pb.load_dataset(*args, mirror=mirror, cache_dir=cache, **options)


def test_without_a_split_it_is_a_dictionary_with_train(load, mirror):
    found = load()
    assert isinstance(found, datasets.DatasetDict)
    assert {name: len(rows) for name, rows in found.items()} == {"train": len(pb.load(mirror=mirror))}


@pytest.mark.parametrize(
    ("subset", "options"),
    [
        ("single_turn", {"categories": ["Human-Centric"], "shuffle": 3}),
        ("single_turn", {"edit_types": "zoom in", "lacks_flags": ["short_equals_long"]}),
        ("preference", {"balance": "category", "limit": 6}),
        ("multi_turn", {"turns": [2, 3]}),
        ("instructions", {"contains": "THE", "wording": "short", "limit": 7}),
        ("instructions", {"regex": "^[A-M]"}),
    ],
)
def test_a_selection_means_what_it_means_everywhere(subset, options, load, mirror, raw):
    wanted = pb.load(subset, mirror=mirror, **options).ids
    assert wanted
    assert raw(load(subset, split="train", **options), "id") == wanted


def test_splits_by_photo_part_the_rows(load, mirror, raw):
    sides = [raw(rows, "id") for rows in load("single_turn", split=SIDES)]
    assert sides == [pb.load(mirror=mirror, split=side).ids for side in SIDES]
    assert sorted(identity for side in sides for identity in side) == sorted(pb.load(mirror=mirror).ids)


def test_expressions_of_datasets_work_on_splits_by_photo(load, raw):
    first, second = (raw(load(split=side), "id") for side in SIDES[:2])
    assert raw(load(split=f"{SIDES[0]}[:3]+{SIDES[1]}[-2:]"), "id") == first[:3] + second[-2:]


def test_a_selection_is_applied_within_a_split(load, mirror, raw):
    wanted = pb.load(mirror=mirror, split=SIDES[0], shuffle=1, limit=4).ids
    assert raw(load(split=SIDES[0], shuffle=1, limit=4), "id") == wanted


def test_several_processes_write_the_same_rows(load, raw):
    alone = load("multi_turn", split="train", turns=[2, 3, 4])
    before = raw(alone, "id"), alone._fingerprint
    together = load("multi_turn", split="train", turns=[4, 3, 2], num_proc=2)
    assert together.cache_files == alone.cache_files  # the same request in other words
    shuffled = load("multi_turn", split="train", shuffle=0, num_proc=2)
    assert len(shuffled.cache_files) == 2
    assert raw(shuffled, "id") == raw(load("multi_turn", split="train", shuffle=0), "id")
    assert before == (raw(together, "id"), together._fingerprint)


def test_nothing_in_datasets_is_changed(load):
    before = datasets.load.dataset_module_factory, datasets.inspect.dataset_module_factory, datasets.load_dataset
    load("instructions")
    assert before == (
        datasets.load.dataset_module_factory,
        datasets.inspect.dataset_module_factory,
        datasets.load_dataset,
    )


@pytest.mark.parametrize(
    ("options", "error", "text"),
    [
        ({"edit_types": ["zoom"]}, UnknownNameError, "zoom_in"),
        ({"edit_typs": ["zoom_in"]}, UnknownNameError, "edit_types"),
        ({"turns": 3}, SelectionError, "multi_turn"),
        ({"split": "validation"}, SelectionError, "validation_90_5_5"),
        ({"streaming": True, "num_proc": 2}, ConfigError, "DataLoader"),
        ({"contains": "no row says this"}, SelectionError, "nothing to load"),
        ({"on_bad_rows": "ignore"}, UnknownNameError, "skip"),
    ],
)
def test_a_mistake_is_explained(options, error, text, load):
    with pytest.raises(error, match=text):
        load("single_turn", **options)


def test_a_name_of_a_subset_is_checked(load):
    with pytest.raises(UnknownNameError, match="multi_turn"):
        load("multi_turns")


def test_a_bad_row_is_an_error_or_left_out(own_mirror, cache):
    with (own_mirror / "jsonl" / "sft.jsonl").open("a", encoding="utf-8") as file:
        file.write('{"text": "no picture"}\n')
    rows = len(pb.load(mirror=own_mirror, on_bad_rows="skip"))
    for _ in range(2):  # written, then found
        skipped = pb.load_dataset(split="train", mirror=own_mirror, cache_dir=cache, on_bad_rows="skip")
        assert len(skipped) == rows
        assert skipped.info.description.endswith("Left out of the rows file: 1 lines that are no rows.")
    with pytest.raises(RowError, match="is missing"):  # although what was left out is in the cache
        pb.load_dataset(split="train", mirror=own_mirror, cache_dir=cache)


def test_the_call_as_written_for_datasets(load, mirror, raw):
    wanted = pb.load("instructions", mirror=mirror).ids
    for call in (("pico-banana-400k", "instructions"), ("instructions", "instructions"), ("instructions",)):
        assert raw(load(*call, split="train", limit=None), "id") == wanted
    assert raw(load(path="pico-banana-400k", name="instructions", split="train"), "id") == wanted
    assert load("pico-banana-400k")["train"].features == load("single_turn")["train"].features
    with pytest.raises(ConfigError, match="two subsets at once"):
        load("single_turn", "multi_turn")
    with pytest.raises(ConfigError, match="mirror='somebody/pico-banana-400k'"):
        load("somebody/pico-banana-400k", "multi_turn")


def test_splits_are_a_dictionary_of_them(load, mirror, raw):
    wanted = {name: pb.load("instructions", mirror=mirror, split=name).ids for name in SIDES[1:]}
    assert {name: raw(rows, "id") for name, rows in load("instructions", splits=SIDES[1:]).items()} == wanted
    streamed = load("instructions", splits=SIDES[1:], streaming=True)
    assert {name: [row["id"] for row in rows] for name, rows in streamed.items()} == wanted


def test_the_switches_of_datasets(load):
    assert load("instructions", split="train", keep_in_memory=True).cache_files == []
    (written,) = load("instructions", split="train", verification_mode="no_checks").cache_files
    before = Path(written["filename"]).stat().st_mtime_ns
    load("instructions", split="train")
    assert Path(written["filename"]).stat().st_mtime_ns == before
    load("instructions", split="train", download_mode="force_redownload")
    assert Path(written["filename"]).stat().st_mtime_ns > before


def test_features_of_ones_own_written_and_streamed(load, mirror):
    own = load("single_turn", split="train", limit=2).features.copy()
    own["edited_image"], own["edit_type"] = datasets.Image(decode=False), datasets.Value("int64")
    address = pb.load(mirror=mirror)[0].edited.address
    for rows in (load(split="train", features=own, limit=2), load(split="train", features=own, streaming=True)):
        assert rows.features == own
        assert next(iter(rows))["edited_image"] == {"bytes": None, "path": address}
    with pytest.raises(ConfigError, match="must name the columns of single_turn, id, "):
        load(features=datasets.Features({"id": datasets.Value("string")}))


@pytest.mark.parametrize(
    "spec", ["train[:10%]", "train[5:9]+train[-2:]", "test_80_10_10[:3]", "all", "train_80_10_10+test_80_10_10[1:]"]
)
def test_expressions_give_the_same_rows_streamed(spec, load, raw):
    streamed = load("instructions", split=spec, streaming=True)
    assert [row["id"] for row in streamed] == raw(load("instructions", split=spec), "id")


def test_no_expression_is_said(load):
    with pytest.raises(SelectionError, match=r"write a name, 'train\[:100\]'"):
        load("instructions", split="train[:x]", streaming=True)


@pytest.mark.parametrize(
    "name", ["revision", "token", "data_dir", "data_files", "trust_remote_code", "storage_options"]
)
def test_what_would_be_ignored_is_refused(name, load):
    with pytest.raises(ConfigError, match=f"{name}= means nothing here: "):
        load("instructions", **{name: "main"})
    load("instructions", limit=1, **{name: None})


@pytest.mark.parametrize("name", ["streaming", "num_proc", "token", "splits"])
def test_load_says_what_to_write_instead(name):
    with pytest.raises(ConfigError, match=f"load has no {name}=: .*(load|HF_TOKEN)"):
        pb.load("instructions", mirror="sample", **{name: 2})
