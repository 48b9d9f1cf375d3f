"""Nothing but whole pictures enters a shard, and a full disk is an error of ours that leaves no file behind."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys

import pyarrow.parquet as pq
import pytest

import pico_banana as pb
from pico_banana.cli import main
from pico_banana.errors import DiskFullError, ThrottledError
from pico_banana.records import Subset
from pico_banana.sharing.parquet.layout import Form, columns, rows
from pico_banana.sharing.parquet.writing import Limits, write_parquet

BROKEN = {
    "a page": lambda data: b"<html>gone</html>",
    "a private key": lambda data: b"-----BEGIN OPENSSH PRIVATE KEY-----\nnobody's\n-----END",
    "empty": lambda data: b"",
    "cut": lambda data: data[: len(data) * 2 // 3],
    "a pointer": lambda data: b"version https://git-lfs.github.com/spec/v1\noid sha256:0\nsize 1\n",
}


def write(dataset, folder, read, limits=None):
    table = columns(dataset.subset, Form.PICTURES)
    shards = rows(dataset, Form.PICTURES)
    return write_parquet(shards, folder / dataset.subset.value, table, read=read, key="k", limits=limits)


@pytest.mark.parametrize("how", BROKEN)
def test_what_is_no_whole_picture_is_left_out_with_its_reason(synthetic, tmp_path, capsys, how):
    mirror = shutil.copytree(synthetic, tmp_path / "mirror")
    rows_there = pb.load("single_turn", mirror=mirror)
    edit = mirror / "images" / rows_there[3].edited.address.split("/edited/")[-1].removeprefix("picobanana://edited/")
    edit.write_bytes(BROKEN[how](edit.read_bytes()))
    command = ["publish", "single_turn", "--mirror", str(mirror), "--to", str(tmp_path / "repo"), "--json"]
    assert main(command) == 0
    [missing] = json.loads(capsys.readouterr().out)["missing"]
    assert (missing["id"], missing["gone"]) == (rows_there[3].id, True)
    assert missing["reason"].startswith("PictureCorruptError: ")
    [shard] = (tmp_path / "repo/single_turn").glob("*.parquet")
    cells = pq.read_table(shard)["edited_image"].to_pylist()
    assert [place for place, cell in enumerate(cells) if cell is None] == [3]
    assert "1 pictures are null" in (tmp_path / "repo/README.md").read_text()


@pytest.mark.parametrize("subset", [Subset.MULTI_TURN, Subset.PREFERENCE])
def test_turns_and_rejected_attempts_are_looked_at_too(synthetic, tmp_path, subset):
    dataset = pb.load(subset, mirror=synthetic)
    written = write(dataset, tmp_path, lambda ref: b"{}" if ref.role == "edited" else ref.bytes())
    found = [row for file in tmp_path.glob("*/*.parquet") for row in pq.read_table(file).to_pylist()]
    inner = [turn["image"] for row in found for turn in row.get("turns", [])]
    inner += [cell for row in found for cell in row.get("rejected_images", [])]
    assert inner
    assert set(inner) == {None}
    assert written.missing


def test_a_picture_that_failed_this_time_is_asked_for_again(synthetic, tmp_path):
    dataset = pb.load("single_turn", mirror=synthetic)
    limits = Limits(group_bytes=20_000, group_rows=7, shard_bytes=60_000)
    whole = write(dataset, tmp_path / "whole", lambda ref: ref.bytes(), limits)
    busy = dataset[40].edited.address

    def once(ref):
        if ref.address == busy:
            raise ThrottledError("later")
        return ref.bytes()

    first = write(dataset, tmp_path / "repo", once, limits)
    assert [missing.address for missing in first.missing] == [busy]
    again = write(dataset, tmp_path / "repo", lambda ref: ref.bytes(), limits)
    assert (again.missing, again.fingerprint) == ((), whole.fingerprint)
    assert 0 < again.reused < len(again.shards)


# --- a full disk -----------------------------------------------------------------------------------------------------


@pytest.fixture
def small_disk(tmp_path):
    """A real filesystem with little room; needs the right to mount one."""
    folder = tmp_path / "small-disk"
    folder.mkdir()
    command = ["mount", "-t", "tmpfs", "-o", "size=200k", "tmpfs", str(folder)]
    if subprocess.run(command, capture_output=True, check=False).returncode:
        pytest.skip("mounting a small filesystem is not allowed here")
    yield folder
    subprocess.run(["umount", str(folder)], check=True)


@pytest.mark.parametrize("asked", [True, False])
@pytest.mark.parametrize("group_rows", [7, 100])
def test_a_full_disk_is_our_error_and_the_next_run_goes_on(
    synthetic, tmp_path, small_disk, monkeypatch, group_rows, asked
):
    from pico_banana.sharing.parquet import sink

    if not asked:  # somebody else takes the room between the question and the write
        monkeypatch.setattr(sink.Sink, "ask_room", lambda self, size: None)
    dataset = pb.load("single_turn", mirror=synthetic)
    limits = Limits(group_bytes=1_000_000, group_rows=group_rows, shard_bytes=60_000)
    with pytest.raises(DiskFullError):
        write(dataset, small_disk, lambda ref: ref.bytes(), limits)
    assert not [path for path in small_disk.rglob("*.part") if path.is_file()]
    kept = shutil.copytree(small_disk, tmp_path / "larger")
    done = write(dataset, kept, lambda ref: ref.bytes(), limits)
    assert done.rows == len(dataset)
    assert done.fingerprint == write(dataset, tmp_path / "whole", lambda ref: ref.bytes(), limits).fingerprint


def test_the_command_on_a_full_disk_ends_with_one_line(synthetic, small_disk, tmp_path):
    command = [sys.executable, "-m", "pico_banana.cli", "publish", "single_turn", "--mirror", str(synthetic)]
    done = subprocess.run([*command, "--to", str(small_disk / "repo")], check=False, capture_output=True, text=True)
    assert done.returncode in {1, 2}
    assert "Traceback" not in done.stderr
    assert done.stderr.startswith("error: ")


def test_a_limit_on_the_size_of_files_is_our_error_too(synthetic, tmp_path):
    script = f"""
import resource, sys
from pico_banana.cli import main
resource.setrlimit(resource.RLIMIT_FSIZE, (30_000, 30_000))
sys.exit(main(["publish", "single_turn", "--mirror", {str(synthetic)!r}, "--to", {str(tmp_path / "repo")!r}]))
"""
    pb.load("single_turn", mirror=synthetic)
    done = subprocess.run([sys.executable, "-c", script], check=False, capture_output=True, text=True)
    assert done.returncode in {1, 2}, done.stderr
    assert "cannot write" in done.stderr
    assert "Traceback" not in done.stderr
