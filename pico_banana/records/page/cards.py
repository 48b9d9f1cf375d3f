"""Cards: what a page shows of one row, its pictures first, each a button into the big view."""

from __future__ import annotations

from dataclasses import dataclass, field
from html import escape
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping


@dataclass(frozen=True, slots=True)
class Figure:
    """One picture of a card.

    Attributes:
        title: what it is, such as "edited: zoom_in"; its first word is its class.
        source: where the page finds the small copy.
        before: which picture of the card it is compared with at first, by place.
        absent: why there is no picture, in place of one.
        large: where the page finds the whole picture; empty where the small copy has to do.
        note: what is said below the title.
        changed: where the change lies: `mask` (an address), `box` or `shift` (shares of the sides).
        never: there is no such picture anywhere, so that it has no place in the big view.
    """

    title: str
    source: str = ""
    before: int = 0
    absent: str = ""
    large: str = ""
    note: str = ""
    changed: Mapping[str, str] = field(default_factory=dict)
    never: bool = False


def card_html(figures: Iterable[Figure], words: str, *, identity: str, data: Mapping[str, str] | None = None) -> str:
    """Write a card.

    Args:
        figures: its pictures, in order.
        words: what is said below them, as HTML; paragraphs are repeated in the big view.
        identity: names the card in the page's address.
        data: what the page finds it by, name to value.

    Returns:
        HTML of the card.
    """
    facts = _attributes({"id": identity, **(data or {})})
    return f"<article{facts} tabindex=-1><div class=pictures>{''.join(_figures(figures))}</div>{words}</article>\n"


def _figures(figures: Iterable[Figure]) -> Iterator[str]:
    place = 0
    for figure in figures:
        where = "" if figure.never else f" data-place={place}"
        place += not figure.never
        title, what = escape(figure.title), escape(figure.title.partition(" ")[0].rstrip(":"))
        note = f"<span>{escape(figure.note)}</span>" if figure.note else ""
        yield (
            f"<figure class='{what}' title='{title}'{where}>{_inside(figure)}"
            f"<figcaption>{title}{note}</figcaption></figure>"
        )


def _inside(figure: Figure) -> str:
    known = {"before": str(figure.before), "large": figure.large, **figure.changed}
    facts = _attributes({name: value for name, value in known.items() if value})
    if figure.absent:
        return f"<div class=absent{facts}>{escape(figure.absent)}</div>"
    source, title = escape(figure.source), escape(figure.title)
    return f"<button type=button><img loading=lazy decoding=async src='{source}' alt='{title}'{facts}></button>"


def _attributes(data: Mapping[str, str]) -> str:
    return "".join(f" data-{name}='{escape(value)}'" for name, value in data.items())
