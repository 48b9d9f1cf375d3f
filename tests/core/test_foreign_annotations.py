"""Annotations as people have them: frames, dicts, odd columns; each gives rows or one line that says what is wrong."""

from __future__ import annotations

import json
from decimal import Decimal
from typing import TYPE_CHECKING, Any

import pandas as pd
import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

import pico_banana as pb
from pico_banana.cli import main
from pico_banana.errors import ConfigError
from pico_banana.rows.sidecar import read_annotations
from pico_banana.rows.trouble import read_trouble, trouble_of_table

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture
def rows() -> Any:
    """The first rows of the sample."""
    return pb.load("single_turn", mirror="sample", limit=6)


WAYS = {
    "pandas": pd.DataFrame,
    "pandas, ids in the index": lambda columns: pd.DataFrame(columns).set_index("id"),
    "pandas, ids as categories": lambda columns: pd.DataFrame(columns).astype({"id": "category"}),
    "polars": pl.DataFrame,
    "dict": dict,
    "Arrow": pa.table,
    "record batch": pa.RecordBatch.from_pydict,
}


@pytest.mark.parametrize("way", WAYS)
def test_any_kind_of_table_is_annotations(rows: Any, way: str) -> None:
    table = WAYS[way]({"id": rows.ids[:4], "score": [0.1, 0.9, 0.8, 0.2]})
    assert rows.where("score > 0.5", table).ids == rows.ids[1:3]


@pytest.mark.parametrize("what", [None, 7, [1, 2], object(), {"id": ["a"], "score": [1, 2]}, {"id": "abc", "x": 1}])
def test_what_is_no_table_is_said_in_one_line(rows: Any, what: Any) -> None:
    with pytest.raises(ConfigError, match="is no table of annotations") as caught:
        rows.where("score > 0.5", what)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("ids", [[1, 2], [1.5, 2.5], [["a"], ["b"]], [b"a", b"b"]])
def test_ids_are_text(rows: Any, ids: list[Any]) -> None:
    with pytest.raises(ConfigError, match="ids of rows are text"):
        rows.where("score > 0", {"id": ids, "score": [1, 2]})


ODD_NAMES = [
    'a "quoted" name',
    "semi; drop table rows; --",
    "",
    " ",
    "__place__",
    "__PLACE__",
    "rows",
    "select",
    "é\u2028",
    "x" * 5000,
]


@pytest.mark.parametrize("name", ODD_NAMES)
def test_a_column_may_be_called_anything(rows: Any, name: str) -> None:
    table = pa.table([rows.ids, [number / 10 for number in range(6)], list(range(6))], names=["id", "score", name])
    assert rows.where("score > 0.25", table).ids == rows.ids[3:]
    quoted = name.replace('"', '""')
    if name:
        assert rows.where(f'"{quoted}" = 2', table).ids == [rows.ids[2]]


ODD_VALUES = {
    "lists": [[1], [], None, [2], [3], [4]],
    "structs": [{"a": 1}] * 6,
    "bytes": [b"\xff"] * 6,
    "nulls": [None] * 6,
    "decimals": [Decimal("1.5")] * 6,
    "huge": ["x" * 1_000_000] * 6,
    "surrogate-free": ["\U0001f600"] * 6,
}


@pytest.mark.parametrize("kind", ODD_VALUES)
def test_a_column_may_hold_anything(rows: Any, kind: str) -> None:
    table = pa.table({"id": rows.ids, "odd": ODD_VALUES[kind], "score": range(6)})
    assert rows.where("score >= 4", table).ids == rows.ids[4:]


def test_columns_that_are_the_rows_own_are_told_apart(rows: Any) -> None:
    table = pa.table({"id": rows.ids, "instruction": ["mine"] * 6, "score": range(6)})
    assert rows.where("score >= 4", table).ids == rows.ids[4:]
    assert rows.where("annotations_0.instruction = 'mine' and score < 2", table).ids == rows.ids[:2]


