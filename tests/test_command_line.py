"""What every command shares: one-line mistakes with the nearest right word, in the words of the command line."""

from __future__ import annotations

import argparse
import shlex

import pytest

from pico_banana.cli import build_parser, main


def leaves(parser: argparse.ArgumentParser, path: tuple[str, ...] = ()):
    commands = [action for action in parser._actions if isinstance(action, argparse._SubParsersAction)]
    if not commands:
        yield path, parser
    for action in commands:
        for name, below in action.choices.items():
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
