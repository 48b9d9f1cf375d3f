"""What the commands of `pico-banana benchmark` do; their options are in `benchmark`."""

from __future__ import annotations

import dataclasses
import itertools
import json
import sys
from functools import partial
from typing import TYPE_CHECKING, Any

from pico_banana.cli.executors import Asked
from pico_banana.cli.runs import INTERRUPTED, Advice, ended
from pico_banana.cli.sharding import in_shards

if TYPE_CHECKING:
    import argparse

    from pico_banana.benchmark.numbers.report import Report
    from pico_banana.benchmark.runs.job import Options, Ran
    from pico_banana.rows.choosing.definition import Definition
    from pico_banana.rows.sharding.work import Work


def make_one(args: argparse.Namespace) -> int:
    """Draw a definition, and write it.

    Args:
        args: what the parser gave.

    Returns:
        The exit code.
    """
    from pico_banana.benchmark.making import make

    seed = {} if args.seed is None else {"seed": args.seed}
    found = make(mirror=args.mirror, size=args.size, **seed)
    found.write(args.out)
    counts = f"{len(found.single_turn)} edits, {len(found.multi_turn)} sessions, {len(found.preference)} pairs"
    print(f"{args.out}: {counts} of {len(found.photos)} photos, checksum {found.checksum}")
    return 0


def run_all(args: argparse.Namespace) -> int:
    """Run editors and rewriters, one after the other.

    Args:
        args: what the parser gave.

    Returns:
        The exit code, the highest of all.

    Raises:
        ConfigError: neither an editor nor a rewriter is named.
    """
    from pico_banana.benchmark.runs.running import rewrite, run
    from pico_banana.errors import ConfigError
    from pico_banana.regenerate.work.progress import ProgressLine

    if not args.editor and not args.rewriter:
        raise ConfigError("name an --editor or a --rewriter", key="editor")
    options, definition = _options(args), _definition(args)

    runs = [partial(run, editor=name) for name in args.editor]
    runs += [partial(rewrite, rewriter=name) for name in args.rewriter]

    def do(work: Work) -> int:
        codes = []
        for one in runs:
            with ProgressLine(sys.stderr) as line:
                ran = one(
                    definition, work.folder, judge=args.judge, mirror=args.mirror, options=options,
                    shard=work.shard, progress=line.show,
                )  # fmt: skip
            codes.append(_noted(args, ran, work))
            if codes[-1] == INTERRUPTED:  # who stops one editor does not want the next one
                break
        return max(codes)

    # Not how far the run goes: a shard that stopped on its budget goes on under another one.
    same = dataclasses.replace(options, budget_usd=0.0, allow_model_change=False)
    asked = (definition.checksum, same, tuple(args.editor), tuple(args.rewriter), args.judge)
    return in_shards(args, args.out, do, Asked("benchmark", asked, budget=bool(options.budget_usd)))


def judge_all(args: argparse.Namespace) -> int:
    """Have a judge judge the preference part.

    Args:
        args: what the parser gave.

    Returns:
        The exit code.
    """
    from pico_banana.benchmark.runs.running import judge_pairs
    from pico_banana.regenerate.work.progress import ProgressLine

    definition, options = _definition(args), _options(args)
    with ProgressLine(sys.stderr) as line:
        ran = judge_pairs(
            definition, args.out, judge=args.judge, mirror=args.mirror, options=options, progress=line.show
        )
    return _ended(args, ran, "compare")


def duel_all(args: argparse.Namespace) -> int:
    """Have every two editors compared.

    Args:
        args: what the parser gave.

    Returns:
        The exit code, the highest of all.

    Raises:
        ConfigError: there are fewer than two editors.
    """
    from pico_banana.benchmark.runs.running import duel, editors_in
    from pico_banana.errors import ConfigError
    from pico_banana.regenerate.work.progress import ProgressLine

    definition, options = _definition(args), _options(args)
    names = args.editor or editors_in(args.out, wording=args.wording)
    pairs = list(itertools.combinations(dict.fromkeys(names), 2))
    if not pairs:
        raise ConfigError(f"a duel needs two editors; {args.out} has {', '.join(names) or 'none'}", key="editor")
    codes = []
    for pair in pairs:
        with ProgressLine(sys.stderr) as line:
            ran = duel(
                definition, args.out, editors=pair, judge=args.judge, mirror=args.mirror, options=options,
                progress=line.show,
            )  # fmt: skip
        codes.append(_ended(args, ran, "report"))
        if codes[-1] == INTERRUPTED:
            break
    return max(codes)


