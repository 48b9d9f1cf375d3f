"""However a job ends: what is visible is whole, what is missing comes with the next run, and nothing else."""

from __future__ import annotations

import json
import os
import random
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from pico_banana.rehearsal.serving.faults import Fault, Rule
from pico_banana.rehearsal.serving.serve import serve
from tests.fetch.conftest import png

COUNT = 40
SIDE = 120  # about 43 KB each: a slow host sends one in a tenth of a second


@pytest.fixture
def slow(tmp_path):
    folder = tmp_path / "slow" / "images" / "positive-edit"
    folder.mkdir(parents=True)
    for number in range(COUNT):
        (folder / f"{number}.png").write_bytes(png(number, side=SIDE))
    return tmp_path / "slow"


def start(url, folder):
    return subprocess.Popen(
        [sys.executable, str(Path(__file__).with_name("worker.py")), url, str(folder), str(COUNT)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        env=os.environ | {"PYTHONPATH": str(Path(__file__).parents[2])},
        text=True,
    )


def pictures(folder):
    return {path.name: path.read_bytes() for path in folder.glob("*.png")}


def wait_for_some(folder, process, least=4):
    while len(list(folder.glob("*.png"))) < least:
        assert process.poll() is None, process.stderr.read()
        time.sleep(0.01)


def assert_whole(folder):
    found = pictures(folder)
    for name, data in found.items():
        assert data == png(int(name.removesuffix(".png")), side=SIDE)
    return len(found)


@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, -signal.SIGINT), (signal.SIGTERM, 143)])
def test_a_signal_ends_the_job_cleanly(slow, tmp_path, number, code):
    out = tmp_path / "out"
    with serve(slow, faults=(Rule(Fault.DRIP),)) as server:
        process = start(server.url, out)
        wait_for_some(out, process)
        process.send_signal(number)
        printed, errors = process.communicate(timeout=20)
    assert process.returncode == code, errors
    there = assert_whole(out)
    assert 0 < there < COUNT
    report = json.loads(printed.splitlines()[-1])
    assert report["stopped"] == signal.Signals(number).name
    assert report["total"] == report["done"] + report["reused"] + sum(report["failed"].values()) + report["left"]
    assert report["done"] == there
    assert report["failed"] == {}, "what was not fetched in time is left, not failed"
    assert not list(out.glob("*.part")), "what was in flight was let in"
    assert len((out / "report.jsonl").read_text().splitlines()) == report["total"]


def test_kill_9_at_any_moment_loses_only_what_is_in_flight(slow, tmp_path):
    out = tmp_path / "out"
    dice = random.Random(1)
    with serve(slow, faults=(Rule(Fault.DRIP),)) as server:
        for _ in range(3):
            process = start(server.url, out)
            process.stdout.readline()
            time.sleep(dice.uniform(0.05, 0.4))
            process.kill()
            process.communicate()
            assert_whole(out)
        before = set(pictures(out))
        server.log.clear()
        process = start(server.url, out)
        report = json.loads(process.communicate(timeout=30)[0].splitlines()[-1])
    assert assert_whole(out) == COUNT
    assert report["reused"] == len(before)
    assert server.log.total == COUNT - len(before)
    assert not [path for path in out.iterdir() if path.suffix not in {".png", ".jsonl"}], "nothing is left over"


def test_two_processes_fetch_each_file_once(slow, tmp_path):
    out = tmp_path / "out"
    with serve(slow, faults=(Rule(Fault.DRIP),)) as server:
        processes = [start(server.url, out) for _ in range(2)]
        reports = [json.loads(p.communicate(timeout=30)[0].splitlines()[-1]) for p in processes]
    assert assert_whole(out) == COUNT
    assert set(server.log.by_path.values()) == {1}
    assert sum(report["done"] for report in reports) == COUNT
    assert all(report["done"] for report in reports), "they shared the work"


def test_a_large_file_survives_kill_9_in_part(tmp_path):
    folder = tmp_path / "big" / "images" / "positive-edit"
    folder.mkdir(parents=True)
    for number in range(COUNT):
        (folder / f"{number}.png").write_bytes(png(number, side=8))
    big = png(0, side=1900)  # 10 MB
    assert len(big) > 8 << 20
    (folder / "0.png").write_bytes(big)
    out = tmp_path / "out"
    with serve(tmp_path / "big", faults=(Rule(Fault.STALL, where="*/0.png", times=1),)) as server:
        process = start(server.url, out)
        while not (part := out / "0.png.part").exists() or part.stat().st_size < len(big) // 2 - (1 << 20):
            time.sleep(0.01)
        process.kill()
        process.communicate()
        server.log.clear()
        process = start(server.url, out)
        process.communicate(timeout=30)
        (request,) = (r for r in server.log.requests if r.path.endswith("/0.png"))
    assert (out / "0.png").read_bytes() == big
    assert request.status == 206
