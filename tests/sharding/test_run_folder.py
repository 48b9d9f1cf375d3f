"""The folder of a work in shards: who is at one, what is finished, what is missing, what was lost and taken over."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import threading
import time

import pytest

from pico_banana.errors import ShardHeldError, StoreError
from pico_banana.rows.sharding.folder import RunFolder
from pico_banana.rows.sharding.lease import Lease
from pico_banana.rows.sharding.shard import Shard
from pico_banana.rows.sharding.work import unclaimed, work_on

PLACES = ("disk", "memory")


@pytest.fixture(params=PLACES)
def out(request, tmp_path):
    if request.param == "disk":
        yield tmp_path / "out"
        return
    import fsspec

    files = fsspec.filesystem("memory")
    yield f"memory://{tmp_path.name}/out"
    files.store.clear()


def finish(out, index: int, count: int = 3, asked: object = "rows", **counts: int) -> None:
    with work_on(out, Shard(index, count), command="count", asked=asked) as work:
        (work.folder / "part.txt").write_text(str(index))
        work.counts = counts


def test_a_run_is_whole_when_every_shard_is_finished(out):
    finish(out, 2, rows=1)
    finish(out, 0, rows=2)
    folder = RunFolder(out)
    assert folder.unfinished() == {Shard(1, 3): "not begun"}
    with pytest.raises(StoreError, match=r"1 of 3 shards of .* are not finished: 1/3: not begun\. Run them again"):
        folder.require_whole()
    finish(out, 1, rows=3)
    assert [note.counts["rows"] for note in folder.require_whole().values()] == [2, 3, 1]
    for shard, place in folder.folders():
        assert folder.files.cat_file(f"{place}/part.txt") == str(shard.index).encode()


def test_a_shard_that_ended_badly_is_not_finished(out):
    with pytest.raises(RuntimeError), work_on(out, Shard(0, 1), command="count", asked=1):
        raise RuntimeError("no")
    assert "begun by" in RunFolder(out).unfinished()[Shard(0, 1)]
    with work_on(out, Shard(0, 1), command="count", asked=1) as work:
        work.unfinished = "3 rows are left"
    assert RunFolder(out).unfinished() == {Shard(0, 1): "3 rows are left"}


def test_two_cannot_be_at_one_shard(out):
    with work_on(out, Shard(0, 2), command="count", asked=1):
        with pytest.raises(ShardHeldError, match=r"shard 0/2 is in work: .* showed a sign of life"):
            finish(out, 0, 2, 1)
        finish(out, 1, 2, 1)
    finish(out, 0, 2, 1)


def test_shards_of_another_work_are_refused(out):
    finish(out, 0)
    with pytest.raises(StoreError, match=r"begun in 3 shards and not in 4.*Write --shard I/3"):
        finish(out, 0, count=4)
    with pytest.raises(StoreError, match="made of other rows or with other options"):
        finish(out, 1, asked="other rows")


def test_a_worker_without_signs_of_life_is_taken_over_and_stops(out):
    folder, shard = RunFolder(out), Shard(0, 1)
    slow = Lease(folder, shard, patience_s=0, sign_every_s=1000)
    with slow:
        with Lease(folder, shard, patience_s=0) as second:
            assert second.number == 2
            with pytest.raises(ShardHeldError, match="was taken over"):
                slow.require()
            with pytest.raises(ShardHeldError, match="in work"), Lease(folder, shard):
                pytest.fail("the second one is alive")
        with pytest.raises(ShardHeldError):
            slow.require()
    assert slow.lost
    assert not second.lost
    assert folder.read("0000-of-0001.lease-2")["over"]


def test_of_many_that_create_a_lease_one_succeeds(out):
    from concurrent.futures import ThreadPoolExecutor

    folder = RunFolder(out)
    with ThreadPoolExecutor(8) as pool:
        made = list(pool.map(lambda number: folder.create("x.lease-1", {"by": number}), range(8)))
    assert sum(made) == 1
    assert folder.read("x.lease-1") == {"by": made.index(True)}


WORKER = """
import sys, time
from pico_banana.rows.sharding.shard import Shard
from pico_banana.rows.sharding.work import work_on
with work_on(sys.argv[1], Shard(0, 2), command="count", asked="rows") as work:
    (work.folder / "half.txt").write_text("paid")
    print("at it", flush=True)
    time.sleep(60)
