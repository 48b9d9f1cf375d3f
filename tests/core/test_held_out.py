"""The benchmark's rows: drawn the same from any order of rows, and no photo of them is left to train on."""

from __future__ import annotations

import json
import shutil

import pytest

import pico_banana as pb
from pico_banana.errors import MirrorError, SelectionError
from pico_banana.mirrors.catalog import resolve_mirror
from pico_banana.rehearsal.making.make import make_mirror
from pico_banana.rows.choosing.definition import read_definition
from pico_banana.rows.choosing.selection import Selection
from pico_banana.rows.held_out import draw

SUBSETS = ("single_turn", "multi_turn", "preference")


@pytest.fixture(scope="module")
def root(tmp_path_factory):
    folder = tmp_path_factory.mktemp("mirror")
    make_mirror(folder, rows=3000, preferences=600, sessions=500)
    return folder


def photos_of(subset, root, **options):
    return {record.source.address for record in pb.load(subset, mirror=str(root), **options)}


def test_no_photo_of_the_benchmark_is_left_to_train_on_in_any_subset(root):
    drawn = draw(resolve_mirror(str(root)))
    held = set().union(*(photos_of(name, root, ids=getattr(drawn, name)) for name in SUBSETS))
    assert len(drawn.photos) == len(held) > 200
    for name in SUBSETS:
        left = photos_of(name, root, exclude="benchmark")
        assert left
        assert not left & held
        assert left == photos_of(name, root, split="train_without_benchmark")
        assert photos_of(name, root, split="benchmark") == photos_of(name, root) & held


def test_rows_in_another_order_give_the_same_definition(root, tmp_path):
    shutil.copytree(root, tmp_path / "turned")
    for path in (tmp_path / "turned" / "jsonl").glob("*.jsonl"):
        lines = path.read_bytes().rstrip(b"\n").split(b"\n")
        path.write_bytes(b"\n".join(reversed(lines)) + b"\n")
    assert draw(resolve_mirror(str(tmp_path / "turned"))) == draw(resolve_mirror(str(root)))


def test_types_and_turns_have_equal_shares_and_no_row_has_a_flag(root):
    drawn = draw(resolve_mirror(str(root)))
    singles = pb.load("single_turn", mirror=str(root), ids=drawn.single_turn)
    assert not any(record.flags for record in singles)
    counts = singles.counts("edit_type")
    assert len(counts) == 35
    assert max(counts.values()) <= 50
    assert len({(record.edit_type, record.source.address) for record in singles}) == len(singles)
    turns = [len(record.turns) for record in pb.load("multi_turn", mirror=str(root), ids=drawn.multi_turn)]
    assert set(turns) == {2, 3, 4, 5}


def test_the_small_benchmark_is_part_of_the_large_one(root):
    mini, full = (draw(resolve_mirror(str(root)), size=size) for size in ("mini", "full"))
    assert full.single_turn[: len(mini.single_turn)] == mini.single_turn
    assert 150 < len(mini.single_turn) <= 175  # the rarest types have fewer than five photos here
    for name in (*SUBSETS, "photos"):
        assert set(getattr(mini, name)) <= set(getattr(full, name))


def test_another_seed_draws_another_one(root):
    assert draw(resolve_mirror(str(root)), seed=1).checksum != draw(resolve_mirror(str(root)), seed=2).checksum


def test_filters_come_before_balance_and_limit(root):
    left = pb.load("single_turn", mirror=str(root), exclude="benchmark", shuffle=1, balance="edit_type", limit=70)
    assert set(left.counts("edit_type").values()) == {2}
    assert not {one.source.address for one in left} & photos_of("single_turn", root, split="benchmark")


def test_a_definition_is_a_file_of_ids_that_excludes_by_itself(root, tmp_path):
    drawn = draw(resolve_mirror(str(root)), size="mini", seed=3)
    drawn.write(tmp_path / "mini.json")
    assert read_definition(tmp_path / "mini.json") == drawn
    told = json.loads((tmp_path / "mini.json").read_text("utf-8"))
    assert set(told) == {"format", "size", "seed", "checksum", *SUBSETS, "photos"}
    lonely = tmp_path / "lonely"  # has no other subset, from which a definition could be drawn
    (lonely / "jsonl").mkdir(parents=True)
    shutil.copy(root / "jsonl" / "sft.jsonl", lonely / "jsonl")
    left = photos_of("single_turn", lonely, exclude=tmp_path / "mini.json")
    assert left
    assert not left & photos_of("single_turn", root, ids=drawn.single_turn)
    with pytest.raises(MirrorError):
        pb.load("single_turn", mirror=str(lonely), exclude="benchmark")


def test_a_definition_that_was_changed_is_refused(root, tmp_path):
    path = tmp_path / "mini.json"
    draw(resolve_mirror(str(root)), size="mini").write(path)
    chosen = Selection.of("single_turn", exclude=path)
    assert Selection.from_json(chosen.to_json()) == chosen
    draw(resolve_mirror(str(root)), size="mini", seed=7).write(path)
    with pytest.raises(SelectionError, match="is now another definition"):
        Selection.from_json(chosen.to_json())
    told = json.loads(path.read_text("utf-8"))
    path.write_text(json.dumps({**told, "photos": told["photos"][1:]}), "utf-8")
    with pytest.raises(SelectionError, match="not those of the checksum"):
        Selection.of("single_turn", exclude=path)
    with pytest.raises(SelectionError, match="benchmark make"):
        Selection.of("single_turn", exclude="benchmrk")
