"""`pico-banana export` and `pico-banana pack`: rows and pictures in the form a trainer reads."""

from __future__ import annotations

import json
import signal
import sys
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pico_banana.cli.bar import Bar
from pico_banana.cli.choosing import add_mirror_options, add_selection_options, chosen_rows
from pico_banana.cli.executors import Asked
from pico_banana.cli.export_bar import ExportBar
from pico_banana.cli.failures import tell_failures
from pico_banana.cli.sharding import add_shard_options, in_shards, is_parted
from pico_banana.cli.words import path_or_address, sort_words
from pico_banana.mirrors.fetch.plan import free_bytes
from pico_banana.mirrors.fetch.sizes import readable
from pico_banana.mirrors.store import sha256_of
from pico_banana.records.decoding.geometry import GEOMETRIES
from pico_banana.records.wording import WORDINGS

if TYPE_CHECKING:
    import argparse

    from pico_banana.dataset import PicoBanana
    from pico_banana.rows.sharding.work import Work


def add_parser(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add the commands.

    Args:
        subparsers: where commands are added.
    """
    _add_export(subparsers)
    _add_pack(subparsers)


def _add_export(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    parser = subparsers.add_parser(
        "export",
        help="write rows and pictures in the form another tool reads",
        description="Write a selection for a trainer or a library. Run it again to finish what was interrupted.",
        epilog="example: pico-banana export webdataset out/ single_turn --type zoom_in --geometry fit --size 512",
    )
    parser.add_argument("format", nargs="?", help="which form; see --list")
    parser.add_argument(
        "folder", nargs="?", type=path_or_address, help="where it goes: an empty folder, or the same export"
    )
    add_selection_options(parser)
    add_mirror_options(parser)
    _add_picture_options(parser)
    _add_text_options(parser, "both")
    parser.add_argument("--codec", choices=("keep", "png", "jpeg"), default="keep", help="one codec for both sides")
    parser.add_argument(
        "--match",
        choices=("none", "size", "codec"),
        default="none",
        help="make accepted and rejected edits alike: encoded alike, or also of one size (default: none)",
    )
    parser.add_argument("--shard-rows", type=int, default=512, metavar="N", help="rows a shard (default: 512)")
    parser.add_argument("--workers", type=int, default=2, metavar="N", help="threads (default: 2)")
    parser.add_argument("--no-checksums", action="store_true", help="leave SHA-256 sums out of the manifest")
    _add_file_options(parser)
    parser.add_argument("--list", action="store_true", help="list the formats")
    _add_report_options(parser)
    add_shard_options(parser, out="FOLDER")
    parser.set_defaults(run=_export)


def _add_file_options(parser: argparse.ArgumentParser) -> None:
    group = parser.add_argument_group("files")
    group.add_argument(
        "--exif",
        choices=("upright", "keep"),
        default="upright",
        help="a picture that lies on its side: turned, as PNG, or bytes and tag as published (default: upright)",
    )
    group.add_argument("--links", action="store_true", help="read-only hard links to the store in place of copies")
    group.add_argument("--ascii", action="store_true", help="nothing but ASCII in JSON and CSV")
    group.add_argument(
        "--split-name", default="", metavar="NAME", help="what the split is called (default: that of --split, or train)"
    )
    group.add_argument("--verify", action="store_true", help="compare what is there by content, not only by size")
    for name, what in (("resolution", "the size to train at"), ("control-resolution", "the same for sources")):
        group.add_argument(
            f"--{name}", type=int, metavar="PX", help=f"{what}, for trainers whose configuration is written"
        )


def _add_pack(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    parser = subparsers.add_parser(
        "pack",
        help="write a training store of decoded pictures for this machine",
        description="Write a memory-mapped pack that the loader reads without decoding. Run it again to finish it.",
        epilog="example: pico-banana pack out/ single_turn --size 512 --format raw --workers 4",
    )
    parser.add_argument("folder", type=path_or_address, help="where it goes")
    add_selection_options(parser)
    add_mirror_options(parser)
    _add_picture_options(parser, geometry="fit", size=512)
    _add_text_options(parser)
    parser.add_argument(
        "--format", choices=("raw", "zstd", "qoi", "jpeg"), default="raw", help="how pictures lie in it"
    )
    parser.add_argument("--workers", type=int, default=2, metavar="N", help="processes (default: 2)")
    _add_report_options(parser)
    add_shard_options(parser, out="FOLDER")
    parser.set_defaults(run=_pack)


def _add_text_options(parser: argparse.ArgumentParser, *more: str) -> None:
    group = parser.add_argument_group("text")
    group.add_argument(
        "--instruction",
        choices=(*WORDINGS, *more),
        default="long",
        help="which instruction trainers get (default: long)",
    )
    group.add_argument(
        "--texts",
        action="append",
        default=[],
        type=Path,
        metavar="FILE",
        help="a sidecar of `pico-banana texts`; repeat",
    )


def _add_picture_options(parser: argparse.ArgumentParser, *, geometry: str = "none", size: int | None = None) -> None:
    group = parser.add_argument_group("pictures", "the same transform for all pictures of a row")
    group.add_argument("--geometry", choices=GEOMETRIES, default=geometry, help=f"the policy (default: {geometry})")
    group.add_argument("--size", type=int, default=size, metavar="PX", help="a square's side, or the longest side")
    group.add_argument("--buckets", metavar="TABLE", help="sdxl, kontext, qwen or gemini (default: sdxl)")


def _add_report_options(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--allow-failed", type=int, default=0, metavar="N", help="exit 0 although N rows were left out")
    parser.add_argument("--json", action="store_true", help="print the report as JSON")


def _about(name: str) -> str:
    """Say what a format is; of another package's that cannot be used, why, so that all others are listed."""
    from pico_banana.errors import ConfigError
    from pico_banana.sharing.export import find_format

    try:
        return find_format(name).about
    except ConfigError as error:
        return f"cannot be used: {error}"


def _export(args: argparse.Namespace) -> int:
    from pico_banana.errors import ConfigError
    from pico_banana.sharing.export import export_options, formats

    if args.list:
        about = {name: _about(name) for name in formats()}
        lines = json.dumps(about) if args.json else "\n".join(f"{name:26}{text}" for name, text in about.items())
        sys.stdout.write(lines + "\n")
        return 0
    sort_words(args, "format", "folder")
    if args.format is None or args.folder is None:
        msg = "say which format and which folder, as in `pico-banana export parquet out/`; `--list` names the formats"
        raise ConfigError(msg, key="format")
    options = export_options(
        wording=args.instruction,
        geometry=args.geometry,
        size=args.size,
        buckets=args.buckets,
        codec=args.codec,
        exif=args.exif,
        shard_rows=args.shard_rows,
        workers=args.workers,
        checksums=not args.no_checksums,
        split=args.split_name,
        links=args.links,
        ascii=args.ascii,
        verify=args.verify,
        resolution=args.resolution,
        control_resolution=args.control_resolution,
        match=args.match,
    )
    rows = chosen_rows(args).with_texts(*args.texts)

    def do(work: Work) -> int:
        with ExportBar() as bar:
            report = work.part_of(rows).export(args.format, work.folder, options=options, progress=bar.show)
        return _reported(report, args, work)

    asked = (args.format, options.to_dict(), *_asked_rows(args, rows)) if is_parted(args) else ()
    return in_shards(args, args.folder, do, Asked("export", asked))


def _pack(args: argparse.Namespace) -> int:
    sort_words(args, "folder")
    signal.signal(signal.SIGTERM, signal.default_int_handler)  # as Ctrl-C: the processes at work are ended too
    from pico_banana.training.loader import make_examples
    from pico_banana.training.packs import forecast_bytes, pack

    rows = chosen_rows(args).with_texts(*args.texts)

    def do(work: Work) -> int:
        part = work.part_of(rows)
        examples = make_examples(
            part, size=args.size, geometry=args.geometry, buckets=args.buckets, wording=args.instruction
        )
        about = readable(forecast_bytes(examples, args.format))
        free = readable(free_bytes(work.folder))
        sys.stderr.write(
            f"packing {len(examples):,} examples into {work.folder}: about {about}; {free} are free there\n"
        )
        with Bar("example") as bar:
            report = pack(
                examples,
                work.folder,
                format=args.format,
                workers=args.workers,
                progress=lambda done: bar.at(done, len(examples), f"about {about} in all"),
            )
        return _reported(report, args, work)

    look = (args.geometry, args.size, args.buckets, args.format, args.instruction)
    asked = (look, *_asked_rows(args, rows)) if is_parted(args) else ()
    return in_shards(args, args.folder, do, Asked("pack", asked))


def _asked_rows(args: argparse.Namespace, rows: PicoBanana[Any]) -> tuple[object, ...]:
    """Name the rows and the texts made anew, which the shards of one output must share."""
    return rows.mirror.name, rows.ids, tuple(map(sha256_of, args.texts))


def _reported(report: Any, args: argparse.Namespace, work: Work) -> int:  # noqa: ANN401 - the report of either command
    counts = asdict(report)
    failed: dict[str, str] = counts["failed"]
    work.counts = {name: value for name, value in counts.items() if isinstance(value, int)} | {"failed": len(failed)}
    if args.json:
        sys.stdout.write(json.dumps(counts) + "\n")
    else:
        size = f", {readable(counts['size'])}" if "size" in counts else ""
        numbers = ", ".join(f"{work.counts[name]:,} {name}" for name in work.counts if name not in {"size", "failed"})
        sys.stdout.write(f"{work.folder}: {numbers}, {len(failed):,} left out{size}\n")
        if counts["texts"]:
            taken = ", ".join(f"{count:,} {name}" for name, count in sorted(counts["texts"].items()))
            sys.stdout.write(f"texts: {taken}\n")
    tell_failures("left out", failed)
    if len(failed) > args.allow_failed:
        work.unfinished = f"{len(failed)} examples were left out"
        return 1
    return 0
