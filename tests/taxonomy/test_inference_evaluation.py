"""The measurements add up, and say what happened."""

from __future__ import annotations

import numpy as np
import pytest

from pico_banana.errors import UnknownNameError
from pico_banana.rows.inference import Inference, Inferences, evaluate
from pico_banana.taxonomy import edit_type, edit_types

CODES = {str(kind): code for code, kind in enumerate(edit_types())}


class Oracle:
    """Guesses what the text says: "slug confidence"."""

    def infer(self, instruction: str) -> Inference:
        slug, sure = instruction.split()
        return Inference(edit_type(slug), float(sure), ())

    def infer_many(self, instructions: list[str]) -> Inferences:
        said = [text.split() for text in instructions]
        codes = np.array([CODES.get(slug, -1) for slug, _ in said], np.int8)
        return Inferences(codes, np.array([sure for _, sure in said], np.float32))


ROWS = [
    ("zoom_in 1.0", "zoom_in"),
    ("zoom_in 0.96", "Zoom in"),
    ("lego 0.6", "zoom_in"),
    ("lego 0.6", "lego"),
    ("funko_pop 0.6", "lego"),
    ("funko_pop 0.6", "lego"),
    ("none 0.0", "sticker"),
]


def test_counts():
    found = evaluate(ROWS, model=Oracle())
    assert (found.rows, found.right, found.undecided) == (7, 3, 1)
    assert found.accuracy == pytest.approx(3 / 7)
    assert found.category_accuracy == pytest.approx(5 / 7)  # funko_pop for lego is right by half
    assert sum(found.confusion.values()) == 7
    assert found.mistakes[0] == ("lego", "funko_pop", 2)
    assert ("sticker", None, 1) in found.mistakes


def test_types():
    scores = {score.edit_type: score for score in evaluate(ROWS, model=Oracle()).by_type}
    assert list(scores) == ["sticker", "funko_pop", "lego", "zoom_in"]
    zoom, lego = scores["zoom_in"], scores["lego"]
    assert (zoom.rows, zoom.guessed, zoom.right, zoom.recall, zoom.precision) == (3, 2, 2, pytest.approx(2 / 3), 1)
    assert (lego.recall, lego.precision) == (pytest.approx(1 / 3), 0.5)
    assert (scores["funko_pop"].recall, scores["sticker"].precision) == (0, 0)


def test_reliability():
    found = evaluate(ROWS, model=Oracle())
    assert [(part.low, part.high, part.rows) for part in found.bins] == [(0.5, 0.7, 4), (0.95, 1.0, 2)]
    assert found.bins[0].accuracy == 0.25
    assert found.bins[0].confidence == pytest.approx(0.6)
    assert found.calibration_gap == pytest.approx((4 * 0.35 + 2 * 0.02) / 6)


def test_text():
    assert str(evaluate(ROWS, model=Oracle())).splitlines() == [
        "accuracy 42.9% of 7 (1 undecided), category 71.4%, calibration gap 0.240",
        "",
        "| confidence | rows | mean confidence | right |",
        "|---|---:|---:|---:|",
        "| 0.50 to 0.70 | 4 | 0.60 | 0.25 |",
        "| 0.95 to 1.00 | 2 | 0.98 | 1.00 |",
    ]


def test_no_rows():
    found = evaluate([])
    assert (found.rows, found.accuracy, found.category_accuracy, found.calibration_gap) == (0, 0, 0, 0)
    assert (found.bins, found.by_type, found.mistakes) == ((), (), ())


def test_a_name_that_is_no_type():
    with pytest.raises(UnknownNameError):
        evaluate([("Zoom in", "zoom_ni")])
