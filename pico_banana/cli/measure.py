"""`pico-banana measure`: where edits differ from their sources, as annotations."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from pico_banana.cli.choosing import add_mirror_options, add_selection_options, chosen_rows
from pico_banana.errors import ConfigError

if TYPE_CHECKING:
    import argparse

    from pico_banana.images.change import ChangeReport

_SHOWN_FAILURES = 5


def add_parser(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add the command.

    Args:
        subparsers: where commands are added.
    """
    parser = subparsers.add_parser(
        "measure",
        help="measure where edits differ from their sources",
        description="Measure the changed share and its box, the shift and the change of shape of every edit, and "
        "whether to rely on them. Written as annotations by id. Pictures that are not here are fetched.",
        epilog="example: pico-banana measure changes.parquet single_turn --type add_object",
    )
    parser.add_argument("out", type=Path, metavar="FILE", help="where the table goes: .parquet or .jsonl")
    add_selection_options(parser)
    add_mirror_options(parser)
    parser.add_argument("--workers", type=int, default=4, metavar="N", help="threads (default: 4)")
    parser.add_argument("--json", action="store_true", help="print what was measured and what failed as JSON")
    parser.set_defaults(run=_run)


def _run(args: argparse.Namespace) -> int:
    from pico_banana.cli.live import LiveLine
    from pico_banana.sidecar import WRITTEN, write_annotations

    if args.out.suffix not in WRITTEN:  # said before the work, not after
        raise ConfigError(f"{args.out} does not end in {' or '.join(WRITTEN)}", key="out")
    rows = chosen_rows(args)
    with LiveLine() as line:
        report = rows.change_report(workers=args.workers, progress=lambda done: line.show(f"{done:,} edits measured"))
    write_annotations(report.to_arrow(), args.out)
    for name, reason in list(report.failed.items())[:_SHOWN_FAILURES]:
        sys.stderr.write(f"not measured: {name}: {reason}\n")
    sys.stdout.write(f"{json.dumps(_counts(report))}\n" if args.json else _summary(report, args.out))
    return int(bool(report.failed))


def _counts(report: ChangeReport) -> dict[str, object]:
    reliable = sum(change.reliable for change in report.changes.values())
    return {"total": report.total, "measured": len(report.changes), "reliable": reliable, "failed": report.failed}


def _summary(report: ChangeReport, out: Path) -> str:
    counts = _counts(report)
    failed = f", {len(report.failed)} failed" if report.failed else ""
    return f"{counts['measured']:,} edits measured, {counts['reliable']:,} of them reliably{failed}: {out}\n"
