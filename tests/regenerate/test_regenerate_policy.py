"""The rubric: weights, comparison, minimum, veto, second opinion; and replies that must not become scores."""

from __future__ import annotations

import json

import pytest

from pico_banana.errors import ConfigError, ModelReplyError
from pico_banana.regenerate.settings.config import config_from
from pico_banana.regenerate.settings.policy import (
    CRITERIA,
    Policy,
    SecondOpinion,
    Verdict,
    named_policy,
    parse_verdict,
    published_weights,
    verdict_schema,
)
from pico_banana.regenerate.settings.verdicts import Rubric, averaged


def verdict(*scores: float, drift: float | None = None) -> Verdict:
    return Verdict(dict(zip(CRITERIA, scores, strict=True)), drift)


def reply(**scores: object) -> str:
    full: dict[str, object] = dict.fromkeys(CRITERIA, 0.9) | scores
    return json.dumps({name: {"reason": "seen", "score": score} for name, score in full.items() if score is not None})


def test_published_weights():
    assert published_weights() == {"compliance": 0.40, "seamlessness": 0.25, "preservation": 0.20, "quality": 0.15}
    assert Policy().score(verdict(1.0, 0.5, 0.0, 0.2)) == pytest.approx(0.4 + 0.125 + 0.03)


def test_threshold_itself_is_rejected_by_greater_and_accepted_by_greater_or_equal():
    edge = verdict(0.7, 0.7, 0.7, 0.7)
    assert Policy().score(edge) == 0.7
    assert not Policy().decide(edge).accepted
    assert Policy(comparison=">=").decide(edge).accepted


def test_minimum_of_a_criterion_rejects_whatever_the_total():
    fine = verdict(1.0, 1.0, 0.2, 1.0)
    assert Policy().decide(fine).accepted
    decision = Policy(minimum={"preservation": 0.3}).decide(fine)
    assert (decision.accepted, decision.why) == (False, "below minimum: preservation")


def test_geometric_mean_lets_one_zero_veto():
    assert Policy(combine="geometric").decide(verdict(1.0, 1.0, 0.0, 1.0)).score == 0.0
    assert Policy(combine="geometric").decide(verdict(0.9, 0.9, 0.9, 0.9)).score == pytest.approx(0.9)


def test_drift_counts_only_where_it_was_judged():
    rule = Policy(minimum={"drift": 0.5})
    assert rule.decide(verdict(0.9, 0.9, 0.9, 0.9)).accepted
    assert rule.decide(verdict(0.9, 0.9, 0.9, 0.9, drift=0.4)).why == "below minimum: drift"


@pytest.mark.parametrize(
    ("when", "score", "asked"),
    [
        ("never", 0.7, False),
        ("near_threshold", 0.75, True),
        ("near_threshold", 0.85, False),
        ("near_threshold", 0.55, False),
        ("survivors", 0.75, True),
        ("survivors", 0.65, False),
        ("always", 0.1, True),
    ],
)
def test_when_a_second_judge_is_asked(when, score, asked):
    assert Policy(second=SecondOpinion(when=when)).wants_second(verdict(*[score] * 4)) is asked


@pytest.mark.parametrize(("merge", "expected"), [("mean", 0.7), ("second", 0.6), ("both", 0.6)])
def test_two_verdicts_become_one_score(merge, expected):
    rule = Policy(second=SecondOpinion(merge=merge))
    assert rule.decide(verdict(*[0.8] * 4), verdict(*[0.6] * 4)).score == expected


@pytest.mark.parametrize(
    "changes",
    [
        {"weights": {"compliance": 1.0}},
        {"weights": {**published_weights(), "quality": 0.5}},
        {"weights": {**published_weights(), "beauty": 0.1}},
        {"minimum": {"compliance": 1.5}},
        {"threshold": 70.0},
        {"max_attempts": 0},
    ],
)
def test_impossible_policies_name_their_key(changes):
    with pytest.raises(ConfigError) as caught:
        Policy(**changes).checked()
    assert caught.value.key.startswith(f"policy.{next(iter(changes))}")


def test_verdict_is_read_with_reasons():
    found = parse_verdict(reply(compliance=0.25), with_drift=False)
    assert found.scores["compliance"] == 0.25
    assert found.reasons["quality"] == "seen"
    assert found.drift is None


def test_verdict_in_a_markdown_fence_is_read():
    assert parse_verdict(f"```json\n{reply()}\n```", with_drift=False).scores["quality"] == 0.9


@pytest.mark.parametrize(
    "text",
    [
        "0.85",
        "I would say 0.85 overall.",
        "[]",
        "",
        reply(compliance=85),
        reply(compliance=-0.1),
        reply(compliance="0.8"),
        reply(compliance=True),
        reply(compliance=None),
        '{"compliance": 0.9, "seamlessness": 0.9, "preservation": 0.9, "quality": 0.9}',
        reply().replace("0.9", "NaN"),
    ],
)
def test_nothing_else_becomes_a_score(text):
    with pytest.raises(ModelReplyError) as caught:
        parse_verdict(text, with_drift=False)
    assert caught.value.reply == text


def test_drift_must_be_there_for_later_turns():
    with pytest.raises(ModelReplyError, match="drift"):
        parse_verdict(reply(), with_drift=True)
    assert parse_verdict(reply(drift=0.3), with_drift=True).drift == 0.3
    assert "drift" in verdict_schema(with_drift=True)["required"]


def levels(**changes: object) -> str:
    full: dict[str, object] = dict.fromkeys(CRITERIA, 4) | changes
    told = {name: {"reason": "seen", "level": level} for name, level in full.items() if level is not None}
    return json.dumps({"differences": ["a new cup", "the left hand has six fingers"], **told})


