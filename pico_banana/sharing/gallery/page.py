"""A page to look at rows with a browser: a folder with `index.html` and small copies of the pictures.

It needs no server and no network. The pictures of the release may not be shared changed, and these copies are smaller:
the page is for the eyes of whoever has the data.
"""

from __future__ import annotations

import re
from base64 import b64encode
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from html import escape
from io import BytesIO
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pico_banana.errors import ConfigError, PicoBananaError, SelectionError
from pico_banana.records import Subset
from pico_banana.sharing.gallery.cards import Cards
from pico_banana.sharing.gallery.written import Written
from pico_banana.telling import Carded

if TYPE_CHECKING:
    from collections.abc import Callable

    from pico_banana.records import Record
    from pico_banana.records.panels import Panel
    from pico_banana.rows.sequence import RecordSequence

PAGE, PICTURES = "index.html", "pictures"
_COPY = re.compile(r"\d+-\d+\.jpg")
_QUALITY = 88
_MODULES = ("cards.js", "views.js", "address.js", "page.js")  # each an idea; the last one starts them
_PAGE = """\
<!doctype html><html lang=en><meta charset=utf-8><meta name=viewport content="width=device-width">
<title>{title}</title><style>
{style}</style>
<header><h1>{title}</h1><form>
<input id=search type=search placeholder="words of an instruction or an id" aria-label="search">
{choices}<button type=button id=clear>Clear</button><button type=button id=copy>Copy Selection</button>
<span id=shown class=soft role=status></span></form></header>
<main data-subset="{subset}">{cards}</main>
<p id=none class=note hidden>No row matches these filters.</p>
{note}
<dialog id=selection aria-label="Selection"><p>The rows on screen, for <code>Selection.from_json</code>:</p>
<textarea readonly rows=8 aria-label="Selection as JSON"></textarea>
<form method=dialog><button>Close</button></form></dialog>
<dialog id=viewer aria-label="picture"><div class=bar>
<button id=previous type=button aria-label="previous picture">←</button>
<button id=next type=button aria-label="next picture">→</button>
<span id=views><button type=button data-view=slider>Slider</button>
<button type=button data-view=sides>Side by side</button>
<button type=button data-view=blink>Blink</button><button type=button data-view=difference>Difference</button></span>
<label>compare with <select id=before></select></label>
<form method=dialog><button>Close</button></form></div>
<p id=title class=soft></p><div id=stage><img alt="before"><img alt="after"></div>
<input type=range min=0 max=100 value=50 aria-label="how much of the picture before is shown">
<p id=what></p>
<p class=soft>Keys: arrows go on and back; s slider, b side by side, k blink, d difference; / search; Esc.</p>
</dialog>
<script type=module>
{script}</script></html>
"""


@dataclass(frozen=True, slots=True)
class GalleryReport(Carded):
    """What became of the rows of a page.

    Attributes:
        page: the file to open.
        total: rows asked for; shown + failed adds up to it.
        shown: rows on the page.
        failed: the reason for every row whose pictures could not be had, by id.
        of: rows there were to choose from; `limit` may have left some out.
    """

    page: Path
    total: int
    shown: int
    failed: dict[str, str] = field(default_factory=dict)
    of: int = 0


def write_gallery(
    rows: RecordSequence[Any],
    folder: str | Path,
    *,
    limit: int | None = None,
    height: int = 320,
    workers: int = 4,
    progress: Callable[[int, int], None] | None = None,
) -> GalleryReport:
    """Write a page that shows rows.

    Args:
        rows: the rows; `rows.sample(200)` chooses some.
        folder: where it goes; a gallery that is there is replaced, files that no gallery wrote never.
        limit: at most so many rows, the first ones; the page says how many there are. None for all.
        height: of each picture in pixels.
        workers: threads that read pictures; those that are not here are fetched.
        progress: told how many rows are done, and of how many.

    Returns:
        What is shown and what is not.

    Raises:
        ConfigError: the height or limit is none.
        SelectionError: the rows have no pictures.
        ExportError: a file that no gallery wrote is in the way.
        StoreError: the folder cannot be written.
    """
    target = Path(folder)
    written = Written(target)
    written.require_ours([PAGE, *_names_there(target)])
    names = [PAGE]

    def keep(number: int, place: int, data: bytes) -> str:
        name = f"{PICTURES}/{number:05}-{place}.jpg"
        written.write(name, data)
        names.append(name)
        return name

    html, report = _drawn(
        rows, keep, page=target / PAGE, limit=limit, height=height, workers=workers, progress=progress
    )
    written.write(PAGE, html.encode())
    written.keep_only(names)
    return report


