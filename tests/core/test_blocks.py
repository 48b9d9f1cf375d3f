"""Blocks of lines: cut anywhere, parsed the fast or the careful way, they give the same rows."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from core_rows import edit, lines, loaded, pair, photo, rows_file, session
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

import pico_banana as pb
from pico_banana.records import Subset
from pico_banana.rows.bad import BadRow
from pico_banana.rows.lines import columns, jsonl
from pico_banana.rows.lines.jsonl import Block, RowsReader
from pico_banana.rows.lines.paths import picture_path, published_path
from pico_banana.rows.lines.published import parse_line, published, published_line

if TYPE_CHECKING:
    from pathlib import Path

QUICKLY = settings(
    max_examples=200, deadline=None, derandomize=True, suppress_health_check=[HealthCheck.function_scoped_fixture]
)

texts = st.text(st.characters(codec="utf-8"), max_size=12)
pieces = st.sampled_from(
    [
        "images/",
        "nano-banana-300k/",
        "/",
        "./",
        "https://",
        "http://",
        "positive-edit/1.png",
        "?",
        "#",
        " ",
        "é",
        "\n",
        "@",
        "..",
    ]
)
odd_paths = st.lists(pieces, max_size=5).map(lambda parts: "".join(parts) + "a.png")
plain_paths = st.sampled_from([f"images/positive-edit/{name}.png" for name in ("1", "2", "k00003_retry1")])
# The fast way takes plain paths alone, and a row has up to four: odd ones are drawn often enough to be met, no more.
paths = st.sampled_from([plain_paths] * 5 + [odd_paths]).flatmap(lambda kind: kind)
labels = st.sampled_from([kind.label for kind in pb.edit_types()]) | texts
junk = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.lists(texts, max_size=2)
    | st.just({"url": "a"})
    | texts
    | pieces
)
KEYS = [
    "open_image_input_url",
    "text",
    "output_image",
    "edit_type",
    "summarized_text",
    "rejected_images",
    "local_input_image",
]


def _once_in(times: int) -> st.SearchStrategy[bool]:
    return st.sampled_from([False] * (times - 1) + [True])  # integers() would favour its bounds


def _rows(**more: st.SearchStrategy[Any]) -> st.SearchStrategy[dict[str, Any]]:
    required = {
        "open_image_input_url": st.sampled_from([st.just(photo())] * 5 + [paths]).flatmap(lambda kind: kind),
        "text": texts,
        "output_image": paths,
        "edit_type": labels,
    }
    optional = {
        "summarized_text": st.none() | texts,
        "local_input_image": st.none() | texts,
        "extra": junk,
        "nested": st.just([{"text": {}}]),
    }
    good = st.fixed_dictionaries({**required, **more}, optional=optional)
    spoilt = st.builds(lambda row, key, value: row | {key: value}, good, st.sampled_from(KEYS), junk)
    return _once_in(10).flatmap(lambda spoil: spoilt if spoil else good)


singles = _rows()
pairs = _rows(rejected_images=st.lists(paths, max_size=3) | st.lists(paths, max_size=3) | paths)


@st.composite
def written(draw: st.DrawFn, rows: st.SearchStrategy[dict[str, Any]]) -> bytes:
    """Write a row as JSON that is valid and looks like nobody's."""
    row = draw(rows)
    if not draw(_once_in(3)):
        return json.dumps(row, ensure_ascii=draw(st.booleans())).encode()
    items = draw(st.permutations(list(row.items())))
    ascii_only, loose = draw(st.booleans()), draw(st.sampled_from([(", ", ": "), (",", ":"), (" ,\t", "\r:  ")]))
    parts = [
        loose[1].join((_escaped(key, draw(_once_in(10))), json.dumps(value, ensure_ascii=ascii_only)))
        for key, value in items
    ]
    if parts and draw(_once_in(10)):
        parts.append(parts[0])  # the same key twice
    line = "{" + loose[0].join(parts) + "}"
    return (
        draw(st.sampled_from([b"", b"", b"", b" ", b"\t"]))
        + line.encode()
        + draw(st.sampled_from([b"", b"", b"\r", b" "]))
    )


def _escaped(key: str, escaped: bool) -> str:
    return '"' + "".join(f"\\u{ord(letter):04x}" for letter in key) + '"' if escaped else json.dumps(key)


