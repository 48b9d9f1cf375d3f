"""One page with everything in it: charts as SVG, tables, and cards of editors' pictures as rows have them."""

from __future__ import annotations

import html
from typing import TYPE_CHECKING, Any

from pico_banana.benchmark.reports.tables import report_table
from pico_banana.errors import PicoBananaError, missing_extra
from pico_banana.mirrors.addresses import RELEASE, address_prefix, key_of_url, written_key
from pico_banana.records.charts.style import SERIES, Chart, has_matplotlib
from pico_banana.records.decoding.images import image_of, jpeg_uri
from pico_banana.records.image_ref import ImageRef
from pico_banana.records.page.cards import Figure, card_html
from pico_banana.records.page.document import whole_page
from pico_banana.regenerate.ledger.vault import Vault

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from pathlib import Path

    from pico_banana.benchmark.numbers.intervals import Estimate
    from pico_banana.benchmark.numbers.report import Report
    from pico_banana.benchmark.runs.results import Result

_SIDE, _QUALITY = 420, 82  # of a picture
_FORMS = "osD^v"  # where editors are more than colours
_STYLE = """
.wide + .wide { margin-top: 20px } .wide svg { display: block; max-width: 100%; height: auto }
pre { overflow-x: auto; padding: 12px; margin: 0; font-size: 13px }
"""


def write_page(report: Report, path: Path, folders: Sequence[Path] = ()) -> None:
    """Write the page.

    Args:
        report: the numbers.
        path: an .html file.
        folders: folders of `run`, whose pictures are shown; pictures that are not there are left out.

    Raises:
        MissingExtraError: `matplotlib` is not installed.
    """
    parts = [
        *(_charts(report) if report.editors else ()),
        "<h2>Numbers</h2>",
        f"<pre class=panel tabindex=0>{html.escape(report_table(report, by=('all', 'category')))}</pre>",
        "<h2>Editor against editor, one edit a type</h2>",
        f"<div class=cards>{''.join(_pictures(report, [Vault(folder) for folder in folders]))}</div>",
        "<h2>Passports</h2>",
        *_passports(report),
    ]
    title = "Benchmark of editors"
    body = f"<header><h1>{title}</h1></header><main class=report>{''.join(parts)}</main>"
    path.write_text(whole_page(title, body, style=_STYLE), encoding="utf-8")


def _charts(report: Report) -> Iterable[str]:
    heads = {
        "all": "Success, with 95 % intervals over photos",
        "category": "Success by category",
        "edit_type": "First attempts that succeeded, beside the rates in the paper",
    }
    if not has_matplotlib():
        error = missing_extra("matplotlib", "benchmark", "The page of a benchmark")
        raise error
    for group, head in heads.items():
        if names := _shown(report, group):
            yield f"<div class=wide>{_chart(report, group, head, names).svg(inline=True)}</div>"


def _shown(report: Report, group: str) -> dict[str, float | None]:
    """Give the lines of a chart, with the paper's rates; of types those of which it prints one."""
    lines = [line for line in report.editors[0].lines if line.group == group]
    return {line.name: line.printed for line in lines if group != "edit_type" or line.printed is not None}


def _chart(report: Report, group: str, head: str, names: Mapping[str, float | None]) -> Chart:
    """Draw success rates as points with their intervals, line by line, in each the editors from above."""
    step = len(report.editors) + 1
    places = {name: index * step for index, name in enumerate(names)}

    def draw(axes: Any) -> None:  # noqa: ANN401 - matplotlib's Axes
        for at, one in enumerate(report.editors):
            lines = [line for line in one.lines if line.group == group and line.name in names]
            lines = [line for line in lines if line.success.value is not None]
            found = [_reach(line.success) for line in lines]
            middle, below, above = zip(*found, strict=True) if found else ((), (), ())
            where = [places[line.name] + at for line in lines]
            colour, form = SERIES[at % len(SERIES)], _FORMS[at // len(SERIES) % len(_FORMS)]
            axes.errorbar(middle, where, xerr=[below, above], fmt=form, color=colour, capsize=3, label=one.name)
        middles = [place + (step - 2) / 2 for place in places.values()]
        if group == "edit_type":
            ink = axes.xaxis.label.get_color()
            axes.plot(list(names.values()), middles, "x", color=ink, label="the paper")
        axes.set_yticks(middles, list(names))
        axes.set_xlim(-0.02, 1.02)  # points at both ends are whole
        axes.set_ylim(step * len(names) - 1.4, -0.6)
        axes.grid(axis="x")
        axes.legend(loc="lower right", bbox_to_anchor=(1, 1), ncols=2, fontsize="small", borderpad=0)

    rates = [f"{one.name} {one.whole.success}" for one in report.editors]
    high = 1.0 + 0.13 * len(rates) + 0.2 * step * len(names)
    return Chart(group, head, ", ".join(rates), draw, (9.0, high))


def _reach(found: Estimate) -> tuple[float, float, float]:
    """Give a number and how far its interval reaches to both sides."""
    value = found.value or 0.0
    low, high = (value if end is None else end for end in (found.low, found.high))
    return value, max(0.0, value - low), max(0.0, high - value)


def _pictures(report: Report, vaults: Sequence[Vault]) -> Iterable[str]:
    """Show, for every type, the first edit of which two editors or the only one have a picture."""
    by_id = [{item.id: item for item in one.items if item.part == "single_turn"} for one in report.results]
    shown: set[str] = set()
    for name in dict.fromkeys(name for items in by_id for name in items):
        found = [items.get(name) for items in by_id]
        kind = next(item.edit_type for item in found if item is not None)
        made = [item for item in found if item is not None and item.picture]
        if kind in shown or len(made) < min(2, len(by_id)):
            continue
        figures = [
            _figure(editor.name, item, vaults) for editor, item in zip(report.editors, found, strict=True) if item
        ]
        if shown_here := [figure for figure in figures if figure is not None]:
            shown.add(kind)
            words = f"<p><b>{html.escape(kind)}</b> <code>{html.escape(name)}</code></p>"
            photo = _photo(made[0].photo, str(report.results[0].passport.get("mirror", RELEASE)))
            yield card_html([*photo, *shown_here], words, identity=name)


def _photo(url: str, mirror: str) -> list[Figure]:
    """Show the photo, where it is on this machine; nothing is fetched for a page."""
    address = f"{address_prefix(mirror, 'source')}{written_key(key_of_url(url))}"
    try:
        here = ImageRef(address, "source").here
        data = "" if here is None else jpeg_uri(image_of(here.read_bytes()), side=_SIDE, quality=_QUALITY)
    except (PicoBananaError, OSError):
        return []
    return [Figure("photo", data)] if data else []


def _figure(editor: str, item: Result, vaults: Sequence[Vault]) -> Figure | None:
    data = _thumbnail(item.picture, vaults) if item.picture else ""
    score = "not judged" if item.score is None else f"{item.score:.2f}"
    return Figure(editor, data, note=score) if data else None


def _thumbnail(sha256: str, vaults: Sequence[Vault]) -> str:
    for vault in vaults:
        try:
            return jpeg_uri(image_of(vault.load(sha256).data), side=_SIDE, quality=_QUALITY)
        except (PicoBananaError, OSError):
            continue
    return ""


def _passports(report: Report) -> Iterable[str]:
    for one in report.editors:
        rows = "".join(
            f"<dt>{html.escape(key)}</dt><dd>{html.escape(str(value))}</dd>" for key, value in one.passport.items()
        )
        yield f"<h3>{html.escape(one.name)}</h3><dl class='panel facts'>{rows}</dl>"
