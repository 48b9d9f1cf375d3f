"""`pico-banana merge`: what was done in shards becomes one output, once all of them are there."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pico_banana.cli.words import path_or_address

if TYPE_CHECKING:
    import argparse
    from collections.abc import Callable, Iterable, Mapping, Sequence


def add_parser(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add the command.

    Args:
        subparsers: where commands are added.
    """
    parser = subparsers.add_parser(
        "merge",
        help="check that all shards are there, and join them",
        description="Check that all shards of an output are finished, and name those that are not. Then join them: "
        "measurements, packs and benchmark results become one; exports stay parts, listed in OUT.shards/merged.json; "
        "ledgers are read together by `regenerate status | report | assemble` as they are.",
        epilog="example: pico-banana merge changes.parquet",
    )
    parser.add_argument("out", type=path_or_address, metavar="OUT", help="the output that the shards were named for")
    parser.add_argument("--check", action="store_true", help="only check")
    parser.add_argument("--json", action="store_true", help="print the sums, or what is missing, as JSON")
    parser.set_defaults(run=lambda args: merge(args.out, check=args.check, as_json=args.json))


def merge(out: Path | str, *, check: bool = False, as_json: bool = False) -> int:
    """Check that all shards of an output are there, join them, and print their sums.

    Args:
        out: the output.
        check: only check.
        as_json: print JSON.

    Returns:
        The exit code.

    Raises:
        StoreError: shards are missing, or of different works.
    """
    from pico_banana.rows.sharding.copying import fetch
    from pico_banana.rows.sharding.folder import RunFolder

    folder = RunFolder(out)
    if as_json and (left := folder.unfinished()):
        sys.stdout.write(json.dumps({"missing": {str(shard): why for shard, why in left.items()}}) + "\n")
        return 1
    notes = folder.require_whole()
    counts = _summed(note.counts for note in notes.values())
    command = next(iter(notes.values())).command
    into = ""
    if not check:
        join = _JOIN.get(command, _stay)
        into = join(out, [fetch(folder, shard.name) for shard in notes] if command in _JOIN else [])
        folder.write("merged.json", {"command": command, "counts": counts, "parts": [shard.name for shard in notes]})
    numbers = ", ".join(f"{value:,} {name}" for name, value in counts.items())
    text = f"all {len(notes)} shards of {out} are there: {numbers}{into}"
    told = {"command": command, "shards": len(notes), **counts}
    sys.stdout.write((json.dumps(told) if as_json else text) + "\n")
    return 0


def _summed(parts: Iterable[Mapping[str, Any]]) -> dict[str, Any]:
    sums: dict[str, Any] = {}
    for part in parts:
        for name, value in part.items():
            sums[name] = sums.get(name, 0) + value
    return sums


def _stay(out: str | Path, parts: Sequence[Path]) -> str:
    return f"; the parts are {out}.shards/*"


def _measurements(out: str | Path, parts: Sequence[Path]) -> str:
    from pico_banana.rows.sidecar import join_annotations

    target = _local(out)
    join_annotations([part / target.name for part in parts], target)
    return f"; joined in {target}"


def _packs(out: str | Path, parts: Sequence[Path]) -> str:
    from pico_banana.training.packs.merge import merge_packs

    target = _local(out)
    merged = merge_packs(parts, target)
    return f"; joined in {target}, {merged.examples:,} examples"


def _results(out: str | Path, parts: Sequence[Path]) -> str:
    from pico_banana.benchmark.runs.merging import merge_runs

    files = merge_runs(parts, _local(out))
    return "".join(f"\n{path}" for path in files)


def _local(out: str | Path) -> Path:
    """Give where a joined output goes: to this disk, by its own name, where the shards are behind an address."""
    return Path(out) if isinstance(out, Path) else Path(out.rstrip("/").rpartition("/")[2])


_JOIN: dict[str, Callable[[str | Path, Sequence[Path]], str]] = {
    "measure": _measurements,
    "pack": _packs,
    "benchmark": _results,
}
