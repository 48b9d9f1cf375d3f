"""The kinds of charts: bars, stacked bars, histograms, ranges, and a grid of shares."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from pico_banana.records.charts.style import BLUE, ORANGE, SERIES, Chart

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

_WIDE, _ROW, _HEAD = 7.6, 0.26, 1.1  # inches
_BARS = 0.68  # of a row
_DARK_CELL = 0.7  # shares from here on are written in white
_SAID = 4
_LEGEND = 4  # names beside each other; more leave no room for bars beside long labels


@dataclass(frozen=True, slots=True)
class Histogram:
    """How often values fall into bins.

    Attributes:
        name: in the legend; empty for the only one.
        edges: of the bins, one more than bins.
        counts: of the bins.
        middle: the median, marked by a line; None for no line.
    """

    name: str
    edges: tuple[float, ...]
    counts: tuple[int, ...]
    middle: float | None = None


@dataclass(frozen=True, slots=True)
class Range:
    """Where most of some values lie.

    Attributes:
        low: 5 % are below.
        middle: the median.
        high: 5 % are above.
    """

    low: float
    middle: float
    high: float


def bars(
    name: str,
    title: str,
    values: Mapping[str, float],
    *,
    groups: Mapping[str, str] | None = None,
    unit: str = "{:,.0f}",
    of: float = 0.0,
) -> Chart:
    """Draw a bar for each name, its number beside it.

    Args:
        name: names the file.
        title: what stands above.
        values: name to length, in order from above.
        groups: name to the heading it stands under; names of one heading follow one another.
        unit: how numbers are written.
        of: where not 0, shares of this are written beside the numbers.

    Returns:
        The chart, not yet drawn.
    """
    places, headings = _placed(values, groups or {})

    def draw(axes: Any) -> None:  # noqa: ANN401 - matplotlib's Axes
        longest = max(values.values(), default=0) or 1
        axes.barh(list(places.values()), list(values.values()), height=_BARS, color=BLUE)
        for key, value in values.items():
            share = f"  {value / of:.1%}" if of else ""
            axes.text(value + longest * 0.01, places[key], f"{unit.format(value)}{share}", va="center", fontsize=9)
        _label(axes, places, headings)
        axes.set_xlim(0, longest * (1.24 if of else 1.14))
        axes.xaxis.set_visible(False)
        axes.spines[["bottom", "left"]].set_visible(False)

    says = _said({key: unit.format(value) for key, value in values.items()})
    return Chart(name, title, says, draw, _size(len(places) + len(headings), head=0.6))


def stacked(name: str, title: str, rows: Mapping[str, Mapping[str, float]], parts: Sequence[str]) -> Chart:
    """Draw for each name a bar of the whole width, parted by shares.

    Args:
        name: names the file.
        title: what stands above.
        rows: name to part to count.
        parts: the parts in order from the left.

    Returns:
        The chart, not yet drawn.
    """
    shares = {key: _shares(found, parts) for key, found in rows.items()}

    def draw(axes: Any) -> None:  # noqa: ANN401 - matplotlib's Axes
        for number, part in enumerate(parts):
            left = [sum(row[:number]) for row in shares.values()]
            widths = [row[number] for row in shares.values()]
            colour = SERIES[number % len(SERIES)]
            axes.barh(range(len(rows)), widths, left=left, height=_BARS, color=colour, label=part.replace("_", " "))
        counts = {key: f"{key}  ({sum(rows[key].values()):,.0f})" for key in rows}
        _label(axes, {counts[key]: place for place, key in enumerate(rows)}, {})
        _percent(axes)
        axes.legend(loc="lower left", bbox_to_anchor=(0, 1), ncols=_LEGEND, fontsize=9, handlelength=1, borderpad=0)

    says = _said(
        {
            key: ", ".join(f"{part} {share:.0%}" for part, share in zip(parts, row, strict=True) if share)
            for key, row in shares.items()
        }
    )
    return Chart(name, title, says, draw, _size(len(rows), head=1.25 + 0.25 * -(-len(parts) // _LEGEND)))


def histogram(name: str, title: str, found: Sequence[Histogram], *, label: str, marked: float | None = None) -> Chart:
    """Draw how often values fall into bins, for one series or two on one axis.

    Args:
        name: names the file.
        title: what stands above.
        found: the series.
        label: what the values are.
        marked: a value to mark, such as 1.0 for "unchanged".

    Returns:
        The chart, not yet drawn.
    """

    def draw(axes: Any) -> None:  # noqa: ANN401 - matplotlib's Axes
        for colour, one in zip((BLUE, ORANGE), found, strict=False):
            middle = "" if one.middle is None else f"median {one.middle:g}"
            words = ", ".join(filter(None, (one.name, middle))) or None
            axes.stairs(one.counts, one.edges, fill=True, color=colour, alpha=0.55)
            axes.stairs(one.counts, one.edges, color=colour, linewidth=1.6, label=words)
            if one.middle is not None:
                axes.axvline(one.middle, color=colour, linestyle="--", linewidth=1.4)
        if marked is not None:
            axes.axvline(marked, color="#808890", linewidth=1)
        axes.set_xlabel(label)
        axes.set_ylabel("rows")
        axes.yaxis.set_major_formatter("{x:,.0f}")
        axes.grid(axis="y")
        if any(one.name or one.middle is not None for one in found):
            axes.legend(loc="lower right", bbox_to_anchor=(1, 1), ncols=len(found), handlelength=1.4, borderpad=0)

    says = _said({one.name or label: "none" if one.middle is None else f"median {one.middle:g}" for one in found})
    return Chart(name, title, says, draw, (_WIDE, 3.6))


def ranges(name: str, title: str, found: Mapping[str, Range], *, label: str, limits: tuple[float, float]) -> Chart:
    """Draw for each name where most values lie: the median as a point, nine of ten on the line.

    Args:
        name: names the file.
        title: what stands above.
        found: name to range, in order from above.
        label: what the values are.
        limits: of the axis.

    Returns:
        The chart, not yet drawn.
    """

    def draw(axes: Any) -> None:  # noqa: ANN401 - matplotlib's Axes
        places = range(len(found))
        axes.hlines(
            places, [one.low for one in found.values()], [one.high for one in found.values()], color=BLUE, linewidth=2
        )
        axes.plot([one.middle for one in found.values()], places, "o", color=ORANGE, markersize=6)
        _label(axes, {key: place for place, key in enumerate(found)}, {})
        axes.set_xlim(*limits)
        axes.set_xlabel(label)
        axes.grid(axis="x")

    return Chart(name, title, _said({key: f"{one.middle:.2f}" for key, one in found.items()}), draw, _size(len(found)))


def grid(name: str, title: str, rows: Mapping[str, Sequence[float]], columns: Sequence[str], *, label: str) -> Chart:
    """Draw shares as a grid of cells, each with its number.

    Args:
        name: names the file.
        title: what stands above.
        rows: name to a share (0 to 1) a column.
        columns: their names.
        label: what the columns are.

    Returns:
        The chart, not yet drawn.
    """

    def draw(axes: Any) -> None:  # noqa: ANN401 - matplotlib's Axes
        axes.imshow([list(row) for row in rows.values()], cmap="Blues", vmin=0, vmax=1, aspect="auto")
        for place, row in enumerate(rows.values()):
            for column, share in enumerate(row):
                colour = "#ffffff" if share >= _DARK_CELL else "#1f2328"
                axes.text(column, place, f"{share:.0%}", ha="center", va="center", fontsize=9, color=colour)
        axes.set_yticks(range(len(rows)), list(rows))
        axes.set_xticks(range(len(columns)), list(columns))
        axes.set_xlabel(label)
        axes.tick_params(length=0)
        axes.spines[:].set_visible(False)

    says = _said({key: " ".join(f"{share:.0%}" for share in row) for key, row in rows.items()})
    return Chart(name, title, says, draw, _size(len(rows)))


def _placed(values: Mapping[str, float], groups: Mapping[str, str]) -> tuple[dict[str, int], dict[str, int]]:
    """Give each name its place from above, and each heading one before its names."""
    places: dict[str, int] = {}
    headings: dict[str, int] = {}
    for key in values:
        heading = groups.get(key)
        if heading is not None and heading not in headings:
            headings[heading] = len(places) + len(headings)
        places[key] = len(places) + len(headings)
    return places, headings


def _label(axes: Any, places: Mapping[str, int], headings: Mapping[str, int]) -> None:  # noqa: ANN401 - Axes
    axes.set_yticks([*places.values(), *headings.values()], [*places, *headings])
    for text in axes.get_yticklabels()[len(places) :]:
        text.set_fontweight("bold")
    axes.tick_params(axis="y", length=0)
    axes.spines["left"].set_visible(False)
    axes.set_ylim(len(places) + len(headings) - 0.4, -0.6)


def _percent(axes: Any) -> None:  # noqa: ANN401 - Axes
    axes.set_xlim(0, 1)
    axes.set_xticks([0, 0.25, 0.5, 0.75, 1], ["0 %", "25 %", "50 %", "75 %", "100 %"])


def _shares(found: Mapping[str, float], parts: Sequence[str]) -> list[float]:
    total = sum(found.get(part, 0) for part in parts) or 1
    return [found.get(part, 0) / total for part in parts]


def _size(rows: int, *, head: float = _HEAD) -> tuple[float, float]:
    return _WIDE, head + _ROW * max(rows, 2)


def _said(told: Mapping[str, str]) -> str:
    first = [f"{key} {words}" for key, words in list(told.items())[:_SAID]]
    return ", ".join(first) + (f", and {len(told) - _SAID} more" if len(told) > _SAID else "")
