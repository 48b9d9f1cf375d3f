"""`--executor ray` on a real cluster, with a real server of models: killed, the result is that of one process."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from pico_banana.cli import main
from pico_banana.rehearsal.models import Mind, ModelFaults, ModelServer
from pico_banana.rows.sharding.folder import RunFolder
from tests.regenerate.conftest import lost_in_flight
from tests.regenerate.scenes import write_plain_folder

if TYPE_CHECKING:
    from collections.abc import Iterator

pytest.importorskip("ray")
pytest.importorskip("openai")

pytestmark = pytest.mark.slow
ROOT = Path(__file__).parents[2]
ITEMS, SHARDS, AT_ONCE, PER_MINUTE, USD = 24, 6, 3, 90, 0.1
CONFIG = """
seed = 5
[source]
folder = "{photos}"
[sessions]
share = 0.25
[writer]
backend = "openai"
base_url = "{url}"
model = "a-writer"
[shortener]
backend = "openai"
base_url = "{url}"
model = "a-writer"
[editor]
backend = "openai"
base_url = "{url}"
model = "an-editor"
requests_per_minute = {rate}
[judge]
backend = "openai"
base_url = "{url}"
model = "a-judge"
[run]
tries = 10
max_wait_s = 0.2
[prices."a-writer"]
input_per_million = 0.0
output_per_million = 0.0
[prices."a-judge"]
input_per_million = 0.0
output_per_million = 0.0
[prices."an-editor"]
input_per_million = 0.0
output_per_million = 0.0
per_picture = {usd}
"""


class CountingServer(ModelServer):
    """Also remembers when it was asked for an edit."""

    def __init__(self, mind: Mind) -> None:
        super().__init__(mind)
        self.edits: list[float] = []

    def _answer(self, path: str, content: dict[str, Any], request: str) -> Any:
        if path.endswith("/images/edits"):
            self.edits.append(time.monotonic())
        return super()._answer(path, content, request)


@dataclass
class Nodes:
    """A cluster, for commands."""

    process: subprocess.Popen[str]
    environment: dict[str, str]
    address: str = ""
    running: list[subprocess.Popen[str]] = field(default_factory=list)

    def start(self, *words: object) -> subprocess.Popen[str]:
        """Start a command whose shards go to the cluster."""
        command = [sys.executable, "-m", "pico_banana.cli", *map(str, words)]
        command += ["--executor", "ray", "--address", self.address]
        pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "text": True}
        process: Any = subprocess.Popen(command, env=self.environment, **pipes)
        self.running.append(process)
        return process

    def do(self, *words: object) -> str:
        """Run one to its end."""
        process = self.start(*words)
        out, errors = process.communicate(timeout=300)
        assert process.returncode == 0, errors
        return out

    def kill_one(self) -> None:
        """Kill a node that works."""
        print("one", file=self.process.stdin, flush=True)
        assert self.process.stdout.readline() == "killed\n"


@pytest.fixture(scope="module")
def nodes(tmp_path_factory) -> Iterator[Nodes]:
    home = tmp_path_factory.mktemp("home")
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "OPENAI_API_KEY": "x", "PICO_BANANA_HOME": str(home)}
    environment["RAY_health_check_period_ms"] = "1000"  # a killed node is noticed in seconds, not in fifteen
    command = [sys.executable, Path(__file__).with_name("ray_cluster.py")]
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "text": True}
    with subprocess.Popen(command, env=environment, **pipes) as process:
        found = Nodes(process, environment)
        try:
            words = iter(process.stdout.readline, "")
            found.address = next(line.split()[1] for line in words if line.startswith("ready "))
            yield found
        finally:
            for one in found.running:
                one.kill()
            process.stdin.close()


@pytest.fixture
def serve() -> Iterator[CountingServer]:
    with CountingServer(Mind(faults=ModelFaults(latency_s=0.05, throttled=0.05, cut_connection=0.03))) as server:
        yield server


@pytest.fixture(scope="module")
def photos(tmp_path_factory) -> Path:
    return write_plain_folder(tmp_path_factory.mktemp("photos"), ITEMS, width=48, height=36)


def config_for(server: ModelServer, photos: Path, path: Path, *, rate: int = 0) -> Path:
    path.write_text(CONFIG.format(photos=photos, url=server.openai_url, rate=rate, usd=USD))
    return path


def wait_for_calls(driver: subprocess.Popen[str], server: ModelServer, more: int) -> None:
    """Wait until the server has answered some calls: what comes then comes in the middle of work."""
    while server.paid.total() < more and driver.poll() is None:
        time.sleep(0.005)


def published(folder: Path) -> dict[str, bytes]:
    files = [path for part in ("jsonl", "manifest", "images") for path in (folder / part).rglob("*") if path.is_file()]
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in files}


def test_a_node_is_killed_and_nothing_is_lost_and_nothing_paid_twice(
    nodes, serve, photos, tmp_path, monkeypatch, capsys
):
    monkeypatch.setenv("OPENAI_API_KEY", "x")
    config = config_for(serve, photos, tmp_path / "c.toml", rate=PER_MINUTE)
    ledger = tmp_path / "run"
    words = ("regenerate", "run", config, "--ledger", ledger, "--budget-usd", 20, "--json")
    driver = nodes.start(*words, "--shards", SHARDS, "--at-once", AT_ONCE)
    wait_for_calls(driver, serve, 12)
    while len([name for name in RunFolder(ledger).names() if "lease" in name]) < AT_ONCE and driver.poll() is None:
        time.sleep(0.05)
    nodes.kill_one()
    out, errors = driver.communicate(timeout=400)
    assert driver.returncode == 0, errors
    assert out.startswith("{"), out
    assert {name: json.loads(out)[name] for name in ("shards", "items", "failed")} == {
        "shards": SHARDS, "items": ITEMS, "failed": 0
    }  # fmt: skip
    folder = RunFolder(ledger)
    leases = [name for name in folder.names() if "lease" in name]
    assert len(leases) > SHARDS, "a shard was taken over"
    lost = sum(lost_in_flight(Path(place)) for _, place in folder.folders())
    assert sum(serve.paid.values()) - len(serve.paid) <= lost
    # All that ran at a time kept the one rate; only the first call of each shard waits for none.
    assert (len(serve.edits) - len(leases)) / (serve.edits[-1] - serve.edits[0]) * 60 <= PER_MINUTE
    calm = tmp_path / "calm.toml"
    with CountingServer(Mind()) as undisturbed:
        assert main(["regenerate", "run", str(config_for(undisturbed, photos, calm)), "--ledger", f"{ledger}-1"]) == 0
        assert serve.paid.keys() == undisturbed.paid.keys()
    for one in (ledger, f"{ledger}-1"):
        assert main(["regenerate", "assemble", str(one), "--out", f"{one}-data"]) == 0
    assert published(Path(f"{ledger}-data")) == published(Path(f"{ledger}-1-data"))


def test_the_budget_holds_over_all_and_stopped_it_goes_on(nodes, serve, photos, tmp_path):
    config, ledger = config_for(serve, photos, tmp_path / "c.toml"), tmp_path / "run"
    words = ("regenerate", "run", config, "--ledger", ledger, "--shards", 3, "--budget-usd")
    driver = nodes.start(*words, 1.5)
    wait_for_calls(driver, serve, 6)
    driver.send_signal(signal.SIGINT)
    _, errors = driver.communicate(timeout=120)
    assert driver.returncode == 130, errors
    assert "the same command goes on" in errors
    folder = RunFolder(ledger)
    assert all(folder.read(name)["over"] for name in folder.names() if "lease" in name), "they stopped gently"
    driver = nodes.start(*words, 1.5)
    _, errors = driver.communicate(timeout=200)
    assert driver.returncode == 1
    assert "the budget of 0.50 USD could be exceeded" in errors
    assert 0 < len(serve.edits) * USD < 1.5 + 1e-9
    nodes.do(*words, 20)
    lost = sum(lost_in_flight(Path(place)) for _, place in folder.folders())
    assert sum(serve.paid.values()) - len(serve.paid) <= lost


def test_a_pack_and_an_export_are_those_of_one_machine(nodes, tmp_path, capsys):
    from pico_banana.training.packs import PackExamples

    rows = ("single_turn", "--mirror", "sample", "--limit", "5")
    size = ("--size", "32", "--workers", "1")
    assert main(["pack", str(tmp_path / "one"), *rows, *size]) == 0
    assert "5 packed" in nodes.do("pack", tmp_path / "many", *rows, *size, "--shards", 2)
    one, many = PackExamples(tmp_path / "one"), PackExamples(tmp_path / "many")
    assert [many.id(number) for number in range(len(many))] == [one.id(number) for number in range(5)]
    assert all((one.load(n)["edited"] == many.load(n)["edited"]).all() for n in range(5))
    told = json.loads(nodes.do("export", "jsonl", tmp_path / "out", *rows, "--shards", 2, "--json"))
    assert told["written"] == 5
