"""Alignment: the transform of a known warp is found to the pixel, its kind is right, and what has none says so."""

from __future__ import annotations

import json
import math
import sys

import numpy as np
import pyarrow.parquet as pq
import pytest
from PIL import Image

import pico_banana as pb
from pico_banana.cli import main
from pico_banana.errors import MissingExtraError
from pico_banana.records.decoding.alignment import KINDS, Alignment, by_type, resized
from pico_banana.records.decoding.registration import align
from tests.images.warped import LOCAL, MOVES, Case, apart, cases, off, right

pytest.importorskip("cv2")
pytest.importorskip("skimage", reason="it ships some of the photos")
pytest.importorskip("matplotlib", reason="it ships one of the photos")
SIZE = (1000, 800)


def alignment(left: tuple[float, ...], edited: tuple[int, int] = (500, 400)) -> Alignment:
    """What is left of the transform, as of an edit of another size."""
    xx, xy, x0, yx, yy, y0 = left
    across, down = SIZE[0] / edited[0], SIZE[1] / edited[1]
    return Alignment((xx * across, xy * down, x0, yx * across, yy * down, y0), (SIZE, edited), 0.9, 0.2)


@pytest.mark.parametrize(
    ("left", "kind", "kept", "added"),
    [
        ((1, 0, 0, 0, 1, 0), "aligned", 1, 0),
        ((1, 0, 1.5, 0, 1, -1.5), "aligned", 0.9966, 0.0034),
        ((1, 0, -30, 0, 1, 0), "shifted", 0.97, 0.03),
        ((1.02, 0, -10, 0, 1.02, -8), "rescaled", 1, 0.0388),
        ((1, 0, 0, 0, 0.97, 0), "rescaled", 0.97, 0),
        ((0.8, 0, 100, 0, 0.8, 80), "reframed", 0.64, 0),
        ((1.25, 0, -125, 0, 1.25, -100), "reframed", 1, 0.36),
        ((1, 0, -150, 0, 1, 0), "reframed", 0.85, 0.15),
        ((math.cos(0.05), -0.05, 20, 0.05, math.cos(0.05), -25), "reframed", None, None),
    ],
)
def test_kinds_follow_from_what_a_resize_leaves(left, kind, kept, added):
    found = alignment(left)
    assert found.left == pytest.approx(left)
    assert found.kind == kind
    assert found.aligned == (kind == "aligned")
    if kept is not None:
        assert (found.kept, found.added) == pytest.approx((kept, added), abs=1e-3)


def test_scale_and_shift_say_what_the_content_did():
    larger = alignment((0.8, 0, 100, 0, 0.8, 80))
    assert larger.scale == pytest.approx((1.25, 1.25))
    assert larger.shift == pytest.approx((0, 0))
    moved = alignment((1, 0, -30, 0, 1, 12))
    assert moved.shift == pytest.approx((30, -12))  # to the right, and up


def test_without_confidence_there_is_no_kind():
    assert Alignment(resized(SIZE, SIZE), (SIZE, SIZE), 0.1, 0.0).kind == "not_comparable"


def measured(side: int, *, rounds: int = 1, each: int = 1) -> list[tuple[Case, Alignment]]:
    return [(case, align(case.source, case.edited)) for case in cases(side, rounds=rounds, each=each)]


def hold_to_account(found: list[tuple[Case, Alignment]]) -> None:
    """The bounds that were promised, over every pair."""
    local = [(case, one) for case, one in found if case.group == LOCAL]
    errors = [off(case, one.matrix) for case, one in local if one.kind != "not_comparable"]
    assert np.median(errors) <= 1
    assert np.quantile(errors, 0.95) <= 2
    assert np.mean([right(case, one.kind) for case, one in found]) >= 0.95
    assert np.mean([one.aligned for case, one in found if apart(case)]) <= 0.01
    for kind in MOVES:
        assert np.mean([one.kind == kind for case, one in local if case.kind == kind]) >= 0.8


def test_known_warps_are_found_of_small_photos():
    hold_to_account(measured(384, each=5))


@pytest.mark.slow
def test_known_warps_are_found_of_photos_of_1024():
    hold_to_account(measured(1024, rounds=3))


def photo() -> np.ndarray:
    return np.asarray(pb.load("single_turn", mirror="sample")[0].source.image().convert("RGB"))


