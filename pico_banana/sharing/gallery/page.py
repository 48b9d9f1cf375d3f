"""A page to look at rows with a browser: a folder with `index.html` and small copies of the pictures.

It needs no server and no network. The pictures of the release may not be shared changed, and these copies are smaller:
the page is for the eyes of whoever has the data.
"""

from __future__ import annotations

from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from html import escape
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pico_banana.errors import ConfigError, PicoBananaError, SelectionError
from pico_banana.mirrors.store import atomic_path, write_atomic
from pico_banana.records import InstructionPair, MultiTurn, Subset
from pico_banana.telling import Carded

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from pico_banana.records import Record
    from pico_banana.records.panels import Panel
    from pico_banana.rows.sequence import RecordSequence

PICTURES = "pictures"
_QUALITY = 88
_PAGE = """\
<!doctype html><html lang=en><meta charset=utf-8><meta name=viewport content="width=device-width">
<title>{title}</title><style>{style}</style>
<header><h1>{title}</h1><form>
<input id=search type=search placeholder="words of an instruction or an id" aria-label="search">
<select id=kind aria-label="edit type"><option value="">all edit types</option>{kinds}</select>
<span id=shown class=soft></span></form></header>
<main>{cards}</main>
<dialog><div class=wipe><img alt="before"><img alt="after"></div>
<input type=range min=0 max=100 value=50 aria-label="how much of the picture before is shown"><p></p>
<form method=dialog><button>Close</button></form></dialog>
<script>{script}</script></html>
"""


@dataclass(frozen=True, slots=True)
class GalleryReport(Carded):
    """What became of the rows of a page.

    Attributes:
        page: the file to open.
        total: rows asked for; shown + failed adds up to it.
        shown: rows on the page.
        failed: the reason for every row whose pictures could not be had, by id.
    """

    page: Path
    total: int
    shown: int
    failed: dict[str, str] = field(default_factory=dict)


def write_gallery(
    rows: RecordSequence[Any],
    folder: str | Path,
    *,
    height: int = 320,
    workers: int = 4,
    progress: Callable[[int, int], None] | None = None,
) -> GalleryReport:
    """Write a page that shows rows.

    Args:
        rows: the rows, some hundreds at most; `rows.sample(200)` chooses some.
        folder: where it goes; a page that is there is replaced.
        height: of each picture in pixels.
        workers: threads that read pictures; those that are not here are fetched.
        progress: told how many rows are done, and of how many.

    Returns:
        What is shown and what is not.

    Raises:
        ConfigError: the height is none.
        SelectionError: the rows have no pictures.
        StoreError: the folder cannot be written.
    """
    if height < 1:
        raise ConfigError(f"height={height} is no height; give pixels, as in height=320", key="height")
    if rows.subset is Subset.INSTRUCTIONS:
        raise SelectionError("rows of instructions have no pictures; choose single_turn, multi_turn or preference")
    target = Path(folder)
    cards, failed = list[str](), dict[str, str]()
    counts: Counter[str] = Counter()

    def drawn(numbered: tuple[int, Record]) -> tuple[Record, str | PicoBananaError]:
        number, record = numbered
        try:
            return record, _card(record, _copies(record.panels(), target, number, height))
        except PicoBananaError as error:
            return record, error

    with ThreadPoolExecutor(max(1, workers)) as pool:
        for done, (record, card) in enumerate(pool.map(drawn, enumerate(rows)), 1):
            if isinstance(card, str):
                cards.append(card)
                counts.update(_kinds(record))
            else:
                failed[record.id] = str(card)
            if progress is not None:
                progress(done, len(rows))
    page = target / "index.html"
    _remove_others(target / PICTURES, len(rows))
    write_atomic(page, _page(f"{rows.subset.value}: {len(cards):,} rows", cards, counts).encode())
    return GalleryReport(page, len(rows), len(cards), failed)


def _remove_others(folder: Path, count: int) -> None:
    """Remove the copies that a page of more rows left there."""
    for path in folder.glob("*.jpg"):
        number = path.name.partition("-")[0]
        if number.isdecimal() and int(number) >= count:
            path.unlink()


def _copies(panels: Sequence[Panel], folder: Path, number: int, height: int) -> list[tuple[Panel, str]]:
    """Write small copies of a row's pictures; gives each panel with the copy's address on the page."""
    copies = []
    for place, panel in enumerate(panels):
        picture = panel.scaled(height)
        name = f"{PICTURES}/{number:05}-{place}.jpg"
        with atomic_path(folder / name) as temporary:
            picture.save(temporary, "JPEG", quality=_QUALITY)
        copies.append((panel, name))
    return copies


def _card(record: Record, copies: Sequence[tuple[Panel, str]]) -> str:
    figures = "".join(
        f"<figure><button type=button><img loading=lazy src='{name}' alt='{escape(panel.title, quote=True)}' "
        f"data-before={panel.before}></button><figcaption>{escape(panel.title)}</figcaption></figure>"
        for panel, name in copies
    )
    texts = "".join(f"<p>{escape(text)}</p>" for text in record.texts())
    flags = f"<p class=soft>{escape(', '.join(sorted(record.flags)))}</p>" if record.flags else ""
    kinds = escape(" ".join(_kinds(record)), quote=True)
    return (
        f"<article data-kinds='{kinds}'><div class=pictures>{figures}</div>{texts}{flags}"
        f"<p><code>{escape(record.id)}</code></p></article>"
    )


def _kinds(record: Record) -> Iterator[str]:
    """Give the edit types to find a row by; a session's are inferred, each named once."""
    if isinstance(record, MultiTurn):
        inferred = (turn.inferred_edit_type for turn in record.turns)
        yield from dict.fromkeys(str(kind) for kind in inferred if kind is not None)
    elif not isinstance(record, InstructionPair):
        yield str(record.edit_type)


def _page(title: str, cards: Sequence[str], counts: Counter[str]) -> str:
    kinds = "".join(
        f"<option value='{escape(kind, quote=True)}'>{escape(kind)} ({count:,})</option>"
        for kind, count in sorted(counts.items())
    )
    return _PAGE.format(
        title=escape(title), style=_part("page.css"), kinds=kinds, cards="".join(cards), script=_part("page.js")
    )


def _part(name: str) -> str:
    return (Path(__file__).parent / name).read_text(encoding="utf-8")
