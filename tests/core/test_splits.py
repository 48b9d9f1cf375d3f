"""Splits by source photo: deterministic, disjoint, complete, the same in every subset, stable when rows come."""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING, Any

import pyarrow as pa
import pytest
from core_rows import edit, loaded, pair, photo, session

import pico_banana as pb
from pico_banana.errors import SelectionError
from pico_banana.rehearsal.making.make import make_mirror
from pico_banana.rows.choosing.splits import parse_split, photo_places, split_names

if TYPE_CHECKING:
    from pathlib import Path

FLICKR = "https://farm3.staticflickr.com/2915/14000000001_0a1b2c3d4e_o.jpg"
PLACES = {
    FLICKR: 12011169325090047908,
    "https://c1.staticflickr.com/1/2/3_abc_o.jpg": 2092789425003139053,
    "https://elsewhere.example/photo.png": 8237836166772987135,
    "": 3717751108616318402,
}


def _places(*urls: str) -> list[int]:
    return photo_places(pa.chunked_array([list(urls)], pa.string())).tolist()


def test_places_are_pinned() -> None:
    """A photo must be on the same side in every release of this library, on every machine."""
    assert dict(zip(PLACES, _places(*PLACES), strict=True)) == PLACES


@pytest.mark.parametrize(
    "same",
    [
        "https://farm9.staticflickr.com/1/14000000001_0a1b2c3d4e_o.jpg",
        "https://c8.staticflickr.com/5/4444/14000000001_ffff_o.jpg",
        "http://live.staticflickr.com/65535/14000000001_0a1b2c3d4e_o.jpg",
    ],
)
def test_one_photo_has_one_place_wherever_it_lies(same: str) -> None:
    assert len(set(_places(FLICKR, same))) == 1
    other = same.replace("14000000001", "14000000002")
    assert len(set(_places(FLICKR, other))) == 2


def test_other_photos_are_known_by_their_whole_url() -> None:
    urls = ["https://a.example/1.jpg", "http://a.example/1.jpg", "https://a.example/2.jpg", "https://b.example/1.jpg"]
    places = _places(*urls)
    assert places[0] == places[1]
    assert len(set(places)) == 3
    assert (
        len(set(_places("https://a/1_x_o.jpg", "https://a/1_x_o.jpg?size=3", "https://a/1234567890123456789_x_o.jpg")))
        == 3
    )


NAMES = {
    "train_90_5_5": (0, 90),
    "validation_90_5_5": (90, 95),
    "test_90_5_5": (95, 100),
    "train_95_5": (0, 95),
    "test_95_5": (95, 100),
    "train_95": (0, 95),
    "test_5": (95, 100),
    "test_100": (0, 100),
    "train_0": (0, 0),
    "train_0_100": (0, 0),
    "validation_50_0_50": (50, 50),
    "validation_0_100_0": (0, 100),
    "train_1": (0, 1),
}


@pytest.mark.parametrize("name", NAMES)
def test_names_of_splits(tmp_path: Path, name: str) -> None:
    split, (start, stop) = parse_split(name), NAMES[name]
    assert split is not None
    assert (split.name, split.start, split.stop) == (name, 2**64 * start // 100, 2**64 * stop // 100)
    dataset = loaded(tmp_path, [edit(number) for number in range(40)])
    inside = [record for record in dataset if start <= 100 * _place(record) / 2**64 < stop]
    assert list(dataset.split(name)) == list(dataset.select(split=name)) == inside


def _place(record: Any) -> int:
    return _places("https://" + record.source.address.split("/source/", 1)[1])[0]


WRONG_NAMES = [
    "", "dev", "val_90_5_5", "Train", "train_", "train_90_5", "train_90_5_4", "train_101", "train_-5", "train_5.5",
    "validation", "test", "validation_5", "validation_95_5", "train_25_25_25_25", "train_90_5_5_", "train_9O",
    "train[:10%]", "train_0x5", "train_٣", "train_90 _10", "test_1000",
]  # fmt: skip


@pytest.mark.parametrize("name", WRONG_NAMES)
def test_names_that_are_no_split(name: str) -> None:
    with pytest.raises(SelectionError, match=r"no split '.*'\. 'train' is everything; 'train_90_5_5'"):
        parse_split(name)


def test_train_is_everything() -> None:
    assert parse_split("train") is None


def test_the_names_that_share_proportions() -> None:
    assert split_names() == {"train": "train_90_5_5", "validation": "validation_90_5_5", "test": "test_90_5_5"}
    assert split_names(80, 0, 20) == {"train": "train_80_20", "test": "test_80_20"}
    assert split_names(0, 50, 50)["train"] == "train_0_50_50"
    for wrong in ((80, 10, 5), (110, -5, -5), (90, 5, 6)):
        with pytest.raises(SelectionError):
            split_names(*wrong)


@pytest.fixture(scope="module")
def mirror(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("splits") / "mirror"
    make_mirror(folder, rows=2400, preferences=500, sessions=700)
    return folder


@pytest.mark.parametrize("proportions", [(90, 5, 5), (50, 25, 25), (80, 0, 20), (100, 0, 0)])
def test_splits_part_the_photos_of_all_subsets_alike(mirror: Path, proportions: tuple[int, int, int]) -> None:
    sides: dict[str, set[str]] = defaultdict(set)
    for subset in ("single_turn", "preference", "multi_turn"):
        dataset = pb.load(subset, mirror=mirror)
        parts = dataset.splits(*proportions)
        assert sorted(name for part in parts.values() for name in part.ids) == sorted(dataset.ids)
        for side, part in parts.items():
            sides[side] |= {record.source.address for record in part}
    photos = set().union(*sides.values())
    assert sum(map(len, sides.values())) == len(photos)  # no photo is on two sides, in any subset
    assert len(photos) == 600
    for side, percent in zip(("train", "validation", "test"), proportions, strict=True):
        assert abs(len(sides[side]) / len(photos) - percent / 100) < 0.05


def test_instructions_are_split_by_their_photo_too(mirror: Path) -> None:
    singles, texts = pb.load("single_turn", mirror=mirror), pb.load("instructions", mirror=mirror)
    assert texts.split("test_80_20").ids == singles.split("test_80_20").ids


def test_splits_stay_when_rows_come(tmp_path: Path) -> None:
    before = loaded(tmp_path / "a", [edit(n) for n in range(100)])
    after = loaded(tmp_path / "b", [edit(n) for n in (*range(500, 700), *reversed(range(100)))])
    for name in ("train_60_20_20", "validation_60_20_20", "test_60_20_20"):
        assert set(before.split(name).ids) == set(after.split(name).ids) & set(before.ids)


def test_one_photo_is_on_one_side_in_all_subsets(tmp_path: Path) -> None:
    """The same photo under three addresses, in three files."""
    rows = {
        "single_turn": [edit(n, open_image_input_url=photo(n, "farm1.staticflickr.com")) for n in range(60)],
        "preference": [pair(n, open_image_input_url=photo(n, "c3.staticflickr.com/7")) for n in range(60)],
        "multi_turn": [session(n, turns=2) for n in range(60)],
    }
    sides = [
        [row.tolist() for row in (loaded(tmp_path / subset, rows[subset], subset).split("test_50_50").rows,)]
        for subset in rows
    ]
    assert sides[0] == sides[1] == sides[2]
    assert 10 < len(sides[0][0]) < 50
