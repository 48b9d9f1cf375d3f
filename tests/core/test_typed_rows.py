"""The typed API: a dataset as a sequence; narrowed, ordered, counted, handed to other libraries and processes."""

from __future__ import annotations

import copy
import dataclasses
import multiprocessing
import os
import pickle
import subprocess
import sys
from collections import Counter
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from core_rows import edit, loaded, mirror_of, pair, rows_file, session

import pico_banana as pb
from pico_banana.errors import (
    MissingExtraError,
    PictureCorruptError,
    PictureMissingError,
    SelectionError,
    UnknownNameError,
)
from pico_banana.rehearsal.making.make import make_mirror


@pytest.fixture(scope="module")
def pictured(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A mirror with pictures."""
    folder = tmp_path_factory.mktemp("typed") / "mirror"
    make_mirror(folder, rows=40, preferences=12, sessions=10, pictures=True, size=(48, 36))
    return folder


@pytest.fixture
def edits(pictured: Path) -> Any:
    return pb.load("single_turn", mirror=pictured)


def test_places(edits: Any) -> None:
    records = list(edits)
    assert len(edits) == len(records) == 40
    for dataset, expected in (
        (edits, records),
        (edits[::-2], records[::-2]),
        (edits.shuffle(1), list(edits.shuffle(1))),
    ):
        count = len(expected)
        assert [dataset[place] for place in range(-count, count)] == expected + expected
        assert dataset[np.int64(3)] == dataset[np.uint8(3)] == expected[3]
        for place in (count, -count - 1, 10**20, -(10**20)):
            with pytest.raises(IndexError, match=f"row {place} of a dataset of {count} rows"):
                _ = dataset[place]
        assert list(reversed(dataset)) == expected[::-1]
        assert expected[5] in dataset
        assert dataset.index(expected[5]) == 5


@pytest.mark.parametrize(
    "part",
    [slice(3), slice(None), slice(5, 9), slice(-4, None), slice(None, None, -1), slice(30, 3, -7), slice(50, 60)],
)
def test_slices(edits: Any, part: slice) -> None:
    records = list(edits)
    assert list(edits[part]) == records[part]
    assert list(edits[5:30][part]) == records[5:30][part]
    assert type(edits[part]) is pb.PicoBanana


@pytest.mark.parametrize("kind", [list, tuple, np.array, lambda places: np.array(places, np.int8)])
def test_many_places(edits: Any, kind: Any) -> None:
    records = list(edits)
    assert list(edits[kind([3, 1, 2, 2, -1])]) == [records[place] for place in (3, 1, 2, 2, -1)]
    assert len(edits[kind([])]) == 0
    with pytest.raises(IndexError, match="out of bounds"):
        edits[kind([1, 40])]


def test_one_truth_a_row(edits: Any) -> None:
    wanted = np.array([record.edit_type == "zoom_in" or place < 3 for place, record in enumerate(edits)])
    assert list(edits[wanted]) == [record for record, keep in zip(edits, wanted, strict=True) if keep]
    assert list(edits[wanted.tolist()]) == list(edits[wanted])
    assert len(edits[np.zeros(40, bool)]) == 0
    with pytest.raises(IndexError, match="boolean index did not match"):
        edits[[True, False]]


@pytest.mark.parametrize("index", [[1.0, 2.5], [[1, 2]], ["a"], 1.5, None, [None], np.array(3.5), {"a": 1}])
def test_what_is_no_place_is_refused(edits: Any, index: Any) -> None:
    with pytest.raises((TypeError, UnknownNameError)):
        edits[index]


def test_ids(edits: Any) -> None:
    assert edits.ids == [record.id for record in edits]
    assert [edits[name] for name in edits.ids] == list(edits)
    assert len(set(edits.ids)) == 40


def test_it_says_what_it_is(tmp_path: Path) -> None:
    dataset = loaded(tmp_path, [*(edit(number) for number in range(1200)), b"broken"], on_bad_rows="skip")
    assert repr(dataset) == (
        "PicoBanana(single_turn, 1,200 rows, mirror=release)\n  1 bad lines left out, see .bad_rows"
    )
    assert repr(dataset.select(contains="lantern").select(limit=3)[:2]) == (
        "PicoBanana(single_turn, 2 of 1,200 rows, mirror=release)\n"
        "  single_turn(contains=[lantern])\n"
        "  single_turn(limit=3)\n"
        "  1 bad lines left out, see .bad_rows"
    )
    assert repr(dataset[0].edited) == "ImageRef(address='picobanana://edited/positive-edit/0.png', role='edited')"


def test_records_are_frozen_values(pictured: Path) -> None:
    for subset in pb.Subset:
        first, again = pb.load(subset, mirror=pictured)[0], pb.load(subset, mirror=pictured)[0]
        assert first == again
        assert hash(first) == hash(again)
        assert first is not again
        for name in [field.name for field in dataclasses.fields(first)]:
            with pytest.raises(dataclasses.FrozenInstanceError):
                setattr(first, name, None)
        with pytest.raises((AttributeError, TypeError)):
            first.something = 1
        assert copy.deepcopy(first) == pickle.loads(pickle.dumps(first)) == first
        assert dataclasses.replace(first, id="x").id == "x"
        assert type(first).__name__ in repr(first)


def _describe(dataset: Any, results: Any) -> None:
    results.put((repr(dataset), list(dataset), dataset[0].edited.bytes()[:8], dataset.counts()))


def test_it_travels_to_another_process(edits: Any) -> None:
    dataset = edits.select(split="train_80_20", shuffle=3)
    context = multiprocessing.get_context("spawn")
    results = context.Queue()
    worker = context.Process(target=_describe, args=(dataset, results))
    worker.start()
    assert results.get(timeout=60) == (repr(dataset), list(dataset), b"\x89PNG\r\n\x1a\n", dataset.counts())
    worker.join()
    for part in (edits, edits[:0], edits[3:5], dataset):
        again = pickle.loads(pickle.dumps(part))
        assert (list(again), repr(again)) == (list(part), repr(part))
        assert list(again.select(limit=2)) == list(part.select(limit=2))
    assert len(pickle.dumps(edits)) < 20_000  # rows travel as numbers


def test_sorting(edits: Any) -> None:
    records = list(edits)
    assert list(edits.sort()) == sorted(records, key=lambda record: record.id)
    assert list(edits.sort(reverse=True)) == sorted(records, key=lambda record: record.id, reverse=True)
    assert list(edits.sort(lambda record: len(record.instruction))) == sorted(records, key=lambda r: len(r.instruction))
    assert list(edits.sort("edit_type", reverse=True))[-1].edit_type == min(
        r.edit_type for r in records if r.edit_type.known
    )
    by_short = [record.short_instruction for record in edits.sort("short_instruction")]
    assert by_short == sorted(by_short, key=lambda text: (text is None, text or ""))
    assert edits.sort("flags").ids != []
    with pytest.raises(
        UnknownNameError, match=r"unknown column of single_turn 'edit_types'\. Did you mean 'edit_type'"
    ):
        edits.sort("edit_types")


def test_sampling_filtering_searching(edits: Any) -> None:
    some = edits.sample(7, seed=2)
    assert len(some) == len(set(some.ids)) == 7
    assert some.ids == edits.shuffle(2)[:7].ids == edits.sample(7, seed=2).ids
    assert some.ids != edits.sample(7, seed=3).ids
    assert sorted(edits.sample(1000).ids) == sorted(edits.ids)
    assert set(edits.sample(35, balance="edit_type").counts().values()) <= {1, 2}
    assert list(edits.filter(lambda record: "the" in record.instruction)) == [
        r for r in edits if "the" in r.instruction
    ]
    assert len(edits.filter(lambda _: False)) == 0
    assert list(edits.search("THE")) == list(edits.select(contains="the"))
    with pytest.raises(SelectionError):
        edits.sample(-1)


def test_counting(pictured: Path) -> None:
    edits = pb.load("preference", mirror=pictured)
    part = edits[[0, 0, 5, 7]]
    for dataset in (edits, part, edits[:0]):
        records = list(dataset)
        assert dataset.counts() == Counter(str(record.edit_type) for record in records)
        assert dataset.counts("category") == Counter(str(record.category) for record in records)
        flags = Counter(flag.value for record in records for flag in record.flags)
        assert dataset.counts("flag") == {flag.value: flags[flag.value] for flag in pb.Flag}
        assert list(dataset.counts().values()) == sorted(dataset.counts().values(), reverse=True)
    sessions = pb.load("multi_turn", mirror=pictured)
    for dataset in (sessions, sessions[[0, 0, 5, 7]], sessions[:0]):
        turns = [turn for record in dataset for turn in record.turns]
        assert dataset.counts("turns") == Counter(str(len(record.turns)) for record in dataset)
        assert dataset.counts("inferred_edit_type") == Counter(str(t.inferred_edit_type or "undecided") for t in turns)
    for dataset, by in ((edits, "turns"), (sessions, "edit_type"), (edits, "types")):
        with pytest.raises(UnknownNameError, match=f"unknown way to count {dataset.subset.value} rows '{by}'"):
            dataset.counts(by)


@pytest.mark.parametrize("subset", list(pb.Subset))
def test_columns_say_what_records_say(pictured: Path, subset: str) -> None:
    for dataset in (
        pb.load(subset, mirror=pictured),
        pb.load(subset, mirror=pictured)[7:2:-2],
        pb.load(subset, mirror=pictured)[:0],
    ):
        table = dataset.to_arrow()
        table.validate(full=True)
        assert table.num_rows == len(dataset)
        for row, record in zip(table.to_pylist(), dataset, strict=True):
            assert row.pop("id") == record.id
            assert row.pop("flags") == sorted(flag.value for flag in record.flags)
            url = row.pop("source_url", None)
            assert row.pop("source_image", None) == (record.source.address if url else None)
            assert url is None or record.source.address.endswith(url.removeprefix("https://"))
            if subset == "multi_turn":
                assert [turn["image"] for turn in row["turns"]] == [
                    turn.image and turn.image.address for turn in record.turns
                ]
                assert [turn["instruction"] for turn in row["turns"]] == list(record.instructions)
                assert [turn["inferred_edit_type"] for turn in row["turns"]] == [
                    turn.inferred_edit_type for turn in record.turns
                ]
                assert [turn["inferred_confidence"] for turn in row["turns"]] == [
                    turn.inferred_confidence for turn in record.turns
                ]
                continue
            assert row.pop("edit_type") == (str(record.edit_type) if record.edit_type.known else None)
            assert row.pop("category") == (str(record.category) if record.category.known else None)
            assert row.pop("edit_type_label") == record.edit_type.label
            assert row.pop("instruction") == record.instruction
            assert row.pop("short_instruction") == record.short_instruction
            assert row.pop("clean_short_instruction") == record.clean_short_instruction
            if subset == "preference":
                assert row.pop("rejected_images") == [picture.address for picture in record.rejected]
                assert row.pop("edited_image") == record.chosen.address
            elif subset == "single_turn":
                assert row.pop("edited_image") == record.edited.address
            assert row == {}
        assert dataset.to_arrow(columns=["flags", "id"]).equals(table.select(["flags", "id"]))


def test_unknown_columns_are_refused(edits: Any) -> None:
    with pytest.raises(UnknownNameError, match=r"unknown column of single_turn 'ids'"):
        edits.to_arrow(columns=["ids"])


def test_other_libraries_take_the_rows(edits: Any) -> None:
    import pandas as pd

    frame = edits.to_pandas()
    assert frame["id"].tolist() == edits.ids
    assert isinstance(frame["edit_type"].dtype, pd.CategoricalDtype)
    polars = edits.to_polars()
    assert polars["instruction"].to_list() == [record.instruction for record in edits]
    answer = edits.sql("select edit_type, count(*) as many from rows group by 1 order by 2 desc, 1").to_pylist()
    assert {row["edit_type"]: row["many"] for row in answer if row["edit_type"]} == {
        kind: many for kind, many in edits.counts().items() if not kind.startswith("unknown")
    }
    assert edits[:3].sql("select id from rows").column("id").to_pylist() == edits.ids[:3]


@pytest.mark.parametrize(
    ("package", "call", "extra"), [("polars", "to_polars()", "polars"), ("duckdb", "sql('select 1')", "sql")]
)
def test_a_library_that_is_not_installed_is_named(
    edits: Any, monkeypatch: pytest.MonkeyPatch, package: str, call: str, extra: str
) -> None:
    monkeypatch.setitem(sys.modules, package, None)  # what Python itself does for a module that must not be imported
    with pytest.raises(
        MissingExtraError, match=rf"needs the package '{package}'\. .*pip install 'pico-banana\[{extra}\]'"
    ):
        eval(f"edits.{call}", {"edits": edits})


def test_pictures_open_read_and_decode(pictured: Path) -> None:
    seen = 0
    for subset in ("single_turn", "preference", "multi_turn"):
        for record in pb.load(subset, mirror=pictured)[:5]:
            pictures = [record.source]
            pictures += [record.edited] if subset == "single_turn" else []
            pictures += [record.chosen, *record.rejected] if subset == "preference" else []
            pictures += [turn.image for turn in record.turns if turn.image] if subset == "multi_turn" else []
            for picture in pictures:
                content = picture.bytes()
                with picture.open() as file:
                    assert file.read() == content
                image = picture.image()
                assert image.format == ("JPEG" if picture.role == "source" else "PNG")
                assert image.size[0] * image.size[1] > 0
                assert image.getpixel((0, 0)) is not None
                seen += 1
    assert seen > 30


def test_a_picture_of_a_folder_is_read_where_it_lies(pictured: Path, edits: Any, store: Path) -> None:
    path = pictured / "images" / edits[0].edited.address.split("/edited/")[1]
    assert edits[0].edited.bytes() == path.read_bytes()
    assert not list(store.rglob("*.png"))


SPOILT = {
    "cut off": lambda data: data[: len(data) // 2],
    "text": lambda _: b"<html>not found</html>",
    "empty": lambda _: b"",
}


@pytest.mark.parametrize("damage", SPOILT)
def test_a_picture_that_is_none_is_a_corrupt_one(tmp_path: Path, pictured: Path, damage: str) -> None:
    good = next((pictured / "images" / "positive-edit").glob("*.png")).read_bytes()
    mirror = mirror_of(tmp_path, single_turn=[edit(1)])
    path = mirror / "images" / "positive-edit" / "1.png"
    path.parent.mkdir(parents=True)
    path.write_bytes(SPOILT[damage](good))
    (record,) = pb.load(mirror=mirror)
    assert record.edited.bytes() == path.read_bytes()
    with pytest.raises(PictureCorruptError, match="is not a picture this library can read") as caught:
        record.edited.image()
    assert caught.value.address == record.edited.address
    assert isinstance(caught.value, ValueError | OSError)


def test_a_picture_that_nobody_has_is_missing(tmp_path: Path) -> None:
    (record,) = pb.load(mirror=mirror_of(tmp_path, single_turn=[edit(1)]))
    with pytest.raises(PictureMissingError) as caught:
        record.edited.bytes()
    assert caught.value.address == record.edited.address
    assert isinstance(caught.value, FileNotFoundError)


def test_an_address_that_climbs_is_never_opened(tmp_path: Path) -> None:
    (tmp_path / "secret.txt").write_text("secret")
    rows = [
        edit(1, output_image="images/../../secret.txt"),
        edit(2, open_image_input_url="https://../../secret.txt"),
        edit(3),
    ]
    mirror = mirror_of(tmp_path / "mirror", single_turn=rows)
    dataset = pb.load(mirror=mirror, on_bad_rows="skip")
    assert [bad.line for bad in dataset.bad_rows] == [1, 2]
    assert "could leave its folder" in dataset.bad_rows[0].reason
    assert "names no host" in dataset.bad_rows[1].reason
    for climbing in ("picobanana://edited/../../secret.txt", "picobanana://source/../../secret.txt"):
        with pytest.raises(pb.PicoBananaError, match="is not a picture's address"):
            pb.ImageRef(climbing, "edited").bytes()


def test_the_environment_names_the_mirror(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    mirror = mirror_of(tmp_path, preference=[pair(1)], multi_turn=[session(1)])
    monkeypatch.setenv("PICO_BANANA_MIRROR", str(mirror))
    assert len(pb.load("preference")) == 1
    assert pb.load("Multi-Turn").subset is pb.Subset.MULTI_TURN
    with pytest.raises(UnknownNameError, match="unknown subset 'pairs'"):
        pb.load("pairs")
    with pytest.raises(UnknownNameError, match="unknown option of a selection 'type'"):
        pb.load("preference", type="zoom_in")


def test_a_rows_file_may_be_named_in_many_ways(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    rows_file(tmp_path, [edit(1)])
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("HOME", str(tmp_path))
    for name in (tmp_path / "rows.jsonl", "rows.jsonl", "~/rows.jsonl", Path("rows.jsonl")):
        assert len(pb.load(rows=name)) == 1


def test_nothing_is_written_before_rows_are_asked_for(tmp_path: Path, store: Path) -> None:
    code = "import pico_banana as pb; pb.Selection.of(categories='scale'); pb.edit_types(); pb.PicoBanana"
    environment = os.environ | {"PYTHONPATH": str(Path(pb.__file__).parents[1])}
    subprocess.run([sys.executable, "-c", code], check=True, env=environment)
    assert not store.exists()
