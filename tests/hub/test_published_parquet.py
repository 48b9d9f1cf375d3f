"""The Parquet a publication is made of: what is in it, how it is cut, how a stopped run goes on."""

from __future__ import annotations

import json
from itertools import islice

import pyarrow.parquet as pq
import pytest

import pico_banana as pb
from pico_banana.errors import DiskFullError, PictureMissingError, ThrottledError
from pico_banana.records import ImageRef, Subset
from pico_banana.sharing.parquet.columns import arrow_schema, card_features, leaves
from pico_banana.sharing.parquet.layout import Form, columns, rows
from pico_banana.sharing.parquet.writing import Limits, write_parquet

SUBSETS = list(Subset)
SMALL = Limits(group_bytes=20_000, group_rows=7, shard_bytes=60_000)


def write(dataset, folder, *, read=ImageRef.bytes, key="k", limits=SMALL, form=Form.PICTURES):
    table = columns(dataset.subset, form)
    return write_parquet(rows(dataset, form), folder / dataset.subset.value, table, read=read, key=key, limits=limits)


def stored(folder, subset):
    files = sorted((folder / subset.value).glob("train-*.parquet"))
    return [row for file in files for row in pq.read_table(file).to_pylist()]


@pytest.mark.parametrize("subset", SUBSETS)
def test_every_row_and_picture_is_there_byte_for_byte(synthetic, tmp_path, subset):
    dataset = pb.load(subset, mirror=synthetic)
    written = write(dataset, tmp_path)
    found = stored(tmp_path, subset)
    assert written.rows == len(dataset) == len(found)
    assert [row["id"] for row in found] == dataset.ids
    for record, row in zip(dataset, found, strict=True):
        for ref, cell in pictures_of(record, row):
            assert cell == {"bytes": ref.bytes(), "path": cell["path"]}
            assert (synthetic / cell["path"]).read_bytes() == cell["bytes"]


def pictures_of(record, row):
    match record:
        case pb.InstructionPair():
            assert not {"source_image", "edited_image"} & set(row)
            return
        case pb.SingleTurn():
            yield record.edited, row["edited_image"]
        case pb.Preference():
            yield record.chosen, row["edited_image"]
            yield from zip(record.rejected, row["rejected_images"], strict=True)
        case pb.MultiTurn():
            for turn, stored_turn in zip(record.turns, row["turns"], strict=True):
                assert turn.instruction == stored_turn["instruction"]
                if turn.image is None:
                    assert stored_turn["image"] is None
                else:
                    yield turn.image, stored_turn["image"]
    yield record.source, row["source_image"]


def test_texts_and_labels_are_the_release_s(synthetic, tmp_path):
    dataset = pb.load("single_turn", mirror=synthetic)
    write(dataset, tmp_path)
    for record, row in zip(dataset, stored(tmp_path, Subset.SINGLE_TURN), strict=True):
        assert (record.instruction, record.short_instruction) == (row["instruction"], row["short_instruction"])
        assert record.edit_type.label == row["edit_type_label"]
        assert row["edit_type"] == (pb.edit_types().index(record.edit_type) if record.edit_type.known else None)
        assert row["source_url"].removeprefix("https://") in record.source.address
    assert "flags" not in row


def test_files_are_cut_and_packed_as_the_viewer_likes(synthetic, tmp_path):
    written = write(pb.load("multi_turn", mirror=synthetic), tmp_path)
    assert len(written.shards) > 2
    for shard in written.shards:
        metadata = pq.read_metadata(tmp_path / shard.file)
        assert metadata.num_rows == shard.rows
        for number in range(metadata.num_row_groups):
            group = metadata.row_group(number)
            assert group.num_rows <= 7
            for position, (path, kind) in enumerate(leaves(columns(Subset.MULTI_TURN, Form.PICTURES))):
                leaf = group.column(position)
                assert leaf.path_in_schema == path
                assert leaf.has_offset_index
                picture = kind.__name__ == "Picture"
                assert leaf.compression == ("UNCOMPRESSED" if picture else "SNAPPY")
                assert leaf.has_dictionary_page is not picture
                assert leaf.is_stats_set is not picture


