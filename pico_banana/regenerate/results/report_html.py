"""The report as one HTML file, with examples of accepted and rejected edits as cards of the page that all rows have."""

from __future__ import annotations

import json
from html import escape
from pathlib import Path
from typing import TYPE_CHECKING

from pico_banana.errors import PictureCorruptError, PictureError
from pico_banana.mirrors.store import write_atomic
from pico_banana.records.charts.drawing import bars, stacked
from pico_banana.records.charts.style import has_matplotlib
from pico_banana.records.decoding.images import image_of, jpeg_uri
from pico_banana.records.page.cards import Figure, card_html
from pico_banana.records.page.document import whole_page
from pico_banana.regenerate.ledger.many import each_ledger
from pico_banana.regenerate.plan.photos import read_photo
from pico_banana.regenerate.results.counting import TYPE_HEADS
from pico_banana.regenerate.results.derive import results
from pico_banana.regenerate.results.ended import End
from pico_banana.regenerate.values import Photo, Picture
from pico_banana.taxonomy import edit_type

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from pico_banana.regenerate.ledger.book import Ledger
    from pico_banana.regenerate.ledger.many import Run
    from pico_banana.regenerate.results.ended import Attempt, ItemResult, TurnResult
    from pico_banana.regenerate.results.report import Report
    from pico_banana.regenerate.settings.policy import Policy

_SIDE, _QUALITY = 420, 82  # of a picture


def write_html(report: Report, run: Run, path: str | Path, *, examples: int = 12) -> None:
    """Write the report as one HTML file.

    Args:
        report: the numbers.
        run: where the pictures are.
        path: the file.
        examples: how many accepted and how many rejected edits to show.

    Raises:
        StoreError: the file cannot be written.
    """
    path = Path(path)
    accepted, rejected = _examples(run, report.policy, examples)
    sections = [
        _tiles(report),
        "<h2>By edit type</h2>",
        _types(report),
        _charts(report),
        "<h2>By stage</h2>",
        _stages(report),
        "<h2>Accepted</h2>",
        _examples_html(accepted, "Nothing is accepted yet."),
        "<h2>Rejected</h2>",
        _examples_html(rejected, "Nothing is rejected yet."),
    ]
    title = "Regeneration report"
    head = f"<header><h1>{title}</h1><span class=soft>{escape(_rule(report.policy))}</span></header>"
    page = whole_page(title, f"{head}<main class=report>{''.join(sections)}</main>")
    write_atomic(path, page.encode())


def _rule(policy: Policy) -> str:
    weights = ", ".join(f"{name} {weight:g}" for name, weight in policy.weights.items())
    least = "".join(f"; {name} at least {value:g}" for name, value in policy.minimum.items())
    kind = "weighted sum" if policy.combine == "weighted" else "weighted geometric mean"
    rule = f"Accepted when the {kind} is {policy.comparison} {policy.threshold:g} ({weights}){least}"
    return f"{rule}; up to {policy.max_attempts} attempts."


def _tiles(report: Report) -> str:
    cost = "-" if report.usd_per_accepted is None else f"${report.usd_per_accepted:.4f}"
    facts = {
        "planned items": f"{report.items:,}",
        "single-turn rows": f"{report.accepted:,}",
        "preference rows": f"{report.preference:,}",
        "sessions": f"{report.sessions:,}",
        "spent": "cost unknown" if report.unpriced else f"${report.usd:,.2f}",
        "per accepted row": cost,
        "waiting for retry": f"{sum(report.failures.values()):,}",
    }
    tiles = "".join(
        f"<div class=tile><b>{value}</b><span class=soft>{name}</span></div>" for name, value in facts.items()
    )
    return f"<div class=tiles>{tiles}</div>"


def _types(report: Report) -> str:
    rows = [(escape(edit_type(kind).label), *map(_cell, part.cells())) for kind, part in report.types.items()]
    return _table(TYPE_HEADS, rows)


def _charts(report: Report) -> str:
    """Draw how items ended and what stages cost; without matplotlib the tables say the same."""
    if not has_matplotlib():
        return ""
    ends = {edit_type(kind).label: dict(part.ended) for kind, part in report.types.items() if part.ended}
    drawn = [stacked("ends", "How items ended, by type", ends, [str(end) for end in End])] if ends else []
    paid = {stage.replace("_", " "): part.usd for stage, part in report.stages.items() if part.usd}
    if paid and not report.unpriced:
        drawn.append(bars("cost", "Paid, by stage", paid, unit="{:,.2f} USD", of=sum(paid.values())))
    return "".join(f"<div class=wide>{chart.svg(inline=True)}</div>" for chart in drawn)


def _cell(value: float | None) -> str:
    if isinstance(value, float):
        return f"<span class=share><i style='width:{value:.0%}'></i></span>{value:.0%}"
    return "-" if value is None else str(value)


