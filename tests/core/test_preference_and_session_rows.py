"""Preference rows and sessions: rejected pictures however they are named, turns in order of time."""

from __future__ import annotations

import random
from typing import TYPE_CHECKING, Any

import pytest
from core_rows import edit, loaded, pair, photo, session

import pico_banana as pb
from pico_banana import Flag

if TYPE_CHECKING:
    from pathlib import Path

REJECTED = "picobanana://edited/rejected-edit"
WAYS = {
    "stale folder": "nano-banana-300k/images/rejected-edit/14.png",
    "relative": "images/rejected-edit/14.png",
    "absolute": "https://ml-site.cdn-apple.com/datasets/pico-banana-300k/nb/images/rejected-edit/14.png",
    "absolute, plain http": "http://cdn.example/somewhere/images/rejected-edit/14.png",
    "absolute and stale": "https://cdn.example/nano-banana-300k/images/rejected-edit/14.png",
    "dotted": "./images/rejected-edit/14.png",
    "slashed": "/nano-banana-300k/images/rejected-edit/14.png",
    "below images": "rejected-edit/14.png",
}


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("form", ["list", "string", "objects"])
def test_rejected_pictures_however_they_are_named(tmp_path: Path, way: str, form: str) -> None:
    written: Any = {"list": [WAYS[way]], "string": WAYS[way], "objects": [{"url": WAYS[way]}]}[form]
    dataset = loaded(tmp_path, [pair(1, rejected_images=written), pair(2)], "preference")
    assert dataset[0].rejected == (pb.ImageRef(f"{REJECTED}/14.png", "edited"),)
    assert dataset[1].rejected == (pb.ImageRef(f"{REJECTED}/2.png", "edited"),)
    assert dataset.to_arrow()["rejected_images"].to_pylist() == [[f"{REJECTED}/14.png"], [f"{REJECTED}/2.png"]]


@pytest.mark.parametrize("way", WAYS)
def test_accepted_pictures_may_be_named_the_same_ways(tmp_path: Path, way: str) -> None:
    name = WAYS[way].replace("rejected-edit", "positive-edit")
    assert loaded(tmp_path / "a", [edit(1, output_image=name)])[0].id == "single_turn/positive-edit/14"
    assert loaded(tmp_path / "b", [pair(1, output_image=name)], "preference")[0].id == "preference/positive-edit/14"


def test_a_picture_on_another_server_keeps_its_whole_address(tmp_path: Path) -> None:
    url = "https://other.example/edits/14.png?size=large"
    dataset = loaded(
        tmp_path, [pair(1, output_image=url, rejected_images=[url, "images/rejected-edit/1.png"])], "preference"
    )
    assert dataset[0].chosen.address == "picobanana://edited/@other.example/edits/14.png?size=large"
    assert dataset[0].rejected[0] == dataset[0].chosen
    from pico_banana.mirrors.addresses import parse_address

    assert dataset.mirror.url_of(parse_address(dataset[0].chosen.address)) == url


def test_a_preference_row_becomes_a_record(tmp_path: Path) -> None:
    rejected = ["nano-banana-300k/images/rejected-edit/3.png", "images/rejected-edit/4.png"]
    (record,) = loaded(tmp_path, [pair(1, rejected_images=rejected)], "preference")
    assert record == pb.Preference(
        id="preference/positive-edit/k00001_retry1",
        source=pb.ImageRef(f"picobanana://source/{photo(1)[8:]}", "source"),
        chosen=pb.ImageRef("picobanana://edited/positive-edit/k00001_retry1.png", "edited"),
        rejected=(pb.ImageRef(f"{REJECTED}/3.png", "edited"), pb.ImageRef(f"{REJECTED}/4.png", "edited")),
        instruction=edit(1)["text"],
        short_instruction=edit(1)["summarized_text"],
        edit_type=pb.edit_type("zoom_in"),
        flags=frozenset(),
    )
    assert list(record.pairs()) == [(record.chosen, record.rejected[0]), (record.chosen, record.rejected[1])]


@pytest.mark.parametrize("written", [[], None, "absent"])
def test_a_row_without_rejected_pictures_is_kept_and_flagged(tmp_path: Path, written: Any) -> None:
    row = pair(1, rejected_images=written)
    if written == "absent":
        del row["rejected_images"]
    dataset = loaded(tmp_path, [row, pair(2)], "preference")
    assert dataset[0].rejected == ()
    assert dataset[0].flags == {Flag.REJECTED_EMPTY}
    assert dataset[1].flags == frozenset()
    assert dataset.counts("flag")["rejected_empty"] == 1


def test_rows_that_differ_in_their_rejected_pictures_alone_are_no_repetition(tmp_path: Path) -> None:
    rows = [pair(1), pair(1, rejected_images=["images/rejected-edit/99.png"])]
    first, second = loaded(tmp_path / "a", rows, "preference")
    assert first.flags == second.flags == {Flag.SHARED_OUTPUT}
    again = {record.rejected: record.id for record in loaded(tmp_path / "b", rows[::-1], "preference")}
    assert again == {first.rejected: first.id, second.rejected: second.id}


def test_a_session_becomes_a_record_and_the_final_picture_is_its_last_turn(tmp_path: Path) -> None:
    (record,) = loaded(tmp_path, [session(5, turns=3)], "multi_turn")
    start = "picobanana://edited/multi-turn/5_attemptA_turn"
    assert record.id == "multi_turn/multi-turn/5_attemptA_turn3"
    assert record.source == pb.ImageRef(f"picobanana://source/{photo(5)[8:]}", "source")
    assert [turn.image.address for turn in record.turns] == [f"{start}1.png", f"{start}2.png", f"{start}3.png"]
    assert record.instructions == ("Step 1 of session 5", "Step 2 of session 5", "Step 3 of session 5")
    assert record.final == record.turns[-1].image
    assert record.flags == frozenset()
    steps = list(record.steps())
    assert [before for before, _, _ in steps] == [record.source, record.turns[0].image, record.turns[1].image]


