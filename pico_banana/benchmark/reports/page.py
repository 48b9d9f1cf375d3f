"""One page with everything in it: charts as SVG, tables, and cards of editors' pictures as rows have them."""

from __future__ import annotations

import html
import io
from typing import TYPE_CHECKING, Any

from pico_banana.benchmark.reports.tables import report_table
from pico_banana.errors import PicoBananaError, missing_extra
from pico_banana.records.decoding.images import image_of, jpeg_uri
from pico_banana.records.page.cards import Figure, card_html
from pico_banana.records.page.document import whole_page
from pico_banana.regenerate.ledger.vault import Vault

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from pathlib import Path

    from pico_banana.benchmark.numbers.intervals import Estimate
    from pico_banana.benchmark.numbers.report import Report
    from pico_banana.benchmark.runs.results import Result

_SIDE, _QUALITY = 420, 82  # of a picture
_STYLE = """
.chart { background: #fff; padding: 8px; overflow-x: auto } .chart svg { display: block; max-width: 100%; height: auto }
pre { overflow-x: auto; padding: 12px; margin: 0; font-size: 13px }
"""  # charts are drawn in black


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
        "category": "By category",
        "edit_type": "First attempts beside the rates in the paper",
    }
    for group, head in heads.items():
        yield f"<h2>{head}</h2>{_chart(report, group)}"


def _chart(report: Report, group: str) -> str:
    """Draw success rates as points with their intervals; of types those of which the paper prints a rate, with it."""
    try:
        from matplotlib.figure import Figure
    except ImportError as cause:
        error = missing_extra("matplotlib", "benchmark", "The page of a benchmark")
        raise error from cause
    shown = [line for line in report.editors[0].lines if line.group == group]
    shown = [line for line in shown if group != "edit_type" or line.printed is not None]
    names = [line.name for line in shown]
    if not names:
        return "<p>None of these edits has such a rate.</p>"
    step = len(report.editors) + 1
    figure = Figure(figsize=(9, 1.2 + 0.35 * len(names) * len(report.editors)), layout="constrained")
    axes: Any = figure.add_subplot()
    for at, one in enumerate(report.editors):
        wanted = [line for line in one.lines if line.group == group and line.name in names]
        lines = [line for line in wanted if line.success.value is not None]
        places = [names.index(line.name) * step + at for line in lines]
        middle, below, above = zip(*(_reach(line.success) for line in lines), strict=True) if lines else ((), (), ())
        axes.errorbar(middle, places, xerr=[below, above], fmt="o", capsize=3, label=one.name)
    if group == "edit_type":
        middles = [at * step + (step - 2) / 2 for at in range(len(names))]
        axes.plot([line.printed for line in shown], middles, "kx", label="the paper")
    axes.set_yticks([index * step + (step - 2) / 2 for index in range(len(names))], names)
    axes.set_xlim(0, 1)
    axes.invert_yaxis()
    axes.legend(loc="best", fontsize="small")
    file = io.StringIO()
    figure.savefig(file, format="svg", metadata={"Date": None})
    svg = file.getvalue()[file.getvalue().index("<svg") :]
    return f"<div class='panel chart' tabindex=0 role=group aria-label=chart>{svg}</div>"


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
            yield card_html(shown_here, words, identity=name)


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