def test_a_picture_is_aligned_with_itself_at_any_size():
    source = photo()
    for size in ((source.shape[1], source.shape[0]), (900, 700), (257, 199)):
        found = align(source, np.asarray(Image.fromarray(source).resize(size)))
        assert found.kind == "aligned"
        assert found.confidence > 0.9
        assert found.residual < 0.3


def test_what_shows_nothing_is_not_comparable():
    source = photo()
    for edited in (np.full_like(source, 128), np.random.default_rng(0).integers(0, 256, source.shape, np.uint8)):
        assert align(source, edited).kind == "not_comparable"
        assert align(edited, source).kind == "not_comparable"
    tiny = np.zeros((3, 2, 3), np.uint8)
    assert align(tiny, tiny).kind == "not_comparable"


def test_types_are_counted_by_kind():
    found = by_type([("zoom_in", "reframed"), ("add_object", "aligned"), ("zoom_in", "aligned")])
    assert list(found) == ["add_object", "zoom_in"]
    assert found["zoom_in"] == dict.fromkeys(KINDS, 0) | {"reframed": 1, "aligned": 1}


def test_the_command_writes_and_counts_alignments(tmp_path, capsys):
    pytest.importorskip("duckdb")
    out = tmp_path / "changes.parquet"
    words = ["measure", str(out), "single_turn", "--mirror", "sample", "--limit", "6"]
    assert main([*words, "--no-alignment", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["alignments"] == {}
    assert main([*words, "--json"]) == 0  # what lacks an alignment is measured once more
    told = json.loads(capsys.readouterr().out)
    assert (told["earlier"], told["measured"]) == (0, 6)
    assert sum(sum(counts.values()) for counts in told["alignments"].values()) == 6
    rows = pb.load("single_turn", mirror="sample")[:6]
    report = rows.change_report(alignment=True)
    assert report.alignments == told["alignments"]
    aligned = rows.where("aligned", out)
    assert aligned.ids == [name for name, one in report.changes.items() if one.alignment.aligned]
    assert rows.where("alignment = 'aligned' and align_residual < 100", out).ids == aligned.ids
    assert main(words) == 0
    assert "not comparable" in capsys.readouterr().out


def test_what_is_measured_without_an_alignment_stays_until_it_is_measured_again(tmp_path, capsys):
    out = tmp_path / "changes.parquet"
    words = ["measure", str(out), "single_turn", "--mirror", "sample", "--json"]
    assert main([*words, "--limit", "4", "--no-alignment"]) == 0
    assert main([*words, "--limit", "2"]) == 0
    capsys.readouterr()
    found = pq.read_table(out)
    assert sorted(found["id"].to_pylist()) == sorted(pb.load("single_turn", mirror="sample")[:4].ids)
    assert found["alignment"].null_count == 2


def test_sessions_are_chosen_by_all_of_their_turns():
    pytest.importorskip("duckdb")
    rows = pb.load("multi_turn", mirror="sample")[:3]
    report = rows.change_report(alignment=True)
    assert set(report.alignments) == {f"turn{number}" for number in range(1, 1 + max(len(row.turns) for row in rows))}
    condition = (
        "id in (select split_part(id, '#', 1) from annotations_0 group by 1 having bool_and(alignment <> 'reframed'))"
    )
    kept = [
        row.id
        for row in rows
        if all(
            one.alignment.kind != "reframed" for name, one in report.changes.items() if name.startswith(f"{row.id}#")
        )
    ]
    assert rows.where(condition, report.to_arrow()).ids == kept


def test_without_opencv_the_way_out_is_named(monkeypatch, tmp_path, capsys):
    monkeypatch.setitem(sys.modules, "cv2", None)
    rows = pb.load("single_turn", mirror="sample")[:2]
    for work in (
        lambda: rows.change_report(alignment=True),
        lambda: rows.loader(geometry="register"),
        lambda: rows.export("imagefolder", tmp_path / "out", geometry="register"),
    ):
        with pytest.raises(MissingExtraError, match=r"pico-banana\[align\]"):
            work()
    assert rows.change_report(alignment=False).failed == {}
    words = ["measure", str(tmp_path / "c.parquet"), "single_turn", "--mirror", "sample", "--limit", "1"]
    for further in ([], ["--shard", "1/2"]):
        assert main([*words, *further]) == 2
        assert "pip install 'pico-banana[align]', or leave it out with --no-alignment" in capsys.readouterr().err
    assert list(tmp_path.glob("c*")) == []  # it was said before any work
    assert main([*words, "--no-alignment"]) == 0
