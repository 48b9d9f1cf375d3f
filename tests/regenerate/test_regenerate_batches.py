"""Batches through the real clients: the same data at half the price, whatever fails, and nothing lost or paid twice.

The proof at full size is `test_ten_thousand_pictures_and_ten_kills`, one of `make proofs`.
"""

from __future__ import annotations

import multiprocessing
import os
import random
import signal
from typing import TYPE_CHECKING, Any

import pytest

from pico_banana.cli import main
from pico_banana.errors import ConfigError
from pico_banana.regenerate.ledger.book import open_ledger
from pico_banana.regenerate.results.assembly import assemble
from pico_banana.regenerate.settings.config import config_from
from pico_banana.regenerate.work.forecast import forecast_run
from pico_banana.regenerate.work.runner import run
from tests.regenerate.conftest import gemini_document
from tests.regenerate.scenes import write_plain_folder
from tests.regenerate.test_regenerate_kill import published

if TYPE_CHECKING:
    from pathlib import Path

pytest.importorskip("google.genai")
pytest.importorskip("openai")

pytestmark = pytest.mark.filterwarnings("ignore:.*fork.*:DeprecationWarning")  # see `killed_at`
ITEMS = 12
BATCH = {"transport": "batch", "linger_s": 0.1, "poll_s": 0.02, "requests": 5, "tries": 4, "items_in_flight": 64}


@pytest.fixture(scope="module")
def photos(tmp_path_factory) -> Path:
    return write_plain_folder(tmp_path_factory.mktemp("photos"), ITEMS, width=48, height=36)


def document(protocol: str, server, photos: Path, **batch: Any) -> dict[str, Any]:
    """Give a configuration of one protocol, with batches unless `batch` says otherwise."""
    found = gemini_document(server, photos, batch={**BATCH, **batch})
    if protocol == "openai":
        for stage in ("writer", "shortener", "judge"):
            found[stage] |= {"backend": "openai", "base_url": server.openai_url, "model": "gpt-5.4-mini"}
        found["editor"] |= {"backend": "openai", "base_url": server.openai_url, "model": "gpt-image-2"}
    return found


def twice(server) -> dict[str, int]:
    return {request: count for request, count in server.paid.items() if count > 1}


def calls(folder: Path) -> dict[tuple[str, str], int]:
    with open_ledger(folder) as ledger:
        rows = ledger.database.execute(
            "SELECT transport, outcome, count(*) FROM calls GROUP BY transport, outcome"
        ).fetchall()
        assert ledger.database.execute("SELECT count(*) FROM opened").fetchone()[0] == 0
    return {(row[0], row[1]): row[2] for row in rows}


def assembled(folder: Path) -> dict[str, bytes]:
    out = folder.with_name(f"{folder.name}-out")
    with open_ledger(folder) as ledger:
        assemble(ledger, out)
    return published(out)


@pytest.mark.parametrize("protocol", ["gemini", "openai"])
def test_batches_give_the_same_data_for_half_the_money(serve, photos, tmp_path, protocol):
    online, batched = serve(), serve()
    run(config_from(document(protocol, online, photos, transport="online")), tmp_path / "online")
    state = run(config_from(document(protocol, batched, photos)), tmp_path / "batched")
    assert state.left == state.failed == 0
    assert assembled(tmp_path / "batched") == assembled(tmp_path / "online")
    assert batched.paid == online.paid, "a line of a file is what the client would have sent alone"
    with_batches = calls(tmp_path / "batched")
    assert set(with_batches) == {("batch", "ok"), ("single", "ok")}
    assert with_batches["single", "ok"] <= 4 * 2, "the first item goes alone and online"
    costs = []
    for name in ("online", "batched"):
        with open_ledger(tmp_path / name) as ledger:
            rows = ledger.database.execute("SELECT transport, stage, avg(usd) FROM calls GROUP BY 1, 2").fetchall()
        costs.append({(row[0], row[1]): row[2] for row in rows})
    assert costs[1]["batch", "edit"] == pytest.approx(costs[0]["single", "edit"] / 2)


