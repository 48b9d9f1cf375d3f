"""`pico-banana regenerate rejudge`: another judge over the pictures of a run."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

from pico_banana.cli.runs import Advice, add_limits, chosen_config, ended

if TYPE_CHECKING:
    import argparse


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
        epilog="example: pico-banana regenerate rejudge other-judge.toml --ledger runs/a --unjudged",
    )
    parser.add_argument("config", type=Path, metavar="CONFIG", help="the TOML configuration")
    parser.add_argument("--ledger", type=Path, required=True, metavar="DIR", help="the ledger's folder")
    parser.add_argument("--unjudged", action="store_true", help="only pictures that no judge has judged")
    add_limits(parser)
    parser.add_argument("--json", action="store_true", help="print JSON")
    parser.set_defaults(run=_rejudge)


def _rejudge(args: argparse.Namespace) -> int:
    from pico_banana.regenerate.rejudge import rejudge
    from pico_banana.regenerate.work.progress import ProgressLine

    config = chosen_config(args)
    with ProgressLine(sys.stderr) as line:
        state = rejudge(config, args.ledger, unjudged=args.unjudged, progress=line.show)
    advice = Advice(
        "every kept picture has its verdict",
        f"pico-banana regenerate report {args.ledger}",
        "the same command",
    )
    return ended(args, state, advice)
