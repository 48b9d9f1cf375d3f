"""Exports onto a disk that is really full: a file system of some kilobytes, made in a name space of its own."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys

import pytest

SCRIPT = """
import json, subprocess, sys
from pathlib import Path
import pico_banana as pb
from pico_banana.errors import DiskFullError

mirror, place, form, size = sys.argv[1:]
rows = pb.load("single_turn", mirror=mirror)
out, told = Path(place) / "out", {}
subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={size}", "tmpfs", place], check=True)
try:
    rows.export(form, out)
except DiskFullError as error:
    told["error"] = str(error)
told["left"] = sorted(path.name for path in out.rglob("*") if ".part" in path.name)
told["complete"] = [json.loads(path.read_bytes())["complete"] for path in out.glob("export.json")]
subprocess.run(["mount", "-o", "remount,size=64m", place], check=True)
report = rows.export(form, out)
told["whole"] = [report.total, report.written + report.reused]
found = {path.relative_to(out).as_posix(): path.read_bytes() for path in out.rglob("*") if path.is_file()}
fresh = Path(sys.argv[2] + "-fresh")
rows.export(form, fresh)
there = {path.relative_to(fresh).as_posix(): path.read_bytes() for path in fresh.rglob("*") if path.is_file()}
told["same"] = [name for name in there if name != "export.json" and found.get(name) != there[name]]
told["files"] = sorted(found.keys() ^ there.keys())
print(json.dumps(told))
"""


def unshare():
    """Give what runs a command where it may mount, or nothing where this machine allows none."""
    for words in (["unshare", "--mount"], ["unshare", "--map-root-user", "--mount"]):
        if (
            shutil.which("unshare")
            and subprocess.run([*words, "true"], capture_output=True, check=False).returncode == 0
        ):
            return words
    return []


@pytest.mark.parametrize(
    ("form", "size"),
    [
        ("imagefolder", "40k"),
        ("webdataset", "60k"),
        *(pytest.param(*one, marks=pytest.mark.slow) for one in (("parquet", "60k"), ("jsonl", "16k"))),
        pytest.param("llama-factory", "60k", marks=pytest.mark.slow),
    ],
)
def test_a_full_disk_is_told_and_the_next_run_finishes(mirror_root, tmp_path, form, size):
    words = unshare()
    if not words:
        pytest.skip("nothing can be mounted here")
    (tmp_path / "disk").mkdir()
    (tmp_path / "script.py").write_text(SCRIPT)
    arguments = [str(mirror_root), str(tmp_path / "disk"), form, size]
    done = subprocess.run(
        [*words, sys.executable, str(tmp_path / "script.py"), *arguments],
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )
    assert done.returncode == 0, done.stderr
    told = json.loads(done.stdout)
    assert "no room left on the disk" in told["error"] or "and the disk has" in told["error"]
    assert "larger disk" in told["error"]
    assert told["left"] == []
    assert told["complete"] in ([], [False])
    assert told["whole"] == [24, 24]
    assert (told["same"], told["files"]) == ([], [])


def test_what_a_full_disk_took_only_in_part_is_no_whole_picture(tmp_path):
    """A file without a buffer takes what there is room for, and says so in a number that is easily overlooked."""
    words = unshare()
    if not words:
        pytest.skip("nothing can be mounted here")
    (tmp_path / "disk").mkdir()
    (tmp_path / "picture").write_bytes(bytes(range(256)) * 100)
    code = """
import subprocess, sys
from pathlib import Path
from pico_banana.errors import DiskFullError
from pico_banana.mirrors.writing import append_line
from pico_banana.sharing.export.pictures import Picture
picture, place = Path(sys.argv[1]), Path(sys.argv[2])
subprocess.run(["mount", "-t", "tmpfs", "-o", "size=12k", "tmpfs", place], check=True)
for digest in (False, True):
    try:
        Picture("a", "png", 25_600, picture).place(place / "out.png", digest=digest)
    except DiskFullError:
        print("full", (place / "out.png").exists())
try:
    append_line(place / "notes", b"x" * 25_600)
except DiskFullError:
    print("full", False)
"""
    done = subprocess.run(
        [*words, sys.executable, "-c", code, str(tmp_path / "picture"), str(tmp_path / "disk")],
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    assert done.stdout.split() == ["full", "False"] * 3, done.stderr