def _stages(report: Report) -> str:
    heads = ("stage", "answered", "not answered", "outcomes", "tokens in", "tokens out", "mean seconds", "USD")
    rows = [
        (
            stage.replace("_", " "),
            f"{part.calls:,}",
            f"{part.unavailable:,}",
            ", ".join(
                f"{name.replace('_', ' ')} {count}" for name, count in part.outcomes.items() if name != "unavailable"
            ),
            f"{part.input_tokens:,}",
            f"{part.output_tokens:,}",
            f"{part.mean_s:.2f}",
            report.usd_of(stage),
        )
        for stage, part in report.stages.items()
    ]
    answered = [
        (stage.replace("_", " "), ", ".join(f"{escape(name)} ({calls:,})" for name, calls in models.items()))
        for stage, models in report.models.items()
    ]
    return _table(heads, rows) + _table(("stage", "answered by"), answered)


def _table(heads: tuple[str, ...], rows: Sequence[tuple[object, ...]]) -> str:
    head = "".join(f"<th>{name}</th>" for name in heads)
    body = "".join("<tr>" + "".join(f"<td>{cell}</td>" for cell in row) + "</tr>" for row in rows)
    return f"<div class=wide tabindex=0 role=group aria-label=table><table><tr>{head}</tr>{body}</table></div>"


def _examples(run: Run, policy: Policy, most: int) -> tuple[list[str], list[str]]:
    """Give examples, spread over edit types: the first of each type, then the second, and so on."""
    accepted: dict[str, list[str]] = {}
    rejected: dict[str, list[str]] = {}
    each = max(1, -(-most // 4))
    for ledger in each_ledger(run):
        for result in results(ledger, policy):
            for turn, attempt in _shown(result):
                bucket = (accepted if attempt.accepted else rejected).setdefault(turn.edit_type, [])
                if len(bucket) < each and (html := _example(ledger, result, turn, attempt)):
                    bucket.append(html)
    return _spread(accepted, most), _spread(rejected, most)


def _shown(result: ItemResult) -> Iterator[tuple[TurnResult, Attempt]]:
    for turn in result.turns:
        for attempt in turn.attempts:
            if attempt.edited_sha is not None and attempt.reason != "undecodable":
                yield turn, attempt


def _spread(buckets: dict[str, list[str]], most: int) -> list[str]:
    rounds = max((len(bucket) for bucket in buckets.values()), default=0)
    ordered = [bucket[number] for number in range(rounds) for bucket in buckets.values() if number < len(bucket)]
    return ordered[:most]


def _example(ledger: Ledger, result: ItemResult, turn: TurnResult, attempt: Attempt) -> str:
    try:
        before = _before(ledger, result, turn)
        after = ledger.vault.load(attempt.edited_sha or "")
    except PictureError:
        return ""
    kind = "good" if attempt.accepted else "bad"
    score = "" if attempt.score is None else f" {attempt.score:.2f}"
    where = f"item {result.item}" + (f", turn {turn.turn}" if len(result.planned) > 1 else "")
    said = attempt.why if attempt.outcome == "scored" else f"{attempt.outcome.replace('_', ' ')}: {attempt.reason}"
    words = (
        f"<p>{escape(turn.instruction)}</p><p class=soft>{escape(edit_type(turn.edit_type).label)} · {where}, attempt "
        f"{attempt.attempt} · <b class={kind}>{escape(said)}{score}</b></p>{_scores(attempt)}"
    )
    identity = f"{result.item}-{turn.turn}-{attempt.attempt}"
    return card_html([_figure("before", before), _figure("after", after)], words, identity=identity)


def _before(ledger: Ledger, result: ItemResult, turn: TurnResult) -> Picture:
    return read_photo(Photo(result.url, result.locator)) if turn.turn == 1 else ledger.vault.load(turn.input_sha)


def _scores(attempt: Attempt) -> str:
    if attempt.first is None:
        return ""
    reasons = json.loads(attempt.said[0].reasons)
    scores = dict(attempt.first.scores) | ({"drift": attempt.first.drift} if attempt.first.drift is not None else {})
    lines = "".join(
        f"<dt>{escape(name)} {score:.2f}</dt><dd>{escape(str(reasons.get(name, '')))}</dd>"
        for name, score in scores.items()
    )
    lines += "".join(  # the list of differences, and columns of one's own
        f"<dt>{escape(name)}</dt><dd>{escape(str(text))}</dd>" for name, text in reasons.items() if name not in scores
    )
    return f"<dl class=facts>{lines}</dl>"


def _figure(title: str, picture: Picture) -> Figure:
    try:
        small = jpeg_uri(image_of(picture.data, address=picture.sha256), side=_SIDE, quality=_QUALITY)
    except PictureCorruptError as error:
        return Figure(title, absent=str(error))
    return Figure(title, small)


def _examples_html(examples: list[str], empty: str) -> str:
    return f"<div class=cards>{''.join(examples)}</div>" if examples else f"<p class=soft>{empty}</p>"
