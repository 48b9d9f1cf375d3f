"""The report as one HTML file, with example pictures of accepted and rejected edits inside it."""

from __future__ import annotations

import io
from html import escape
from pathlib import Path
from typing import TYPE_CHECKING

from pico_banana.errors import PictureError
from pico_banana.mirrors.store import write_atomic
from pico_banana.regenerate.ledger.many import each_ledger
from pico_banana.regenerate.plan.photos import read_photo
from pico_banana.regenerate.results.derive import results
from pico_banana.regenerate.results.report import TYPE_HEADS
from pico_banana.regenerate.values import Photo, Picture
from pico_banana.taxonomy import edit_type

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from pico_banana.regenerate.ledger.book import Ledger
    from pico_banana.regenerate.ledger.many import Run
    from pico_banana.regenerate.results.ended import Attempt, ItemResult, TurnResult
    from pico_banana.regenerate.results.report import Report
    from pico_banana.regenerate.settings.policy import Policy

_THUMB = 300


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
        _cards(report),
        "<h2>By edit type</h2>",
        _types(report),
        "<h2>By stage</h2>",
        _stages(report),
        "<h2>Accepted</h2>",
        _gallery(accepted, "Nothing is accepted yet."),
        "<h2>Rejected</h2>",
        _gallery(rejected, "Nothing is rejected yet."),
    ]
    page = (
        "<!doctype html><html lang=en><meta charset=utf-8><meta name=viewport content='width=device-width'>"
        f"<title>Regeneration report</title><style>{_style()}</style><main><h1>Regeneration report</h1>"
        f"<p class=soft>{escape(_rule(report.policy))}</p>{''.join(sections)}</main></html>"
    )
    write_atomic(path, page.encode())


def _style() -> str:
    return (Path(__file__).parent / "report.css").read_text(encoding="utf-8")


def _rule(policy: Policy) -> str:
    weights = ", ".join(f"{name} {weight:g}" for name, weight in policy.weights.items())
    least = "".join(f"; {name} at least {value:g}" for name, value in policy.minimum.items())
    kind = "weighted sum" if policy.combine == "weighted" else "weighted geometric mean"
    rule = f"Accepted when the {kind} is {policy.comparison} {policy.threshold:g} ({weights}){least}"
    return f"{rule}; up to {policy.max_attempts} attempts."


def _cards(report: Report) -> str:
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
    cards = "".join(
        f"<div class=card><b>{value}</b><span class=soft>{name}</span></div>" for name, value in facts.items()
    )
    return f"<div class=cards>{cards}</div>"


def _types(report: Report) -> str:
    rows = [(escape(edit_type(kind).label), *map(_cell, part.cells())) for kind, part in report.types.items()]
    return _table(TYPE_HEADS, rows)


def _cell(value: float | None) -> str:
    if isinstance(value, float):
        return f"<span class=bar><i style='width:{value:.0%}'></i></span>{value:.0%}"
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
    return f"<div class=wide><table><tr>{head}</tr>{body}</table></div>"


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
    return (
        f"<div class=example><div class=pair>{_img(before, 'before')}{_img(after, 'after')}</div>"
        f"<p>{escape(turn.instruction)}</p><div class=soft>{escape(edit_type(turn.edit_type).label)} · {where}, "
        f"attempt "
        f"{attempt.attempt} · <b class={kind}>{escape(said)}{score}</b></div>{_scores(attempt)}</div>"
    )


def _before(ledger: Ledger, result: ItemResult, turn: TurnResult) -> Picture:
    return read_photo(Photo(result.url, result.locator)) if turn.turn == 1 else ledger.vault.load(turn.input_sha)


def _scores(attempt: Attempt) -> str:
    if attempt.first is None:
        return ""
    import json

    reasons = json.loads(attempt.said[0].reasons)
    scores = dict(attempt.first.scores) | ({"drift": attempt.first.drift} if attempt.first.drift is not None else {})
    lines = "".join(
        f"<dt>{escape(name)} {score:.2f}</dt><dd>{escape(str(reasons.get(name, '')))}</dd>"
        for name, score in scores.items()
    )
    lines += "".join(  # the list of differences, and columns of one's own
        f"<dt>{escape(name)}</dt><dd>{escape(str(text))}</dd>" for name, text in reasons.items() if name not in scores
    )
    return f"<dl class=scores>{lines}</dl>"


def _img(picture: Picture, what: str) -> str:
    from PIL import Image

    from pico_banana.errors import PictureCorruptError
    from pico_banana.records.decoding.images import jpeg_uri
    from pico_banana.records.decoding.pillow import border

    try:
        with border(picture.sha256), Image.open(io.BytesIO(picture.data)) as image:
            data = jpeg_uri(image, side=_THUMB, quality=82)
    except PictureCorruptError as error:
        return f"<p class=soft>{what}: {escape(str(error))}</p>"
    return f"<img alt='{what}' src='{data}'>"


def _gallery(examples: list[str], empty: str) -> str:
    return f"<div class=examples>{''.join(examples)}</div>" if examples else f"<p class=soft>{empty}</p>"