def report_all(args: argparse.Namespace) -> int:
    """Give the numbers.

    Args:
        args: what the parser gave.

    Returns:
        The exit code.
    """
    from pico_banana.benchmark.numbers.report import report
    from pico_banana.benchmark.reports.tables import report_csv, report_table
    from pico_banana.benchmark.runs.results import read_results

    found = report(*args.results, correct=read_results(args.correct_to).anchors if args.correct_to else None)
    if args.csv:
        args.csv.write_text(report_csv(found), encoding="utf-8")
    _written(args, found)
    _print(args, found.as_json(), report_table(found, by=tuple(args.by or ("all",))))
    return 0


def compare_judges(args: argparse.Namespace) -> int:
    """Compare judges.

    Args:
        args: what the parser gave.

    Returns:
        The exit code.
    """
    from pico_banana.benchmark.numbers.judges import judge_report
    from pico_banana.benchmark.reports.tables import judges_table

    found = judge_report(*args.results)
    _print(args, found.as_json(), judges_table(found))
    return 0


def overlap_with(args: argparse.Namespace) -> int:
    """Look for a training list's entries in a benchmark.

    Args:
        args: what the parser gave.

    Returns:
        The exit code, 1 when something was found.
    """
    from pico_banana.benchmark.overlapping import overlap

    found = overlap(_definition(args), args.list, mirror=args.mirror)
    text = (
        f"{found.listed} entries: {len(found.rows)} are rows of the benchmark, {len(found.photos)} show a photo of it, "
        f"{len(found.unknown)} are unknown"
    )
    lines = [text, *(f"in the benchmark: {one}" for one in found.photos)]
    if found.unknown:
        lines.append(
            f"nothing is known of entries such as {found.unknown[0][:80]!r}; ids, paths and addresses of rows are"
        )
    _print(args, dataclasses.asdict(found), "\n".join(lines))
    return 0 if found.clean else 1


def export_items(args: argparse.Namespace) -> int:
    """Write the single edits for other harnesses.

    Args:
        args: what the parser gave.

    Returns:
        The exit code, 1 when more photos failed than may.
    """
    from pico_banana.benchmark.harnesses import export
    from pico_banana.cli.bar import Bar

    with Bar("edit") as bar:
        found = export(
            _definition(args), args.out, mirror=args.mirror, wording=args.wording, limit=args.limit,
            progress=lambda done, total: bar.at(done, total, "photos"),
        )  # fmt: skip
    document = {"folder": str(found.folder), "items": found.items, "left_out": dict(found.left_out)}
    lines = [f"{found.folder}: {found.items} edits, {len(found.left_out)} without their photo; see README.md there"]
    _print(args, document, "\n".join([*lines, *(f"left out: {name}: {why}" for name, why in found.left_out)]))
    return int(len(found.left_out) > args.allow_failed)


def _definition(args: argparse.Namespace) -> Definition:
    from pico_banana.benchmark.making import make
    from pico_banana.rows.choosing.definition import read_definition

    return read_definition(args.definition) if args.definition else make(mirror=args.mirror, size=args.size)


def _options(args: argparse.Namespace) -> Options:
    from pico_banana.benchmark.runs.job import Options

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


def _noted(args: argparse.Namespace, ran: Ran, work: Work) -> int:
    from pico_banana.regenerate.work.sharded import note_run

    note_run(work, ran.state, allow_failed=args.allow_failed)
    return _ended(args, ran, "report")


def _ended(args: argparse.Namespace, ran: Ran, look: str) -> int:
    sys.stderr.write(f"{ran.results.editor}: {ran.path}\n")
    advice = Advice("nothing is left to do", f"pico-banana benchmark {look} {args.out}", "the same command")
    return ended(args, ran.state, advice)


def _written(args: argparse.Namespace, found: Report) -> None:
    if args.html:
        from pico_banana.benchmark.reports.page import write_page

        write_page(found, args.html, [place for place in args.results if place.is_dir()])
    if args.hub:
        from pico_banana.benchmark.reports.hub import write_hub

        write_hub(found, args.hub, dataset=args.dataset)


def _print(args: argparse.Namespace, document: Any, text: str) -> None:  # noqa: ANN401 - JSON values
    print(json.dumps(document, ensure_ascii=False) if args.json else text)
