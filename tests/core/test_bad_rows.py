"""Lines that are no rows: refused with file, line and field, or left out and listed; never a crash, never silence."""

from __future__ import annotations

import gzip
import json
import os
from typing import TYPE_CHECKING, Any

import pytest
import zstandard
from core_rows import edit, lines, loaded, pair, photo, rows_file, session

import pico_banana as pb
from pico_banana.errors import RowError, UnknownNameError

if TYPE_CHECKING:
    from pathlib import Path


def _without(row: dict[str, Any], key: str) -> dict[str, Any]:
    return {name: value for name, value in row.items() if name != key}


WHOLE_LINES = {
    "text": (b"hello", "not JSON (Expecting value at character 0)"),
    "null": (b"null", "a row must be a JSON object, this is null"),
    "list": (b"[]", "a row must be a JSON object, this is a list"),
    "string": (b'"x"', "a row must be a JSON object, this is a string"),
    "number": (b"1", "a row must be a JSON object, this is a number"),
    "boolean": (b"true", "a row must be a JSON object, this is a boolean"),
    "two rows": (json.dumps(edit(8)).encode() * 2, "not JSON (Extra data at character"),
    "row and null": (json.dumps(edit(8)).encode() + b" null", "not JSON (Extra data at character"),
    "cut off": (json.dumps(edit(8)).encode()[:40], "not JSON (Unterminated string starting at at character 25)"),
    "latin 1": (b'{"text": "\xe9"}', "not UTF-8 (byte 10 of the line)"),
    "latin 1 in a key of no use": (json.dumps(edit(8)).encode()[:-1] + b', "x": "\xe9"}', "not UTF-8 (byte"),
    "utf-16": (
        '{"a": 1}'.encode("utf-16-le"),
        "not JSON (Expecting property name enclosed in double quotes at character 1)",
    ),
    "deep": (
        b'{"x": ' + b"[" * 100_000 + b"]" * 100_000 + b"}",
        "not a row (JSON nested deeper than 200)",
    ),
    "control character": (b'{"text": "\x01"}', "not JSON (Invalid control character at at character 10)"),
    "half of the next": (b'"summarized_text": "x"}', "not JSON (Extra data at character 17)"),
}


@pytest.mark.parametrize("kind", WHOLE_LINES)
@pytest.mark.parametrize("subset", ["single_turn", "preference", "multi_turn"])
def test_a_line_that_is_no_object(tmp_path: Path, kind: str, subset: str) -> None:
    line, reason = WHOLE_LINES[kind]
    good = {"single_turn": edit, "preference": pair, "multi_turn": session}[subset]
    path = rows_file(tmp_path, [good(1), b"", line, good(2)])
    dataset = pb.load(subset, rows=path, on_bad_rows="skip")
    assert [record.source.address for record in dataset] == [f"picobanana://source/{photo(n)[8:]}" for n in (1, 2)]
    (bad,) = dataset.bad_rows
    assert (bad.file, bad.line, bad.field) == (str(path), 3, "")
    assert bad.reason.startswith(reason)
    with pytest.raises(RowError, match=r"^rows.jsonl:3: .*on_bad_rows='skip'") as caught:
        pb.load(subset, rows=path)
    assert (caught.value.file, caught.value.line, caught.value.field) == (str(path), 3, "")


