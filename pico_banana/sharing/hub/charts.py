"""The charts of a card: rows by edit type and, where matplotlib is installed, the lengths of instructions."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pico_banana.mirrors.store import write_atomic
from pico_banana.records.charts.style import has_matplotlib
from pico_banana.sharing.hub.distribution import draw_distribution
from pico_banana.sharing.statistics import statistics_of

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from pico_banana.rows.sequence import RecordSequence
    from pico_banana.sharing.hub.published import PublishedConfig

DISTRIBUTION, LENGTHS = "distribution.png", "lengths.png"
CHART_NAMES = (DISTRIBUTION, LENGTHS)
_TITLES = {DISTRIBUTION: "Rows by edit type", LENGTHS: "Length of instructions"}


def write_charts(
    datasets: Sequence[RecordSequence[Any]], configs: Sequence[PublishedConfig], folder: Path
) -> tuple[str, ...]:
    """Draw the charts of the first config that has edit types to count.

    Args:
        datasets: what is published.
        configs: the same, written.
        folder: the repository's.

    Returns:
        The files' names; none where there is nothing to count.

    Raises:
        DiskFullError: there is no room.
        StoreError: a chart cannot be written.
    """
    for dataset, config in zip(datasets, configs, strict=True):
        if config.counts:
            drawn = _drawn(dataset, config)
            for name, data in drawn.items():
                write_atomic(folder / name, data)
            return tuple(drawn)
    return ()


def _drawn(dataset: RecordSequence[Any], config: PublishedConfig) -> dict[str, bytes]:
    if not has_matplotlib():
        title = f"{sum(config.counts.values()):,} rows of {config.name} by edit type"
        return {DISTRIBUTION: draw_distribution(config.counts, title=title)}
    charts = {chart.name: chart for chart in statistics_of(dataset).charts()}
    wanted = {DISTRIBUTION: "edit_types", LENGTHS: "lengths"}
    return {file: charts[name].png() for file, name in wanted.items() if name in charts}


def chart_lines(names: Sequence[str]) -> str:
    """Show the charts in a card.

    Args:
        names: their files.

    Returns:
        Markdown.
    """
    return "\n\n".join(f"![{_TITLES[name]}]({name})" for name in names)
