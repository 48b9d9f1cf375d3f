"""`pico_banana.load_dataset`: the shape of the `datasets` function, our rows, nothing patched."""

from __future__ import annotations

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
