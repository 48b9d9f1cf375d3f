"""`pico-banana info`: what a mirror offers and what the store holds of it."""

from __future__ import annotations

import json
import sys
from typing import TYPE_CHECKING, Any

from pico_banana.cli.choosing import add_mirror_options, on_bad_rows
from pico_banana.errors import MirrorError, PicoBananaError
from pico_banana.records import Subset
from pico_banana.telling import redacted

if TYPE_CHECKING:
    import argparse

    from pico_banana.rows.table.counting import CountBy


def add_parser(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add the command.

    Args:
        subparsers: where commands are added.
    """
    parser = subparsers.add_parser(
        "info",
        help="what a mirror offers: rows, categories, known problems",
        description="Count the rows of each subset and the known problems among them, and say where everything lies.",
        epilog="example: pico-banana info --mirror sample",
    )
    add_mirror_options(parser, rows=False)
    parser.add_argument("--json", action="store_true", help="print it as JSON")
    parser.set_defaults(run=_run)


def _run(args: argparse.Namespace) -> int:
    from pico_banana import __version__
    from pico_banana.mirrors.catalog import resolve_mirror
    from pico_banana.mirrors.store import home

    mirror = resolve_mirror(args.mirror)
    found: dict[str, Any] = {
        "version": __version__,
        "mirror": mirror.name,
        "root": redacted(mirror.root),
        "store": str(home()),
    }
    found["subsets"], failed = {}, 0
    for subset in Subset:
        try:
            found["subsets"][subset.value] = _counted(subset, args)
        except PicoBananaError as error:  # what can be said of the others is said all the same
            failed += not isinstance(error, MirrorError)  # a mirror need not offer every subset
            found["subsets"][subset.value] = None
            sys.stderr.write(f"{subset.value}: {args.parser.in_options(str(error))}\n")
    sys.stdout.write(json.dumps(found, indent=2) + "\n" if args.json else _written(found))
    return int(failed > 0)


def _counted(subset: Subset, args: argparse.Namespace) -> dict[str, Any]:
    from pico_banana.loading import load

    dataset = load(str(subset.value), mirror=args.mirror, on_bad_rows=on_bad_rows(args))
    if subset is Subset.INSTRUCTIONS:  # the texts of the single edits; their types and flags are told there
        return {"rows": len(dataset), "bad_rows": 0}
    flags = {flag: count for flag, count in dataset.counts("flag").items() if count}
    by: CountBy = "turns" if subset is Subset.MULTI_TURN else "category"
    return {"rows": len(dataset), by: dataset.counts(by), "flags": flags, "bad_rows": len(dataset.bad_rows)}


def _written(found: dict[str, Any]) -> str:
    lines = [
        f"pico-banana {found['version']}",
        f"mirror  {found['mirror']}  {found['root']}",
        f"store   {found['store']}",
    ]
    for subset, facts in found["subsets"].items():
        if facts is None:
            lines += ["", f"{subset}: not to be had"]
            continue
        lines += ["", f"{subset}: {facts['rows']:,} rows"]
        for title in ("category", "turns", "flags"):
            lines += [
                f"  {title[:-1] if title == 'flags' else title} {name:<22} {count:>9,}"
                for name, count in facts.get(title, {}).items()
            ]
        if facts["bad_rows"]:
            lines.append(f"  {facts['bad_rows']:,} lines left out because they are no rows")
    return "\n".join(lines) + "\n"
