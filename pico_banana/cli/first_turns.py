"""`pico-banana first-turns`: the types of sessions' first turns, from the single-turn rows of the same photo."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from pico_banana.cli.choosing import add_mirror_options, add_selection_options, chosen_rows

if TYPE_CHECKING:
    import argparse


def add_parser(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add the command.

    Args:
        subparsers: where commands are added.
    """
    parser = subparsers.add_parser(
        "first-turns",
        help="guess the types of sessions' first turns, bounded by the single-turn rows of their photo",
        description="The release gives turns no types. Where the photo of a session has single-turn rows, their types "
        "and words say more of its first turn than that turn's words alone. Written as annotations by id, with what "
        "each type was read from; no picture is read.",
        epilog="example: pico-banana first-turns first.parquet --mirror sample",
    )
    parser.add_argument("out", type=Path, metavar="FILE", help="where the table goes: .parquet, .jsonl or .csv")
    add_selection_options(parser, subset=False)
    add_mirror_options(parser)
    parser.add_argument("--json", action="store_true", help="print how many types were read from what as JSON")
    parser.set_defaults(run=_run, subset="multi_turn")


def _run(args: argparse.Namespace) -> int:
    from pico_banana.rows.sidecar import require_ending, write_annotations

    require_ending(args.out, flat=True)  # said before the work, not after
    found = chosen_rows(args).first_turns()
    write_annotations(found.to_arrow(), args.out)
    counts = {"sessions": len(found.found), "sources": found.sources, "out": str(args.out)}
    sources = ", ".join(f"{count:,} by {source}" for source, count in found.sources.items()) or "none"
    text = f"{len(found.found):,} sessions: {sources}: {args.out}"
    sys.stdout.write(f"{json.dumps(counts) if args.json else text}\n")
    return 0
