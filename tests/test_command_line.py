"""What every command shares: one-line mistakes with the nearest right word, in the words of the command line."""

from __future__ import annotations

import argparse
import csv
import json
import shlex
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

import pico_banana as pb
from pico_banana.cli import build_parser, main
from pico_banana.cli.headings import HEADINGS


def leaves(parser: argparse.ArgumentParser, path: tuple[str, ...] = ()):
    commands = [action for action in parser._actions if isinstance(action, argparse._SubParsersAction)]
    if not commands:
        yield path, parser
    for action in commands:
        for name, below in {id(below): (name, below) for name, below in reversed(action.choices.items())}.values():
            yield from leaves(below, (*path, name))


LEAVES = dict(leaves(build_parser()))


@pytest.mark.parametrize(
    ("words", "told"),
    [
        ("donwload", "unknown command 'donwload'. Did you mean 'download'? See `pico-banana --help`."),
        ("regenerate statsu", "unknown command 'statsu'. Did you mean 'status'? See `pico-banana regenerate --help`."),
        (
            "types --jsno",
            "unknown option '--jsno'. Did you mean '--json'? See `pico-banana types --help`.",
        ),
        ("ls --limit x", "--limit takes a whole number, not 'x'. See `pico-banana ls --help`."),
        (
            "ls --balance edit",
            "unknown value for --balance 'edit'. Did you mean 'edit_type'? See `pico-banana ls --help`.",
        ),
        ("mirror serve", "DIR is missing. See `pico-banana mirror serve --help`."),
        ("ls single_turn twice", "too many words: twice. See `pico-banana ls --help`."),
    ],
)
def test_a_mistake_is_one_line_with_the_nearest_right_word(words, told, capsys):
    with pytest.raises(SystemExit) as stopped:
        main(words.split())
    assert stopped.value.code == 2
    assert capsys.readouterr().err == f"error: {told}\n"


@pytest.mark.parametrize(
    ("words", "told"),
    [
        ("ls single_turn --limit -3", "--limit -3 is negative"),
        ("ls multi_turn --contains x --wording short", "--wording short finds nothing"),
        ("export parquet out --geometry crop", "--geometry crop needs a size, as in --size 512"),
        ("pack single_turn", "as in `pico-banana pack out/ single_turn`"),
    ],
)
def test_the_library_s_mistakes_are_told_in_options(words, told, capsys):
    assert main([*words.split(), "--mirror", "sample"]) == 2
    assert told in capsys.readouterr().err


def test_a_file_in_the_place_of_a_folder_is_named(tmp_path, capsys):
    (tmp_path / "file").write_text("x")
    assert main(["export", "jsonl", str(tmp_path / "file"), "single_turn", "--mirror", "sample"]) == 1
    assert capsys.readouterr().err == f"error: {tmp_path / 'file'} is a file; name a folder in its place\n"


@pytest.mark.parametrize("path", LEAVES, ids=" ".join)
def test_every_command_says_what_it_does_and_shows_examples_that_parse(path):
    about = LEAVES[path]
    assert about.description
    lines = [line.split("   ")[0].strip() for line in (about.epilog or "").split("example")[-1].splitlines()]
    examples = [line.removeprefix("s:").removeprefix(": ") for line in lines]
    shown = [line for line in examples if line.startswith(f"pico-banana {' '.join(path)} ")]
    assert shown, "no example"
    for line in shown:
        build_parser().parse_args(shlex.split(line)[1:])


def test_every_command_is_under_one_heading():
    grouped = [name for names in HEADINGS.values() for name in names]
    commands = next(action for action in build_parser()._actions if action.dest != "help" and action.choices)
    assert sorted(grouped) == sorted(commands.choices)
    text = build_parser().format_help()
    assert [heading for heading in HEADINGS if f"\n{heading}:\n" in text] == list(HEADINGS)


@pytest.mark.parametrize(
    ("command", "senseless"),
    [
        ("verify", ("--connections", "--timeout", "--host", "--sources", "--durable", "--retry-gone")),
        ("photos tars", ("--only", "--sources", "--deep", "--connections", "--photo-size")),
        ("info", ("--type", "--rows", "--limit")),
        ("clean", ("--not-in", "--only")),
    ],
)
def test_what_means_nothing_to_a_command_is_not_shown_by_it(command, senseless):
    text = LEAVES[tuple(command.split())].format_help()
    assert [option for option in senseless if option in text] == []


