"""`pico-banana prepare`: make the stock `load_dataset("pico-banana-400k", …)` work everywhere on this machine."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from pico_banana.cli.choosing import add_mirror_options, on_bad_rows
from pico_banana.records import Subset

if TYPE_CHECKING:
    import argparse


def add_parser(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add the command.

    Args:
        subparsers: where commands are added.
    """
    parser = subparsers.add_parser(
        "prepare",
        help='make the stock load_dataset("pico-banana-400k", ...) work',
        description="Put subsets into the cache of `datasets`, so that any process on this machine loads them by name "
        "without importing this package. Pictures stay references and are fetched when they are decoded.",
        epilog="example: pico-banana prepare multi_turn",
    )
    parser.add_argument("subset", nargs="*", help="which subsets (default: all four)")
    add_mirror_options(parser)
    parser.add_argument("--cache-dir", type=Path, metavar="DIR", help="the cache of `datasets` (default: its own)")
    parser.add_argument("--json", action="store_true", help="print what was prepared as JSON")
    parser.set_defaults(run=_run)


def _run(args: argparse.Namespace) -> int:
    from pico_banana.sharing.huggingface import prepare

    prepared: dict[str, Path] = {}
    for name in args.subset or [subset.value for subset in Subset]:
        prepared |= prepare(
            name, mirror=args.mirror, rows=args.rows, on_bad_rows=on_bad_rows(args), cache_dir=args.cache_dir
        )
    if args.json:
        sys.stdout.write(json.dumps({name: str(path) for name, path in prepared.items()}, indent=2) + "\n")
        return 0
    for name, path in prepared.items():
        sys.stdout.write(f'load_dataset("pico-banana-400k", "{name}")  ->  {path}\n')
    return 0