garbage = st.sampled_from(
    [b"", b"null", b"[]", b"{}", b"{} {}", b"{} null", b"}{", b"{", b"1", b'{"text":', b"\xff", b"\xef\xbb\xbf{}"]
)


@pytest.mark.parametrize(("subset", "rows"), [(Subset.SINGLE_TURN, singles), (Subset.PREFERENCE, pairs)])
def test_the_fast_way_gives_what_the_careful_way_gives(subset: Subset, rows: st.SearchStrategy[dict[str, Any]]) -> None:
    fast_ones = 0

    @QUICKLY
    @given(
        data=st.lists(_once_in(30).flatmap(lambda spoil: garbage if spoil else written(rows)), max_size=3),
        end=st.booleans(),
    )
    def compare(data: list[bytes], end: bool) -> None:
        nonlocal fast_ones
        block = Block(b"\n".join(data) + b"\n" * end, 7)
        fast = columns._at_once(subset, block)
        careful = columns._line_by_line(subset, block, "rows.jsonl")
        if fast is not None:
            fast_ones += 1
            assert careful.bad == ()
            assert fast.schema == careful.table.schema
            assert fast.to_pylist() == careful.table.to_pylist()

    compare()
    assert fast_ones > 20, fast_ones


def test_ordinary_rows_go_the_fast_way() -> None:
    for subset, good in ((Subset.SINGLE_TURN, edit), (Subset.PREFERENCE, pair)):
        rows = [
            good(1),
            good(2, summarized_text=None),
            good(3, text="é ↔ \u2028 {braces}, \n [more]"),
            good(4, local_input_image="a.jpg"),
        ]
        for data in (lines(rows), lines(rows)[:-1], lines(rows, end=b"\r\n")):
            table = columns._at_once(subset, Block(data, 1))
            assert table is not None
            assert table["line"].to_pylist() == [1, 2, 3, 4]


DANGEROUS = [
    b"null",
    b'{"a": 1} null',
    b'null {"a": 1}',
    b"[]",
    b"[null]",
    b"1",
    b'"x"',
    b"{}{}",
    b"{} []",
    b"{}\n{}null",
    b'{"text": null} null {}',
]


@pytest.mark.parametrize("line", DANGEROUS)
def test_what_kills_or_fools_the_fast_parser_never_reaches_it(line: bytes) -> None:
    for data in (line, lines([edit(1)]) + line, line + b"\n" + lines([edit(1)]), lines([edit(1), line, edit(2)])):
        assert columns._at_once(Subset.SINGLE_TURN, Block(data, 1)) is None
        rows = columns.parse_block(Subset.SINGLE_TURN, Block(data, 1), file="rows.jsonl")
        assert rows.bad != ()


PICTURES = {
    "images/positive-edit/1.png": "positive-edit/1.png",
    "nano-banana-300k/images/rejected-edit/14.png": "rejected-edit/14.png",
    "https://cdn.example/a/nb/images/multi-turn/1.png": "multi-turn/1.png",
    "https://cdn.example/images/images/1.png": "images/1.png",
    "https://cdn.example/1.png": "@cdn.example/1.png",
    "https://cdn.example/1.png?from=/images/2.png": "@cdn.example/1.png?from=/images/2.png",
    "positive-edit/1.png": "positive-edit/1.png",
    "images/ä ↔/1.png": "ä ↔/1.png",
}


@pytest.mark.parametrize("name", PICTURES)
def test_a_picture_path_keeps_its_meaning_when_written_again(name: str) -> None:
    path = picture_path(name)
    assert path == PICTURES[name]
    assert picture_path(published_path(path)) == path


@pytest.mark.parametrize(("subset", "rows"), [(Subset.SINGLE_TURN, singles), (Subset.PREFERENCE, pairs)])
def test_rows_can_be_written_as_the_release_writes_them(
    subset: Subset, rows: st.SearchStrategy[dict[str, Any]]
) -> None:
    @QUICKLY
    @given(row=rows)
    def there_and_back(row: dict[str, Any]) -> None:
        parsed = parse_line(subset, json.dumps(row).encode())
        assume(not isinstance(parsed, BadRow))
        assert not isinstance(parsed, BadRow)
        for path in [parsed["edited"], *parsed.get("rejected", [])]:
            assume(picture_path(published_path(path)) == path)
        assert parse_line(subset, published_line(subset, parsed)) == parsed

    there_and_back()