"""


def test_what_a_killed_process_left_is_taken_over_at_once(tmp_path):
    out = tmp_path / "out"
    with subprocess.Popen([sys.executable, "-c", WORKER, str(out)], stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout.readline() == "at it\n"
        with pytest.raises(ShardHeldError):
            finish(out, 0, 2)
        os.kill(process.pid, signal.SIGKILL)
        process.wait()
    assert [str(shard) for shard in unclaimed(out, 2, asked="rows")] == ["0/2", "1/2"]
    with work_on(out, Shard(0, 2), command="count", asked="rows") as work:
        assert (work.folder / "half.txt").read_text() == "paid"
    assert [str(shard) for shard in unclaimed(out, 2, asked="rows")] == ["1/2"]


def test_a_process_on_another_machine_is_watched_and_taken_over_when_it_is_lost(out):
    folder = RunFolder(out)
    folder.create("0000-of-0001.lease-1", {"by": "elsewhere:1", "at": time.time()})
    with (
        pytest.raises(ShardHeldError, match="elsewhere:1"),
        work_on(out, Shard(0, 1), command="count", asked=1, waits=False),
    ):
        pytest.fail("it may be alive")
    with work_on(out, Shard(0, 1), command="count", asked=1, patience_s=0.3) as work:
        assert work.folder.is_dir()
    assert folder.note(Shard(0, 1)).finished


def test_a_process_on_another_machine_that_is_alive_keeps_its_shard(out):
    folder, alive = RunFolder(out), threading.Event()
    folder.create("0000-of-0001.lease-1", {"by": "elsewhere:1", "at": time.time()})

    def show_signs():
        while not alive.wait(0.05):
            folder.write("0000-of-0001.lease-1", {"by": "elsewhere:1", "at": time.time()})

    signs = threading.Thread(target=show_signs)
    signs.start()
    try:
        with pytest.raises(ShardHeldError, match="elsewhere:1"), Lease(folder, Shard(0, 1), patience_s=1):
            pytest.fail("it is alive")
    finally:
        alive.set()
        signs.join()


@pytest.mark.parametrize("content", ["{", "[]", '{"else": 1}', "[" * 100_000])
def test_a_damaged_note_is_named(tmp_path, content):
    finish(tmp_path / "out", 0)
    (tmp_path / "out.shards" / "0000-of-0003.json").write_text(content)
    with pytest.raises(StoreError, match=r"0000-of-0003.json is damaged"):
        RunFolder(tmp_path / "out").unfinished()
    assert json.loads((tmp_path / "out.shards" / "0000-of-0003.lease-1").read_text())["over"]


SLOW = """
import sys, time
from pico_banana.rows.sharding.folder import RunFolder
from pico_banana.errors import ShardHeldError
from pico_banana.rows.sharding.lease import Lease
from pico_banana.rows.sharding.shard import Shard
try:
    with Lease(RunFolder(sys.argv[1]), Shard(0, 1), sign_every_s=0.05):
        print("at it", flush=True)
        time.sleep(60)
except ShardHeldError as held:
    print(held, flush=True)
"""


def test_a_worker_that_was_taken_over_is_stopped_in_the_middle(tmp_path):
    out = tmp_path / "out"
    with subprocess.Popen([sys.executable, "-c", SLOW, str(out)], stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout.readline() == "at it\n"
        assert RunFolder(out).create("0000-of-0001.lease-2", {"by": "elsewhere:1", "at": time.time()})
        assert "shard 0/1 was taken over" in process.stdout.readline()
    assert "over" not in RunFolder(out).read("0000-of-0001.lease-2")