def test_files_may_come_in_any_order(tmp_path: Path) -> None:
    rows = [session(n, turns=2 + n % 4) for n in range(8)]
    expected = list(loaded(tmp_path / "a", rows, "multi_turn"))
    dice = random.Random(4)
    for row in rows:
        dice.shuffle(row["files"])
    assert list(loaded(tmp_path / "b", rows, "multi_turn")) == expected


@pytest.mark.parametrize("turns", [0, 1, 2, 5, 6, 40])
def test_an_odd_number_of_turns_is_kept_and_flagged(tmp_path: Path, turns: int) -> None:
    row = session(1, turns=turns) if turns else session(1, turns=1, metadata_edit_turn_prompts=[])
    dataset = loaded(tmp_path, [session(2), row], "multi_turn")
    assert len(dataset[1].turns) == turns
    assert (Flag.ODD_TURN_COUNT in dataset[1].flags) == (not 2 <= turns <= 5)
    assert dataset.counts("turns") == ({"3": 2} if turns == 3 else {"3": 1, str(turns): 1})
    assert len(dataset.to_arrow()["turns"][1].as_py()) == turns
    if not turns:
        assert dataset[1].final is None
        assert dataset[1].id == f"multi_turn/{photo(1)}~"


def test_the_picture_of_a_turn_may_be_missing(tmp_path: Path) -> None:
    row = session(1, turns=3)
    row["files"] = [file for file in row["files"] if file["id"] != "edit_turn2"]
    dataset = loaded(tmp_path, [row], "multi_turn")
    record = dataset[0]
    assert [turn.image is None for turn in record.turns] == [False, True, False]
    assert record.flags == {Flag.TURN_IMAGE_MISSING}
    assert [instruction for _, instruction, _ in record.steps()] == ["Step 1 of session 1"]
    assert [turn["image"] for turn in dataset.to_arrow()["turns"][0].as_py()][1] is None


def test_a_session_without_its_final_picture_has_the_id_of_its_last_one(tmp_path: Path) -> None:
    row = session(1, turns=3)
    row["files"] = [file for file in row["files"] if file["id"] != "final_image"]
    (record,) = loaded(tmp_path, [row], "multi_turn")
    assert record.final is None
    assert record.flags == {Flag.TURN_IMAGE_MISSING}
    assert record.id == "multi_turn/multi-turn/1_attemptA_turn2"


def test_where_there_is_no_final_picture_the_last_numbered_one_is_it(tmp_path: Path) -> None:
    row = session(1, turns=3)
    for file in row["files"]:
        file["id"] = file["id"].replace("final_image", "edit_turn3")
    (record,) = loaded(tmp_path, [row], "multi_turn")
    (expected,) = loaded(tmp_path / "b", [session(1, turns=3)], "multi_turn")
    assert record == expected


def test_pictures_that_no_prompt_goes_with_are_flagged(tmp_path: Path) -> None:
    row = session(1, turns=4)
    row["metadata_edit_turn_prompts"].pop()
    (record,) = loaded(tmp_path, [row], "multi_turn")
    assert len(record.turns) == 3
    assert Flag.ODD_TURN_COUNT in record.flags


def test_sessions_that_share_a_photo_or_a_picture(tmp_path: Path) -> None:
    other = session(1, turns=3)
    other["files"][1]["url"] = "images/multi-turn/another.png"
    first, second, third = loaded(tmp_path, [session(1), other, session(2)], "multi_turn")
    assert first.flags == second.flags == {Flag.SHARED_OUTPUT}
    assert len({first.id, second.id, third.id}) == 3
    assert third.flags == frozenset()


def test_an_empty_prompt_is_flagged(tmp_path: Path) -> None:
    row = session(1)
    row["metadata_edit_turn_prompts"][1] = " "
    (record,) = loaded(tmp_path, [row], "multi_turn")
    assert record.flags == {Flag.INSTRUCTION_EMPTY}


def test_sessions_have_no_types_but_inferred_ones(tmp_path: Path) -> None:
    rows = [session(1, turns=2, metadata_edit_turn_prompts=["Zoom in on the kite", "Qwerty uiop"])]
    record = loaded(tmp_path, rows, "multi_turn")[0]
    assert not hasattr(record, "edit_type")
    assert record.turns[0].inferred_edit_type == pb.edit_type("zoom_in")
    assert 0 < record.turns[0].inferred_confidence <= 1


def test_the_local_photo_of_a_session(tmp_path: Path) -> None:
    (record,) = loaded(tmp_path, [session(1, local_input_image="photos/1.jpg")], "multi_turn")
    assert record.source.address == str(tmp_path / "photos" / "1.jpg")
    (record,) = loaded(tmp_path, [pair(1, local_input_image="photos/1.jpg")], "preference")
    assert record.source.address == str(tmp_path / "photos" / "1.jpg")


def test_ids_are_unique_over_all_files(tmp_path: Path) -> None:
    path = "images/positive-edit/1.png"
    last = session(1)
    last["files"][2]["url"] = path
    ids = [
        loaded(tmp_path / subset, [row], subset)[0].id
        for subset, row in {
            "single_turn": edit(1, output_image=path),
            "preference": pair(1, output_image=path),
            "multi_turn": last,
        }.items()
    ]
    assert len(set(ids)) == 3