def test_measurements_are_not_added_to_a_foreign_table(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = tmp_path / "mine.jsonl"
    file.write_text(json.dumps({"id": "single_turn/positive-edit/1", "score": 1}) + "\n")
    before = file.read_bytes()
    assert main(["measure", str(file), "single_turn", "--mirror", "sample", "--limit", "1", "--no-alignment"]) == 2
    said = capsys.readouterr().err
    assert "holds other annotations (it has no " in said
    assert said.count("\n") == 1
    assert file.read_bytes() == before


@pytest.mark.parametrize("name", ["scores.parquet", "scores.csv", "scores.jsonl"])
def test_a_file_that_is_not_there_is_said_to_be_missing(rows: Any, tmp_path: Path, name: str) -> None:
    with pytest.raises(ConfigError, match=f"there is no file .*{name}"):
        rows.where("score > 0", tmp_path / name)


NO_UTF8 = pa.Array.from_buffers(pa.string(), 1, pa.array([b"\xff"]).buffers())
SECONDS_TO_FAR = pa.array([2**50], pa.int64())
UNREADABLE = {
    "a text": NO_UTF8,
    "a text in a list": pa.ListArray.from_arrays([0, 1], NO_UTF8),
    "a text in a dictionary": pa.DictionaryArray.from_arrays(pa.array([0], pa.int8()), NO_UTF8),
    "a moment": SECONDS_TO_FAR.cast(pa.timestamp("s")),
    "a moment in a list": pa.ListArray.from_arrays([0, 1], SECONDS_TO_FAR.cast(pa.timestamp("s"))),
    "a day": pa.array([2**30], pa.int32()).cast(pa.date32()),
    "a length of time": SECONDS_TO_FAR.cast(pa.duration("s")),
    "a zone": pa.array([0], pa.timestamp("us", tz="Nowhere/Land")),
}


@pytest.mark.parametrize("what", UNREADABLE)
def test_what_arrow_keeps_and_nobody_can_read_is_said_with_its_column(what: str) -> None:
    table = pa.table({"id": ["single_turn/positive-edit/1"], "odd": UNREADABLE[what]})
    with pytest.raises(ConfigError, match=r"the table cannot be read: odd holds .*; mend or drop it"):
        read_annotations(table)


def test_a_file_that_is_no_csv_is_said_to_be_no_table(tmp_path: Path) -> None:
    file = tmp_path / "scores.csv"
    pq.write_table(pa.table({"id": ["single_turn/positive-edit/1"], "score": [0.5]}), file)
    with pytest.raises(ConfigError, match=r"scores\.csv cannot be read"):
        read_annotations(file)


@pytest.mark.parametrize("kind", [pa.string_view(), pa.large_string(), pa.dictionary(pa.int8(), pa.large_string())])
def test_ids_and_texts_in_any_layout_of_arrow_become_trouble(kind: pa.DataType) -> None:
    def laid(texts: list[str]) -> pa.Array:  # the lowest pyarrow casts to no views, and makes no such dictionaries
        return pa.array(texts, kind) if kind == pa.string_view() else pa.array(texts).cast(kind)

    ids = ["single_turn/positive-edit/1"]
    table = pa.table({"id": laid(ids), "trouble": laid(["missing_file"])})
    assert read_trouble(table)["single_turn/positive-edit/1"].flags == {"missing_file"}
    assert list(trouble_of_table(table, "id is not null", "missing_file", found_by="me")) == ids


@pytest.mark.skipif(pa.__version__.startswith("16."), reason="the lowest pyarrow filters no table with such a column")
def test_columns_that_nobody_asks_for_may_be_laid_out_as_arrow_cannot_take_them() -> None:
    views = pa.array([["a"]], pa.list_(pa.string_view()))
    table = pa.table({"id": ["single_turn/positive-edit/1"], "odd": views, "why": ["seen"]})
    found = trouble_of_table(table, "why = 'seen'", "missing_file", found_by="me", note="why")
    assert [(name, one.note) for name, one in found.items()] == [("single_turn/positive-edit/1", "seen")]


def test_a_column_that_is_there_twice_is_named(tmp_path: Path) -> None:
    file = tmp_path / "scores.csv"
    file.write_text("id,score,score\nsingle_turn/positive-edit/1,1,2\n")
    with pytest.raises(ConfigError, match=r"scores\.csv has the column 'score' twice; give each a name of its own"):
        read_annotations(file)