URL, TEXT, SHORT, OUT, LABEL = "open_image_input_url", "text", "summarized_text", "output_image", "edit_type"
FIELDS = {
    "no photo": (_without(edit(), URL), URL, "is missing; expected a string such as 'https://farm1"),
    "photo null": (edit(open_image_input_url=None), URL, "is null; expected a string"),
    "photo empty": (edit(open_image_input_url=""), URL, "is empty; expected a string"),
    "photo number": (edit(open_image_input_url=3), URL, "is a number; expected a string"),
    "no text": (_without(edit(), TEXT), TEXT, "is missing"),
    "text null": (edit(text=None), TEXT, "is null"),
    "text number": (edit(text=1.5), TEXT, "is a number"),
    "text list": (edit(text=["a"]), TEXT, "is a list"),
    "text object": (edit(text={"en": "a"}), TEXT, "is an object"),
    "text boolean": (edit(text=True), TEXT, "is a boolean"),
    "text half a pair": (edit(text="a \ud83e b"), TEXT, "holds half of a surrogate pair, which is no text"),
    "short number": (edit(summarized_text=5), SHORT, "is a number; expected a string or null"),
    "short half a pair": (edit(summarized_text="\udd9c"), SHORT, "holds half of a surrogate pair"),
    "no output": (_without(edit(), OUT), OUT, "is missing; expected a string such as 'images/positive-edit/1.png'"),
    "output null": (edit(output_image=None), OUT, "is null"),
    "output empty": (edit(output_image=""), OUT, "is empty"),
    "output folder": (edit(output_image="images/"), OUT, "is 'images/', a folder"),
    "output stale folder": (
        edit(output_image="nano-banana-300k/images/"),
        OUT,
        "is 'nano-banana-300k/images/', a folder",
    ),
    "label missing": (_without(edit(), LABEL), LABEL, "is missing; expected a string such as 'Zoom in'"),
    "label null": (edit(edit_type=None), LABEL, "is null"),
    "label number": (edit(edit_type=7), LABEL, "is a number"),
    "local number": (edit(local_input_image=7), "local_input_image", "is a number; expected a string or null"),
}
PAIRS = {
    "rejected number": (pair(rejected_images=3), "rejected_images", "is a number; expected a list of paths"),
    "rejected object": (
        pair(rejected_images={"url": "x"}),
        "rejected_images",
        "is an object; expected a list of paths",
    ),
    "rejected holds null": (
        pair(rejected_images=["a.png", None]),
        "rejected_images[1]",
        "is not a path; expected a string",
    ),
    "rejected holds number": (pair(rejected_images=[1]), "rejected_images[0]", "is not a path"),
    "rejected holds empty": (pair(rejected_images=["", "a"]), "rejected_images[0]", "is not a path"),
    "rejected holds folder": (pair(rejected_images=["images/"]), "rejected_images[0]", "is 'images/', a folder"),
    "rejected holds list": (pair(rejected_images=[["a.png"]]), "rejected_images[0]", "is not a path"),
    "rejected half a pair": (pair(rejected_images=["\udd9c"]), "rejected_images[0]", "holds half of a surrogate pair"),
    "chosen null": (pair(output_image=None), OUT, "is null"),
}
FILES, PROMPTS = "files", "metadata_edit_turn_prompts"
SESSIONS = {
    "no files": (_without(session(), FILES), FILES, "is missing; expected a list of {'id', 'url'}"),
    "files null": (session(files=None), FILES, "is null; expected a list"),
    "files object": (session(files={}), FILES, "is an object; expected a list"),
    "files of strings": (session(files=["a.png"]), "files[0]", "is not an object with 'id' and 'url'"),
    "file without id": (session(files=[{"url": "a.png"}]), "files[0]", "is not an object with 'id' and 'url'"),
    "file without url": (session(files=[{"id": "final_image"}]), "files[0]", "is not a path"),
    "file url null": (session(files=[{"id": "final_image", "url": None}]), "files[0]", "is not a path"),
    "file url a folder": (
        session(files=[{"id": "original_input_image", "url": "https://h/u.jpg"}, {"id": "final_image", "url": "/"}]),
        FILES,
        "is '/', a folder",
    ),
    "no photo": (
        session(files=[{"id": "final_image", "url": "a"}]),
        FILES,
        "has no entry with the id 'original_input_image'",
    ),
    "no prompts": (_without(session(), PROMPTS), PROMPTS, "is missing; expected a list of instructions"),
    "prompts null": (session(metadata_edit_turn_prompts=None), PROMPTS, "is null; expected a list of instructions"),
    "prompts string": (
        session(metadata_edit_turn_prompts="go"),
        PROMPTS,
        "is a string; expected a list of instructions",
    ),
    "prompt null": (session(metadata_edit_turn_prompts=["a", None]), f"{PROMPTS}[1]", "is null; expected a string"),
    "prompt number": (session(metadata_edit_turn_prompts=[1]), f"{PROMPTS}[0]", "is a number; expected a string"),
    "prompt half a pair": (
        session(metadata_edit_turn_prompts=["\ud83e"]),
        f"{PROMPTS}[0]",
        "holds half of a surrogate pair",
    ),
}
CASES = [
    pytest.param(subset, good, *case, id=f"{subset}: {name}")
    for subset, good, cases in (
        ("single_turn", edit, FIELDS),
        ("preference", pair, PAIRS),
        ("multi_turn", session, SESSIONS),
    )
    for name, case in cases.items()
]


