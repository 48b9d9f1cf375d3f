"""Known trouble: files of it read, put together, made of findings and measurements, and loaded as flags."""

from __future__ import annotations

import json
import pickle

import pyarrow.parquet as pq
import pytest

import pico_banana as pb
from pico_banana.cli import main
from pico_banana.errors import ConfigError
from pico_banana.records import Flag
from pico_banana.rows.trouble import read_trouble, trouble_of_findings, trouble_table
from tests.core.core_rows import edit, mirror_of, session

BAD = ["single_turn/positive-edit/2", "single_turn/positive-edit/5"]


@pytest.fixture
def folder(tmp_path):
    rows = [edit(number, open_image_input_url=f"https://photos.invalid/{number}_o.jpg") for number in range(1, 8)]
    return str(mirror_of(tmp_path / "mirror", single_turn=rows, multi_turn=[session(1), session(2)]))


@pytest.fixture
def file(tmp_path):
    path = tmp_path / "trouble.csv"
    path.write_text(
        "id,trouble,found_by,note\n"
        f'{BAD[0]},"misaligned,wrong-picture",measure,moved\n'
        f"{BAD[1]},missing_file,,\n"
        "multi_turn/multi-turn/1_attemptA_turn3,misaligned,me,turn2\n"
    )
    return path


def test_trouble_is_flags_for_filters_counts_records_and_tables(folder, file):
    rows = pb.load("single_turn", mirror=folder, trouble=file)
    assert rows.select(has_flags="misaligned").ids == BAD[:1]
    assert len(rows.select(lacks_flags=["misaligned", "missing_file"])) == 5
    assert pb.load("single_turn", mirror=folder, trouble=file, lacks_flags="missing_file", limit=9).ids == [
        name for name in rows.ids if name != BAD[1]
    ]
    assert rows.counts("flag")["wrong_picture"] == 1
    assert rows[BAD[0]].flags == {Flag.MISALIGNED, Flag.WRONG_PICTURE}
    assert rows[0].flags == frozenset()
    assert rows.column("flags")[1] == ["misaligned", "wrong_picture"]
    assert [record.flags for record in rows][4] == {Flag.MISSING_FILE}
    assert pb.load("single_turn", mirror=folder).counts("flag")["misaligned"] == 0  # nothing was written
    assert pb.load("instructions", mirror=folder, trouble=file)[BAD[1]].flags == {Flag.MISSING_FILE}
    assert pb.load("multi_turn", mirror=folder, trouble=file, has_flags="misaligned").ids == [
        "multi_turn/multi-turn/1_attemptA_turn3"
    ]


def test_flags_that_rows_show_themselves_stay(tmp_path, file):
    rows = [edit(number, summarized_text="") for number in (1, 2)]
    loaded = pb.load("single_turn", mirror=str(mirror_of(tmp_path / "m", single_turn=rows)), trouble=file)
    assert loaded[BAD[0]].flags == {Flag.SHORT_MISSING, Flag.MISALIGNED, Flag.WRONG_PICTURE}


def test_marks_travel_to_other_processes_and_long_streams(tmp_path):
    rows = [edit(number) for number in range(1, 5001)]
    folder = str(mirror_of(tmp_path / "m", single_turn=rows))
    bad = {"id": ["single_turn/positive-edit/4999"], "trouble": ["wrong_picture"]}
    loaded = pb.load("single_turn", mirror=folder, trouble=bad)
    again = pickle.loads(pickle.dumps(loaded))
    for one in (loaded, again):
        assert one[4998].flags == {Flag.WRONG_PICTURE}
        assert [record.id for record in one if record.flags] == bad["id"]


def test_ids_that_name_no_row_here_are_told(folder):
    rows = pb.load(
        "single_turn", mirror=folder, trouble={"id": ["single_turn/positive-edit/77"], "trouble": ["misaligned"]}
    )
    assert rows.table.unmatched == ("single_turn/positive-edit/77",)
    assert "known trouble of 1 rows that are not here" in repr(rows)


def test_several_files_are_put_together(folder, file):
    more = {
        "id": BAD,
        "trouble": ["missing_file", "missing_file"],
        "found_by": ["them", "them"],
        "note": ["", "edited"],
    }
    found = read_trouble(file, more)
    assert found[BAD[0]].flags == {Flag.MISALIGNED, Flag.WRONG_PICTURE, Flag.MISSING_FILE}
    assert (found[BAD[0]].found_by, found[BAD[0]].note) == ("measure; them", "moved")
    assert (found[BAD[1]].found_by, found[BAD[1]].note) == ("them", "edited")
    assert read_trouble(trouble_table(found)) == found
    assert len(pb.load("single_turn", mirror=folder, trouble=[file, more], has_flags="missing_file")) == 2


