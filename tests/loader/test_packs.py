"""Packs: the same examples as from the files, resumable, checksummed, in every format."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time

import numpy as np
import pytest

import pico_banana as pb
from pico_banana.cli import main
from pico_banana.errors import ConfigError, StoreError, UnknownNameError
from pico_banana.pictures.filesystem import local_path
from pico_banana.training.loader import Loader, make_examples, make_loader
from pico_banana.training.packs import PackExamples, forecast_bytes, pack, verify_pack


def alike(ours, theirs, *, tolerance=0):
    assert ours.keys() == theirs.keys()
    for name, value in theirs.items():
        if isinstance(value, np.ndarray):
            assert ours[name].shape == value.shape
            assert np.abs(ours[name].astype(int) - value).max() <= tolerance
        else:
            assert [list(v) if isinstance(v, tuple) else v for v in value] == ours[name]


@pytest.mark.parametrize("form", ["raw", "zstd", "qoi", "jpeg"])
def test_a_pack_gives_the_examples_it_was_made_from(singles, tmp_path, form):
    pytest.importorskip({"zstd": "zstandard", "qoi": "qoi"}.get(form, "numpy"))
    examples = make_examples(singles, size=24)
    report = pack(examples, tmp_path, format=form, shard_examples=7)
    assert (report.total, report.packed, report.reused, report.failed) == (24, 24, 0, {})
    options = {"batch_size": 5, "shuffle": True, "seed": 4}
    for ours, theirs in zip(Loader(PackExamples(tmp_path), **options), Loader(examples, **options), strict=True):
        alike(ours, theirs, tolerance=60 if form == "jpeg" else 0)
    assert verify_pack(tmp_path) == {}


def test_preferences_and_sessions_pack_too(preferences, sessions, tmp_path):
    for name, rows, options in (
        ("p", preferences, {"size": 16}),
        ("t", sessions, {"size": 16}),
        ("w", sessions, {"size": 16, "turns": "whole"}),
    ):
        examples = make_examples(rows, **options)
        pack(examples, tmp_path / name)
        for ours, theirs in zip(Loader(PackExamples(tmp_path / name)), Loader(examples), strict=True):
            alike(ours, theirs)


def test_buckets_stay_apart(singles, tmp_path):
    examples = make_examples(singles, geometry="bucket", buckets=[(32, 32), (48, 32)])
    pack(examples, tmp_path)
    options = {"batch_size": 4, "shuffle": True}
    ours, theirs = Loader(PackExamples(tmp_path), **options), Loader(examples, **options)
    assert [batch["id"] for batch in ours] == [batch["id"] for batch in theirs]


def test_single_examples_and_columns(singles, tmp_path):
    pack(make_examples(singles, size=16), tmp_path)
    example = next(iter(Loader(PackExamples(tmp_path, columns=["edited"]), batch_size=None)))
    assert set(example) == {"id", "edited"}
    assert example["edited"].shape == (16, 16, 3)
    with pytest.raises(UnknownNameError, match="edited"):
        next(iter(Loader(PackExamples(tmp_path, columns=["edit"]))))


def test_an_interrupted_pack_is_finished(singles, tmp_path):
    class StoppedError(Exception):
        pass

    def stopping(address):
        if address == singles[13].edited.address:
            raise StoppedError
        return local_path(address)

    with pytest.raises(StoppedError):
        pack(make_examples(singles, size=16, local_path=stopping), tmp_path, shard_examples=6)
    with pytest.raises(StoreError, match="no whole pack"):
        len(PackExamples(tmp_path))
    assert not list(tmp_path.glob("*.part"))
    report = pack(make_examples(singles, size=16), tmp_path, shard_examples=6)
    assert (report.packed, report.reused) == (12, 12)
    again = pack(make_examples(singles, size=16), tmp_path, shard_examples=6)
    assert (again.packed, again.reused) == (0, 24)
    other = pack(make_examples(singles, size=20), tmp_path, shard_examples=6)
    assert other.packed == 24


def test_failed_pictures_are_left_out_and_listed(singles, tmp_path):
    (tmp_path / "bad").write_bytes(b"")
    broken = singles[3].edited.address
    examples = make_examples(singles, size=16, local_path=lambda a: tmp_path / "bad" if a == broken else local_path(a))
    report = pack(examples, tmp_path / "out")
    assert report.packed + report.reused + len(report.failed) == report.total == 24
    assert list(report.failed) == [singles[3].id]
    assert len(PackExamples(tmp_path / "out")) == 23


def test_damage_is_found(singles, tmp_path):
    pack(make_examples(singles, size=16), tmp_path)
    data = bytearray((tmp_path / "shard-00000.bin").read_bytes())
    data[1000] ^= 1
    (tmp_path / "shard-00000.bin").write_bytes(data)
    assert list(verify_pack(tmp_path)) == ["shard-00000.bin"]
    (tmp_path / "shard-00000.bin").write_bytes(data[:-1])
    with pytest.raises(StoreError, match="cut off"):
        next(iter(Loader(PackExamples(tmp_path))))


def test_packing_again_makes_a_damaged_shard_anew(singles, tmp_path):
    examples = make_examples(singles, size=16)
    pack(examples, tmp_path, shard_examples=8)
    for name in ("shard-00000.bin", "shard-00002.arrow"):
        data = bytearray((tmp_path / name).read_bytes())
        data[len(data) // 2] ^= 1
        (tmp_path / name).write_bytes(data)
    again = pack(examples, tmp_path, shard_examples=8)
    assert (again.packed, again.reused) == (16, 8)
    assert verify_pack(tmp_path) == {}


def test_damage_names_the_shard_and_what_to_do(singles, tmp_path):
    pack(make_examples(singles, size=16), tmp_path, format="jpeg", shard_examples=8)
    whole = (tmp_path / "shard-00001.bin").read_bytes()
    (tmp_path / "shard-00001.bin").write_bytes(bytes(len(whole)))
    with pytest.raises(StoreError, match=r"shard-00001\.bin cannot be decoded.*delete shard-00001\.json.*pack again"):
        list(Loader(PackExamples(tmp_path), batch_size=4))
    (tmp_path / "shard-00001.bin").write_bytes(whole)
    rows = bytearray((tmp_path / "shard-00002.arrow").read_bytes())
    rows[len(rows) // 2] ^= 255
    (tmp_path / "shard-00002.arrow").write_bytes(rows)
    with pytest.raises(StoreError, match=r"shard-00002\.arrow is missing or not as it was written"):
        len(list(Loader(PackExamples(tmp_path))))
    (tmp_path / "shard-00002.json").unlink()
    report = pack(make_examples(singles, size=16), tmp_path, format="jpeg", shard_examples=8)
    assert (report.packed, report.reused) == (8, 16)
    assert len(list(Loader(PackExamples(tmp_path), batch_size=None))) == 24


STOPPABLE = """
import signal, sys
import pico_banana as pb
from pico_banana.training.loader import make_examples
from pico_banana.training.packs import pack

