"""After `prepare`, stock `load_dataset("pico-banana-400k", ...)` works in a process that never imports us."""

from __future__ import annotations

import shutil

import datasets
import pytest

import pico_banana as pb
from pico_banana.errors import ConfigError, SelectionError
from pico_banana.rehearsal.making.make import make_mirror

NAME = "pico-banana-400k"


def test_the_literal_call_in_another_process(mirror, cache, fresh):
    prepared = pb.prepare(mirror=mirror, cache_dir=cache)
    assert list(prepared) == [subset.value for subset in pb.Subset]
    found = fresh(
        """
        import sys
        from datasets import load_dataset
        assert "pico_banana" not in sys.modules
        sizes = {name: len(load_dataset("pico-banana-400k", name)["train"])
                 for name in ("single_turn", "multi_turn", "preference", "instructions")}
        sessions = load_dataset("pico-banana-400k", "multi_turn", split="train[:3]")
        assert "pico_banana" not in sys.modules
        print(sizes, len(sessions), sessions[0]["turns"][0]["image"].size, sessions[0]["source_image"].size)
        """
    )
    first = pb.load("multi_turn", mirror=mirror)[0]
    sizes = {subset.value: len(pb.load(subset.value, mirror=mirror)) for subset in pb.Subset}
    assert found == f"{sizes} 3 {first.turns[0].image.image().size} {first.source.image().size}\n"


def test_streaming_and_worker_processes_without_us(mirror, cache, fresh):
    pb.prepare("single_turn", mirror=mirror, cache_dir=cache)
    found = fresh(
        """
        from datasets import load_dataset

        def wide(row):
            return {"width": row["edited_image"].width}

        if __name__ == "__main__":
            stream = load_dataset("pico-banana-400k", "single_turn", split="train", streaming=True)
            rows = load_dataset("pico-banana-400k", "single_turn", split="train[:8]")
            mapped = rows.map(wide, num_proc=2, remove_columns=rows.column_names)
            print(next(iter(stream))["edited_image"].width, list(mapped["width"]))
        """
    )
    widths = [row.edited.image().width for row in pb.load(mirror=mirror)[:8]]
    assert found.endswith(f"{widths[0]} {widths}\n")


def test_what_was_prepared_last_is_found(tmp_path, cache, elsewhere):
    mirrors = [make_mirror(tmp_path / str(rows), rows=rows).folder for rows in (10, 20)]

    def found():
        return len(datasets.load_dataset(NAME, "instructions", split="train", cache_dir=str(cache)))

    for mirror, rows in zip([*mirrors, mirrors[0]], (10, 20, 10), strict=True):
        pb.prepare("instructions", mirror=mirror, cache_dir=cache)
        assert found() == rows
    pb.load_dataset("instructions", mirror=mirrors[1], cache_dir=cache)  # asking for a mirror prepares nothing
    assert found() == 10


def test_all_of_the_release_is_found_without_preparing(own_mirror, store, cache, elsewhere):
    """What the bare name means needs no `prepare`; a part of it must not take its place."""
    shutil.copytree(own_mirror / "jsonl", store / "jsonl")  # a folder somebody downloaded is the release

    def found():
        rows = datasets.load_dataset(NAME, "instructions", cache_dir=str(cache))
        return {name: len(part) for name, part in rows.items()}

    pb.load_dataset("instructions", cache_dir=cache)
    assert found() == {"train": 40}
    pb.load_dataset("instructions", limit=3, cache_dir=cache)
    pb.register()
    datasets.load_dataset(NAME, "instructions", split="test_50_50", cache_dir=str(cache))
    pb.unregister()
    assert found() == {"train": 40}


def test_splits_by_photo_can_be_prepared(mirror, cache, elsewhere, raw):
    names = ["train_90_10", "test_90_10"]
    pb.prepare("single_turn", mirror=mirror, splits=names, cache_dir=cache)
    found = datasets.load_dataset(NAME, "single_turn", cache_dir=str(cache))
    assert {name: raw(rows, "id") for name, rows in found.items()} == {
        name: pb.load(mirror=mirror, split=name).ids for name in names
    }


def test_mistakes_are_explained(mirror, cache):
    with pytest.raises(ConfigError, match="which subset"):
        pb.prepare(mirror=mirror, rows="rows.jsonl", cache_dir=cache)
    with pytest.raises(SelectionError, match="no split"):
        pb.prepare("multi_turn", mirror=mirror, splits="validation", cache_dir=cache)
