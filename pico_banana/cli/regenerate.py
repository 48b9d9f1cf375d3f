"""`pico-banana regenerate`: make such data anew, `plan | run | status | assemble | report | retry-failed`.

And its last stage alone, over edits that are there already: `judge | scores`.
"""

from __future__ import annotations

import argparse
import dataclasses
import os
import sys
from functools import partial
from pathlib import Path
from shlex import quote
from typing import TYPE_CHECKING

from pico_banana.cli.executors import Asked
from pico_banana.cli.rehearsing import add_rehearse
from pico_banana.cli.rejudging import add_rejudge
from pico_banana.cli.runs import (
    Advice,
    add_limits,
    add_policy,
    chosen_config,
    chosen_policy,
    ended,
    tell,
    tell_advice,
)
from pico_banana.cli.sharding import add_shard_options, in_shards, is_parted
from pico_banana.cli.words import path_or_address

if TYPE_CHECKING:
    from pico_banana.regenerate.settings.config import Config
    from pico_banana.rows.sharding.work import Work

_EPILOG = """\
examples:
  pico-banana regenerate run config.toml --ledger runs/a --dry-run
  pico-banana regenerate run config.toml --ledger runs/a --budget-usd 20
  pico-banana regenerate run config.toml --ledger /shared/runs/a --executor ray --shards 100 --at-once 20
  pico-banana regenerate assemble runs/a --out data/a --threshold 0.8
  pico-banana regenerate report runs/a --html report.html
"""


