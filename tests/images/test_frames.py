"""Registered pictures: one frame for all of a row, cut out of the original pixels in one resampling."""

from __future__ import annotations

import math

import numpy as np
import pytest
from PIL import Image

import pico_banana as pb
from pico_banana.pictures.filesystem import local_path
from pico_banana.records.decoding.alignment import Alignment
from pico_banana.records.decoding.frames import Registrar, common_frame
from pico_banana.records.decoding.geometry import geometry
from pico_banana.records.reframing import told_to_reframe
from pico_banana.sharing.export.gathering import Gathering
from pico_banana.sharing.export.options import export_options

pytest.importorskip("cv2")


@pytest.fixture(scope="module")
def photo() -> np.ndarray:
    picture = pb.load("single_turn", mirror="sample")[0].source.image().convert("RGB")
    return np.asarray(picture.resize((480, 360), Image.Resampling.LANCZOS))


def size_of(pixels: np.ndarray) -> tuple[int, int]:
    return pixels.shape[1], pixels.shape[0]


def found(source, edited, matrix, confidence=0.9) -> Alignment:
    return Alignment(matrix, (size_of(source), size_of(edited)), confidence, 0.1)


def test_a_move_by_whole_pixels_costs_no_pixel(photo):
    edited = np.roll(photo, (-12, 20), (0, 1))
    frame = common_frame([size_of(photo)] * 2, [found(photo, edited, (1, 0, -20, 0, 1, 12))])
    assert frame.box == (0, 12, 460, 360)
    sizes = [size_of(photo)] * 2
    before, after = (frame.placed(n, pixels, geometry("register"), sizes) for n, pixels in enumerate((photo, edited)))
    np.testing.assert_array_equal(before, photo[12:, :460])
    np.testing.assert_array_equal(after, before)


def test_a_cut_between_pixels_is_one_resampling_of_the_original(photo):
    edited = np.asarray(Image.fromarray(photo).resize((600, 450), Image.Resampling.BICUBIC, box=(40.5, 30, 440.5, 330)))
    matrix = (400 / 600, 0, 40.5, 0, 300 / 450, 30)
    frame = common_frame([size_of(photo), size_of(edited)], [found(photo, edited, matrix)])
    assert frame.box == (41, 30, 440, 330)
    sizes = [size_of(photo), size_of(edited)]
    after = frame.placed(1, edited, geometry("register"), sizes)
    box = (0.5 * 1.5, 0, 399.5 * 1.5, 450)
    direct = Image.fromarray(edited).resize((399, 300), Image.Resampling.BICUBIC, box=box)
    np.testing.assert_array_equal(after, np.asarray(direct))
    assert np.abs(after.astype(float) - photo[30:330, 41:440]).mean() < 1.5


def test_a_turn_is_undone(photo):
    angle, (width, height) = math.radians(3), size_of(photo)
    cos, sin = math.cos(angle), math.sin(angle)
    x0, y0 = width / 2 * (1 - cos) + height / 2 * sin, height / 2 * (1 - cos) - width / 2 * sin
    turn = (cos, -sin, x0, sin, cos, y0)
    edited = np.asarray(
        Image.fromarray(photo).transform((width, height), Image.Transform.AFFINE, turn, Image.Resampling.BICUBIC)
    )
    frame = common_frame([(width, height)] * 2, [found(photo, edited, turn)])
    left, top, right, bottom = frame.box
    after = frame.placed(1, edited, geometry("register"), [(width, height)] * 2)
    assert (right - left) * (bottom - top) > 0.8 * width * height
    assert np.abs(after.astype(float) - photo[top:bottom, left:right]).mean() < 2


def test_every_picture_of_a_row_gets_the_frame_that_all_cover(photo):
    size = size_of(photo)
    moves = [(1, 0, -20, 0, 1, 12), (1, 0, 30, 0, 1, 0)]
    frame = common_frame([size] * 3, [found(photo, photo, move) for move in moves])
    assert frame.box == (30, 12, 460, 360)
    for number in range(3):
        assert frame.placed(number, photo, geometry("register", size=100), [size] * 3).shape == (81, 100, 3)
        assert frame.placed(number, photo, geometry("register_crop", size=64), [size] * 3).shape == (64, 64, 3)
        fitted = frame.placed(number, photo, geometry("register_fit", size=64), [size] * 3)
        assert fitted.shape == (64, 64, 3)
        assert not fitted[0].any()  # the bar


@pytest.mark.parametrize(
    ("matrix", "confidence", "kind"),
    [
        ((1, 0, 0.5, 0, 1, 0.5), 0.9, "aligned"),
        ((1, 0, 50, 0, 1, 0), 0.1, "not_comparable"),
        ((0.4, 0, 0, 0, 0.4, 0), 0.9, "not_comparable"),
    ],
)
def test_what_cannot_or_need_not_be_undone_is_only_resized(photo, matrix, confidence, kind):
    small = np.asarray(Image.fromarray(photo).resize((240, 180)))
    scaled = tuple(value * (2 if place in {0, 1, 3, 4} else 1) for place, value in enumerate(matrix))
    frame = common_frame([size_of(photo), size_of(small)], [found(photo, small, scaled, confidence)])
    assert frame.kinds == (kind,)
    assert frame.box == (0, 0, *size_of(photo))
    sizes = [size_of(photo), size_of(small)]
    placed = frame.placed(1, small, geometry("register"), sizes, backend="pillow")
    np.testing.assert_array_equal(
        placed, np.asarray(Image.fromarray(small).resize(size_of(photo), Image.Resampling.BICUBIC))
    )


def test_an_edit_told_to_reframe_and_what_follows_it_stay(photo):
    cut = np.asarray(Image.fromarray(photo).crop((60, 45, 420, 315)).resize(size_of(photo)))
    pictures = [photo, cut, cut]
    assert Registrar().frame(["s", "a", "b"], pictures).kinds == ("reframed", "reframed")
    registrar = Registrar(frozenset({"a"}))
    frame = registrar.frame(["s", "a", "b"], pictures)
    assert frame.kinds == (None, None)
    assert frame.size == size_of(photo)
    assert registrar.frame(["s", "b"], [photo, cut]).kinds == ("reframed",)


def test_types_that_reframe_are_known_in_every_subset():
    for subset in ("single_turn", "preference", "multi_turn"):
        rows = pb.load(subset, mirror="sample")
        told = told_to_reframe(rows)
        assert told
        if subset == "single_turn":
            assert told == {row.edited.address for row in rows if row.edit_type in {"zoom_in", "outpainting"}}


def test_an_export_looks_through_the_rows_with_its_first_picture_and_once():
    rows, looked = pb.load("single_turn", mirror="sample", limit=2), []
    gathering = Gathering(
        (looked.append(row.id) or row for row in rows), export_options(geometry="register"), local_path
    )
    assert looked == []
    for row in rows:
        pictures = gathering.ready({"source": row.source.address, "edited": row.edited.address})
        assert [*pictures] == ["source", "edited"]
    assert looked == rows.ids
