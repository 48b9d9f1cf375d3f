"""The command line: `pico-banana COMMAND`. One file a group of commands; none has logic of its own.

stdout is data, stderr is progress and messages. Exit codes: 0 done; 1 something failed; 2 a mistake in what was asked
(an unknown name, a bad row, a missing mirror or package), told in one line; 130 stopped by Ctrl-C.
"""

from __future__ import annotations

import argparse
import os
import sys
from contextlib import redirect_stderr, redirect_stdout
from importlib import import_module
from typing import TYPE_CHECKING, TextIO, cast

from pico_banana import __version__
from pico_banana.cli.headings import HEADINGS
from pico_banana.cli.parser import Parser
from pico_banana.errors import (
    ConfigError,
    LicenceError,
    MirrorError,
    MissingExtraError,
    PicoBananaError,
    RowError,
    SelectionError,
    UnknownNameError,
)
from pico_banana.telling import Closed, Plain, told

if TYPE_CHECKING:
    from collections.abc import Sequence

GROUPS = (
    "info",
    "types",
    "ls",
    "show",
    "stats",
    "gallery",
    "browse",
    "measure",
    "first_turns",
    "confounds",
    "choices",
    "prepare",
    "download",
    "store",
    "export",
    "merge",
    "publish",
    "photos",
    "doctor",
    "regenerate",
    "texts",
    "benchmark",
    "score",
    "trouble",
    "mirror",
    "kept",
    "completion",
)
_MISTAKES = (
    ConfigError,
    LicenceError,
    MirrorError,
    MissingExtraError,
    RowError,
    SelectionError,
    UnknownNameError,
)
_EPILOG = """\
examples:
  pico-banana info --mirror sample
  pico-banana ls single_turn --category human_centric --not-flag short_equals_long --limit 5
  pico-banana show single_turn/positive-edit/1 --out row.png
  pico-banana prepare multi_turn      then, anywhere: load_dataset("pico-banana-400k", "multi_turn")

exit codes:
  0  done
  1  something failed
  2  a mistake in what was asked
  130  stopped by Ctrl-C

environment:
  PICO_BANANA_HOME    where things are kept (default: ~/.cache/pico_banana)
  PICO_BANANA_MIRROR  where rows and pictures come from (default: the release)
"""


def build_parser() -> argparse.ArgumentParser:
    """Put the parsers of all groups together.

    Returns:
        The parser of the whole command line.
    """
    parser = Parser(
        prog="pico-banana",
        description="Load, filter, look at and prepare Pico-Banana-400K.",
        epilog=_EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--version", action="version", version=f"pico-banana {__version__}")
    subparsers = parser.add_subparsers(required=True, metavar="COMMAND")
    parser.headings = HEADINGS
    for group in GROUPS:
        import_module(f"pico_banana.cli.{group}").add_parser(subparsers)
    return parser


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command.

    Args:
        argv: the words behind the program's name; None for those of this process.

    Returns:
        The exit code.
    """
    args = build_parser().parse_args(argv)
    # What rows, repositories and servers say goes through one gate, whichever command says it.
    out, err = Plain(sys.stdout or Closed("stdout")), Plain(sys.stderr or Closed(), bars=True)
    with redirect_stdout(cast("TextIO", out)), redirect_stderr(cast("TextIO", err)):
        return _run(args)


def _run(args: argparse.Namespace) -> int:
    try:
        code: int = args.run(args)
        sys.stdout.flush()
    except BrokenPipeError:  # the reader of a pipe has seen enough, as in `| head`
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
    except KeyboardInterrupt:
        sys.stderr.write("stopped\n")
        return 130
    except _MISTAKES as error:
        return _told(args.parser.in_options(str(error)), 2)
    except (PicoBananaError, OSError) as error:
        return _told(args.parser.in_options(str(error)), 1)
    return code


def _told(text: str, code: int) -> int:
    sys.stderr.write(f"error: {told(text)}\n")
    return code
