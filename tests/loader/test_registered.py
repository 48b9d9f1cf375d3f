"""`geometry="register"` in loader, pack and export: what a model did to the frame unasked is undone."""

from __future__ import annotations

import json

import numpy as np
import pytest
from PIL import Image

import pico_banana as pb
from pico_banana.cli import main
from pico_banana.pictures.filesystem import local_path
from pico_banana.rehearsal.making.make import make_mirror
from pico_banana.training.loader import Loader
from pico_banana.training.packs import PackExamples

pytest.importorskip("cv2")
SIZE, CUT = (360, 270), (36, 27, 324, 243)


@pytest.fixture(scope="module")
def mirror(tmp_path_factory) -> str:
    """A mirror whose every edit shows the inner four fifths of its photo, at a size of its own."""
    root = tmp_path_factory.mktemp("mirror")
    make_mirror(root, rows=4, preferences=2, sessions=2, pictures=True, size=(64, 48), traps=False)
    file = root / "jsonl/sft.jsonl"
    lines = [json.loads(line) for line in file.read_text().splitlines()]
    for line, kind in zip(lines, ("add_object", "zoom_in", "add_object", "zoom_in"), strict=True):
        line["edit_type"] = pb.edit_type(kind).label
    file.write_text("".join(json.dumps(line) + "\n" for line in lines))
    shown = pb.load("single_turn", mirror="sample")[0].source.image().convert("RGB").resize(SIZE)
    for path in (root / "source").rglob("*.jpg"):
        shown.save(path, quality=95)
    for path in (root / "images").rglob("*.png"):
        shown.resize((400, 304), Image.Resampling.BICUBIC, box=CUT).save(path)
    return str(root)


@pytest.fixture
def rows(mirror):
    return pb.load("single_turn", mirror=mirror)[:2]


def apart(before: np.ndarray, after: np.ndarray) -> float:
    return float(np.abs(before.astype(float) - after).mean())


def test_the_loader_undoes_what_nobody_asked_for(rows):
    local, zoomed = rows.loader(geometry="register", batch_size=1)
    assert local["alignment"] == ["reframed"]
    assert local["edited"].shape == local["source"].shape
    assert np.abs(np.array(local["source"].shape[1:3]) - (216, 288)).max() <= 2
    assert apart(local["source"], local["edited"]) < 4
    assert zoomed["alignment"] == [None]
    assert zoomed["source"].shape == (1, 270, 360, 3)
    assert apart(zoomed["source"], zoomed["edited"]) > 8
    (matched, _) = rows.loader(geometry="match_source", batch_size=1)
    assert apart(matched["source"], matched["edited"]) > 8
    assert "alignment" not in matched


def test_registered_pictures_go_into_batches(rows):
    (batch,) = rows.loader(geometry="register_crop", size=96, batch_size=2, columns=["edited", "alignment"])
    assert batch["edited"].shape == (2, 96, 96, 3)
    assert set(batch) == {"id", "edited", "alignment"}
    for policy in ("register_fit", "register_bucket"):
        assert sum(len(batch["id"]) for batch in rows.loader(geometry=policy, size=96, batch_size=2)) == 2


def test_what_is_measured_once_is_kept(rows):
    loader = rows.loader(geometry="register", batch_size=1)
    first = [batch["edited"] for batch in loader]
    known = dict(loader._examples.registrar._found)
    assert len(known) == 1  # the zoom is not measured
    for one, other in zip(first, loader, strict=True):
        np.testing.assert_array_equal(one, other["edited"])
    assert loader._examples.registrar._found == known


def test_pack_and_export_hold_what_the_loader_gives(rows, tmp_path):
    expected = [batch["edited"][0] for batch in rows.loader(geometry="register", batch_size=1)]
    rows.pack(tmp_path / "pack", geometry="register")
    packed = list(Loader(PackExamples(tmp_path / "pack"), batch_size=None))
    assert [example["alignment"] for example in packed] == ["reframed", None]
    rows.export("imagefolder", tmp_path / "out", geometry="register", codec="png")
    files = [json.loads(line) for line in (tmp_path / "out/train/metadata.jsonl").read_text().splitlines()]
    for right, example, row in zip(expected, packed, files, strict=True):
        np.testing.assert_array_equal(example["edited"], right)
        exported = np.asarray(Image.open(tmp_path / "out/train" / row["edited_file_name"]))
        np.testing.assert_array_equal(exported, right)
    told = json.loads((tmp_path / "out/export.json").read_text())["pictures"]
    assert (
        told == "1 reframed, cut to what is shared, 2 resized or re-encoded, 1 told to show another frame, only resized"
    )


@pytest.mark.parametrize("form", ["bagel", "parquet"])
def test_whole_sessions_share_one_frame(mirror, tmp_path, form):
    sessions = pb.load("multi_turn", mirror=mirror)
    report = sessions.export(form, tmp_path / "out", geometry="register")
    assert report.failed == {}
    (one, *_) = sessions.loader(geometry="register", turns="whole", batch_size=1)
    assert one["images"].shape[1] == len(one["alignment"][0]) + 1


def test_accepted_and_rejected_edits_share_one_frame(mirror):
    pairs = pb.load("preference", mirror=mirror)
    for batch in pairs.loader(geometry="register", batch_size=1):
        assert batch["source"].shape == batch["chosen"].shape == batch["rejected"].shape
        assert len(batch["alignment"][0]) == 2


def test_the_command_line_does_the_same(mirror, tmp_path, capsys):
    words = ["single_turn", "--mirror", mirror, "--limit", "2", "--geometry"]
    assert main(["export", "imagefolder", str(tmp_path / "out"), *words, "register"]) == 0
    assert main(["pack", str(tmp_path / "pack"), *words, "register_crop", "--size", "64"]) == 0
    assert len(PackExamples(tmp_path / "pack")) == 2
    assert local_path(pb.load("single_turn", mirror=mirror)[0].edited.address).is_file()  # pictures on disk stay