if __name__ == "__main__":
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    signal.signal(signal.SIGINT, signal.default_int_handler)
    examples = make_examples(pb.load("single_turn", mirror=sys.argv[1]), size=6000)
    pack(examples, sys.argv[2], workers=2, shard_examples=12)
"""


def anybody_left(group: int) -> bool:
    try:
        os.killpg(group, 0)
    except ProcessLookupError:
        return False
    return True


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_packing_ends_when_it_is_asked_to(mirror_root, tmp_path, number):
    out = tmp_path / "out"
    program = subprocess.Popen(
        [sys.executable, "-c", STOPPABLE, str(mirror_root), str(out)], stderr=subprocess.DEVNULL, start_new_session=True
    )
    while program.poll() is None and not any(out.glob("*")):
        time.sleep(0.01)
    program.send_signal(number)
    assert program.wait(30) != 0
    while anybody_left(program.pid):  # multiprocessing's own tracker ends a moment after its parent
        time.sleep(0.05)
    assert not list(out.glob("*.json"))  # it did not wait for a shard to be whole


ORPHANING = """
import sys
import pico_banana as pb

if __name__ == "__main__":
    pb.load("single_turn", mirror=sys.argv[1]).shuffle(0).pack(sys.argv[2], size=2048, format="zstd", workers=2)
"""

LOADING = """
import signal, sys
import pico_banana as pb

signal.signal(signal.SIGTERM, lambda *_: sys.exit(3))
loader = pb.load("single_turn", mirror=sys.argv[1]).loader(size=1024, workers=2, shuffle=True)
print("ready", flush=True)
while True:
    for batch in loader:
        pass
