"""`pico-banana mirror`: make synthetic mirrors, serve one with the failures of real hosts, copy one."""

from __future__ import annotations

import argparse
import json
import sys
import threading
from pathlib import Path
from typing import TYPE_CHECKING

from pico_banana.cli.choosing import add_mirror_options, add_selection_options
from pico_banana.cli.download import add_fetch_options
from pico_banana.cli.live import LiveLine
from pico_banana.cli.words import sort_words

if TYPE_CHECKING:
    from pico_banana.rehearsal.making.make import MirrorSummary


def add_parser(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add the group to the command line.

    Args:
        subparsers: where commands are added.
    """
    group = subparsers.add_parser("mirror", help="make, serve and copy mirrors")
    commands = group.add_subparsers(required=True, metavar="COMMAND")
    _add_make(commands)
    _add_serve(commands)
    _add_copy(commands)


def _add_serve(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    parser = commands.add_parser(
        "serve",
        help="serve a mirror on 127.0.0.1 as the CDN, the photo bucket and Flickr, with their failures",
        description="Serve a mirror folder on 127.0.0.1 until Ctrl-C. One server plays the CDN, the photo bucket and "
        "Flickr, by the Host that is asked for; PICO_BANANA_HOSTS sends requests for those hosts here.",
        epilog="example: pico-banana mirror serve DIR --latency 0.05 --fault 500,share=0.1,times=1 --limit 100",
    )
    parser.add_argument("folder", type=Path, metavar="DIR", help="the mirror's root")
    parser.add_argument("--port", type=int, default=0, help="0 takes a free one (default: %(default)s)")
    parser.add_argument("--latency", type=float, default=0.0, metavar="S", help="seconds before each answer")
    parser.add_argument(
        "--fault",
        action="append",
        default=[],
        metavar="FAULT",
        help="what goes wrong: NAME[,where=PATTERN][,share=0.1][,times=1]; may be repeated",
    )
    parser.add_argument(
        "--limit",
        action="append",
        default=[],
        metavar="RATE",
        help="a limiter: RATE[,burst=10][,retry-after=seconds|date|none][,pause=1][,where=HOST]",
    )
    parser.add_argument("--seed", type=int, default=0, help="which paths a share strikes (default: %(default)s)")
    parser.set_defaults(run=_serve)


def _serve(args: argparse.Namespace) -> int:
    from pico_banana.errors import MirrorError
    from pico_banana.rehearsal.serving.faults import Limit, Rule
    from pico_banana.rehearsal.serving.serve import serve

    if not args.folder.is_dir():
        text = f"no mirror at {args.folder}; make one with `pico-banana mirror make {args.folder} --pictures`"
        raise MirrorError(text, mirror=str(args.folder))
    rules, limits = tuple(map(Rule.parse, args.fault)), tuple(map(Limit.parse, args.limit))
    with serve(
        args.folder, faults=rules, limits=limits, latency_s=args.latency, seed=args.seed, port=args.port
    ) as server:
        sys.stdout.write(f"{server.url}\n")
        sys.stdout.flush()
        sys.stderr.write(f"all hosts: PICO_BANANA_HOSTS='*={server.url}'\nwhat was asked: {server.url}/-/log\n")
        threading.Event().wait()
    return 0


def _add_copy(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    parser = commands.add_parser(
        "copy",
        help="copy rows and pictures of a selection to a mirror of one's own",
        description="Copy rows and pictures of a selection, in the published layout, to a folder or a bucket. The "
        "licence of the data allows sharing unchanged copies with attribution, and no commercial use.",
        epilog="example: pico-banana mirror copy s3://my-bucket/pico-banana single_turn --category human_centric",
    )
    parser.add_argument("target", metavar="ROOT", help="a folder, or an address that fsspec can write")
    parser.add_argument(
        "--replace-rows", action="store_true", help="put these rows in the place of others that are there"
    )
    add_selection_options(parser)
    add_mirror_options(parser)
    add_fetch_options(parser)
    parser.add_argument("--json", action="store_true", help="print the totals as JSON")
    parser.set_defaults(run=_copy)


def _copy(args: argparse.Namespace) -> int:
    from pico_banana.cli.download import chosen_download
    from pico_banana.cli.download_bar import progress_bar
    from pico_banana.pictures.jobs.copying import copy_mirror

    sort_words(args, "target")
    download = chosen_download(args)
    bar = progress_bar(download.plan().files)
    report = copy_mirror(download, args.target, replace_rows=args.replace_rows, progress=bar)
    sys.stdout.write(json.dumps(report.as_dict()) + "\n" if args.json else report.summary() + "\n")
    return int(report.failures > 0)


def _add_make(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    parser = commands.add_parser(
        "make",
        help="make a synthetic mirror in the published layout",
        description="Write a mirror in the published layout, with rows (and pictures) of our own, of any size. "
        "The same options give the same mirror, byte for byte.",
        epilog="example: pico-banana mirror make /tmp/mine --rows 1000 --pictures",
    )
    parser.add_argument("folder", type=Path, metavar="DIR", help="the mirror's root; files in it are replaced")
    parser.add_argument("--rows", type=int, default=100, help="single-turn rows (default: %(default)s)")
    parser.add_argument(
        "--preferences", type=int, help="preference rows (default: 22 %% of the rows, as in the release)"
    )
    parser.add_argument("--sessions", type=int, help="multi-turn rows (default: 28 %% of the rows, as in the release)")
    parser.add_argument("--pictures", action="store_true", help="also draw every picture the rows name")
    parser.add_argument("--photo-copies", action="store_true", help="also write the Open Images objects and tars")
    parser.add_argument("--size", type=_size, default=(96, 72), metavar="WxH", help="of the photos (default: 96x72)")
    parser.add_argument("--seed", type=int, default=0, help="another seed gives another mirror (default: %(default)s)")
    parser.add_argument(
        "--order",
        choices=("release", "blocks"),
        default="release",
        help="types mixed as in the release, or one block a type (default: %(default)s)",
    )
    parser.add_argument("--no-traps", action="store_true", help="leave out the known problems of the release")
    parser.add_argument("--no-shared-photos", action="store_true", help="give every row a photo of its own")
    parser.add_argument("--base-url", help="what addresses in the manifests start with")
    parser.add_argument("--json", action="store_true", help="print the summary as JSON")
    parser.set_defaults(run=_make)


def _size(text: str) -> tuple[int, int]:
    width, cross, height = text.partition("x")
    if not (cross and width.isdecimal() and height.isdecimal() and int(width) and int(height)):
        message = f"{text!r} is no size; write width and height in pixels, as in 1024x768"
        raise argparse.ArgumentTypeError(message)
    return int(width), int(height)


def _make(args: argparse.Namespace) -> int:
    from pico_banana.rehearsal.making.make import make_mirror
    from pico_banana.rehearsal.making.names import BASE_URL

    with LiveLine() as line:
        summary = make_mirror(
            args.folder,
            rows=args.rows,
            preferences=args.preferences,
            sessions=args.sessions,
            pictures=args.pictures,
            photo_copies=args.photo_copies,
            seed=args.seed,
            size=args.size,
            traps=not args.no_traps,
            shared_photos=not args.no_shared_photos,
            base_url=args.base_url or BASE_URL,
            order=args.order,
            progress=lambda what, done, total: line.show(_far(what, done, total)),
        )
    sys.stdout.write(json.dumps(summary.to_json(), indent=2) + "\n" if args.json else _told(summary))
    return 0


def _far(what: str, done: int, total: int) -> str:
    return f"{what}: {done:,} of {total:,}" if total else f"{what}: {done:,}"


def _told(summary: MirrorSummary) -> str:
    lines = [
        f"made {summary.folder}",
        f"  {summary.rows:>9,} single-turn rows",
        f"  {summary.preferences:>9,} preference rows",
        f"  {summary.sessions:>9,} sessions",
        f"  {summary.photos:>9,} source photos",
        f"  {summary.pictures:>9,} picture files",
        f"  {sum(summary.traps.values()):>9,} known problems of {len(summary.traps)} kinds",
    ]
    return "\n".join(lines) + "\n"
