"""`--shard` and `--executor`: a long command does one part of its work, or all parts on a cluster."""

from __future__ import annotations

import re
import sys
from dataclasses import replace
from typing import TYPE_CHECKING

from pico_banana.cli.executors import Asked, add_executor_options, do_on_ray, wants_ray
from pico_banana.cli.runs import INTERRUPTED
from pico_banana.errors import ConfigError, ShardHeldError

if TYPE_CHECKING:
    import argparse
    from collections.abc import Callable
    from contextlib import AbstractContextManager
    from pathlib import Path

    from pico_banana.rows.sharding.shard import Shard
    from pico_banana.rows.sharding.work import Work

_ANY = re.compile(r"any/([1-9]\d*)")


def add_shard_options(parser: argparse.ArgumentParser, *, out: str, models: bool = False) -> None:
    """Add the options.

    Args:
        parser: the command's parser.
        out: what the command calls its output.
        models: whether shards ask models, whose rate limits they share.
    """
    parser.add_argument(
        "--shard",
        metavar="I/N",
        help=f"do part I of N, from 0, in {out}.shards: I/N; 'auto', what Slurm, torchrun or SkyPilot says; any/N, all "
        "that nobody has done or is at; see `pico-banana merge`",
    )
    add_executor_options(parser, models=models)


def chosen_shard(text: str) -> Shard:
    """Read which shard is meant.

    Args:
        text: `I/N`, or "auto" for what the environment says.

    Returns:
        The shard.

    Raises:
        ConfigError: it is none.
    """
    from pico_banana.rows.sharding.environment import shard_of_environment
    from pico_banana.rows.sharding.shard import Shard

    return shard_of_environment() if text == "auto" else Shard.parse(text)


def is_parted(args: argparse.Namespace) -> bool:
    """Say whether a work is done in shards, so that it must be known what was asked.

    Args:
        args: what the parser gave.

    Returns:
        Whether it is.
    """
    return args.shard is not None or wants_ray(args)


def in_shards(args: argparse.Namespace, out: Path | str, do: Callable[[Work], int], asked: Asked) -> int:
    """Do all of a work, or the parts of it that `--shard` names, or all parts on Ray.

    Args:
        args: what the parser gave.
        out: the output.
        do: does the work, all of it or a shard, and gives the exit code.
        asked: what is asked for.

    Returns:
        The exit code, the highest of several.

    Raises:
        ConfigError: the option names no shard; or the output is behind an address, and no shard is named.
        ShardHeldError: another process is at the shard.
    """
    from pico_banana.rows.sharding.work import Work

    if wants_ray(args):
        return do_on_ray(args, out, asked)
    if args.shard is None:
        if isinstance(out, str):
            text = f"{out} is behind an address: work on it in shards, one with --shard 0/1, and it is copied there"
            raise ConfigError(text, key="shard")
        return do(Work(out))
    every = _ANY.fullmatch(args.shard)
    if every is None:
        return _one(args, out, chosen_shard(args.shard), do, asked)
    codes, count = list[int](), int(every[1])
    for shard in asked.left(out, count):
        try:
            codes.append(_one(args, out, shard, do, asked, waits=False))
        except ShardHeldError as held:
            sys.stderr.write(f"{held}\n")
            codes.append(0)
        if codes[-1] == INTERRUPTED:  # who stops one shard does not want the next one
            break
    if not codes:
        sys.stderr.write(f"all {count} shards of {out} are finished; see `pico-banana merge {out}`\n")
    return max(codes, default=0)


def _one(
    args: argparse.Namespace,
    out: Path | str,
    shard: Shard,
    do: Callable[[Work], int],
    asked: Asked,
    *,
    waits: bool = True,
) -> int:
    mine = replace(shard, at_once=args.at_once)
    with _working(out, mine, asked, waits=waits) as work:
        sys.stderr.write(f"shard {shard} of {out}\n")
        code = do(work)
        if code and not asked.begun:  # what is done over a shard takes nothing from it
            work.unfinished = work.unfinished or f"ended with exit code {code}"
    return code


def _working(out: Path | str, shard: Shard, asked: Asked, *, waits: bool) -> AbstractContextManager[Work]:
    from pico_banana.rows.sharding.work import work_again_on, work_on

    if asked.begun:
        return work_again_on(out, shard, command=asked.command, waits=waits)
    return work_on(out, shard, command=asked.command, asked=asked.of, waits=waits)