def test_published_rows_have_the_published_keys_in_their_order() -> None:
    for subset, row in ((Subset.SINGLE_TURN, edit(1)), (Subset.PREFERENCE, pair(1)), (Subset.MULTI_TURN, session(1))):
        parsed = parse_line(subset, json.dumps(row).encode())
        assert not isinstance(parsed, BadRow)
        again = published(subset, parsed)
        expected = row | ({"rejected_images": ["images/rejected-edit/1.png"]} if subset is Subset.PREFERENCE else {})
        assert list(again.items()) == list(expected.items())
        local = published(subset, parsed | {"local_source": "photos/1.jpg"})
        assert list(local.items())[-1] == ("local_input_image", "photos/1.jpg")


@pytest.mark.parametrize("turns", [0, 1, 2, 3])
def test_sessions_can_be_written_again(turns: int) -> None:
    row = session(1, turns=max(turns, 1))
    if not turns:
        row = {
            "files": [file for file in row["files"] if file["id"] == "original_input_image"],
            "metadata_edit_turn_prompts": [],
        }
    parsed = parse_line(Subset.MULTI_TURN, json.dumps(row).encode())
    assert not isinstance(parsed, BadRow)
    assert published(Subset.MULTI_TURN, parsed) == row


CONTENT = (
    b"\xef\xbb\xbf"
    + lines([edit(1), b"", edit(2, text="é\u2028" * 40)])
    + lines([edit(3)], end=b"\r\n")
    + lines([edit(4)])[:-1]
)


@pytest.mark.parametrize("size", [1, 2, 3, 4, 5, 7, 16, 100, 241, 242, 243, 1000, 1 << 20])
@pytest.mark.parametrize("ending", ["", ".gz", ".zst"])
def test_blocks_may_end_anywhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, size: int, ending: str) -> None:
    import gzip

    import zstandard

    pack = {"": bytes, ".gz": gzip.compress, ".zst": zstandard.ZstdCompressor().compress}[ending]
    path = rows_file(tmp_path, pack(CONTENT), f"rows.jsonl{ending}")
    expected = [(1, edit(1)), (3, edit(2, text="é\u2028" * 40)), (4, edit(3)), (5, edit(4))]
    monkeypatch.setattr(jsonl, "BLOCK_BYTES", size)
    monkeypatch.setattr(jsonl, "_ZSTANDARD_BYTES", size)
    reader, seen = RowsReader(path), [0]
    blocks = list(reader.blocks(on_bytes=seen.append))
    found = [(number, json.loads(line)) for block in blocks for number, line in block.lines()]
    assert found == expected
    assert b"".join(block.data for block in blocks) == CONTENT[3:]
    assert sum(seen) == path.stat().st_size
    import hashlib

    assert reader.sha256 == hashlib.sha256(path.read_bytes()).hexdigest()
    assert [record.id for record in pb.load(rows=path)] == [f"single_turn/positive-edit/{n}" for n in (1, 2, 3, 4)]


