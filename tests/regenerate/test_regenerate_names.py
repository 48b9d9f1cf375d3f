"""A photo's address and its file have one name, whatever letters are in it."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import pytest

import pico_banana as pb
from pico_banana.errors import ConfigError
from pico_banana.regenerate import assemble, config_from, open_ledger, run
from pico_banana.regenerate.plan.photos import from_folder, from_open_images

SAMPLE = Path(pb.__file__).parent / "rehearsal" / "sample" / "source"


@pytest.mark.parametrize("name", ["my photo.jpg", "Straße.jpg", "50% #1?.jpg", "日本 & co.jpg", "a%20b.jpg"])
@pytest.mark.parametrize("published", [False, True])
def test_every_row_finds_its_photo(tmp_path, name, published):
    folder = tmp_path / "photos" / ("source/photos.example" if published else "")
    folder.mkdir(parents=True)
    shutil.copy(sorted(SAMPLE.rglob("*.jpg"))[0], folder / name)
    config = config_from(
        {"seed": 1, "source": {"folder": str(tmp_path / "photos")}, "assign": {"edit_types": ["color_tone"]}}
    )
    run(config, tmp_path / "ledger")
    with open_ledger(tmp_path / "ledger") as ledger:
        assert assemble(ledger, tmp_path / "out").accepted == 1
    (row,) = pb.load("single_turn", mirror=str(tmp_path / "out"))
    assert row.source.bytes() == (folder / name).read_bytes()


def test_what_was_assembled_gives_its_photos_back_under_the_same_address(tmp_path):
    (tmp_path / "source" / "photos.invalid").mkdir(parents=True)
    (tmp_path / "source" / "photos.invalid" / "my%20photo.jpg").write_bytes(b"x")
    assert [photo.url for photo in from_folder(tmp_path)] == ["https://photos.invalid/my%20photo.jpg"]


def test_a_name_that_is_no_text_is_told(tmp_path):
    try:
        (tmp_path / os.fsdecode(b"Bj\xf6rn.jpg")).write_bytes(b"x")
    except OSError:
        pytest.skip("this file system takes UTF-8 alone")
    with pytest.raises(ConfigError, match=r"the name of .*Bj\ufffdrn.jpg is not UTF-8; rename the file"):
        list(from_folder(tmp_path))


@pytest.mark.parametrize("start", [b"", b"\xef\xbb\xbf"])
@pytest.mark.parametrize("end", [b"\n", b"\r\n"])
def test_a_list_of_ids_is_read_whoever_wrote_it(tmp_path, start, end):
    (tmp_path / "ids.txt").write_bytes(start + end.join([b"00000000000000ab", b"# Bj\xf6rn", b"", b"00000000000000cd"]))
    assert [photo.url[-20:] for photo in from_open_images(tmp_path / "ids.txt")] == [
        "00000000000000ab.jpg",
        "00000000000000cd.jpg",
    ]


@pytest.mark.parametrize(
    "odd", [b"00000000000000AB", b"Bj\xf6rn", b"0" * 16 + "\u2028".encode() + b"1" * 16, "\u0660".encode() * 16]
)
def test_a_line_that_is_no_id_is_told_with_its_number(tmp_path, odd):
    (tmp_path / "ids.txt").write_bytes(b"00000000000000ab\n" + odd)
    with pytest.raises(ConfigError, match=r"ids.txt:2: .* is not an Open Images id"):
        list(from_open_images(tmp_path / "ids.txt"))
