"""What status, report and scores say: who answered, costs nobody knows, criteria of one's own, other policies."""

from __future__ import annotations

import dataclasses
import json

import pytest

from pico_banana.cli import main
from pico_banana.errors import ConfigError
from pico_banana.regenerate import make_report, make_status, open_ledger, run
from pico_banana.regenerate.settings.policy import accepting_as, with_threshold
from pico_banana.regenerate.values import Outcome, Reply
from pico_banana.regenerate.work.forecast_numbers import measured_tries
from tests.regenerate.conftest import gemini_config
from tests.regenerate.scenes import write_plain_folder
from tests.regenerate.test_regenerate_rejudge import ITEMS, Crew, config, staff

PRICE = {"input_per_million": 1.0, "output_per_million": 1.0}
MODELS = ("writer-model", "shortener-model", "editor-model", "judge-model")


class Levels(Crew):
    """Judges by levels, the same for every edit."""

    def __init__(self, **levels):
        super().__init__()
        self.levels = levels

    def judge(self, request):
        self._count("judge")
        said = {name: {"reason": f"about {name}", "level": level} for name, level in self.levels.items()}
        return Reply(Outcome.OK, json.dumps({"differences": ["it is warmer"], **said}), model="judge-model-0042")


def ran(tmp_path, crew, **tables):
    run(config(tmp_path / "p", **tables), tmp_path / "l", staff=staff(crew))
    return tmp_path / "l"


def spoken(capsys, *argv):
    assert main(["regenerate", *map(str, argv)]) == 0
    return capsys.readouterr().out


def test_a_cost_nobody_knows_is_unknown_and_the_answering_models_are_named(tmp_path, capsys):
    ledger = ran(
        tmp_path,
        Levels(compliance=5, seamlessness=5, preservation=5, quality=5),
        prices=dict.fromkeys(MODELS[:3], PRICE),
        run={"allow_model_change": True},
    )
    for command in (("status", ledger), ("report", ledger)):
        text = spoken(capsys, *command)
        assert "cost unknown (nobody knows the price of judge-model)" in text
        assert "0.0000" not in text
        assert f"judge answered by judge-model-0042 ({ITEMS})" in text
        document = json.loads(spoken(capsys, *command, "--json"))
        assert document["usd"] is None
        assert document["unpriced"] == ["judge-model"]
        assert document["models"]["judge"] == {"judge-model-0042": ITEMS}


def test_a_known_cost_is_said(tmp_path, capsys):
    ledger = ran(tmp_path, Crew(), prices=dict.fromkeys(MODELS, PRICE))
    with open_ledger(ledger) as opened:
        assert make_status(opened).unpriced == make_report(opened).unpriced == ()
    assert "cost unknown" not in spoken(capsys, "report", ledger)


def test_any_policy_over_the_same_ledger(tmp_path, capsys):
    """Weighted .40 + .25 + .20 * .4 + .15 = .88 is enough for `paper`; preservation of .4 is not for `recommended`."""
    ledger = ran(tmp_path, Levels(compliance=5, seamlessness=5, preservation=2, quality=5))
    (tmp_path / "mine.toml").write_text("[policy]\nthreshold = 0.9\n")
    for name, accepted in {"paper": ITEMS, "recommended": 0, str(tmp_path / "mine.toml"): 0}.items():
        said = json.loads(spoken(capsys, "report", ledger, "--policy", name, "--json"))
        assert said["accepted"] == accepted
        out = ("--out", tmp_path / "out", "--rows-only", "--json")
        assert json.loads(spoken(capsys, "assemble", ledger, "--policy", name, *out))["accepted"] == accepted
    assert main(["regenerate", "report", str(ledger), "--policy", "papper"]) != 0
    assert "did you mean 'paper'" in capsys.readouterr().err


def test_a_named_policy_keeps_how_often_is_tried_and_whose_verdicts_count(tmp_path):
    policy = dataclasses.replace(config(tmp_path / "p").policy, max_attempts=5, judge="latest", passes=2)
    other = accepting_as(policy, "recommended")
    assert (other.max_attempts, other.judge, other.passes) == (5, "latest", 2)
    assert other.minimum == {"compliance": 0.6, "preservation": 0.6, "drift": 0.6}


