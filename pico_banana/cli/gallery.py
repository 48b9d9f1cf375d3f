"""`pico-banana gallery`: rows as a page for the browser."""

from __future__ import annotations

import json
import sys
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

from pico_banana.cli.choosing import add_mirror_options, add_selection_options, chosen_rows
from pico_banana.cli.failures import tell_failures
from pico_banana.cli.words import sort_words

if TYPE_CHECKING:
    import argparse

_MOST_ROWS = 200


def add_parser(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add the command.

    Args:
        subparsers: where commands are added.
    """
    parser = subparsers.add_parser(
        "gallery",
        help="write a page that shows rows, to look through with a browser",
        description=f"Write a folder with a page that shows rows, at most {_MOST_ROWS} unless --limit says more. "
        "Search by words, choose by type, flag, turns or scores, compare pictures, copy the Selection on screen. "
        "Pictures that are not here are fetched; files that no gallery wrote are never replaced.",
        epilog="example: pico-banana gallery look/ single_turn --type zoom_in --shuffle 0 --limit 60",
    )
    parser.add_argument(
        "folder", type=Path, metavar="DIR", help="where the page goes; a gallery that is there is replaced"
    )
    add_selection_options(parser)
    add_mirror_options(parser)
    parser.add_argument(
        "--scores",
        type=Path,
        action="append",
        default=[],
        metavar="FILE",
        help="annotations whose numbers filter and sort; may be repeated",
    )
    parser.add_argument("--height", type=int, default=320, metavar="PIXELS", help="of each picture (default: 320)")
    parser.add_argument("--json", action="store_true", help="print what was shown and what failed as JSON")
    parser.set_defaults(run=_run)


def _run(args: argparse.Namespace) -> int:
    from pico_banana.cli.live import LiveLine
    from pico_banana.sharing.gallery.page import write_gallery

    sort_words(args, "folder")
    limit = args.limit
    if args.balance is None:  # the page says how many rows there are; a balanced choice is made for its limit
        args.limit = None
    rows = chosen_rows(args)
    if limit is None and len(rows) > _MOST_ROWS:
        sys.stderr.write(
            f"the first {_MOST_ROWS} of {len(rows):,} rows; --limit N shows more, --shuffle SEED others, "
            "`pico-banana browse` all\n"
        )
        limit = _MOST_ROWS
    with LiveLine() as line:
        report = write_gallery(
            rows,
            args.folder,
            limit=limit,
            height=args.height,
            scores=args.scores,
            progress=lambda done, total: line.show(f"{done} of {total} rows"),
        )
    tell_failures("not shown:", report.failed)
    if args.json:
        sys.stdout.write(json.dumps({**asdict(report), "page": str(report.page)}) + "\n")
    else:
        failed = f", {len(report.failed)} failed" if report.failed else ""
        sys.stdout.write(f"{report.shown} rows{failed}: open {report.page}\n")
    return int(bool(report.failed))
