"""Intervals that cover the truth, ranks that two judges agree on, numbers with right values."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.stats import kendalltau

from pico_banana import benchmark
from pico_banana.benchmark.numbers.intervals import codes_of, estimates
from pico_banana.benchmark.numbers.ranks import tally
from pico_banana.benchmark.runs.anchors import anchor_drift
from pico_banana.benchmark.runs.results import Result, Results
from pico_banana.benchmark.runs.watch import EVERY, Watch
from pico_banana.errors import StoreError


def results_of(name, scores, *, judge="judge", anchors=None, checksum="c"):
    items = [
        Result(
            f"single_turn/{at}",
            "single_turn",
            1,
            1,
            f"type{at % 7}",
            f"group{at % 2}",
            f"p{at}",
            "made",
            None if score is None else float(score),
            None if score is None else bool(score > 0.7),
            picture=str(at),
        )
        for at, score in enumerate(scores)
    ]
    told = {
        "editor": {"name": name},
        "judge": {"name": judge, "preset": "paper-1", "changed": ""},
        "wording": "long",
        "written_at": "2026-11-28",
        "library": "0",
        "definition": {"checksum": checksum, "size": "full", "seed": 1},
    }
    return Results(told, tuple(items), anchors or {})


def test_intervals_cover_the_true_rate_as_often_as_they_say():
    rng = np.random.default_rng(5)
    types, photos = np.repeat(np.arange(10), 30), np.arange(300)
    rates = rng.uniform(0.2, 0.9, 10)
    runs = [(rng.random(300) < rates[types]).astype(float) for _ in range(150)]
    found = estimates(runs, photos, types)
    covered = np.mean([one.low <= rates.mean() <= one.high for one in found])
    assert 0.91 <= covered <= 0.99  # 150 runs: two standard errors around 95 %


def test_edits_of_one_photo_are_no_independent_witnesses():
    rng = np.random.default_rng(1)
    values = np.repeat(rng.random(40), 10)
    types = np.zeros(400, int)
    apart, together = (
        estimates([values], photos, types)[0] for photos in (np.arange(400), np.repeat(np.arange(40), 10))
    )
    assert together.high - together.low > 2 * (apart.high - apart.low)


def test_what_is_all_alike_still_has_an_interval():
    (found,) = estimates([np.ones(20)], np.arange(20), np.zeros(20, int))
    assert found.value == found.high == 1
    assert found.low == pytest.approx(0.8389, abs=1e-3)  # Wilson


def test_two_judges_of_different_noise_and_bias_rank_eight_editors_alike():
    rng = np.random.default_rng(3)
    truth = [np.clip(rng.normal(0.45 + 0.04 * number, 0.2, 1750), 0, 1) for number in range(8)]
    judged = [
        [
            results_of(f"e{number}", np.clip(bias + factor * scores + rng.normal(0, noise, 1750), 0, 1))
            for number, scores in enumerate(truth)
        ]
        for bias, factor, noise in ((0.0, 1.0, 0.05), (0.15, 0.7, 0.25))
    ]
    orders = [[one.name for one in benchmark.report(*every).editors] for every in judged]
    tau = kendalltau(
        [orders[0].index(f"e{number}") for number in range(8)], [orders[1].index(f"e{number}") for number in range(8)]
    )
    assert tau.statistic >= 0.9


def test_duels_and_strengths_have_the_right_values():
    good, bad = results_of("good", [0.9, 0.9, 0.5, None] * 10), results_of("bad", [0.4, 0.9, 0.6, 0.1] * 10)
    report = benchmark.report(bad, good)
    assert [one.name for one in report.editors] == ["good", "bad"]
    (duel,) = report.duels
    assert (duel.one, duel.wins, duel.ties, duel.losses) == ("bad", 10, 10, 10)
    assert duel.score.value == pytest.approx((-0.5 + 0 + 0.1) / 3, abs=1e-6)
    assert report.editors[0].whole.missing == 10
    assert report.editors[0].whole.score.value == pytest.approx((0.9 + 0.9 + 0.5) / 3, abs=1e-6)
    assert report.editors[0].strength.value == pytest.approx(0, abs=1e-3)
    assert tally(np.array([1.0, 0.2, np.nan]), np.array([0.5, 0.2, 0.3])) == (1, 1, 0)


def test_results_of_two_definitions_are_not_compared():
    with pytest.raises(StoreError, match="different definitions"):
        benchmark.report(results_of("a", [1.0]), results_of("b", [1.0], checksum="d"))


def test_a_judge_is_brought_back_by_its_anchors():
    anchors = {**{f"right-{n}": 1.0 for n in range(1, 11)}, **{f"wrong-{n}": 0.2 for n in range(1, 11)}}
    milder = {name: 0.4 + score / 2 for name, score in anchors.items()}
    scores = np.linspace(0.2, 1.0, 50)
    plain = benchmark.report(results_of("a", scores, anchors=anchors)).editors[0].whole
    moved = benchmark.report(results_of("a", 0.4 + scores / 2, anchors=milder), correct=anchors).editors[0].whole
    assert moved.score.value == pytest.approx(plain.score.value, abs=1e-5)
    assert anchor_drift(milder, anchors)["shift"] == pytest.approx(np.mean([-0.1] * 10 + [0.3] * 10), abs=1e-4)
    with pytest.raises(StoreError, match="anchors are missing"):
        benchmark.report(results_of("a", scores), correct=anchors)


@pytest.mark.parametrize("seed", range(5))
def test_a_judge_swapped_in_the_middle_is_noticed_within_50_calls(seed):
    rng = np.random.default_rng(seed)
    first = {f"{kind}-{n}": base for kind, base in (("right", 0.9), ("wrong", 0.2)) for n in range(1, 11)}
    watch, names = Watch(first), list(first)

    def judge(calls, shift):
        for call in range(calls):
            watch.judged()
            if call % EVERY == EVERY - 1:
                name = names[call // EVERY * 7 % 20]
                watch.saw(name, float(np.clip(first[name] + shift + rng.normal(0, 0.04), 0, 1)))
            if watch.noticed:
                return call + 1
        return None

    assert judge(1750, 0.0) is None
    assert judge(50, -0.3) is not None


def test_judges_are_measured_against_preferences():
    pairs = [
        Result(f"preference/{at}", "preference", 1, 1, "t", "g", f"p{at}", "made", score, True, rival=rival)
        for at, (score, rival) in enumerate([(0.9, 0.1), (0.8, 0.8), (0.2, 0.6), (0.9, 0.4), (None, 0.3)])
    ]
    line = benchmark.judge_report(Results(results_of("x", []).passport, tuple(pairs))).judges[0]
    assert (line.pairs, line.missing, line.ties) == (5, 1, 0.25)
    assert line.accuracy.value == pytest.approx(2.5 / 4)
    assert line.margin.value == pytest.approx((0.8 + 0 - 0.4 + 0.5) / 4)
    one, other = results_of("e", [0.1, 0.5, 0.9, 0.8]), results_of("e", [0.2, 0.3, 0.8, 0.6], judge="other")
    (agreement,) = benchmark.judge_report(one, other).agreements
    assert agreement.edits == 4
    assert agreement.spearman == 1
    assert agreement.kappa == pytest.approx(0.5)


def test_codes_number_names():
    assert codes_of(["b", "a", "b"]).tolist() == [1, 0, 1]
