"""Forecast, status and report as plain text for a terminal."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pico_banana.regenerate.forecast import Forecast
    from pico_banana.regenerate.results.report import Report, Status


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
        (stage, f"{found.calls[stage]:.0f}", f"{found.usd.get(stage, 0.0):.2f}")
        for stage in found.calls
        if found.calls[stage]
    ]
    unpriced = f"\nno price given, counted as free: {', '.join(found.without_price)}" if found.without_price else ""
    return "\n".join(
        (
            _aligned(("edit type", "items", "succeeds", "attempts", "accepted", "preference"), types),
            "",
            _aligned(("stage", "calls", "USD"), stages),
            "",
            f"{found.items} items -> about {found.accepted:.0f} accepted, {found.sessions:.0f} sessions, "
            f"{found.total_usd:.2f} USD{unpriced}",
        )
    )


def status_table(status: Status) -> str:
    """Lay a status out.

    Args:
        status: the status.

    Returns:
        Some lines of text.
    """
    lost = f" (and up to {status.lost_usd:.4f} lost in flight)" if status.lost_usd else ""
    limit = f" of {status.budget_usd:.2f}" if status.budget_usd else ""
    return "\n".join(
        (
            f"{status.finished} of {status.items} items finished, {status.failed} failed",
            "attempts: " + (", ".join(f"{count} {name}" for name, count in status.attempts.items()) or "none"),
            "calls:    " + (", ".join(f"{count} {name}" for name, count in status.calls.items()) or "none"),
            f"spent:    {status.usd:.4f}{limit} USD{lost}",
        )
    )


def report_table(report: Report) -> str:
    """Lay a report out.

    Args:
        report: the report.

    Returns:
        Some lines of text.
    """
    types = [
        (
            kind,
            str(part.items),
            str(part.accepted),
            "-" if part.first_rate is None else f"{part.first_rate:.0%}",
            str(part.attempts),
            str(part.preference),
            str(part.ended["discarded"]),
            str(part.ended["refused"]),
            str(part.ended["declined"] + part.ended["unwritten"]),
            str(part.ended["open"] + part.not_begun),
        )
        for kind, part in report.types.items()
    ]
    heads = (
        "edit type",
        "items",
        "accepted",
        "first try",
        "attempts",
        "preference",
        "discarded",
        "refused",
        "declined",
        "open",
    )
    stages = [
        (stage, str(part.calls), str(part.unavailable), f"{part.mean_s:.2f}", f"{part.usd:.4f}")
        for stage, part in report.stages.items()
    ]
    cost = "" if report.usd_per_accepted is None else f", {report.usd_per_accepted:.4f} USD an accepted row"
    return "\n".join(
        (
            _aligned(heads, types),
            "",
            _aligned(("stage", "answered", "not", "seconds", "USD"), stages),
            "",
            f"{report.accepted} accepted, {report.preference} preference rows, {report.sessions} sessions{cost}",
        )
    )


def _aligned(heads: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    widths = [max(len(row[column]) for row in (heads, *rows)) for column in range(len(heads))]
    return "\n".join(
        "  ".join(
            cell.ljust(width) if not place else cell.rjust(width)
            for place, (cell, width) in enumerate(zip(row, widths, strict=True))
        ).rstrip()
        for row in (heads, *rows)
    )
