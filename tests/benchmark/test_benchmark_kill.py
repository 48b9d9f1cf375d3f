"""End to end against the rehearsed services: killed and resumed, and a judge that becomes another one on the way."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from pico_banana import benchmark
from pico_banana.rehearsal.making.make import make_mirror
from pico_banana.rehearsal.models import Mind, ModelFaults, ModelServer
from tests.benchmark.conftest import asked
from tests.regenerate.conftest import lost_in_flight, wait_for_calls

ITEMS = 12
SWAPPED_AFTER = 20


def start(server, folder: Path) -> subprocess.Popen[bytes]:
    names = asked(server)
    words = ["run", "--mirror", "sample", "--size", "mini", "--limit", str(ITEMS), "--no-anchors", "--out", str(folder)]
    words += ["--editor", names["editor"], "--judge", names["judge"], "--preset", "editscore"]
    environment = {**os.environ, "PYTHONPATH": str(Path(__file__).parents[2]), "OPENAI_API_KEY": "x"}
    command = [sys.executable, "-m", "pico_banana.cli", "benchmark", *words]
    return subprocess.Popen(command, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)


@pytest.mark.slow  # three processes that import the clients of the services
def test_killed_and_resumed_it_gives_the_same_and_pays_for_nothing_twice(definition, tmp_path):
    options = benchmark.Options(limit=ITEMS, anchors=False, preset="editscore")
    with ModelServer() as calm:
        whole = benchmark.run(definition, tmp_path / "calm", mirror="sample", options=options, **asked(calm))
        calls = calm.paid.total()
    lost = 0
    with ModelServer(Mind(faults=ModelFaults(latency_s=0.05, throttled=0.1))) as server:
        for _ in range(2):
            process = start(server, tmp_path / "killed")
            wait_for_calls(server, 15)
            os.kill(process.pid, signal.SIGKILL)
            process.wait()
            lost += lost_in_flight(tmp_path / "killed")
        assert start(server, tmp_path / "killed").wait(timeout=120) == 0
        again = sum(count - 1 for count in server.paid.values())
        assert len(server.paid) == calls
        assert again <= lost  # only what was in flight at a kill can have been paid for in vain
        before = server.paid.total()
        assert start(server, tmp_path / "killed").wait(timeout=120) == 0
        assert server.paid.total() == before
    (found,) = benchmark.results_in(tmp_path / "killed")

    def plain(results):
        return [(item.id, item.turn, item.ended, item.score, item.picture) for item in results.items]

    assert plain(found) == plain(whole.results)


@dataclass(frozen=True, slots=True)
class Turncoat(Mind):
    """Becomes another mind once it has judged so often."""

    other: Mind = field(default_factory=Mind)
    after: int = 0
    seen: list[str] = field(default_factory=list)

    def text(self, prompt, pictures, request):
        self.seen.append(request)
        return Mind.text(self.other if len(self.seen) > self.after else self, prompt, pictures, request)


@pytest.mark.slow  # two runs of more than a hundred calls each, over pictures of their own
def test_a_judge_swapped_in_the_middle_is_noticed_within_50_calls(tmp_path):
    """The same name answers, but from some call on it is another model: a milder one becomes a harsh one."""
    mild, harsh = (Mind(rates={"": rate}) for rate in (1.0, 0.0))
    root = tmp_path / "mirror"
    make_mirror(root, rows=240, preferences=10, sessions=30, pictures=True, size=(48, 36), traps=False)
    drawn = benchmark.make(mirror=root)
    with ModelServer(mild) as server:
        told = benchmark.run(drawn, tmp_path / "calm", mirror=root, **asked(server)).results.passport
        assert told["judge"]["changed"] == ""
    turncoat = Turncoat(rates=mild.rates, other=harsh, after=20 + SWAPPED_AFTER)  # the anchors come first, 20 of them
    with ModelServer(turncoat) as server:
        ran = benchmark.run(drawn, tmp_path / "swapped", mirror=root, **asked(server))
    assert len(turncoat.seen) > 20 + SWAPPED_AFTER + 50
    noticed = ran.results.passport["judge"]["changed"]
    assert "away from what it said at the beginning" in noticed
    assert SWAPPED_AFTER < int(noticed.split()[1]) <= SWAPPED_AFTER + 50
