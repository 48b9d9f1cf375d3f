"""`pico-banana ls`: the rows of a selection."""

from __future__ import annotations

import json
import shutil
import sys
from itertools import islice
from typing import TYPE_CHECKING, Any

from pico_banana.cli.choosing import add_mirror_options, add_selection_options, chosen_rows

if TYPE_CHECKING:
    import argparse

    from pico_banana.dataset import PicoBanana

SHOWN_ROWS = 20


def add_parser(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add the command.

    Args:
        subparsers: where commands are added.
    """
    parser = subparsers.add_parser(
        "ls",
        help="list or count the rows of a selection",
        description=f"List rows: id, edit type, instruction; the first {SHOWN_ROWS} unless --limit or --json is given.",
        epilog="example: pico-banana ls multi_turn --turns 5 --contains winter --json",
    )
    add_selection_options(parser)
    add_mirror_options(parser)
    parser.add_argument("--json", action="store_true", help="print every public column, one JSON object a line")
    parser.add_argument("--count", action="store_true", help="print only how many rows there are")
    parser.add_argument(
        "--by",
        choices=("edit_type", "category", "flag", "turns", "inferred_edit_type"),
        help="count the rows of each kind",
    )
    parser.set_defaults(run=_run)


def _run(args: argparse.Namespace) -> int:
    dataset = chosen_rows(args)
    if dataset.bad_rows:
        first = dataset.bad_rows[0].place_and_reason
        sys.stderr.write(f"left out {len(dataset.bad_rows):,} lines that are no rows; the first: {first}\n")
    if not len(dataset):
        sys.stderr.write("no row matches\n")
    if args.count or args.by:
        _print_counts(dataset, args)
    elif args.json:
        _print_json(dataset)
    else:
        _print_rows(dataset, None if args.limit is not None else SHOWN_ROWS)
    return 0


def _print_counts(dataset: PicoBanana[Any], args: argparse.Namespace) -> None:
    if args.by is None:
        sys.stdout.write(f"{len(dataset)}\n")
        return
    counts = dataset.counts(args.by)
    if args.json:
        sys.stdout.write(json.dumps(counts) + "\n")
        return
    for name, count in counts.items():
        sys.stdout.write(f"{count:>9,}  {name}\n")


def _print_json(dataset: PicoBanana[Any]) -> None:
    for batch in dataset.to_arrow().to_batches(max_chunksize=1000):
        for row in batch.to_pylist():
            sys.stdout.write(json.dumps(row, ensure_ascii=False) + "\n")


def _print_rows(dataset: PicoBanana[Any], shown: int | None) -> None:
    width = shutil.get_terminal_size((120, 24)).columns
    for row in islice(dataset, shown):
        if hasattr(row, "turns"):
            kind, text = f"{len(row.turns)} turns", " / ".join(row.instructions)
        else:
            kind, text = str(row.edit_type), row.instruction
        line = f"{row.id}  {kind}  {' '.join(text.split())}"
        sys.stdout.write((line if len(line) <= width else line[: width - 1] + "…") + "\n")
    if shown is not None and len(dataset) > shown:
        sys.stderr.write(f"{len(dataset) - shown:,} more of {len(dataset):,}; say --limit N, --json or --count\n")
