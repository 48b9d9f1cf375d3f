"""`pico-banana regenerate rejudge`: another judge over the pictures of a run."""

from __future__ import annotations

import argparse
import sys
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from pico_banana.cli.executors import Asked
from pico_banana.cli.runs import Advice, add_limits, chosen_config, ended
from pico_banana.cli.sharding import add_shard_options, in_shards, is_parted
from pico_banana.cli.words import path_or_address

if TYPE_CHECKING:
    from pico_banana.regenerate.settings.config import Config
    from pico_banana.rows.sharding.work import Work

_EPILOG = """\
examples:
  pico-banana regenerate rejudge other-judge.toml --ledger runs/a --unjudged
  pico-banana regenerate rejudge other-judge.toml --ledger runs/b --shard any/8
"""


def add_rejudge(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add the command that judges a run's pictures again.

    Args:
        commands: where commands are added.
    """
    parser = commands.add_parser(
        "rejudge",
        help="have the kept pictures of a run judged by another judge, or again",
        description="Have every kept picture of a run judged by the [judge] of a configuration, where that one has not "
        "judged it. No edit is bought and no earlier verdict is lost; policy.judge says whose verdicts count.",
        epilog=_EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("config", type=Path, metavar="CONFIG", help="the TOML configuration")
    parser.add_argument(
        "--ledger",
        type=path_or_address,
        required=True,
        metavar="DIR",
        help="the ledger's folder, or a run in shards: all of them, one after the other, that nobody is at",
    )
    parser.add_argument("--unjudged", action="store_true", help="only pictures that no judge has judged")
    add_limits(parser)
    parser.add_argument("--json", action="store_true", help="print JSON, for each shard")
    add_shard_options(parser, out="DIR", models=True)
    parser.set_defaults(run=_rejudge)


def _rejudge(args: argparse.Namespace) -> int:
    from pico_banana.regenerate.work.sharded import COMMAND, require_one_way, shards_of

    config, count = chosen_config(args), shards_of(args.ledger)
    if not count:
        require_one_way(args.ledger, parted=is_parted(args))
    elif not is_parted(args):
        args = argparse.Namespace(**{**vars(args), "shard": f"any/{count}"})
    return in_shards(args, args.ledger, partial(_judge, args, config), Asked(COMMAND, (), begun=True))


def _judge(args: argparse.Namespace, config: Config, work: Work) -> int:
    from pico_banana.regenerate.rejudge import rejudge_work
    from pico_banana.regenerate.work.progress import ProgressLine

    with ProgressLine(sys.stderr) as line:
        state = rejudge_work(config, work, unjudged=args.unjudged, progress=line.show)
    advice = Advice(
        "every kept picture has its verdict",
        f"pico-banana regenerate report {args.ledger}",
        "the same command",
    )
    return ended(args, state, advice)