def test_levels_are_anchored_integers_and_differences_are_kept():
    found = parse_verdict(levels(quality=2), with_drift=False)
    assert dict(found.scores) == {"compliance": 0.8, "seamlessness": 0.8, "preservation": 0.8, "quality": 0.4}
    assert found.reasons["differences"] == "a new cup; the left hand has six fingers"


@pytest.mark.parametrize(
    "bad", [{"quality": 6}, {"quality": -1}, {"quality": 3.5}, {"quality": "4"}, {"quality": True}]
)
def test_no_other_level_becomes_a_score(bad):
    with pytest.raises(ModelReplyError, match="the level for quality is"):
        parse_verdict(levels(**bad), with_drift=False)


def test_a_schema_of_levels_lists_differences_first():
    schema = verdict_schema(with_drift=True, levels=True)
    assert schema["required"] == ["differences", *CRITERIA, "drift"]
    assert schema["properties"]["drift"]["properties"]["level"] == {"type": "integer", "minimum": 0, "maximum": 5}


def test_paper_is_as_published_and_is_the_default():
    assert config_from({}).policy == named_policy("paper") == Policy()
    paper = named_policy("paper")
    assert (paper.threshold, paper.comparison, paper.combine, paper.max_attempts) == (0.7, ">", "weighted", 3)
    assert (dict(paper.weights), dict(paper.minimum), paper.capped) == (published_weights(), {}, False)


def test_recommended_has_minima_on_compliance_preservation_and_drift():
    rule = config_from({"policy": {"name": "recommended"}}).policy
    assert rule == named_policy("recommended")
    assert set(rule.minimum) == {"compliance", "preservation", "drift"}
    fine = verdict(0.9, 0.9, 0.9, 0.9)
    assert rule.decide(fine).accepted
    for missed in (verdict(0.5, 1, 1, 1), verdict(1, 1, 0.5, 1), verdict(1, 1, 1, 1, drift=0.5)):
        assert named_policy("paper").decide(missed).accepted
        assert rule.decide(missed).why.startswith("below minimum: ")


def test_what_is_set_beside_a_name_wins():
    rule = config_from({"policy": {"name": "recommended", "threshold": 0.8, "minimum": {"quality": 0.5}}}).policy
    assert (rule.threshold, dict(rule.minimum), rule.capped) == (0.8, {"quality": 0.5}, False)


def test_a_policy_nobody_knows():
    with pytest.raises(ConfigError, match=r"policy.name is 'papers'; it must be one of 'paper', 'recommended'"):
        config_from({"policy": {"name": "papers"}})


def test_other_axes_are_capped_by_compliance():
    pretty = verdict(0.5, 1.0, 1.0, 1.0)
    assert Policy().score(pretty) == pytest.approx(0.8)
    assert Policy(capped=True).score(pretty) == pytest.approx(0.5)


def test_several_passes_are_averaged():
    mean = averaged((verdict(1.0, 0.5, 0.5, 0.5, drift=0.8), verdict(0.5, 0.5, 0.5, 0.5, drift=0.4)))
    assert (mean.scores["compliance"], mean.scores["quality"], mean.drift) == (0.75, 0.5, pytest.approx(0.6))


OWN = {
    "rubric": {"criteria": ["faith", "beauty"], "columns": ["faces"]},
    "policy": {"weights": {"faith": 0.7, "beauty": 0.3}},
}


def test_criteria_and_columns_of_one_s_own():
    config = config_from(OWN)
    text = json.dumps(
        {"faith": {"reason": "r", "level": 5}, "beauty": {"reason": "s", "level": 0}, "faces": {"seen": 2}}
    )
    found = parse_verdict(text, with_drift=False, rubric=config.rubric)
    assert config.policy.score(found) == pytest.approx(0.7)
    assert found.reasons["faces"] == '{"seen": 2}'
    assert verdict_schema(with_drift=False, rubric=config.rubric, levels=True)["required"][1:] == [
        "faith",
        "beauty",
        "faces",
    ]


def test_criteria_without_weights_are_refused():
    with pytest.raises(ConfigError, match=r"policy\.weights\.compliance is not a criterion; they are faith, beauty"):
        config_from({"rubric": OWN["rubric"]})


@pytest.mark.parametrize("text", ["8.5", '{"reward": 8.5}', '{"reward": {"level": 8.5}}', " 8.5\n"])
def test_a_judge_that_gives_one_number(text):
    reward = {"criteria": ["reward"], "highest": 10, "whole": False, "reasons": False}
    config = config_from({"rubric": reward, "policy": {"weights": {"reward": 1.0}, "threshold": 0.8}})
    found = parse_verdict(text, with_drift=False, rubric=config.rubric)
    assert config.policy.decide(found).score == pytest.approx(0.85)
    assert config.policy.decide(found).accepted


@pytest.mark.parametrize("text", ["11", '{"reward": "8"}', "about 8", '{"other": 8}', "nan"])
def test_one_number_is_not_guessed(text):
    rubric = Rubric(("reward",), highest=10, whole=False, reasons=False)
    with pytest.raises(ModelReplyError):
        parse_verdict(text, with_drift=False, rubric=rubric)


@pytest.mark.parametrize(
    "rubric", [{"criteria": []}, {"criteria": ["a", "a"]}, {"criteria": ["drift"]}, {"lowest": 5, "highest": 5}]
)
def test_impossible_rubrics_name_their_key(rubric):
    with pytest.raises(ConfigError) as caught:
        config_from({"rubric": rubric})
    assert caught.value.key.startswith("rubric.")
