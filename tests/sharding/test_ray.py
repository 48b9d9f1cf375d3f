"""`--executor ray` on a real cluster, with a real server of models: killed, the result is that of one process."""

from __future__ import annotations

import json
import signal
import time
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from pico_banana.benchmark import results_in
from pico_banana.cli import main
from pico_banana.rehearsal.making.make import make_mirror
from pico_banana.rehearsal.models import Mind, ModelFaults, ModelServer
from pico_banana.rehearsal.serving.serve import serve as serve_mirror
from pico_banana.rows.sharding.folder import RunFolder
from pico_banana.rows.sidecar import read_annotations
from tests.regenerate.conftest import lost_in_flight
from tests.regenerate.scenes import write_plain_folder
from tests.sharding.conftest import run, verdicts, without_calls
from tests.sharding.nodes import Nodes, cluster

if TYPE_CHECKING:
    from collections.abc import Iterator

pytest.importorskip("ray")
pytest.importorskip("openai")

pytestmark = pytest.mark.slow
ROWS = ("single_turn", "--mirror", "sample", "--limit", "4")
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


@pytest.fixture(scope="module")
def nodes(tmp_path_factory) -> Iterator[Nodes]:
    with cluster(tmp_path_factory.mktemp("home")) as found:
        yield found


@pytest.fixture
def _key(monkeypatch) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", "x")


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


def leases(ledger: Path) -> list[str]:
    return [name for name in RunFolder(ledger).names() if "lease" in name]


def published(folder: Path) -> dict[str, bytes]:
    files = [path for part in ("jsonl", "manifest", "images") for path in (folder / part).rglob("*") if path.is_file()]
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in files}


def pictures(home: Path) -> dict[str, bytes]:
    kinds = {".jpg", ".png"}
    return {str(path.relative_to(home)): path.read_bytes() for path in home.rglob("*") if path.suffix in kinds}


@pytest.mark.usefixtures("_key")
def test_a_node_is_killed_and_nothing_is_lost_and_nothing_paid_twice(nodes, serve, photos, tmp_path):
    config = config_for(serve, photos, tmp_path / "c.toml", rate=PER_MINUTE)
    ledger = tmp_path / "run"
    words = ("regenerate", "run", config, "--ledger", ledger, "--budget-usd", 20, "--json")
    driver = nodes.start(*words, "--shards", SHARDS, "--at-once", AT_ONCE)
    nodes.until(driver, lambda: serve.paid.total() >= 12 and len(leases(ledger)) >= AT_ONCE)
    nodes.kill_one()
    out, errors = nodes.wait(driver)
    assert driver.returncode == 0, errors
    assert out.startswith("{"), out
    assert {name: json.loads(out)[name] for name in ("shards", "items", "failed")} == {
        "shards": SHARDS, "items": ITEMS, "failed": 0
    }  # fmt: skip
    folder = RunFolder(ledger)
    taken = len(leases(ledger))
    assert taken > SHARDS, "a shard was taken over"
    lost = sum(lost_in_flight(Path(place)) for _, place in folder.folders())
    assert sum(serve.paid.values()) - len(serve.paid) <= lost
    # All that ran at a time kept the one rate; only the first call of each shard waits for none.
    assert (len(serve.edits) - taken) / (serve.edits[-1] - serve.edits[0]) * 60 <= PER_MINUTE
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
    nodes.until(driver, lambda: serve.paid.total() >= 6)
    driver.send_signal(signal.SIGINT)
    _, errors = nodes.wait(driver)
    assert driver.returncode == 130, errors
    assert "the same command goes on" in errors
    folder = RunFolder(ledger)
    assert all(folder.read(name)["over"] for name in leases(ledger)), "they stopped gently"
    driver = nodes.start(*words, 1.5)
    _, errors = nodes.wait(driver)
    assert driver.returncode == 1
    assert "the budget of 0.50 USD could be exceeded" in errors
    assert 0 < len(serve.edits) * USD < 1.5 + 1e-9
    nodes.do(*words, 20)
    lost = sum(lost_in_flight(Path(place)) for _, place in folder.folders())
    assert sum(serve.paid.values()) - len(serve.paid) <= lost


def test_a_pack_is_that_of_one_machine(nodes, tmp_path):
    from pico_banana.training.packs import PackExamples

    size = ("--size", "32", "--workers", "1")
    assert run("pack", tmp_path / "one", *ROWS, *size) == 0
    assert "4 packed" in nodes.do("pack", tmp_path / "many", *ROWS, *size, "--shards", 2)
    one, many = PackExamples(tmp_path / "one"), PackExamples(tmp_path / "many")
    assert [many.id(number) for number in range(len(many))] == [one.id(number) for number in range(4)]
    assert all((one.load(n)["edited"] == many.load(n)["edited"]).all() for n in range(4))


