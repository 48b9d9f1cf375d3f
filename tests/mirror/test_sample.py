"""The embedded sample: what is in it, and that it is what the maker makes."""

from __future__ import annotations

import csv
import hashlib
import io
import json
from base64 import b64encode
from collections import Counter

import numpy as np
import published_files as published
import pytest
from PIL import Image

from pico_banana.cli import main
from pico_banana.pictures.sources.index import INDEX_PATH, PhotoIndex
from pico_banana.rehearsal.making.open_images import TABLE
from pico_banana.rehearsal.making.traps import Trap
from pico_banana.rehearsal.sample import sample_root
from pico_banana.taxonomy import edit_types
from tests.sample_maker.make_sample import edited_drawings, edited_paths, index_of, photo_files
from tests.sample_maker.sample_rows import Sample, text_files

ROOT = sample_root()
LABELS = {kind.label for kind in edit_types()}
PICTURES = {".png", ".jpg"}
BYTES_AT_MOST = 6_000_000


@pytest.fixture(scope="module")
def sample():
    return Sample()


def data_files():
    return {
        str(path.relative_to(ROOT)) for path in ROOT.rglob("*") if path.is_file() and path.suffix not in {".py", ".pyc"}
    }


def files_like(pattern):
    return {str(path.relative_to(ROOT)) for path in ROOT.rglob(pattern)}


def photo_of(url):
    return ROOT / "source" / url.split("://")[1]


def words(text):
    return len(text.split())


def clean_rows():
    return [row for row in published.rows(ROOT, "sft") if row["edit_type"] in LABELS]


def test_its_rows_are_what_the_maker_makes(sample):
    made = dict(text_files(sample))
    assert {path: (ROOT / path).read_bytes() for path in made} == made


def test_its_photos_are_what_the_maker_makes(sample):
    """Pixels are compared, and not the table: its hashes are those of files, and encoders may differ."""
    made = {path: content for path, content in photo_files(sample) if not path.endswith(".csv")}
    for path, content in made.items():
        stored = (ROOT / path).read_bytes()
        if path.endswith(".json"):
            assert stored == content
        else:
            with Image.open(io.BytesIO(stored)) as old, Image.open(io.BytesIO(content)) as new:
                assert np.array_equal(np.asarray(old), np.asarray(new)), path
    assert {path for path in made if path.endswith(".jpg")} == files_like("*.jpg")


def test_its_photo_index_is_of_its_table(tmp_path):
    """What it says is compared, and not its bytes: zlib's differ by version."""
    (tmp_path / "i").write_bytes(index_of((ROOT / TABLE).read_bytes()))
    stored, made = PhotoIndex(ROOT / INDEX_PATH), PhotoIndex(tmp_path / "i")
    urls = [row["OriginalURL"] for row in csv.DictReader((ROOT / TABLE).read_text("utf-8").splitlines())]
    assert len(stored) == len(made) == len(urls)
    assert list(stored.photos(urls)) == list(made.photos(urls))
    assert stored.damaged() == []


def test_credit_and_tars_need_no_network(capsys, monkeypatch, tmp_path):
    monkeypatch.setenv("PICO_BANANA_HOME", str(tmp_path))
    assert main(["attribution", "single_turn", "--mirror", "sample"]) == 0
    assert "https://creativecommons.org/licenses/by/2.0/" in capsys.readouterr().out
    assert main(["photos", "tars", "single_turn", "--mirror", "sample", "--json"]) == 0
    totals = json.loads(capsys.readouterr().out)
    assert totals["reused"] == totals["total"] > 0


def test_its_edits_are_named_as_the_maker_names_them(sample):
    assert edited_paths(sample) == files_like("*.png")


@pytest.mark.slow
def test_its_edits_are_what_the_maker_makes(sample):
    for path, pixels in edited_drawings(sample):
        with Image.open(ROOT / path) as stored:
            assert np.array_equal(np.asarray(stored), pixels), path


def test_it_is_small():
    assert sum(path.stat().st_size for path in ROOT.rglob("*") if path.is_file()) < BYTES_AT_MOST


def test_every_subset_is_large_enough():
    assert len(published.rows(ROOT, "sft")) >= 72
    assert len(published.rows(ROOT, "preference")) == 24
    turns = Counter(len(row["metadata_edit_turn_prompts"]) for row in published.rows(ROOT, "multi-turn"))
    assert sum(turns[count] for count in (2, 3, 4, 5)) == 16
    assert all(turns[count] >= 2 for count in (2, 3, 4, 5))


def test_every_type_is_there_twice_and_in_one_block():
    labels = [row["edit_type"] for row in clean_rows()]
    counts = Counter(labels)
    assert counts.keys() == LABELS
    assert min(counts.values()) >= 2
    assert len([label for before, label in zip(["", *labels], labels, strict=False) if label != before]) == len(LABELS)


def test_every_trap_is_there():
    found = published.traps(ROOT, LABELS)
    assert [trap.value for trap in Trap if not found[trap.value]] == []
    assert found["raw_utf8"] > 0
    names = [row["output_image"] for row in published.rows(ROOT, "sft")]
    assert any(published.RETRY_NAME.fullmatch(name) for name in names)
    assert any(published.PLAIN_NAME.fullmatch(name) for name in names)


def test_preference_rows_are_the_retries():
    retries = {row["output_image"]: row for row in published.rows(ROOT, "sft") if "_retry" in row["output_image"]}
    preferences = published.rows(ROOT, "preference")
    assert {row["output_image"] for row in preferences} == retries.keys()
    assert {len(row["rejected_images"]) for row in preferences} == {0, 1, 2}
    for row in preferences:
        assert row["text"] == retries[row["output_image"]]["text"]


