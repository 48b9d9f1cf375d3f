"""`pico-banana benchmark make|run|judge|report|compare|overlap`: a leak-free test of editors and judges."""

from __future__ import annotations

import dataclasses
import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pico_banana.cli.runs import Advice, ended
from pico_banana.cli.sharding import add_shard_option, in_shards
from pico_banana.cli.words import path_or_address

if TYPE_CHECKING:
    import argparse

    from pico_banana.benchmark.numbers.report import Report
    from pico_banana.benchmark.runs.running import Options, Ran
    from pico_banana.rows.choosing.definition import Definition
    from pico_banana.rows.sharding.work import Work

_GROUPS = ("all", "category", "edit_type")


def add_parser(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add the group.

    Args:
        subparsers: where commands are added.
    """
    group = subparsers.add_parser(
        "benchmark", help="test editors and judges on rows that nobody trains on", description=__doc__
    )
    commands = group.add_subparsers(required=True, metavar="COMMAND")
    _add_make(commands)
    _add_run(commands)
    _add_judge(commands)
    _add_report(commands)
    _add_compare(commands)
    _add_overlap(commands)


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
    parser.set_defaults(run=_make)


def _add_run(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    parser = commands.add_parser(
        "run",
        help="have editors edit and a judge judge",
        description="Have editors edit and a judge judge. Ctrl-C stops gently; the same command goes on, and nothing "
        "is paid twice.",
        epilog="example: pico-banana benchmark run --mirror sample --editor procedural --out bench",
    )
    parser.add_argument(
        "--editor",
        action="append",
        required=True,
        metavar="NAME",
        help="gemini:MODEL, openai:MODEL[@URL], diffusers:MODEL, procedural[:SHARE], published, or a folder of results "
        "with id and image_path; may be repeated",
    )
    parser.add_argument("--wording", choices=("long", "short"), default="long", help="which instructions are given")
    parser.add_argument("--limit", type=int, metavar="N", help="only so many edits, and so many sessions")
    add_shard_option(parser, out="DIR")
    _add_running(parser)
    parser.set_defaults(run=_run)


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
    parser.set_defaults(run=_judge, wording="long")


def _add_running(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--out", type=path_or_address, required=True, metavar="DIR", help="ledger and results; made if needed"
    )
    parser.add_argument("--judge", default="procedural", metavar="NAME", help="BACKEND:MODEL[@URL], or procedural")
    parser.add_argument("--preset", default="paper", metavar="NAME", help="paper, minimum, editscore or reward")
    parser.add_argument(
        "--judge-parameters", type=json.loads, default={}, metavar="JSON", help="for the judge's backend"
    )
    parser.add_argument("--seed", type=int, default=0, metavar="N", help="what every seeded choice derives from")
    parser.add_argument("--no-anchors", action="store_true", help="do not show the judge the 20 edits of known quality")
    parser.add_argument("--budget-usd", type=float, default=0.0, metavar="USD", help="hard limit for the whole ledger")
    parser.add_argument("--allow-model-change", action="store_true", help="go on when another model answers")
    parser.add_argument("--allow-failed", type=int, default=0, metavar="N", help="failed items that count as success")
    parser.add_argument("--json", action="store_true", help="print JSON")
    _add_definition(parser)


def _add_report(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    parser = commands.add_parser(
        "report",
        help="the numbers: a table, JSON, CSV, one page, files for the Hub",
        description="Give the numbers of editors with 95 %% intervals. No model is asked.",
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
    parser.set_defaults(run=_report)


def _add_compare(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    parser = commands.add_parser(
        "compare",
        help="judges against preferences, and against each other",
        description="Compare judges with preferences and with each other. No model is asked.",
        epilog="example: pico-banana benchmark compare bench",
    )
    parser.add_argument("results", nargs="+", type=Path, metavar="DIR", help="folders of `run` and `judge`, or files")
    parser.add_argument("--json", action="store_true", help="print JSON")
    parser.set_defaults(run=_compare)


def _add_overlap(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    parser = commands.add_parser(
        "overlap",
        help="what of a training list is in the benchmark; exit code 1 when something is",
        description="Look for the entries of a training list in a benchmark, by row and by photo.",
        epilog="example: pico-banana benchmark overlap my_ids.txt --mirror sample",
    )
    parser.add_argument("list", type=Path, metavar="LIST", help="ids, paths, URLs, file names or JSON, one a line")
    parser.add_argument("--json", action="store_true", help="print JSON")
    _add_definition(parser)
    parser.set_defaults(run=_overlap)


def _add_mirror(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--mirror", metavar="ROOT", help="a folder, an address, or 'sample'")


def _add_definition(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--definition", type=Path, metavar="FILE", help="a file of `make` (default: drawn as published)"
    )
    parser.add_argument("--size", choices=("full", "mini"), default="full", help="without --definition: how large")
    _add_mirror(parser)


def _definition(args: argparse.Namespace) -> Definition:
    from pico_banana.benchmark.making import make
    from pico_banana.rows.choosing.definition import read_definition

    return read_definition(args.definition) if args.definition else make(mirror=args.mirror, size=args.size)


def _make(args: argparse.Namespace) -> int:
    from pico_banana.benchmark.making import make

    seed = {} if args.seed is None else {"seed": args.seed}
    found = make(mirror=args.mirror, size=args.size, **seed)
    found.write(args.out)
    counts = f"{len(found.single_turn)} edits, {len(found.multi_turn)} sessions, {len(found.preference)} pairs"
    print(f"{args.out}: {counts} of {len(found.photos)} photos, checksum {found.checksum}")
    return 0


def _options(args: argparse.Namespace) -> Options:
    from pico_banana.benchmark.runs.running import Options

    return Options(
        wording=args.wording,
        preset=args.preset,
        limit=args.limit,
        seed=args.seed,
        anchors=not args.no_anchors,
        budget_usd=args.budget_usd,
        allow_model_change=args.allow_model_change,
        parameters=args.judge_parameters,
    )


def _run(args: argparse.Namespace) -> int:
    from pico_banana.benchmark.runs.running import run
    from pico_banana.regenerate.work.progress import ProgressLine
    from pico_banana.regenerate.work.sharded import note_run

    definition, options = _definition(args), _options(args)

    def do(work: Work) -> int:
        codes = []
        for editor in args.editor:
            with ProgressLine(sys.stderr) as line:
                ran = run(
                    definition,
                    work.folder,
                    editor=editor,
                    judge=args.judge,
                    mirror=args.mirror,
                    options=options,
                    shard=work.shard,
                    progress=line.show,
                )
            note_run(work, ran.state, allow_failed=args.allow_failed)
            codes.append(_ended(args, ran, f"pico-banana benchmark report {args.out}"))
        return max(codes)

    asked = (definition.checksum, options, tuple(args.editor), args.judge)
    return in_shards(args, args.out, do, command="benchmark", asked=asked)


def _judge(args: argparse.Namespace) -> int:
    from pico_banana.benchmark.runs.running import judge_pairs
    from pico_banana.regenerate.work.progress import ProgressLine

    with ProgressLine(sys.stderr) as line:
        ran = judge_pairs(
            _definition(args),
            args.out,
            judge=args.judge,
            mirror=args.mirror,
            options=_options(args),
            progress=line.show,
        )
    return _ended(args, ran, f"pico-banana benchmark compare {args.out}")


def _ended(args: argparse.Namespace, ran: Ran, look: str) -> int:
    sys.stderr.write(f"{ran.results.editor}: {ran.path}\n")
    return ended(args, ran.state, Advice("nothing is left to do", look, "the same command"))


def _report(args: argparse.Namespace) -> int:
    from pico_banana.benchmark.numbers.report import report
    from pico_banana.benchmark.reports.tables import report_csv, report_table
    from pico_banana.benchmark.runs.results import read_results

    found = report(*args.results, correct=read_results(args.correct_to).anchors if args.correct_to else None)
    if args.csv:
        args.csv.write_text(report_csv(found), encoding="utf-8")
    _written(args, found)
    _print(args, found.as_json(), report_table(found, by=tuple(args.by or ("all",))))
    return 0


def _written(args: argparse.Namespace, found: Report) -> None:
    if args.html:
        from pico_banana.benchmark.reports.page import write_page

        write_page(found, args.html, [place for place in args.results if place.is_dir()])
    if args.hub:
        from pico_banana.benchmark.reports.hub import write_hub

        write_hub(found, args.hub, dataset=args.dataset)


def _compare(args: argparse.Namespace) -> int:
    from pico_banana.benchmark.numbers.judges import judge_report
    from pico_banana.benchmark.reports.tables import judges_table

    found = judge_report(*args.results)
    _print(args, found.as_json(), judges_table(found))
    return 0


def _overlap(args: argparse.Namespace) -> int:
    from pico_banana.benchmark.overlapping import overlap

    lines = args.list.read_text(encoding="utf-8").split("\n")
    found = overlap(_definition(args), lines, mirror=args.mirror)
    text = (
        f"{found.listed} entries: {len(found.rows)} are rows of the benchmark, {len(found.photos)} show a photo of it, "
        f"{len(found.unknown)} are unknown"
    )
    _print(args, dataclasses.asdict(found), "\n".join([text, *(f"in the benchmark: {one}" for one in found.photos)]))
    return 0 if found.clean else 1


def _print(args: argparse.Namespace, document: Any, text: str) -> None:  # noqa: ANN401 - JSON values
    print(json.dumps(document, ensure_ascii=False) if args.json else text)
