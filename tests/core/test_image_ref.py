"""What users reach for on a picture: its file, its size, a copy."""

from __future__ import annotations

import pytest

import pico_banana as pb
from pico_banana.errors import ConfigError, PictureMissingError
from pico_banana.records import ImageRef


@pytest.fixture
def edited(store):
    return pb.load("single_turn", mirror="sample")[0].edited


def test_a_picture_has_a_file_a_size_and_copies(edited, tmp_path):
    assert edited.path.read_bytes() == edited.bytes()
    assert edited.size == edited.image().size
    assert edited.save(tmp_path / "mine.png").read_bytes() == edited.bytes()
    assert edited.save(tmp_path) == tmp_path / edited.address.rsplit("/", 1)[-1]


def test_a_picture_nobody_has_has_no_file(tmp_path):
    with pytest.raises(PictureMissingError, match="no file"):
        _ = ImageRef(str(tmp_path / "absent.png"), "edited").path


def test_a_mirror_says_where_it_publishes_a_picture(tmp_path):
    ds = pb.load("single_turn", mirror="sample")
    row = ds[0]
    assert ds.mirror.url_of(row.edited) == str(row.edited.path)
    assert ds.mirror.url_of(row.source.address) == str(row.source.path)
    release = pb.load("single_turn", mirror="sample").mirror.__class__("release", "https://cdn.example")
    assert release.url_of("picobanana://edited/positive-edit/1.png") == "https://cdn.example/images/positive-edit/1.png"
    assert release.url_of(ImageRef("picobanana://source/h/1.jpg", "source")) == "https://h/1.jpg"
    assert release.url_of(ImageRef(str(tmp_path / "mine.png"), "source")) == str(tmp_path / "mine.png")
    with pytest.raises(ConfigError):
        release.url_of("picobanana://nothing")
