"""`pico-banana stats`: what a selection is made of, in numbers and charts."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from pico_banana.cli.choosing import add_mirror_options, add_selection_options, chosen_rows

if TYPE_CHECKING:
    import argparse

    from pico_banana.sharing.statistics import Statistics


def add_parser(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add the command.

    Args:
        subparsers: where commands are added.
    """
    parser = subparsers.add_parser(
        "stats",
        help="types, lengths, turns and problems of rows, and what annotations say of them; as charts, too",
        description="Count what a selection is made of. With --sidecar also shapes and alignment (`measure`), scores "
        "and survival by type (`score`), and cost (`texts`). Charts need pico-banana[plots].",
        epilog="example: pico-banana stats single_turn --sidecar scores.parquet --plot charts/",
    )
    add_selection_options(parser)
    add_mirror_options(parser)
    parser.add_argument(
        "--sidecar", action="append", default=[], type=Path, metavar="FILE", help="a table with a column id; repeat"
    )
    parser.add_argument("--plot", type=Path, metavar="FOLDER", help="draw charts into this folder")
    parser.add_argument("--form", choices=("svg", "png"), default="svg", help="of the charts (default: svg)")
    parser.add_argument("--json", action="store_true", help="print the numbers as JSON")
    parser.set_defaults(run=_run)


def _run(args: argparse.Namespace) -> int:
    found = chosen_rows(args).stats(*args.sidecar)
    files = found.plot(args.plot, form=args.form) if args.plot is not None else []
    if args.json:
        sys.stdout.write(json.dumps({**found.to_dict(), "charts": [str(file) for file in files]}, indent=2) + "\n")
        return 0
    sys.stdout.write(_written(found))
    if files:
        sys.stdout.write(f"{len(files)} charts: {args.plot}\n")
    return 0


def _written(found: Statistics) -> str:
    lines = [found.summary(), ""]
    for slug, count in found.edit_types.items():
        score = f"  score {found.scores[slug].middle:.2f}" if slug in found.scores else ""
        lines.append(f"  {slug:<24}{count:>9,}{score}")
    return "\n".join(lines) + "\n"