def test_a_row_longer_than_a_block(tmp_path: Path) -> None:
    long = "Move the kite. " * (3 * jsonl.BLOCK_BYTES // 15)
    rows = [edit(1), edit(2, text=long), edit(3)]
    dataset = loaded(tmp_path, rows)
    assert [record.instruction for record in dataset] == [row["text"] for row in rows]
    assert dataset.select(contains="MOVE the kite. move").ids == ["single_turn/positive-edit/2"]


def test_line_numbers_count_over_blocks(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(jsonl, "BLOCK_BYTES", 1000)
    rows: list[Any] = [edit(number) for number in range(40)]
    rows[33] = b"not a row"
    dataset = loaded(tmp_path, rows, on_bad_rows="skip")
    assert [bad.line for bad in dataset.bad_rows] == [34]
    assert dataset.table.arrow()["line"].to_pylist() == [number for number in range(1, 41) if number != 34]


@pytest.mark.parametrize(("subset", "good"), [("single_turn", edit), ("preference", pair), ("multi_turn", session)])
def test_stored_rows_can_be_published_again(tmp_path: Path, subset: str, good: Any) -> None:
    from pico_banana.pictures.jobs.interchange import published_rows

    rows = [good(number) for number in range(1, 30)]
    dataset = loaded(tmp_path, rows, subset)[[5, 3, 28, 0]]
    expected = [rows[5], rows[3], rows[28], rows[0]]
    for row, again, record in zip(expected, published_rows(dataset), dataset, strict=True):
        if subset == "preference":
            row["rejected_images"] = [path.removeprefix("nano-banana-300k/") for path in row["rejected_images"]]
        assert again == row | {"local_input_image": None, "address": record.source.address}


def test_the_published_rows_load_exactly(real_rows: Path) -> None:
    singles = [json.loads(line) for line in (real_rows / "sft.jsonl").read_bytes().split(b"\n") if line.strip()]
    dataset = pb.load("single_turn", rows=real_rows / "sft.jsonl")
    assert len(singles) == len(dataset) == 14
    for row, record, line in zip(singles, dataset, published_lines(dataset), strict=True):
        assert record.instruction == row["text"]
        assert record.short_instruction == row["summarized_text"]
        assert record.edit_type.label == row["edit_type"]
        assert record.edit_type.known
        assert record.edited.address == f"picobanana://edited/{row['output_image'].removeprefix('images/')}"
        assert record.source.address == f"picobanana://source/{row['open_image_input_url'].removeprefix('https://')}"
        assert record.id == f"single_turn/{row['output_image'].removeprefix('images/').removesuffix('.png')}"
        assert json.loads(line) == row
    (row,) = [json.loads(line) for line in (real_rows / "multi-turn.jsonl").read_bytes().split(b"\n") if line.strip()]
    files = {file["id"]: file["url"] for file in row["files"]}
    prompts = row["metadata_edit_turn_prompts"]
    (record,) = pb.load("multi_turn", rows=real_rows / "multi-turn.jsonl")
    names = [*(f"edit_turn{turn}" for turn in range(1, len(prompts))), "final_image"]
    assert list(record.instructions) == prompts
    assert [turn.image.address for turn in record.turns] == [
        f"picobanana://edited/{files[name].removeprefix('images/')}" for name in names
    ]
    assert record.source.address == f"picobanana://source/{files['original_input_image'].removeprefix('https://')}"
    assert record.flags == frozenset()


def published_lines(dataset: Any) -> list[bytes]:
    """Write the rows of a store as the release does."""
    from pico_banana.rows.table.stored import stored_columns

    names = ["source", "local_source", "edited", "instruction", "short", "type"]
    rows = stored_columns(dataset.table.arrow(), names).to_pylist()
    return [published_line(Subset.SINGLE_TURN, row | {"label": dataset.table.labels[row["type"]]}) for row in rows]


# As in JSONTestSuite: what stands in a key that nobody reads must decide alike in both parsers.
NO_JSON = [
    "-NaN", "+NaN", "Inf", "-Inf", "+Inf", "+Infinity", "[Inf]", '{"a":-NaN}', "nan", "inf", "Infinit",
    "infinity", "+1", "01", "-01", "1 1",
    "1.", ".5", "-.5", "1e", "1e+", "1.e3", "0x12", "-", "--1", "1_000", "1a", "2.e-3", "0e", "1eE2",
    "[1,]", "[,1]", "[1", "1]", "[1 2]", '{"a":1,}', "{a:1}", "{'a':1}", '{"a"}', '{"a" 1}', '{"a"::1}', "[1:2]",
    "True", "nul", "undefined", "'x'", '"x', 'x"', '"\\x00"', '"\\u12"', '"\\a"', '"\t"', '"a\x00b"', "/**/1", "#", "",
    " ", "[" * 300 + "]" * 300, '{"a":' * 300 + "1" + "}" * 300, "[" * 100_000,
]  # fmt: skip
SOUND = [
    "NaN", "Infinity", "-Infinity", "[NaN]", '{"a":NaN}', '": -NaN"', '", Inf"',
    "0", "-0", "1e5", "1E-5", "-1.5e+10", "9" * 5000, "1" + "0" * 400, "1e999999", "-" + "9" * 5000 + ".5", "[]", "{}",
    '"NaN"', '": NaN"', '"\\ud83e"', '"\\u0000"', '{"a":1,"a":2}', "null", "[[[]]]", "[" * 150 + "]" * 150,
    '"' + "[" * 5000 + '"', '"\\"' + "[" * 5000 + '"', '"\u2028"', '"\ufeff"', "[1 , 2]",
]  # fmt: skip


@pytest.mark.parametrize("beside", [0, 1000])
@pytest.mark.parametrize(("subset", "good"), [(Subset.SINGLE_TURN, edit), (Subset.PREFERENCE, pair)])
@pytest.mark.parametrize(("value", "rows"), [*((value, 0) for value in NO_JSON), *((value, 1) for value in SOUND)])
def test_one_answer_whichever_parser_reads_a_line(
    subset: Subset, good: Any, value: str, rows: int, beside: int
) -> None:
    line = json.dumps(good(1)).encode()[:-1] + b', "extra": ' + value.encode() + b"}\n"
    others = b"".join(lines([good(number)]) for number in range(2, 2 + beside))
    alone = columns.parse_block(subset, Block(others + line, 1), file="f")
    careful = columns.parse_block(subset, Block(others + line + b"\n", 1), file="f")
    assert alone.table.num_rows == careful.table.num_rows == beside + rows
    assert alone.bad == careful.bad
    assert [bad.line for bad in alone.bad] == [beside + 1] * (1 - rows)


def test_a_line_that_is_longer_than_any_row_is_one_bad_row(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(jsonl, "LINE_BYTES", 5000)
    monkeypatch.setattr(jsonl, "BLOCK_BYTES", 1000)
    rows: list[Any] = [edit(1), edit(2, text="x" * 9000), edit(3), edit(4, text="y" * 4000), edit(5, text="z" * 20000)]
    dataset = loaded(tmp_path, rows, on_bad_rows="skip")
    assert [record.id[-1] for record in dataset] == ["1", "3", "4"]
    assert [(bad.line, bad.reason) for bad in dataset.bad_rows] == [
        (line, "longer than 16 MB, which is no row") for line in (2, 5)
    ]
    with pytest.raises(pb.errors.RowError, match=r"rows.jsonl:2: longer than 16 MB"):
        list(pb.read_jsonl(tmp_path / "rows.jsonl"))


@pytest.mark.parametrize("length", [4500, 5000, 5200, 5400, 5600, 5800, 6000])
def test_a_line_is_too_long_wherever_blocks_end(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, length: int) -> None:
    monkeypatch.setattr(jsonl, "LINE_BYTES", 5000)
    monkeypatch.setattr(jsonl, "BLOCK_BYTES", 1000)
    dataset = loaded(tmp_path, [edit(1), edit(2, text="x" * length), edit(3)], on_bad_rows="skip")
    assert [record.id[-1] for record in dataset] == (["1", "2", "3"] if length == 4500 else ["1", "3"])
    assert [bad.line for bad in dataset.bad_rows] == [2] * (length > 4500)


def test_a_hostile_line_needs_no_memory(tmp_path: Path) -> None:
    """300 MB of one line in 30 KB of Zstandard, read in a process that is given 150 MB more than it has."""
    import subprocess
    import sys

    import zstandard

    packer = zstandard.ZstdCompressor().compressobj()
    data = b"".join(packer.compress(b"x" * 1_000_000) for _ in range(300)) + packer.flush()
    path = rows_file(tmp_path, data + zstandard.ZstdCompressor().compress(b"\n" + lines([edit(1)])), "rows.jsonl.zst")
    code = """
import sys
import zstandard
from pathlib import Path
from pico_banana.rows.lines.jsonl import RowsReader
peak = lambda: int(Path("/proc/self/status").read_text().partition("VmHWM:")[2].split()[0])
before = peak()
found = [(block.first_line, block.too_long) for block in RowsReader(Path(sys.argv[1])).blocks()]
print(found, peak() - before < 150_000)
"""
    answer = subprocess.run([sys.executable, "-c", code, str(path)], capture_output=True, text=True, check=True)
    assert answer.stdout.strip() == "[(1, True), (2, False)] True"


def test_twins_are_told_apart_in_little_memory() -> None:
    """A file of nothing but twins: of each row hashes are kept, and never its text, here 8 KB."""
    import tracemalloc

    from pico_banana.rows.building.twins import _Told

    told, rows = _Told(Subset.SINGLE_TURN, ()), 20_000
    tracemalloc.start()
    for number in range(rows):
        told._add("positive-edit/1.png", f"{number} {'x' * 8192}", 0)
    twins = list(told.twins(np.arange(rows)))
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert len({number for _, number, _ in twins}) == rows
    assert peak / rows < 1000, "bytes a row"
