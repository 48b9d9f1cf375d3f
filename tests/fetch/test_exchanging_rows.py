"""Rows files with paths, adopted folders, copies of mirrors."""

from __future__ import annotations

import json

import fsspec
import pytest

import pico_banana as pb
from pico_banana.cli import main
from pico_banana.errors import SelectionError, StoreError
from pico_banana.mirrors.store import area
from pico_banana.pictures.jobs.copying import copy_mirror
from pico_banana.pictures.jobs.download import Download
from pico_banana.pictures.jobs.interchange import adopt, write_rows_with_paths
from pico_banana.rehearsal.serving.serve import serve

SUBSETS = ("single_turn", "preference", "multi_turn")


@pytest.mark.parametrize("subset", SUBSETS)
def test_rows_with_paths_are_read_back_the_same(rehearsal, tmp_path, subset):
    rows = pb.load(subset, mirror=rehearsal)
    written = write_rows_with_paths(rows, tmp_path)
    assert (written.rows, written.with_photo) == (len(rows), len(rows))
    assert written.path.name.endswith("_with_local_source_image_path.jsonl")
    back = pb.load(subset, mirror=rehearsal, rows=written.path)
    assert [row.id for row in back] == [row.id for row in rows]
    for old, new in zip(rows, back, strict=True):
        assert new.source.bytes() == old.source.bytes()
        assert "://" not in new.source.address
    original = (rehearsal / "jsonl").joinpath(rows.table.source.name).read_text("utf-8").split("\n")
    kept = [json.loads(line) for line in original if line.strip()]
    made = [json.loads(line) for line in written.path.read_text("utf-8").split("\n") if line]
    if subset == "single_turn":
        assert [{key: row[key] for key in row if key != "local_input_image"} for row in made] == kept


def test_a_photo_that_is_not_here_is_null(rehearsal, tmp_path, capsys):
    with serve(rehearsal) as server:
        assert main(["photos", "paths", str(tmp_path / "out.jsonl"), "single_turn", "--mirror", server.url]) == 0
    assert "0 with a photo" in capsys.readouterr().out
    lines = (tmp_path / "out.jsonl").read_text("utf-8").split("\n")[:-1]
    assert all(json.loads(line)["local_input_image"] is None for line in lines)


def test_relative_paths_move_with_the_file(rehearsal, tmp_path):
    rows = pb.load("single_turn", mirror=rehearsal, limit=2)
    written = write_rows_with_paths(rows, tmp_path, relative=True)
    named = json.loads(written.path.read_text("utf-8").splitlines()[0])["local_input_image"]
    assert not named.startswith("/")
    assert (tmp_path / named).is_file()


def test_instructions_have_no_photos(rehearsal, tmp_path):
    with pytest.raises(SelectionError):
        write_rows_with_paths(pb.load("instructions", mirror=rehearsal), tmp_path)


def test_a_folder_is_adopted_without_copying(rehearsal, tmp_path, capsys):
    with serve(rehearsal) as server:
        rows = pb.load("single_turn", mirror=server.url)
        server.log.clear()
        done = adopt(rehearsal, mirror=rows.mirror.name)
        assert done.files == done.adopted > 0
        assert not done.rejected
        assert rows.plan().missing == 0
        assert rows.download().reused == rows.plan().files
        assert server.log.total == 0
        item = next(Download(rows).items())
        assert item.path.stat().st_nlink > 1 or item.path.is_symlink()
        assert main(["photos", "adopt", str(rehearsal), "--mirror", server.url]) == 0
    assert "0 adopted" in capsys.readouterr().out


def test_a_cut_off_file_is_not_adopted(rehearsal, tmp_path):
    folder = tmp_path / "theirs/images/positive-edit"
    folder.mkdir(parents=True)
    (folder / "1.png").write_bytes(next((rehearsal / "images/positive-edit").iterdir()).read_bytes()[:-8])
    done = adopt(tmp_path / "theirs")
    assert (done.files, done.adopted, len(done.rejected)) == (1, 0, 1)
    with pytest.raises(StoreError, match="neither"):
        adopt(tmp_path)


@pytest.mark.parametrize("target", ["folder", "memory://copied"])
def test_a_copy_is_a_mirror(rehearsal, tmp_path, target):
    place = str(tmp_path / "copy") if target == "folder" else f"{target}-{tmp_path.name}"
    with serve(rehearsal) as server:
        rows = pb.load("single_turn", mirror=server.url, limit=6)
        first = copy_mirror(Download(rows), place)
        assert first.done == first.total > 0
        assert copy_mirror(Download(rows), place).reused == first.total
        pictures = [(row.edited.bytes(), row.source.bytes()) for row in rows]
        server.log.clear()
        copy = pb.load("single_turn", mirror=place)
        assert copy.ids == rows.ids
        assert copy.download().failures == 0
        assert [(row.edited.bytes(), row.source.bytes()) for row in copy] == pictures
        assert server.log.total == 0


@pytest.mark.parametrize("target", ["folder", "memory://other"])
def test_other_rows_are_replaced_only_when_asked(rehearsal, tmp_path, target):
    place = str(tmp_path / "copy") if target == "folder" else f"{target}-{tmp_path.name}"
    few, more = (Download(pb.load("single_turn", mirror=rehearsal, limit=limit)) for limit in (2, 3))

    def lines() -> int:
        with fsspec.open(f"{place}/jsonl/sft.jsonl", "rb") as file:
            return len(file.readlines())

    copy_mirror(few, place)
    with pytest.raises(StoreError, match="has other rows; say replace_rows=True"):
        copy_mirror(more, place)
    assert lines() == 2
    copy_mirror(more, place, replace_rows=True)
    assert lines() == 3


def test_a_rehearsal_is_not_adopted_as_the_release(rehearsal, capsys):
    assert main(["photos", "adopt", str(rehearsal)]) == 1
    assert "has 41 lines, and the release 257,730, so its pictures are not these" in capsys.readouterr().err
    assert not (area("release") / "images").exists()
    assert main(["photos", "adopt", str(rehearsal), "--mirror", "release"]) == 0
    assert (area("release") / "images").is_dir()
