"""A new run enters a gzip tar where an earlier one was: killed at any moment, changed, damaged, without Range."""

from __future__ import annotations

import gzip
import io
import json
import random
import re
import signal
import subprocess
import sys
import tarfile
import zlib

import pytest

from pico_banana.errors import StoreError
from pico_banana.mirrors.fetch.item import FetchItem
from pico_banana.mirrors.fetch.report import Ledger
from pico_banana.mirrors.fetch.transport import Transport
from pico_banana.pictures.sources import inflate
from pico_banana.pictures.sources.inflate import Inflating
from pico_banana.pictures.sources.tars import take_from_tars
from pico_banana.pictures.sources.tars_points import Restarts
from pico_banana.rehearsal.serving.faults import Fault, Rule
from pico_banana.rehearsal.serving.serve import serve
from tests.fetch.conftest import jpeg

MIB = 1 << 20
COUNT = 100
NAME = "open_images/tar/train_0.tar.gz"
WORKER = """
import os, signal, sys
from pathlib import Path
from tests.fetch.test_tars_over_runs import COUNT, take
url, folder, members = sys.argv[1], Path(sys.argv[2]), int(sys.argv[3])
seen = []
def progress(*far):
    seen.append(far)
    if len(seen) == members:
        os.kill(os.getpid(), signal.SIGKILL)
take(url, folder, range(COUNT), progress=progress)
"""


def photo(number, *, seed=0):
    """A JPEG with 100 KB of a comment that gzip packs a little, so its blocks end between two bytes."""
    rng = random.Random(f"{seed}/{number}")
    data = bytes(byte % 200 for byte in rng.randbytes(50_000))
    comment = b"\xff\xfe" + (len(data) + 2).to_bytes(2, "big") + data
    plain = jpeg(number)
    return plain[:2] + comment * 2 + plain[2:]


def tar_of(numbers, *, seed=0):
    file = io.BytesIO()
    with tarfile.open(mode="w", fileobj=file) as tar:
        for number in numbers:
            data = photo(number, seed=seed)
            member = tarfile.TarInfo(f"train_0/{number:016x}.jpg")
            member.size = len(data)
            tar.addfile(member, io.BytesIO(data))
    return file.getvalue()


def take(tar, folder, numbers, **options):
    wanted = {
        f"{number:016x}": FetchItem(f"picobanana://source/{number}", folder / f"{number}.jpg", (), kind="jpeg")
        for number in numbers
    }
    restarts = Restarts(folder / "tars", spacing=MIB)
    return take_from_tars([tar], wanted, transport=Transport(), ledger=Ledger(None), restarts=restarts, **options)


def right(folder, numbers, *, seed=0):
    return all((folder / f"{number}.jpg").read_bytes() == photo(number, seed=seed) for number in numbers)


def kept(folder):
    (file,) = (folder / "tars").glob("*.points")
    return file


def points(folder):
    return [json.loads(line[9:]) for line in kept(folder).read_bytes().splitlines()[1:]]


def asked_from(server):
    """The first byte of every request."""
    return [int((re.findall(r"\d+", one.range) or ["0"])[0]) for one in server.log.requests]


@pytest.fixture(scope="module")
def packed():
    return gzip.compress(tar_of(range(COUNT)), 6)


@pytest.fixture
def served(tmp_path, packed):
    file = tmp_path / "mirror" / NAME
    file.parent.mkdir(parents=True)
    file.write_bytes(packed)
    with serve(tmp_path / "mirror") as server:
        yield f"{server.url}/{NAME}", server, file


def stop_after(count):
    """Break a run off in the middle as an error does; what it kept is that of a killed one."""
    seen = []

    def progress(*far):
        seen.append(far)
        if len(seen) == count:
            raise StoreError("the disk went away")

    return progress


def broken_off(tar, folder, numbers=range(COUNT), *, after=60):
    with pytest.raises(StoreError):
        take(tar, folder, numbers, progress=stop_after(after))


def test_a_killed_run_is_continued_from_the_last_restart_point(tmp_path, served, packed):
    url, server, _ = served
    for members in (35, 30):
        command = [sys.executable, "-c", WORKER, url, str(tmp_path), str(members)]
        assert subprocess.run(command, check=False, timeout=60).returncode == -signal.SIGKILL
    last = points(tmp_path)[-1]
    assert last["unpacked"] > 4 * MIB
    here = sum((tmp_path / f"{number}.jpg").exists() for number in range(COUNT))
    server.log.clear()
    report = take(url, tmp_path, range(COUNT))
    assert (report.done, report.reused, report.failures) == (COUNT - here, here, 0)
    assert right(tmp_path, range(COUNT))
    assert asked_from(server) == [last["packed"] - bool(last["bits"])]
    behind = len(packed) - last["packed"]
    assert behind < len(packed) * (COUNT - here) / COUNT + 2 * MIB, "the spacing, and what was read ahead"
    assert "went on at" in report.summary()
    assert report.as_dict()["notes"] == list(report.notes)


