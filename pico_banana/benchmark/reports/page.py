"""One page with everything in it: charts as SVG, tables, editors' pictures side by side; no script, no address."""

from __future__ import annotations

import html
import io
from typing import TYPE_CHECKING, Any

from pico_banana.benchmark.reports.tables import report_table
from pico_banana.errors import PicoBananaError, missing_extra
from pico_banana.records.decoding.images import image_of, jpeg_uri
from pico_banana.regenerate.ledger.vault import Vault

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from pathlib import Path

    from pico_banana.benchmark.numbers.intervals import Estimate
    from pico_banana.benchmark.numbers.report import Report
    from pico_banana.benchmark.runs.results import Result

_SIDE = 220  # pixels of a picture
_STYLE = """
body { font: 15px/1.5 system-ui, sans-serif; margin: 2rem auto; max-width: 70rem; padding: 0 1rem; color: #1a1a1a }
pre { overflow-x: auto; background: #f6f6f4; padding: 1rem } svg { max-width: 100%; height: auto }
figure { display: inline-block; margin: .3rem; vertical-align: top; width: 13rem } img { width: 100% }
figcaption { font-size: .8rem } h3 { margin-bottom: .2rem } dl { display: grid; grid-template-columns: 14rem 1fr }
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
        "<h1>Benchmark of editors</h1>",
        *(_charts(report) if report.editors else ()),
        "<h2>Numbers</h2>",
        f"<pre>{html.escape(report_table(report, by=('all', 'category')))}</pre>",
        "<h2>Editor against editor, one edit a type</h2>",
        *_pictures(report, [Vault(folder) for folder in folders]),
        "<h2>Passports</h2>",
        *_passports(report),
    ]
    head = f'<!doctype html><html lang="en"><meta charset="utf-8"><title>Benchmark</title><style>{_STYLE}</style>'
    path.write_text(f"{head}<body>{''.join(parts)}</body></html>\n", encoding="utf-8")


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
    return file.getvalue()[file.getvalue().index("<svg") :]


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
        if any(figures):
            shown.add(kind)
            yield f"<h3>{html.escape(kind)} · {html.escape(name)}</h3>{''.join(figures)}"


def _figure(editor: str, item: Result, vaults: Sequence[Vault]) -> str:
    data = _thumbnail(item.picture, vaults) if item.picture else ""
    if not data:
        return ""
    score = "not judged" if item.score is None else f"{item.score:.2f}"
    caption = f"{html.escape(editor)}: {score}"
    return f'<figure><img alt="{caption}" src="{data}"><figcaption>{caption}</figcaption></figure>'


def _thumbnail(sha256: str, vaults: Sequence[Vault]) -> str:
    for vault in vaults:
        try:
            return jpeg_uri(image_of(vault.load(sha256).data), side=_SIDE, quality=85)
        except (PicoBananaError, OSError):
            continue
    return ""


def _passports(report: Report) -> Iterable[str]:
    for one in report.editors:
        rows = "".join(
            f"<dt>{html.escape(key)}</dt><dd>{html.escape(str(value))}</dd>" for key, value in one.passport.items()
        )
        yield f"<h3>{html.escape(one.name)}</h3><dl>{rows}</dl>"
