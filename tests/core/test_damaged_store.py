"""A row store that was damaged, or that somebody builds anew while it is open: right rows, or an error."""

from __future__ import annotations

import gc
import json
import pickle
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest
from core_rows import edit, mirror_of, pair, rows_file, session

import pico_banana as pb
from pico_banana.cli import main
from pico_banana.errors import StoreError

if TYPE_CHECKING:
    from pathlib import Path

GOOD = {"single_turn": edit, "preference": pair, "multi_turn": session}
ROWS = 40


@pytest.fixture(params=GOOD)
def subset(request: pytest.FixtureRequest) -> str:
    """Each subset that has a file of its own."""
    return str(request.param)


@pytest.fixture
def mirror(tmp_path: Path, subset: str) -> Path:
    """A mirror of one subset."""
    return mirror_of(tmp_path / "mirror", **{subset: [GOOD[subset](number) for number in range(1, ROWS)]})


def _arrow(dataset: pb.PicoBanana) -> Path:
    return dataset.table.path


def _spoil(path: Path, *, offset: int, bits: bytes) -> None:
    with path.open("r+b") as file:
        file.seek(offset)
        before = file.read(len(bits))
        file.seek(offset)
        file.write(bytes(one ^ other for one, other in zip(before, bits, strict=True)))


def test_a_flipped_bit_anywhere_is_never_served(mirror: Path, subset: str) -> None:
    """One bit in every 97th byte of the file, one at a time: records, columns and search are the right ones."""
    dataset = pb.load(subset, mirror=mirror)
    records, table = list(dataset), dataset.to_arrow()
    path = _arrow(dataset)
    for offset in range(0, path.stat().st_size, max(97, path.stat().st_size // 60)):
        _spoil(path, offset=offset, bits=b"\x10")
        again = pb.load(subset, mirror=mirror)
        assert [again[place] for place in range(len(again))] == records
        assert pb.load(subset, mirror=mirror).to_arrow() == table
        path = _arrow(pb.load(subset, mirror=mirror))


def test_zeroed_pages_are_built_anew(mirror: Path, subset: str) -> None:
    dataset = pb.load(subset, mirror=mirror)
    records, path = list(dataset), _arrow(dataset)
    path.write_bytes(bytes(path.stat().st_size))
    again = pb.load(subset, mirror=mirror)
    assert again.ids == [record.id for record in records]
    assert [again[place] for place in range(len(again))] == records
    assert _arrow(pb.load(subset, mirror=mirror)) != path


def test_a_filter_over_damaged_types_is_right_all_the_same(tmp_path: Path) -> None:
    labels = ["Zoom in", "Remove an existing object"]
    mirror = mirror_of(tmp_path, single_turn=[edit(number, edit_type=labels[number % 2]) for number in range(ROWS)])
    dataset = pb.load(mirror=mirror)
    expected = dataset.select(edit_types=["zoom_in"]).ids
    offset, size = dataset.table._places["low_type"][0][1]
    _spoil(_arrow(dataset), offset=offset, bits=b"\x01" * size)
    found = pb.load(mirror=mirror, edit_types=["zoom_in"])
    assert len(found) == ROWS // 2
    assert found.ids == expected


@pytest.mark.parametrize("left", [0, 1, 100, -1, -64])
def test_a_store_that_was_cut_short_is_built_anew(
    mirror: Path, subset: str, left: int, capsys: pytest.CaptureFixture[str]
) -> None:
    dataset = pb.load(subset, mirror=mirror)
    ids, path = dataset.ids, _arrow(dataset)
    path.write_bytes(path.read_bytes()[:left])
    assert main(["ls", subset, "--mirror", str(mirror), "--json"]) == 0
    shown = [json.loads(line)["id"] for line in capsys.readouterr().out.splitlines()]
    assert shown == ids[: len(shown)] != []
    assert pb.load(subset, mirror=mirror).ids == ids


def test_damage_that_cannot_be_mended_is_an_error(mirror: Path, subset: str) -> None:
    dataset = pb.load(subset, mirror=mirror)
    path = _arrow(dataset)
    opened = pb.load(subset, mirror=mirror)
    path.write_bytes(bytes(path.stat().st_size))
    next((mirror / "jsonl").iterdir()).unlink()
    with pytest.raises(StoreError, match=r"is damaged or gone, and .* is not what it was built from"):
        opened[0]


def test_all_damage_can_be_looked_for(mirror: Path, subset: str) -> None:
    dataset = pb.load(subset, mirror=mirror)
    assert dataset.table.damaged() == []
    offset, _ = dataset.table._places["flags"][0][1]
    _spoil(_arrow(dataset), offset=offset, bits=b"\1")
    assert pb.load(subset, mirror=mirror).table.damaged() == ["flags"]


REBUILD = """
import sys
import pico_banana as pb
print(len(pb.load(sys.argv[1], mirror=sys.argv[2])))
"""
READ = """
import pickle, sys
print(pickle.load(sys.stdin.buffer).ids[-1])
"""


def test_an_open_dataset_keeps_its_files_when_another_process_builds_anew(mirror: Path, subset: str) -> None:
    dataset = pb.load(subset, mirror=mirror)
    ids, table = dataset.ids, dataset.to_arrow()
    rows = next((mirror / "jsonl").iterdir())
    rows_file(mirror, [GOOD[subset](500)], f"jsonl/{rows.name}")
    answer = subprocess.run([sys.executable, "-c", REBUILD, subset, str(mirror)], capture_output=True, check=True)
    assert answer.stdout.strip() == b"1"
    assert dataset.ids == ids
    assert dataset.to_arrow() == table
    assert [record.id for record in dataset] == ids
    assert len(dataset.search("e")) == len(ids)
    assert dataset.select(ids=[ids[3]]).ids == [ids[3]]
    other = subprocess.run([sys.executable, "-c", READ], input=pickle.dumps(dataset), capture_output=True, check=True)
    assert other.stdout.decode().strip() == ids[-1]


def test_what_nobody_has_open_any_more_goes_with_the_next_build(mirror: Path, subset: str) -> None:
    dataset = pb.load(subset, mirror=mirror)
    folder, rows = _arrow(dataset).parent, next((mirror / "jsonl").iterdir())
    rows_file(mirror, [GOOD[subset](500)], f"jsonl/{rows.name}")
    pb.load(subset, mirror=mirror)
    assert len(list(folder.glob("*.arrow"))) == 2
    del dataset
    gc.collect()
    rows_file(mirror, [GOOD[subset](501)], f"jsonl/{rows.name}")
    pb.load(subset, mirror=mirror)
    assert len(list(folder.glob("*.arrow"))) == 1


def test_a_dataset_from_another_process_outlives_its_file(mirror: Path, subset: str) -> None:
    dataset = pb.load(subset, mirror=mirror)
    ids, packed = dataset.ids, pickle.dumps(dataset)
    _arrow(dataset).unlink()
    assert pickle.loads(packed).ids == ids
    rows_file(mirror, [GOOD[subset](500)], f"jsonl/{next((mirror / 'jsonl').iterdir()).name}")
    gc.collect()
    assert len(pb.load(subset, mirror=mirror)) == 1
    dataset.table.path.unlink(missing_ok=True)
    with pytest.raises(StoreError, match="is not what it was built from"):
        pickle.loads(packed)
