"""Records as plain values: dictionaries, fields by name, pictures to look at, where a picture is published."""

from __future__ import annotations

import json

import pytest
from PIL import Image

import pico_banana as pb
from pico_banana.errors import SelectionError, UnknownNameError
from pico_banana.rehearsal.making.make import make_mirror
from pico_banana.rehearsal.serving.serve import serve


@pytest.mark.parametrize("subset", list(pb.Subset))
def test_a_record_is_plain_values(subset):
    row = pb.load(subset, mirror="sample")[0]
    plain = row.to_dict()
    assert json.loads(json.dumps(plain)) == plain
    assert plain["id"] == row.id
    assert plain["flags"] == sorted(flag.value for flag in row.flags)


def test_a_session_is_plain_down_to_its_turns():
    row = pb.load("multi_turn", mirror="sample")[0]
    assert row.to_dict()["turns"][0]["instruction"] == row.turns[0].instruction
    assert row.to_dict()["source"] == row.source.address


def test_a_field_goes_by_its_name():
    row = pb.load("single_turn", mirror="sample")[0]
    assert (row["instruction"], row["edited"], row["category"]) == (row.instruction, row.edited, row.category)
    with pytest.raises(UnknownNameError, match="Did you mean 'instruction'"):
        row["instrction"]


def test_showing_opens_one_picture_of_all(monkeypatch):
    shown = []
    monkeypatch.setattr(Image.Image, "show", lambda picture: shown.append(picture.size))
    pb.load("preference", mirror="sample")[0].show(height=64)
    assert len(shown) == 1
    with pytest.raises(SelectionError, match="text only"):
        pb.load("instructions", mirror="sample")[0].show()


def test_a_picture_says_where_it_is_published(tmp_path):
    make_mirror(tmp_path / "mirror", rows=3)
    with serve(tmp_path / "mirror") as server:
        row = pb.load("single_turn", mirror=server.url)[0]
        assert row.edited.url == f"{server.url}/images/{row.edited.address.split('/edited/')[1]}"
    photo = pb.ImageRef("picobanana://source/farm1.staticflickr.com/1/2_o.jpg", "source")
    assert photo.url == "https://farm1.staticflickr.com/1/2_o.jpg"
