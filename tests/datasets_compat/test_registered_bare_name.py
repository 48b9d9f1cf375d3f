"""After `register()`, stock `load_dataset("pico-banana-400k", ...)` takes every argument, wherever one is."""

from __future__ import annotations

import datasets
import pytest
from datasets import Image, ReadInstruction, load_dataset

import pico_banana as pb
from pico_banana.errors import ConfigError, SelectionError, UnknownNameError
from pico_banana.sharing.huggingface.features import features

NAME = "pico-banana-400k"


@pytest.fixture
def load(mirror, cache, elsewhere):
    pb.register()
    yield lambda *args, **options: load_dataset(
        NAME, *args, **{"mirror": str(mirror), "cache_dir": str(cache)} | options
    )
    pb.unregister()


def test_the_default_is_single_turn(load, mirror):
    assert {name: len(rows) for name, rows in load().items()} == {"train": len(pb.load(mirror=mirror))}


def test_what_there_is_can_be_asked(load, mirror):
    names = [subset.value for subset in pb.Subset]
    assert datasets.get_dataset_config_names(NAME) == names
    assert datasets.get_dataset_default_config_name(NAME) == "single_turn"
    assert datasets.get_dataset_split_names(NAME, "preference", mirror=str(mirror)) == ["train"]
    assert datasets.load_dataset_builder(NAME, "multi_turn").info.features == features(pb.Subset.MULTI_TURN)


def test_arguments_choose_rows(load, mirror, raw):
    dataset = load("multi_turn", split="train", turns=[2, 3], shuffle=1, limit=5)
    assert raw(dataset, "id") == pb.load("multi_turn", mirror=mirror, turns=[2, 3], shuffle=1, limit=5).ids


@pytest.mark.parametrize(
    "split", ["test_80_20", "test_80_20[:50%]", ReadInstruction("test_80_20", to=50, unit="%", rounding="closest")]
)
def test_splits_by_photo_work_without_being_declared(split, load, mirror, raw):
    wanted = pb.load(mirror=mirror, split="test_80_20").ids
    part = wanted if split == "test_80_20" else wanted[: round(len(wanted) / 2)]
    assert raw(load("single_turn", split=split, num_proc=2), "id") == part


def test_declared_splits_come_as_a_dictionary(load, mirror, raw):
    found = load("instructions", splits=["train_80_20", "test_80_20"])
    assert {name: raw(rows, "id") for name, rows in found.items()} == {
        name: pb.load("instructions", mirror=mirror, split=name).ids for name in ("train_80_20", "test_80_20")
    }


def test_splits_of_datasets_itself_are_understood(load, mirror):
    rows = len(pb.load("instructions", mirror=mirror))
    assert len(load("instructions", split=datasets.Split.TRAIN)) == len(load("instructions", split="all")) == rows


def test_several_processes_and_memory(load, raw):
    together = load("preference", split="train", num_proc=2)
    assert len(together.cache_files) == 2
    assert raw(load("preference", split="train", keep_in_memory=True), "id") == raw(together, "id")


def test_forced_anew_is_written_anew(load):
    from pathlib import Path

    first = Path(load("instructions", split="train").cache_files[0]["filename"])
    before = first.stat().st_mtime_ns
    again = load("instructions", split="train", download_mode="force_redownload")
    assert Path(again.cache_files[0]["filename"]) == first
    assert first.stat().st_mtime_ns > before


def test_own_features_have_a_cache_of_their_own(load, mirror):
    plain = features(pb.Subset.SINGLE_TURN)
    plain["edited_image"] = Image(decode=False)
    row = load("single_turn", split="train", limit=2, features=plain)[0]
    assert row["edited_image"] == {"bytes": None, "path": pb.load(mirror=mirror)[0].edited.address}
    assert load("single_turn", split="train", limit=2)[0]["edited_image"].size


def test_own_features_hold_for_undeclared_splits(load):
    plain = features(pb.Subset.SINGLE_TURN)
    plain["edited_image"] = Image(decode=False)
    assert load("single_turn", split="test_80_20", features=plain)[0]["edited_image"]["bytes"] is None
    assert load("single_turn", split="test_80_20")[0]["edited_image"].size


def test_a_folder_can_be_given_as_data_dir(load, own_mirror):
    assert len(load("instructions", split="train", mirror=None, data_dir=str(own_mirror))) == 40


def test_mistakes_are_explained(load, own_mirror):
    with pytest.raises(UnknownNameError, match="zoom_in"):
        load("single_turn", edit_types=["zoom"])
    with pytest.raises(ValueError, match="'edit_typs' key"):
        load("single_turn", edit_typs=["zoom_in"])
    with pytest.raises(ValueError, match="'nope' not found"):
        load("nope")
    with pytest.raises(SelectionError, match="validation_90_5_5"):
        load("single_turn", split="validation")
    with pytest.raises(ConfigError, match="rows=FILE"):
        load("single_turn", data_files=str(own_mirror / "jsonl" / "sft.jsonl"))


def test_other_names_go_the_old_way(load, tmp_path):
    file = tmp_path / "some.jsonl"
    file.write_text('{"a": 1}\n', encoding="utf-8")
    assert load_dataset("json", data_files=str(file), split="train", cache_dir=str(tmp_path))[0] == {"a": 1}


def test_registering_twice_is_registering_once():
    before = datasets.load.dataset_module_factory
    pb.register()
    pb.register()
    assert datasets.load.dataset_module_factory is datasets.inspect.dataset_module_factory is not before
    pb.unregister()
    assert datasets.load.dataset_module_factory is datasets.inspect.dataset_module_factory is before
    pb.unregister()


def test_another_alias(mirror, cache, elsewhere):
    pb.register("somebody/pico-banana-400k")
    try:
        found = load_dataset("somebody/pico-banana-400k", "instructions", mirror=str(mirror), cache_dir=str(cache))
        assert len(found["train"]) == len(pb.load("instructions", mirror=mirror))
        with pytest.raises(ConnectionError):  # the bare name was not asked for
            load_dataset(NAME, "preference", cache_dir=str(elsewhere))
    finally:
        pb.unregister("somebody/pico-banana-400k")


def test_importing_registers_nothing(fresh):
    found = fresh(
        """
        import datasets.load
        before = datasets.load.dataset_module_factory
        import pico_banana.builders.pico_banana_400k
        import pico_banana.sharing.huggingface.registration
        print(datasets.load.dataset_module_factory is before)
        """
    )
    assert found == "True\n"


@pytest.mark.parametrize("name", ["revision", "token"])
def test_what_would_be_ignored_is_refused(name, load):
    with pytest.raises(ConfigError, match=f"{name}= means nothing here"):
        load("instructions", **{name: "main"})


def test_a_folder_of_that_name_does_not_come_first(load, elsewhere, mirror):
    (elsewhere / NAME).mkdir()
    (elsewhere / NAME / "data.jsonl").write_text('{"a": 1}\n', encoding="utf-8")
    assert len(load("instructions", split="train")) == len(pb.load("instructions", mirror=mirror))