"""


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGKILL])
def test_children_end_with_a_parent_that_says_nothing(mirror_root, tmp_path, number):
    out = tmp_path / "out"
    (tmp_path / "packing.py").write_text(ORPHANING)
    command = [sys.executable, str(tmp_path / "packing.py"), str(mirror_root), str(out)]
    program = subprocess.Popen(command, start_new_session=True, stderr=subprocess.DEVNULL)
    while program.poll() is None and not any(out.glob(".shard*")):
        time.sleep(0.01)
    program.send_signal(number)
    assert program.wait(2) == -number
    while anybody_left(program.pid):  # for ever, if a child did not notice
        time.sleep(0.02)


def test_a_loader_ends_when_it_is_asked_to(mirror_root):
    command = [sys.executable, "-c", LOADING, str(mirror_root)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as program:
        assert program.stdout.readline() == "ready\n"
        program.send_signal(signal.SIGTERM)
        assert program.wait(2) == 3


def test_a_pack_s_size_is_told_before_it_is_written(singles, tmp_path, capsys):
    examples = make_examples(singles, size=16)
    pack(examples, tmp_path / "raw")
    written = sum(file.stat().st_size for file in (tmp_path / "raw").glob("*.bin"))
    assert forecast_bytes(examples, "raw") == written == 24 * 2 * 16 * 16 * 3
    folder = tmp_path / "told"
    assert main(["pack", str(folder), "single_turn", "--mirror", "sample", "--size", "16", "--limit", "4"]) == 0
    assert f"packing 4 examples into {folder}: about 6.1 kB; " in capsys.readouterr().err


def test_packing_says_how_far_it_is(singles, tmp_path):
    done: list[int] = []
    pack(make_examples(singles, size=16), tmp_path, shard_examples=10, progress=done.append)
    assert done == [10, 20, 24]


def test_processes_make_the_same_pack(singles, tmp_path):
    examples = make_examples(singles, size=16)
    pack(examples, tmp_path / "one", shard_examples=12)
    pack(examples, tmp_path / "two", shard_examples=12, workers=2)
    for name in ("pack.json", "shard-00001.bin"):
        assert (tmp_path / "one" / name).read_bytes() == (tmp_path / "two" / name).read_bytes()


PACKING = """
import sys
import pico_banana as pb
from pico_banana.training.loader import make_examples
from pico_banana.training.packs import pack

examples = make_examples(pb.load("single_turn", mirror=sys.argv[1]), size=256)
pack(examples, sys.argv[2], format="zstd", shard_examples=2)
"""


def test_a_killed_pack_goes_on_and_is_the_same(mirror_root, tmp_path):
    pytest.importorskip("zstandard")
    whole, killed = tmp_path / "whole", tmp_path / "killed"
    examples = make_examples(pb.load("single_turn", mirror=str(mirror_root)), size=256)
    pack(examples, whole, format="zstd", shard_examples=2)
    for shards in (1, 4, 7):  # killed three times, each time after some more shards
        program = subprocess.Popen([sys.executable, "-c", PACKING, str(mirror_root), str(killed)])
        while program.poll() is None and len(list(killed.glob("shard-*.bin"))) < shards:
            time.sleep(0.002)
        program.kill()
        program.wait()
    before = len(list(killed.glob("shard-*.bin")))
    report = pack(examples, killed, format="zstd", shard_examples=2)
    assert 7 <= before <= report.reused // 2 + 1  # the last shard may have lacked its note
    assert report.packed + report.reused == report.total == 24
    assert {path.name for path in killed.iterdir()} == {path.name for path in whole.iterdir()}
    for path in whole.iterdir():
        assert path.read_bytes() == (killed / path.name).read_bytes()


@pytest.mark.parametrize(
    "change", [{"resample": "lanczos"}, {"columns": ["edited"]}, {"background": (255, 255, 255)}, {"fill": (9, 9, 9)}]
)
def test_shards_of_another_pack_are_not_taken_over(singles, tmp_path, change):
    pack(make_examples(singles, size=16), tmp_path)
    assert pack(make_examples(singles, size=16, **change), tmp_path).reused == 0


def test_shards_of_other_rows_are_not_taken_over(singles, tmp_path):
    pack(make_examples(singles[[0, 1, 2, 3, 4]], size=16), tmp_path)
    assert pack(make_examples(singles[[0, 5, 2, 6, 4]], size=16), tmp_path).reused == 0


def test_wrong_choices_are_said_before_any_work(singles, tmp_path):
    with pytest.raises(UnknownNameError, match="raw"):
        pack(make_examples(singles), tmp_path, format="rav")
    with pytest.raises(ConfigError, match="at least one"):
        pack(make_examples(singles), tmp_path, shard_examples=0)
    assert not list(tmp_path.iterdir())


def test_a_pack_resumes_like_rows(singles, tmp_path):
    pack(make_examples(singles, size=16), tmp_path)
    first = Loader(PackExamples(tmp_path), batch_size=4, shuffle=True)
    running = iter(first)
    next(running)
    second = Loader(PackExamples(tmp_path), batch_size=4, shuffle=True)
    second.load_state_dict(first.state_dict())
    assert [b["id"] for b in second] == [b["id"] for b in running]
    with pytest.raises(ConfigError, match="examples"):
        make_loader(singles, batch_size=4, shuffle=True).load_state_dict(first.state_dict())
