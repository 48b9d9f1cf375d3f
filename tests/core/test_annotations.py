"""Annotations: joined by id, refused where they name no rows, and the same in Python and on the command line."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

import pico_banana as pb
from pico_banana.cli import main
from pico_banana.errors import ConfigError, SelectionError

if TYPE_CHECKING:
    from pathlib import Path

pytest.importorskip("duckdb")


@pytest.fixture
def rows():
    return pb.load("single_turn", mirror="sample")


def scores_of(rows, count: int = 6) -> pa.Table:
    return pa.table({"id": [*rows.ids[:count], "single_turn/elsewhere"], "score": [n / 10 for n in range(count + 1)]})


def test_rows_are_found_by_what_annotations_say(rows):
    found = rows.where("score >= 0.3", scores_of(rows))
    assert found.ids == rows.ids[3:6]
    assert found[0].edited.address == rows[3].edited.address


def test_order_is_kept_and_unmentioned_rows_are_null(rows):
    turned = rows[::-1]
    assert turned.where("score is null", scores_of(rows)).ids == rows.ids[:5:-1]
    assert turned.where("score < 0.2", scores_of(rows)).ids == [rows.ids[1], rows.ids[0]]


def test_a_condition_may_name_columns_of_both_and_of_several_tables(rows):
    captions = pa.table({"id": rows.ids, "caption": [f"row {n}" for n in range(len(rows))]})
    kind = rows[4].category
    found = rows.where(f"score > 0.1 and caption <> 'row 2' and category = '{kind}'", scores_of(rows), captions)
    assert found.ids == [row.id for n, row in enumerate(rows) if n in {3, 4, 5} and row.category == kind]


def test_sessions_take_annotations_too():
    sessions = pb.load("multi_turn", mirror="sample")
    notes = pa.table({"id": sessions.ids, "good": [n % 2 == 0 for n in range(len(sessions))]})
    assert sessions.where("good", notes).ids == sessions.ids[::2]


@pytest.mark.parametrize("ending", ["parquet", "csv", "jsonl"])
def test_every_kind_of_file_is_read(rows, tmp_path: Path, ending: str):
    table, file = scores_of(rows), tmp_path / f"scores.{ending}"
    if ending == "parquet":
        pq.write_table(table, file)
    elif ending == "csv":
        lines = [f"{row['id']},{row['score']}" for row in table.to_pylist()]
        file.write_text("\n".join(["id,score", *lines]) + "\n")
    else:
        file.write_text("".join(json.dumps(row) + "\n" for row in table.to_pylist()))
    assert len(rows.where("score > 0.45", file)) == 1


def test_mistakes_are_named(rows, tmp_path: Path):
    with pytest.raises(SelectionError, match=r"scoer > 1.*no condition in SQL over id, .*score"):
        rows.where("scoer > 1", scores_of(rows))
    with pytest.raises(ConfigError, match="no column 'id', only name, score"):
        rows.where("score > 1", scores_of(rows).rename_columns(["name", "score"]))
    twice = pa.concat_tables([scores_of(rows), scores_of(rows)])
    with pytest.raises(ConfigError, match="an id twice"):
        rows.where("score > 1", twice)
    with pytest.raises(ConfigError, match=r"give \.parquet, \.csv or \.jsonl"):
        rows.where("score > 1", tmp_path / "scores.txt")
    with pytest.raises(ConfigError, match=r"there is no file .*absent\.parquet; give a"):
        rows.where("score > 1", tmp_path / "absent.parquet")
    for name in ("a.parquet", "a.jsonl"):
        (tmp_path / name).write_bytes(b"\xff\x00 no table")
        with pytest.raises(ConfigError, match="cannot be read as a table"):
            rows.where("score > 1", tmp_path / name)


def test_the_command_line_takes_the_same(rows, tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    file = tmp_path / "scores.parquet"
    pq.write_table(scores_of(rows), file)
    choice = ["ls", "single_turn", "--mirror", "sample"]
    assert main([*choice, "--where", "score >= 0.3", "--annotations", str(file), "--json"]) == 0
    assert [json.loads(line)["id"] for line in capsys.readouterr().out.splitlines()] == rows.ids[3:6]
    assert main([*choice, "--where", "score >= 0.3", "--annotations", str(file), "--limit", "2", "--json"]) == 0
    assert [json.loads(line)["id"] for line in capsys.readouterr().out.splitlines()] == rows.ids[3:5]  # filters first
    assert main([*choice, "--annotations", str(file)]) == 2
    assert "say which of them with --where" in capsys.readouterr().err