def test_a_picture_can_be_read_with_one_range(synthetic, tmp_path):
    for subset in SUBSETS[:3]:
        written = write(pb.load(subset, mirror=synthetic), tmp_path)
        places = 0
        for shard in written.shards:
            content = (tmp_path / shard.file).read_bytes()
            for place in shard.places:
                assert content[place.offset :][: place.size] == (synthetic / place.path).read_bytes()
                places += 1
        assert places == sum(
            len(list(pictures_of(*pair)))
            for pair in zip(pb.load(subset, mirror=synthetic), stored(tmp_path, subset), strict=True)
        )


def test_the_same_input_gives_the_same_bytes(synthetic, tmp_path):
    dataset = pb.load("preference", mirror=synthetic)
    first, second = write(dataset, tmp_path / "a"), write(dataset, tmp_path / "b")
    assert first.fingerprint == second.fingerprint
    for shard in first.shards:
        assert (tmp_path / "a" / shard.file).read_bytes() == (tmp_path / "b" / shard.file).read_bytes()


def test_names_follow_the_convention_and_nothing_else_is_visible(synthetic, tmp_path):
    written = write(pb.load("single_turn", mirror=synthetic), tmp_path)
    total = len(written.shards)
    names = [f"train-{number:05d}-of-{total:05d}.parquet" for number in range(total)]
    visible = sorted(path.name for path in (tmp_path / "single_turn").iterdir() if not path.name.startswith("."))
    assert visible == names


def test_a_stopped_run_goes_on_after_its_last_whole_shard(synthetic, tmp_path):
    dataset = pb.load("single_turn", mirror=synthetic)
    whole = write(dataset, tmp_path / "whole")
    asked = []

    def until_the_disk_is_full(ref):
        asked.append(ref)
        if len(asked) > 120:
            raise DiskFullError("full")
        return ref.bytes()

    with pytest.raises(DiskFullError):
        write(dataset, tmp_path / "cut", read=until_the_disk_is_full)
    assert not list((tmp_path / "cut" / "single_turn").glob("*.parquet"))
    assert not [path for path in (tmp_path / "cut").rglob("*.part*") if path.is_file()]
    again = []
    resumed = write(dataset, tmp_path / "cut", read=lambda ref: again.append(ref) or ref.bytes())
    assert resumed.reused > 0
    assert len(again) == 2 * sum(shard.rows for shard in resumed.shards[resumed.reused :])
    assert resumed.fingerprint == whole.fingerprint


def test_a_finished_run_is_taken_over_without_a_picture_read(synthetic, tmp_path):
    dataset = pb.load("single_turn", mirror=synthetic)
    first = write(dataset, tmp_path)
    again = write(dataset, tmp_path, read=None)
    assert (again.reused, again.shards) == (len(first.shards), first.shards)


def test_another_key_or_other_rows_start_anew_and_leave_no_old_shard(synthetic, tmp_path):
    dataset = pb.load("single_turn", mirror=synthetic)
    write(dataset, tmp_path)
    fewer = write(dataset[:10], tmp_path, key="other")
    assert (fewer.reused, fewer.rows) == (0, 10)
    assert len(stored(tmp_path, Subset.SINGLE_TURN)) == 10


def test_rows_added_or_changed_under_the_same_key_give_what_a_fresh_run_gives(synthetic, tmp_path):
    dataset = pb.load("single_turn", mirror=synthetic)
    write(dataset[:40], tmp_path / "grown")
    grown = write(dataset, tmp_path / "grown")
    fresh = write(dataset, tmp_path / "fresh")
    assert 0 < grown.reused < len(grown.shards)
    assert grown.fingerprint == fresh.fingerprint
    shuffled = write(dataset.shuffle(1), tmp_path / "grown")
    assert shuffled.fingerprint == write(dataset.shuffle(1), tmp_path / "other").fingerprint
    assert len(list((tmp_path / "grown" / "single_turn").glob("*.parquet"))) == len(shuffled.shards)


