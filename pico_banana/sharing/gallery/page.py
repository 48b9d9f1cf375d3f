"""A page to look at rows with a browser: a folder with `index.html` and small copies of the pictures.

It needs no server and no network. The pictures of the release may not be shared changed, and these copies are smaller:
the page is for the eyes of whoever has the data.
"""

from __future__ import annotations

import re
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from html import escape
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pico_banana.errors import ConfigError, PicoBananaError, SelectionError
from pico_banana.records import Subset
from pico_banana.records.decoding.images import in_page, jpeg_of
from pico_banana.records.page.cards import Figure
from pico_banana.records.page.document import whole_page
from pico_banana.sharing.gallery.cards import facts_of, measured, row_card
from pico_banana.sharing.gallery.form import FILTERS, NO_ROWS, footer_html, header_html
from pico_banana.sharing.gallery.scores import Scores
from pico_banana.sharing.gallery.written import Written
from pico_banana.telling import Carded

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

    from pico_banana.records import Record
    from pico_banana.records.panels import Panel
    from pico_banana.rows.foreign import Annotations
    from pico_banana.rows.sequence import RecordSequence

PAGE, PICTURES = "index.html", "pictures"
_COPY = re.compile(r"\d+-\d+\.jpg")
_QUALITY = 88


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
    scores: Iterable[Annotations] = (),
    workers: int = 4,
    progress: Callable[[int, int], None] | None = None,
) -> GalleryReport:
    """Write a page that shows rows.

    Args:
        rows: the rows; `rows.sample(200)` chooses some.
        folder: where it goes; a gallery that is there is replaced, files that no gallery wrote never.
        limit: at most so many rows, the first ones; the page says how many there are. None for all.
        height: of each picture in pixels.
        scores: annotations as `where` takes them; the page finds and sorts rows by their numbers.
        workers: threads that read pictures; those that are not here are fetched.
        progress: told how many rows are done, and of how many.

    Returns:
        What is shown and what is not.

    Raises:
        ConfigError: the height or limit is none, or the annotations do not name each row once.
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

    drawing = _Drawing(rows, limit=limit, height=height, scores=scores)
    html, report = drawing.drawn(keep, page=target / PAGE, workers=workers, progress=progress)
    written.write(PAGE, html.encode())
    written.keep_only(names)
    return report


def gallery_html(
    rows: RecordSequence[Any],
    *,
    limit: int | None = None,
    height: int = 240,
    scores: Iterable[Annotations] = (),
    workers: int = 4,
) -> tuple[str, GalleryReport]:
    """Make the same page as one text, pictures inside, for a notebook.

    Args:
        rows: the rows.
        limit: as for `write_gallery`.
        height: of each picture in pixels.
        scores: as for `write_gallery`.
        workers: threads that read pictures; those that are not here are fetched.

    Returns:
        The page, and what is shown.

    Raises:
        ConfigError: the height or limit is none, or the annotations do not name each row once.
        SelectionError: the rows have no pictures.
    """
    drawing = _Drawing(rows, limit=limit, height=height, scores=scores)
    return drawing.drawn(lambda _number, _place, data: in_page(data), page=Path(), workers=workers)


class _Drawing:
    """Rows on their way to a page."""

    def __init__(
        self, rows: RecordSequence[Any], *, limit: int | None, height: int, scores: Iterable[Annotations]
    ) -> None:
        """Check what is wanted before anything is read.

        Raises:
            ConfigError: the height or limit is none.
        """
        require_pictures(rows)
        if height < 1:
            raise ConfigError(f"height={height} is no height; give pixels, as in height=320", key="height")
        if limit is not None and limit < 0:
            raise ConfigError(f"limit={limit} is no number of rows; leave it out for all", key="limit")
        self._rows, self._chosen = rows, rows if limit is None else rows[:limit]
        self._height, self._scores = height, Scores(self._chosen, scores)

    def drawn(
        self,
        keep: Callable[[int, int, bytes], str],
        *,
        page: Path,
        workers: int,
        progress: Callable[[int, int], None] | None = None,
    ) -> tuple[str, GalleryReport]:
        """Give the page, whose small copies `keep` takes: number of the row, place on its card, bytes."""
        cards, failed = list[str](), dict[str, str]()
        counts: dict[str, Counter[str]] = {name: Counter() for name in FILTERS}
        with ThreadPoolExecutor(max(1, workers)) as pool:
            copies = pool.map(self._copies, self._chosen)
            for number, (record, copied) in enumerate(zip(self._chosen, copies, strict=True)):
                if isinstance(copied, PicoBananaError):
                    failed[record.id] = str(copied)
                else:
                    sources = [keep(number, place, data) for place, data in enumerate(copied)]
                    facts = facts_of(record)
                    cards.append(self._card(number, record, sources, facts))
                    for name, values in facts.items():
                        counts[name].update(values)
                if progress is not None:
                    progress(number + 1, len(self._chosen))
        report = GalleryReport(page, len(self._chosen), len(cards), failed, len(self._rows))
        return _page(self._rows.subset, cards, counts, report, self._scores.names), report

    def _copies(self, record: Record) -> list[bytes] | PicoBananaError:
        """Make small copies of a row's pictures, or say why they cannot be had."""
        try:
            return [jpeg_of(panel.scaled(self._height), quality=_QUALITY) for panel in record.panels()]
        except PicoBananaError as error:
            return error

    def _card(self, number: int, record: Record, sources: Sequence[str], facts: Mapping[str, list[str]]) -> str:
        def figure(place: int, panel: Panel) -> Figure:
            plain = Figure(panel.title, sources[place], panel.before)
            return replace(plain, **measured(plain, self._scores, number))

        return row_card(record, figure, facts, numbers=self._scores.numbers_of(number))


