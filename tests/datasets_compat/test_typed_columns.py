"""What a column holds: the same as the typed records, as features of `datasets`."""

from __future__ import annotations

import json

import numpy as np
import pytest
from datasets import ClassLabel, Image, Value

import pico_banana as pb
from pico_banana.rows.table.arrow import public_schema

SUBSETS = [subset.value for subset in pb.Subset]


@pytest.fixture
def load(mirror, cache):
    return lambda name, **options: pb.load_dataset(name, split="train", mirror=mirror, cache_dir=cache, **options)


@pytest.mark.parametrize("name", SUBSETS)
def test_columns_are_those_of_to_arrow(name, load):
    assert load(name).column_names == public_schema(pb.Subset(name)).names


def test_types_and_categories_are_class_labels_in_published_order(load):
    features = load("single_turn").features
    assert features["edit_type"] == ClassLabel(names=[str(kind) for kind in pb.edit_types()])
    assert features["category"] == ClassLabel(names=[str(group) for group in pb.categories()])


def test_turns_are_a_list_of_structs(load):
    turns = load("multi_turn").features["turns"]
    turn = turns[0] if isinstance(turns, list) else turns.feature  # a list in datasets 3, a List since
    assert turn["image"] == Image()
    assert turn["inferred_edit_type"] == ClassLabel(names=[str(kind) for kind in pb.edit_types()])
    assert turn["inferred_confidence"] == Value("float32")


def test_single_turn_rows_are_the_records(load, mirror, raw):
    dataset, records = load("single_turn"), list(pb.load("single_turn", mirror=mirror))
    kinds = dataset.features["edit_type"]
    assert raw(dataset, "id") == [record.id for record in records]
    assert [image["path"] for image in raw(dataset, "edited_image")] == [record.edited.address for record in records]
    assert raw(dataset, "edit_type") == [
        kinds.str2int(str(record.edit_type)) if record.edit_type.known else None for record in records
    ]
    assert raw(dataset, "edit_type_label") == [record.edit_type.label for record in records]
    assert raw(dataset, "flags") == [sorted(map(str, record.flags)) for record in records]


def test_an_unknown_label_is_kept_beside_a_null_type(load, raw):
    dataset = load("single_turn", has_flags="unknown_edit_type")
    assert len(dataset) > 0
    assert set(raw(dataset, "edit_type")) == set(raw(dataset, "category")) == {None}
    known = {kind.label for kind in pb.edit_types()}
    assert [label for label in raw(dataset, "edit_type_label") if not label or label in known] == []


def test_sessions_are_the_records(load, mirror, raw):
    records = list(pb.load("multi_turn", mirror=mirror))
    stored = [
        [(turn["instruction"], turn["image"] and turn["image"]["path"]) for turn in session]
        for session in raw(load("multi_turn"), "turns")
    ]
    assert stored == [
        [(turn.instruction, turn.image.address if turn.image else None) for turn in record.turns] for record in records
    ]


def test_a_missing_picture_of_a_turn_is_none(load):
    dataset = load("multi_turn", has_flags="turn_image_missing")
    assert any(turn["image"] is None for turn in dataset[0]["turns"])
    assert any(turn["image"] is not None for turn in dataset[0]["turns"])


def test_rejected_pictures_decode_one_by_one(load, mirror):
    dataset, records = load("preference", limit=4), pb.load("preference", mirror=mirror, limit=4)
    for row, record in zip(dataset, records, strict=True):
        assert [image.tobytes() for image in row["rejected_images"]] == [
            ref.image().tobytes() for ref in record.rejected
        ]


def test_a_picture_is_decoded_from_its_address(load, mirror):
    row, record = load("single_turn", limit=1)[0], pb.load("single_turn", mirror=mirror)[0]
    assert row["source_image"].tobytes() == record.source.image().tobytes()
    assert row["edited_image"].tobytes() == record.edited.image().tobytes()


def test_numpy_format_gives_pixels(load):
    row = load("multi_turn", limit=1).with_format("numpy")[0]
    picture = row["source_image"]
    assert (picture.dtype, picture.shape) == (np.uint8, (18, 24, 3))


def test_any_narrowed_dataset_becomes_a_dataset(mirror, cache, raw):
    chosen = pb.load("single_turn", mirror=mirror).filter(lambda row: len(row.instruction) % 2 == 0).shuffle(3)[::2]
    made = chosen.to_datasets(cache_dir=cache)
    assert raw(made, "id") == chosen.ids
    assert made[0]["edited_image"].size == chosen[0].edited.image().size


def test_equal_rows_have_one_fingerprint_and_one_file(mirror, cache):
    rows = pb.load("single_turn", mirror=mirror)
    made = [rows.select(limit=5).to_datasets(cache_dir=cache), rows[:5].to_datasets(cache_dir=cache)]
    assert made[0]._fingerprint == made[1]._fingerprint
    assert made[0].cache_files == made[1].cache_files
    assert rows[1:5].to_datasets(cache_dir=cache)._fingerprint != made[0]._fingerprint


def test_a_map_over_it_is_found_again(mirror, cache):
    def length(row):
        return {"length": len(row["instruction"])}

    columns = ["source_image", "edited_image"]
    rows = pb.load("single_turn", mirror=mirror, limit=5)
    mapped = [rows.to_datasets(cache_dir=cache).remove_columns(columns).map(length) for _ in range(2)]
    assert mapped[0].cache_files == mapped[1].cache_files
    assert mapped[0]["length"][0] == len(rows[0].instruction)


def test_no_rows_are_a_dataset_too(mirror, cache):
    made = pb.load("multi_turn", mirror=mirror, limit=0).to_datasets(cache_dir=cache)
    assert len(made) == 0
    assert made.features == pb.load_dataset("multi_turn", split="train", mirror=mirror, cache_dir=cache).features


def test_local_photos_of_a_rows_file_are_used(mirror, tmp_path, cache):
    photo = next((mirror / "source").rglob("*.jpg"))
    (tmp_path / "photos").mkdir()
    (tmp_path / "photos" / "mine.jpg").write_bytes(photo.read_bytes())
    row = json.loads((mirror / "jsonl" / "sft.jsonl").read_text("utf-8").split("\n")[0])
    file = tmp_path / "sft_with_local_source_image_path.jsonl"
    file.write_text(json.dumps(row | {"local_input_image": "photos/mine.jpg"}) + "\n", encoding="utf-8")
    dataset = pb.load_dataset("single_turn", split="train", mirror=mirror, rows=file, cache_dir=cache)
    assert len(dataset) == 1
    assert dataset[0]["source_image"].filename == str(tmp_path / "photos" / "mine.jpg")