@pytest.mark.parametrize(("subset", "good", "row", "field", "reason"), CASES)
def test_a_field_that_is_not_what_it_should_be(
    tmp_path: Path, subset: str, good: Any, row: dict[str, Any], field: str, reason: str
) -> None:
    path = rows_file(tmp_path, [good(1), json.dumps(row).encode(), good(2)])
    with pytest.raises(RowError) as caught:
        pb.load(subset, rows=path)
    error = caught.value
    assert (error.file, error.line, error.field) == (str(path), 2, field)
    assert str(error).startswith(f"rows.jsonl:2: '{field}' {reason}")
    assert isinstance(error, ValueError)
    dataset = pb.load(subset, rows=path, on_bad_rows="skip")
    assert len(dataset) == len(list(dataset)) == 2
    assert [(bad.line, bad.field) for bad in dataset.bad_rows] == [(2, field)]


def test_skipping_counts_and_lists_and_opening_again_with_error_raises_again(tmp_path: Path) -> None:
    path = rows_file(tmp_path, [b"one", edit(1), edit(2, text=None), edit(3), b"{"])
    with pytest.raises(RowError, match=r"^rows.jsonl:1: .*\(3 lines are bad\)$"):
        pb.load(rows=path)
    skipped = pb.load(rows=path, on_bad_rows="skip")
    assert [bad.line for bad in skipped.bad_rows] == [1, 3, 5]
    assert [record.id for record in skipped] == ["single_turn/positive-edit/1", "single_turn/positive-edit/3"]
    assert repr(skipped).endswith("\n  3 bad lines left out, see .bad_rows")
    assert skipped.select(limit=1).bad_rows == skipped.bad_rows
    with pytest.raises(RowError, match=r"^rows.jsonl:1: .*\(3 lines are bad\)$"):
        pb.load(rows=path, on_bad_rows="error")


def test_there_are_two_ways_to_treat_bad_rows(tmp_path: Path) -> None:
    with pytest.raises(UnknownNameError, match=r"unknown way to treat bad rows 'ignore'.* error, skip"):
        loaded(tmp_path, [edit(1)], on_bad_rows="ignore")


def test_a_file_cut_off_in_its_last_line(tmp_path: Path) -> None:
    path = rows_file(tmp_path, lines([edit(1), edit(2)])[:-30])
    with pytest.raises(RowError, match=r"^rows.jsonl:2: not JSON \(Unterminated string"):
        pb.load(rows=path)
    dataset = pb.load(rows=path, on_bad_rows="skip")
    assert [record.id for record in dataset] == ["single_turn/positive-edit/1"]
    assert [bad.line for bad in dataset.bad_rows] == [2]


@pytest.mark.parametrize("subset", list(pb.Subset))
@pytest.mark.parametrize(
    "content", [b"", b"\n", b"\xef\xbb\xbf", b"\n \r\n\t\n"], ids=["nothing", "a line end", "a mark", "blanks"]
)
def test_a_file_without_rows(tmp_path: Path, subset: str, content: bytes) -> None:
    _check_empty(loaded(tmp_path, content, subset))


@pytest.mark.parametrize("subset", list(pb.Subset))
def test_a_file_of_bad_rows_alone(tmp_path: Path, subset: str) -> None:
    dataset = loaded(tmp_path, [b"{}", b"null", b"{"], subset, on_bad_rows="skip")
    assert [bad.line for bad in dataset.bad_rows] == [1, 2, 3]
    _check_empty(dataset)


