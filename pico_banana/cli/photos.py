"""`pico-banana photos` and `attribution`: the index of source photos, the tars, and credit for the photos."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from pico_banana.cli.choosing import add_mirror_options, add_selection_options, chosen_rows
from pico_banana.cli.download import add_host_options
from pico_banana.cli.live import LiveLine
from pico_banana.cli.words import sort_words
from pico_banana.mirrors.fetch.sizes import readable

if TYPE_CHECKING:
    import argparse


def add_parser(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add the commands.

    Args:
        subparsers: where commands are added.
    """
    group = subparsers.add_parser("photos", help="source photos: their index, and the tars")
    commands = group.add_subparsers(required=True, metavar="COMMAND")
    _add_index(commands)
    _add_tars(commands)
    _add_paths(commands)
    _add_adopt(commands)
    parser = subparsers.add_parser(
        "attribution",
        help="credit for the source photos of a selection",
        description="Print author, page and licence of every source photo of the rows. Needs the photo index.",
        epilog="example: pico-banana attribution single_turn --type zoom_in",
    )
    add_selection_options(parser)
    add_mirror_options(parser)
    parser.add_argument("--json", action="store_true", help="print one JSON object a line")
    parser.set_defaults(run=_attribution)


def _add_index(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    parser = commands.add_parser(
        "index",
        help="build the photo index",
        description="Build the index from photo URL to Open Images id, hash, author and licence: once, from the "
        "published table of 609 MB, in bounded memory; or take one that somebody shared.",
        epilog="example: pico-banana photos index --only single_turn --out photos.index",
    )
    add_mirror_options(parser)
    parser.add_argument("--from", dest="source", metavar="FILE", help="a table or an index, a path or an address")
    parser.add_argument(
        "--only", action="append", metavar="SUBSET", help="keep only the photos of this subset; may be repeated"
    )
    parser.add_argument("--out", type=Path, metavar="FILE", help="write it there, to share it")
    parser.add_argument(
        "--host", action="append", metavar="HOST=URL", help="connect there in place of HOST; may be repeated"
    )
    parser.set_defaults(run=_index)


def _add_tars(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    parser = commands.add_parser(
        "tars",
        help="take the photos of a selection out of the Open Images tars",
        description="Read tars as a stream and keep only the photos that the rows need; nothing else is unpacked. "
        "The same command goes on in the middle of a gzip tar, also after a kill.",
        epilog="example: pico-banana photos tars single_turn --category human_centric --tar train_0.tar.gz",
    )
    add_selection_options(parser)
    add_mirror_options(parser)
    add_host_options(parser.add_argument_group("how tars are fetched"))
    parser.add_argument(
        "--tar",
        action="append",
        metavar="TAR",
        help="a tar, a path or an address; may be repeated (default: the published ones, 80 GB)",
    )
    parser.add_argument("--json", action="store_true", help="print the totals as JSON")
    parser.set_defaults(run=_tars)


def _add_paths(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    parser = commands.add_parser(
        "rows-file",
        aliases=["paths"],  # what it was called first
        help="write rows with the path of each photo, as people exchange them",
        description="Write the rows as published plus the path of each photo's file, or null: the "
        "file known as sft_with_local_source_image_path.jsonl.",
        epilog="example: pico-banana photos rows-file out/ single_turn --relative",
    )
    parser.add_argument("out", type=Path, metavar="OUT", help="a file, or a folder for a file of the usual name")
    add_selection_options(parser)
    add_mirror_options(parser)
    parser.add_argument("--relative", action="store_true", help="paths relative to the file")
    parser.set_defaults(run=_paths)


def _add_adopt(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    parser = commands.add_parser(
        "adopt",
        help="take the pictures of a folder in the published layout into the store, without copying",
        description="Link every whole picture below images/ and source/ of a folder into the store.",
        epilog="example: pico-banana photos adopt /data/pico-banana",
    )
    parser.add_argument("folder", type=Path, metavar="DIR", help="somebody's download")
    parser.add_argument("--mirror", metavar="ROOT", help="whose pictures they are (default: the release)")
    parser.add_argument("--no-check", action="store_true", help="take them without looking")
    parser.set_defaults(run=_adopt)


def _paths(args: argparse.Namespace) -> int:
    from pico_banana.pictures.jobs.interchange import write_rows_with_paths

    sort_words(args, "out")
    written = write_rows_with_paths(chosen_rows(args), args.out, relative=args.relative)
    sys.stdout.write(f"{written.rows:,} rows, {written.with_photo:,} with a photo: {written.path}\n")
    return 0


def _adopt(args: argparse.Namespace) -> int:
    from pico_banana.mirrors.catalog import resolve_mirror
    from pico_banana.pictures.jobs.interchange import adopt, require_of_the_release

    if args.mirror is None:
        require_of_the_release(args.folder)
    done = adopt(args.folder, mirror=resolve_mirror(args.mirror).name, check=not args.no_check)
    sys.stdout.write(
        f"{done.files:,} pictures: {done.adopted:,} adopted, {done.present:,} were there, "
        f"{len(done.rejected):,} not whole\n"
    )
    for reason in done.rejected.values():
        sys.stdout.write(f"  {reason}\n")
    return int(bool(done.rejected))


def _index(args: argparse.Namespace) -> int:
    from pico_banana.loading import load
    from pico_banana.mirrors.catalog import resolve_mirror
    from pico_banana.mirrors.fetch.hosts import hosts_from_environment, parse_hosts
    from pico_banana.mirrors.fetch.transport import Transport
    from pico_banana.pictures.jobs.index import install_index

    hosts = parse_hosts(args.host) if args.host else hosts_from_environment()
    only = [load(subset, mirror=args.mirror) for subset in args.only] if args.only else None
    with LiveLine() as line:
        index = install_index(
            resolve_mirror(args.mirror),
            source=args.source,
            only=only,
            target=args.out,
            transport=Transport(hosts=hosts),
            progress=lambda rows: line.show(f"{rows:,} rows read"),
        )
    sys.stdout.write(f"{len(index):,} photos in {index.path}\n")
    return 0


def _tars(args: argparse.Namespace) -> int:
    from pico_banana.mirrors.fetch.hosts import parse_hosts
    from pico_banana.pictures.jobs.download import Download, FetchOptions
    from pico_banana.pictures.jobs.tars import take_photos

    hosts = parse_hosts(args.host) if args.host else None
    options = FetchOptions(roles=("source",), hosts=hosts, timeout_s=args.timeout)
    with LiveLine() as line:
        report = take_photos(
            Download(chosen_rows(args), options), args.tar, progress=lambda *far: line.show(_far(*far))
        )
    sys.stdout.write(json.dumps(report.as_dict()) + "\n" if args.json else report.summary() + "\n")
    return int(report.failures > 0 or bool(report.unread))


def _attribution(args: argparse.Namespace) -> int:
    from pico_banana.mirrors.fetch.provenance import NOTES, recorded
    from pico_banana.mirrors.store import area
    from pico_banana.pictures.jobs.attribution import photo_as_dict, photos_of

    dataset = chosen_rows(args)
    notes = recorded(area(dataset.mirror.name) / NOTES)
    unknown = 0
    for address, photo in photos_of(dataset):
        unknown += photo is None
        if args.json:
            sys.stdout.write(json.dumps(photo_as_dict(address, photo, notes.get(address)), ensure_ascii=False) + "\n")
        elif photo is not None:
            sys.stdout.write(f"{address}  {photo.attribution}\n")
    if unknown:
        sys.stderr.write(f"{unknown:,} photos are not in the index\n")
    return 0


def _far(tar: str, position: int, total: int | None) -> str:
    return f"{tar}: {readable(position)}" + ("" if total is None else f" of {readable(total)}")
