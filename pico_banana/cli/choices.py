"""`pico-banana choices`: what people picked in Label Studio, as annotations by id."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import argparse


def add_parser(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add the command.

    Args:
        subparsers: where commands are added.
    """
    parser = subparsers.add_parser(
        "choices",
        help="read back what people picked in Label Studio",
        description="Read the JSON export of a project that `pico-banana export label-studio` made: votes by id, and "
        "the share of them for the accepted edit.",
        epilog="example: pico-banana choices export.json choices.parquet",
    )
    parser.add_argument("file", type=Path, metavar="EXPORT", help="the project's export as JSON")
    parser.add_argument("out", type=Path, metavar="FILE", help="the annotations: .parquet or .jsonl")
    parser.add_argument("--json", action="store_true", help="print the counts as JSON")
    parser.set_defaults(run=_run)


def _run(args: argparse.Namespace) -> int:
    from pico_banana.rows.sidecar import require_ending, write_annotations
    from pico_banana.sharing.export.label_studio import read_choices

    require_ending(args.out)
    table = read_choices(args.file)
    write_annotations(table, args.out)
    votes, agreed = sum(table["votes"].to_pylist()), sum(table["chosen_votes"].to_pylist())
    counts = {"pairs": len(table), "votes": votes, "chosen_votes": agreed, "out": str(args.out)}
    text = f"{len(table):,} pairs, {votes:,} votes, {agreed:,} of them for the accepted edit: {args.out}"
    sys.stdout.write((json.dumps(counts) if args.json else text) + "\n")
    return 0
