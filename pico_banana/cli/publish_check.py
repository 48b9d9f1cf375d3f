"""`pico-banana publish --check`: what the Hub's viewer would show of a folder, and its rows found by a search."""

from __future__ import annotations

import json
import sys
from typing import TYPE_CHECKING, Any

from pico_banana.errors import unknown_name
from pico_banana.mirrors.fetch.sizes import readable

if TYPE_CHECKING:
    import argparse
    from collections.abc import Mapping
    from pathlib import Path

    from pico_banana.sharing.hub.viewer import ViewerReport

_LABELS = 3
_FOUND = 100  # rows, as many as the viewer's page


def tell_check(folder: Path, *, as_json: bool) -> int:
    """Tell what the viewer would show; 1 when it would show an error."""
    from pico_banana.sharing.hub.viewer import check_folder

    report = check_folder(folder)
    sys.stdout.write(json.dumps(report.as_dict(), indent=2) + "\n" if as_json else _shown(report))
    return 1 if report.errors else 0


def tell_found(args: argparse.Namespace) -> int:
    """Tell the rows of one split that a search or a condition finds.

    Raises:
        unknown_name: there is no such config.
    """
    from pico_banana.sharing.hub.viewer import check_folder
    from pico_banana.sharing.hub.viewer_search import find_rows

    report = check_folder(args.check)
    configs = args.subset or [report.default]
    unknown = [name for name in configs if name not in {view.config for view in report.splits}]
    if unknown:
        raise unknown_name("config", unknown[0], sorted({view.config for view in report.splits}))
    limit = args.limit if args.limit is not None else _FOUND
    for view in (view for view in report.splits if view.config in configs):
        files = [args.check / file for file in view.files]
        rows = find_rows(files, search=args.search, where=args.where or "", limit=limit)
        sys.stderr.write(f"{view.config}/{view.split}: {len(rows):,} rows{' or more' if len(rows) == limit else ''}\n")
        for row in rows:
            sys.stdout.write(f"{json.dumps(row, ensure_ascii=False, default=str) if args.json else _row(row)}\n")
    return 0


def _row(row: Mapping[str, Any]) -> str:
    """Show a row of ours by its id and instruction, one of another repository by what it has."""
    text = row.get("instruction") or " / ".join(row.get("turns.instruction") or ())
    return f"{row['id']}  {text}" if "id" in row and text else "  ".join(f"{name}: {row[name]}" for name in row)


def _shown(report: ViewerReport) -> str:
    lines: list[str] = []
    for view in report.splits:
        default = " (default)" if view.config == report.default else ""
        lines.append(f"{view.config}/{view.split}{default}: {view.rows:,} rows, {readable(view.size)}")
        lines.append(f"  first page: {view.first.rows} rows{', cells shortened' if view.first.cut else ''}")
        for column in view.columns:
            numbers = " ".join(f"{name} {value:g}" for name, value in column.numbers.items() if name != "std")
            labels = ", ".join(f"{name[:32]} {count:,}" for name, count in _most(column.frequencies))
            told_empty = f", {column.empty:,} empty" if column.empty else ""
            lines.append(f"  {column.name:<18} {column.kind:<12} {numbers or labels}{told_empty}")
            lines.append(f"  {'':<18} first: {view.first.cells.get(column.name, 'empty')}")
        if view.lost:
            lines.append(f"  the viewer will show no statistics of this split: {view.lost}")
    lines += [f"{problem.level}: {problem.where}: {problem.what}" for problem in report.problems]
    lines.append(f"{len(report.errors)} errors, {len(report.problems) - len(report.errors)} warnings")
    return "\n".join(lines) + "\n"


def _most(frequencies: Mapping[str, int]) -> list[tuple[str, int]]:
    return sorted(frequencies.items(), key=lambda item: -item[1])[:_LABELS]
