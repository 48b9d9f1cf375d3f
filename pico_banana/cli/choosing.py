"""The options that say which rows of which mirror: the same for every command that takes rows."""

from __future__ import annotations

import json
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pico_banana.cli.words import names, numbers, type_names
from pico_banana.errors import ConfigError
from pico_banana.mirrors.notes import named_text
from pico_banana.rows.choosing.selection import Selection

if TYPE_CHECKING:
    import argparse

    from pico_banana.dataset import PicoBanana
    from pico_banana.rows.building.rowstore import OnBadRows


def add_mirror_options(parser: argparse.ArgumentParser, *, rows: bool = True) -> None:
    """Add what says where rows come from.

    Args:
        parser: the command's parser.
        rows: whether one rows file can be named in place of a mirror's.
    """
    group = parser.add_argument_group("where rows come from")
    group.add_argument(
        "--mirror",
        metavar="ROOT",
        help="a folder, an address, or 'sample' (default: PICO_BANANA_MIRROR, else the release)",
    )
    if rows:
        group.add_argument("--rows", type=Path, metavar="FILE", help="read this rows file in place of the mirror's own")
    group.add_argument("--skip-bad-rows", action="store_true", help="leave out lines that are no rows, and say so")
    if rows:
        group.add_argument(
            "--trouble",
            action="append",
            type=Path,
            metavar="FILE",
            help="rows known to be bad, as flags; may be repeated",
        )


def add_selection_options(parser: argparse.ArgumentParser, *, subset: bool = True) -> None:
    """Add what says which rows.

    Args:
        parser: the command's parser.
        subset: whether the subset is the command's first word.
    """
    if subset:
        parser.add_argument(
            "subset", nargs="?", default=None, help="single_turn, multi_turn, preference or instructions"
        )
    group = parser.add_argument_group(
        "which rows", "filters first, then --shuffle, --balance, --limit; lists may be repeated"
    )
    repeated = partial(group.add_argument, action="append")
    listed = partial(group.add_argument, action="extend")
    listed("--type", dest="edit_types", type=type_names, metavar="TYPE,...", help="edit types, in any spelling")
    listed("--category", dest="categories", type=names, metavar="NAME,...", help="categories")
    listed(
        "--inferred-type",
        dest="inferred_edit_types",
        type=type_names,
        metavar="TYPE,...",
        help="sessions with a turn of one of these inferred types",
    )
    group.add_argument("--min-confidence", type=float, metavar="P", help="how sure that inference must be, 0 to 1")
    listed("--turns", type=numbers, metavar="N,...", help="sessions of so many turns")
    repeated("--contains", metavar="TEXT", help="instructions that contain this, in any case; may be repeated")
    group.add_argument("--regex", metavar="RE", help="instructions that match this (RE2)")
    group.add_argument("--wording", choices=("any", "long", "short"), help="where --contains and --regex look")
    listed("--flag", dest="has_flags", type=names, metavar="FLAG,...", help="rows with all of these flags")
    listed("--not-flag", dest="lacks_flags", type=names, metavar="FLAG,...", help="rows with none of these flags")
    repeated("--id", dest="ids", metavar="ID", help="the row with this id; may be repeated")
    group.add_argument("--where", metavar="SQL", help="rows that meet a condition over their columns and annotations")
    repeated("--annotations", type=Path, metavar="FILE", help="a table with a column id, for --where; may be repeated")
    group.add_argument("--split", metavar="NAME", help="a split by source photo, such as test_90_5_5")
    group.add_argument(
        "--exclude", metavar="DEFINITION", help="without the photos of a benchmark: 'benchmark', or a definition's file"
    )
    group.add_argument("--shuffle", type=int, metavar="SEED", help="a random order")
    group.add_argument("--balance", choices=("edit_type", "category"), help="the same number of rows for each")
    group.add_argument("--limit", type=int, metavar="N", help="at most so many rows")
    group.add_argument(
        "--selection", metavar="JSON", help="a Selection as JSON, or @FILE; options above replace its parts"
    )


_PARTS = (
    "edit_types",
    "categories",
    "inferred_edit_types",
    "min_confidence",
    "turns",
    "contains",
    "regex",
    "wording",
    "has_flags",
    "lacks_flags",
    "ids",
    "split",
    "shuffle",
    "balance",
    "limit",
    "exclude",
)
_AFTER_FILTERS = ("shuffle", "balance", "limit")


def chosen_selection(args: argparse.Namespace) -> Selection:
    """Read the Selection off the options.

    Args:
        args: what the parser gave.

    Returns:
        The Selection.

    Raises:
        SelectionError: parts that do not fit together, or --selection is no JSON.
        ConfigError: the file that --selection names is no text.
        UnknownNameError: a name that does not exist.
    """
    parts: dict[str, Any] = {name: getattr(args, name) for name in _PARTS if getattr(args, name) is not None}
    if args.selection is None:
        return Selection.of(args.subset or "single_turn", **parts)
    text = args.selection
    given = Selection.from_json(named_text(Path(text[1:]), key="selection") if text.startswith("@") else text)
    content = json.loads(given.to_json())
    subset = args.subset or content.pop("subset")
    content.pop("subset", None)
    return Selection.of(subset, **content | parts)


def chosen_rows(args: argparse.Namespace, *, bad_rows: OnBadRows | None = None) -> PicoBanana[Any]:
    """Load the rows that the options name.

    Args:
        args: what the parser gave.
        bad_rows: what to do with lines that are no rows; None for what the options say.

    Returns:
        The rows.

    Raises:
        ConfigError: annotations without a condition, or that do not name each row once.
        SelectionError: the condition is no SQL over the columns.
    """
    from pico_banana.loading import load

    selection = chosen_selection(args)
    options: Any = selection.parts()
    subset: str = selection.subset.value
    source: Any = {"mirror": args.mirror, "rows": args.rows, "on_bad_rows": bad_rows or on_bad_rows(args)}
    source |= {"trouble": args.trouble}
    if args.where is None:
        if args.annotations:
            raise ConfigError("--annotations says about rows; say which of them with --where", key="where")
        return load(subset, **source, **options)
    after = {name: options.pop(name) for name in _AFTER_FILTERS if name in options}
    return load(subset, **source, **options).where(args.where, *args.annotations or ()).select(**after)


def on_bad_rows(args: argparse.Namespace) -> OnBadRows:
    """Read off the options what to do with lines that are no rows.

    Args:
        args: what the parser gave.

    Returns:
        "skip" or "error".
    """
    return "skip" if args.skip_bad_rows else "error"
