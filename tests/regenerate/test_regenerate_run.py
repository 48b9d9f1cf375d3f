"""Whole runs with the real SDK against the rehearsal server: counts, rates, budget, resuming, changed minds."""

from __future__ import annotations

import dataclasses
import json
import math
from typing import TYPE_CHECKING

import pytest

from pico_banana.errors import ConfigError, StoreError
from pico_banana.regenerate.ledger.book import open_ledger
from pico_banana.regenerate.results.assembly import assemble
from pico_banana.regenerate.results.derive import results
from pico_banana.regenerate.results.ended import End
from pico_banana.regenerate.results.report import make_report
from pico_banana.regenerate.results.status import make_status
from pico_banana.regenerate.settings.config import Config, config_from
from pico_banana.regenerate.settings.policy import with_threshold
from pico_banana.regenerate.work.runner import run
from pico_banana.taxonomy import edit_types
from tests.regenerate.conftest import gemini_config, gemini_document
from tests.regenerate.scenes import write_plain_folder

if TYPE_CHECKING:
    from pathlib import Path

pytest.importorskip("google.genai")
pytest.importorskip("openai")

FAULTS = {
    "throttled": 0.03,
    "throttled_with_wait": 0.02,
    "server_error": 0.03,
    "cut_connection": 0.02,
    "refused": 0.04,
    "no_image": 0.03,
    "silent_no_image": 0.03,
    "cut_off": 0.02,
    "malformed_response": 0.02,
    "bad_json": 0.12,
    "wrong_schema": 0.06,
    "score_out_of_range": 0.03,
    "black_picture": 0.03,
    "retry_after_s": 0.05,
}
PRICES = {
    "gemini-2.5-flash": {"input_per_million": 0.30, "output_per_million": 2.50},
    "gemini-2.5-flash-image": {"per_picture": 0.039},
    "gemini-2.5-pro": {"input_per_million": 1.25, "output_per_million": 10.0},
}


@pytest.fixture(scope="module")
def photos(tmp_path_factory) -> Path:
    return write_plain_folder(tmp_path_factory.mktemp("photos"), 60)


def limited(config: Config, count: int) -> Config:
    return dataclasses.replace(config, source=dataclasses.replace(config.source, limit=count))


def rows(folder: Path, name: str) -> list[dict]:
    return [json.loads(line) for line in (folder / "jsonl" / f"{name}.jsonl").read_text().splitlines()]


def test_everything_that_can_go_wrong_and_the_counts_add_up(serve, photos, tmp_path):
    server = serve(**FAULTS)
    config = gemini_config(server, photos, sessions={"share": 0.4}, prices=PRICES)
    state = run(config, tmp_path / "ledger")
    assert (state.total, state.done, state.failed, state.left) == (60, 60, 0, 0)
    assert set(server.statuses) >= {200, 429, 503, 0}
    with open_ledger(tmp_path / "ledger") as ledger:
        report = make_report(ledger)
        made = assemble(ledger, tmp_path / "out")
        outcomes = make_status(ledger).attempts
        verdicts = dict(map(tuple, ledger.database.execute("SELECT outcome, count(*) FROM verdicts GROUP BY 1")))
        negatives = ledger.database.execute(
            "SELECT count(*) FROM attempts JOIN verdicts USING (item, turn, call) WHERE attempts.outcome != 'made'"
        ).fetchone()[0]
        answered = ledger.database.execute("SELECT count(*) FROM calls WHERE outcome != 'unavailable'").fetchone()[0]
    assert {"made", "refused", "no_picture", "check_failed", "cut_off", "malformed"} <= set(outcomes)
    assert set(verdicts) == {"ok", "unjudged"}
    assert negatives == 0
    assert answered == len(server.paid) == sum(server.paid.values())
    for part in report.types.values():
        assert part.items == part.not_begun + sum(part.ended.values())
        assert part.attempts == sum(part.outcomes.values())
    assert made.items == 60 == made.accepted + sum(made.ended.values())
    assert (made.accepted, made.preference, made.sessions) == (report.accepted, report.preference, report.sessions)
    assert report.usd == pytest.approx(state.spent_usd)
    assert report.usd > 60 * 0.039 * 0.9


