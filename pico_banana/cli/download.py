"""`pico-banana download`: every picture of a selection."""

from __future__ import annotations

import json
import shutil
import signal
import sys
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, NoReturn

from pico_banana.cli.choosing import add_mirror_options, add_selection_options, chosen_rows
from pico_banana.cli.download_bar import progress_bar
from pico_banana.cli.executors import Asked, wants_ray
from pico_banana.cli.sharding import add_shard_options, in_shards, is_parted
from pico_banana.cli.words import path_or_address
from pico_banana.errors import ConfigError
from pico_banana.rows.sharding.work import Work

if TYPE_CHECKING:
    import argparse

    from pico_banana.mirrors.fetch.plan import Plan
    from pico_banana.mirrors.fetch.report import Report
    from pico_banana.pictures.jobs.download import Download, FetchOptions

_ASK_FROM_GB = 10.0
_SOURCES_HELP = (
    "where photos come from, in order: open_images, flickr, mirror, a folder, an address with {image_id}; may be "
    "repeated (default: PICO_BANANA_SOURCES, else what is usual for the mirror)"
)


def add_parser(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add the command.

    Args:
        subparsers: where commands are added.
    """
    parser = subparsers.add_parser(
        "download",
        help="fetch every picture of a selection",
        description="Fetch the pictures of the rows that are not here yet. Run the same command again after an "
        "interruption: it asks only for what is missing, and for nothing when nothing is.",
        epilog="example: pico-banana download single_turn --category human_centric --limit 1000 --dry-run",
    )
    add_selection_options(parser)
    add_mirror_options(parser)
    add_fetch_options(parser)
    parser.add_argument("--dry-run", action="store_true", help="say what would be fetched, and fetch nothing")
    parser.add_argument("--yes", action="store_true", help="do not ask, however much it is")
    parser.add_argument(
        "--ask-from",
        type=float,
        default=_ASK_FROM_GB,
        metavar="GB",
        help="ask first from this size on (default: %(default)s)",
    )
    parser.add_argument(
        "--run",
        type=path_or_address,
        dest="run_folder",
        metavar="DIR",
        help="with --shard: shards leave their notes and reports in DIR.shards",
    )
    add_shard_options(parser, out="DIR")
    parser.add_argument("--allow-failed", type=int, default=0, metavar="N", help="exit 0 with up to so many failures")
    parser.add_argument("--json", action="store_true", help="print the plan or the totals as JSON")
    parser.set_defaults(run=_run)


def add_fetch_options(parser: argparse.ArgumentParser) -> None:
    """Add what says how pictures are fetched.

    Args:
        parser: the command's parser.
    """
    group = parser.add_argument_group("how pictures are fetched")
    add_check_options(group)
    group.add_argument("--sources", action="append", metavar="PLACE", help=_SOURCES_HELP)
    group.add_argument(
        "--photo-size",
        choices=("any", "1024", "original"),
        default="any",
        help="which size of a photo (default: %(default)s)",
    )
    group.add_argument(
        "--connections", type=int, default=32, metavar="N", help="most requests in flight (default: %(default)s)"
    )
    add_host_options(group)
    group.add_argument("--attempts", type=int, default=5, metavar="N", help="tries of one place (default: %(default)s)")
    group.add_argument("--durable", action="store_true", help="flush every picture to the disk")
    group.add_argument("--retry-gone", action="store_true", help="ask again for what was 404 or 410 lately")


def add_check_options(group: argparse._ActionsContainer) -> None:
    """Add what also a command that fetches nothing needs: which pictures, and how closely they are looked at.

    Args:
        group: a parser, or a group of its options.
    """
    group.add_argument("--only", choices=("source", "edited"), help="only photos, or only edits (default: both)")
    group.add_argument("--deep", action="store_true", help="decode every pixel before a picture counts")


def add_host_options(group: argparse._ActionsContainer) -> None:
    """Add what every command that asks a server needs.

    Args:
        group: a parser, or a group of its options.
    """
    group.add_argument(
        "--host",
        action="append",
        metavar="HOST=URL",
        help="connect there in place of HOST, a pattern; may be repeated (default: PICO_BANANA_HOSTS)",
    )
    group.add_argument(
        "--timeout", type=float, default=30.0, metavar="S", help="seconds without a byte (default: %(default)s)"
    )


def chosen_download(args: argparse.Namespace) -> Download:
    """Put a download together from the options.

    Args:
        args: what the parser gave.

    Returns:
        The download, not begun.
    """
    from pico_banana.mirrors.fetch.failures import MOST_AGE_DAYS
    from pico_banana.mirrors.fetch.hosts import parse_hosts
    from pico_banana.pictures.jobs.download import FetchOptions
    from pico_banana.pictures.jobs.needed import ROLES

    options = FetchOptions(
        roles=(args.only,) if args.only else ROLES,
        sources=tuple(args.sources) if args.sources else None,
        photo_size=args.photo_size,
        connections=args.connections,
        hosts=parse_hosts(args.host) if args.host else None,
        attempts=args.attempts,
        timeout_s=args.timeout,
        deep=args.deep,
        durable=args.durable,
        remember_days=0.0 if args.retry_gone else MOST_AGE_DAYS,
    )
    return _over_rows(args, options)


def checked_download(args: argparse.Namespace) -> Download:
    """Put together what a command looks at that fetches nothing.

    Args:
        args: what the parser gave.

    Returns:
        The download, never begun.
    """
    from pico_banana.pictures.jobs.download import FetchOptions
    from pico_banana.pictures.jobs.needed import ROLES

    return _over_rows(args, FetchOptions(roles=(args.only,) if args.only else ROLES, deep=args.deep))


def _over_rows(args: argparse.Namespace, options: FetchOptions) -> Download:
    """Put a download over the chosen rows; a line that is no row fails alone, unless the options leave it out."""
    from pico_banana.pictures.jobs.download import Download

    rows = chosen_rows(args, bad_rows="skip")
    return Download(rows, options, bad_rows=() if args.skip_bad_rows else rows.bad_rows)


def _run(args: argparse.Namespace) -> int:
    if is_parted(args) and args.run_folder is None:
        raise ConfigError("--shard needs --run DIR, where the shards leave their notes", key="run")
    whole = chosen_download(args)
    if wants_ray(args):  # asked once, and here, where somebody may answer
        ended = _ended_before(args, whole.plan(), Work(Path()))
        if ended is not None:
            return ended
        args.yes = True

    def do(work: Work) -> int:
        return _download(args, whole if work.shard is None else whole.part(work.shard), work)

    rows = whole.dataset
    asked = (rows.mirror.name, rows.ids, whole.options.roles, whole.options.photo_size) if is_parted(args) else ()
    return in_shards(args, args.run_folder or Path(), do, Asked("download", asked))


def _download(args: argparse.Namespace, download: Download, work: Work) -> int:
    plan = download.plan()
    ended = _ended_before(args, plan, work)
    if ended is not None:
        return ended
    plan.require_room()
    return run_job(download, plan, as_json=args.json, allow_failed=args.allow_failed, work=work)


def _ended_before(args: argparse.Namespace, plan: Plan, work: Work) -> int | None:
    """Give the exit code where nothing is to be fetched: a plan alone was wanted, or it is too much."""
    if args.dry_run:
        sys.stdout.write(json.dumps(plan.as_dict()) + "\n" if args.json else plan.summary() + "\n")
        work.unfinished = "only planned"
        return 0
    if not (args.yes or plan.bytes_to_fetch < args.ask_from * 1e9 or _agreed(plan)):
        sys.stderr.write("nothing was fetched; say --yes, or select fewer rows\n")
        return 2
    return None


def run_job(download: Download, plan: Plan, *, as_json: bool, allow_failed: int, work: Work | None = None) -> int:
    """Run a download with a progress bar, and print its totals, also when it is stopped.

    Args:
        download: what to fetch.
        plan: its plan, for the bar.
        as_json: print the totals as JSON.
        allow_failed: failures that are no failure of the command.
        work: takes the totals, and the list of what failed, where this is a shard.

    Returns:
        The exit code.
    """
    signal.signal(signal.SIGTERM, _exit)
    job = download.job(progress_bar(plan.files))
    try:
        job.run(download.items())
    finally:
        sys.stderr.write("\n")
        _print(_with_left(job.report, plan), as_json=as_json)
    if work is not None:
        _noted(work, job.report)
    return int(job.report.failures > allow_failed)


def _noted(work: Work, report: Report) -> None:
    work.counts = {"total": report.total, "done": report.done, "reused": report.reused, "failed": report.failures}
    if work.shard is not None and report.path is not None and Path(report.path).is_file():
        shutil.copyfile(report.path, work.folder / "report.jsonl")


def _with_left(report: Report, plan: Plan) -> Report:
    """Count what a stopped job never came to as left, too."""
    if not report.stopped:
        return report
    left = max(report.left, plan.files - report.done - report.reused - report.failures)
    return replace(report, left=left, total=report.total - report.left + left)


def _agreed(plan: Plan) -> bool:
    sys.stderr.write(plan.summary() + "\n")
    if not sys.stdin.isatty():
        return False
    sys.stderr.write("fetch all of this? [y/N] ")
    sys.stderr.flush()
    return sys.stdin.readline().strip().casefold() in {"y", "yes"}


def _print(report: Report, *, as_json: bool) -> None:
    sys.stdout.write(json.dumps(report.as_dict()) + "\n" if as_json else report.summary() + "\n")
    sys.stdout.flush()


def _exit(number: int, _frame: object) -> NoReturn:
    sys.exit(128 + number)
