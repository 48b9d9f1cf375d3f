"""What stands above and below the rows of a page: the form that narrows them, and what is not shown."""

from __future__ import annotations

from html import escape
from typing import TYPE_CHECKING

from pico_banana.records.page.document import part

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

FILTERS = {
    "category": "all categories",
    "kind": "all edit types",
    "flag": "with and without flags",
    "turns": "all turns",
    "mark": "marked or not",
}


def header_html(title: str, choices: Mapping[str, Mapping[str, int | None]], scores: Sequence[str] = ()) -> str:
    """Write the head of a page, with the form that narrows its rows.

    Args:
        title: what the rows are, as HTML.
        choices: filter to value to how many rows that finds, None where nobody counted; empty filters are left out.
        scores: columns of numbers, for ranges and order.

    Returns:
        HTML of the header.
    """
    lists = "".join(_choice(name, choices[name]) for name in FILTERS if choices.get(name))
    return (
        f"<header><h1>{title}</h1><form>"
        '<input id=search name=search type=search placeholder="words of an instruction or an id" aria-label="search">'
        "<button type=button id=unfold aria-expanded=false>Filters</button>"
        f"<div class=filters>{lists}{_order(scores)}"
        "<button type=button id=clear>Clear</button><button type=button id=copy>Copy Selection</button></div>"
        f"{_ranges(scores)}<span id=shown class=soft role=status></span></form></header>"
    )


def none_html() -> str:
    """Write what is said where the filters find nothing, and the dialog that hands out the Selection.

    Returns:
        HTML; the first stays hidden until it is true.
    """
    return f"<p id=none class=note hidden>No row matches these filters.</p>{part('selection.html')}"


def _choice(name: str, counts: Mapping[str, int | None]) -> str:
    options = "".join(
        f"<option value='{escape(value)}'>{escape(value)}{'' if count is None else f' ({count:,})'}</option>"
        for value, count in counts.items()
    )
    first = f"<option value=''>{FILTERS[name]}</option>"
    return f"<select id={name} name={name} aria-label='{name}'>{first}{options}</select>"


def _order(scores: Iterable[str]) -> str:
    options = "".join(
        f"<option value='{escape(name)}'>{escape(name)}, smallest first</option>"
        f"<option value='-{escape(name)}'>{escape(name)}, largest first</option>"
        for name in scores
    )
    if not options:
        return ""
    return f"<select id=sort name=sort aria-label='order'><option value=''>in their order</option>{options}</select>"


def _ranges(scores: Iterable[str]) -> str:
    def edge(which: str, name: str) -> str:
        label = escape(f"{which} {name}")
        return f"<input type=number step=any name='{which}:{escape(name)}' aria-label='{label}'>"

    ranges = "".join(f"<label>{escape(name)} {edge('least', name)} to {edge('most', name)}</label>" for name in scores)
    return f"<div class='filters ranges'>{ranges}</div>" if ranges else ""
