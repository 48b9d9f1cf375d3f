"""`pico-banana measure`: where edits differ from their sources, as annotations."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pico_banana.cli.choosing import add_mirror_options, add_selection_options, chosen_rows
from pico_banana.cli.executors import Asked
from pico_banana.cli.failures import tell_failures
from pico_banana.cli.sharding import add_shard_options, in_shards, is_parted
from pico_banana.cli.words import path_or_address, sort_words
from pico_banana.records.decoding.alignment import KINDS

if TYPE_CHECKING:
    import argparse

    import pyarrow as pa

    from pico_banana.dataset import PicoBanana
    from pico_banana.rows.sequence import RecordSequence
    from pico_banana.rows.sharding.work import Work

_KEPT_EVERY = 500  # rows


def add_parser(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add the command.

    Args:
        subparsers: where commands are added.
    """
    parser = subparsers.add_parser(
        "measure",
        help="measure where edits differ from their sources",
        description="Measure the changed share and its box, the shift and the change of shape of every edit, whether "
        "to rely on them, and the transform that lays the edit on its source. Written as annotations by id; a table "
        "that is there is added to, so the same command goes on after Ctrl-C. Pictures that are not here are fetched.",
        epilog="example: pico-banana measure changes.parquet single_turn --type add_object",
    )
    parser.add_argument("out", type=path_or_address, metavar="FILE", help="where the table goes: .parquet or .jsonl")
    add_selection_options(parser)
    add_mirror_options(parser)
    parser.add_argument("--no-alignment", action="store_true", help="leave the transform out, which needs OpenCV")
    parser.add_argument("--workers", type=int, default=4, metavar="N", help="threads (default: 4)")
    parser.add_argument("--json", action="store_true", help="print what was measured and what failed as JSON")
    add_shard_options(parser, out="FILE")
    parser.set_defaults(run=_run)


def _run(args: argparse.Namespace) -> int:
    from pico_banana.rows.sidecar import require_ending

    sort_words(args, "out")
    name = Path(args.out).name
    require_ending(Path(name))  # said before the work, not after
    if not args.no_alignment:
        _require_opencv()
    rows = chosen_rows(args)

    def do(work: Work) -> int:
        return _measure(args, work, work.folder if work.shard is None else work.folder / name, work.part_of(rows))

    asked = (rows.mirror.name, rows.ids, Path(name).suffix, args.no_alignment) if is_parted(args) else ()
    return in_shards(args, args.out, do, Asked("measure", asked))


def _require_opencv() -> None:
    """Say before the work that alignments need a package, and how to go without them.

    Raises:
        MissingExtraError: OpenCV is not installed.
    """
    from pico_banana.errors import MissingExtraError
    from pico_banana.records.decoding.registration import opencv

    try:
        opencv()
    except MissingExtraError as error:
        text = f"{error}, or leave it out with --no-alignment"
        raise MissingExtraError(text, package=error.package, extra=error.extra) from error


def _measure(args: argparse.Namespace, work: Work, out: Path, rows: PicoBanana[Any]) -> int:
    from pico_banana.cli.live import LiveLine
    from pico_banana.records.decoding.change import ChangeReport
    from pico_banana.rows.sidecar import write_annotations

    table = ChangeReport(0).to_arrow()
    if out.exists():
        table = _earlier(out, table.column_names)
    # Where an alignment is wanted, what lacks one is measured again; until then it stays as it is.
    done = table if args.no_alignment else table.filter(table["alignment"].is_valid())
    measured, earlier, new, failed = frozenset(done["id"].to_pylist()), len(done), 0, dict[str, str]()
    with LiveLine() as line:
        for start in range(0, len(rows), _KEPT_EVERY):  # what is measured is kept, whatever happens to the rest
            part = rows[start : start + _KEPT_EVERY]
            report = part.change_report(alignment=not args.no_alignment, workers=args.workers, skip=measured)
            failed |= report.failed
            new += len(report.changes)
            if report.changes:
                table = _joined(table, report.to_arrow())
                write_annotations(table, out)
            line.show(f"{min(len(rows), start + _KEPT_EVERY):,} of {len(rows):,} rows")
    if not out.exists():
        write_annotations(table, out)
    tell_failures("not measured:", failed)
    found = _alignments(rows, table)
    counts = {"earlier": earlier, "measured": new, "reliable": _reliable(table), "failed": failed}
    work.counts = {"edits": len(table), "reliable": counts["reliable"], "failed": len(failed)}
    told = json.dumps(counts | {"alignments": found}) + "\n"
    sys.stdout.write(told if args.json else _summary(counts, out) + _table(found))
    return int(bool(failed))


def _earlier(file: Path, names: list[str]) -> pa.Table:
    """Read what was measured earlier.

    Raises:
        ConfigError: the file holds other annotations.
    """
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
    import pyarrow.compute as pc

    old = table.select(more.column_names).cast(more.schema)
    again = pc.is_in(old["id"], value_set=more["id"].combine_chunks())
    return pa.concat_tables([old.filter(pc.invert(again)), more])


def _alignments(rows: RecordSequence[Any], table: pa.Table) -> dict[str, dict[str, int]]:
    """Count the kinds of alignment by edit type, of what was measured earlier too; turns by their number."""
    from pico_banana.records.decoding.alignment import by_type
    from pico_banana.sharing.export.edits import edits_of

    every = zip(*(table[column].to_pylist() for column in ("id", "alignment")), strict=True)
    kinds = {name: kind for name, kind in every if kind is not None}
    if not kinds:
        return {}
    return by_type((edit.kind, kinds[edit.id]) for edit in edits_of(rows, "long") if edit.id in kinds)


def _table(found: dict[str, dict[str, int]]) -> str:
    if not found:
        return ""
    lines = [f"{'':24}" + "".join(f"{kind.replace('_', ' '):>16}" for kind in KINDS)]
    lines += [f"{name:24}" + "".join(f"{counts[kind]:>16,}" for kind in KINDS) for name, counts in found.items()]
    return "\n".join(lines) + "\n"


def _reliable(table: pa.Table) -> int:
    return sum(table["reliable"].to_pylist())


def _summary(counts: dict[str, Any], out: Path) -> str:
    earlier = f" ({counts['earlier']:,} were there)" if counts["earlier"] else ""
    failed = f", {len(counts['failed'])} failed" if counts["failed"] else ""
    return f"{counts['measured']:,} edits measured{earlier}{failed}; {counts['reliable']:,} of all reliably: {out}\n"
