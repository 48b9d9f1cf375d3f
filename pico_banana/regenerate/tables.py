"""Forecast, status and report as plain text for a terminal."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from pico_banana.regenerate.results.counting import TYPE_HEADS

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from pico_banana.regenerate.results.report import Report
    from pico_banana.regenerate.results.status import Status
    from pico_banana.regenerate.work.forecast import Forecast
    from pico_banana.regenerate.work.state import RunState


def forecast_table(found: Forecast) -> str:
    """Lay a forecast out.

    Args:
        found: the forecast.

    Returns:
        Some lines of text.
    """
    types = [
        (
            kind,
            str(part.items),
            f"{part.rate:.0%}",
            f"{part.attempts:.0f}",
            f"{part.accepted:.0f}",
            f"{part.preference:.0f}",
        )
        for kind, part in found.by_type.items()
    ]
    stages = [
        (stage, f"{found.calls[stage]:.0f}", f"{found.usd[stage]:.2f}" if stage in found.usd else "unknown")
        for stage in found.calls
        if found.calls[stage]
    ]
    usd = f"{found.total_usd:.2f} USD"
    if found.without_price:
        usd = f"cost unknown (nobody knows the price of {', '.join(found.without_price)})"
    return "\n".join(
        (
            aligned(("edit type", "items", "succeeds", "attempts", "accepted", "preference"), types),
            "",
            aligned(("stage", "calls", "USD"), stages),
            "",
            f"{found.items} items -> about {found.accepted:.0f} accepted, {found.sessions:.0f} sessions, {usd}",
            f"about {found.declined:.0f} declined and {found.refused:.0f} refused, {found.hours:.1f} hours, "
            f"{found.disk_mb / 1000:.1f} GB on the disk",
            *(f"price of {model}: {where}" for model, where in found.read.items()),
        )
    )


def yield_table(state: RunState) -> str:
    """Lay out what an accepted row cost in a run, by type.

    Args:
        state: how far the run came.

    Returns:
        Some lines of text.
    """
    rows = []
    for kind, usd in sorted(state.usd_per_accepted.items()):
        ends = state.by_type.get(kind, Counter())
        cost = "unknown" if state.unpriced else "-" if usd is None else f"{usd:.4f}"
        rows.append((kind, str(sum(ends.values())), str(ends.get("accepted", 0)), cost))
    return aligned(("edit type", "items", "accepted", "USD an accepted row"), rows)


def status_table(status: Status) -> str:
    """Lay a status out.

    Args:
        status: the status.

    Returns:
        Some lines of text.
    """
    lost = f" (and up to {status.lost_usd:.4f} lost in flight)" if status.lost_usd else ""
    return "\n".join(
        (
            f"{status.finished} of {status.items} items finished, {status.failed} failed",
            "attempts: " + (", ".join(f"{count} {name}" for name, count in status.attempts.items()) or "none"),
            "calls:    " + (", ".join(f"{count} {name}" for name, count in status.calls.items()) or "none"),
            f"spent:    {_spent(status)}{lost}",
            *_models(status.models),
        )
    )


def _spent(status: Status) -> str:
    if status.unpriced:
        return f"cost unknown (nobody knows the price of {', '.join(status.unpriced)})"
    limit = f" of {status.budget_usd:.2f}" if status.budget_usd else ""
    return f"{status.usd:.4f}{limit} USD"


def _models(models: Mapping[str, Mapping[str, int]]) -> list[str]:
    lines = [
        f"{stage.replace('_', ' ')} answered by " + ", ".join(f"{name} ({calls})" for name, calls in found.items())
        for stage, found in models.items()
    ]
    return ["", *lines] if lines else []


def report_table(report: Report) -> str:
    """Lay a report out.

    Args:
        report: the report.

    Returns:
        Some lines of text.
    """
    types = [(kind, *map(_cell, part.cells())) for kind, part in report.types.items()]
    stages = [
        (stage, str(part.calls), str(part.unavailable), f"{part.mean_s:.2f}", report.usd_of(stage))
        for stage, part in report.stages.items()
    ]
    cost = "" if report.usd_per_accepted is None else f", {report.usd_per_accepted:.4f} USD an accepted row"
    if report.unpriced:
        cost = f", cost unknown (nobody knows the price of {', '.join(report.unpriced)})"
    return "\n".join(
        (
            aligned(TYPE_HEADS, types),
            "",
            aligned(("stage", "answered", "not", "seconds", "USD"), stages),
            "",
            f"{report.accepted} accepted, {report.preference} preference rows, {report.sessions} sessions{cost}",
            *_models(report.models),
        )
    )


def _cell(value: float | None) -> str:
    if isinstance(value, float):
        return f"{value:.0%}"
    return "-" if value is None else str(value)


def aligned(heads: Sequence[str], rows: Sequence[Sequence[str]], *, numbers: bool = True) -> str:
    """Lay cells out below each other.

    Args:
        heads: the names of the columns.
        rows: the cells of each line.
        numbers: whether the cells behind the first are numbers, which end below each other; else all begin so.

    Returns:
        A line for the heads and one a row.
    """
    widths = [max(len(row[column]) for row in (heads, *rows)) for column in range(len(heads))]
    return "\n".join(
        "  ".join(
            cell.rjust(width) if numbers and place else cell.ljust(width)
            for place, (cell, width) in enumerate(zip(row, widths, strict=True))
        ).rstrip()
        for row in (heads, *rows)
    )
