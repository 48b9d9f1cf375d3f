"""Single-turn rows: what is published becomes a record, exactly, however it is written."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest
from core_rows import edit, lines, loaded, photo, rows_file

import pico_banana as pb
from pico_banana import Flag

if TYPE_CHECKING:
    from pathlib import Path


def test_a_row_becomes_a_record(tmp_path: Path) -> None:
    (record,) = loaded(tmp_path, [edit(7)])
    assert record == pb.SingleTurn(
        id="single_turn/positive-edit/7",
        source=pb.ImageRef("picobanana://source/farm3.staticflickr.com/2915/14000000007_0a1b2c3d4e_o.jpg", "source"),
        edited=pb.ImageRef("picobanana://edited/positive-edit/7.png", "edited"),
        instruction="Lift the lantern above the 7. doorway so that it hangs clear of the sign.",
        short_instruction="Lift the lantern above doorway 7.",
        edit_type=pb.edit_type("zoom_in"),
        flags=frozenset(),
    )


def test_the_instructions_are_the_same_rows_without_pictures(tmp_path: Path) -> None:
    (record,) = loaded(tmp_path, [edit(7, summarized_text="ly, lift it")], "instructions")
    assert record == pb.InstructionPair(
        id="single_turn/positive-edit/7",
        instruction="Lift the lantern above the 7. doorway so that it hangs clear of the sign.",
        short_instruction="ly, lift it",
        edit_type=pb.edit_type("zoom_in"),
        flags=frozenset({Flag.SHORT_CUT_START}),
    )


def test_ids_come_from_whole_paths_never_from_digits(tmp_path: Path) -> None:
    paths = [
        "positive-edit/12.png",
        "positive-edit/kf3o12_retry1.png",
        "positive-edit/kf3o12_retry2.png",
        "other/12.png",
    ]
    records = list(loaded(tmp_path, [edit(n, output_image=f"images/{path}") for n, path in enumerate(paths)]))
    assert [record.id for record in records] == [f"single_turn/{path.removesuffix('.png')}" for path in paths]
    assert all(not record.flags for record in records)


@pytest.mark.parametrize(
    "paths",
    [
        ["a.png", "a", "a.png.png", "a~.png", "a~", "a.PNG"],
        ["b.png", "b~0badf00d.png", "b~0badf00d"],
        ["@c/x.png", "https://c/x.png", "c/x.png"],
    ],
)
def test_different_paths_never_share_an_id(tmp_path: Path, paths: list[str]) -> None:
    dataset = loaded(tmp_path, [edit(n, output_image=f"{path}") for n, path in enumerate(paths)])
    records = list(dataset)
    different = len({record.edited for record in records})
    assert len({record.id for record in records}) == len(records)
    assert different == len(records) or "@c/x.png" in paths
    assert [dataset[record.id] for record in records] == records


def test_rows_that_share_a_picture_are_told_apart_and_flagged(tmp_path: Path) -> None:
    rows = [edit(1), edit(2), edit(3, output_image=edit(1)["output_image"])]
    first, other, second = loaded(tmp_path, rows)
    assert first.flags == second.flags == {Flag.SHARED_OUTPUT}
    assert other.flags == frozenset()
    assert other.id == "single_turn/positive-edit/2"
    assert first.id != second.id
    for record in (first, second):
        assert record.id.startswith("single_turn/positive-edit/1~")
    assert first.edited == second.edited


def test_fully_equal_rows_are_told_apart_and_flagged(tmp_path: Path) -> None:
    records = list(loaded(tmp_path, [edit(1), edit(2), edit(1), edit(1)]))
    same = [record for record in records if record.edited.address.endswith("/1.png")]
    assert len({record.id for record in records}) == 4
    assert [record.flags for record in same] == [{Flag.SHARED_OUTPUT, Flag.REPEATED_ROW}] * 3


def test_a_row_equal_but_for_its_null_is_not_a_repetition(tmp_path: Path) -> None:
    records = list(loaded(tmp_path, [edit(1, summarized_text=None), edit(1, summarized_text="None")]))
    assert [Flag.REPEATED_ROW in record.flags for record in records] == [False, False]
    assert len({record.id for record in records}) == 2


def test_ids_of_colliding_rows_stay_when_other_rows_come_or_move(tmp_path: Path) -> None:
    shared = "images/positive-edit/1.png"
    ours = [
        edit(1, edit_type="Of our own"),
        edit(2, output_image=shared, edit_type="Another of ours"),
        edit(3, output_image=shared),
    ]
    before = {record.instruction: record.id for record in loaded(tmp_path / "a", ours)}
    others = [edit(n, edit_type=f"Label {n}") for n in range(50, 60)]
    moved = [others[0], ours[2], *others[1:5], ours[0], *others[5:], ours[1], edit(9, output_image=shared)]
    after = {record.instruction: record.id for record in loaded(tmp_path / "b", moved)}
    assert {text: after[text] for text in before} == before


def test_ids_of_colliding_rows_are_pinned(tmp_path: Path) -> None:
    records = loaded(tmp_path, [edit(1), edit(2, output_image=edit(1)["output_image"]), edit(1)])
    assert [record.id for record in records] == [
        "single_turn/positive-edit/1~dff4b660",
        "single_turn/positive-edit/1~9b03fd62",
        "single_turn/positive-edit/1~90ad7f41",
    ]


def test_many_equal_rows_do_not_take_quadratic_time(tmp_path: Path) -> None:
    dataset = loaded(tmp_path, [edit(1)] * 20_000)
    assert len(set(dataset.ids)) == 20_000


def test_an_unknown_label_is_kept_flagged_and_counted(tmp_path: Path) -> None:
    rows = [
        edit(1),
        edit(2, edit_type="Add a lens flare"),
        edit(3, edit_type="Add a lens flare"),
        edit(4, edit_type=""),
    ]
    dataset = loaded(tmp_path, rows)
    assert [record.edit_type.label for record in dataset] == ["Zoom in", "Add a lens flare", "Add a lens flare", ""]
    assert [record.edit_type.known for record in dataset] == [True, False, False, False]
    assert [Flag.UNKNOWN_EDIT_TYPE in record.flags for record in dataset] == [False, True, True, True]
    assert dataset.counts("flag")["unknown_edit_type"] == 3
    assert dataset.counts() == {"unknown_add_a_lens_flare": 2, "zoom_in": 1, "unknown": 1}
    assert dataset.counts("category") == {"unknown": 3, dataset[0].category: 1}
    arrow = dataset.to_arrow(columns=["edit_type", "category", "edit_type_label"]).to_pylist()
    assert arrow[1] == {"edit_type": None, "category": None, "edit_type_label": "Add a lens flare"}


def test_a_label_of_the_paper_means_the_published_type(tmp_path: Path) -> None:
    alias = next(kind.aliases[0] for kind in pb.edit_types() if kind.aliases)
    (record,) = loaded(tmp_path, [edit(1, edit_type=alias)])
    assert record.edit_type.known
    assert record.edit_type == pb.edit_type(alias)
    assert record.flags == frozenset()


def test_every_published_label_is_known(tmp_path: Path) -> None:
    rows = [edit(number, edit_type=kind.label) for number, kind in enumerate(pb.edit_types())]
    assert [record.edit_type for record in loaded(tmp_path, rows)] == list(pb.edit_types())


def test_a_file_with_a_label_of_its_own_on_every_line_still_loads(tmp_path: Path) -> None:
    row = {"open_image_input_url": "https://h/u.jpg", "text": "", "summarized_text": None}
    rows = [row | {"output_image": f"{n}", "edit_type": f"label {n}"} for n in range(66_000)]
    dataset = loaded(tmp_path, rows)
    assert dataset[65_999].edit_type.label == "label 65999"
    assert dataset.select(contains="nothing").counts() == {}
    assert len(dataset.counts()) == 66_000
    assert len(dataset.select(edit_types="zoom_in")) == 0


NOISY = {
    "fine": ("Remove the boat.", "Remove the boat.", set()),
    "null": (None, None, {Flag.SHORT_MISSING}),
    "empty": ("", None, {Flag.SHORT_MISSING}),
    "white": (" \n ", None, {Flag.SHORT_MISSING}),
    "cut in a word": ("ly, remove the boat", None, {Flag.SHORT_CUT_START}),
    "cut at a mark": (". Remove the boat", None, {Flag.SHORT_CUT_START}),
    "template": ("ext\nuser\nRemove the boat.\n", "Remove the boat.", {Flag.SHORT_CHAT_TEMPLATE}),
    "template token": ("<|im_start|>user\nRemove the boat.<|im_end|>", "Remove the boat.", {Flag.SHORT_CHAT_TEMPLATE}),
    "template and a cut": ("ext\nuser\nly, remove it", None, {Flag.SHORT_CHAT_TEMPLATE}),
    "template, nothing else": ("ext\nassistant\n", None, {Flag.SHORT_CHAT_TEMPLATE}),
    "equal": ("Take away the whole boat.", None, {Flag.SHORT_EQUALS_LONG}),
    "spaces around": ("  Remove the boat. ", "Remove the boat.", set()),
}


@pytest.mark.parametrize("noise", NOISY)
def test_noisy_short_texts_are_kept_flagged_and_cleaned_beside_the_raw(tmp_path: Path, noise: str) -> None:
    short, clean, flags = NOISY[noise]
    row = edit(1, text="Take away the whole boat.", summarized_text=short)
    for subset in ("single_turn", "instructions"):
        dataset = loaded(tmp_path, [row], subset)
        (record,) = dataset
        assert record.short_instruction == short
        assert record.clean_short_instruction == clean
        assert record.flags == flags
        (arrow,) = dataset.to_arrow().to_pylist()
        assert arrow["short_instruction"] == short
        assert arrow["clean_short_instruction"] == clean
        assert set(arrow["flags"]) == flags


def test_a_short_text_that_is_not_there_is_missing(tmp_path: Path) -> None:
    row = edit(1)
    del row["summarized_text"]
    (record,) = loaded(tmp_path, [row])
    assert record.short_instruction is None
    assert record.flags == {Flag.SHORT_MISSING}


@pytest.mark.parametrize("text", ["", " ", "\n\t"])
def test_an_empty_instruction_is_flagged(tmp_path: Path, text: str) -> None:
    (record,) = loaded(tmp_path, [edit(1, text=text)])
    assert record.instruction == text
    assert Flag.INSTRUCTION_EMPTY in record.flags


TEXTS = {
    "raw": "Füge 🦜 neben den Löwen ↔ ein \u2013 jetzt",
    "line separator": "first\u2028second\u2029third\x85fourth\x0bfifth\x0csixth",
    "nul": "before\0after",
    "real newlines": "one\ntwo\r\nthree",
    "quotes": 'say "hello" \\ / \b \t',
    "far planes": "\U0010ffff \ud7ff \ue000 \ufffe \ufeff",
}


@pytest.mark.parametrize("escaped", [False, True], ids=["raw", "escaped"])
@pytest.mark.parametrize("text", TEXTS.values(), ids=TEXTS)
def test_every_character_arrives_raw_or_escaped(tmp_path: Path, text: str, escaped: bool) -> None:
    row = edit(1, text=text, summarized_text=f"{text}!", edit_type=text)
    line = json.dumps(row, ensure_ascii=escaped).encode()
    for rows in ([line, edit(2)], [line, b"", edit(2)]):  # the blank line sends the block the careful way
        dataset = loaded(tmp_path, rows)
        assert len(dataset) == 2
        assert dataset[0].instruction == text
        assert dataset[0].short_instruction == f"{text}!"
        assert dataset[0].edit_type.label == text
        assert dataset.to_arrow()["instruction"][0].as_py() == text


SPELLINGS = {
    "crlf": lines([edit(1), edit(2)], end=b"\r\n"),
    "mixed line ends": lines([edit(1)], end=b"\r\n") + lines([edit(2)]),
    "blank lines": b"\n\n" + lines([edit(1)]) + b"\n \t \n" + lines([edit(2)]) + b"\n",
    "no last line end": lines([edit(1), edit(2)]).rstrip(b"\n"),
    "byte order mark": b"\xef\xbb\xbf" + lines([edit(1), edit(2)]),
    "byte order mark, crlf": b"\xef\xbb\xbf" + lines([edit(1), edit(2)], end=b"\r\n"),
    "two files one behind the other": b"\xef\xbb\xbf" + lines([edit(1)]) + b"\xef\xbb\xbf" + lines([edit(2)]),
    "white space": b'  {"open_image_input_url" : ' + lines([edit(1)])[25:].rstrip() + b"  \n\t" + lines([edit(2)]),
    "other order": lines([dict(reversed(edit(1).items())), dict(sorted(edit(2).items()))]),
    "unknown keys": lines(
        [edit(1, score=3, extra={"text": "not this"}), edit(2, more=[{"output_image": "no"}], x=None)]
    ),
    "not a number": lines([edit(1, score=float("nan")), edit(2, score=float("-inf"))]),
    "escaped keys": lines([edit(1)]).replace(b'"text"', b'"te\\u0078t"') + lines([edit(2)]),
    "duplicate keys": lines([edit(1)]).replace(b'{"', b'{"text": "an earlier one", "', 1) + lines([edit(2)]),
}


@pytest.mark.parametrize("spelling", SPELLINGS)
def test_however_a_file_is_written_the_rows_are_the_same(tmp_path: Path, spelling: str) -> None:
    expected = list(loaded(tmp_path / "plain", [edit(1), edit(2)]))
    assert list(loaded(tmp_path / "other", SPELLINGS[spelling])) == expected


def test_extra_keys_are_ignored_and_the_raw_reader_gives_them(tmp_path: Path) -> None:
    path = rows_file(tmp_path, [edit(1, score=3), b"", edit(2)])
    assert [row.get("score") for row in pb.read_jsonl(path)] == [3, None]
    assert list(pb.read_jsonl(str(path)))[1] == edit(2)


PHOTOS = {
    "https://farm3.staticflickr.com/2915/1_a_o.jpg": "picobanana://source/farm3.staticflickr.com/2915/1_a_o.jpg",
    "https://c1.staticflickr.com/1/2/3_a_o.jpg": "picobanana://source/c1.staticflickr.com/1/2/3_a_o.jpg",
    "http://host.example/a b?c=d#e": "picobanana://source/http:/host.example/a b?c=d#e",
    "HTTPS://host.example/a.jpg": "picobanana://source/host.example/a.jpg",
    "https://host.example/a::b.jpg": "picobanana://source/host.example/a:%3Ab.jpg",
    "https://host.example/a\\b.jpg": "picobanana://source/host.example/a%5Cb.jpg",
    "https://host.example/a%20b%3A%5C%25.jpg": "picobanana://source/host.example/a%20b%253A%255C%2525.jpg",
    "https://host.example/Straße 1.jpg": "picobanana://source/host.example/Straße 1.jpg",
}


@pytest.mark.parametrize("url", PHOTOS)
def test_photos_are_addressed_by_their_url(tmp_path: Path, url: str) -> None:
    dataset = loaded(tmp_path, [edit(1, open_image_input_url=url), edit(2)])
    assert dataset[0].source == pb.ImageRef(PHOTOS[url], "source")
    assert dataset.to_arrow()["source_image"].to_pylist() == [record.source.address for record in dataset]
    assert dataset.to_arrow()["source_url"].to_pylist() == [url, photo(2)]


def test_the_interchange_file_brings_photos_of_ones_own(tmp_path: Path) -> None:
    rows = [
        edit(1, local_input_image=str(tmp_path / "photos" / "1.jpg")),
        edit(2, local_input_image="photos/2.jpg"),
        edit(3, local_input_image=None),
        edit(4),
        edit(5, local_input_image=""),
    ]
    dataset = loaded(tmp_path, rows)
    published = [f"picobanana://source/{photo(number)[8:]}" for number in range(1, 6)]
    expected = [str(tmp_path / "photos" / "1.jpg"), str(tmp_path / "photos" / "2.jpg"), *published[2:]]
    assert [record.source.address for record in dataset] == expected
    assert dataset.to_arrow()["source_image"].to_pylist() == expected
    assert [record.id for record in dataset] == [f"single_turn/positive-edit/{n}" for n in range(1, 6)]
    assert {record.source.role for record in dataset} == {"source"}


def test_a_photo_of_ones_own_opens_even_with_a_star_in_its_name(tmp_path: Path) -> None:
    (tmp_path / "1[*]?.jpg").write_bytes(b"a photo")
    (record, missing) = loaded(
        tmp_path, [edit(1, local_input_image="1[*]?.jpg"), edit(2, local_input_image="none.jpg")]
    )
    assert record.source.bytes() == b"a photo"
    with pytest.raises(FileNotFoundError, match=r"none\.jpg") as caught:
        missing.source.bytes()
    assert caught.type.__name__ == "PictureMissingError"