def test_rows_follow_the_attempts(serve, photos, tmp_path):
    config = limited(gemini_config(serve(rates=dict.fromkeys(edit_types(), 0.5)), photos, sessions={"share": 1.0}), 30)
    run(config, tmp_path / "ledger")
    with open_ledger(tmp_path / "ledger") as ledger:
        found = list(results(ledger, config.policy))
        assemble(ledger, tmp_path / "out")
    single, preference = rows(tmp_path / "out", "sft"), rows(tmp_path / "out", "preference")
    sessions = rows(tmp_path / "out", "multi-turn")
    firsts = [result.turns[0] for result in found]
    assert len(single) == sum(turn.end is End.ACCEPTED for turn in firsts)
    assert len(preference) == sum(turn.end is End.ACCEPTED and len(turn.attempts) > 1 for turn in firsts)
    assert {len(row["rejected_images"]) for row in preference} == {1, 2}
    discarded = [turn for turn in firsts if turn.end is End.DISCARDED]
    assert discarded
    assert all(len(turn.attempts) == 3 for turn in discarded)
    chains = [sum(turn.accepted is not None for turn in result.turns) for result in found]
    assert len(sessions) == sum(count >= 2 for count in chains)
    assert sorted(len(row["metadata_edit_turn_prompts"]) for row in sessions) == sorted(n for n in chains if n >= 2)
    for row in sessions:
        ids = [entry["id"] for entry in row["files"]]
        assert "final_image" in ids
        assert len(ids) == len(row["metadata_edit_turn_prompts"]) + 1


def test_success_rates_are_those_configured(serve, tmp_path):
    photos = write_plain_folder(tmp_path / "photos", 30, width=48, height=36)
    rates = {"color_tone": 0.9, "relocate_object": 0.5}
    config = gemini_config(
        serve(rates=rates),
        photos,
        assign={"edit_types": list(rates)},
        source={"folder": str(photos), "per_photo": 2},  # a photo gets no type twice
        checks={"enabled": False},
    )
    run(config, tmp_path / "ledger")
    with open_ledger(tmp_path / "ledger") as ledger:
        report = make_report(ledger)
    for kind, rate in rates.items():
        count = report.types[kind].items
        assert count == 30
        deviation = math.sqrt(rate * (1 - rate) / count)
        assert abs(report.types[kind].first_rate - rate) < 4 * deviation


def test_a_second_run_asks_nothing_and_a_stricter_threshold_is_derived(serve, photos, tmp_path):
    server = serve(rates=dict.fromkeys(edit_types(), 0.6))
    config = limited(gemini_config(server, photos), 25)
    run(config, tmp_path / "ledger")
    paid = sum(server.paid.values())
    again = run(config, tmp_path / "ledger")
    assert (again.total, again.calls) == (0, 0)
    with open_ledger(tmp_path / "ledger") as ledger:
        usual = assemble(ledger, tmp_path / "usual")
        strict = assemble(ledger, tmp_path / "strict", policy=with_threshold(config.policy, threshold=0.9))
        loose = assemble(ledger, tmp_path / "loose", policy=with_threshold(config.policy, threshold=0.0))
    assert strict.accepted < usual.accepted <= loose.accepted == 25
    assert strict.ended["open"] > 0, "items that would have had more attempts are open, not discarded"
    assert loose.preference == 0
    assert sum(server.paid.values()) == paid


def test_another_configuration_is_refused_by_name_or_walked_again_from_the_ledger(serve, photos, tmp_path):
    server = serve(rates=dict.fromkeys(edit_types(), 0.6))
    config = limited(gemini_config(server, photos), 20)
    run(config, tmp_path / "ledger")
    stricter = dataclasses.replace(config, policy=dataclasses.replace(config.policy, threshold=0.9))
    with pytest.raises(ConfigError, match=r"policy\.threshold"):
        run(stricter, tmp_path / "ledger")
    paid = sum(server.paid.values())
    state = run(stricter, tmp_path / "ledger", accept_changes=True)
    assert 0 < state.done == 20 - state.earlier < 20, "those that end as before are not walked again"
    assert state.replayed == 0
    assert state.calls == sum(server.paid.values()) - paid > 0
    with open_ledger(tmp_path / "ledger") as ledger:
        assert assemble(ledger, tmp_path / "out").ended.get("open", 0) == 0


def test_the_budget_is_hard_and_raising_it_goes_on(serve, photos, tmp_path):
    server = serve()
    config = gemini_config(server, photos, prices=PRICES, run={"budget_usd": 1.0})
    state = run(config, tmp_path / "ledger")
    assert "budget" in state.stopped
    assert state.left > 0
    assert 0.5 < state.spent_usd <= 1.0
    with open_ledger(tmp_path / "ledger") as ledger:
        assert make_status(ledger).usd == pytest.approx(state.spent_usd)
    more = dataclasses.replace(config, run=dataclasses.replace(config.run, budget_usd=50.0))
    assert run(more, tmp_path / "ledger").left == 0
    assert max(server.paid.values()) == 1


