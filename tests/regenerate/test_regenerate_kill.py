"""The proof: killed at random moments and resumed, a run makes the same rows and pays for nothing twice.

The proof at full size, 2,000 items and ten kills, is `python -m benchmarks.regenerate --only proof`.
"""

from __future__ import annotations

import json
import os
import random
import signal
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from pico_banana.regenerate.ledger.book import open_ledger
from pico_banana.regenerate.results.assembly import assemble
from pico_banana.regenerate.settings.config import config_from
from pico_banana.regenerate.work.runner import run
from tests.regenerate.conftest import gemini_document, lost_in_flight, wait_for_calls
from tests.regenerate.scenes import write_plain_folder
from tests.regenerate.test_regenerate_run import FAULTS

pytest.importorskip("google.genai")
pytest.importorskip("openai")

pytestmark = pytest.mark.slow
ITEMS, KILLS = 40, 2  # each start of a process imports the clients of the services, some seconds
SCRIPT = """
import json, sys
from pathlib import Path
from pico_banana.regenerate import config_from, run
state = run(config_from(json.loads(Path(sys.argv[1]).read_text())), Path(sys.argv[2]), accept_changes=True)
sys.exit(130 if state.stopped else 0)
"""


def start(document: Path, ledger: Path) -> subprocess.Popen[bytes]:
    environment = {**os.environ, "PYTHONPATH": str(Path(__file__).parents[2]), "GEMINI_API_KEY": "x"}
    return subprocess.Popen([sys.executable, "-c", SCRIPT, str(document), str(ledger)], env=environment)


def published(folder: Path) -> dict[str, bytes]:
    files = [path for part in ("jsonl", "manifest", "images") for path in (folder / part).rglob("*") if path.is_file()]
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in files}


@pytest.fixture(scope="module")
def photos(tmp_path_factory) -> Path:
    return write_plain_folder(tmp_path_factory.mktemp("photos"), ITEMS, width=48, height=36)


def test_killed_and_resumed_it_makes_the_same_and_pays_once(serve, photos, tmp_path):
    undisturbed, killed = serve(**FAULTS), serve(latency_s=0.02, **FAULTS)
    tables = {"sessions": {"share": 0.3}, "run": {"stop_grace_s": 10.0}}
    run(config_from(gemini_document(undisturbed, photos, **tables)), tmp_path / "calm")
    document = tmp_path / "config.json"
    document.write_text(json.dumps(gemini_document(killed, photos, **tables)))
    rng = random.Random(4)
    for _ in range(KILLS):
        process = start(document, tmp_path / "ledger")
        wait_for_calls(killed, rng.randint(20, 90))
        process.kill()
        process.wait()
    assert start(document, tmp_path / "ledger").wait() == 0
    twice = sum(killed.paid.values()) - len(killed.paid)
    assert twice <= lost_in_flight(tmp_path / "ledger")
    for name in ("calm", "ledger"):
        with open_ledger(tmp_path / name) as ledger:
            assemble(ledger, tmp_path / f"out-{name}")
    assert published(tmp_path / "out-calm") == published(tmp_path / "out-ledger")
    assert killed.paid.keys() == undisturbed.paid.keys()


def test_killed_with_a_judge_changed_half_way_nothing_old_is_paid_again_and_both_judges_scores_are_there(
    serve, photos, tmp_path
):
    server = serve(latency_s=0.02, **FAULTS)
    document = tmp_path / "config.json"
    tables = {"sessions": {"share": 0.3}, "run": {"stop_grace_s": 10.0}, "source": {"folder": str(photos), "limit": 16}}
    document.write_text(json.dumps(gemini_document(server, photos, **tables)))
    killed(document, tmp_path / "ledger", server, random.Random(7), times=1)
    with open_ledger(tmp_path / "ledger") as ledger:
        old = asked(ledger)
    changed = gemini_document(server, photos, **tables, judge={"model": "gemini-3.8-flash"})
    document.write_text(json.dumps(changed))
    killed(document, tmp_path / "ledger", server, random.Random(8), times=1)
    assert start(document, tmp_path / "ledger").wait() == 0
    assert sum(server.paid.values()) - len(server.paid) <= lost_in_flight(tmp_path / "ledger")
    with open_ledger(tmp_path / "ledger") as ledger:
        assert old <= asked(ledger), "nothing is lost"
        judges = {
            model
            for (model,) in ledger.database.execute(
                "SELECT model FROM verdicts JOIN makers ON makers.id = maker WHERE outcome = 'ok'"
            )
        }
        made = {
            name: assemble(ledger, tmp_path / name, policy=replace(ledger.latest_config().policy, judge=name))
            for name in ("current", "gemini-2.5-pro", "gemini-3.8-flash")
        }
    assert judges == {"gemini-2.5-pro", "gemini-3.8-flash"}
    assert made["current"].accepted == made["gemini-3.8-flash"].accepted > made["gemini-2.5-pro"].accepted > 0
    assert "open" not in made["current"].ended
    assert "not begun" not in made["current"].ended


def asked(ledger) -> set[bytes]:
    return {key for (key,) in ledger.database.execute("SELECT key FROM calls WHERE outcome != 'unavailable'")}


def killed(document: Path, ledger: Path, server, rng: random.Random, *, times: int) -> None:
    for _ in range(times):
        process = start(document, ledger)
        wait_for_calls(server, rng.randint(35, 50))
        process.kill()
        process.wait()


def test_ctrl_c_lets_calls_in_flight_finish_and_loses_none(serve, photos, tmp_path):
    server = serve(latency_s=0.15)
    document = tmp_path / "config.json"
    document.write_text(json.dumps(gemini_document(server, photos)))
    process = start(document, tmp_path / "ledger")
    wait_for_calls(server, 25)
    process.send_signal(signal.SIGINT)
    assert process.wait() == 130
    assert lost_in_flight(tmp_path / "ledger") == 0
    with open_ledger(tmp_path / "ledger") as ledger:
        saved = ledger.database.execute("SELECT count(*) FROM calls WHERE outcome != 'unavailable'").fetchone()[0]
    assert saved == sum(server.paid.values()) > 24
    assert start(document, tmp_path / "ledger").wait() == 0
    assert max(server.paid.values()) == 1