def test_clean_keeps_what_is_selected_and_needs_no_more_words(store, capsys):
    edits = store / "mirrors" / "sample" / "images" / "positive-edit"
    edits.mkdir(parents=True)
    needed = pb.load("single_turn", mirror="sample")[0].edited.address.rpartition("/")[2]
    for name in (needed, "unknown.png"):
        (edits / name).write_bytes(b"png")
    words = ["clean", "single_turn", "--mirror", "sample", "--limit", "1"]
    assert main(words) == main([*words, "--not-in"]) == 0  # as it was called first
    assert "would remove 1 pictures" in capsys.readouterr().out
    assert main([*words, "--yes"]) == 0
    assert sorted(path.name for path in edits.iterdir()) == [needed]


def test_the_store_s_mirrors_are_listed_and_removed(store, tmp_path, capsys):
    assert main(["store", "list"]) == 0
    assert capsys.readouterr().out == ""
    (store / "jsonl").mkdir(parents=True)
    (store / "jsonl" / "sft.jsonl").write_bytes(b"1234")
    (store / "mine.txt").write_text("somebody's own")
    assert main(["ls", "single_turn", "--count", "--mirror", "sample"]) == 0
    capsys.readouterr()
    assert main(["store", "list", "--json"]) == 0
    release, sample = map(json.loads, capsys.readouterr().out.splitlines())
    assert (release["name"], release["files"], release["bytes"]) == ("release", 1, 4)
    assert sample["name"] == "sample"
    assert sample["bytes"] == sum(path.stat().st_size for path in (store / "mirrors" / "sample").rglob("*.*"))
    assert main(["store", "remove", "sample"]) == 0
    assert (store / "mirrors" / "sample").is_dir()
    assert main(["store", "remove", "sample", "--yes"]) == main(["store", "remove", "release", "--yes"]) == 0
    assert sorted(path.relative_to(store).as_posix() for path in store.rglob("*")) == ["mine.txt", "mirrors"]
    assert main(["store", "remove", "../..", "--yes"]) == 2


