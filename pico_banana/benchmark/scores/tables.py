"""The report of scores as a table for a terminal."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pico_banana.benchmark.reports.tables import agreement_table
from pico_banana.benchmark.scores.thresholds import GRID
from pico_banana.regenerate.tables import aligned

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pico_banana.benchmark.scores.report import JudgeLine, ScoreReport
    from pico_banana.benchmark.scores.thresholds import TypeLine

_STEPS = (0.5, 0.6, 0.7, 0.8, 0.9)  # of the curve, as many as a terminal has room for


def scores_table(report: ScoreReport) -> str:
    """Lay a report of scores out.

    Args:
        report: the report.

    Returns:
        For each judge a table by type and some lines; then how far judges and people agree.
    """
    parts = [part for one in report.judges for part in ("\n".join(_told(one)), _types(one))]
    if report.agreements:
        parts.append(agreement_table(report.agreements))
    return "\n\n".join(parts)


def _told(one: JudgeLine) -> Iterator[str]:
    yield f"{one.judge}: {one.scored:,} of {one.edits:,} edits scored"
    for reason, count in one.missing.items():
        yield f"  {count:,} missing: {reason}"
    if one.calibration is not None:
        found = one.calibration
        auc = "" if found.auc is None else f", good above bad in {found.auc:.3f} of pairs"
        yield (
            f"  by {found.labels:,} labels, {found.good:.0%} good{auc}; {found.method} calibration: the error from "
            f"{found.error_before:.3f} to {found.error:.3f}, Brier from {found.brier_before:.3f} to {found.brier:.3f}"
        )
    elif one.labelled:
        yield f"  {one.labelled:,} labels, too few to calibrate by"


def _types(one: JudgeLine) -> str:
    heads = (
        "told type",
        "edits",
        "missing",
        "mean",
        "accepted",
        *(f">= {step}" for step in _STEPS),
        "suggested",
        "kept",
        "by",
    )
    return aligned(heads, [_cells(line) for line in one.types])


def _cells(line: TypeLine) -> tuple[str, ...]:
    curve = (f"{line.survival[GRID.index(step)]:.0%}" for step in _STEPS)
    mean, threshold = ("-" if value is None else f"{value:.3f}" for value in (line.mean, line.threshold))
    accepted, kept = ("-" if value is None else f"{value:.0%}" for value in (line.accepted, line.kept))
    return (line.edit_type, str(line.edits), str(line.missing), mean, accepted, *curve, threshold, kept, line.rests_on)
