"""`--executor ray`: all shards of a long command as tasks on a Ray cluster, then their merge."""

from __future__ import annotations

import argparse
import io
import json
import platform
import signal
import sys
from contextlib import redirect_stderr, redirect_stdout
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from pico_banana.cli.live import LiveLine
from pico_banana.cli.merge import merge
from pico_banana.cli.runs import INTERRUPTED
from pico_banana.errors import ConfigError, StoreError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pico_banana.rows.sharding.folder import RunFolder
    from pico_banana.rows.sharding.on_ray import RayCluster
    from pico_banana.rows.sharding.shard import Shard

_TOLD_LINES = 20  # of what a shard that is not finished said last


def add_executor_options(parser: argparse.ArgumentParser, *, models: bool) -> None:
    """Add the options.

    Args:
        parser: the command's parser.
        models: whether shards ask models, whose rate limits they share.
    """
    group = parser.add_argument_group(
        "all shards on a Ray cluster",
        "one task a shard, started again where a node is lost, then `merge`; "
        "example: --executor ray --shards 64 --at-once 16",
    )
    group.add_argument("--executor", choices=("local", "ray"), default="local", help="where work is done (local)")
    group.add_argument("--shards", type=int, default=0, metavar="N", help="how many (as many as run at a time)")
    share = "; also with --shard: each has this part of the models' requests_per_minute" if models else ""
    group.add_argument(
        "--at-once", type=int, default=0, metavar="N", help=f"shards at a time (as the cluster has room){share}"
    )
    group.add_argument("--address", metavar="ADDRESS", help="of the cluster (RAY_ADDRESS, or a new one here)")
    group.add_argument("--cpus", type=float, default=1.0, metavar="N", help="what a shard reserves (1)")
    group.add_argument("--gpus", type=float, default=0.0, metavar="N", help="the same (0); without one it sees none")


def wants_ray(args: argparse.Namespace) -> bool:
    """Say whether a command's shards go to Ray.

    Args:
        args: what the parser gave.

    Returns:
        Whether they do.

    Raises:
        ConfigError: options that do not go together.
    """
    if args.executor == "ray" and args.shard is not None:
        raise ConfigError(
            "--shard is one part, and --executor ray does them all; name how many with --shards", key="shard"
        )
    alone = [] if args.executor == "ray" else [name for name in ("shards", "address") if getattr(args, name)]
    if alone:
        raise ConfigError(f"--{alone[0]} is for --executor ray; one part here is --shard I/N", key=alone[0])
    return bool(args.executor == "ray")


@dataclass(frozen=True, slots=True)
class Asked:
    """What all shards of a work are asked.

    Attributes:
        command: what the work is called.
        of: what is asked for; shards of one output must be asked the same.
        budget: whether they share one, so that a shard that came to the end of its part goes on with what others left.
        again: whether shards that are finished are done, too.
        begun: whether only shards that were begun are worked on, as they were asked then; there is nothing to join.
    """

    command: str
    of: object
    budget: bool = False
    again: bool = False
    begun: bool = False

    def left(self, out: Path | str, count: int, *, first: bool = True) -> Iterator[Shard]:
        """Give the shards that there is something to do for, each when it is asked for.

        Args:
            out: the output.
            count: how many shards there are.
            first: whether those that are finished may be done again.

        Returns:
            Shards in order.
        """
        from pico_banana.rows.sharding.work import shards_begun, unclaimed

        if self.begun:
            return shards_begun(out, count)
        return unclaimed(out, count, asked=self.of, again=first and self.again)


@dataclass(frozen=True, slots=True)
class _Said:
    """How a command ended on a node, and what it said on stderr."""

    code: int
    errors: str


