"""`pico-banana ls`: the rows of a selection."""

from __future__ import annotations

import argparse
import csv
import json
import shutil
import sys
from typing import TYPE_CHECKING, Any

from pico_banana.cli.choosing import add_mirror_options, add_selection_options, chosen_rows
from pico_banana.cli.words import names

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from pico_banana.dataset import PicoBanana

SHOWN_ROWS = 20
_WIDEST = 48  # columns of a terminal, for all but the first and the last
_BATCH = 1000


def add_parser(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add the command.

    Args:
        subparsers: where commands are added.
    """
    parser = subparsers.add_parser(
        "ls",
        help="list or count the rows of a selection",
        description=f"List rows: id, edit type, instruction; the first {SHOWN_ROWS} unless --limit, --json or --csv is "
        "given.",
        epilog="example: pico-banana ls multi_turn --turns 4,5 --contains winter --json",
    )
    add_selection_options(parser)
    add_mirror_options(parser)
    group = parser.add_argument_group("how they are listed")
    group.add_argument("--columns", type=names, metavar="NAME,...", help="these columns; --json without it shows all")
    group.add_argument("--sort", metavar="NAME", help="by this column, before --limit; lists by their length")
    group.add_argument("--reverse", action="store_true", help="with --sort: the largest first")
    form = group.add_mutually_exclusive_group()
    form.add_argument("--json", action="store_true", help="one JSON object a line, with every public column")
    form.add_argument("--csv", action="store_true", help="CSV, with every public column; lists are JSON in it")
    group.add_argument("--count", action="store_true", help="print only how many rows there are")
    group.add_argument(
        "--by",
        choices=("edit_type", "category", "flag", "turns", "inferred_edit_type"),
        help="count the rows of each kind",
    )
    parser.set_defaults(run=_run)


def _run(args: argparse.Namespace) -> int:
    dataset = _sorted(args) if args.sort else chosen_rows(args)
    if dataset.bad_rows:
        first = dataset.bad_rows[0].place_and_reason
        sys.stderr.write(f"left out {len(dataset.bad_rows):,} lines that are no rows; the first: {first}\n")
    if not len(dataset):
        sys.stderr.write("no row matches\n")
    if args.count or args.by:
        _print_counts(dataset, args)
    elif args.json:
        for row in _rows(dataset, args.columns):
            sys.stdout.write(json.dumps(row, ensure_ascii=False) + "\n")
    elif args.csv:
        _print_csv(dataset, args.columns)
    else:
        _print_table(dataset, args.columns, None if args.limit is not None else SHOWN_ROWS)
    return 0


def _sorted(args: argparse.Namespace) -> PicoBanana[Any]:
    """Sort all rows that match, and take --limit of them then: the first of a sorted list, not a sorted few."""
    dataset = chosen_rows(argparse.Namespace(**{**vars(args), "limit": None}))
    values = [len(value) if isinstance(value, list) else value for value in dataset.column(args.sort)]
    known = [place for place, value in enumerate(values) if value is not None]
    known.sort(key=values.__getitem__, reverse=args.reverse)
    unknown = [place for place, value in enumerate(values) if value is None]
    return dataset.select((known + unknown)[: args.limit])


def _print_counts(dataset: PicoBanana[Any], args: argparse.Namespace) -> None:
    if args.by is None:
        sys.stdout.write(f"{len(dataset)}\n")
        return
    counts = dataset.counts(args.by)
    if args.json:
        sys.stdout.write(json.dumps(counts) + "\n")
    elif args.csv:
        csv.writer(sys.stdout, lineterminator="\n").writerows([(args.by, "rows"), *counts.items()])
    else:
        sys.stdout.writelines(f"{count:>9,}  {name}\n" for name, count in counts.items())


def _rows(dataset: PicoBanana[Any], columns: Sequence[str] | None) -> Iterator[dict[str, Any]]:
    for batch in dataset.to_arrow(columns=columns).to_batches(max_chunksize=_BATCH):
        yield from batch.to_pylist()


def _print_csv(dataset: PicoBanana[Any], columns: Sequence[str] | None) -> None:
    writer = csv.writer(sys.stdout, lineterminator="\n")
    writer.writerow(columns or dataset.columns)
    for row in _rows(dataset, columns):
        writer.writerow(
            json.dumps(value, ensure_ascii=False) if isinstance(value, list) else value for value in row.values()
        )


def _print_table(dataset: PicoBanana[Any], columns: Sequence[str] | None, shown: int | None) -> None:
    part = dataset if shown is None else dataset.head(shown)
    if columns is None:
        lines = [_summary(row) for row in part]
    else:
        lines = [list(columns), *([_text(value) for value in row.values()] for row in _rows(part, columns))]
    sys.stdout.writelines(_aligned(lines, shutil.get_terminal_size((120, 24)).columns))
    if len(dataset) > len(part):
        more = f"{len(dataset) - len(part):,} more of {len(dataset):,}"
        sys.stderr.write(f"{more}; say --limit N, --json, --csv or --count\n")


def _summary(row: Any) -> list[str]:  # noqa: ANN401 - any record
    if hasattr(row, "turns"):
        return [row.id, f"{len(row.turns)} turns", _text(" / ".join(row.instructions))]
    return [row.id, str(row.edit_type), _text(row.instruction)]


def _text(value: object) -> str:
    text = value if isinstance(value, str) else "" if value is None else json.dumps(value, ensure_ascii=False)
    return " ".join(text.split())


def _aligned(lines: Sequence[Sequence[str]], width: int) -> Iterator[str]:
    """Write cells below each other, as wide as the widest; the last one gets what is left of the terminal."""
    widest = [max(map(len, cells)) for cells in zip(*lines, strict=True)][:-1]
    widths = [*widest[:1], *(min(width, _WIDEST) for width in widest[1:])]  # the first is the id, to be copied
    for line in lines:
        cells = [_cut(cell, most).ljust(most) for cell, most in zip(line, widths, strict=False)]
        yield _cut("  ".join([*cells, line[-1]]).rstrip(), width) + "\n"


def _cut(text: str, most: int) -> str:
    return text if len(text) <= most else text[: most - 1] + "…"
