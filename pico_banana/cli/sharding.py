"""`--shard`: a long command does one part of its work, see `rows/sharding`."""

from __future__ import annotations

import re
import sys
from typing import TYPE_CHECKING

from pico_banana.cli.runs import INTERRUPTED
from pico_banana.errors import ConfigError, ShardHeldError

if TYPE_CHECKING:
    import argparse
    from collections.abc import Callable
    from pathlib import Path

    from pico_banana.rows.sharding.shard import Shard
    from pico_banana.rows.sharding.work import Work

_ANY = re.compile(r"any/([1-9]\d*)")


def add_shard_option(parser: argparse.ArgumentParser, *, out: str) -> None:
    """Add the option.

    Args:
        parser: the command's parser.
        out: what the command calls its output.
    """
    parser.add_argument(
        "--shard",
        metavar="I/N",
        help=f"do part I of N, from 0, in {out}.shards: I/N; 'auto', what Slurm, torchrun or SkyPilot says; any/N, all "
        "that nobody has done or is at; see `pico-banana merge`",
    )


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


def in_shards(
    args: argparse.Namespace, out: Path | str, do: Callable[[Work], int], *, command: str, asked: object
) -> int:
    """Do all of a work, or the parts of it that `--shard` names.

    Args:
        args: what the parser gave.
        out: the output.
        do: does the work, all of it or a shard, and gives the exit code.
        command: what the work is called.
        asked: what is asked for; shards of one output must be asked the same.

    Returns:
        The exit code, the highest of several.

    Raises:
        ConfigError: the option names no shard; or the output is behind an address, and no shard is named.
        ShardHeldError: another process is at the shard.
    """
    from pico_banana.rows.sharding.work import Work, unclaimed

    if args.shard is None:
        if isinstance(out, str):
            text = f"{out} is behind an address: work on it in shards, one with --shard 0/1, and it is copied there"
            raise ConfigError(text, key="shard")
        return do(Work(out))
    every = _ANY.fullmatch(args.shard)
    if every is None:
        return _one(out, chosen_shard(args.shard), do, command=command, asked=asked)
    codes = [0]
    for shard in unclaimed(out, int(every[1])):
        try:
            codes.append(_one(out, shard, do, command=command, asked=asked, waits=False))
        except ShardHeldError as held:
            sys.stderr.write(f"{held}\n")
        if codes[-1] == INTERRUPTED:  # who stops one shard does not want the next one
            break
    return max(codes)


def _one(
    out: Path | str, shard: Shard, do: Callable[[Work], int], *, command: str, asked: object, waits: bool = True
) -> int:
    from pico_banana.rows.sharding.work import work_on

    with work_on(out, shard, command=command, asked=asked, waits=waits) as work:
        sys.stderr.write(f"shard {shard} of {out}\n")
        code = do(work)
        if code:
            work.unfinished = work.unfinished or f"ended with exit code {code}"
    return code
