"""The cache of `datasets`: never a stale row, never a needless copy."""

from __future__ import annotations

from pathlib import Path

import pytest

import pico_banana as pb
from pico_banana.rehearsal.making.make import make_mirror
from pico_banana.sharing.huggingface.request import Request, splits_in


@pytest.fixture
def load(cache):
    return lambda mirror, **options: pb.load_dataset(
        "instructions", split="train", mirror=mirror, cache_dir=cache, **options
    )


def written(dataset):
    return [(file["filename"], Path(file["filename"]).stat().st_mtime_ns) for file in dataset.cache_files]


def test_the_same_request_is_answered_from_the_cache(load, own_mirror):
    first = load(own_mirror, limit=5)
    stamp = written(first)
    again = load(str(own_mirror), limit=5)
    assert written(again) == stamp
    assert again._fingerprint == first._fingerprint


def test_another_argument_is_another_cache(load, own_mirror):
    made = [load(own_mirror, **options) for options in ({}, {"limit": 5}, {"limit": 6}, {"shuffle": 5})]
    assert (
        len({dataset.cache_files[0]["filename"] for dataset in made})
        == len({dataset._fingerprint for dataset in made})
        == 4
    )


def test_changed_rows_are_another_cache_and_the_old_ones_are_found_again(load, own_mirror, raw):
    file = own_mirror / "jsonl" / "sft.jsonl"
    before, first = file.read_bytes(), load(own_mirror)
    file.write_bytes(before.replace(b'"text": "', b'"text": "Please: '))
    changed = load(own_mirror)
    assert changed._fingerprint != first._fingerprint
    assert all(text.startswith("Please: ") for text in raw(changed, "instruction") if text)
    file.write_bytes(before)
    assert load(own_mirror).cache_files == first.cache_files


def test_two_mirrors_with_the_same_rows_keep_their_own_addresses(tmp_path, cache, raw):
    folders = [make_mirror(tmp_path / name, rows=12).folder for name in ("one", "other")]
    made = [pb.load_dataset(split="train", mirror=folder, cache_dir=cache) for folder in folders]
    assert raw(made[0], "id") == raw(made[1], "id")
    assert raw(made[0], "edited_image") != raw(made[1], "edited_image")


def test_only_all_of_the_release_has_the_plain_name():
    assert Request.of("multi_turn", mirror="release").name == "multi_turn"
    others = [{"turns": 3}, {"splits": ["test_90_5_5"]}, {"rows": "other.jsonl"}, {"mirror": "sample"}]
    names = {Request.of("multi_turn", **{"mirror": "release"} | options).name for options in others}
    assert len(names - {"multi_turn"}) == len(others)


@pytest.mark.parametrize(
    ("split", "names"),
    [
        (None, ()),
        ("all", ()),
        ("train[:10%]", ("train",)),
        ("train_90_10[5:] + test_90_10[:3]+train_90_10", ("train_90_10", "test_90_10")),
        (["train", "test_5[:1]"], ("train", "test_5")),
        ({"mine": "test_5"}, ("test_5",)),
    ],
)
def test_names_are_found_in_what_load_dataset_takes(split, names):
    assert splits_in(split) == names
