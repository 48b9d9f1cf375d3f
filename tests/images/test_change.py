"""What changed: the share and box of a known change, and the doubt about edits that cannot be compared."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import numpy as np
import pytest
from odd_files import drawing

import pico_banana as pb
from pico_banana.cli import main
from pico_banana.errors import ConfigError
from pico_banana.records.decoding.change import change, change_mask
from pico_banana.records.decoding.decode import decode, resize
from pico_banana.rows.sidecar import read_annotations, write_annotations

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture
def photo() -> np.ndarray:
    return np.array(drawing(400, 300))


def test_a_known_change_is_found_where_it_is(photo):
    edited = photo.copy()
    edited[60:120, 100:200] = 255 - edited[60:120, 100:200]
    edited[60:120, 100:200, 0] ^= 128
    found = change(photo, edited)
    assert found.share == pytest.approx(60 * 100 / (300 * 400), rel=0.15)
    assert found.box == pytest.approx((100 / 400, 60 / 300, 200 / 400, 120 / 300), abs=0.02)
    assert found.reliable
    assert found.aspect_change == 1.0


def test_nothing_changed_and_encoding_is_nothing(photo, tmp_path):
    from PIL import Image

    Image.fromarray(photo).save(tmp_path / "a.jpg", quality=80)
    for edited in (photo, decode((tmp_path / "a.jpg").read_bytes()), resize(photo, (800, 600))):
        found = change(photo, edited)
        assert found.share < 0.002
        assert found.reliable
    assert change(photo, photo).box is None


def test_what_cannot_be_compared_says_so(photo):
    noise = np.random.default_rng(0).integers(0, 256, photo.shape, np.uint8)
    assert change(photo, photo[:, 40:]).doubt == "reshaped"
    assert change(photo, np.roll(photo, 40, axis=1)).doubt == "moved"
    assert change(photo, noise).doubt == "unlike"


def test_the_mask_has_the_shape_of_the_source(photo):
    edited = photo.copy()
    edited[:, 200:] = 255 - edited[:, 200:]
    mask = change_mask(photo, resize(edited, (1000, 750)), side=100)
    assert mask.shape == (75, 100)
    assert not mask[:, :49].any()
    assert mask[:, 51:].mean() > 0.5


def test_every_edit_of_a_selection_is_measured_or_named(tmp_path):
    mirror = tmp_path / "mirror"
    main(["mirror", "make", str(mirror), "--rows", "6", "--pictures", "--no-traps", "--no-shared-photos"])
    rows = pb.load("single_turn", mirror=mirror)
    next(mirror.rglob(rows[1].edited.address.rpartition("/")[2])).unlink()
    report = rows.change_report()
    assert list(report.failed) == [rows[1].id]
    assert report.total == len(report.changes) + 1 == len(rows)
    assert report.to_arrow()["id"].to_pylist() == [row.id for row in rows if row.id != rows[1].id]


def test_turns_are_compared_with_the_turn_before():
    session = pb.load("multi_turn", mirror="sample")[:1]
    names = list(session.change_report().changes)
    assert names[0].startswith(session[0].id)
    assert len(names) == sum(turn.image is not None for turn in session[0].turns)


@pytest.mark.parametrize("ending", ["parquet", "jsonl"])
def test_the_command_writes_annotations(tmp_path: Path, capsys, ending):
    pytest.importorskip("duckdb")
    pytest.importorskip("cv2")
    out = tmp_path / f"changes.{ending}"
    assert main(["measure", str(out), "single_turn", "--mirror", "sample", "--limit", "8", "--json"]) == 0
    counts = json.loads(capsys.readouterr().out)
    assert (counts["earlier"], counts["measured"], counts["failed"]) == (0, 8, {})
    assert len(read_annotations(out)) == 8
    rows = pb.load("single_turn", mirror="sample")
    assert len(rows.where("reliable", out)) == counts["reliable"]
    assert main(["measure", str(out), "single_turn", "--mirror", "sample", "--limit", "12", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["measured"] == 4  # what is there is not measured again
    assert read_annotations(out)["id"].to_pylist() == rows.ids[:12]


def test_what_was_measured_is_kept_when_the_rest_is_stopped(tmp_path: Path, monkeypatch):
    pytest.importorskip("cv2")
    from pico_banana.cli import measure

    monkeypatch.setattr(measure, "_KEPT_EVERY", 3)
    shown = []

    def stop(self, text):
        shown.append(text)
        if len(shown) == 2:
            raise KeyboardInterrupt

    monkeypatch.setattr("pico_banana.cli.live.LiveLine.show", stop)
    out = tmp_path / "changes.parquet"
    assert main(["measure", str(out), "single_turn", "--mirror", "sample"]) == 130
    assert len(read_annotations(out)) == 6


def test_a_wrong_ending_is_said_before_the_work(tmp_path: Path, capsys):
    assert main(["measure", str(tmp_path / "changes.xlsx"), "single_turn", "--mirror", "sample"]) == 2
    assert "does not end in .parquet or .jsonl" in capsys.readouterr().err
    table = pb.load("single_turn", mirror="sample").to_arrow(columns=["id"])
    with pytest.raises(ConfigError, match=r"does not end in \.parquet"):
        write_annotations(table, tmp_path / "a.txt")