@pytest.mark.parametrize("protocol", ["gemini", pytest.param("openai", marks=pytest.mark.slow)])
@pytest.mark.parametrize(
    "fault", ["batch_failed", "batch_expired", "batch_stuck", "batch_cut", "batch_line_failed", "batch_unreadable"]
)
def test_whatever_fails_nothing_is_lost_or_paid_twice(serve, photos, tmp_path, protocol, fault):
    server = serve(seed=3, **{fault: 0.5})
    patience = {"patience_h": 1.5 / 3600} if fault == "batch_stuck" else {}
    state = run(config_from(document(protocol, server, photos, tries=16, **patience)), tmp_path / "ledger")
    assert state.left == state.failed == 0
    assert not state.stopped
    assert not twice(server)
    found = calls(tmp_path / "ledger")
    assert found["batch", "ok"] > 0
    if fault in {"batch_failed", "batch_expired", "batch_stuck", "batch_line_failed"}:
        assert found["batch", "unavailable"] > 0, "what a batch did not bring went online"
        assert found["single", "ok"] >= found["batch", "unavailable"]
    if fault == "batch_cut":
        names = [job.name for job in server.room.jobs.values()]
        assert len(names) == len(set(names)), "a job whose creation was cut is found in the list, not sent again"
        assert server.statuses[0] > 0


def killed_at(server, document: dict[str, Any], folder: Path, step: str, number: int) -> bool:
    """Run in a process of its own, and kill that one when the service has done something and not answered yet."""
    context = multiprocessing.get_context("fork")  # a spawned one would import the clients again, for seconds
    process = context.Process(target=_run, args=(document, folder))
    seen = [0]

    def noticed(name: str) -> None:
        seen[0] += name == step
        if name == step and seen[0] == number and process.pid is not None:
            os.kill(process.pid, signal.SIGKILL)

    server.routes.noticed = noticed
    process.start()
    process.join()
    server.routes.noticed = None
    return process.exitcode == -signal.SIGKILL


def _run(document: dict[str, Any], folder: Path) -> None:
    run(config_from(document), folder)


STEPS = {
    "gemini": ("start_upload", "upload", "gemini_create", "gemini_look", "download"),
    "openai": ("openai_upload", "openai_create", "openai_look", "download"),
}


@pytest.mark.parametrize("protocol", [pytest.param("gemini", marks=pytest.mark.slow), "openai"])
def test_a_client_killed_at_every_step_loses_nothing_and_pays_once(serve, photos, tmp_path, protocol):
    calm, server = serve(), serve()
    run(config_from(document(protocol, calm, photos)), tmp_path / "calm")
    folder = tmp_path / "killed"
    told = document(protocol, server, photos)
    for step in STEPS[protocol]:
        assert killed_at(server, told, folder, step, number=2), step
    state = run(config_from(told), folder)
    assert state.left == state.failed == 0
    assert not twice(server)
    assert server.paid.keys() == calm.paid.keys()
    assert assembled(folder) == assembled(tmp_path / "calm")
    assert not list((folder / "batches").iterdir()), "files of batches that are done are removed"
    assert run(config_from(told), folder).calls == 0


def test_a_run_without_batches_waits_for_those_of_an_earlier_one(serve, photos, tmp_path):
    server = serve()
    told = document("gemini", server, photos)
    assert killed_at(server, told, tmp_path / "ledger", "gemini_create", number=1)
    state = run(config_from({**told, "batch": {**BATCH, "transport": "online"}}), tmp_path / "ledger")
    assert state.left == state.failed == 0
    assert not twice(server)
    assert calls(tmp_path / "ledger")["batch", "ok"] > 0


def test_batches_are_cut_by_the_answers_expected_of_them(serve, photos, tmp_path):
    server = serve()
    told = document("gemini", server, photos, requests=50_000, output_bytes=10_000_000, text_bytes=1_000_000)
    run(config_from(told), tmp_path / "ledger")
    pictures = [job for job in server.room.jobs.values() if "image" in job.target]
    assert max(len(job.lines) for job in pictures) == 4, "four pictures of 2.5 MB are 10 MB"
    assert max(len(job.lines) for job in server.room.jobs.values()) <= 10


def test_answers_that_cannot_be_read_stay_paid_and_make_later_batches_smaller(serve, photos, tmp_path):
    server = serve(batch_unreadable=1.0)
    told = document("gemini", server, photos, tries=2, output_bytes=40_000)
    state = run(config_from(told), tmp_path / "ledger")
    assert "ready and paid" in state.stopped
    object.__setattr__(server.mind.faults, "batch_unreadable", 0.0)
    before = len(server.room.jobs)
    state = run(config_from(told), tmp_path / "ledger")
    assert state.left == state.failed == 0
    assert not twice(server)
    texts = [job for job in list(server.room.jobs.values())[before:] if "image" not in job.target]
    assert max(len(job.lines) for job in texts) <= 2, "half of 40,000 bytes are two answers of 8,000"


