"""A published repository is a mirror: rows from its rows files, single pictures out of Parquet."""

from __future__ import annotations

import pytest

import pico_banana as pb
from pico_banana.errors import MirrorError, PicoBananaError
from pico_banana.mirrors.catalog import resolve_mirror
from pico_banana.pictures import packed

SUBSETS = ["single_turn", "multi_turn", "preference", "instructions"]


@pytest.fixture(autouse=True)
def _forget_indexes():
    packed._index.cache_clear()


def pictures(record):
    match record:
        case pb.SingleTurn():
            return [record.source, record.edited]
        case pb.Preference():
            return [record.source, record.chosen, *record.rejected]
        case pb.MultiTurn():
            return [record.source, *(turn.image for turn in record.turns if turn.image)]
    return []


@pytest.mark.parametrize("subset", SUBSETS)
def test_a_published_folder_gives_the_same_records_and_bytes(publish, synthetic, tmp_path, subset):
    publish(tmp_path / "repo")
    original, published = pb.load(subset, mirror=synthetic), pb.load(subset, mirror=tmp_path / "repo")
    assert published.ids == original.ids
    for first, second in zip(original, published, strict=True):
        assert getattr(first, "instruction", None) == getattr(second, "instruction", None)
        for one, other in zip(pictures(first), pictures(second), strict=True):
            assert one.bytes() == other.bytes()


def test_a_picture_costs_its_own_bytes(publish, tmp_path, monkeypatch):
    publish(tmp_path / "repo", "single_turn")
    read = []
    plain = packed._read
    monkeypatch.setattr(packed, "_read", lambda url, offset, size: read.append((url, size)) or plain(url, offset, size))
    record = pb.load("single_turn", mirror=tmp_path / "repo")[3]
    size = len(record.edited.bytes())
    assert [found for url, found in read if "single_turn/" in url] == [size]
    record.edited.bytes()
    assert len(read) == 2  # the index and the picture; the second time it is in the store


def test_a_picture_that_is_not_there_is_missing(publish, tmp_path):
    publish(tmp_path / "repo", "single_turn")
    mirror = resolve_mirror(tmp_path / "repo")
    assert packed.find_packed(mirror, "images/positive-edit/nope.png") is None
    assert packed.find_packed(mirror, "") is None
    for root in ("release", "sample", "http://127.0.0.1:9/mirror"):  # nobody is asked
        assert packed.find_packed(resolve_mirror(root), "images/positive-edit/1.png") is None


def test_a_folder_without_an_index_is_no_published_repository(synthetic):
    assert packed.find_packed(resolve_mirror(synthetic), "images/positive-edit/1.png") is None


def test_a_repository_that_changed_under_its_index_says_so(publish, tmp_path):
    publish(tmp_path / "repo", "single_turn")
    record = pb.load("single_turn", mirror=tmp_path / "repo")[3]
    for shard in (tmp_path / "repo" / "single_turn").glob("*.parquet"):
        shard.write_bytes(b"short")
    with pytest.raises(MirrorError, match="changed since its index was fetched"):
        record.edited.bytes()


HUB = """
import pico_banana as pb
original, published = pb.load(SUBSET, mirror=MIRROR), pb.load(SUBSET, mirror="hf://datasets/rehearsal/demo")
pairs = list(zip(original, published))[:3]
same = original.ids == published.ids and all(a.source.bytes() == b.source.bytes() for a, b in pairs)
print(json.dumps([same, len(published[0].source.bytes())]))
"""


def test_the_hub_is_a_mirror_and_a_picture_is_one_range_request(hub, client, put_folder, publish, synthetic, tmp_path):
    pytest.importorskip("pico_banana.mirrors.fetch.files")
    publish(tmp_path / "repo")
    put_folder(tmp_path / "repo")
    same, size = client(f"SUBSET, MIRROR = 'multi_turn', {str(synthetic)!r}\n" + HUB)
    assert same
    ranges = [request for request in hub.requests() if "/train-" in request.path and request.method == "GET"]
    assert 1 <= len(ranges) <= 4  # three photos, some of them shared, and the first once more
    assert size in [request.sent for request in ranges]
    assert all(request.status == 206 for request in ranges)


ABSENT = """
import pico_banana as pb

told = []
for mirror in ("hf://datasets/nobody/nothing", "hf://datasets/rehearsal/demo@no-such-revision"):
    try:
        pb.load("single_turn", mirror=mirror)
    except pb.errors.MirrorError as error:
        told.append(str(error))
print(json.dumps(told))
"""


def test_an_absent_repository_or_revision_is_named_and_private_ones_are_thought_of(
    client, put_folder, publish, tmp_path
):
    publish(tmp_path / "repo")
    put_folder(tmp_path / "repo")
    told = client(ABSENT)
    assert len(told) == 2
    for text in told:
        assert text.startswith("the mirror has no hf://datasets/")
        assert "log in with `hf auth login`" in text


REVISIONS = """
import pico_banana as pb
count = lambda at: len(pb.load("single_turn", mirror="hf://datasets/rehearsal/demo" + at))
print(json.dumps([count("@" + FIRST), count("@" + LAST), count("")]))
"""


def test_an_address_may_name_a_revision(hub, client, put_folder, publish, tmp_path):
    publish(tmp_path / "one", "single_turn")
    first = put_folder(tmp_path / "one")
    publish(tmp_path / "two", "single_turn", select={"limit": 5}, permission=True)
    last = put_folder(tmp_path / "two")
    assert client(f"FIRST, LAST = {first.id!r}, {last.id!r}\n" + REVISIONS) == [70, 5, 5]


def test_a_foreign_address_is_refused(tmp_path):
    with pytest.raises(PicoBananaError):
        pb.load("single_turn", mirror=tmp_path / "nothing")
