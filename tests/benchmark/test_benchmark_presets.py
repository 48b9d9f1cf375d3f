"""What judges are asked, and what is made of their answers: EditScore, EditReward, functions of one's own."""

from __future__ import annotations

import math
from importlib.util import find_spec

import pytest

from pico_banana import benchmark
from pico_banana.benchmark.runs.presets import PRESETS, preset
from pico_banana.errors import ConfigError, MissingExtraError, ModelReplyError, UnknownNameError
from pico_banana.rehearsal.models import Mind, ModelFaults, ModelServer
from tests.benchmark.conftest import asked, pictures_shown

QUICK = {"limit": 2, "anchors": False, "parts": ("single_turn",)}


def judged(definition, folder, judge, **options):
    given = benchmark.Options(**{**QUICK, **options})
    return benchmark.run(definition, folder, editor="published", judge=judge, mirror="sample", options=given).results


def test_editscore_asks_about_the_change_and_about_the_edit_alone(definition, tmp_path):
    with ModelServer() as server:
        results = judged(definition, tmp_path, asked(server)["judge"], preset="editscore")
        assert server.paid.total() == 2 * len(results.items)
    item = results.items[0]
    scores = item.scores
    assert list(scores) == ["prompt_following", "consistency", "naturalness", "artefacts"]
    weaker = (
        min(scores["prompt_following"], scores["consistency"]),
        min(scores["naturalness"], scores["artefacts"]),
    )
    assert item.score == pytest.approx(math.sqrt(weaker[0] * weaker[1]), abs=1e-6)
    assert item.success == (item.score > 0.6)
    change, look = pictures_shown(tmp_path, item.calls[1:])
    assert (len(change), len(look)) == (2, 1)
    assert change[1] == look[0] == item.picture
    assert [version.split(".")[0] for version in results.passport["judge"]["prompts"]] == [
        "editscore_change_v1",
        "editscore_look_v1",
    ]


def test_editreward_scores_two_dimensions_from_1_to_4(definition, tmp_path):
    with ModelServer() as server:
        results = judged(definition, tmp_path, asked(server)["judge"], preset="editreward", parts=("multi_turn",))
    assert len(results.items) > 2
    for item in results.items:  # sessions, too: every turn is an edit of its own to such a judge
        assert item.score == pytest.approx(sum(item.scores.values()) / 2, abs=1e-6)
        assert set(item.scores) == {"following", "quality"}


@pytest.mark.parametrize(
    "reply",
    [
        '{"score": [20, 26]}', '{"score": [20]}', '{"score": [true, 3]}', '{"score": "20, 3"}', "{}",
        '{"score": [NaN, 3]}', "[20, 3]",
    ],
)  # fmt: skip
def test_numbers_are_never_guessed(reply):
    with pytest.raises(ModelReplyError):
        PRESETS["editscore"].questions[0].read(reply)


def test_numbers_are_brought_to_0_to_1():
    change, following = PRESETS["editscore"].questions[0], PRESETS["editreward"].questions[0]
    assert change.read('```json\n{"reasoning": "", "score": [25, 5]}\n```') == {
        "prompt_following": 1.0,
        "consistency": 0.2,
    }
    assert following.read('{"score": 4}') == {"following": 1.0}
    assert following.read('{"score": [1]}') == {"following": 0.0}


def test_half_an_answer_is_a_missing_one(definition, tmp_path):
    with ModelServer(Mind(faults=ModelFaults(bad_json=1.0))) as server:
        results = judged(definition, tmp_path, asked(server)["judge"], preset="editscore")
    assert [(item.ended, item.score) for item in results.items] == [("made", None)] * 2


MODULE = """
def brightness(before, after, instruction, *, bias=0.0):
    from PIL import ImageStat
    assert before.mode == after.mode == "RGB" and instruction
    return ImageStat.Stat(after.convert("L")).mean[0] / 510 + bias

def axes(before, after, instruction):
    return {"prompt_following": 9, "consistency": 4, "perceptual_quality": 8.1}

def nothing(before, after, instruction):
    return float("nan")

def broken(before, after, instruction):
    raise RuntimeError("no weights")

number = 1
"""


@pytest.fixture
def functions(tmp_path, monkeypatch):
    (tmp_path / "functions_of_a_test.py").write_text(MODULE)
    monkeypatch.syspath_prepend(tmp_path)
    return "python:functions_of_a_test"


def test_a_function_of_one_s_own_is_a_judge(definition, tmp_path, functions):
    results = judged(definition, tmp_path / "a", f"{functions}:brightness")
    assert results.passport["judge"]["preset"] == "reward-1"
    assert all(0 < item.score < 0.5 for item in results.items)
    moved = judged(definition, tmp_path / "a", f"{functions}:brightness", parameters={"bias": 0.5})
    gaps = [one.score - other.score for one, other in zip(moved.items, results.items, strict=True)]
    assert gaps == pytest.approx([0.5] * len(gaps), abs=1e-5)
    axes = judged(definition, tmp_path / "b", f"{functions}:axes", preset="editscore-package")
    assert axes.items[0].score == pytest.approx(math.sqrt(0.4 * 0.81), abs=1e-6)


@pytest.mark.parametrize(("name", "words"), [("nothing", "malformed"), ("broken", "RuntimeError: no weights")])
def test_what_a_function_does_not_say_is_missing(definition, tmp_path, functions, name, words):
    results = judged(definition, tmp_path / "out", f"{functions}:{name}")
    assert all(item.score is None and words in item.reason for item in results.items)


@pytest.mark.parametrize(
    ("judge", "words"),
    [
        ("python:functions_of_a_test", "write module:function"),
        ("python:functions_of_a_test:missing", "cannot be imported"),
        ("python:functions_of_a_test:number", "no function"),
        ("python:no_such_module:score", "cannot be imported"),
        ("editreward:folder", "config_path"),
    ],
)
def test_judges_that_cannot_be_had_are_refused_before_anything_is_done(definition, tmp_path, functions, judge, words):
    with pytest.raises(ConfigError, match=words):
        judged(definition, tmp_path / "out", judge)


@pytest.mark.skipif(find_spec("editscore") is not None, reason="the package is here")
def test_packages_that_are_not_there_are_named_with_the_way_to_them(definition, tmp_path):
    with pytest.raises(MissingExtraError, match=r"pico-banana\[editscore\]"):
        judged(definition, tmp_path, "editscore:Qwen/Qwen3-VL-4B-Instruct")
    with pytest.raises(ConfigError, match=r"clone https://github\.com/TIGER-AI-Lab/EditReward"):
        judged(definition, tmp_path, "editreward:folder", parameters={"config_path": "x.yaml"})


def test_presets_have_names_with_versions():
    assert all(one.name.rpartition("-")[0] == name for name, one in PRESETS.items())
    assert preset("", backend="openai").name == "paper-1"
    assert preset("", backend="editscore").name == "editscore-package-1"
    assert preset("editscore-1") is PRESETS["editscore"]
    with pytest.raises(UnknownNameError, match="editscore"):
        preset("editscor")
