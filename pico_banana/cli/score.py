"""`pico-banana score` and `scores`: judges over any rows, and what they said as a sidecar by row id."""

from __future__ import annotations

import dataclasses
import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pico_banana.cli.choosing import add_mirror_options, add_selection_options, chosen_rows
from pico_banana.cli.executors import Asked, wants_ray
from pico_banana.cli.runs import INTERRUPTED, Advice, add_limits, exit_code, summary, tell
from pico_banana.cli.sharding import add_shard_options, in_shards, is_parted
from pico_banana.cli.words import path_or_address

if TYPE_CHECKING:
    import argparse

    from pico_banana.benchmark.scores.asking import Scored, ScorePlan
    from pico_banana.benchmark.scores.judges import ScoreOptions
    from pico_banana.benchmark.scores.reading import Scores
    from pico_banana.benchmark.scores.report import ScoreReport
    from pico_banana.dataset import PicoBanana
    from pico_banana.rows.sharding.work import Work


def add_parser(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add the commands.

    Args:
        subparsers: where commands are added.
    """
    _add_score(subparsers)
    _add_scores(subparsers)


def _add_score(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    parser = subparsers.add_parser(
        "score",
        help="have judges score rows: edits, pairs, turns of sessions",
        description="Have judges score the edits of any rows, turns of sessions and rejected edits as well. What it "
        "costs is said first; Ctrl-C stops gently, the same command goes on, and nothing is paid twice. `scores` makes "
        "a sidecar of it, of one folder or of all its shards.",
        epilog="example: pico-banana score single_turn --limit 1000 --judge gemini:gemini-3.8-flash --ledger scores",
    )
    add_selection_options(parser)
    add_mirror_options(parser)
    parser.add_argument(
        "--judge",
        action="append",
        required=True,
        metavar="NAME",
        help="BACKEND:MODEL[@URL], or the .toml of a configuration; may be repeated",
    )
    parser.add_argument(
        "--ledger", type=path_or_address, required=True, metavar="DIR", help="where ledgers lie; made if needed"
    )
    parser.add_argument(
        "--known",
        action="append",
        default=[],
        type=path_or_address,
        metavar="DIR",
        help="other folders of scores: what a judge said there it is not asked again; may be repeated",
    )
    parser.add_argument("--preset", default="paper", metavar="NAME", help="paper, minimum or reward")
    parser.add_argument(
        "--judge-parameters", type=json.loads, default={}, metavar="JSON", help="for the judges' backends"
    )
    parser.add_argument(
        "--first-turns", type=Path, metavar="FILE", help="types of sessions' first turns, as `first-turns` writes them"
    )
    add_limits(parser)
    parser.add_argument("--dry-run", action="store_true", help="say how many edits and what they cost; pay nothing")
    parser.add_argument("--retry-failed", action="store_true", help="score those that failed in earlier runs")
    parser.add_argument(
        "--out",
        type=Path,
        metavar="FILE",
        help="write the sidecar at the end, .parquet or .jsonl; of shards, once all are done",
    )
    parser.add_argument("--json", action="store_true", help="print JSON")
    add_shard_options(parser, out="DIR", models=True)
    parser.set_defaults(run=_score)


def _add_scores(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    parser = subparsers.add_parser(
        "scores",
        help="read what judges said: a sidecar, thresholds by type, agreement, calibration",
        description="Read what `score` asked for. No model is asked. Prints what is missing and why, how many edits of "
        "each type are left above a score and which score is suggested, and how far judges, and people, agree.",
        epilog="example: pico-banana scores scores --out scores.parquet --labels human.csv",
    )
    parser.add_argument("ledgers", nargs="+", type=path_or_address, metavar="DIR", help="folders of `score`")
    parser.add_argument("--out", type=Path, metavar="FILE", help="write a sidecar, .parquet or .jsonl")
    parser.add_argument("--judge", action="append", metavar="NAME", help="only this judge; may be repeated")
    parser.add_argument("--per", choices=("edit", "row"), default="edit", help="a line an edit and turn, or a row")
    parser.add_argument("--columns", choices=("own", "omniedit"), default="own", help="names of the columns")
    _add_labels(parser)
    parser.add_argument("--keep", type=float, default=0.8, metavar="SHARE", help="to suggest scores by, without labels")
    parser.add_argument("--json", action="store_true", help="print JSON")
    parser.set_defaults(run=_scores)


def _add_labels(parser: argparse.ArgumentParser) -> None:
    group = parser.add_argument_group("what people say")
    group.add_argument(
        "--labels", type=Path, metavar="FILE", help="a table with id and label, .csv, .parquet or .jsonl"
    )
    group.add_argument("--label-column", default="label", metavar="NAME", help="the column of the labels")
    group.add_argument(
        "--label-range", nargs=2, type=float, default=(0.0, 1.0), metavar=("BAD", "GOOD"), help="such as 1 5"
    )
    group.add_argument("--precision", type=float, default=0.9, metavar="SHARE", help="of kept edits, good by people")
    group.add_argument("--calibration", choices=("auto", "isotonic", "logistic"), default="auto", help="its shape")


def _score(args: argparse.Namespace) -> int:
    from pico_banana.benchmark.scores.asking import plan_scores, what_is_asked
    from pico_banana.benchmark.scores.sharded import COMMAND
    from pico_banana.rows.sidecar import require_ending

    if args.out is not None:
        require_ending(args.out)  # said before anything is paid
    rows, options = chosen_rows(args), _options(args)
    if args.dry_run:
        _tell_plans(args, plan_scores(rows, args.ledger, judges=args.judge, options=options))
        return 0
    if wants_ray(args):  # of all shards; each says its own, too
        _foretell(rows, args.ledger, args.judge, options)

    def do(work: Work) -> int:
        return _asked(args, rows, options, work)

    asked = what_is_asked(rows, args.judge, options) if is_parted(args) else ()
    shared = Asked(COMMAND, asked, budget=bool(args.budget_usd), again=args.retry_failed)
    code = in_shards(args, args.ledger, do, shared)
    if args.out is not None and args.shard is None:
        found = _read([args.ledger])
        _write(args, found, found.to_arrow())
    return code


def _asked(args: argparse.Namespace, rows: PicoBanana[Any], options: ScoreOptions, work: Work) -> int:
    from pico_banana.benchmark.scores.asking import Scored, score
    from pico_banana.benchmark.scores.sharded import in_work, note_scores
    from pico_banana.regenerate.work.progress import ProgressLine

    code, told = 0, list[Scored]()
    mine = in_work(options, args.ledger, work)
    _foretell(rows, work.folder, args.judge, mine)
    for judge in args.judge:
        with ProgressLine(sys.stderr) as line:
            told += score(rows, work.folder, judges=judge, options=mine, progress=line.show)
        code = max(code, exit_code(args, told[-1].state))
        if code == INTERRUPTED:
            break
    note_scores(work, told, allow_failed=args.allow_failed)
    _tell_scored(args, told)
    return code


def _foretell(rows: PicoBanana[Any], place: Path | str, judges: list[str], options: ScoreOptions) -> None:
    from pico_banana.benchmark.scores.asking import plan_scores

    plans = plan_scores(rows, place, judges=judges, options=options)
    sys.stderr.write("".join(f"{plan}\n" for plan in plans))


def _tell_scored(args: argparse.Namespace, every: list[Scored]) -> None:
    look = f"pico-banana scores {args.ledger}"
    nothing = "nothing waits for another try" if args.retry_failed else "nothing is left to judge"
    advice = Advice(nothing, look, "the same command and --retry-failed")
    document = {"judges": [{"judge": one.judge, "ledger": str(one.ledger), **one.state.as_json()} for one in every]}
    tell(args, document, "\n".join(f"{one.judge}: {summary(one.state, advice)}" for one in every))


def _options(args: argparse.Namespace) -> ScoreOptions:
    from pico_banana.benchmark.scores.judges import ScoreOptions
    from pico_banana.rows.first_turns import read_first_turns

    return ScoreOptions(
        preset=args.preset,
        known=tuple(args.known),
        first_turns=read_first_turns(args.first_turns) if args.first_turns else {},
        budget_usd=args.budget_usd or 0.0,
        transport=args.transport,
        allow_model_change=args.allow_model_change,
        accept_changes=args.accept_changes,
        retry_failed=args.retry_failed,
        parameters=args.judge_parameters,
    )


def _tell_plans(args: argparse.Namespace, plans: tuple[ScorePlan, ...]) -> None:
    document = {"judges": [dataclasses.asdict(plan) for plan in plans]}
    tell(args, document, "\n".join(map(str, plans)))


def _scores(args: argparse.Namespace) -> int:
    from pico_banana.benchmark.scores.labels import read_labels
    from pico_banana.benchmark.scores.report import score_report
    from pico_banana.benchmark.scores.tables import scores_table
    from pico_banana.benchmark.scores.thresholds import Wish
    from pico_banana.rows.sidecar import require_ending

    if args.out is not None:
        require_ending(args.out)
    found = _read(args.ledgers)
    found = found.of(*args.judge) if args.judge else found
    bad, good = args.label_range
    labels = read_labels(args.labels, column=args.label_column, lowest=bad, highest=good) if args.labels else {}
    report: ScoreReport = score_report(
        found, labels=labels, wish=Wish(args.keep, args.precision), method=args.calibration
    )
    tell(args, report.as_json(), scores_table(report))
    if args.out is not None:
        known = found.with_chances(report.calibrations)
        _write(args, known, known.to_arrow(per=args.per, columns=args.columns))
    return 0


def _read(folders: list[Path | str]) -> Scores:
    from pico_banana.benchmark.scores.reading import read_scores

    return read_scores(*folders)


def _write(args: argparse.Namespace, found: Scores, table: Any) -> None:  # noqa: ANN401 - pyarrow is imported late
    from pico_banana.rows.sidecar import write_annotations

    write_annotations(table, args.out)
    missing = sum(len(one.missing) for one in found.judges)
    sys.stderr.write(f"{len(table):,} lines, {missing:,} scores missing: {args.out}\n")
