"""Which charts the numbers of a selection allow."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeVar

from pico_banana.records.charts.drawing import Histogram, Range, bars, grid, histogram, ranges, stacked
from pico_banana.records.decoding.alignment import KINDS
from pico_banana.taxonomy import categories, edit_types

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from pico_banana.records.charts.style import Chart
    from pico_banana.sharing.statistics.values import Numbers, Spread

T = TypeVar("T")
SURVIVAL_STEPS = (0.5, 0.6, 0.7, 0.8, 0.9)
_OTHERS = "of no known category"


def charts_of(found: Numbers) -> list[Chart]:
    """Give the charts.

    Args:
        found: the numbers.

    Returns:
        Those that have something to show.
    """
    return [*_of_rows(found), *_of_annotations(found)]


def _of_rows(found: Numbers) -> Iterator[Chart]:
    what = "Turns" if found.turns else "Rows"
    whose = "inferred type" if found.turns else "edit type"
    if found.edit_types:
        ordered, groups = _grouped(found.edit_types)
        yield bars("edit_types", f"{what} by {whose}", ordered, groups=groups)
        total = sum(found.categories.values())
        yield bars("categories", f"{what} by category", _named(found.categories), of=total)
    if found.turns:
        turns = {f"{count} turn{'' if count == '1' else 's'}": sessions for count, sessions in found.turns.items()}
        yield bars("turns", "Sessions by turns", turns, of=found.rows)
    if found.words:
        series = [_histogram(name, one) for name, one in found.words.items()]
        yield histogram("lengths", "Length of instructions", series, label="words")
    if found.flags:
        flags = {name.replace("_", " "): count for name, count in found.flags.items()}
        yield bars("problems", "Known problems", flags, of=found.rows)


def _of_annotations(found: Numbers) -> Iterator[Chart]:
    if found.aspect is not None:
        series = [Histogram(f"median {found.aspect.middle:.3g}", found.aspect.edges, found.aspect.counts)]
        label = "aspect ratio of the edit over its source's; 1 is unchanged"
        yield histogram("aspect", "Change of shape", series, label=label, marked=1.0)
    if found.alignment:
        yield stacked("alignment", "Alignment with the source, by type", _named(found.alignment), KINDS)
    if found.scores:
        spread = {name: Range(one.low, one.middle, one.high) for name, one in found.scores.items()}
        spread = dict(sorted(spread.items(), key=lambda item: -item[1].middle))
        label = "score: median, and where nine of ten lie"
        yield ranges("scores", "Scores by type", _named(spread), label=label, limits=(0, 1))
        rows = dict(sorted(found.survival.items(), key=lambda item: -item[1][len(SURVIVAL_STEPS) // 2]))
        steps = [f"{step:g}" for step in SURVIVAL_STEPS]
        yield grid("survival", "Edits that survive a threshold, by type", _named(rows), steps, label="score at least")
    if any(found.usd.values()):
        ordered = dict(sorted(found.usd.items(), key=lambda item: -item[1]))
        yield bars("cost", "Paid, by type", _named(ordered), unit="{:,.2f} USD", of=sum(ordered.values()))


def _histogram(name: str, found: Spread) -> Histogram:
    return Histogram(name, found.edges, found.counts, found.middle)


def _grouped(counts: Mapping[str, int]) -> tuple[dict[str, float], dict[str, str]]:
    """Order types by category, the largest category and the largest type first."""
    category_of = {str(kind): kind.category.label for kind in edit_types()}
    totals: dict[str, int] = {}
    for slug, count in counts.items():
        heading = category_of.get(slug, _OTHERS)
        totals[heading] = totals.get(heading, 0) + count
    ordered = sorted(
        counts,
        key=lambda slug: (-totals[category_of.get(slug, _OTHERS)], category_of.get(slug, _OTHERS), -counts[slug]),
    )
    labels = _labels(counts)
    groups = {labels[slug]: category_of.get(slug, _OTHERS) for slug in ordered}
    return {labels[slug]: float(counts[slug]) for slug in ordered}, groups


def _named(found: Mapping[str, T]) -> dict[str, T]:
    """Put what people read in the place of slugs."""
    labels = _labels(found)
    return {labels[slug]: value for slug, value in found.items()}


def _labels(slugs: Iterable[str]) -> dict[str, str]:
    """Slugs as words: published labels of types are too long for an axis."""
    named = {str(one): one.label for one in categories()}
    return {slug: named.get(slug) or slug.replace("_", " ") for slug in slugs}
