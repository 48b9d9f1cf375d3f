"""After `prepare`, stock `load_dataset("pico-banana-400k", ...)` works in a process that never imports us."""

from __future__ import annotations

import shutil

import datasets
import pytest

import pico_banana as pb
from pico_banana.cli import main
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


def test_a_cache_that_was_cut_short_is_written_again(mirror, cache, elsewhere):
    folder = pb.prepare("instructions", mirror=mirror, cache_dir=cache)["instructions"]
    (file,) = folder.glob("*.arrow")
    whole = file.read_bytes()
    for cut in (whole[: len(whole) // 2], whole[:-30], b""):
        file.write_bytes(cut)
        assert pb.prepare("instructions", mirror=mirror, cache_dir=cache) == {"instructions": folder}
        assert file.read_bytes() == whole
    (folder / "dataset_info.json").write_text("{", encoding="utf-8")
    pb.prepare("instructions", mirror=mirror, cache_dir=cache)
    assert len(datasets.load_dataset(NAME, "instructions", split="train", cache_dir=str(cache))) == 90


def test_force_writes_what_is_there_again(mirror, cache, elsewhere):
    folder = pb.prepare("instructions", mirror=mirror, cache_dir=cache)["instructions"]
    (file,) = folder.glob("*.arrow")
    before = file.stat().st_mtime_ns
    pb.prepare("instructions", mirror=mirror, cache_dir=cache)
    assert file.stat().st_mtime_ns == before
    command = ["prepare", "instructions", "--mirror", str(mirror), "--cache-dir", str(cache)]
    assert main([*command, "--force"]) == 0
    assert file.stat().st_mtime_ns > before


def test_the_command_warns_of_a_folder_and_of_the_wait(mirror, cache, elsewhere, capsys):
    command = ["prepare", "instructions", "--mirror", str(mirror), "--cache-dir", str(cache)]
    assert main(command) == 0
    told = capsys.readouterr()
    assert "HF_HUB_OFFLINE=1" in told.err
    assert "warning" not in told.err
    (elsewhere / NAME).mkdir()
    assert main(command) == 0
    assert f"warning: {elsewhere / NAME} is what stock load_dataset" in capsys.readouterr().err
    with pytest.warns(UserWarning, match="call it from another folder"):
        pb.prepare("instructions", mirror=mirror, cache_dir=cache)


def test_a_cache_that_cannot_be_written_is_told(mirror, tmp_path, elsewhere, capsys):
    (tmp_path / "file").write_bytes(b"")
    command = ["prepare", "instructions", "--mirror", str(mirror), "--cache-dir"]
    assert main([*command, str(tmp_path / "file" / "cache")]) == 1
    assert f"{tmp_path / 'file'} is a file; name a folder in its place" in capsys.readouterr().err
    assert main([*command, "/proc/cache"]) == 1
    assert "error: cannot write /proc/" in capsys.readouterr().err


def test_embedded_pictures_are_read_where_this_package_is_not(mirror, tmp_path, cache, fresh):
    pb.prepare("preference", mirror=mirror, cache_dir=cache, embed=True)
    rows = pb.load("multi_turn", mirror=mirror)[:40]
    rows.to_datasets(cache_dir=cache, embed=True).save_to_disk(str(tmp_path / "saved"))
    rows.to_datasets(cache_dir=cache, embed=True).to_parquet(str(tmp_path / "saved.parquet"))
    found = fresh(
        f"""
        import sys
        sys.modules["pico_banana"] = None  # as if it were not installed
        from datasets import Dataset, load_dataset, load_from_disk
        pairs = load_dataset("pico-banana-400k", "preference", split="train")
        print([[picture.size for picture in row["rejected_images"]] for row in pairs], pairs[0]["edited_image"].size)
        def size(picture):  # datasets before 4 leaves a session undecoded whose first turn has no picture
            import io
            from PIL import Image
            return Image.open(io.BytesIO(picture["bytes"])).size if isinstance(picture, dict) else picture.size
        saved, table = {str(tmp_path / "saved")!r}, {str(tmp_path / "saved.parquet")!r}
        for sessions in (load_from_disk(saved), Dataset.from_parquet(table)):
            print([[turn["image"] and size(turn["image"]) for turn in row["turns"]] for row in sessions])
        """
    )
    pairs = pb.load("preference", mirror=mirror)
    sizes = [[picture.image().size for picture in row.rejected] for row in pairs]
    line = f"{[[turn.image and turn.image.image().size for turn in row.turns] for row in rows]}\n"
    assert found == f"{sizes} {pairs[0].chosen.image().size}\n{line}{line}"


def test_a_picture_that_nobody_has_is_null_when_embedded(tmp_path, cache):
    folder = make_mirror(tmp_path / "lossy", rows=3, pictures=True, size=(24, 18)).folder
    rows = pb.load("single_turn", mirror=folder)
    gone, broken = rows[0].edited.path, rows[1].edited.path
    gone.unlink()
    broken.write_bytes(b"<html>log in</html>")
    with pytest.warns(UserWarning, match="left out, null in its row"):
        made = rows.to_datasets(cache_dir=cache, embed=True)
    assert [row["edited_image"] is None for row in made] == [True, True, *[False] * (len(rows) - 2)]
    again = rows.to_datasets(cache_dir=cache)  # with addresses it is another file
    assert again._fingerprint != made._fingerprint
