"""`pico-banana store`: what the store keeps of each mirror, and removing it."""

from __future__ import annotations

import json
import sys
from typing import TYPE_CHECKING

from pico_banana.mirrors.fetch.sizes import readable

if TYPE_CHECKING:
    import argparse


def add_parser(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add the group.

    Args:
        subparsers: where commands are added.
    """
    group = subparsers.add_parser("store", help="list what is kept of each mirror, and remove it")
    commands = group.add_subparsers(required=True, metavar="COMMAND")
    listing = commands.add_parser(
        "list",
        help="what the store keeps of each mirror",
        description="List the mirrors of which the store keeps anything: size, files, name, root.",
        epilog="example: pico-banana store list --json",
    )
    listing.add_argument("--json", action="store_true", help="print one JSON object a line")
    listing.set_defaults(run=_list)
    removing = commands.add_parser(
        "remove",
        help="remove all that is kept of one mirror",
        description="Remove rows, row stores, pictures and reports that the store keeps of one mirror. The mirror "
        "itself stays where it is. Without --yes it only counts.",
        epilog="example: pico-banana store remove sample --yes",
    )
    removing.add_argument("mirror", metavar="NAME", help="its name, as `pico-banana store list` prints it")
    removing.add_argument("--yes", action="store_true", help="really remove")
    removing.add_argument("--json", action="store_true", help="print the result as JSON")
    removing.set_defaults(run=_remove)


def _list(args: argparse.Namespace) -> int:
    from pico_banana.mirrors.kept import kept_mirrors
    from pico_banana.mirrors.store import home

    found = kept_mirrors()
    if not found:
        sys.stderr.write(f"the store {home()} is empty\n")
    width = max((len(kept.name) for kept in found), default=0)
    for kept in found:
        line = f"{readable(kept.bytes):>9}  {kept.files:>9,} files  {kept.name:<{width}}  {kept.root}".rstrip()
        sys.stdout.write((json.dumps(kept.as_dict()) if args.json else line) + "\n")
    return 0


def _remove(args: argparse.Namespace) -> int:
    from pico_banana.mirrors.kept import find_kept, remove_kept

    kept = remove_kept(args.mirror) if args.yes else find_kept(args.mirror)
    if args.json:
        sys.stdout.write(json.dumps({**kept.as_dict(), "removed": args.yes}) + "\n")
        return 0
    verb = "removed" if args.yes else "would remove"
    sys.stdout.write(f"{verb} {kept.files:,} files of {kept.name}, {readable(kept.bytes)}\n")
    if not args.yes:
        sys.stderr.write("nothing was removed; --yes removes\n")
    return 0
