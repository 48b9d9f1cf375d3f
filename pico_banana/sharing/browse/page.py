"""The page that the server gives out: the parts of a gallery, with a window onto rows that come as they are seen."""

from __future__ import annotations

from dataclasses import replace
from html import escape
from pathlib import Path
from typing import TYPE_CHECKING

from pico_banana.records import Subset
from pico_banana.records.page.cards import Figure
from pico_banana.records.page.document import document, part, script
from pico_banana.sharing.browse.marks import LEAST, MOST, WORDS
from pico_banana.sharing.gallery.cards import facts_of, measured, row_card
from pico_banana.sharing.gallery.form import COPIED, NO_ROWS, footer_html, header_html

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pico_banana.records import Record
    from pico_banana.records.panels import Panel
    from pico_banana.sharing.browse.listing import Listing
    from pico_banana.sharing.browse.marks import Mark

_HERE = Path(__file__).parent
_MOST_PICTURES = {Subset.SINGLE_TURN: 2, Subset.PREFERENCE: 4, Subset.MULTI_TURN: 6}  # of a card; more of them scroll
_CAPTION, _NOTE = 38, 20  # pixels of what stands below a picture: its title and borders, and what is known of it
_KEYS = "← → go, Enter opens, y keep, x drop, 1 to 5 score, n note, / search"
_NOT_HERE = "not on this machine; browse with --fetch to have it"


def page_script() -> str:
    """Put the page's script together.

    Returns:
        JavaScript.
    """
    ours = [(_HERE / name).read_text("utf-8") for name in ("window.js", "marks.js")]
    return "".join([script(("dom.js", "viewer.js")), *ours, script(("form.js", "address.js", "keys.js"))])


def page_style() -> str:
    """Put the page's style together.

    Returns:
        CSS.
    """
    return part("page.css") + (_HERE / "browse.css").read_text("utf-8")


def page_html(listing: Listing, *, token: str) -> str:
    """Write the page.

    Args:
        listing: what is looked at.
        token: what the page shows when it changes something.

    Returns:
        HTML without a row in it.
    """
    subset, total = listing.rows.subset, len(listing.rows)
    title = f"{subset.value}: {total:,} rows"
    main = (
        f"<main data-subset='{subset.value}' data-total={total} data-most={_MOST_PICTURES[subset]} "
        f"data-caption={_CAPTION + _NOTE * listing.scores.say_something} "
        f"data-token='{escape(token)}' tabindex=0 aria-label='rows'>"
        "<div id=sheet role=feed aria-label='rows'></div></main>"
    )
    noting = (_HERE / "noting.html").read_text("utf-8")
    trouble = "<p id=trouble class=note role=alert hidden></p>"
    footer = footer_html(("" if total else NO_ROWS) + trouble + noting, copied={**COPIED, "python": "Python"})
    head = "<link rel=icon href='data:,'><link rel=stylesheet href=page.css>"
    heading = f"{title} <span class='soft keys'>{_KEYS}</span>"
    body = f"<body class=browse>{header_html(heading, listing.choices(), listing.scores.names)}{main}{footer}"
    return document(title, body, head=head, tail="<script type=module src=page.js></script>")


class CardWriter:
    """Writes the cards of rows.

    Attributes:
        listing: what is looked at.
        fetch: whether pictures that are not here may be fetched when they come into sight.
        version: tells the addresses of this server's pictures from those of an earlier one.
    """

    def __init__(self, listing: Listing, *, fetch: bool, version: str) -> None:
        """Get ready; nothing is read."""
        self.listing, self.fetch, self.version = listing, fetch, version

    def cards(self, numbers: Sequence[int]) -> str:
        """Write some cards.

        Args:
            numbers: of the rows.

        Returns:
            HTML, a card a row.
        """
        records = list(self.listing.rows[list(numbers)])
        marks = self.listing.marks.of(record.id for record in records)
        return "".join(
            self._card(number, record, marks[record.id]) for number, record in zip(numbers, records, strict=True)
        )

    def _card(self, number: int, record: Record, mark: Mark) -> str:
        def figure(place: int, panel: Panel) -> Figure:
            return self._figure(number, place, panel)

        data = {"number": str(number), **mark_data(mark)}
        return row_card(record, figure, facts_of(record), data=data, below=_marking(mark))

    def _figure(self, number: int, place: int, panel: Panel) -> Figure:
        plain = Figure(panel.title, before=panel.before)
        known = measured(plain, self.listing.scores, number)
        if not self.fetch and panel.picture.here is None:
            return replace(plain, absent=_NOT_HERE, **known)
        where = f"{number}/{place}?v={self.version}"
        if place != panel.before:
            known["changed"]["mask"] = f"changed/{where}"
        return replace(plain, source=f"small/{where}", large=f"whole/{where}", **known)


def mark_data(mark: Mark) -> dict[str, str]:
    """Give a mark as the page has it.

    Args:
        mark: what was said of a row.

    Returns:
        `mark`, `score` and `note`; what was not said is empty.
    """
    return {
        "mark": mark.mark or "",
        "score": "" if mark.score is None else str(mark.score),
        "note": mark.note or "",
    }


def _marking(mark: Mark) -> str:
    def button(name: str, value: str, text: str) -> str:
        pressed = str(mark_data(mark)[name] == value).lower()
        return f"<button type=button data-set={name} data-value={value} aria-pressed={pressed}>{text}</button>"

    words = "".join(button("mark", word, word.capitalize()) for word in WORDS)
    scores = "".join(button("score", str(number), str(number)) for number in range(LEAST, MOST + 1))
    note = f"<button type=button data-set=note>Note</button><span class=said>{escape(mark.note or '')}</span>"
    return f"<div class=marks role=group aria-label=marks>{words}{scores}{note}</div>"
