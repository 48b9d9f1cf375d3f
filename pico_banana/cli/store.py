"""`pico-banana verify`, `repair` and `clean`: keeping the store in order."""

from __future__ import annotations

import argparse
import json
import sys
from typing import TYPE_CHECKING

from pico_banana.cli.choosing import add_mirror_options, add_selection_options, chosen_rows
from pico_banana.cli.download import add_check_options, add_fetch_options, checked_download, chosen_download
from pico_banana.cli.live import LiveLine
from pico_banana.mirrors.fetch.sizes import readable

if TYPE_CHECKING:
    from pico_banana.pictures.jobs.upkeep import Health

_SHOWN = 20
_BOTH_ENDS = "Without --deep both ends of each file are looked at, which finds every one that was cut off."


def add_parser(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add the commands.

    Args:
        subparsers: where commands are added.
    """
    _add_verify(subparsers)
    _add_repair(subparsers)
    _add_clean(subparsers)


def _add_verify(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    parser = subparsers.add_parser(
        "verify",
        help="check the stored pictures of a selection; nobody is asked",
        description="Check that the stored pictures of the rows are there and whole; nobody is asked, nothing changes. "
        f"{_BOTH_ENDS} `repair` fetches again what is not; `doctor` looks at this machine and the servers; "
        "`publish --check` at a repository's folder.",
        epilog="example: pico-banana verify single_turn --type zoom_in --deep",
    )
    add_selection_options(parser)
    add_mirror_options(parser)
    add_check_options(parser.add_argument_group("which pictures, and how closely"))
    parser.add_argument("--json", action="store_true", help="print the result as JSON")
    parser.set_defaults(run=_verify)


def _add_repair(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    parser = subparsers.add_parser(
        "repair",
        help="check, and fetch again what is missing or broken",
        description=f"Check the stored pictures of the rows, and fetch again what is missing or broken. {_BOTH_ENDS}",
        epilog="example: pico-banana repair single_turn --type zoom_in --deep",
    )
    add_selection_options(parser)
    add_mirror_options(parser)
    add_fetch_options(parser)
    parser.add_argument("--json", action="store_true", help="print the result as JSON")
    parser.set_defaults(run=_repair)


def _add_clean(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    parser = subparsers.add_parser(
        "clean",
        help="remove stored pictures that a selection does not need",
        description="Remove stored pictures of the mirror that none of the selected rows needs, also those of other "
        "subsets, and what interrupted downloads left. What is selected is kept. Rows, indexes and reports stay. "
        "Without --yes it only counts.",
        epilog="example: pico-banana clean single_turn --type zoom_in --yes",
    )
    add_selection_options(parser)
    add_mirror_options(parser)
    parser.add_argument("--not-in", action="store_true", help=argparse.SUPPRESS)  # was required; says what is done
    parser.add_argument("--yes", action="store_true", help="really remove")
    parser.add_argument("--json", action="store_true", help="print the result as JSON")
    parser.set_defaults(run=_clean)


def _verify(args: argparse.Namespace) -> int:
    from pico_banana.pictures.jobs.upkeep import verify

    with LiveLine() as line:
        health = verify(checked_download(args), deep=args.deep, progress=lambda done: line.show(f"{done:,} checked"))
    _print_health(health, as_json=args.json)
    if (health.broken or health.missing) and not args.json:
        sys.stderr.write("`pico-banana repair` with the same options fetches them again\n")
    return int(bool(health.broken or health.missing or health.unusable))


def _repair(args: argparse.Namespace) -> int:
    from pico_banana.pictures.jobs.upkeep import repair

    health, report = repair(chosen_download(args), deep=args.deep)
    if args.json:
        sys.stdout.write(json.dumps({"found": health.as_dict(), "fetched": report.as_dict()}) + "\n")
    else:
        _print_health(health, as_json=False)
        sys.stdout.write(report.summary() + "\n")
    return int(report.failures > 0)


def _clean(args: argparse.Namespace) -> int:
    from pico_banana.pictures.jobs.upkeep import clean

    dataset = chosen_rows(args)
    done = clean([dataset], mirror=dataset.mirror.name, dry_run=not args.yes)
    if args.json:
        sys.stdout.write(json.dumps(done.as_dict()) + "\n")
        return 0
    verb = "removed" if args.yes else "would remove"
    sys.stdout.write(
        f"{verb} {done.removed:,} pictures and {done.leftovers:,} leftovers, {readable(done.bytes)}; "
        f"{done.kept:,} pictures stay, those of {len(dataset):,} rows of {dataset.subset}\n"
    )
    if not args.yes:
        sys.stderr.write("nothing was removed; --yes removes\n")
    return 0


def _print_health(health: Health, *, as_json: bool) -> None:
    if as_json:
        sys.stdout.write(json.dumps(health.as_dict()) + "\n")
        return
    sys.stdout.write(
        f"{health.files:,} pictures: {health.good:,} good, {health.missing:,} missing, {len(health.broken):,} broken"
        f"{f', {len(health.unusable):,} unusable lines or addresses' if health.unusable else ''}\n"
    )
    reasons = [*health.unusable.values(), *health.broken.values()]
    for reason in reasons[:_SHOWN]:
        sys.stdout.write(f"  {reason}\n")
    if len(reasons) > _SHOWN:
        sys.stderr.write(f"{len(reasons) - _SHOWN:,} more of them; say --json\n")
