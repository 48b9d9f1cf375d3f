"""`pico-banana confounds`: what tells accepted edits from rejected ones besides their contents."""

from __future__ import annotations

import json
import sys
from typing import TYPE_CHECKING

from pico_banana.cli.choosing import add_mirror_options, add_selection_options, chosen_rows
from pico_banana.cli.failures import tell_failures

if TYPE_CHECKING:
    import argparse

    from pico_banana.records.decoding.confounds import Confound


def add_parser(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add the command.

    Args:
        subparsers: where commands are added.
    """
    parser = subparsers.add_parser(
        "confounds",
        help="say what tells accepted edits from rejected ones",
        description="Compare size, shape, codec, file size and sharpness of accepted and rejected edits, pair by pair: "
        "a model that is to prefer one learns whatever tells them apart. `export --match` removes it. Pictures that "
        "are not here are fetched.",
        epilog="example: pico-banana confounds --type add_object",
    )
    add_selection_options(parser)
    add_mirror_options(parser)
    parser.add_argument("--workers", type=int, default=4, metavar="N", help="threads (default: 4)")
    parser.add_argument("--json", action="store_true", help="print the report as JSON")
    parser.set_defaults(run=_run, subset="preference")


def _run(args: argparse.Namespace) -> int:
    rows = chosen_rows(args)
    report = rows.confounds(workers=args.workers)
    if args.json:
        found = {one.name: _told(one) for one in report.confounds}
        sys.stdout.write(json.dumps({"total": report.total, "confounds": found, "failed": report.failed}) + "\n")
    else:
        sys.stdout.write(f"{report.total - len(report.failed):,} pairs of accepted and rejected edits\n")
        sys.stdout.writelines(map(_line, report.confounds))
    tell_failures("not measured:", report.failed)
    return int(bool(report.failed))


def _told(one: Confound) -> dict[str, float]:
    counts = {"chosen_larger": one.chosen_larger, "rejected_larger": one.rejected_larger}
    return counts | {"chosen_wins": one.chosen_wins, "telling": one.telling}


def _line(one: Confound) -> str:
    word = "  tells them apart" if one.telling else ""
    return (
        f"{one.name:10} differs in {one.differ:,}; larger in {one.chosen_larger:,} accepted, "
        f"{one.rejected_larger:,} rejected ({one.chosen_wins:.0%} told right){word}\n"
    )
