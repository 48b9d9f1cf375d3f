"""The page about the command line, from the parsers themselves."""

from __future__ import annotations

import argparse
import os
from typing import TYPE_CHECKING

from pico_banana.cli import build_parser

if TYPE_CHECKING:
    from collections.abc import Iterator

_INTRODUCTION = """\
# The command line

`pico-banana COMMAND`; `python -m pico_banana.cli COMMAND` is the same. Data goes to stdout, progress and messages to
stderr; every listing has `--json`. A mistake is told in one line, never with a traceback.
"""


def cli_markdown() -> str:
    """Write the page.

    Returns:
        Markdown: the help of every command.
    """
    before = os.environ.get("COLUMNS")
    os.environ["COLUMNS"] = "100"  # argparse wraps to the terminal, and the page shall not depend on one
    try:
        return "\n".join([_INTRODUCTION, *_sections(build_parser())])
    finally:
        os.environ.pop("COLUMNS")
        if before is not None:
            os.environ["COLUMNS"] = before


def _sections(parser: argparse.ArgumentParser) -> Iterator[str]:
    yield f"## {parser.prog}\n\n```text\n{parser.format_help().rstrip()}\n```\n"
    for action in parser._actions:  # noqa: SLF001 - argparse has no public way to its commands
        if isinstance(action, argparse._SubParsersAction):  # noqa: SLF001 - likewise
            for command in dict.fromkeys(action.choices.values()):  # an alias is the same parser
                yield from _sections(command)
