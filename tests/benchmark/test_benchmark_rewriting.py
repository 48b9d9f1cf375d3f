"""Rewriting a long instruction as a short one: what is counted, what a judge says, the published texts beside it."""

from __future__ import annotations

import json

import pytest

from pico_banana import benchmark
from pico_banana.benchmark.runs.rewriting import counted
from pico_banana.cli import main
from pico_banana.errors import ConfigError
from pico_banana.rehearsal.models import Mind, ModelFaults, ModelServer

LONG = "Turn the red car into a green one and keep its wheels as they are."
QUICK = benchmark.Options(limit=6)


@pytest.mark.parametrize(
    ("short", "ratio", "copied", "flags"),
    [
        ("Paint it green.", 3 / 15, 0, []),
        ("Turn the red car green.", 5 / 15, 4 / 5, []),
        ("turn the red  CAR into a green one", 8 / 15, 1, []),
        (LONG, 1, 1, ["short_equals_long", "not_shorter"]),
        ("ly, turn the car green", 5 / 15, 2 / 5, ["short_cut_start"]),
        ("ext\nuser\nTurn the red car green", 7 / 15, 4 / 7, ["short_chat_template"]),
    ],
)
def test_lengths_copies_and_problems_are_counted(short, ratio, copied, flags):
    found = counted(short, LONG)
    assert found["length_ratio"] == pytest.approx(ratio, abs=1e-6)
    assert found["copied"] == pytest.approx(copied, abs=1e-6)
    assert [name.removeprefix("flag:") for name in found if name.startswith("flag:")] == flags


def test_rewriters_are_set_beside_the_published_texts_and_paid_once(tmp_path, capsys):
    with ModelServer() as server:
        model = f"openai:writer@{server.openai_url}"
        words = ["benchmark", "run", "--mirror", "sample", "--size", "mini", "--limit", "6", "--out", str(tmp_path)]
        words += ["--rewriter", model, "--rewriter", "published", "--judge", f"openai:critic@{server.openai_url}"]
        assert main(words) == 0
        assert server.paid.total() == 6 + 2 * 6  # the model's texts, and what the judge says of both
        assert main(words) == 0
        assert server.paid.total() == 18
    capsys.readouterr()
    assert main(["benchmark", "report", str(tmp_path), "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert told["editors"] == []
    mine = next(one for one in told["rewriters"] if one["name"] == model)
    theirs = next(one for one in told["rewriters"] if one["name"] == "published")
    assert mine["against_published"]["value"] == pytest.approx(
        mine["kept"]["value"] - theirs["kept"]["value"], abs=1e-5
    )
    assert theirs["against_published"]["value"] is None
    assert 0 < theirs["ratio"]["value"] < 1
    assert main(["benchmark", "report", str(tmp_path)]) == 0
    assert "to published [95 %]" in capsys.readouterr().out


def test_a_text_with_a_problem_is_no_success_and_an_empty_one_is_a_failure(definition, tmp_path):
    with ModelServer(Mind(rates={"": 1.0}, faults=ModelFaults(refused=0.5), seed=1)) as server:
        ran = benchmark.rewrite(
            definition, tmp_path, rewriter=f"openai:writer@{server.openai_url}",
            judge=f"openai:critic@{server.openai_url}", mirror="sample", options=QUICK,
        )  # fmt: skip
    ends = {item.ended for item in ran.results.items}
    assert ends == {"made", "refused"}
    assert all((item.score, item.success) == (0, False) for item in ran.results.items if item.ended == "refused")
    line = benchmark.report(ran.results).rewriters[0]
    assert line.refused == sum(item.ended == "refused" for item in ran.results.items)


def test_without_a_model_what_needs_no_judge_is_counted(definition, tmp_path):
    ran = benchmark.rewrite(definition, tmp_path, rewriter="procedural", mirror="sample", options=QUICK)
    assert all(item.score is None and "arithmetic reads no texts" in item.reason for item in ran.results.items)
    line = benchmark.report(tmp_path).rewriters[0]
    assert (line.texts, line.missing, line.kept.value) == (6, 6, None)
    assert line.copied.value > 0.9  # the first sentence is a piece of the long text


def test_an_editor_that_writes_no_texts_is_refused(definition, tmp_path):
    with pytest.raises(ConfigError, match="writes no texts"):
        benchmark.rewrite(definition, tmp_path, rewriter="procedural:0.5", mirror="sample")
