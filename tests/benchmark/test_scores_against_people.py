"""Calibration, thresholds and labels on data whose truth is known."""

from __future__ import annotations

import numpy as np
import pytest

from pico_banana.benchmark.scores.calibrating import calibrate
from pico_banana.benchmark.scores.labels import read_labels
from pico_banana.benchmark.scores.reading import JudgeScores, Scores
from pico_banana.benchmark.scores.report import score_report
from pico_banana.benchmark.scores.thresholds import GRID, Wish
from pico_banana.errors import ConfigError

RNG = np.random.default_rng(5)


def drawn(count, chance, *, levels=None):
    """Draw scores, and labels that are good as often as `chance` says of the score."""
    scores = RNG.random(count)
    if levels:
        scores = np.round(scores * levels) / levels
    return scores, (RNG.random(count) < chance(scores)).astype(float), [f"row {number}" for number in range(count)]


@pytest.mark.parametrize("method", ["isotonic", "logistic", "auto"])
def test_a_judge_that_is_too_kind_is_brought_to_what_people_say(method):
    found = calibrate(*drawn(4000, lambda score: score**3), method=method)
    assert found.error_before > 0.2
    assert found.error < 0.04
    assert found.brier < found.brier_before
    for score in (0.2, 0.5, 0.9):
        assert found.chance(score) == pytest.approx(score**3, abs=0.12)
    chances = found.chances(np.linspace(0, 1, 50))
    assert (np.diff(chances) >= 0).all()


def test_the_shape_that_foretells_better_is_taken():
    step = calibrate(*drawn(3000, lambda score: np.where(score < 0.8, 0.1, 0.95), levels=10))
    assert step.method == "isotonic"
    assert step.chance(0.7) == pytest.approx(0.1, abs=0.05)
    assert step.chance(0.9) == pytest.approx(0.95, abs=0.05)
    few = calibrate(*drawn(60, lambda score: 1 / (1 + np.exp(4 - 8 * score))))
    assert few.method == "logistic"


def test_how_often_good_scores_above_bad():
    scores = np.array([0.1, 0.4, 0.4, 0.9] * 5)
    labels = np.array([0.0, 0.0, 1.0, 1.0] * 5)
    found = calibrate(scores, labels, [str(number) for number in range(20)])
    assert found.auc == 0.875  # of four pairs three are right and one is a tie
    assert found.good == 0.5


def test_what_is_foretold_was_not_shown():
    """Scores that say nothing of the labels must not seem to: edits of one row are never on both sides."""
    scores, labels, _ = drawn(400, lambda score: np.full(len(score), 0.5))
    found = calibrate(scores, labels, [f"row {number // 4}" for number in range(400)], method="isotonic")
    assert found.brier > 0.245  # a constant 0.5 has 0.25


def test_labels_that_part_everything_give_a_curve_all_the_same():
    scores = np.linspace(0, 1, 40)
    found = calibrate(scores, (scores > 0.5).astype(float), [str(n) for n in range(40)], method="logistic")
    assert found.chance(0.0) < 0.1
    assert found.chance(1.0) > 0.9


def test_too_few_labels_are_refused():
    with pytest.raises(ConfigError, match="needs 20"):
        calibrate(*drawn(19, lambda score: score))


def judged(edits, judge="j/paper-1"):
    """Make the scores of a judge; edits are (id, type, score)."""
    rows = [
        {"id": name, "row_id": name.partition("#")[0], "turn": None, "told_type": kind, "score": score,
         "accepted": None if score is None else score > 0.7, "problem": None if score is not None else "malformed: x",
         "judge": judge}
        for name, kind, score in edits
    ]  # fmt: skip
    return Scores((JudgeScores(judge, tuple(rows)),))