def every_picture():
    for row in published.rows(ROOT, "sft"):
        yield ROOT / row["output_image"]
        yield photo_of(row["open_image_input_url"])
    for row in published.rows(ROOT, "preference"):
        yield from (ROOT / published.rejected_path(path) for path in row["rejected_images"])
    for row in published.rows(ROOT, "multi-turn"):
        for name, path in published.pictures_of(row).items():
            yield photo_of(path) if name == "original_input_image" else ROOT / path


def test_every_picture_is_there_and_decodes_and_there_is_no_other():
    pictures = set(every_picture())
    for path in pictures:
        with Image.open(path) as picture:
            picture.load()
            assert (picture.format, picture.mode) == ("JPEG" if path.suffix == ".jpg" else "PNG", "RGB")
    assert {path for path in ROOT.rglob("*") if path.suffix in PICTURES} == pictures


def size_of(path):
    with Image.open(path) as picture:
        return picture.size


def test_a_good_share_of_edits_is_not_the_size_of_its_photo():
    rows = published.rows(ROOT, "sft")
    differ = [size_of(ROOT / row["output_image"]) != size_of(photo_of(row["open_image_input_url"])) for row in rows]
    assert 0.4 < sum(differ) / len(rows) < 0.9


def test_edits_differ_from_their_photo_and_from_the_rejected_ones():
    digests = [hashlib.sha256(path.read_bytes()).digest() for path in ROOT.rglob("*.png")]
    assert len(set(digests)) == len(digests)


def test_instructions_are_as_long_as_they_should_be():
    for row in clean_rows():
        assert 35 <= words(row["text"]) <= 60, row["text"]
        short = row["summarized_text"]
        if short and short != row["text"] and not short.startswith(("ly, ", "ext\n")):
            assert 5 <= words(short) <= 25, short
    for row in published.rows(ROOT, "multi-turn"):
        assert all(3 <= words(prompt) <= 25 for prompt in row["metadata_edit_turn_prompts"])


def test_photos_are_shared_within_and_between_subsets():
    single = Counter(row["open_image_input_url"] for row in published.rows(ROOT, "sft"))
    sessions = {published.pictures_of(row)["original_input_image"] for row in published.rows(ROOT, "multi-turn")}
    assert max(single.values()) >= 4
    assert len(sessions & single.keys()) > 10


def test_manifests_list_every_picture():
    for name, folder in (("sft", "positive-edit"), ("preference", "rejected-edit"), ("multi_turn", "multi-turn")):
        listed = [address.partition("/nb/")[2] for address in published.manifest(ROOT, name)]
        on_disk = {f"images/{folder}/{path.name}" for path in (ROOT / "images" / folder).iterdir()}
        assert {path for path in listed if folder in path} == on_disk
        assert len(set(listed)) == len(listed)


def test_the_table_knows_every_photo_by_its_hash():
    with (ROOT / "open_images/train-images-boxable-with-rotation.csv").open(encoding="utf-8", newline="") as file:
        table = {entry["OriginalURL"]: entry for entry in csv.DictReader(file)}
    photos = {row["open_image_input_url"] for row in published.rows(ROOT, "sft")}
    assert len(table) > len(photos)
    for url in photos:
        digest = hashlib.md5(photo_of(url).read_bytes()).digest()
        assert table[url]["OriginalMD5"] == b64encode(digest).decode()
        assert table[url]["Rotation"] == "0.0"


def known_photos():
    return json.loads((ROOT / "objects.json").read_text(encoding="utf-8"))


def test_known_objects_are_told_for_every_photo_and_lie_in_it():
    photos = known_photos()
    assert {photo["source"] for photo in photos} == {str(path.relative_to(ROOT)) for path in ROOT.rglob("*.jpg")}
    for photo in photos:
        width, height = photo["size"]
        assert (width, height) == size_of(ROOT / photo["source"])
        assert photo["objects"]
        for known in photo["objects"]:
            left, top, right, bottom = known["box"]
            assert 0 <= left < right <= width
            assert 0 <= top < bottom <= height


def test_the_box_of_a_text_lies_in_that_of_its_object():
    texts = [known for photo in known_photos() for known in photo["objects"] if "text" in known]
    assert {"ANNA", "BAKERY", "FLOWERS", "JAZZ", "LAST GAS"} <= {known["text"] for known in texts}
    for known in texts:
        (left, top, right, bottom), box = known["text_box"], known["box"]
        assert box[0] <= left < right <= box[2]
        assert box[1] <= top < bottom <= box[3]


def test_removing_an_object_changes_its_box_and_nothing_else():
    """The row that removes the beach ball has the size of its photo: outside the ball's box the two pictures agree."""
    photo = next(known for known in known_photos() if known["name"] == "beach")
    (row,) = (row for row in clean_rows() if row["text"].startswith("Erase the red and white beach ball"))
    ball = next(known for known in photo["objects"] if known["name"] == "beach ball")["box"]
    with Image.open(ROOT / photo["source"]) as before, Image.open(ROOT / row["output_image"]) as after:
        scale = after.size[0] / before.size[0]
        small = np.asarray(after.resize(before.size, Image.Resampling.BICUBIC), dtype=float)
        change = np.abs(np.asarray(before, dtype=float) - small).mean(axis=2)
    left, top, right, bottom = ball
    inside = change[top:bottom, left:right].mean()
    outside = change[:, right + 20 :].mean()
    assert 0.9 < scale < 1.1
    assert inside > 4 * outside
