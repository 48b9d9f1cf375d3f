"""Geometry: one canvas for all pictures of a row, whatever their sizes, and no stretching by fit or crop."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from odd_files import encoded
from PIL import Image

from pico_banana.errors import ConfigError, PictureCorruptError, UnknownNameError
from pico_banana.records.decoding.buckets import TABLES, bucket_table, nearest_bucket
from pico_banana.records.decoding.decode import decode, resize
from pico_banana.records.decoding.geometry import POLICIES, Geometry, aspect_change, geometry
from pico_banana.records.decoding.images import image_of

SIDES = st.integers(1, 3000)
SIZES = st.tuples(SIDES, SIDES)


@given(sizes=st.lists(SIZES, min_size=1, max_size=4), policy=st.sampled_from(POLICIES[1:]), size=SIZES)
def test_every_picture_of_a_row_gets_the_same_canvas(sizes, policy, size):
    placements = geometry(policy, size=size).plan(sizes)
    assert len(placements) == len(sizes)
    assert len({placement.canvas for placement in placements}) == 1
    assert min(placements[0].canvas) >= 1


@given(size=SIZES, canvas=SIZES)
def test_fit_loses_nothing_and_crop_leaves_no_bar(size, canvas):
    (fitted,) = geometry("fit", size=canvas).plan([size])
    assert fitted.scaled[0] <= canvas[0]
    assert fitted.scaled[1] <= canvas[1]
    assert canvas[0] in fitted.scaled or canvas[1] in fitted.scaled
    (cropped,) = geometry("crop", size=canvas).plan([size])
    assert cropped.scaled[0] >= canvas[0]
    assert cropped.scaled[1] >= canvas[1]


def test_placing_pads_and_cuts_around_the_middle():
    pixels = np.full((2, 4, 3), 9, np.uint8)
    (fitted,) = geometry("fit", size=4).plan([(4, 2)])
    out = fitted.place(pixels, (1, 2, 3))
    np.testing.assert_array_equal(out[:, 0], [[1, 2, 3], [9, 9, 9], [9, 9, 9], [1, 2, 3]])
    wide = np.arange(4 * 8 * 3, dtype=np.uint8).reshape(4, 8, 3)
    (cropped,) = geometry("crop", size=4).plan([(8, 4)])
    np.testing.assert_array_equal(cropped.place(wide, (0, 0, 0)), wide[:, 2:6])


@pytest.mark.parametrize("policy", POLICIES)
def test_plans_are_met_by_pixels(policy):
    sizes = [(103, 86), (115, 90), (61, 97)]
    shape = geometry(policy, size=48, buckets=[(48, 48), (64, 36)])
    for size, placement in zip(sizes, shape.plan(sizes), strict=True):
        scaled = resize(np.zeros((size[1], size[0], 3), np.uint8), placement.scaled)
        assert placement.place(scaled, shape.fill).shape == (placement.canvas[1], placement.canvas[0], 3)


def test_match_takes_the_size_of_the_named_side():
    sizes = [(100, 80), (120, 70)]
    assert geometry("match_source").shape_of(sizes) == (100, 80)
    assert geometry("match_edited").shape_of(sizes) == (120, 70)
    assert geometry("match_edited", size=60).shape_of(sizes) == (60, 35)
    assert geometry("none").plan(sizes)[1].canvas == (120, 70)


def test_buckets_go_by_the_edits_shape():
    shape = geometry("bucket", buckets="gemini")
    assert shape.shape_of([(1024, 858), (1152, 896)]) == (1152, 896)
    assert shape.shape_of([(1152, 896), (1024, 1024)]) == (1024, 1024)


@pytest.mark.parametrize("name", TABLES)
def test_tables_are_made_of_about_equal_areas(name):
    areas = [width * height for width, height in TABLES[name]]
    assert max(areas) / min(areas) < 1.15
    assert all(width % 16 == 0 == height % 16 for width, height in TABLES[name])
    small = bucket_table(name, (512, 512))
    assert all(width % 16 == 0 and 0.8 < width * height / 512**2 < 1.25 for width, height in small)


def test_nearest_bucket_treats_wide_and_tall_alike():
    table = [(10, 10), (20, 10), (10, 20)]
    assert nearest_bucket((3, 2), table) == (20, 10)
    assert nearest_bucket((2, 3), table) == (10, 20)
    assert nearest_bucket((5, 4), table) == (10, 10)


def test_wrong_geometries_say_what_would_be_right():
    with pytest.raises(UnknownNameError, match="match_source"):
        geometry("match_sauce")
    with pytest.raises(ConfigError, match="size=512"):
        geometry("fit")
    with pytest.raises(ConfigError, match="no area"):
        geometry("crop", size=0)
    with pytest.raises(UnknownNameError, match="sdxl"):
        geometry("bucket", buckets="sdlx")
    with pytest.raises(ConfigError, match="buckets"):
        geometry("bucket", buckets=[])
    assert geometry(Geometry("none")) == Geometry("none")


def test_aspect_change():
    assert aspect_change((1024, 858), (1152, 896)) == pytest.approx(1.0773, abs=1e-4)
    assert aspect_change((200, 100), (400, 200)) == 1.0


@pytest.mark.parametrize("size", ["64", (64,), 64.5, True, (64, "64"), (1, 2, 3)])
def test_what_is_no_size_is_said(size):
    with pytest.raises(ConfigError, match=r"is no size; give pixels, as in size=512 or size=\(768, 512\)"):
        geometry("crop", size=size)


def test_a_strip_is_not_scaled_beyond_all_measure():
    """65,500 x 1 pixels that have to cover 512 x 512 are 51 GB on the way; one decoder ended the process for less."""
    strip = encoded(Image.new("RGB", (65_500, 1)), "JPEG")
    (placement,) = geometry("crop", size=512).plan([(65_500, 1)])
    for backend in ("auto", "pillow"):
        with pytest.raises(PictureCorruptError, match=r"the strip would have to be scaled to 33,536,000 x 512 pixels"):
            decode(strip, size=placement.scaled, backend=backend, address="the strip")
    with pytest.raises(PictureCorruptError, match="long and narrow"):
        image_of(strip, height=240)
    (fitted,) = geometry("fit", size=512).plan([(65_500, 1)])
    assert decode(strip, size=fitted.scaled).shape == (1, 512, 3)


@pytest.mark.parametrize("size", [99_999_999, (100_000, 1_000)])
def test_a_size_that_nobody_could_hold_is_refused_at_once(size):
    with pytest.raises(ConfigError, match="is more than 89,478,485 pixels"):
        geometry("fit", size=size)