def gallery_html(
    rows: RecordSequence[Any], *, limit: int | None = None, height: int = 240, workers: int = 4
) -> tuple[str, GalleryReport]:
    """Make the same page as one text, pictures inside, for a notebook.

    Args:
        rows: the rows.
        limit: as for `write_gallery`.
        height: of each picture in pixels.
        workers: threads that read pictures; those that are not here are fetched.

    Returns:
        The page, and what is shown.

    Raises:
        ConfigError: the height or limit is none.
        SelectionError: the rows have no pictures.
    """

    def inside(_number: int, _place: int, data: bytes) -> str:
        return f"data:image/jpeg;base64,{b64encode(data).decode()}"

    return _drawn(rows, inside, page=Path(), limit=limit, height=height, workers=workers, progress=None)


def _drawn(
    rows: RecordSequence[Any],
    keep: Callable[[int, int, bytes], str],
    *,
    page: Path,
    limit: int | None,
    height: int,
    workers: int,
    progress: Callable[[int, int], None] | None,
) -> tuple[str, GalleryReport]:
    _check(rows, height, limit)
    chosen = rows if limit is None else rows[:limit]
    cards, failed = Cards(), dict[str, str]()
    with ThreadPoolExecutor(max(1, workers)) as pool:
        copies = pool.map(lambda record: _copies(record, height), chosen)
        for number, (record, copied) in enumerate(zip(chosen, copies, strict=True)):
            if isinstance(copied, PicoBananaError):
                failed[record.id] = str(copied)
            else:
                cards.add(record, [(panel, keep(number, place, data)) for place, (panel, data) in enumerate(copied)])
            if progress is not None:
                progress(number + 1, len(chosen))
    report = GalleryReport(page, len(chosen), len(cards.html), failed, len(rows))
    return _page(rows.subset, cards, report), report


def _check(rows: RecordSequence[Any], height: int, limit: int | None) -> None:
    if height < 1:
        raise ConfigError(f"height={height} is no height; give pixels, as in height=320", key="height")
    if limit is not None and limit < 0:
        raise ConfigError(f"limit={limit} is no number of rows; leave it out for all", key="limit")
    if rows.subset is Subset.INSTRUCTIONS:
        raise SelectionError("rows of instructions have no pictures; choose single_turn, multi_turn or preference")


def _names_there(folder: Path) -> list[str]:
    """Name the files that could be in the way: those named as copies are."""
    return [f"{PICTURES}/{path.name}" for path in (folder / PICTURES).glob("*.jpg") if _COPY.fullmatch(path.name)]


def _copies(record: Record, height: int) -> list[tuple[Panel, bytes]] | PicoBananaError:
    """Make small copies of a row's pictures, or say why they cannot be had."""
    try:
        return [(panel, _jpeg(panel, height)) for panel in record.panels()]
    except PicoBananaError as error:
        return error


def _jpeg(panel: Panel, height: int) -> bytes:
    held = BytesIO()
    panel.scaled(height).save(held, "JPEG", quality=_QUALITY)
    return held.getvalue()


def _page(subset: Subset, cards: Cards, report: GalleryReport) -> str:
    count = f"{report.shown:,}" if report.shown == report.of else f"{report.shown:,} of {report.of:,}"
    return _PAGE.format(
        title=f"{subset.value}: {count} rows",
        style=_part("page.css"),
        choices=cards.choices(),
        subset=subset.value,
        cards="".join(cards.html),
        note=_note(report),
        script="".join(map(_part, _MODULES)),
    )


def _note(report: GalleryReport) -> str:
    """Say what is not on the page, and how to see it."""
    if not report.of:
        return "<p class=note>The selection has no rows. Take a condition away, or look at <code>.counts()</code>.</p>"
    left, notes = report.of - report.total, list[str]()
    if left:
        more = min(report.of, max(2 * report.total, 1))
        notes.append(
            f"{left:,} more rows are not on this page: <code>.gallery(limit={more})</code> or "
            f"<code>--limit {more}</code> shows more, <code>.shuffle()</code> or <code>--shuffle SEED</code> others."
        )
    if report.failed:
        reason = escape(next(iter(report.failed.values())))
        notes.append(f"{len(report.failed):,} rows are left out; the pictures of the first could not be had: {reason}")
    return "".join(f"<p class=note>{note}</p>" for note in notes)


def _part(name: str) -> str:
    return (Path(__file__).parent / name).read_text(encoding="utf-8")