def test_a_budget_needs_every_price(serve, photos, tmp_path):
    config = gemini_config(serve(), photos, run={"budget_usd": 1.0}, writer={"model": "a-model-nobody-lists"})
    with pytest.raises(ConfigError, match=r'prices\."a-model-nobody-lists"'):
        run(config, tmp_path / "ledger")


def test_a_service_that_stays_away_fails_items_and_retry_failed_mends_them(serve, photos, tmp_path):
    down = serve(server_error=1.0)
    up = serve()
    config = limited(gemini_config(down, photos, run={"tries": 2, "max_wait_s": 0.01}), 5)
    state = run(config, tmp_path / "ledger")
    assert (state.failed, state.failures) == (5, {"ModelUnavailableError": 5})
    assert run(config, tmp_path / "ledger").total == 0
    mended = limited(gemini_config(up, photos), 5)
    state = run(mended, tmp_path / "ledger", failed=True, accept_changes=True)
    assert (state.total, state.done) == (5, 5)
    with open_ledger(tmp_path / "ledger") as ledger:
        assert make_status(ledger).failed == 0


def test_two_judges_near_the_threshold(serve, photos, tmp_path):
    server = serve(rates=dict.fromkeys(edit_types(), 0.6))
    model = {"backend": "gemini", "base_url": server.gemini_url, "model": "gemini-3-pro"}
    config = limited(gemini_config(server, photos, second_judge=model, policy={"second": {"when": "survivors"}}), 20)
    run(config, tmp_path / "ledger")
    with open_ledger(tmp_path / "ledger") as ledger:
        one, two = ledger.database.execute(
            "SELECT sum(role = 'judge' AND json_extract(scores, '$.compliance') >= 0.7), sum(role = 'second_judge') "
            "FROM verdicts"
        ).fetchone()
        models = {
            row[0]
            for row in ledger.database.execute(
                "SELECT DISTINCT model FROM verdicts JOIN makers ON makers.id = maker WHERE role = 'second_judge'"
            )
        }
    assert 0 < two <= one + 2
    assert models == {"gemini-3-pro"}


def test_only_one_run_at_a_time(serve, photos, tmp_path):
    from filelock import FileLock

    config = limited(gemini_config(serve(), photos), 1)
    (tmp_path / "ledger").mkdir()
    with FileLock(str(tmp_path / "ledger" / "run.lock")), pytest.raises(StoreError, match="another process"):
        run(config, tmp_path / "ledger")


def test_a_key_is_in_no_file_of_the_ledger(serve, photos, tmp_path, monkeypatch):
    monkeypatch.setenv("GEMINI_API_KEY", "sk-very-secret-1234567890")
    run(limited(gemini_config(serve(), photos), 3), tmp_path / "ledger")
    for path in (tmp_path / "ledger").rglob("*"):
        if path.is_file():
            assert b"sk-very-secret" not in path.read_bytes(), path


def test_a_photo_that_is_no_picture_fails_its_item_only(serve, tmp_path):
    photos = write_plain_folder(tmp_path / "photos", 3)
    config = gemini_config(serve(), photos)
    with open_ledger(tmp_path / "ledger", create=True, writable=True) as ledger:
        from pico_banana.regenerate.plan.items import plan_run

        ledger.bind(config)
        plan_run(ledger, config)
    (photos / "photo00001.jpg").unlink()
    state = run(config, tmp_path / "ledger")
    assert (state.done, state.failures) == (2, {"PictureMissingError": 1})


def test_a_backend_of_ones_own_may_be_a_plain_object_and_may_be_broken(serve, photos, tmp_path):
    from pico_banana.regenerate.work.staff import Staff, hire

    class Broken:
        def edit(self, request):
            raise KeyError("oops")

    config = limited(gemini_config(serve(), photos), 3)
    staff = hire(config)
    state = run(config, tmp_path / "ledger", staff=Staff(staff.writer, staff.shortener, Broken(), staff.judge))
    assert (state.failed, state.failures) == (3, {"ModelError": 3})


def test_documents_of_the_tests_are_configurations(serve, photos):
    assert config_from(gemini_document(serve(), photos)).writer.backend == "gemini"