def test_an_export_is_that_of_one_machine(nodes, tmp_path):
    assert run("export", "jsonl", tmp_path / "one", *ROWS) == 0
    assert json.loads(nodes.do("export", "jsonl", tmp_path / "many", *ROWS, "--shards", 2, "--json"))["written"] == 4
    lines = [path.read_text() for path in sorted((tmp_path / "many.shards").glob("*/train.jsonl"))]
    assert "".join(lines) == (tmp_path / "one" / "train.jsonl").read_text()


def test_measurements_are_those_of_one_machine(nodes, tmp_path):
    one, many = tmp_path / "one.parquet", tmp_path / "many.parquet"
    assert run("measure", one, *ROWS, "--no-alignment") == 0
    told = json.loads(nodes.do("measure", many, *ROWS, "--no-alignment", "--shards", 2, "--json"))
    assert {name: told[name] for name in ("command", "shards", "edits", "failed")} == {
        "command": "measure", "shards": 2, "edits": 4, "failed": 0
    }  # fmt: skip
    assert read_annotations(many).equals(read_annotations(one))


def test_a_download_fetches_what_one_machine_fetches(nodes, tmp_path, monkeypatch, capsys):
    make_mirror(tmp_path / "release", rows=8, pictures=True, photo_copies=True, traps=False, shared_photos=False)
    words = ("download", "single_turn", "--yes", "--json")
    with serve_mirror(tmp_path / "release") as release:
        hosts = {"PICO_BANANA_HOSTS": f"*={release.url}", "PICO_BANANA_MIRROR": ""}
        for name, value in {**hosts, "PICO_BANANA_HOME": str(tmp_path / "home")}.items():
            monkeypatch.setenv(name, value)
        assert run(*words) == 0
        one = json.loads(capsys.readouterr().out)
        there = replace(nodes, environment={**nodes.environment, **hosts})
        many = json.loads(there.do(*words, "--run", tmp_path / "fetch", "--shards", 2))
    assert many == {"command": "download", "shards": 2, "total": 16, "done": 16, "reused": 0, "failed": 0}
    assert (one["total"], one["done"]) == (16, 16)
    fetched = pictures(tmp_path / "home")
    assert len(fetched) == 16
    assert pictures(Path(nodes.environment["PICO_BANANA_HOME"])) == fetched


@pytest.mark.usefixtures("_key")
def test_scores_are_those_of_one_machine(nodes, tmp_path):
    one, many = tmp_path / "one.parquet", tmp_path / "many.parquet"
    with ModelServer() as server:
        words = ("score", *ROWS, "--judge", f"openai:critic@{server.openai_url}")
        assert run(*words, "--ledger", tmp_path / "whole", "--out", one) == 0
        asked = server.paid.total()
        nodes.do(*words, "--ledger", tmp_path / "parts", "--out", many, "--shards", 2)
        assert server.paid.total() == 2 * asked
    assert len(read_annotations(one)) == 4
    assert read_annotations(many).equals(read_annotations(one))


@pytest.mark.usefixtures("_key")
def test_a_run_judged_again_has_the_verdicts_of_one_machine(nodes, serve, photos, tmp_path):
    config, other = tmp_path / "c.toml", tmp_path / "other.toml"
    config.write_text(f'[source]\nfolder = "{photos}"\nlimit = 4\n[assign]\nedit_types = ["color_tone"]\n')
    other.write_text(f'[judge]\nbackend = "openai"\nbase_url = "{serve.openai_url}"\nmodel = "critic"\n')
    for name, more in (("whole", ()), ("parts", ("--shard", "any/2"))):
        assert run("regenerate", "run", config, "--ledger", tmp_path / name, *more) == 0
    words = ("regenerate", "rejudge", other, "--ledger")
    assert run(*words, tmp_path / "whole") == 0
    assert json.loads(nodes.do(*words, tmp_path / "parts", "--json")) == {"shards": 2, "failed": []}
    assert len(verdicts(tmp_path / "whole")) == 8
    assert verdicts(tmp_path / "parts") == verdicts(tmp_path / "whole")


def test_a_benchmark_is_that_of_one_machine(nodes, tmp_path):
    words = ("benchmark", "run", "--mirror", "sample", "--editor", "procedural", "--size", "mini", "--limit", "2")
    words += ("--no-anchors",)
    assert run(*words, "--out", tmp_path / "one") == 0
    nodes.do(*words, "--out", tmp_path / "many", "--shards", 2)
    one, many = results_in(tmp_path / "one"), results_in(tmp_path / "many")
    assert len(one) == 1
    for whole, merged in zip(one, many, strict=True):
        assert [without_calls(item) for item in merged.items] == [without_calls(item) for item in whole.items]
        assert merged.passport["endings"] == whole.passport["endings"]
        assert merged.passport["shards"] == 2
