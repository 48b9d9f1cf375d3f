"""A photo's address and its file have one name, whatever letters are in it."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

import pico_banana as pb
from pico_banana.regenerate import assemble, config_from, open_ledger, run
from pico_banana.regenerate.plan.photos import from_folder

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
