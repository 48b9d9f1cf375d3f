"""What tells accepted edits from rejected ones is reported, and removed by `match`."""

from __future__ import annotations

import io
import json
from pathlib import Path

import numpy as np
import pytest
from PIL import Image, ImageFilter

import pico_banana as pb
from pico_banana.cli import main
from pico_banana.errors import ConfigError, ExportError
from pico_banana.pictures.filesystem import local_path
from pico_banana.records.decoding.confounds import TRAITS, confound_report, sharpness, traits_of
from pico_banana.records.decoding.geometry import matched
from pico_banana.rehearsal.making.make import make_mirror

DECIDED_BY_SIZE = ("width", "height", "pixels", "aspect", "lossless")


def opened(path: Path | str) -> Image.Image:
    return Image.open(io.BytesIO(Path(path).read_bytes())).convert("RGB")


def encoded(picture: Image.Image, form: str) -> bytes:
    buffer = io.BytesIO()
    picture.save(buffer, form)
    return buffer.getvalue()


@pytest.fixture
def biased(tmp_path):
    """Pairs whose rejected edit is always a JPEG, wider, and blurred."""
    make_mirror(tmp_path / "m", rows=20, preferences=10, sessions=0, pictures=True, size=(64, 48), traps=False)
    pairs = pb.load("preference", mirror=str(tmp_path / "m"))
    for row in pairs:
        chosen = opened(local_path(row.chosen.address)).resize((64, 48))
        local_path(row.chosen.address).write_bytes(encoded(chosen, "PNG"))
        for ref in row.rejected:
            path = local_path(ref.address)
            picture = opened(path).resize((96, 60)).filter(ImageFilter.GaussianBlur(2))
            path.write_bytes(encoded(picture, "JPEG"))
    return pb.load("preference", mirror=str(tmp_path / "m"))


def exported(rows, folder: Path, **options) -> list[tuple[str, str, str]]:
    rows.export("longcat-edit-dpo", folder, **options)
    lines = [json.loads(line) for line in (folder / "train_data_info.txt").read_text("utf-8").splitlines()]
    return [(str(number), line["img_path_win"], line["img_path_lose"]) for number, line in enumerate(lines)]


def by_name(report) -> dict:
    return {one.name: one for one in report.confounds}


def test_traits_of_a_picture():
    picture = Image.new("RGB", (40, 10), (9, 9, 9))
    found = traits_of(encoded(picture, "PNG"))
    size = len(encoded(picture, "PNG"))
    assert found == dict(zip(TRAITS, (40, 10, 400, 4, size, 1, 0), strict=True))
    assert traits_of(encoded(picture, "JPEG"))["lossless"] == 0


def test_sharpness_is_the_laplacian_s_variance():
    pixels = np.zeros((5, 5, 3), np.uint8)
    pixels[2, 2] = 9
    # Around one point of 9: -36 in the middle, 9 at its four neighbours, 0 at the corners of the inner 3 x 3.
    assert sharpness(pixels) == pytest.approx(np.var([-36, 9, 9, 9, 9, 0, 0, 0, 0]))
    assert sharpness(np.zeros((2, 9, 3), np.uint8)) == 0


def test_what_tells_the_sides_apart_is_reported(biased):
    report = biased.confounds()
    pairs = sum(len(row.rejected) for row in biased)
    assert (report.total, len(report.pairs), report.failed) == (pairs, pairs, {})
    found = by_name(report)
    assert tuple(found) == TRAITS
    assert {name: (one.chosen_larger, one.rejected_larger) for name, one in found.items() if name != "bytes"} == {
        **dict.fromkeys(("width", "height", "pixels", "aspect"), (0, pairs)),
        **dict.fromkeys(("lossless", "sharpness"), (pairs, 0)),
    }
    assert found["width"].chosen_wins == 0
    assert found["lossless"].chosen_wins == 1
    assert all(found[name].telling for name in (*DECIDED_BY_SIZE, "sharpness"))
    table = report.to_arrow()
    assert table.column_names == ["id", *(f"{side}_{name}" for name in TRAITS for side in ("chosen", "rejected"))]
    assert set(table["rejected_width"].to_pylist()) == {96.0}


def test_pairs_of_one_kind_tell_nothing(preferences):
    found = by_name(preferences.confounds())
    assert not any(one.telling for one in found.values())
    assert (found["lossless"].differ, found["lossless"].chosen_wins) == (0, 0.5)


@pytest.mark.parametrize("codec", ["keep", "jpeg"])
def test_match_size_removes_size_shape_and_codec(biased, tmp_path, codec):
    pairs = exported(biased, tmp_path / "out", match="size", codec=codec)
    found = by_name(confound_report(pairs, Path))
    assert {name: found[name].differ for name in DECIDED_BY_SIZE} == dict.fromkeys(DECIDED_BY_SIZE, 0)
    assert {opened(path).size for _, *paths in pairs for path in paths} == {(64, 48)}
    assert {Path(path).suffix for _, *paths in pairs for path in paths} == {".png" if codec == "keep" else ".jpg"}


