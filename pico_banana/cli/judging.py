"""`pico-banana regenerate judge` and `scores`: a judge of one's own over edits that are there already."""

from __future__ import annotations

import sys
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pico_banana.cli.choosing import add_mirror_options, add_selection_options, chosen_rows
from pico_banana.cli.runs import Advice, add_limits, add_policy, chosen_config, chosen_policy, ended, tell
from pico_banana.cli.sharding import add_shard_option, in_shards
from pico_banana.cli.words import path_or_address

if TYPE_CHECKING:
    import argparse

    from pico_banana.dataset import PicoBanana
    from pico_banana.regenerate.settings.config import Config
    from pico_banana.rows.sharding.work import Work


def add_judge(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add the command that judges.

    Args:
        commands: where commands are added.
    """
    parser = commands.add_parser(
        "judge",
        help="have published edits judged by the configuration's judge",
        description="Have the edits of single_turn or preference rows judged, by the [judge] of a configuration. "
        "Ctrl-C stops gently; the same command goes on. `scores` then writes them by row id.",
        epilog="example: pico-banana regenerate judge config.toml single_turn --ledger runs/judged --limit 1000",
    )
    parser.add_argument("config", type=Path, metavar="CONFIG", help="the TOML configuration")
    parser.add_argument(
        "--ledger", type=path_or_address, required=True, metavar="DIR", help="the ledger's folder; made if needed"
    )
    add_selection_options(parser)
    add_mirror_options(parser)
    add_limits(parser)
    parser.add_argument("--dry-run", action="store_true", help="say how many edits and what they cost; pay nothing")
    parser.add_argument("--retry-failed", action="store_true", help="judge those that failed in earlier runs")
    parser.add_argument("--json", action="store_true", help="print JSON")
    add_shard_option(parser, out="DIR")
    parser.set_defaults(run=_judge)


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


def add_scores(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add the command that writes what was judged.

    Args:
        commands: where commands are added.
    """
    parser = commands.add_parser(
        "scores",
        help="write what the judge said as annotations by row id",
        description="Write what the judge said of published edits as annotations by row id. No model is asked.",
        epilog="example: pico-banana regenerate scores runs/judged --out scores.parquet",
    )
    parser.add_argument(
        "ledger", type=path_or_address, metavar="LEDGER", help="the ledger's folder, or a run in shards"
    )
    parser.add_argument("--out", type=Path, required=True, metavar="FILE", help="a .parquet or .jsonl file")
    add_policy(parser)
    parser.add_argument("--json", action="store_true", help="print JSON")
    parser.set_defaults(run=_scores)


def _judge(args: argparse.Namespace) -> int:
    from pico_banana.regenerate.judging import forecast_judging, published_edits

    config = chosen_config(args)
    rows = chosen_rows(args)
    if args.dry_run:
        count = sum(1 for _ in published_edits(rows))
        usd, unpriced = forecast_judging(config, count)
        cost = f"about {usd:.2f} USD" if not unpriced else f"cost unknown (no price for {', '.join(unpriced)})"
        tell(args, {"edits": count, "usd": usd if not unpriced else None}, f"{count:,} edits to judge, {cost}")
        return 0
    asked = (config.digest(), rows.mirror.name, rows.ids) if args.shard else ()
    return in_shards(args, args.ledger, partial(_walk, args, config, rows), command="judge", asked=asked)


def _walk(args: argparse.Namespace, config: Config, rows: PicoBanana[Any], work: Work) -> int:
    from pico_banana.regenerate.judging import judge_published, published_edits
    from pico_banana.regenerate.work.progress import ProgressLine
    from pico_banana.regenerate.work.sharded import note_run
    from pico_banana.regenerate.work.source import with_share

    with ProgressLine(sys.stderr) as line:
        state = judge_published(
            config if work.shard is None else with_share(config, work.shard),
            work.folder,
            published_edits(work.part_of(rows)),
            failed=args.retry_failed,
            accept_changes=args.accept_changes,
            progress=line.show,
        )
    note_run(work, state, allow_failed=args.allow_failed)
    advice = Advice(
        "nothing waits for another try" if args.retry_failed else "nothing is left to judge",
        f"pico-banana regenerate scores {args.ledger} --out scores.parquet",
        "the same command and --retry-failed",
    )
    return ended(args, state, advice)


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


def _scores(args: argparse.Namespace) -> int:
    from pico_banana.regenerate.judging import scores
    from pico_banana.regenerate.ledger.many import open_run
    from pico_banana.rows.sidecar import write_annotations

    run = open_run(args.ledger)
    table = scores(run, policy=chosen_policy(args, run.latest_config()))
    write_annotations(table, args.out)
    without = table["score"].null_count
    counts = {"judged": len(table) - without, "without_scores": without}
    text = f"{counts['judged']:,} edits judged, {without:,} without scores: {args.out}"
    tell(args, {**counts, "out": str(args.out)}, text)
    return 0
