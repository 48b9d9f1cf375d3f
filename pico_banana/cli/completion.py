"""`pico-banana completion`: what makes a shell complete commands, options and the names that options take."""

from __future__ import annotations

import argparse
import sys
from typing import TYPE_CHECKING

from pico_banana.records import Flag, Subset
from pico_banana.taxonomy import categories, edit_types

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

SHELLS = ("bash", "zsh", "fish")
_SPLITS = ("train", "train_90_5_5", "validation_90_5_5", "test_90_5_5", "train_95", "test_5")
_PLACES = {"FILE": "FILE", "DIR": "DIRECTORY", "ROOT": "DIRECTORY"}
_EPILOG = """\
examples:
  pico-banana completion bash   > ~/.local/share/bash-completion/completions/pico-banana
  pico-banana completion zsh    > ~/.zfunc/_pico-banana      with `fpath+=~/.zfunc` before `compinit` in .zshrc
  pico-banana completion fish   > ~/.config/fish/completions/pico-banana.fish
"""


def add_parser(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add the command.

    Args:
        subparsers: where commands are added.
    """
    parser = subparsers.add_parser(
        "completion",
        help="print what makes a shell complete these commands",
        description="Print a script that makes a shell complete commands, options, and the edit types, categories, "
        "flags, splits and formats that options take.",
        epilog=_EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("shell", choices=SHELLS, metavar="SHELL", help=", ".join(SHELLS))
    parser.set_defaults(run=_run)


def _run(args: argparse.Namespace) -> int:
    import shtab

    from pico_banana.cli import build_parser

    sys.stdout.write(shtab.complete(with_names(build_parser()), shell=args.shell))
    return 0


def with_names(parser: argparse.ArgumentParser) -> argparse.ArgumentParser:
    """Give options the names that they take, as choices; only for a parser that parses nothing.

    Parsing takes any spelling, and gives its own errors with the nearest name.

    Args:
        parser: a parser of its own for this.

    Returns:
        The same parser.
    """
    import shtab

    names = _names()
    for action in _actions(parser):
        place = _PLACES.get(str(action.metavar))
        if action.choices is None and action.nargs != 0 and action.dest in names:
            action.choices = list(names[action.dest])
        elif place or action.dest == "folder":
            action.complete = getattr(shtab, place or "DIRECTORY")  # type: ignore[attr-defined]  # shtab's own way
    return parser


def _names() -> Mapping[str, Sequence[str]]:
    from pico_banana.sharing.export import formats

    types = [str(kind) for kind in edit_types()]
    flags = [flag.value for flag in Flag]
    return {
        "subset": [subset.value for subset in Subset],
        "edit_types": types,
        "inferred_edit_types": types,
        "categories": [str(group) for group in categories()],
        "category": [str(group) for group in categories()],
        "has_flags": flags,
        "lacks_flags": flags,
        "split": _SPLITS,
        "format": formats(),
    }


def _actions(parser: argparse.ArgumentParser) -> Iterator[argparse.Action]:
    for action in parser._actions:  # noqa: SLF001 - argparse has no public way to its options
        if isinstance(action, argparse._SubParsersAction):  # noqa: SLF001 - likewise
            for command in {id(below): below for below in action.choices.values()}.values():
                yield from _actions(command)
        else:
            yield action
