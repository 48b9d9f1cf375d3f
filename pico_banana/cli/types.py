"""`pico-banana types`: the 8 categories and 35 edit types."""

from __future__ import annotations

import json
import sys
from typing import TYPE_CHECKING

from pico_banana.taxonomy import EditType, categories, category

if TYPE_CHECKING:
    import argparse


def add_parser(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add the command.

    Args:
        subparsers: where commands are added.
    """
    parser = subparsers.add_parser(
        "types",
        help="list the categories and edit types",
        description="List the 8 categories and 35 edit types: slug, scope, rows of the release, published label.",
        epilog="example: pico-banana types human_centric",
    )
    parser.add_argument("category", nargs="?", help="only this category, any spelling")
    parser.add_argument("--json", action="store_true", help="print everything known of them as JSON")
    parser.set_defaults(run=_run)


def _run(args: argparse.Namespace) -> int:
    chosen = [category(args.category)] if args.category else list(categories())
    if args.json:
        sys.stdout.write(
            json.dumps([_facts(kind) for group in chosen for kind in group.edit_types], indent=2, ensure_ascii=False)
            + "\n"
        )
        return 0
    for group in chosen:
        rows = sum(kind.published_count for kind in group.edit_types)
        sys.stdout.write(f"{group}  {group.label}, {rows:,} rows\n")
        for kind in group.edit_types:
            sys.stdout.write(f"  {kind:<20} {kind.scope:<9} {kind.published_count:>7,}  {kind.label}\n")
    return 0


def _facts(kind: EditType) -> dict[str, object]:
    return {
        "slug": str(kind),
        "label": kind.label,
        "category": str(kind.category),
        "scope": kind.scope,
        "published_count": kind.published_count,
        "definition": kind.definition,
        "aliases": list(kind.aliases),
    }
