"""`pico-banana trouble`: files of rows that are known to be bad, made, put together, shown."""

from __future__ import annotations

import json
import sys
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING

from pico_banana.cli.choosing import add_mirror_options, add_selection_options, chosen_rows
from pico_banana.mirrors.notes import parse_note

if TYPE_CHECKING:
    import argparse
    from collections.abc import Mapping

    from pico_banana.rows.trouble import Trouble

_MOVED = "doubt = 'moved'"


def add_parser(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add the group.

    Args:
        subparsers: where commands are added.
    """
    group = subparsers.add_parser(
        "trouble",
        help="files of rows that are known to be bad, which load as flags",
        description="Files of known trouble are sidecars: id, trouble (flags), found_by, note. They hold nothing of "
        "the release, so they can be shared; every command that takes rows reads them with --trouble, and --flag and "
        "--not-flag then choose by them.",
        epilog="example: pico-banana ls single_turn --trouble trouble.csv --not-flag misaligned",
    )
    commands = group.add_subparsers(required=True, metavar="COMMAND")
    _add_from_doctor(commands)
    _add_from_measure(commands)
    _add_from_rows(commands)
    _add_merge(commands)
    _add_show(commands)


def _add_from_doctor(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    parser = commands.add_parser(
        "from-doctor",
        help="rows whose pictures the doctor found to be gone",
        description="Note the rows whose pictures `doctor --live --json` found to be gone. What a file has is kept.",
        epilog="example: pico-banana trouble from-doctor trouble.csv live.jsonl",
    )
    _add_out(parser)
    parser.add_argument("findings", type=Path, metavar="FINDINGS", help="what `doctor --live --json` printed")
    parser.set_defaults(run=_from_doctor)


def _add_from_measure(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    parser = commands.add_parser(
        "from-measure",
        help="rows whose measurements, or other annotations, meet a condition",
        description="Note the rows whose measurements meet a condition. What a file has is kept. Any annotations by id "
        "will do, such as scores.",
        epilog="example: pico-banana trouble from-measure trouble.csv changes.parquet --when \"doubt = 'moved'\"",
    )
    _add_out(parser)
    parser.add_argument("table", type=Path, metavar="TABLE", help="what `measure` wrote, or other annotations")
    parser.add_argument("--when", default=_MOVED, metavar="SQL", help=f"over its columns (default: {_MOVED})")
    _add_flag(parser, default="misaligned")
    parser.set_defaults(run=_from_measure)


def _add_from_rows(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    parser = commands.add_parser(
        "from-rows",
        help="rows that are chosen, such as those you looked at",
        description="Note rows that are chosen by id or by any other option. What a file has is kept.",
        epilog="example: pico-banana trouble from-rows trouble.csv --id single_turn/positive-edit/1 --as wrong_picture",
    )
    _add_out(parser)
    add_selection_options(parser)
    add_mirror_options(parser)
    _add_flag(parser, default=None)
    parser.add_argument("--note", default="", metavar="TEXT", help="what else is to be said of them")
    parser.add_argument("--found-by", default="", metavar="WHO", help="who says so")
    parser.set_defaults(run=_from_rows)


def _add_merge(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    parser = commands.add_parser(
        "merge",
        help="put files together",
        description="Put what files say of each row together. What the file has is kept.",
        epilog="example: pico-banana trouble merge trouble.csv theirs.csv",
    )
    _add_out(parser)
    parser.add_argument("files", nargs="+", type=Path, metavar="FILE", help="files of trouble")
    parser.set_defaults(run=_merge)


def _add_show(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    parser = commands.add_parser(
        "show",
        help="count what is in files",
        description="Count the rows of each trouble, by subset.",
        epilog="example: pico-banana trouble show trouble.csv",
    )
    parser.add_argument("files", nargs="+", type=Path, metavar="FILE", help="files of trouble")
    parser.add_argument("--json", action="store_true", help="print JSON")
    parser.set_defaults(run=_show)


def _add_out(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "out", type=Path, metavar="FILE", help="the file of trouble: .csv, .parquet or .jsonl; added to"
    )
    parser.add_argument("--json", action="store_true", help="print counts as JSON")


def _add_flag(parser: argparse.ArgumentParser, *, default: str | None) -> None:
    told = f" (default: {default})" if default else ""
    parser.add_argument(
        "--as", dest="as_flag", default=default, required=default is None, metavar="FLAG", help=f"what is wrong{told}"
    )


def _from_doctor(args: argparse.Namespace) -> int:
    from pico_banana.errors import ConfigError
    from pico_banana.rows.trouble import trouble_of_findings

    try:
        findings = [parse_note(line) for line in args.findings.read_text("utf-8").split("\n") if line.strip()]
    except ValueError as error:
        raise ConfigError(
            f"{args.findings} is not what `doctor --live --json` prints: {error}", key="findings"
        ) from error
    return _added(args, trouble_of_findings(findings))


def _from_measure(args: argparse.Namespace) -> int:
    from pico_banana.rows.trouble import trouble_of_table

    found = trouble_of_table(args.table, args.when, args.as_flag, found_by="measure", note="doubt")
    return _added(args, found)


def _from_rows(args: argparse.Namespace) -> int:
    from pico_banana.rows.choosing.options import parse_flag
    from pico_banana.rows.trouble import Trouble

    flags = frozenset({parse_flag(args.as_flag)})
    return _added(args, {name: Trouble(name, flags, args.found_by, args.note) for name in chosen_rows(args).ids})


def _merge(args: argparse.Namespace) -> int:
    from pico_banana.rows.trouble import read_trouble

    return _added(args, read_trouble(*args.files))


def _show(args: argparse.Namespace) -> int:
    from pico_banana.rows.trouble import read_trouble

    found = read_trouble(*args.files)
    counts = Counter((one.id.partition("/")[0], flag.value) for one in found.values() for flag in one.flags)
    if args.json:
        lines = [{"subset": subset, "trouble": flag, "rows": count} for (subset, flag), count in sorted(counts.items())]
        sys.stdout.write(json.dumps({"rows": len(found), "trouble": lines}) + "\n")
        return 0
    for (subset, flag), count in sorted(counts.items()):
        sys.stdout.write(f"{count:>9,}  {subset:<12}  {flag}\n")
    sys.stdout.write(f"{len(found):>9,}  rows in all\n")
    return 0


def _added(args: argparse.Namespace, found: Mapping[str, Trouble]) -> int:
    from pico_banana.rows.sidecar import require_ending, write_annotations
    from pico_banana.rows.trouble import merged, read_trouble, trouble_table

    require_ending(args.out, flat=True)
    there = args.out.exists() and args.out.stat().st_size  # JSON Lines of nothing are an empty file
    earlier = read_trouble(args.out) if there else {}
    every = merged([*earlier.values(), *found.values()])
    write_annotations(trouble_table(every), args.out)
    counts = {"found": len(found), "new": len(every) - len(earlier), "rows": len(every), "out": str(args.out)}
    text = f"{counts['found']:,} rows found, {counts['new']:,} new; {counts['rows']:,} in {args.out}"
    sys.stdout.write((json.dumps(counts) if args.json else text) + "\n")
    return 0