@pytest.mark.parametrize(
    ("words", "written"),
    [
        ("gallery single_turn look --limit 1 --height 16", "look/index.html"),
        ("export single_turn csv out --limit 1", "out/export.json"),
        ("export csv single_turn out --limit 1", "out/export.json"),
        ("export out csv multi-turn --limit 1", "out/export.json"),
        ("export out csv --limit 1", "out/export.json"),
        ("measure single_turn changes.jsonl --limit 1", "changes.jsonl"),
        ("photos rows-file Single_Turn rows.jsonl --limit 1", "rows.jsonl"),
        ("pack single_turn packed --limit 1 --size 32", "packed/pack.json"),
        ("mirror copy single_turn copied --limit 1", "copied/jsonl/sft.jsonl"),
    ],
)
def test_words_in_another_order_go_where_they_belong(words, written, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert main([*words.split(), "--mirror", "sample"]) == 0
    assert (tmp_path / written).is_file()


@pytest.mark.parametrize(
    ("words", "told"),
    [
        ("gallery single_turn", "say where it goes, as in `pico-banana gallery out/ single_turn`"),
        ("export webdataset multi_turn", "say where it goes, as in `pico-banana export webdataset out/ multi_turn`"),
        ("export cvs out single_turn", "unknown export format 'cvs'. Did you mean 'csv'"),
        ("gallery look singel_turn", "unknown subset 'singel_turn'. Did you mean 'single_turn'"),
        ("show 900", "there is no row 900 in single_turn, which has 86; the first is 0"),
        ("show positive-edit/nothing", "unknown id 'positive-edit/nothing'"),
    ],
)
def test_words_that_are_missing_or_unknown_are_named(words, told, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    assert main([*words.split(), "--mirror", "sample"]) == 2
    assert told in capsys.readouterr().err
    assert [path.name for path in tmp_path.iterdir() if path.name != "store"] == []


def test_a_folder_that_is_called_like_a_subset_is_taken_where_it_is_there(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "multi_turn").mkdir()
    assert main(["export", "csv", "multi_turn", "--mirror", "sample", "--limit", "1"]) == 0
    assert (tmp_path / "multi_turn" / "export.json").is_file()


@pytest.mark.parametrize("subset", ["single_turn", "preference", "multi_turn"])
def test_a_row_is_shown_by_its_place_and_by_an_id_without_its_subset(subset, capsys):
    place = 2
    wanted = pb.load(subset, mirror="sample")[place].id
    words = [f"{subset}/{place}", wanted]
    if subset != "preference":  # whose pictures single edits have, too; without a subset those are meant
        words.append(wanted.partition("/")[2])
    for word in words:
        assert main(["show", word, "--mirror", "sample"]) == 0
        assert capsys.readouterr().out.startswith(f"id         {wanted}\n")


def _listed(words, capsys):
    assert main(["ls", *words.split(), "--mirror", "sample"]) == 0
    return capsys.readouterr().out.splitlines()


def test_lists_of_names_may_be_written_with_commas(capsys):
    for listed, repeated in [
        ("--type zoom_in,pose --count", "--type zoom_in --type pose --count"),
        ("multi_turn --turns 4,5 --count", "multi_turn --turns 4 --turns 5 --count"),
        (
            "--not-flag short_equals_long,short_missing --count",
            "--not-flag short_equals_long --not-flag short_missing --count",
        ),
        ("--category stylistic,Human-Centric --count", "--category stylistic --category human_centric --count"),
    ]:
        count = _listed(listed, capsys)
        assert count == _listed(repeated, capsys)
        assert int(count[0]) > 0


def test_a_label_with_commas_is_one_type(capsys):
    assert main(["ls", "--type", "Modify expressions (smile, frown, neutral)", "--count", "--mirror", "sample"]) == 0
    label = capsys.readouterr().out
    assert main(["ls", "--type", "expression", "--count", "--mirror", "sample"]) == 0
    assert capsys.readouterr().out == label != "0\n"


def test_ls_sorts_before_it_limits_and_prints_the_columns_asked_for(capsys):
    ids = pb.load("single_turn", mirror="sample").ids
    lines = _listed("--sort id --columns id,edit_type --limit 3 --csv", capsys)
    assert lines[0] == "id,edit_type"
    assert [line.split(",")[0] for line in lines[1:]] == sorted(ids)[:3]
    lines = _listed("multi_turn --sort turns --reverse --columns id --limit 2 --json", capsys)
    sessions = pb.load("multi_turn", mirror="sample")
    longest = sorted((len(session.turns) for session in sessions), reverse=True)[:2]
    assert [len(sessions[json.loads(line)["id"]].turns) for line in lines] == longest
    assert json.loads(lines[0]).keys() == {"id"}


def test_the_csv_of_ls_is_read_back(capsys):
    lines = _listed("preference --csv", capsys)
    for row, record in zip(csv.DictReader(lines), pb.load("preference", mirror="sample"), strict=True):
        assert row["instruction"] == record.instruction
        assert json.loads(row["rejected_images"]) == [picture.address for picture in record.rejected]


def test_the_columns_of_ls_stand_below_each_other(capsys):
    rows = pb.load("single_turn", mirror="sample", limit=20)
    lines = _listed("", capsys)
    places = [line.index(str(row.edit_type), len(row.id)) for line, row in zip(lines, rows, strict=True)]
    assert len(set(places)) == 1
    assert [line.split()[0] for line in lines] == list(rows.ids)


def test_info_says_what_it_has_when_one_subset_cannot_be_had(tmp_path, capsys):
    folder = tmp_path / "mirror"
    shutil.copytree(Path(pb.__file__).parent / "rehearsal" / "sample" / "jsonl", folder / "jsonl")
    (folder / "jsonl" / "multi-turn.jsonl").write_text('{"no": "row"}\n')
    assert main(["info", "--mirror", str(folder), "--json"]) == 1
    told = capsys.readouterr()
    subsets = json.loads(told.out)["subsets"]
    assert {name: facts and facts["rows"] for name, facts in subsets.items()} == {
        "single_turn": 86,
        "multi_turn": None,
        "preference": 24,
        "instructions": 86,
    }
    assert "multi_turn: " in told.err


LS = "ls single_turn --mirror sample --limit 1"


@pytest.mark.parametrize(
    ("words", "told", "code"),
    [
        (f"{LS} >&-", "error: stdout is closed, so what was to be written there is lost\n", 1),
        (f"{LS} 2>&- >/dev/null", "", 0),
        (f"{LS} --type nonsense 2>&-", "", 2),
        (f"{LS} >/dev/full", "error: [Errno 28] No space left on device\n", 1),
    ],
)
def test_streams_that_are_closed_or_full_end_no_command_with_a_traceback(words, told, code, store):
    line = f"{Path(sys.executable).with_name('pico-banana')} {words}"
    done = subprocess.run(["sh", "-c", line], stderr=subprocess.PIPE, text=True, check=False)
    assert (done.stderr, done.returncode) == (told, code)


def test_a_program_without_stderr_loads_rows(store):
    line = (
        f"""{sys.executable} -c 'import pico_banana as pb; print(len(pb.load("single_turn", mirror="sample")))' 2>&-"""
    )
    assert subprocess.run(["sh", "-c", line], stdout=subprocess.PIPE, check=False).stdout == b"86\n"