def test_a_damaged_shard_is_written_again(synthetic, tmp_path):
    dataset = pb.load("single_turn", mirror=synthetic)
    first = write(dataset, tmp_path)
    (tmp_path / first.shards[1].file).write_bytes(b"short")
    assert write(dataset, tmp_path).fingerprint == first.fingerprint
    assert len(stored(tmp_path, Subset.SINGLE_TURN)) == 70


def test_a_picture_nobody_has_is_a_null_cell_with_its_reason(synthetic, tmp_path):
    dataset = pb.load("single_turn", mirror=synthetic)
    gone, photo = dataset[3].edited.address, dataset[3].source.address  # neighbours may share a photo
    busy = next(record.source.address for record in dataset if record.source.address != photo)

    def read(ref):
        if ref.address == gone:
            raise PictureMissingError("nobody has it", address=gone)
        if ref.address == busy:
            raise ThrottledError("later")
        return ref.bytes()

    written = write(dataset, tmp_path, read=read)
    found = stored(tmp_path, Subset.SINGLE_TURN)
    assert written.rows == 70
    assert found[3]["edited_image"] is None
    assert found[3]["source_image"] is not None
    assert {(missing.address, missing.gone) for missing in written.missing} == {(gone, True), (busy, False)}
    assert all(missing.reason for missing in written.missing)


def test_no_rows_make_one_empty_file(synthetic, tmp_path):
    written = write(pb.load("single_turn", mirror=synthetic)[:0], tmp_path)
    assert [shard.file for shard in written.shards] == ["single_turn/train-00000-of-00001.parquet"]
    assert pq.read_table(tmp_path / written.shards[0].file).num_rows == 0


def test_rows_without_pictures_hold_addresses(synthetic, tmp_path):
    dataset = pb.load("preference", mirror=synthetic)
    written = write(dataset, tmp_path, read=None, form=Form.ROWS)
    record, row = dataset[0], stored(tmp_path, Subset.PREFERENCE)[0]
    assert row["edited_image"] == record.chosen.address
    assert row["rejected_images"] == [ref.address for ref in record.rejected]
    assert row["source_url"].startswith("https://")
    assert not any(shard.places for shard in written.shards)


@pytest.mark.parametrize("subset", SUBSETS)
@pytest.mark.parametrize("form", list(Form))
def test_schema_metadata_and_card_are_what_datasets_reads(subset, form):
    from datasets import Features
    from datasets.info import DatasetInfo

    described = columns(subset, form)
    schema = arrow_schema(described)
    features = Features.from_arrow_schema(schema)
    assert features.arrow_schema.remove_metadata() == schema.remove_metadata()
    from_card = DatasetInfo._from_yaml_dict({"features": card_features(described)}).features
    assert from_card == features
    assert json.loads(schema.metadata[b"huggingface"])["info"]["features"].keys() == features.keys()


@pytest.mark.parametrize("subset", SUBSETS)
def test_published_columns_are_those_of_the_builder(subset):
    from datasets import Features

    from pico_banana.sharing.huggingface.features import features

    published, built = Features.from_arrow_schema(arrow_schema(columns(subset, Form.PICTURES))), features(subset)
    left_out = {"clean_short_instruction", "flags"}
    published.pop("category_label", None)  # for readers to whom labels with nulls are floats
    assert list(published) == [name for name in built if name not in left_out]
    assert {name: published[name] for name in published if name != "turns"} == {
        name: built[name] for name in published if name != "turns"
    }


def test_pictures_are_not_read_far_ahead(synthetic, tmp_path):
    from pico_banana.sharing.parquet.pictures import fill

    asked = []
    dataset = pb.load("single_turn", mirror=synthetic)
    stream = fill(rows(dataset, Form.PICTURES), lambda ref: asked.append(ref) or b"x", workers=2)
    list(islice(stream, 3))
    stream.close()
    assert len(asked) <= 2 * (3 + 4)