@pytest.mark.parametrize(
    ("table", "words"),
    [
        ({"id": ["a"], "trouble": ["mislaigned"]}, "line 1.*misaligned"),
        ({"id": ["a"], "trouble": [""]}, "line 1: a has no trouble"),
        ({"id": ["a"]}, "no column 'trouble'"),
        ({"id": ["a", "a"], "trouble": ["misaligned", "misaligned"]}, "twice"),
    ],
)
def test_what_is_no_file_of_trouble_is_refused(folder, table, words):
    with pytest.raises(ConfigError, match=words):
        pb.load("single_turn", mirror=folder, trouble=table)


def test_measurements_make_trouble(folder, tmp_path, capsys):
    pytest.importorskip("duckdb")
    out, table = tmp_path / "trouble.csv", tmp_path / "changes.parquet"
    import pyarrow as pa

    names = [BAD[0], f"{BAD[1]}#turn2", "single_turn/positive-edit/1"]
    pq.write_table(pa.table({"id": names, "doubt": ["moved", "moved", "unlike"], "shift": [0.2, 0.1, 0.0]}), table)
    assert main(["trouble", "from-measure", str(out), str(table), "--json"]) == 0
    assert json.loads(capsys.readouterr().out) == {"found": 2, "new": 2, "rows": 2, "out": str(out)}
    assert [(one.id, one.note) for one in read_trouble(out).values()] == [(BAD[0], "moved"), (BAD[1], "turn2: moved")]
    again = ["trouble", "from-measure", str(out), str(table), "--when", "shift > 0.15", "--as", "wrong_picture"]
    assert main(again) == 0
    assert "1 rows found, 0 new; 2 in" in capsys.readouterr().out
    assert read_trouble(out)[BAD[0]].flags == {Flag.MISALIGNED, Flag.WRONG_PICTURE}
    ls = ["ls", "single_turn", "--mirror", folder, "--trouble", str(out), "--not-flag", "misaligned", "--json"]
    assert main(ls) == 0
    listed = [json.loads(line)["id"] for line in capsys.readouterr().out.splitlines()]
    assert len(listed) == 5
    assert not set(listed) & set(BAD)


def test_where_nothing_is_wrong_the_file_is_empty_and_loads(folder, tmp_path, capsys):
    pytest.importorskip("duckdb")
    for ending in ("csv", "parquet", "jsonl"):
        out = tmp_path / f"trouble.{ending}"
        table = tmp_path / "changes.csv"
        table.write_text(f"id,doubt\n{BAD[0]},unlike\n")
        assert main(["trouble", "from-measure", str(out), str(table), "--json"]) == 0
        assert json.loads(capsys.readouterr().out)["rows"] == 0
        if ending != "jsonl":  # a file of no lines has no columns either
            assert read_trouble(out) == {}
            assert len(pb.load("single_turn", mirror=folder, trouble=out, lacks_flags="misaligned")) == 7
        assert main(["trouble", "from-measure", str(out), str(table), "--when", "true"]) == 0
        assert list(read_trouble(out)) == BAD[:1]
        capsys.readouterr()


def test_rows_that_somebody_looked_at_make_trouble(folder, tmp_path, capsys):
    out = tmp_path / "trouble.jsonl"
    words = [
        "trouble",
        "from-rows",
        str(out),
        "single_turn",
        "--mirror",
        folder,
        "--id",
        BAD[0],
        "--as",
        "wrong_picture",
    ]
    assert main([*words, "--found-by", "me", "--note", "another photo"]) == 0
    assert main(["trouble", "show", str(out), "--json"]) == 0
    shown = json.loads(capsys.readouterr().out.splitlines()[-1])
    assert shown == {"rows": 1, "trouble": [{"subset": "single_turn", "trouble": "wrong_picture", "rows": 1}]}
    assert main(["trouble", "merge", str(tmp_path / "all.parquet"), str(out)]) == 0
    assert read_trouble(tmp_path / "all.parquet") == read_trouble(out)
    assert main([*words[:-1], "splendid"]) == 2
    assert main(["trouble", "show", str(out)]) == 0


def test_findings_make_trouble():
    findings = [{"name": "rows", "found": "all"}, {"name": "edits of the first rows", "gone": [BAD[0]]}]
    (one,) = trouble_of_findings(findings).values()
    assert (one.id, one.flags, one.found_by) == (BAD[0], {Flag.MISSING_FILE}, "doctor --live")
    with pytest.raises(ConfigError, match="line 1 is no finding"):
        trouble_of_findings([{"rows": 1}])
