"""`pico-banana download`: every picture of a selection."""

from __future__ import annotations

import json
import signal
import sys
from dataclasses import replace
from typing import TYPE_CHECKING, NoReturn

from pico_banana.cli.choosing import add_mirror_options, add_selection_options, chosen_rows
from pico_banana.cli.live import LiveLine
from pico_banana.mirrors.fetch.sizes import readable
from pico_banana.telling import escaped

if TYPE_CHECKING:
    import argparse
    from collections.abc import Callable

    from pico_banana.mirrors.fetch.plan import Plan
    from pico_banana.mirrors.fetch.progress import HostState, Progress
    from pico_banana.mirrors.fetch.report import Report
    from pico_banana.pictures.jobs.download import Download, FetchOptions

_ASK_FROM_GB = 10.0
_NOTICED_S = 1.0
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
    download = chosen_download(args)
    plan = download.plan()
    if args.dry_run:
        sys.stdout.write(json.dumps(plan.as_dict()) + "\n" if args.json else plan.summary() + "\n")
        return 0
    plan.require_room()
    if not (args.yes or plan.bytes_to_fetch < args.ask_from * 1e9 or _agreed(plan)):
        sys.stderr.write("nothing was fetched; say --yes, or select fewer rows\n")
        return 2
    return run_job(download, plan, as_json=args.json, allow_failed=args.allow_failed)


def run_job(download: Download, plan: Plan, *, as_json: bool, allow_failed: int) -> int:
    """Run a download with a progress bar, and print its totals, also when it is stopped.

    Args:
        download: what to fetch.
        plan: its plan, for the bar.
        as_json: print the totals as JSON.
        allow_failed: failures that are no failure of the command.

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
    return int(job.report.failures > allow_failed)


def _with_left(report: Report, plan: Plan) -> Report:
    """Count what a stopped job never came to as left, too."""
    if not report.stopped:
        return report
    left = max(report.left, plan.files - report.done - report.reused - report.failures)
    return replace(report, left=left, total=report.total - report.left + left)


def progress_bar(total: int) -> Callable[[Progress], None]:
    """Make a progress bar on stderr.

    Args:
        total: files in the plan.

    Returns:
        What takes the progress of a job.
    """
    if not sys.stderr.isatty():
        line, pauses = LiveLine(), Pauses()

        def plain(progress: Progress) -> None:
            pauses.tell(progress)
            line.show(f"{progress.report.total:,} of {total:,} files; {_rate(progress.report)}")

        return plain
    from tqdm import tqdm

    bar = tqdm(total=total, unit="file", file=sys.stderr, dynamic_ncols=True, mininterval=0.2)

    def show(progress: Progress) -> None:
        report = progress.report
        bar.update(report.total - report.left - bar.n)
        waits = " ".join(_waiting(progress).values())
        hosts = " ".join(map(_host, progress.hosts))
        bar.set_postfix_str(escaped(f"{_rate(report)}; {waits} {hosts}"[:160]), refresh=True)

    return show


class Pauses:
    """Says in a log which host is waited for, once a pause: silence there looks like a hang."""

    def __init__(self) -> None:
        """Say nothing yet."""
        self._told: set[str] = set()

    def tell(self, progress: Progress) -> None:
        """Write a line for every host that is waited for since the last look.

        Args:
            progress: how far the job is.
        """
        waiting = _waiting(progress)
        for host in waiting.keys() - self._told:
            sys.stderr.write(f"{waiting[host]}\n")
        self._told = set(waiting)


def _waiting(progress: Progress) -> dict[str, str]:
    """Say by host for how long it is waited for, where that is long enough to be noticed."""
    paused = {state.host: state.paused_s for state in progress.hosts if state.paused_s >= _NOTICED_S}
    held = {host: f"{host} asked to wait; retrying in {seconds:.0f} s …" for host, seconds in paused.items()}
    failing = {host: seconds for host, seconds in progress.retrying.items() if seconds >= _NOTICED_S}
    return {host: f"{host} gave no good answer; retrying in {s:.0f} s …" for host, s in failing.items()} | held


def _rate(report: Report) -> str:
    return f"{readable(report.bytes / max(report.seconds, 1e-9))}/s, {report.failures:,} failed"


def _host(host: HostState) -> str:
    held = f" paused {host.paused_s:.0f}s" if host.paused_s > 0 else f" {host.rate:.0f}/s" if host.rate else ""
    return f"[{host.host} {host.in_flight}/{host.window}{held}]"


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