def require_pictures(rows: RecordSequence[Any]) -> None:
    """Refuse rows that there is nothing to see of.

    Args:
        rows: the rows.

    Raises:
        SelectionError: they are instructions.
    """
    if rows.subset is Subset.INSTRUCTIONS:
        raise SelectionError("rows of instructions have no pictures; choose single_turn, multi_turn or preference")


def _names_there(folder: Path) -> list[str]:
    """Name the files that could be in the way: those named as copies are."""
    return [f"{PICTURES}/{path.name}" for path in (folder / PICTURES).glob("*.jpg") if _COPY.fullmatch(path.name)]


def _page(
    subset: Subset,
    cards: Sequence[str],
    counts: dict[str, Counter[str]],
    report: GalleryReport,
    scores: Sequence[str],
) -> str:
    count = f"{report.shown:,}" if report.shown == report.of else f"{report.shown:,} of {report.of:,}"
    title = f"{subset.value}: {count} rows"
    header = header_html(title, {name: dict(sorted(found.items())) for name, found in counts.items()}, scores)
    body = f"{header}<main data-subset='{subset.value}'>{''.join(cards)}</main>{footer_html(_note(report))}"
    return whole_page(title, body)


def _note(report: GalleryReport) -> str:
    """Say what is not on the page, and how to see it."""
    if not report.of:
        return NO_ROWS
    left, notes = report.of - report.total, list[str]()
    if left:
        more = min(report.of, max(2 * report.total, 1))
        notes.append(
            f"{left:,} more rows are not on this page: <code>.gallery(limit={more})</code> or "
            f"<code>--limit {more}</code> shows more, <code>.shuffle()</code> or <code>--shuffle SEED</code> others; "
            "<code>pico-banana browse</code> shows all."
        )
    if report.failed:
        reason = escape(next(iter(report.failed.values())))
        notes.append(f"{len(report.failed):,} rows are left out; the pictures of the first could not be had: {reason}")
    return "".join(f"<p class=note>{note}</p>" for note in notes)
