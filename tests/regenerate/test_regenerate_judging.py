"""A judge over published edits: every edit scored or named, never paid twice, and scores that join by id."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from typing import TYPE_CHECKING

import pytest

import pico_banana as pb
from pico_banana.cli import main
from pico_banana.errors import ConfigError, StoreError
from pico_banana.regenerate import judge_published, open_ledger, published_edits, scores
from pico_banana.regenerate.plan.items import plan_run
from pico_banana.regenerate.settings.policy import CRITERIA, Policy
from tests.regenerate.conftest import gemini_config, gemini_document

if TYPE_CHECKING:
    from pathlib import Path

pytest.importorskip("google.genai")


@pytest.fixture
def rows():
    return pb.load("single_turn", mirror="sample")[:12]


def read_scores(folder: Path, policy: Policy | None = None) -> list[dict]:
    with open_ledger(folder) as ledger:
        return scores(ledger, policy=policy).to_pylist()


def test_every_edit_gets_scores(serve, rows, tmp_path):
    server = serve()
    state = judge_published(gemini_config(server, tmp_path), tmp_path / "l", published_edits(rows))
    found = read_scores(tmp_path / "l")
    assert (state.done, state.failed, state.calls) == (12, 0, 12)
    assert [row["id"] for row in found] == rows.ids
    for row in found:
        assert row["score"] == pytest.approx(Policy().score(_verdict(row)), abs=1e-4)
        assert set(dict(row["reasons"])) == set(CRITERIA)
        assert row["judge"] == "gemini:gemini-2.5-pro"
        assert row["answered_by"] == "gemini-2.5-pro"  # as the service names itself
        assert row["accepted"] == (row["score"] > 0.7)
        assert row["problem"] is None


def _verdict(row: dict):
    from pico_banana.regenerate.settings.policy import Verdict

    return Verdict({name: row[name] for name in CRITERIA})


def test_the_columns_of_scores_are_the_criteria_of_ones_own(serve, rows, tmp_path):
    own = {
        "rubric": {"criteria": ["quality", "compliance"]},
        "policy": {"weights": {"quality": 0.25, "compliance": 0.75}, "threshold": 0.5},
    }
    judge_published(gemini_config(serve(), tmp_path, **own), tmp_path / "l", published_edits(rows[:3]))
    with open_ledger(tmp_path / "l") as ledger:
        table = scores(ledger)
    first = ["id", "row_id", "turn", "told_type", "type_source", "type_confidence", "score", "quality", "compliance"]
    rest = ["drift", "reasons", "accepted", "second_score", "judge", "prompt", "answered_by", "problem"]
    assert table.column_names == [*first, *rest]
    for row in table.to_pylist():
        assert row["score"] == pytest.approx(0.25 * row["quality"] + 0.75 * row["compliance"], abs=1e-4)
        assert [name for name, _ in row["reasons"]] == ["quality", "compliance"]


def test_a_rerun_pays_nothing_and_a_wider_selection_only_what_is_new(serve, rows, tmp_path):
    config = gemini_config(serve(), tmp_path)
    judge_published(config, tmp_path / "l", published_edits(rows[:5]))
    assert judge_published(config, tmp_path / "l", published_edits(rows[:5])).calls == 0
    wider = judge_published(config, tmp_path / "l", published_edits(rows))
    assert (wider.done, wider.earlier, wider.calls) == (7, 5, 7)
    assert [row["id"] for row in read_scores(tmp_path / "l")] == rows.ids


def test_another_policy_needs_no_call(serve, rows, tmp_path):
    server = serve()
    judge_published(gemini_config(server, tmp_path), tmp_path / "l", published_edits(rows))
    strict = read_scores(tmp_path / "l", Policy(threshold=1.0))  # above: nothing is
    assert not any(row["accepted"] for row in strict)
    assert [row["score"] for row in strict] == [row["score"] for row in read_scores(tmp_path / "l")]


def test_preference_rows_have_every_edit_judged(serve, tmp_path):
    choices = pb.load("preference", mirror="sample")[:3]
    judge_published(gemini_config(serve(), tmp_path), tmp_path / "l", published_edits(choices))
    names = {row["id"] for row in read_scores(tmp_path / "l")}
    assert names == {
        name for row in choices for name in (row.id, *(f"{row.id}#rejected{n + 1}" for n in range(len(row.rejected))))
    }


def test_an_unreadable_judge_leaves_a_reason(serve, rows, tmp_path):
    server = serve(bad_json=1.0)
    state = judge_published(gemini_config(server, tmp_path), tmp_path / "l", published_edits(rows[:2]))
    assert state.done == 2
    for row in read_scores(tmp_path / "l"):
        assert row["score"] is None
        assert row["problem"].startswith("malformed")


def test_texts_are_refused(serve, tmp_path):
    texts = pb.load("instructions", mirror="sample")
    with pytest.raises(ConfigError, match="instructions are texts"):
        judge_published(gemini_config(serve(), tmp_path), tmp_path / "l", published_edits(texts))


RUN = """
import json, sys
from pathlib import Path
import pico_banana as pb
from pico_banana.regenerate import config_from, judge_published, published_edits

rows = pb.load("single_turn", mirror="sample")[:40]
judge_published(config_from(json.loads(Path(sys.argv[1]).read_text())), sys.argv[2], published_edits(rows))
"""


@pytest.mark.slow
def test_a_killed_judge_goes_on(serve, tmp_path):
    server = serve(latency_s=0.05)
    file = tmp_path / "config.json"
    judge = {"concurrency": 2}
    file.write_text(json.dumps(gemini_document(server, tmp_path, judge=judge, run={"items_in_flight": 2})))
    ledger = tmp_path / "l"
    for share in (5, 15):
        program = subprocess.Popen([sys.executable, "-c", RUN, str(file), str(ledger)], env=os.environ)
        while program.poll() is None and _judged(ledger) < share:
            time.sleep(0.02)
        program.send_signal(signal.SIGKILL)
        program.wait()
    subprocess.run([sys.executable, "-c", RUN, str(file), str(ledger)], check=True, env=os.environ)
    found = read_scores(ledger)
    assert [row["id"] for row in found] == pb.load("single_turn", mirror="sample")[:40].ids
    assert all(row["score"] is not None for row in found)
    assert 40 <= server.paid.total() <= 44  # two were in flight at each kill


def _judged(folder: Path) -> int:
    if not (folder / "ledger.sqlite").exists():
        return 0
    try:
        with open_ledger(folder) as ledger:
            return ledger.database.execute("SELECT count(*) FROM finished").fetchone()[0]
    except StoreError:
        return 0


def test_a_ledger_of_published_edits_is_not_assembled(serve, rows, tmp_path, capsys):
    judge_published(gemini_config(serve(), tmp_path), tmp_path / "l", published_edits(rows[:1]))
    assert main(["regenerate", "assemble", str(tmp_path / "l"), "--out", str(tmp_path / "m")]) == 1
    assert "write what it says with `pico-banana scores`" in capsys.readouterr().err


def test_scores_of_a_run_are_elsewhere(serve, tmp_path):
    from pico_banana.regenerate.settings.config import config_from

    config = config_from({"source": {"folder": "sample", "limit": 1}})
    with open_ledger(tmp_path / "l", create=True, writable=True) as ledger:
        ledger.bind(config)
        plan_run(ledger, config)
        with pytest.raises(StoreError, match="written by `assemble`"):
            scores(ledger)
