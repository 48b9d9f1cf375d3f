"""Measurements: a known shift is found, an unknown one is not claimed, and the report's numbers add up."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from odd_files import drawing, encoded

from pico_banana.records.decoding.measure import geometry_report, shift


def scene(seed: int = 1) -> np.ndarray:
    return np.asarray(drawing(320, 256, seed=seed))


def test_a_known_shift_is_found():
    wide = np.asarray(drawing(400, 320))
    source, moved = wide[20:276, 30:350], wide[10:266, 14:334]
    found = shift(source, moved)
    assert abs(found.dx - 16 / 320) < 0.006
    assert abs(found.dy - 10 / 256) < 0.006
    assert found.confidence > 0.4


def test_no_shift_of_a_picture_against_itself():
    found = shift(scene(), scene())
    assert (found.dx, found.dy) == (0, 0)
    assert found.confidence > 0.9


def test_unrelated_pictures_give_no_confidence():
    noise = np.random.default_rng(1).integers(0, 256, (2, 256, 256, 3)).astype(np.uint8)
    assert shift(noise[0], noise[1]).confidence < 0.3
    flat = np.full((100, 100, 3), 7, np.uint8)
    assert shift(flat, flat).confidence == 0


def test_the_report_adds_up(tmp_path):
    for name, (width, height) in {"a": (100, 80), "b": (100, 80), "c": (50, 80), "d": (108, 80)}.items():
        (tmp_path / name).write_bytes(encoded(drawing(width, height), "PNG"))
    (tmp_path / "broken").write_bytes(b"nothing")
    pairs = [("1", "a", "b"), ("2", "a", "c"), ("3", "a", "d"), ("4", "a", "gone"), ("5", "broken", "a")]
    report = geometry_report(pairs, lambda name: Path(tmp_path / name), worst=2)
    assert report.total == report.measured + len(report.failed) == 5
    assert report.same_size == 1
    assert sum(rows for _, _, rows in report.histogram) == 3
    assert {(low, rows) for low, _, rows in report.histogram if rows} == {(0.0, 1), (0.99, 1), (1.05, 1)}
    assert [pair.id for pair in report.worst] == ["2", "3"]
    assert set(report.failed) == {"4", "5"}
    columns = report.to_arrow().to_pydict()
    assert (columns["id"], columns["edited_width"]) == (["1", "2", "3"], [100, 50, 108])
    assert columns["aspect_change"] == pytest.approx([1.0, 0.5, 1.08])
    assert "not a picture" in report.failed["5"]