def test_points_lie_between_bits_and_are_small(tmp_path, served):
    url, _, _ = served
    broken_off(url, tmp_path)
    assert any(point["bits"] for point in points(tmp_path))
    assert kept(tmp_path).stat().st_size / len(points(tmp_path)) < 50_000


def test_a_line_that_a_kill_left_unfinished_is_cut_off(tmp_path, served):
    url, server, _ = served
    broken_off(url, tmp_path)
    whole = kept(tmp_path).read_bytes()
    before_last = points(tmp_path)[-2]
    for cut in (1, 20_000, len(whole.splitlines()[-1])):
        kept(tmp_path).write_bytes(whole[:-cut])
        (tmp_path / "99.jpg").unlink(missing_ok=True)
        server.log.clear()
        report = take(url, tmp_path, range(COUNT))
        assert right(tmp_path, range(COUNT))
        assert asked_from(server) == [before_last["packed"] - bool(before_last["bits"])]
        assert "damaged" not in report.summary()


@pytest.mark.parametrize("damage", ["a flipped bit", "a line lost", "no JSON", "all of it"])
def test_a_damaged_index_is_told_and_the_tar_read_from_its_start(tmp_path, served, damage):
    url, server, _ = served
    broken_off(url, tmp_path)
    lines = kept(tmp_path).read_bytes().splitlines(keepends=True)
    middle = lines[2]
    lines[2] = {
        "a flipped bit": middle[:3000] + bytes([middle[3000] ^ 1]) + middle[3001:],
        "a line lost": b"",
        "no JSON": b"%08x %s\n" % (zlib.crc32(b"[" * 9000), b"[" * 9000),
        "all of it": bytes(40) + b"\n",
    }[damage]
    if damage == "a line lost":
        lines[2:4] = [lines[3], lines[2], middle]
    kept(tmp_path).write_bytes(b"".join(lines))
    server.log.clear()
    report = take(url, tmp_path, range(COUNT))
    assert "is damaged" in report.notes[0]
    assert "from its start" in report.notes[0]
    assert asked_from(server) == [0]
    assert right(tmp_path, range(COUNT))
    (tmp_path / "99.jpg").unlink()
    server.log.clear()
    assert take(url, tmp_path, range(COUNT)).done == 1
    assert asked_from(server)[0] > 4 * MIB, "what was kept anew is whole"


def test_a_point_of_another_file_is_noticed_where_its_checksum_is_not(tmp_path, served):
    url, _, _ = served
    broken_off(url, tmp_path)
    lines = kept(tmp_path).read_bytes().splitlines()
    values = json.loads(lines[-1][9:])
    text = json.dumps(values | {"packed": values["packed"] + 1000}).encode()
    lines[-1] = b"%08x %s" % (zlib.crc32(text), text)
    kept(tmp_path).write_bytes(b"\n".join(lines) + b"\n")
    report = take(url, tmp_path, range(COUNT))
    assert "cannot be read on from byte" in report.summary()
    assert right(tmp_path, range(COUNT))


def test_a_changed_tar_is_never_glued_to_old_points(tmp_path, served):
    url, server, file = served
    broken_off(url, tmp_path)
    file.write_bytes(gzip.compress(tar_of(range(COUNT), seed=1), 6))
    server.log.clear()
    (tmp_path / "1.jpg").unlink()
    report = take(url, tmp_path, range(COUNT))
    assert "it has changed since the last run" in report.summary()
    assert right(tmp_path, [1, *range(60, COUNT)], seed=1)
    server.log.clear()
    (tmp_path / "98.jpg").unlink()
    assert take(url, tmp_path, range(COUNT)).done == 1
    assert min(asked_from(server)) > 4 * MIB


def test_a_server_without_range_is_read_from_the_start_and_named(tmp_path, served):
    url, _, _ = served
    broken_off(url, tmp_path)
    with serve(tmp_path / "mirror", faults=(Rule(Fault.NO_RANGE),)) as server:
        report = take(f"{server.url}/{NAME}", tmp_path / "elsewhere", range(5))
        assert report.done == 5
        kept(tmp_path).rename(kept(tmp_path / "elsewhere"))
        lines = kept(tmp_path / "elsewhere").read_bytes()
        report = take(f"{server.url}/{NAME}", tmp_path / "elsewhere", range(90, COUNT))
        assert "cannot begin in the middle of a file" in report.summary()
        assert kept(tmp_path / "elsewhere").read_bytes().startswith(lines)
    assert right(tmp_path / "elsewhere", range(90, COUNT))