def add_parser(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add the group.

    Args:
        subparsers: where commands are added.
    """
    parser = subparsers.add_parser(
        "regenerate",
        help="make such data anew: photo, instruction, edit, judge, rows",
        description="Run the pipeline that makes data like Pico-Banana-400K, from any photos, with any models.",
        epilog=_EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    _add_plan(commands)
    _add_run(commands, "run", "plan, when there is no plan yet, and do what is not done", retry=False)
    _add_run(commands, "retry-failed", "do the items again that failed in earlier runs", retry=True)
    _add_status(commands)
    _add_assemble(commands)
    _add_report(commands)
    add_rejudge(commands)
    add_rehearse(commands)


def _add_plan(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    parser = commands.add_parser(
        "plan",
        help="choose photos and edit types, and write them into a new ledger",
        description="Choose photos and edit types, and write them into a new ledger. Nothing is asked or paid.",
        epilog="example: pico-banana regenerate plan config.toml --ledger runs/a",
    )
    _add_config_and_ledger(parser)
    parser.set_defaults(run=_plan)


def _add_run(
    commands: argparse._SubParsersAction[argparse.ArgumentParser], name: str, what: str, *, retry: bool
) -> None:
    parser = commands.add_parser(
        name,
        help=what,
        description=f"{what[0].upper()}{what[1:]}. Ctrl-C stops gently; the same command goes on.",
        epilog=f"example: pico-banana regenerate {name} config.toml --ledger runs/a --budget-usd 20",
    )
    _add_config_and_ledger(parser)
    add_limits(parser)
    parser.add_argument(
        "--target",
        type=int,
        default=0,
        metavar="ROWS",
        help="stop once so many rows are accepted, best yield first; shards share it",
    )
    parser.add_argument("--by-type", action="store_true", help="--target holds for each edit type")
    if not retry:
        parser.add_argument(
            "--dry-run", action="store_true", help="forecast calls, cost and yield by type; pay nothing"
        )
    add_shard_options(parser, out="DIR", models=True)
    parser.set_defaults(run=_run, retry=retry, dry_run=False)


def _add_status(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    parser = commands.add_parser(
        "status",
        help="how far a ledger is, and what it cost",
        description="Say how far a ledger is, and what it cost; quick at any size, also while it is running.",
        epilog="example: pico-banana regenerate status runs/a",
    )
    parser.add_argument(
        "ledger", type=path_or_address, metavar="LEDGER", help="the ledger's folder, or a run in shards"
    )
    parser.add_argument("--json", action="store_true", help="print JSON")
    parser.set_defaults(run=_status)


def _add_assemble(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    parser = commands.add_parser(
        "assemble",
        help="write the rows and pictures of a ledger as a mirror, at any threshold",
        description="Write the rows and pictures of a ledger as a mirror, at any threshold. No model is asked.",
        epilog="example: pico-banana regenerate assemble runs/a --out data/a --threshold 0.8",
    )
    parser.add_argument(
        "ledger", type=path_or_address, metavar="LEDGER", help="the ledger's folder, or a run in shards"
    )
    parser.add_argument("--out", type=Path, required=True, metavar="DIR", help="the mirror's folder")
    add_policy(parser)
    parser.add_argument("--rows-only", action="store_true", help="leave the pictures out")
    parser.add_argument("--json", action="store_true", help="print JSON")
    parser.set_defaults(run=_assemble)


def _add_report(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    parser = commands.add_parser(
        "report",
        help="survival by type and stage, cost, and a page with pictures",
        description="Print survival by type and stage and what an accepted row costs; write a page with pictures.",
        epilog="example: pico-banana regenerate report runs/a --html report.html",
    )
    parser.add_argument(
        "ledger", type=path_or_address, metavar="LEDGER", help="the ledger's folder, or a run in shards"
    )
    parser.add_argument("--html", type=Path, metavar="FILE", help="also write a page with example pictures")
    parser.add_argument(
        "--examples", type=int, default=12, metavar="N", help="how many accepts and rejects to show (12)"
    )
    add_policy(parser)
    parser.add_argument("--json", action="store_true", help="print JSON")
    parser.set_defaults(run=_report)


def _add_config_and_ledger(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("config", type=Path, metavar="CONFIG", help="the TOML configuration")
    parser.add_argument(
        "--ledger", type=path_or_address, required=True, metavar="DIR", help="the ledger's folder; made if needed"
    )
    parser.add_argument("--json", action="store_true", help="print JSON")


def _plan(args: argparse.Namespace) -> int:
    from pico_banana.errors import ConfigError
    from pico_banana.regenerate.ledger.book import open_ledger
    from pico_banana.regenerate.plan.items import able_types, plan_run
    from pico_banana.regenerate.settings.config import read_config
    from pico_banana.regenerate.work.staff import hire

    if isinstance(args.ledger, str):
        raise ConfigError(f"{args.ledger} is behind an address; `regenerate run --shard I/N` plans there", key="ledger")
    config = read_config(args.config)
    staff = hire(config)
    if config.inventory is not None:
        raise ConfigError("[inventory] looks at photos before it plans: `regenerate run` does both", key="inventory")
    with open_ledger(args.ledger, create=True, writable=True) as ledger:
        ledger.bind(config)
        count = plan_run(ledger, config, able=able_types(staff.writer, staff.editor))
    tell(args, {"items": count, "ledger": str(args.ledger)}, f"{count} items planned in {args.ledger}")
    return 0


def _run(args: argparse.Namespace) -> int:
    config = chosen_config(args)
    tell_advice(config)
    if args.dry_run:
        return _dry_run(args, config)
    from pico_banana.regenerate.work.sharded import COMMAND, require_one_way

    require_one_way(args.ledger, parted=is_parted(args))
    asked = Asked(COMMAND, config.digest(), budget=bool(config.run.budget_usd), again=args.retry)
    return in_shards(args, args.ledger, partial(_walk, args, config), asked)


def _walk(args: argparse.Namespace, config: Config, work: Work) -> int:
    from pico_banana.regenerate.tables import yield_table
    from pico_banana.regenerate.work.progress import ProgressLine
    from pico_banana.regenerate.work.runner import run
    from pico_banana.regenerate.work.sharded import note_run
    from pico_banana.regenerate.work.target import chosen_target

    rows = args.target if work.shard is None else -(-args.target // work.shard.count)
    target = chosen_target(work.folder, rows, by_type=args.by_type)
    with ProgressLine(sys.stderr) as line:
        state = run(
            config,
            work.folder,
            failed=args.retry,
            accept_changes=args.accept_changes,
            target=target,
            shard=work.shard,
            progress=line.show,
        )
    if target is not None:
        sys.stderr.write(f"{yield_table(state)}\n")
    note_run(work, state, allow_failed=args.allow_failed)
    advice = Advice(
        "nothing waits for another try" if args.retry else "nothing is left to do",
        f"pico-banana regenerate report {quote(str(args.ledger))}",
        f"`pico-banana regenerate retry-failed {quote(str(args.config))} --ledger {quote(str(args.ledger))}`",
    )
    return ended(args, state, advice)


def _dry_run(args: argparse.Namespace, config: Config) -> int:
    from pico_banana.regenerate.tables import forecast_table
    from pico_banana.regenerate.work.forecast import forecast_run

    found = forecast_run(config, args.ledger)
    totals = {"accepted": found.accepted, "total_usd": found.total_usd}
    tell(args, {**dataclasses.asdict(found), **totals}, forecast_table(found))
    return 0


def _status(args: argparse.Namespace) -> int:
    from pico_banana.regenerate.ledger.many import open_run
    from pico_banana.regenerate.results.status import make_status
    from pico_banana.regenerate.tables import status_table

    with open_run(args.ledger) as run:
        status = make_status(run)
        tell(args, status.as_json(), status_table(status))  # still here: only laid out is every name seen to be one
    return 0


def _assemble(args: argparse.Namespace) -> int:
    from pico_banana.regenerate.ledger.many import open_run
    from pico_banana.regenerate.results.assembly import assemble

    with open_run(args.ledger, pictures=not args.rows_only) as run:
        policy = chosen_policy(args, run.latest_config())
        made = assemble(run, args.out, policy=policy, pictures=not args.rows_only, workers=os.cpu_count() or 1)
    ended = "".join(f", {count} {name}" for name, count in sorted(made.ended.items()))
    text = (
        f"{made.items} items: {made.accepted} accepted{ended}\n"
        f"single_turn {made.accepted}  preference {made.preference}  multi_turn {made.sessions}  pictures "
        f"{made.pictures}\n"
        f'load them with: pico_banana.load("single_turn", mirror="{made.folder}")'
    )
    tell(args, {**dataclasses.asdict(made), "folder": str(made.folder)}, text)
    return 0


def _report(args: argparse.Namespace) -> int:
    from pico_banana.regenerate.ledger.many import open_run
    from pico_banana.regenerate.results.report import make_report
    from pico_banana.regenerate.results.report_html import write_html
    from pico_banana.regenerate.tables import report_table

    with open_run(args.ledger, pictures=args.html is not None) as run:
        report = make_report(run, policy=chosen_policy(args, run.latest_config()), workers=os.cpu_count() or 1)
        if args.html is not None:
            write_html(report, run, args.html, examples=args.examples)
        tell(args, report.as_json(), report_table(report))
    return 0
