"""Help that names commands under headings, by what users want."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

HEADINGS: Mapping[str, tuple[str, ...]] = {
    "find and look at rows": (
        "info",
        "types",
        "ls",
        "show",
        "stats",
        "gallery",
        "browse",
        "measure",
        "first-turns",
        "confounds",
        "choices",
    ),
    "have the pictures on this machine": ("download", "verify", "repair", "clean", "photos", "store"),
    "train, and read with other tools": ("prepare", "export", "pack", "merge"),
    "share": ("publish", "attribution"),
    "make data": ("regenerate", "texts", "mirror"),
    "measure editors, judges and rows": ("benchmark", "score", "scores"),
    "set up, and when something is wrong": ("doctor", "trouble", "completion"),
}
OPTIONS_WIDTH = 30  # columns: most options and what they mean then fit one line
_FEW_OPTIONS = 8


def grouped_help(parser: argparse.ArgumentParser, headings: Mapping[str, tuple[str, ...]]) -> str:
    """Write the help of a parser that has commands.

    Args:
        parser: the parser.
        headings: the commands under each heading, in the order they are shown.

    Returns:
        The same as `format_help`, with a section for each heading.
    """
    formatter = parser.formatter_class(prog=parser.prog)
    formatter.add_usage(parser.usage, parser._actions, parser._mutually_exclusive_groups)  # noqa: SLF001 - as argparse does
    formatter.add_text(parser.description)
    lines = {line.dest: line for line in _command_lines(parser)}
    for heading, names in headings.items():
        formatter.start_section(heading)
        formatter.add_arguments([lines[name] for name in names])
        formatter.end_section()
    formatter.start_section("options")
    formatter.add_arguments([action for action in parser._actions if action.option_strings])  # noqa: SLF001 - likewise
    formatter.end_section()
    formatter.add_text(parser.epilog)
    return formatter.format_help()


def short_usage(parser: argparse.ArgumentParser) -> str | None:
    """Write the usage of a command with many options, which are listed below it anyway.

    Args:
        parser: the command's parser.

    Returns:
        Its words and `[options]`, or None where argparse's own list is short.
    """
    options = [action for action in parser._actions if action.option_strings]  # noqa: SLF001 - as argparse does
    if len(options) <= _FEW_OPTIONS:
        return None
    words = [_word(action) for action in parser._actions if not action.option_strings]  # noqa: SLF001 - likewise
    return " ".join(["%(prog)s", *words, "[options]"])


def _word(action: argparse.Action) -> str:
    name = str(action.metavar or action.dest)
    return f"[{name}{' ...' if action.nargs == '*' else ''}]" if action.nargs in {"?", "*"} else name


def _command_lines(parser: argparse.ArgumentParser) -> list[argparse.Action]:
    """Give the lines of commands and what they do, which argparse keeps as actions of their own."""
    commands = [action for action in parser._actions if isinstance(action, argparse._SubParsersAction)]  # noqa: SLF001 - likewise
    return [line for action in commands for line in action._get_subactions()]  # noqa: SLF001 - likewise
