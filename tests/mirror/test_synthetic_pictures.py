"""The pictures and the Open Images side of a synthetic mirror."""

from __future__ import annotations

import csv
import hashlib
import io
import tarfile
from base64 import b64encode

import published_files as published
import pytest
from PIL import Image

from pico_banana.rehearsal.making.make import make_mirror
from pico_banana.rehearsal.making.open_images import COLUMNS, TABLE

SIZE = (64, 48)


@pytest.fixture(scope="module")
def mirror(tmp_path_factory):
    return make_mirror(tmp_path_factory.mktemp("mirror"), rows=80, pictures=True, photo_copies=True, size=SIZE)


@pytest.fixture(scope="module")
def table(mirror):
    with (mirror.folder / TABLE).open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def edited_paths(root):
    for row in published.rows(root, "sft"):
        yield row["output_image"]
    for row in published.rows(root, "preference"):
        yield from map(published.rejected_path, row["rejected_images"])
    for row in published.rows(root, "multi-turn"):
        yield from (path for name, path in published.pictures_of(row).items() if name != "original_input_image")


def test_every_picture_is_there_decodes_and_is_the_right_one(mirror):
    paths = set(edited_paths(mirror.folder))
    for path in paths:
        with Image.open(mirror.folder / path) as picture:
            picture.load()
            assert (picture.format, picture.mode, picture.info["Path"]) == ("PNG", "RGB", path)
    on_disk = {str(path.relative_to(mirror.folder)) for path in (mirror.folder / "images").rglob("*.png")}
    assert on_disk == paths


def test_pictures_are_all_different(mirror):
    digests = [hashlib.sha256(path.read_bytes()).digest() for path in mirror.folder.rglob("*.*g")]
    assert len(set(digests)) == len(digests) == mirror.pictures


def test_photos_have_the_size_asked_for_and_half_of_the_edits_another(mirror):
    photos = [Image.open(path) for path in (mirror.folder / "source").rglob("*.jpg")]
    edits = [Image.open(path) for path in (mirror.folder / "images/positive-edit").glob("*.png")]
    assert {photo.size for photo in photos} == {SIZE}
    assert len(photos) == mirror.photos
    assert 0.5 < sum(edit.size != SIZE for edit in edits) / len(edits) < 0.95
    for picture in (*photos, *edits):
        picture.close()


def test_the_table_has_every_photo_and_others(mirror, table):
    used = {row["open_image_input_url"] for row in published.rows(mirror.folder, "sft")}
    listed = {entry["OriginalURL"]: entry for entry in table}
    assert tuple(table[0]) == COLUMNS
    assert used < listed.keys()
    assert len(listed) == len(table) == len({entry["ImageID"] for entry in table})
    assert all(len(entry["ImageID"]) == 16 and entry["ImageID"][0] in "01" for entry in table)


def test_the_table_carries_the_hash_of_the_original(mirror, table):
    used = {row["open_image_input_url"] for row in published.rows(mirror.folder, "sft")}
    for entry in table:
        if entry["OriginalURL"] in used:
            photo = (mirror.folder / "source" / entry["OriginalURL"].split("://")[1]).read_bytes()
            assert entry["OriginalMD5"] == b64encode(hashlib.md5(photo).digest()).decode()
            assert int(entry["OriginalSize"]) == len(photo)


def test_the_table_needs_a_csv_parser(tmp_path):
    make_mirror(tmp_path, rows=2_000)
    text = (tmp_path / TABLE).read_text(encoding="utf-8")
    with (tmp_path / TABLE).open(encoding="utf-8", newline="") as file:
        table = list(csv.DictReader(file))
    assert text.count("\n") > len(table) + 1  # line ends inside quotes
    assert any("," in entry["Author"] for entry in table)
    assert any('"' in entry["Title"] for entry in table)
    assert {entry["Rotation"] for entry in table} == {"0.0", "90.0", "180.0", "270.0", "nan", ""}
    assert any(not entry["Thumbnail300KURL"] for entry in table)


def test_copies_are_other_bytes_of_the_same_photo(mirror, table):
    ids = {entry["OriginalURL"]: entry["ImageID"] for entry in table}
    for row in published.rows(mirror.folder, "sft")[:5]:
        url = row["open_image_input_url"]
        original = (mirror.folder / "source" / url.split("://")[1]).read_bytes()
        copy = (mirror.folder / "open_images/train" / f"{ids[url]}.jpg").read_bytes()
        assert copy != original
        with Image.open(io.BytesIO(copy)) as picture:
            assert picture.size == SIZE


def test_copies_of_large_photos_are_small(tmp_path):
    make_mirror(tmp_path, rows=1, sessions=0, pictures=True, photo_copies=True, size=(1536, 384))
    (copy,) = (tmp_path / "open_images/train").glob("*.jpg")
    with Image.open(copy) as picture:
        assert picture.size == (1024, 256)


def test_tars_hold_the_copies(mirror):
    found = {}
    for name in ("train_0", "train_1"):
        with tarfile.open(mirror.folder / "open_images/tar" / f"{name}.tar.gz") as tar:
            for member in tar:
                folder, _, file = member.name.partition("/")
                assert folder == name
                assert file.startswith(name[-1])
                found[file] = tar.extractfile(member).read()
    on_disk = {path.name: path.read_bytes() for path in (mirror.folder / "open_images/train").iterdir()}
    assert found == on_disk
    assert len(found) == mirror.photos
