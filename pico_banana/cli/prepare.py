"""`pico-banana prepare`: make the stock `load_dataset("pico-banana-400k", …)` work everywhere on this machine."""

from __future__ import annotations

import json
import sys
import warnings
from pathlib import Path
from typing import TYPE_CHECKING

from pico_banana.cli.choosing import add_mirror_options, on_bad_rows
from pico_banana.records import Subset
from pico_banana.telling import told

if TYPE_CHECKING:
    import argparse

_SHOWN = 5
_HINT = (
    "set HF_HUB_OFFLINE=1 where this is loaded: else stock load_dataset asks the Hub for the name first, some 25 s\n"
)


def add_parser(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add the command.

    Args:
        subparsers: where commands are added.
    """
    parser = subparsers.add_parser(
        "prepare",
        help='make the stock load_dataset("pico-banana-400k", ...) work',
        description="Put subsets into the cache of `datasets`, so that any process on this machine loads them by name "
        "without importing this package. Pictures stay addresses, which it must be installed to open, and are "
        "fetched when they are decoded; --embed puts their bytes in.",
        epilog="example: pico-banana prepare multi_turn",
    )
    parser.add_argument("subset", nargs="*", help="which subsets (default: all four)")
    add_mirror_options(parser)
    parser.add_argument("--cache-dir", type=Path, metavar="DIR", help="the cache of `datasets` (default: its own)")
    parser.add_argument(
        "--embed", action="store_true", help="put the pictures' bytes in, for processes without this package"
    )
    parser.add_argument("--force", action="store_true", help="write again what is in the cache already")
    parser.add_argument("--json", action="store_true", help="print what was prepared as JSON")
    parser.set_defaults(run=_run)


def _run(args: argparse.Namespace) -> int:
    with warnings.catch_warnings(record=True) as heard:
        warnings.simplefilter("always", UserWarning)
        prepared = _prepared(args)
    texts = list(dict.fromkeys(str(warning.message) for warning in heard if warning.category is UserWarning))
    for text in texts[:_SHOWN]:
        sys.stderr.write(f"warning: {told(text)}\n")
    if len(texts) > _SHOWN:
        sys.stderr.write(f"and {len(texts) - _SHOWN:,} warnings more\n")
    if args.json:
        sys.stdout.write(json.dumps({name: str(path) for name, path in prepared.items()}, indent=2) + "\n")
        return 0
    for name, path in prepared.items():
        sys.stdout.write(f'load_dataset("pico-banana-400k", "{name}")  ->  {path}\n')
    sys.stderr.write(_HINT)
    return 0


def _prepared(args: argparse.Namespace) -> dict[str, Path]:
    from pico_banana.sharing.huggingface import prepare

    prepared: dict[str, Path] = {}
    for name in args.subset or [subset.value for subset in Subset]:
        prepared |= prepare(
            name,
            mirror=args.mirror,
            rows=args.rows,
            on_bad_rows=on_bad_rows(args),
            cache_dir=args.cache_dir,
            embed=args.embed,
            force=args.force,
        )
    return prepared
