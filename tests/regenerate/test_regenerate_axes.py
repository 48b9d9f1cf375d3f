"""One judge call a criterion: each a question of its own, and quality asked without what the edit was made of."""

from __future__ import annotations

import json

import pytest

from pico_banana.errors import ConfigError
from pico_banana.regenerate import config_from, open_ledger, run
from pico_banana.regenerate.ledger.packing import unpack
from pico_banana.regenerate.values import Outcome, Reply
from tests.regenerate.conftest import gemini_config
from tests.regenerate.scenes import write_mirror_folder, write_plain_folder
from tests.regenerate.test_regenerate_rejudge import ITEMS, Crew, config, staff

AXES = ("compliance", "seamlessness", "preservation", "quality")
LEVELS = dict(zip((*AXES, "beauty"), (5, 4, 3, 2, 1), strict=True))


class OneByOne(Crew):
    """Scores what the schema asks for."""

    def __init__(self):
        super().__init__()
        self.questions = []

    def judge(self, request):
        names = [name for name in request.schema["required"] if name in LEVELS]
        self.questions.append((tuple(names), len(request.inputs), request.instruction.text in request.prompt))
        told = {name: {"reason": f"about {name}", "level": LEVELS[name]} for name in names}
        more = {name: "a word" for name in request.schema["required"] if name == "style"}
        return Reply(Outcome.OK, json.dumps({"differences": [f"for {names[0]}"], **told, **more}))


def verdicts(folder):
    with open_ledger(folder) as ledger:
        return [
            (json.loads(scores), json.loads(reasons))
            for scores, reasons in ledger.database.execute("SELECT scores, reasons FROM verdicts ORDER BY item")
        ]


def test_each_criterion_is_a_call_and_quality_sees_the_edit_alone(tmp_path):
    crew = OneByOne()
    policy = {"ask": "each", "max_attempts": 1, "threshold": 0.5}
    run(config(tmp_path / "p", policy=policy, run={"items_in_flight": 1}), tmp_path / "l", staff=staff(crew))
    once = [((name,), 0 if name == "quality" else 1, name != "quality") for name in AXES]
    assert crew.questions == once * ITEMS
    scores, reasons = verdicts(tmp_path / "l")[0]
    assert scores == {name: LEVELS[name] / 5 for name in AXES}
    assert reasons["quality"] == "about quality"
    assert reasons["differences"] == "; ".join(f"for {name}" for name in AXES)


def test_criteria_of_ones_own_with_columns_and_passes(tmp_path):
    crew = OneByOne()
    own = {
        "rubric": {"criteria": ["compliance", "beauty"], "columns": ["style"], "alone": ["beauty"]},
        "policy": {"ask": "each", "passes": 2, "max_attempts": 1, "weights": {"compliance": 0.5, "beauty": 0.5}},
    }
    run(config(tmp_path / "p", run={"items_in_flight": 1}, **own), tmp_path / "l", staff=staff(crew))
    assert [names for names, *_ in crew.questions[:4]] == [("compliance",), ("beauty",)] * 2
    assert [inputs for _, inputs, _ in crew.questions[:2]] == [1, 0]
    scores, reasons = verdicts(tmp_path / "l")[0]
    assert (scores, reasons["style"]) == ({"compliance": 1.0, "beauty": 0.2}, "a word")


@pytest.mark.parametrize("share", [0.0, 1.0])
def test_real_clients(tmp_path, serve, share):
    pytest.importorskip("google.genai")
    sessions = {"share": share, "min_turns": 2, "max_turns": 2}
    photos = write_plain_folder(tmp_path / "p", 3)
    made = gemini_config(serve(rates=dict.fromkeys(()), seed=1), photos, policy={"ask": "each"}, sessions=sessions)
    assert run(made, tmp_path / "l").failed == 0
    found = verdicts(tmp_path / "l")
    assert found
    assert {tuple(scores) for scores, _ in found} <= {AXES, (*AXES, "drift")}
    assert any("drift" in scores for scores, _ in found) == (share == 1.0)
    with open_ledger(tmp_path / "l") as ledger:
        asked = ledger.database.execute(
            "SELECT packed, sample, prompt FROM calls JOIN makers ON makers.id = maker WHERE stage = 'judge'"
        ).fetchall()
    alone = [json.loads(unpack(row[0], row[1]).inputs) for row in asked if row[2].startswith("judge_alone_v1")]
    assert len(alone) == len(found)
    assert all(len(one["pictures"]) == 1 for one in alone)


def test_the_procedural_judge_answers_each(tmp_path):
    photos = write_mirror_folder(tmp_path / "p", 3)
    run(config_from({"seed": 2, "source": {"folder": str(photos)}, "policy": {"ask": "each"}}), tmp_path / "l")
    assert all(tuple(scores) == AXES for scores, _ in verdicts(tmp_path / "l"))


def test_what_is_judged_alone_is_one_of_the_criteria():
    with pytest.raises(ConfigError, match=r"rubric.alone: 'beuaty'"):
        config_from({"rubric": {"alone": ["beuaty"]}})