def test_auto_sends_retries_and_stragglers_online(serve, photos, tmp_path):
    server = serve(rates={"zoom_in": 0.0})
    told = document("gemini", server, photos, transport="auto", stragglers=3)
    told["assign"] = {"edit_types": ["zoom_in"]}
    run(config_from(told), tmp_path / "ledger")
    with open_ledger(tmp_path / "ledger") as ledger:
        rows = ledger.database.execute(
            "SELECT attempt, transport, count(*) FROM calls WHERE stage = 'edit' GROUP BY attempt, transport"
        ).fetchall()
    found = {(row[0], row[1]): row[2] for row in rows}
    assert found[1, "batch"] > 0
    assert {transport for attempt, transport in found if attempt > 1} == {"single"}
    assert not twice(server)


def test_the_budget_holds_with_batches(serve, photos, tmp_path):
    server = serve()
    told = document("gemini", server, photos)
    told["run"]["budget_usd"] = 0.2
    state = run(config_from(told), tmp_path / "ledger")
    assert "budget" in state.stopped
    assert state.spent_usd <= 0.2
    told["run"]["budget_usd"] = 0.0
    state = run(config_from(told), tmp_path / "ledger")
    assert state.left == state.failed == 0
    assert not twice(server)


def test_the_command_line_chooses_the_transport_and_refuses_one_that_nobody_takes(tmp_path, capsys):
    config = tmp_path / "config.toml"
    config.write_text('[source]\nfolder = "sample"\nlimit = 2\n')
    assert main(["regenerate", "run", str(config), "--ledger", str(tmp_path / "l"), "--transport", "batch"]) == 2
    assert "no stage takes batches" in capsys.readouterr().err
    with pytest.raises(ConfigError, match="must be one of 'online', 'batch', 'auto'"):
        config_from({"batch": {"transport": "post"}})


def test_a_forecast_knows_what_batches_cost(serve, photos, tmp_path):
    told = {
        transport: document("gemini", serve(), photos, transport=transport) for transport in ("online", "batch", "auto")
    }
    found = {name: forecast_run(config_from(one), tmp_path / "none") for name, one in told.items()}
    assert found["batch"].total_usd == pytest.approx(found["online"].total_usd / 2)
    assert found["auto"].usd["write"] == pytest.approx(found["online"].usd["write"] / 2)
    assert found["batch"].usd["edit"] < found["auto"].usd["edit"] < found["online"].usd["edit"]


@pytest.mark.slow
def test_ten_thousand_pictures_and_ten_kills(serve, tmp_path):
    photos = write_plain_folder(tmp_path / "photos", 500, width=24, height=16)
    server = serve(batch_failed=0.02, batch_expired=0.02, batch_cut=0.05, batch_line_failed=0.005, batch_unreadable=0.1)
    told = document("gemini", server, photos, requests=400, items_in_flight=3000, tries=8, linger_s=0.5)
    told["source"]["per_photo"] = 20
    told["run"]["min_free_mb"] = 10
    for stage in ("writer", "shortener", "editor", "judge"):
        told[stage]["timeout_s"] = (
            600  # a call given up after 20 s on a busy machine may be answered, and is paid again
        )
    rng, kills = random.Random(5), 0
    while kills < 10:
        step = rng.choice(STEPS["gemini"])
        assert killed_at(server, told, tmp_path / "ledger", step, number=rng.randint(2, 6)), "it ended before the kills"
        kills += 1
    state = run(config_from(told), tmp_path / "ledger")
    with open_ledger(tmp_path / "ledger") as ledger:
        attempts = ledger.database.execute("SELECT count(*) FROM attempts WHERE edited IS NOT NULL").fetchone()[0]
        batched = ledger.database.execute("SELECT count(*) FROM calls WHERE transport = 'batch'").fetchone()[0]
        lost = ledger.database.execute("SELECT count(*) FROM opened WHERE id NOT IN (SELECT opened FROM batched)")
        online_when_killed = lost.fetchone()[0]
    assert state.left == state.failed == 0
    assert attempts >= 10_000
    assert batched > 40_000
    again = sum(count - 1 for count in twice(server).values())
    assert again <= online_when_killed, "nothing of a batch is paid twice"
