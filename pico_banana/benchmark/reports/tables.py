"""The numbers of a benchmark as plain text and as CSV."""

from __future__ import annotations

import csv
import io
from collections import Counter
from typing import TYPE_CHECKING

from pico_banana.regenerate.tables import aligned

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from pico_banana.benchmark.numbers.contests import Contest
    from pico_banana.benchmark.numbers.intervals import Estimate
    from pico_banana.benchmark.numbers.judges import Agreement, JudgeReport
    from pico_banana.benchmark.numbers.report import Editor, Report
    from pico_banana.benchmark.runs.results import Results


def report_table(report: Report, *, by: Sequence[str] = ("all",)) -> str:
    """Lay a report out for a terminal.

    Args:
        report: the report.
        by: which groups: "all", "category", "edit_type".

    Returns:
        Some lines of text.
    """
    parts = [_editors(report, by)] if report.editors else []
    if report.duels:
        parts.append(_duels(report))
    if any(one.sessions for one in report.editors):
        parts.append(_sessions(report))
    parts += map(_contest, report.contests)
    if report.rewriters:
        parts.append(_rewriters(report))
    return "\n\n".join([*parts, *_notes(report)])


def _editors(report: Report, by: Sequence[str]) -> str:
    heads: tuple[str, ...] = (
        "editor",
        "group",
        "edits",
        "missing",
        "refused",
        "score [95 %]",
        "success [95 %]",
        "paper",
        "strength [95 %]",
    )
    rows: list[tuple[str, ...]] = [
        (
            one.name,
            line.name,
            str(line.edits),
            str(line.missing),
            str(line.refused),
            str(line.score),
            str(line.success),
            "" if line.printed is None else f"{line.printed:.3f}",
            str(one.strength) if line.group == "all" else "",
        )
        for one in report.editors
        for line in one.lines
        if line.group in by
    ]
    if not any(row[-2] for row in rows):  # only types have rates in print
        heads, rows = (*heads[:-2], heads[-1]), [(*row[:-2], row[-1]) for row in rows]
    return aligned(heads, rows, numbers=False)


def _duels(report: Report) -> str:
    heads = ("editor", "against", "difference [95 %]", "p", "q", "won", "tied", "lost")
    rows = [
        (
            duel.one,
            duel.other,
            str(duel.score),
            _p(duel.p),
            _p(duel.q),
            str(duel.wins),
            str(duel.ties),
            str(duel.losses),
        )
        for duel in report.duels
    ]
    return aligned(heads, rows, numbers=False)


def _sessions(report: Report) -> str:
    heads = ("editor", "turn", "edits", "missing", "success [95 %]", "distance to the photo")
    rows = [
        (one.name, line.turn, str(line.edits), str(line.missing), str(line.success), str(line.distance))
        for one in report.editors
        for line in one.sessions
    ]
    return aligned(heads, rows, numbers=False)


def _contest(contest: Contest) -> str:
    heads = ("editor", "against", "edits", "missing", "won", "tied", "lost", "turned", "points [95 %]", "p", "first")
    rows = [
        (
            match.one,
            match.other,
            *map(str, (match.edits, match.missing, match.wins, match.ties, match.losses, match.turned, match.points)),
            _p(match.p),
            _p(match.first),
        )
        for match in contest.matches
    ]
    strong = aligned(
        ("editor", "strength [95 %]"), [(one.editor, str(one.strength)) for one in contest.strengths], numbers=False
    )
    head = f"side by side, {contest.wording} instructions, judge {contest.judge}"
    return "\n".join([head, aligned(heads, rows, numbers=False), strong])


def _rewriters(report: Report) -> str:
    heads = (
        *("rewriter", "judge", "texts", "missing", "refused", "kept [95 %]", "success [95 %]", "length ratio [95 %]"),
        *("copied [95 %]", "flagged", "to published [95 %]", "p"),
    )
    rows = [
        (
            *map(str, (one.name, one.judge, one.texts, one.missing, one.refused, one.kept, one.success, one.ratio)),
            str(one.copied),
            ", ".join(f"{name} {count}" for name, count in one.flags.items()) or "0",
            str(one.against_published),
            _p(one.p),
        )
        for one in report.rewriters
    ]
    return aligned(heads, rows, numbers=False)