OWN = {
    "rubric": {"criteria": ["beauty", "truth"], "columns": ["style"]},
    "policy": {"weights": {"beauty": 0.5, "truth": 0.5}, "threshold": 0.8},
}


class Own(Levels):
    """Judges by criteria of one's own."""

    def judge(self, request):
        assert {"beauty", "truth", "style"} <= set(request.schema["required"])
        reply = super().judge(request)
        return dataclasses.replace(reply, text=json.dumps({**json.loads(reply.text), "style": "baroque"}), model="")


def test_criteria_of_ones_own_go_all_the_way(tmp_path, capsys):
    ledger = ran(tmp_path, Own(beauty=5, truth=4), **OWN)
    assert json.loads(spoken(capsys, "report", ledger, "--threshold", "0.95", "--json"))["accepted"] == 0
    spoken(capsys, "report", ledger, "--html", tmp_path / "report.html")
    page = (tmp_path / "report.html").read_text()
    assert "<dt>beauty 1.00</dt><dd>about beauty</dd><dt>truth 0.80</dt>" in page
    assert "<dt>style</dt><dd>baroque</dd>" in page
    assert "compliance" not in page
    spoken(capsys, "assemble", ledger, "--out", tmp_path / "out", "--rows-only")
    first = json.loads((tmp_path / "out" / "annotations" / "regenerate.jsonl").read_text().splitlines()[0])
    attempt = first["turns"][0]["attempts"][0]
    assert attempt["verdicts"] == [{"beauty": 1.0, "truth": 0.8}]
    assert attempt["reasons"][0]["style"] == "baroque"
    with pytest.raises(ConfigError, match=r"policy\.weights.compliance is not a criterion"):
        with_threshold(accepting_as(config(tmp_path / "p", **OWN).policy, "paper"), criteria=("beauty", "truth"))


class Reward(Crew):
    """Gives one bare number, as a reward model does."""

    def judge(self, request):
        self._count("judge")
        assert request.schema["required"] == ["reward"]
        return Reply(Outcome.OK, "8.5")


def test_one_number_fits_without_four_criteria(tmp_path, capsys):
    rubric = {"criteria": ["reward"], "highest": 10, "whole": False, "reasons": False}
    policy = {"threshold": 0.8, "weights": {"reward": 1.0}}
    ledger = ran(tmp_path, Reward(), rubric=rubric, policy=policy)
    assert json.loads(spoken(capsys, "report", ledger, "--json"))["accepted"] == ITEMS
    assert json.loads(spoken(capsys, "report", ledger, "--threshold", "0.85", "--json"))["accepted"] == 0
    spoken(capsys, "report", ledger, "--html", tmp_path / "report.html")
    page = (tmp_path / "report.html").read_text()
    assert "<dt>reward 0.85</dt>" in page
    assert 'role="img" aria-label="How items ended, by type: ' in page
    spoken(capsys, "assemble", ledger, "--out", tmp_path / "out", "--rows-only")
    first = json.loads((tmp_path / "out" / "annotations" / "regenerate.jsonl").read_text().splitlines()[0])
    assert first["turns"][0]["attempts"][0]["verdicts"] == [{"reward": 0.85}]


def test_tries_come_from_the_ledger(serve, tmp_path):
    photos = write_plain_folder(tmp_path / "photos", 3)
    run(gemini_config(serve(throttled=0.2), photos, assign={"edit_types": ["season"]}), tmp_path / "l")
    with open_ledger(tmp_path / "l") as ledger:
        sums = ledger.database.execute(
            "SELECT sum(calls * (outcome != 'unavailable')), sum(calls * (outcome = 'unavailable')) FROM call_sums "
            "WHERE stage = 'edit'"
        )
        answered, lost = sums.fetchone()
        found = measured_tries(ledger)
    assert lost > 0
    assert found["edit"] == pytest.approx(1 + (lost + 10) / (answered + 200))