def test_without_etag_and_date_nothing_is_kept(tmp_path, served):
    with serve(tmp_path / "mirror", faults=(Rule(Fault.NO_ETAG),)) as server:
        broken_off(f"{server.url}/{NAME}", tmp_path)
        assert not list(tmp_path.rglob("*.points"))
        server.log.clear()
        assert take(f"{server.url}/{NAME}", tmp_path, range(COUNT)).failures == 0
        assert asked_from(server) == [0]


def test_a_file_of_several_members_is_read_whole_and_entered_between_them(tmp_path, served):
    url, server, file = served
    data = tar_of(range(COUNT))
    parts = [gzip.compress(data[at : at + MIB + 7]) for at in range(0, len(data), MIB + 7)]
    file.write_bytes(b"".join(parts) + bytes(100))
    broken_off(url, tmp_path)
    last = points(tmp_path)[-1]
    assert last["window"] == ""
    assert last["packed"] in {sum(map(len, parts[:count])) for count in range(len(parts))}
    server.log.clear()
    assert take(url, tmp_path, range(COUNT)).failures == 0
    assert asked_from(server) == [last["packed"]]
    assert right(tmp_path, range(COUNT))


def test_another_selection_reads_only_the_stretches_that_hold_its_photos(tmp_path, served):
    url, server, _ = served
    assert take(url, tmp_path, [0, COUNT]).failed == {"gone": 1}
    server.log.clear()
    assert take(url, tmp_path, [3, 4, 50, 90]).done == 4
    assert right(tmp_path, [3, 4, 50, 90])
    begun = asked_from(server)
    assert len(begun) == 3
    assert begun[0] == 0 < begun[1] < begun[2]
    server.log.clear()
    assert take(url, tmp_path, [COUNT + 1]).failed == {"gone": 1}
    assert not server.log.total, "all that is in it is known"


def test_a_tar_on_this_disk_is_entered_too(tmp_path, served):
    _, _, file = served
    broken_off(str(file), tmp_path)
    report = take(str(file), tmp_path, range(COUNT))
    assert "went on at" in report.summary()
    assert right(tmp_path, range(COUNT))


def test_two_runs_at_once_do_not_mix_their_points(tmp_path, served):
    url, _, _ = served
    begun = []

    def progress(*_):
        if not begun:
            begun.append(True)
            assert take(url, tmp_path, range(50, COUNT)).failures == 0

    assert take(url, tmp_path, range(COUNT), progress=progress).failures == 0
    (tmp_path / "70.jpg").unlink()
    report = take(url, tmp_path, range(COUNT))
    assert "went on at" in report.summary()
    assert right(tmp_path, range(COUNT))


def test_a_header_for_all_members_behind_it_ends_the_keeping(tmp_path, served):
    url, _, file = served
    data = tar_of(range(COUNT))
    header = tarfile.TarInfo.create_pax_global_header({"comment": "x"})
    middle = data.index(f"{50:016x}".encode()) - len("train_0/")
    file.write_bytes(gzip.compress(data[:middle] + header + data[middle:]))
    assert take(url, tmp_path, [0, COUNT]).failed == {"gone": 1}
    assert {one for point in points(tmp_path) for one in point["ids"]} < {f"{number:016x}" for number in range(50)}
    assert take(url, tmp_path, range(COUNT)).failures == 0


def test_a_tar_that_ends_early_is_unread_and_what_is_kept_of_it_stays(tmp_path, served, packed):
    url, _, file = served
    file.write_bytes(packed[: len(packed) * 3 // 4])
    for _ in range(2):
        report = take(url, tmp_path, range(COUNT))
        assert "cut off" in report.unread[url]
    assert "went on at" in report.summary()


@pytest.mark.parametrize("member_bytes", [1 << 30, 60_000])
def test_every_point_gives_the_rest(member_bytes):
    whole = tar_of(range(6)) + b"more" * 40_000
    data = b"".join(gzip.compress(whole[at : at + member_bytes]) for at in range(0, len(whole), member_bytes))
    passed = Inflating(io.BytesIO(data), spacing=50_000)
    assert b"".join(iter(lambda: passed.read(7_001), b"")) == whole
    assert len(passed.points) > 8
    for point in passed.points:
        rest = Inflating(io.BytesIO(data[point.begin :]), start=point, spacing=50_000)
        assert b"".join(iter(lambda rest=rest: rest.read(70_001), b"")) == whole[point.unpacked :]
        rest.close()
    passed.close()


def test_without_the_library_of_zlib_tars_are_read_as_before(tmp_path, served, monkeypatch):
    url, _, _ = served
    monkeypatch.setattr(inflate, "_names", lambda: iter(()))
    inflate.library.cache_clear()
    try:
        assert take(url, tmp_path, range(COUNT)).failures == 0
    finally:
        monkeypatch.undo()
        inflate.library.cache_clear()
    assert right(tmp_path, range(COUNT))
    assert not list(tmp_path.rglob("*.points"))
