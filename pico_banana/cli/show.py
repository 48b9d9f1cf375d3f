"""`pico-banana show`: one row, and its pictures side by side."""

from __future__ import annotations

import argparse
import json
import sys
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pico_banana.cli.choosing import add_mirror_options, on_bad_rows
from pico_banana.cli.words import is_subset
from pico_banana.errors import MirrorError, SelectionError, UnknownNameError, unknown_name

if TYPE_CHECKING:
    from pico_banana.dataset import PicoBanana
    from pico_banana.records import Record

_MOST_PIXELS = 4096
_WITH_IDS = ("single_turn", "preference", "multi_turn")


def add_parser(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add the command.

    Args:
        subparsers: where commands are added.
    """
    parser = subparsers.add_parser(
        "show",
        help="show one row, its pictures side by side in a PNG",
        description="Print one row, and draw its pictures side by side. Pictures that are not here are fetched.",
        epilog="example: pico-banana show single_turn/positive-edit/1 --mirror sample --out row.png",
    )
    parser.add_argument("id", help="the row's id, as `pico-banana ls` prints it, or its place: multi_turn/0")
    parser.add_argument("--out", type=_png, metavar="FILE", help="write the picture there (PNG)")
    parser.add_argument(
        "--height", type=_pixels, default=384, metavar="PIXELS", help="of each picture (default: %(default)s)"
    )
    parser.add_argument("--json", action="store_true", help="print every public column as JSON")
    add_mirror_options(parser)
    parser.set_defaults(run=_run)


def _pixels(text: str) -> int:
    if not text.isdecimal() or not 1 <= int(text) <= _MOST_PIXELS:
        message = f"{text!r} is no height; give a whole number of pixels from 1 to {_MOST_PIXELS}"
        raise argparse.ArgumentTypeError(message)
    return int(text)


def _png(text: str) -> Path:
    if not text.lower().endswith(".png"):
        message = f"{text!r} does not end in .png; the picture is written as PNG"
        raise argparse.ArgumentTypeError(message)
    return Path(text)


def _run(args: argparse.Namespace) -> int:
    dataset, record = _found(args)
    if args.json:
        row = dataset.select(ids=[record.id]).to_arrow().to_pylist()[0]
        sys.stdout.write(json.dumps(row, indent=2, ensure_ascii=False) + "\n")
    else:
        sys.stdout.write("\n".join(_lines(record)) + "\n")
    if args.out is not None:
        _draw(record, args)
    return 0


def _found(args: argparse.Namespace) -> tuple[PicoBanana[Any], Record]:
    """Find the row that the words mean: an id; an id without its subset; the place of a row in a subset."""
    first, _, rest = args.id.partition("/")
    named = first in _WITH_IDS or (
        is_subset(first) and rest.isdecimal()
    )  # ids of sessions begin again with multi-turn/
    if named or args.id.isdecimal():
        dataset = _loaded(first if named else _WITH_IDS[0], args)
        word = rest if named else args.id
        return dataset, _at(dataset, int(word)) if word.isdecimal() else dataset[args.id]
    searched = sorted(_WITH_IDS, key=lambda subset: subset.replace("_", "-") != first)  # sessions lie in multi-turn/
    for subset in searched:
        with suppress(UnknownNameError, MirrorError):  # not in this subset, or the mirror has none
            dataset = _loaded(subset, args)
            return dataset, dataset[f"{subset}/{args.id}"]
    unknown: UnknownNameError = unknown_name(
        "id", args.id, (), see="`pico-banana ls` for ids; they begin with their subset"
    )
    raise unknown


def _at(dataset: PicoBanana[Any], place: int) -> Record:
    if place >= len(dataset):
        text = f"there is no row {place} in {dataset.subset}, which has {len(dataset):,}; the first is 0"
        raise SelectionError(text)
    found: Record = dataset[place]
    return found


def _loaded(subset: str, args: argparse.Namespace) -> PicoBanana[Any]:
    from pico_banana.loading import load

    return load(subset, mirror=args.mirror, rows=args.rows, on_bad_rows=on_bad_rows(args))


def _lines(record: Record) -> list[str]:
    from pico_banana.records import MultiTurn

    lines = [f"id         {record.id}"]
    if isinstance(record, MultiTurn):
        lines.append(f"source     {record.source.address}")
        for number, turn in enumerate(record.turns, 1):
            guess = f"{turn.inferred_edit_type or 'undecided'}, inferred at {turn.inferred_confidence:.2f}"
            lines += [
                f"turn {number}     {turn.instruction}  [{guess}]",
                f"           {turn.image.address if turn.image else 'picture missing'}",
            ]
    else:
        lines += _edit_lines(record)
    if record.flags:
        lines.append(f"flags      {', '.join(sorted(record.flags))}")
    return lines


def _edit_lines(record: Any) -> list[str]:  # noqa: ANN401 - any record with one instruction
    pictures = {"source": "source", "edited": "edited", "chosen": "chosen"}
    lines = [
        f"{title:<10} {getattr(record, name).address}" for name, title in pictures.items() if hasattr(record, name)
    ]
    lines += [f"rejected   {picture.address}" for picture in getattr(record, "rejected", ())]
    return [
        *lines,
        f"type       {record.edit_type} ({record.edit_type.label}), {record.category.label}",
        f"long       {record.instruction}",
        f"short      {record.short_instruction!r}",
    ]


def _draw(record: Record, args: argparse.Namespace) -> None:
    from pico_banana.mirrors.store import atomic_path
    from pico_banana.records.strip import draw_strip

    picture = draw_strip(record, height=args.height)
    with atomic_path(args.out) as temporary:
        picture.save(temporary, format="PNG")
    sys.stderr.write(f"wrote {args.out} ({picture.width}x{picture.height})\n")
