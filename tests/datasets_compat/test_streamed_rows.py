"""Streaming: the same rows, in shards, that can be left and taken up anywhere, and no process that hangs."""

from __future__ import annotations

import pickle
from itertools import islice

import pytest

import pico_banana as pb
from pico_banana.sharing.huggingface.features import SHARDS, feature_table, shard_ranges


@pytest.fixture
def stream(mirror, cache):
    def load(name, **options):
        return pb.load_dataset(name, split="train", mirror=mirror, cache_dir=cache, streaming=True, **options)

    return load


def ids(stream):
    return [row["id"] for row in stream]


def test_the_same_rows_and_features(stream, mirror, cache):
    streamed = stream("instructions")
    assert ids(streamed) == pb.load("instructions", mirror=mirror).ids
    assert streamed.features == pb.load_dataset("instructions", split="train", mirror=mirror, cache_dir=cache).features


def test_nothing_is_written(stream, cache):
    ids(stream("instructions", limit=5))
    assert list(cache.rglob("*.arrow")) == []


def test_without_a_split_it_is_a_dictionary(mirror, cache):
    found = pb.load_dataset("multi_turn", mirror=mirror, cache_dir=cache, streaming=True)
    assert list(found) == ["train"]


def test_a_split_by_photo(mirror, cache):
    name = "test_80_20"
    streamed = pb.load_dataset("instructions", split=name, mirror=mirror, cache_dir=cache, streaming=True)
    assert ids(streamed) == pb.load("instructions", mirror=mirror, split=name).ids


def test_pictures_are_decoded(stream, mirror):
    row = next(iter(stream("multi_turn")))
    record = pb.load("multi_turn", mirror=mirror)[0]
    assert [turn["image"].size for turn in row["turns"]] == [turn.image.image().size for turn in record.turns]


def test_shards_part_the_rows(stream):
    streamed = stream("instructions")
    assert streamed.n_shards == 6  # 90 rows, 15 each: a streamed push_to_hub writes a file a shard
    parts = [ids(streamed.shard(num_shards=3, index=index)) for index in range(3)]
    assert sorted(identity for part in parts for identity in part) == sorted(ids(streamed))


@pytest.mark.parametrize(
    ("rows", "shards"),
    [(0, 1), (1, 1), (16, 1), (18, 2), (63, 4), (65, 5), (1023, 64), (1024, 64), (257_730, SHARDS)],
)
def test_every_row_is_in_one_shard(rows, shards):
    ranges = shard_ranges(rows)
    assert [number for start, stop in ranges for number in range(start, stop)] == list(range(rows))
    assert len(ranges) == shards
    assert {stop - start for start, stop in ranges} <= {rows // shards, rows // shards + 1}


def test_shuffling_keeps_the_rows(stream):
    streamed = stream("instructions")
    shuffled = ids(streamed.shuffle(seed=1, buffer_size=10))
    assert shuffled != ids(streamed)
    assert sorted(shuffled) == sorted(ids(streamed))


@pytest.mark.parametrize("read", [0, 1, 2, 5, 7, 64, 89])
@pytest.mark.parametrize("subset", ["instructions", "multi_turn", "preference"])
def test_reading_goes_on_where_it_stopped(read, subset, stream, mirror):
    wanted = pb.load(subset, mirror=mirror).ids
    first = stream(subset).select_columns(["id"])  # no picture is of interest
    rows = iter(first)
    seen = [row["id"] for row in islice(rows, read)]
    second = stream(subset).select_columns(["id"])
    second.load_state_dict(first.state_dict())
    assert seen + ids(second) == wanted


@pytest.mark.parametrize("subset", list(pb.Subset))
def test_a_shard_is_one_piece_of_arrow(subset, mirror):
    """`datasets` before 5 gives a row twice after `load_state_dict` when a table's first chunk is empty."""
    rows = pb.load(subset, mirror=mirror)
    tables = [feature_table(part) for part in (rows, rows[3:8], rows[[5, 1]])]
    assert [column.num_chunks for table in tables for column in table.columns] == [1] * 3 * len(tables[0].columns)


def test_it_travels_to_another_process(stream):
    streamed = stream("instructions", limit=5)
    assert ids(pickle.loads(pickle.dumps(streamed))) == ids(streamed)


@pytest.mark.parametrize("way", ["ours", "prepared"])
def test_an_unfinished_iterator_does_not_keep_the_process(way, mirror, cache, fresh):
    """`datasets` hangs or aborts at exit with a Parquet scan that was not read to its end; ours is none."""
    pb.prepare("single_turn", mirror=mirror, cache_dir=cache)
    source = {
        "ours": f"from pico_banana import load_dataset\nsource = dict(mirror={str(mirror)!r})",
        "prepared": "from datasets import load_dataset\nsource = dict(path='pico-banana-400k', name='single_turn')",
    }[way]
    rest = "rows = iter(load_dataset(split='train', streaming=True, **source))\nprint(next(rows)['id'])"
    assert fresh(f"{source}\n{rest}\n") == f"{pb.load(mirror=mirror)[0].id}\n"
