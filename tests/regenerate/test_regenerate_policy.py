"""The rubric: weights, comparison, minimum, veto, second opinion; and replies that must not become scores."""

from __future__ import annotations

import json

import pytest

from pico_banana.errors import ConfigError, ModelReplyError
from pico_banana.regenerate.settings.policy import (
    CRITERIA,
    Policy,
    SecondOpinion,
    Verdict,
    parse_verdict,
    published_weights,
    verdict_schema,
)


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
