"""A run folder behind an address: a real client against a real S3 server on this machine."""

from __future__ import annotations

import json
import sqlite3
from pathlib import Path

import pytest

from pico_banana.mirrors.store import home
from pico_banana.regenerate.ledger.many import open_run
from pico_banana.rows.sharding.copying import fetch, local_place
from pico_banana.rows.sharding.folder import RunFolder
from pico_banana.rows.sharding.shard import Shard
from pico_banana.rows.sharding.work import work_on
from tests.sharding.conftest import config_of, run

pytest.importorskip("s3fs")
pytest.importorskip("moto")


@pytest.fixture(scope="module")
def server():
    from moto.server import ThreadedMotoServer

    started = ThreadedMotoServer("127.0.0.1", 0, verbose=False)
    started.start()
    yield "http://{}:{}".format(*started.get_host_and_port())
    started.stop()


@pytest.fixture
def bucket(server, monkeypatch, tmp_path):
    import s3fs

    for name, value in (("KEY_ID", "test"), ("ACCESS_KEY", "test")):
        monkeypatch.setenv(f"AWS_{'SECRET_' if name == 'ACCESS_KEY' else 'ACCESS_'}{name}", value)
    monkeypatch.setenv("AWS_ENDPOINT_URL", server)
    monkeypatch.setenv("AWS_DEFAULT_REGION", "us-east-1")
    s3fs.S3FileSystem.clear_instance_cache()
    files = s3fs.S3FileSystem()
    name = f"runs-{abs(hash(tmp_path.name)) % 10**9}"
    files.mkdir(name)
    return f"s3://{name}"


def test_a_regeneration_in_a_bucket_is_that_of_a_disk(bucket, tmp_path, capsys, monkeypatch):
    config = config_of(tmp_path, 4)
    out = f"{bucket}/run"
    assert run("regenerate", "run", config, "--ledger", tmp_path / "disk") == 0
    for index in range(2):
        monkeypatch.setenv("PICO_BANANA_HOME", str(tmp_path / f"machine{index}"))
        assert run("regenerate", "run", config, "--ledger", out, "--shard", f"{index}/2") == 0
    monkeypatch.setenv("PICO_BANANA_HOME", str(tmp_path / "reader"))
    assert run("merge", out) == 0
    for ledger, name in ((tmp_path / "disk", "a"), (out, "b")):
        assert run("regenerate", "assemble", ledger, "--out", tmp_path / name) == 0
    files = [
        {path.relative_to(root): path.read_bytes() for path in root.rglob("*") if path.suffix in {".png", ".jsonl"}}
        for root in (tmp_path / "a", tmp_path / "b")
    ]
    for found in files:
        found.pop(Path("annotations/regenerate.jsonl"))  # it names calls, and each shard counts its own
    assert {path.suffix for path in files[0]} == {".png", ".jsonl"}
    assert files[1] == files[0]
    capsys.readouterr()
    assert run("regenerate", "status", out, "--json") == 0
    assert json.loads(capsys.readouterr().out)["finished"] == 4


def test_of_two_that_take_a_shard_one_succeeds(bucket):
    folder = RunFolder(f"{bucket}/run")
    assert folder.create("x.lease-1", {"by": "me"})
    assert not folder.create("x.lease-1", {"by": "you"})
    assert folder.read("x.lease-1") == {"by": "me"}


def write(database: Path, rows: int) -> None:
    with sqlite3.connect(database) as connection:
        connection.execute("PRAGMA journal_mode = WAL")
        connection.execute("CREATE TABLE IF NOT EXISTS paid (id INTEGER)")
        connection.executemany("INSERT INTO paid VALUES (?)", [(number,) for number in range(rows)])
    connection.close()


def paid(database: Path) -> int:
    with sqlite3.connect(database) as connection:
        return connection.execute("SELECT count(*) FROM paid").fetchone()[0]


def stopped_after(out: str, shard: Shard, rows: int) -> None:
    with work_on(out, shard, command="c", asked=1) as work:
        write(work.folder / "ledger.sqlite", rows)
        raise KeyboardInterrupt


def test_a_lost_machine_is_followed_by_another_and_a_returning_one_keeps_what_is_newer(bucket, tmp_path, monkeypatch):
    out, shard = f"{bucket}/run", Shard(0, 1)
    first, second = (tmp_path / name for name in ("first", "second"))
    monkeypatch.setenv("PICO_BANANA_HOME", str(first))
    with pytest.raises(KeyboardInterrupt):
        stopped_after(out, shard, rows=10)
    # Killed after the last copy: what is here is newer than what is there.
    write(local_place(RunFolder(out), shard.name) / "ledger.sqlite", 5)
    with work_on(out, shard, command="c", asked=1) as work:
        assert paid(work.folder / "ledger.sqlite") == 15
    monkeypatch.setenv("PICO_BANANA_HOME", str(second))
    with work_on(out, shard, command="c", asked=1) as work:
        assert home() in work.folder.parents
        assert paid(work.folder / "ledger.sqlite") == 15
        write(work.folder / "ledger.sqlite", 1)
    # The first machine comes back: what is there is newer now.
    monkeypatch.setenv("PICO_BANANA_HOME", str(first))
    with work_on(out, shard, command="c", asked=1) as work:
        assert paid(work.folder / "ledger.sqlite") == 16
    assert RunFolder(out).note(shard).finished


def test_a_worker_that_was_taken_over_copies_nothing_up(bucket, tmp_path):
    from pico_banana.errors import ShardHeldError

    out, shard = f"{bucket}/run", Shard(0, 1)
    folder = RunFolder(out)

    def too_slow() -> None:
        with work_on(out, shard, command="c", asked=1) as work:
            (work.folder / "late.txt").write_text("late")
            folder.create(f"{shard.name}.lease-2", {"by": "elsewhere:1", "at": 0})

    with pytest.raises(ShardHeldError, match="was taken over"):
        too_slow()
    assert not folder.files.exists(folder.path(f"{shard.name}/late.txt"))


def test_only_ledgers_are_fetched_where_pictures_are_not_wanted(bucket, tmp_path, monkeypatch):
    config = config_of(tmp_path, 2)
    out = f"{bucket}/run"
    assert run("regenerate", "run", config, "--ledger", out, "--shard", "0/1") == 0
    monkeypatch.setenv("PICO_BANANA_HOME", str(tmp_path / "reader"))
    (folder,) = open_run(out).folders
    assert [path.name for path in folder.rglob("*") if path.is_file()] == ["ledger.sqlite"]
    (folder,) = open_run(out, pictures=True).folders
    assert list(folder.rglob("*.png"))
    assert fetch(RunFolder(out), folder.name) == folder