def do_on_ray(args: argparse.Namespace, out: Path | str, asked: Asked) -> int:
    """Do all shards of a work that are not finished, on a Ray cluster, and join them.

    Args:
        args: what the parser gave.
        out: the output.
        asked: what is asked for.

    Returns:
        The exit code.
    """
    from pico_banana.rows.sharding.folder import RunFolder
    from pico_banana.rows.sharding.on_ray import RayCluster

    folder = RunFolder(out)
    if folder.is_local:
        Path(folder.root).mkdir(parents=True, exist_ok=True)
    try:
        # What Ray says is no data.
        with redirect_stdout(sys.stderr), RayCluster(address=args.address, cpus=args.cpus, gpus=args.gpus) as cluster:
            for number in (signal.SIGINT, signal.SIGTERM):  # also where a shell started this deaf, in the background
                signal.signal(number, signal.default_int_handler)
            count = _count(args, folder) or cluster.room
            said = _passes(args, folder, cluster, count, asked)
    except KeyboardInterrupt:
        done = sum(note.finished for note in folder.begun().values())
        told = "" if asked.begun else f": {done} shards are finished"
        sys.stderr.write(f"stopped{told}; the same command goes on\n")
        return INTERRUPTED
    for shard, text in said.items():
        sys.stderr.write(f"shard {shard}:\n{text}\n")
    return _tell_ended(args, folder, said) if asked.begun else merge(out, as_json=args.json)


def _tell_ended(args: argparse.Namespace, folder: RunFolder, said: dict[Shard, str]) -> int:
    """Say how shards ended that are not joined, and give the exit code."""
    count, failed = len(folder.begun()), [str(shard) for shard in said]
    text = f"{count - len(failed)} of {count} shards done" + (f"; not {', '.join(failed)}" if failed else "")
    sys.stdout.write((json.dumps({"shards": count, "failed": failed}) if args.json else text) + "\n")
    return 1 if failed else 0


def _count(args: argparse.Namespace, folder: RunFolder) -> int:
    """Say how many shards there are: as was said, or as there were; 0 where nobody knows yet.

    Raises:
        StoreError: the two differ.
    """
    begun = next((shard.count for shard in folder.begun()), 0)
    if args.shards and begun not in {0, args.shards}:
        text = f"{folder.out} was begun in {begun} shards: leave --shards out, or name another output"
        raise StoreError(text, path=folder.address)
    return begun or int(args.shards)


def _passes(
    args: argparse.Namespace, folder: RunFolder, cluster: RayCluster, count: int, asked: Asked
) -> dict[Shard, str]:
    """Do what is not finished; where shards share a budget, again as long as some finish and others can go on.

    Returns:
        What the shards that are not finished said last.
    """
    left = list(asked.left(folder.out, count))
    do = partial(_do_there, _travelling(args), folder.out)
    said: dict[Shard, str] = {}
    while left:
        with LiveLine() as line:
            ended = cluster.run(do, left, at_once=args.at_once, progress=lambda found: line.show(f"ray: {found}"))
        said = {shard: str(error) for shard, error in ended.lost.items()}
        said |= {shard: found.errors for shard, found in ended.results.items() if found.code}
        before, left = len(left), list(asked.left(folder.out, count, first=False))
        if not asked.budget or len(left) == before:
            break
    return said


def _travelling(args: argparse.Namespace) -> argparse.Namespace:
    """Give what the parser gave as it goes to other processes."""
    return argparse.Namespace(**{name: value for name, value in vars(args).items() if name != "parser"})


def _do_there(args: argparse.Namespace, out: str, shard: Shard) -> _Said:
    """Do one shard on a node, as `--shard I/N` does it.

    Raises:
        StoreError: the node does not see the folder of the work.
    """
    from pico_banana.rows.sharding.folder import RunFolder

    folder = RunFolder(out)
    if folder.is_local and not folder.exists():
        text = f"{folder.address} is not there on {platform.node()}: nodes must see one disk, or take an address"
        raise StoreError(text, path=folder.address)
    mine = {"executor": "local", "shard": str(shard), "at_once": shard.at_once, "shards": 0, "address": None}
    errors = io.StringIO()
    with redirect_stdout(io.StringIO()), redirect_stderr(errors):
        code = args.run(argparse.Namespace(**{**vars(args), **mine}))
    return _Said(code, "\n".join(errors.getvalue().splitlines()[-_TOLD_LINES:]))