def test_survival_counts_what_has_at_least_a_score():
    edits = [(f"r{number}", "zoom_in", number / 10) for number in range(11)] + [("lost", "zoom_in", None)]
    (line,) = score_report(judged(edits)).judges
    of_all, of_type = line.types
    assert (of_type.edit_type, of_type.edits, of_type.missing) == ("zoom_in", 12, 1)
    curve = dict(zip(GRID, of_type.survival, strict=True))
    assert curve[0.0] == 1.0
    assert curve[0.5] == pytest.approx(6 / 11, abs=1e-6)
    assert curve[1.0] == pytest.approx(1 / 11, abs=1e-6)
    assert of_type.accepted == pytest.approx(3 / 11, abs=1e-6)
    assert of_all.mean == 0.5


def test_without_a_witness_a_share_of_each_type_is_kept():
    edits = [(f"a{n}", "zoom_in", n / 100) for n in range(100)] + [
        (f"b{n}", "weather", 0.5 + n / 200) for n in range(100)
    ]
    (line,) = score_report(judged(edits), wish=Wish(share=0.75)).judges
    by_type = {one.edit_type: one for one in line.types}
    assert by_type["zoom_in"].rests_on == "share"
    assert by_type["zoom_in"].threshold == pytest.approx(0.24, abs=0.011)
    assert by_type["weather"].threshold == pytest.approx(0.62, abs=0.011)
    assert by_type["zoom_in"].kept == pytest.approx(0.75, abs=0.011)


def test_pairs_part_preferred_from_rejected_edits_by_type():
    chosen = [(f"p{n}", kind, score) for kind, score in (("zoom_in", 0.9), ("weather", 0.6)) for n in range(30)]
    edits = []
    for number, (name, kind, score) in enumerate(chosen):
        edits += [(f"{name}-{number}", kind, score), (f"{name}-{number}#rejected1", kind, score - 0.3)]
    (line,) = score_report(judged(edits)).judges
    by_type = {one.edit_type: one for one in line.types}
    assert by_type["zoom_in"].rests_on == "pairs"
    assert by_type["zoom_in"].threshold == pytest.approx(0.75)
    assert by_type["weather"].threshold == pytest.approx(0.45)
    assert by_type["weather"].edits == 30  # rejected edits are no edits to keep
    assert line.edits == 120


def test_labels_say_where_enough_of_the_kept_edits_are_good():
    edits = [(f"r{n}", "zoom_in", (n % 10) / 10) for n in range(400)]
    labels = {name: float(score >= 0.6) for name, _, score in edits}
    report = score_report(judged(edits), labels=labels, wish=Wish(precision=0.8))
    (line,) = report.judges
    assert line.types[1].rests_on == "labels"
    assert line.types[1].threshold == pytest.approx(0.5)  # of 0.5 to 0.9 four in five are good
    assert line.types[1].kept == pytest.approx(0.5)
    (people,) = report.agreements
    assert (people.other, people.edits) == ("people", 400)
    calibrated = judged(edits).with_chances(report.calibrations).judges[0].rows
    assert calibrated[0]["chance"] == pytest.approx(0.0, abs=0.02)
    assert calibrated[9]["chance"] == pytest.approx(1.0, abs=0.02)


def test_labels_as_raters_hand_them_in(tmp_path):
    file = tmp_path / "human.csv"
    file.write_text("id,turn,stars,rater\na,,5,x\na,,4,y\ns,2,1,x\ns#turn3,,3,x\nb,,,x\n")
    pairs_of_votes = read_labels({"id": ["a", "b"], "label": ["Good", "no"]})
    assert pairs_of_votes == {"a": 1.0, "b": 0.0}
    with pytest.raises(ConfigError, match="label 1 is 'splendid'"):
        read_labels({"id": ["a"], "label": ["splendid"]})
    found = read_labels(file, column="stars", lowest=1, highest=5)
    assert found == {"a": 0.875, "s#turn2": 0.0, "s#turn3": 0.5}
    with pytest.raises(ConfigError, match="label 1 is 5"):
        read_labels(file, column="stars")
    with pytest.raises(ConfigError, match="no 'label'"):
        read_labels(file)
