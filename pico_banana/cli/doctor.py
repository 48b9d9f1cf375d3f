"""`pico-banana doctor`: is this machine ready, and is the release what the code takes it for?"""

from __future__ import annotations

import json
import sys
from itertools import chain
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import argparse
    from collections.abc import Iterator

    from pico_banana.pictures.doctor.findings import Finding


def add_parser(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add the command.

    Args:
        subparsers: where commands are added.
    """
    parser = subparsers.add_parser(
        "doctor",
        help="look whether everything is as it should be",
        description="Look at versions, optional packages, decoders, disk and store. With --deep also "
        "look for damage in what was built from rows and tables. With --live also ask the servers "
        "about two dozen small, slow questions and set the answers against what the code assumes.",
        epilog="example: pico-banana doctor --live",
    )
    parser.add_argument(
        "--mirror",
        metavar="ROOT",
        help="a folder, an address, or 'sample' (default: PICO_BANANA_MIRROR, else the release)",
    )
    parser.add_argument("--live", action="store_true", help="also ask the servers")
    parser.add_argument(
        "--deep", action="store_true", help="also compare row stores and the photo index with their checksums"
    )
    parser.add_argument(
        "--host", action="append", metavar="HOST=URL", help="connect there in place of HOST; may be repeated"
    )
    parser.add_argument("--json", action="store_true", help="print one JSON object a line")
    parser.set_defaults(run=_run)


def _run(args: argparse.Namespace) -> int:
    from pico_banana.pictures.doctor.findings import Verdict

    problems, last = 0, Verdict.OK
    for finding in _findings(args):
        problems += finding.verdict is Verdict.PROBLEM
        last = finding.verdict
        sys.stdout.write((json.dumps(finding.as_dict()) if args.json else str(finding)) + "\n")
        sys.stdout.flush()
    return int(problems > 0 or last is Verdict.UNKNOWN)  # only a question to servers is ever unknown


def _findings(args: argparse.Namespace) -> Iterator[Finding]:
    from pico_banana.mirrors.catalog import resolve_mirror
    from pico_banana.mirrors.fetch.hosts import hosts_from_environment, parse_hosts
    from pico_banana.mirrors.fetch.transport import Transport
    from pico_banana.pictures.doctor.deep import kept_tables
    from pico_banana.pictures.doctor.environment import environment
    from pico_banana.pictures.doctor.live import examine

    mirror = resolve_mirror(args.mirror)
    hosts = parse_hosts(args.host) if args.host else hosts_from_environment()
    here = chain(environment(mirror), kept_tables(mirror) if args.deep else ())
    return chain(here, examine(mirror, Transport(hosts=hosts)) if args.live else ())