def _notes(report: Report) -> list[str]:
    judges = {one.judge: one for one in report.editors}
    notes = [f"judge {name}: {_anchors(one)}" for name, one in judges.items() if one.anchors.get("right") is not None]
    notes += [f"{one.name}: {changed}" for one in report.editors if (changed := one.passport["judge"]["changed"])]
    for one, results in zip(report.editors, report.results, strict=True):
        notes += [f"{one.name}: {text}" for text in _lacks(results)]
    for one in report.editors:
        if rates := one.beside_the_paper:
            mine, theirs = rates
            notes.append(
                f"{one.name}: {mine:.3f} over the types whose first-attempt success the paper prints: {theirs:.3f}"
            )
    if report.editors:
        size = report.editors[0].passport["definition"]
        notes.append(f"definition {size['size']}, seed {size['seed']}, checksum {size['checksum'][:16]}")
    return ["\n".join(notes)] if notes else []


def _lacks(results: Results) -> Iterator[str]:
    """Say what has no score and why, and which pictures of a list nobody asked for."""
    reasons = Counter(item.reason for item in results.items if item.score is None)
    for reason, count in reasons.most_common(1):
        yield f"without a score: {reasons.total()}, {count} of them for: {reason or 'no reason was given'}"
    if foreign := results.passport["editor"].get("foreign"):
        yield f"pictures listed for edits that are not in this benchmark: {len(foreign)}, such as {foreign[0]}"


def _anchors(one: Editor) -> str:
    numbers = {name: "-" if value is None else f"{value:.2f}" for name, value in one.anchors.items()}
    return (
        f"right anchors {numbers['right']}, wrong ones {numbers['wrong']}, told apart {numbers['told_apart']}, "
        f"shift {numbers['shift']} since it was first asked here"
    )


def judges_table(report: JudgeReport) -> str:
    """Lay out how good judges are.

    Args:
        report: the report.

    Returns:
        Some lines of text.
    """
    heads = ("judge", "pairs", "missing", "accuracy [95 %]", "ties", "margin [95 %]", "calibration error")
    rows = [
        (
            one.name,
            str(one.pairs),
            str(one.missing),
            str(one.accuracy),
            _p(one.ties),
            str(one.margin),
            _p(one.calibration),
        )
        for one in report.judges
    ]
    parts = [aligned(heads, rows, numbers=False)] if rows else []
    if report.agreements:
        parts.append(agreement_table(report.agreements))
    return "\n\n".join(parts)


def agreement_table(agreements: Sequence[Agreement]) -> str:
    """Lay out how far judges agree.

    Args:
        agreements: every two.

    Returns:
        Some lines of text.
    """
    rows = [(one.one, one.other, str(one.edits), _p(one.spearman), _p(one.kappa)) for one in agreements]
    return aligned(("judge", "and", "edits", "Spearman", "kappa"), rows, numbers=False)


def report_csv(report: Report) -> str:
    """Write every line of a report as CSV.

    Args:
        report: the report.

    Returns:
        A row an editor and group.
    """
    file = io.StringIO()
    sheet = csv.writer(file, lineterminator="\n")
    ends = [f"{name}{end}" for name in ("score", "success") for end in ("", "_low", "_high")]
    sheet.writerow(("editor", "judge", "wording", "group", "name", "edits", "missing", "refused", *ends, "printed"))
    for one in report.editors:
        for line in one.lines:
            counts = (line.edits, line.missing, line.refused)
            numbers = (*_ends(line.score), *_ends(line.success), line.printed)
            sheet.writerow((one.name, one.judge, one.wording, line.group, line.name, *counts, *numbers))
    return file.getvalue()


def _ends(found: Estimate) -> tuple[float | None, float | None, float | None]:
    return found.value, found.low, found.high


def _p(value: float | None) -> str:
    return "-" if value is None else f"{value:.4f}"