def _check_empty(dataset: Any) -> None:
    assert len(dataset) == 0
    assert list(dataset) == dataset.ids == []
    assert set(dataset.counts("flag").values()) == {0}
    assert len(dataset.select(split="test_50_50", shuffle=1, contains="x", lacks_flags="short_missing")) == 0
    assert len(dataset[:3].shuffle().sample(2).sort()) == 0
    arrow = dataset.to_arrow()
    assert arrow.num_rows == 0
    assert arrow.schema.names[0] == "id"
    if dataset.subset == "multi_turn":
        assert dataset.counts("turns") == dataset.counts("inferred_edit_type") == {}
        assert len(dataset.select(turns=2, inferred_edit_types="zoom_in")) == 0
    else:
        assert dataset.counts("edit_type") == {}
        assert len(dataset.sample(3, balance="edit_type")) == len(dataset.select(balance="category")) == 0


ROWS = [edit(number, text=f"{number} {os.urandom(60).hex()}") for number in range(200)]
PACKERS = {".gz": gzip.compress, ".zst": zstandard.ZstdCompressor(write_checksum=True).compress}


@pytest.mark.parametrize("ending", PACKERS)
def test_compressed_files_are_read(tmp_path: Path, ending: str) -> None:
    expected = list(loaded(tmp_path, ROWS))
    packed = PACKERS[ending](lines(ROWS))
    assert list(pb.load(rows=rows_file(tmp_path, packed, f"rows.jsonl{ending}"))) == expected
    two = PACKERS[ending](lines(ROWS[:70])) + PACKERS[ending](lines(ROWS[70:]))
    assert list(pb.load(rows=rows_file(tmp_path, two, f"two.jsonl{ending}"))) == expected
    assert len(list(pb.read_jsonl(tmp_path / f"two.jsonl{ending}"))) == 200
    assert len(pb.load(rows=rows_file(tmp_path, PACKERS[ending](b""), f"none.jsonl{ending}"))) == 0


@pytest.mark.parametrize("ending", PACKERS)
@pytest.mark.parametrize("damage", ["cut short", "cut in half", "changed", "not packed", "garbage behind"])
def test_damaged_compressed_files_are_refused(tmp_path: Path, ending: str, damage: str) -> None:
    packed = PACKERS[ending](lines(ROWS))
    middle = len(packed) // 2
    spoilt = {
        "cut short": packed[:-1],
        "cut in half": packed[:middle],
        "changed": packed[:middle]
        + bytes(byte ^ 0xFF for byte in packed[middle : middle + 200])
        + packed[middle + 200 :],
        "not packed": lines(ROWS),
        "garbage behind": packed + b"garbage",
    }[damage]
    path = rows_file(tmp_path, spoilt, f"rows.jsonl{ending}")
    for on_bad_rows in ("error", "skip"):
        with pytest.raises(RowError, match=rf"rows\.jsonl{ending}:\d+: the compressed file is damaged or cut off \("):
            pb.load(rows=path, on_bad_rows=on_bad_rows)
    path.write_bytes(packed)
    assert len(pb.load(rows=path)) == 200


def test_the_raw_reader_names_file_and_line_too(tmp_path: Path) -> None:
    for line in (b"null", b"{", b'{"a": "\xff"}', b'{"a": ' + b"9" * 5000 + b"}"):
        reader = pb.read_jsonl(rows_file(tmp_path, [edit(1), line]))
        assert next(reader) == edit(1)
        with pytest.raises(RowError, match=r"^rows.jsonl:2: ") as caught:
            next(reader)
        assert caught.value.line == 2


def test_a_rows_file_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(pb.PicoBananaError, match=r"no rows file at .*nothing\.jsonl"):
        pb.load(rows=tmp_path / "nothing.jsonl")
    with pytest.raises(pb.PicoBananaError, match="no rows file at "):
        pb.load(rows=tmp_path)