def test_match_size_neither_stretches_nor_enlarges(biased, tmp_path):
    first, *_ = exported(biased, tmp_path / "out", match="size")
    rejected = opened(local_path(biased[0].rejected[0].address))
    # 96 x 60 covers 64 x 48 at 77 x 48, of which the middle is kept.
    wanted = rejected.resize((77, 48), Image.Resampling.LANCZOS).crop((6, 0, 70, 48))
    seen = opened(first[2])
    assert np.abs(np.asarray(seen, int) - np.asarray(wanted, int)).mean() < 3
    chosen = opened(local_path(biased[0].chosen.address))
    np.testing.assert_array_equal(np.asarray(opened(first[1])), np.asarray(chosen))


def test_match_codec_leaves_the_pixels(biased, tmp_path):
    pairs = exported(biased, tmp_path / "out", match="codec")
    found = by_name(confound_report(pairs, Path))
    assert found["lossless"].differ == 0
    assert found["width"].differ == len(pairs)
    lost = opened(local_path(biased[0].rejected[0].address))
    np.testing.assert_array_equal(np.asarray(opened(pairs[0][2])), np.asarray(lost))


def test_match_leaves_the_source_as_published(biased, tmp_path):
    for match in ("size", "codec"):
        exported(biased, tmp_path / match, match=match)
        sources = sorted(path.read_bytes() for path in (tmp_path / match / "images").glob("*.source.*"))
        wanted = sorted(local_path(row.source.address).read_bytes() for row in biased for _ in row.rejected)
        assert sources == wanted
        assert "re-encoded" in json.loads((tmp_path / match / "export.json").read_text())["pictures"]


def test_match_goes_with_any_geometry(biased, tmp_path):
    pairs = exported(biased, tmp_path / "out", match="size", geometry="fit", size=32)
    assert {opened(path).size for _, *paths in pairs for path in paths} == {(32, 32)}
    assert {Path(path).suffix for _, *paths in pairs for path in paths} == {".png"}


def test_match_works_in_parquet_of_whole_rows(biased, tmp_path):
    import pyarrow.parquet as pq

    biased.export("parquet", tmp_path / "out", match="size")
    (path,) = (tmp_path / "out/data").glob("*.parquet")
    for row in pq.read_table(path).to_pylist():
        edits = [row["edited_image"], *row["rejected_images"]]
        assert {Image.open(io.BytesIO(one["bytes"])).size for one in edits} == {(64, 48)}


def test_an_export_matched_otherwise_is_another_export(biased, tmp_path):
    exported(biased, tmp_path / "out", match="codec")
    with pytest.raises(ExportError, match="another export"):
        exported(biased, tmp_path / "out")


def test_match_is_for_preferences(singles, biased, tmp_path):
    with pytest.raises(ConfigError, match="no rejected edits"):
        singles.export("omnigen2", tmp_path / "out", match="size")
    with pytest.raises(ConfigError, match="none, size, codec"):
        biased.export("trl", tmp_path / "out", match="sizes")
    with pytest.raises(ConfigError, match="links"):
        biased.export("longcat-edit-dpo", tmp_path / "out", match="size", links=True)
    with pytest.raises(ConfigError, match="'preference'"):
        singles.confounds()


def test_matched_canvases_are_no_larger_than_any_picture():
    placements = matched([(100, 50), (60, 90), (70, 70)])
    assert {placement.canvas for placement in placements} == {(60, 50)}
    assert [placement.scaled for placement in placements] == [(100, 50), (60, 90), (60, 60)]


def test_a_pair_without_a_picture_is_reported(biased):
    local_path(biased[0].chosen.address).unlink()
    report = biased.confounds()
    later = [f"{biased.ids[0]}#rejected{number + 1}" for number in range(1, len(biased[0].rejected))]
    assert list(report.failed) == [biased.ids[0], *later]
    assert report.total == len(report.pairs) + len(report.failed)


def test_the_command_tells_and_gives_json(biased, tmp_path, capsys):
    assert main(["confounds", "--mirror", str(tmp_path / "m")]) == 0
    told = capsys.readouterr().out
    (line,) = [line for line in told.splitlines() if line.startswith("lossless")]
    assert line.endswith("(100% told right)  tells them apart")
    assert main(["confounds", "--mirror", str(tmp_path / "m"), "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    pairs = sum(len(row.rejected) for row in biased)
    assert found["confounds"]["width"] == {
        "chosen_larger": 0,
        "rejected_larger": pairs,
        "chosen_wins": 0.0,
        "telling": True,
    }


def test_the_command_line_matches(biased, tmp_path):
    words = ["export", "longcat-edit-dpo", str(tmp_path / "out"), "preference", "--match", "size"]
    assert main([*words, "--mirror", str(tmp_path / "m")]) == 0
    assert json.loads((tmp_path / "out/export.json").read_text())["options"]["match"] == "size"
    assert len(biased) == 10
