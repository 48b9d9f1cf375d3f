"""`pico-banana browse`: all rows in a browser, and marks for them."""

from __future__ import annotations

import argparse
import json
import os
import sys
import threading
from pathlib import Path

from pico_banana.cli.choosing import add_mirror_options, add_selection_options, chosen_rows


def add_parser(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add the command.

    Args:
        subparsers: where commands are added.
    """
    parser = subparsers.add_parser(
        "browse",
        help="look through all rows in a browser, and mark them",
        description="Serve a page on 127.0.0.1 that shows all rows of a selection, until Ctrl-C. Search, filter, sort, "
        "compare pictures, and mark rows: keep, drop, a score, a note. Every mark is in the marks' file at once, and "
        "--where finds rows by it. Only the browser that opens the printed address is answered, and only pictures of "
        "the selection are.",
        epilog="example: pico-banana browse single_turn --type zoom_in --scores judged.parquet --marks marks.parquet",
    )
    add_selection_options(parser)
    add_mirror_options(parser)
    group = parser.add_argument_group("the page")
    group.add_argument(
        "--scores",
        type=Path,
        action="append",
        default=[],
        metavar="FILE",
        help="annotations whose numbers filter and sort; may be repeated",
    )
    group.add_argument(
        "--marks",
        type=Path,
        default=Path("marks.parquet"),
        metavar="FILE",
        help="where marks go (default: %(default)s)",
    )
    group.add_argument("--who", metavar="NAME", help="who marks (default: the login name)")
    group.add_argument("--fetch", action="store_true", help="fetch pictures that are not here when they are in sight")
    group.add_argument("--port", type=int, default=0, help="of 127.0.0.1; 0 takes a free one (default: %(default)s)")
    group.add_argument(
        "--open",
        action=argparse.BooleanOptionalAction,
        default=None,
        help="open the page in the browser (default: where a desktop is)",
    )
    group.add_argument("--json", action="store_true", help="print address, rows and marks' file as JSON")
    parser.set_defaults(run=_run)


def _run(args: argparse.Namespace) -> int:
    from pico_banana.sharing.browse import browse

    rows = chosen_rows(args)
    with browse(rows, scores=args.scores, marks=args.marks, who=args.who, port=args.port, fetch=args.fetch) as browsing:
        facts = {"address": browsing.url, "rows": len(rows), "marks": str(browsing.marks_file)}
        sys.stdout.write(f"{json.dumps(facts)}\n" if args.json else f"{browsing.url}\n")
        sys.stdout.flush()
        sys.stderr.write(f"{len(rows):,} rows; marks go to {browsing.marks_file}; Ctrl-C ends it\n")
        if _on_a_desktop() if args.open is None else args.open:
            import webbrowser  # with subprocess, which no other command needs at its start

            webbrowser.open(browsing.url)
        threading.Event().wait()
    return 0


def _on_a_desktop() -> bool:
    """Say whether a browser has a window to open; elsewhere one of text would take the terminal."""
    shown = sys.platform in {"darwin", "win32"} or os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY")
    return sys.stdout.isatty() and bool(shown)
