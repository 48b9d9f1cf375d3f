"""`pico-banana measure`: where edits differ from their sources, as annotations."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pico_banana.cli.choosing import add_mirror_options, add_selection_options, chosen_rows
from pico_banana.cli.failures import tell_failures
from pico_banana.cli.words import sort_words

if TYPE_CHECKING:
    import argparse

    import pyarrow as pa

_KEPT_EVERY = 500  # rows


def add_parser(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add the command.

    Args:
        subparsers: where commands are added.
    """
    parser = subparsers.add_parser(
        "measure",
        help="measure where edits differ from their sources",
        description="Measure the changed share and its box, the shift and the change of shape of every edit, and "
        "whether to rely on them. Written as annotations by id; a table that is there is added to, so the same command "
        "goes on after Ctrl-C. Pictures that are not here are fetched.",
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
    from pico_banana.records.decoding.change import ChangeReport
    from pico_banana.rows.sidecar import require_ending, write_annotations

    sort_words(args, "out")
    require_ending(args.out)  # said before the work, not after
    rows = chosen_rows(args)
    table = ChangeReport(0).to_arrow()
    if args.out.exists():
        table = _earlier(args.out, table.column_names)
    measured, earlier, failed = frozenset(table["id"].to_pylist()), len(table), dict[str, str]()
    with LiveLine() as line:
        for start in range(0, len(rows), _KEPT_EVERY):  # what is measured is kept, whatever happens to the rest
            part = rows[start : start + _KEPT_EVERY]
            report = part.change_report(workers=args.workers, skip=measured)
            failed |= report.failed
            if report.changes:
                table = _joined(table, report.to_arrow())
                write_annotations(table, args.out)
            line.show(f"{min(len(rows), start + _KEPT_EVERY):,} of {len(rows):,} rows")
    if not args.out.exists():
        write_annotations(table, args.out)
    tell_failures("not measured:", failed)
    counts = {"earlier": earlier, "measured": len(table) - earlier, "reliable": _reliable(table), "failed": failed}
    sys.stdout.write(f"{json.dumps(counts)}\n" if args.json else _summary(counts, args.out))
    return int(bool(failed))


def _earlier(file: Path, names: list[str]) -> pa.Table:
    from pico_banana.errors import ConfigError
    from pico_banana.rows.sidecar import read_annotations

    table = read_annotations(file)
    if missing := [name for name in names if name not in table.column_names]:
        text = (
            f"{file} holds other annotations (it has no {', '.join(missing)}); name another file for the measurements"
        )
        raise ConfigError(text, key="out")
    return table


def _joined(table: pa.Table, more: pa.Table) -> pa.Table:
    import pyarrow as pa

    return pa.concat_tables([table.select(more.column_names).cast(more.schema), more])


def _reliable(table: pa.Table) -> int:
    return sum(table["reliable"].to_pylist())


def _summary(counts: dict[str, Any], out: Path) -> str:
    earlier = f" ({counts['earlier']:,} were there)" if counts["earlier"] else ""
    failed = f", {len(counts['failed'])} failed" if counts["failed"] else ""
    return f"{counts['measured']:,} edits measured{earlier}{failed}; {counts['reliable']:,} of all reliably: {out}\n"
