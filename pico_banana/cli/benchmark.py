"""`pico-banana benchmark make|run|judge|duel|report|compare|overlap|export`: a leak-free test of editors and judges."""

from __future__ import annotations

import argparse
import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pico_banana.cli.benchmarking import (
    compare_judges,
    duel_all,
    export_items,
    judge_all,
    make_one,
    overlap_with,
    report_all,
    run_all,
)
from pico_banana.cli.sharding import add_shard_options
from pico_banana.cli.words import path_or_address

if TYPE_CHECKING:
    from collections.abc import Callable

_GROUPS = ("all", "category", "edit_type")


def add_parser(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add the group.

    Args:
        subparsers: where commands are added.
    """
    group = subparsers.add_parser(
        "benchmark", help="test editors, judges and rewriters on rows that nobody trains on", description=__doc__
    )
    commands = group.add_subparsers(required=True, metavar="COMMAND")
    _add_make(commands)
    _add_run(commands)
    _add_judge(commands)
    _add_duel(commands)
    _add_report(commands)
    _add_compare(commands)
    _add_overlap(commands)
    _add_export(commands)


def _add_make(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    parser = commands.add_parser(
        "make",
        help="draw a definition from a mirror's rows: ids and nothing else",
        description="Draw a benchmark from a mirror's rows by a seed, and write its ids and nothing else.",
        epilog="example: pico-banana benchmark make --mirror sample --out bench.json",
    )
    parser.add_argument("--out", type=Path, required=True, metavar="FILE", help="the definition's file, .json")
    parser.add_argument("--size", choices=("full", "mini"), default="full", help="50 edits a type, or 5")
    parser.add_argument("--seed", type=int, metavar="N", help="draw another benchmark than the published one")
    _add_mirror(parser)
    parser.set_defaults(run=make_one)


def _add_run(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    parser = commands.add_parser(
        "run",
        help="have editors edit, rewriters shorten, a judge judge",
        description="Have editors edit, or rewriters shorten, and a judge judge. Ctrl-C stops gently; the same "
        "command goes on, and nothing is paid twice.",
        epilog="example: pico-banana benchmark run --mirror sample --editor procedural --out bench",
    )
    parser.add_argument(
        "--editor",
        action="append",
        default=[],
        metavar="NAME",
        help="gemini:MODEL, openai:MODEL[@URL], diffusers:MODEL, procedural[:SHARE], published, or a folder of results "
        "with id and image_path; may be repeated",
    )
    parser.add_argument(
        "--rewriter",
        action="append",
        default=[],
        metavar="NAME",
        help="who shortens the long instructions: BACKEND:MODEL[@URL], procedural, or published; may be repeated",
    )
    parser.add_argument("--wording", choices=("long", "short"), default="long", help="which instructions are given")
    parser.add_argument("--limit", type=int, metavar="N", help="only so many edits, and so many sessions")
    add_shard_options(parser, out="DIR", models=True)
    _add_running(parser, out=path_or_address)
    parser.set_defaults(run=run_all)


def _add_judge(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    parser = commands.add_parser(
        "judge",
        help="test a judge on pairs of which one edit was preferred",
        description="Have a judge score both edits of every pair of the preference part, made alike as files. "
        "Another judge over the editors: `run` with the same editors and another --judge; no edit is paid again.",
        epilog="example: pico-banana benchmark judge --mirror sample --judge openai:MODEL --out bench",
    )
    parser.add_argument("--limit", type=int, metavar="N", help="only so many pairs")
    _add_running(parser)
    parser.set_defaults(run=judge_all, wording="long")


def _add_duel(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    parser = commands.add_parser(
        "duel",
        help="have a judge say which of two editors' edits is better",
        description="Show a judge the single edits of every two editors that `run` has run, in both orders, and ask "
        "which is better. No edit is paid again.",
        epilog="example: pico-banana benchmark duel --mirror sample --judge openai:MODEL --out bench",
    )
    parser.add_argument(
        "--editor", action="append", default=[], metavar="NAME", help="only these, two or more; may be repeated"
    )
    parser.add_argument("--wording", choices=("long", "short"), default="long", help="which instructions were given")
    parser.add_argument("--limit", type=int, metavar="N", help="only so many edits")
    _add_running(parser)
    parser.set_defaults(run=duel_all)


def _add_running(parser: argparse.ArgumentParser, *, out: Callable[[str], Path | str] = Path) -> None:
    parser.add_argument("--out", type=out, required=True, metavar="DIR", help="ledger and results; made if needed")
    parser.add_argument(
        "--judge",
        default="procedural",
        metavar="NAME",
        help="BACKEND:MODEL[@URL], python:MODULE:FUNCTION, or procedural",
    )
    parser.add_argument(
        "--preset",
        default="",
        metavar="NAME",
        help="paper, minimum, editscore, editreward, reward, pairwise; usual: paper",
    )
    parser.add_argument(
        "--judge-parameters", type=_parameters, default={}, metavar="JSON", help="an object, for the judge's backend"
    )
    parser.add_argument("--seed", type=int, default=0, metavar="N", help="what every seeded choice derives from")
    parser.add_argument("--no-anchors", action="store_true", help="do not show the judge the 20 edits of known quality")
    parser.add_argument("--budget-usd", type=float, default=0.0, metavar="USD", help="hard limit for the whole ledger")
    parser.add_argument("--allow-model-change", action="store_true", help="go on when another model answers")
    parser.add_argument("--allow-failed", type=int, default=0, metavar="N", help="failed items that count as success")
    parser.add_argument("--json", action="store_true", help="print JSON")
    _add_definition(parser)


def _parameters(text: str) -> dict[str, Any]:
    try:
        told = json.loads(text)
    except ValueError:
        told = None
    if not isinstance(told, dict):
        raise argparse.ArgumentTypeError(f"{text} is no JSON object; write it like '{{\"temperature\": 0.2}}'")
    return told


def _add_report(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    parser = commands.add_parser(
        "report",
        help="the numbers: a table, JSON, CSV, one page, files for the Hub",
        description="Give the numbers of editors with 95 % intervals. No model is asked.",
        epilog="example: pico-banana benchmark report bench --html report.html",
    )
    parser.add_argument("results", nargs="+", type=Path, metavar="DIR", help="folders of `run`, or files of results")
    parser.add_argument("--by", action="append", choices=_GROUPS, help="show these groups; may be repeated")
    parser.add_argument(
        "--correct-to", type=Path, metavar="FILE", help="bring judges to the one of this file, by anchors"
    )
    parser.add_argument("--csv", type=Path, metavar="FILE", help="write every line as CSV")
    parser.add_argument("--html", type=Path, metavar="FILE", help="write one page with charts and pictures")
    parser.add_argument("--hub", type=Path, metavar="DIR", help="write .eval_results/*.yaml and eval.yaml for the Hub")
    parser.add_argument("--dataset", default="", metavar="OWNER/NAME", help="the dataset repository that --hub names")
    parser.add_argument("--json", action="store_true", help="print JSON")
    parser.set_defaults(run=report_all)


def _add_compare(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    parser = commands.add_parser(
        "compare",
        help="judges against preferences, and against each other",
        description="Compare judges with preferences and with each other. No model is asked.",
        epilog="example: pico-banana benchmark compare bench",
    )
    parser.add_argument("results", nargs="+", type=Path, metavar="DIR", help="folders of `run` and `judge`, or files")
    parser.add_argument("--json", action="store_true", help="print JSON")
    parser.set_defaults(run=compare_judges)


def _add_overlap(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    parser = commands.add_parser(
        "overlap",
        help="what of a training list is in the benchmark; exit code 1 when something is, or all is unknown",
        description="Look for the entries of a training list in a benchmark, by row and by photo.",
        epilog="example: pico-banana benchmark overlap my_ids.txt --mirror sample",
    )
    parser.add_argument(
        "list", type=Path, metavar="LIST", help="ids, paths, URLs or file names: lines, CSV, JSON, Parquet"
    )
    parser.add_argument("--json", action="store_true", help="print JSON")
    _add_definition(parser)
    parser.set_defaults(run=overlap_with)


def _add_export(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    parser = commands.add_parser(
        "export",
        help="the single edits for lmms-eval and evalscope",
        description="Write the single edits in GEdit-Bench's shape, with a configuration for lmms-eval and evalscope.",
        epilog="example: pico-banana benchmark export items --mirror sample",
    )
    parser.add_argument("out", type=Path, metavar="DIR", help="where to write; for use on this machine")
    parser.add_argument("--wording", choices=("long", "short"), default="long", help="which instructions are given")
    parser.add_argument("--limit", type=int, metavar="N", help="only so many edits")
    parser.add_argument(
        "--allow-failed", type=int, default=0, metavar="N", help="edits without a photo that still count as success"
    )
    parser.add_argument("--json", action="store_true", help="print JSON")
    _add_definition(parser)
    parser.set_defaults(run=export_items)


def _add_mirror(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--mirror", metavar="ROOT", help="a folder, an address, or 'sample'")


def _add_definition(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--definition", type=Path, metavar="FILE", help="a file of `make` (default: drawn as published)"
    )
    parser.add_argument("--size", choices=("full", "mini"), default="full", help="without --definition: how large")
    _add_mirror(parser)
