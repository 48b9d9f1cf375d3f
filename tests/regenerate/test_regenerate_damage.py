"""Ledgers whose database is not what was written: each command says so in one line."""

from __future__ import annotations

import random
import shutil
import sqlite3

import pytest

from pico_banana.cli import main
from pico_banana.errors import StoreError
from pico_banana.regenerate import open_ledger


@pytest.fixture(scope="module")
def base(tmp_path_factory):
    folder = tmp_path_factory.mktemp("base")
    (folder / "c.toml").write_text('seed = 3\n[source]\nfolder = "sample"\nlimit = 2\n')
    assert main(["regenerate", "run", str(folder / "c.toml"), "--ledger", str(folder / "l")]) == 0
    return folder


def sql(statement):
    def spoil(path, _):
        with sqlite3.connect(path) as database:
            database.execute(statement)
        database.close()

    return spoil


def flipped(seed):
    def spoil(path, data):
        rng, spoilt = random.Random(seed), bytearray(data)
        for _ in range(30):
            spoilt[rng.randrange(100, len(spoilt))] = rng.randrange(256)
        path.write_bytes(spoilt)

    return spoil


SPOILT = {
    "junk": lambda path, _: path.write_bytes(b"x" * 5000),
    "half": lambda path, data: path.write_bytes(data[: len(data) // 2]),
    "a header": lambda path, data: path.write_bytes(data[:100]),
    "a folder": lambda path, _: (path.unlink(), path.mkdir()),
    "no items": sql("DROP TABLE items"),
    "no configuration": sql("UPDATE configs SET json = 'x'"),
    "a list": sql("UPDATE configs SET json = '[]'"),
    "depth": sql(f"UPDATE configs SET json = '{'[' * 50_000}'"),
    **{f"flips {seed}": flipped(seed) for seed in range(6)},
}
SCORES = ["x", "null", '{"compliance": "high"}', "[1]", "1e999"]


@pytest.mark.parametrize("odd", SPOILT)
def test_a_damaged_ledger_is_told_in_one_line(base, tmp_path, capsys, odd):
    shutil.copytree(base / "l", tmp_path / "l")
    SPOILT[odd](tmp_path / "l/ledger.sqlite", (base / "l/ledger.sqlite").read_bytes())
    for words in (["status"], ["report"], ["assemble", "--out", str(tmp_path / "o")]):
        code = main(["regenerate", words[0], str(tmp_path / "l"), *words[1:]])
        said = capsys.readouterr().err
        if not odd.startswith("flips"):  # a byte may have been flipped that nobody reads
            assert code == 1
            assert "ledger.sqlite cannot be read as a ledger (" in said or "is not a ledger" in said
    main(["regenerate", "run", str(base / "c.toml"), "--ledger", str(tmp_path / "l")])


MISFITS = {
    ("assemble", "instructions", "text"): "x'ff00'",
    ("assemble", "photos", "locator"): "x'ff00'",
    ("assemble", "attempts", "attempt"): "'x'",
    ("report", "items", "edit_types"): "x'ff00'",
    ("report", "attempts", "outcome"): "x'ff00'",
    ("report", "call_sums", "usd"): "'x'",
    ("status", "makers", "backend"): "x'ff00'",
}


@pytest.mark.parametrize("place", MISFITS)
def test_a_value_of_another_kind_is_told_with_its_table_and_row(base, tmp_path, capsys, place):
    command, table, column = place
    shutil.copytree(base / "l", tmp_path / "l")
    sql(f"UPDATE {table} SET {column} = {MISFITS[place]}")(tmp_path / "l/ledger.sqlite", b"")
    out = ["--out", str(tmp_path / "o")] if command == "assemble" else []
    assert main(["regenerate", command, str(tmp_path / "l"), *out]) == 1
    said = capsys.readouterr().err
    assert f"l/ledger.sqlite: {column} of table {table} is a " in said
    assert "in the row of " in said


@pytest.mark.parametrize(("column", "odd"), [("objects", "[1]"), ("tags", "3")])
def test_an_item_that_is_none_is_told_with_its_number(base, tmp_path, column, odd):
    shutil.copytree(base / "l", tmp_path / "l")
    sql(f"UPDATE photos SET {column} = '{odd}' WHERE id = 2")(tmp_path / "l/ledger.sqlite", b"")
    told = pytest.raises(StoreError, match=r"ledger.sqlite: item \d+, or its photo, holds something else")
    with told, open_ledger(tmp_path / "l") as ledger:
        list(ledger.items())


@pytest.mark.parametrize("scores", SCORES)
def test_scores_that_are_none_are_told(base, tmp_path, capsys, scores):
    shutil.copytree(base / "l", tmp_path / "l")
    sql(f"UPDATE verdicts SET scores = '{scores}'")(tmp_path / "l/ledger.sqlite", b"")
    assert main(["regenerate", "report", str(tmp_path / "l")]) == 1
    assert "are no scores" in capsys.readouterr().err


def test_what_else_is_wrong_inside_is_not_called_damage(base):
    with pytest.raises(ValueError, match="mine"), open_ledger(base / "l"):
        raise ValueError("mine")
    with pytest.raises(StoreError, match="no such table"), open_ledger(base / "l") as ledger:
        ledger.database.execute("SELECT * FROM absent")
