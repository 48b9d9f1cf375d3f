"""`pico-banana texts`: the texts of published rows made anew, `repair | recaption | translate`, each as a sidecar."""

from __future__ import annotations

import argparse
import dataclasses
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from pico_banana.cli.choosing import add_mirror_options, add_selection_options, chosen_rows
from pico_banana.cli.runs import add_limits, chosen_config, exit_code, tell

if TYPE_CHECKING:
    from pico_banana.regenerate.settings.config import Config
    from pico_banana.regenerate.texts.forecast import TextsForecast
    from pico_banana.regenerate.texts.making import MadeTexts
    from pico_banana.regenerate.texts.questions import Gathered

_EPILOG = """\
examples:
  pico-banana texts repair config.toml single_turn --out repaired.parquet --dry-run
  pico-banana texts recaption config.toml single_turn --type add_object --out captions.parquet
  pico-banana texts translate config.toml preference --to de --out german.parquet
  pico-banana export diffusers-ip2p out/ single_turn --instruction repaired --texts repaired.parquet
"""


def add_parser(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add the group.

    Args:
        subparsers: where commands are added.
    """
    parser = subparsers.add_parser(
        "texts",
        help="repair, recaption or translate the texts of rows",
        description="Have models make texts of rows anew, checked by a judge; written as sidecars by id.",
        epilog=_EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    _add(commands, "repair", "make flagged short instructions anew", "[shortener]", "repaired.parquet")
    _add(commands, "recaption", "say what edits really changed", "[writer]", "captions.parquet")
    translate = _add(
        commands, "translate", "put instructions into another language", "[writer]", "german.parquet --to de"
    )
    translate.add_argument("--to", required=True, metavar="TAG", help="the language, such as de, fr or zh-Hant")
    translate.add_argument("--instruction", default="long", metavar="WORDING", help="which text is translated (long)")
    translate.add_argument(
        "--texts", action="append", default=[], type=Path, metavar="FILE", help="a sidecar of texts, for --instruction"
    )


def _add(
    commands: argparse._SubParsersAction[argparse.ArgumentParser], name: str, what: str, who: str, out: str
) -> argparse.ArgumentParser:
    parser = commands.add_parser(
        name,
        help=what,
        description=f"{what[0].upper()}{what[1:]}: written by the {who} of a configuration, held against rules, and "
        "checked by its [judge]; a refused text is asked for again. Ctrl-C stops gently; the same command goes on and "
        "pays nothing twice.",
        epilog=f"example: pico-banana texts {name} config.toml single_turn --out {out} --budget-usd 5",
    )
    parser.add_argument("config", type=Path, metavar="CONFIG", help="the TOML configuration")
    parser.add_argument("--out", type=Path, required=True, metavar="FILE", help="the sidecar: .parquet or .jsonl")
    parser.add_argument("--ledger", type=Path, metavar="DIR", help="what was asked and answered (default: OUT.ledger)")
    add_selection_options(parser)
    add_mirror_options(parser)
    add_limits(parser)
    parser.add_argument("--dry-run", action="store_true", help="say what would be asked and what it costs; pay nothing")
    parser.add_argument("--retry-failed", action="store_true", help="ask for those that failed in earlier runs")
    parser.add_argument("--json", action="store_true", help="print JSON")
    parser.set_defaults(run=_run, command=name)
    return parser


def _run(args: argparse.Namespace) -> int:
    from pico_banana.regenerate.texts.making import make_texts
    from pico_banana.regenerate.work.progress import ProgressLine

    config, gathered = chosen_config(args), _gathered(args)
    if args.dry_run:
        return _dry_run(args, config, gathered)
    with ProgressLine(sys.stderr) as line:
        made = make_texts(
            config,
            gathered,
            args.out,
            ledger=args.ledger,
            failed=args.retry_failed,
            accept_changes=args.accept_changes,
            progress=line.show,
        )
    counts = {field.name: getattr(made, field.name) for field in dataclasses.fields(made)}
    tell(args, {**counts, "state": made.state.as_json()}, _summary(made))
    return exit_code(args, made.state)


def _gathered(args: argparse.Namespace) -> Gathered:
    from pico_banana.regenerate.texts.questions import captioned_edits, faulty_texts, texts_to_translate

    rows = chosen_rows(args)
    if args.command == "repair":
        return faulty_texts(rows)
    if args.command == "recaption":
        return captioned_edits(rows)
    rows = rows.with_texts(*args.texts)
    return texts_to_translate(rows, args.to, wording=args.instruction, texts=rows.texts)


def _dry_run(args: argparse.Namespace, config: Config, gathered: Gathered) -> int:
    from pico_banana.regenerate.texts.forecast import forecast_texts
    from pico_banana.regenerate.texts.making import ledger_beside

    found = forecast_texts(config, gathered, args.ledger or ledger_beside(args.out))
    tell(args, {**dataclasses.asdict(found), "total_usd": found.total_usd}, _forecast(found))
    return 0


def _forecast(found: TextsForecast) -> str:
    calls = ", ".join(f"{count:,.0f} of the {table}" for table, count in found.calls.items())
    cost = (
        f"cost unknown (no price for {', '.join(found.without_price)})"
        if found.total_usd is None
        else f"about {found.total_usd:.2f} USD"
    )
    asked = f"{found.questions:,} questions, {found.left:,} without an answer yet"
    return f"{found.rows:,} rows and turns, {asked}{_left(found)}\ncalls: {calls}; {cost}"


def _summary(made: MadeTexts) -> str:
    without = ", ".join(f"{count:,} {why}" for why, count in sorted(made.without.items()))
    second = f"; a second judge would keep {made.seconded:,} of {made.seen_twice:,}" if made.seen_twice else ""
    stopped = f"\nstopped: {made.state.stopped}; the same command goes on" if made.state.stopped else ""
    return (
        f"{made.told:,} of {made.total:,} texts made{f' ({without})' if without else ''}{second}{_left(made)}\n"
        f"{made.state.calls:,} calls, {made.state.spent}: {made.out}{stopped}"
    )


def _left(found: MadeTexts | TextsForecast) -> str:
    skipped = ", ".join(f"{count:,} because {why}" for why, count in sorted(found.skipped.items()))
    return f"; left as they are: {skipped}" if skipped else ""
