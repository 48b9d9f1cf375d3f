"""`pico-banana mirror make`, through its parser."""

from __future__ import annotations

import argparse
import json

import published_files as published
import pytest

from pico_banana.cli import mirror as command


def parsed(*words):
    parser = argparse.ArgumentParser()
    command.add_parser(parser.add_subparsers())
    return parser.parse_args(["mirror", "make", *map(str, words)])


def test_it_makes_what_is_asked_and_tells_it_as_json(tmp_path, capsys):
    args = parsed(
        tmp_path / "m", "--rows", 40, "--sessions", 3, "--size", "32x24", "--pictures", "--json", "--no-traps"
    )
    assert args.run(args) == 0
    output = capsys.readouterr()
    summary = json.loads(output.out)
    assert (summary["rows"], summary["sessions"], summary["traps"]) == (40, 3, {})
    assert summary["folder"] == str(tmp_path / "m")
    assert summary["pictures"] == len(list((tmp_path / "m").rglob("*.*g")))
    assert output.err == "", "a pipe gets no progress of a moment"
    assert len(published.rows(tmp_path / "m", "multi-turn")) == 3


def test_it_tells_people_too(tmp_path, capsys):
    args = parsed(tmp_path / "m", "--rows", 100)
    assert args.run(args) == 0
    assert "100 single-turn rows" in capsys.readouterr().out


@pytest.mark.parametrize("size", ["64", "x", "0x5", "64x48x3", "-1x5"])
def test_a_wrong_size_is_refused_with_an_example(tmp_path, capsys, size):
    with pytest.raises(SystemExit) as stop:
        parsed(tmp_path, f"--size={size}")
    assert stop.value.code == 2
    assert "1024x768" in capsys.readouterr().err
