"""What stands above and below the rows of a page: the form that narrows them, and what is not shown."""

from __future__ import annotations

from html import escape
from typing import TYPE_CHECKING

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
        "<span id=shown class=soft role=status></span>"
        "<button type=button id=unfold aria-expanded=false>Filters</button>"
        f"<div class=filters>{lists}{_order(scores)}"
        "<button type=button id=clear>Clear</button><button type=button id=copy>Copy Selection</button></div>"
        f"{_ranges(scores)}</form></header>"
    )


NO_ROWS = "<p class=note>The selection has no rows. Take a condition away, or look at <code>.counts()</code>.</p>"
COPIED = {"selection": "<code>Selection.from_json</code> and <code>--selection</code>"}


def footer_html(below: str, *, copied: Mapping[str, str] = COPIED) -> str:
    """Write the foot of a page: what is said where the filters find nothing, and the dialog that hands the rows out.

    Args:
        below: what else stands there, as HTML.
        copied: what the rows on screen are handed out for, by name, as HTML.

    Returns:
        HTML of the footer.
    """
    areas = "".join(
        f"<label>for {use} <textarea name={name} readonly rows=5></textarea></label>" for name, use in copied.items()
    )
    return (
        "<footer><p id=none class=note hidden>No row matches these filters.</p>"
        f"<dialog id=selection aria-label=Selection><p>The rows on screen,</p>{areas}"
        f"<form method=dialog><button>Close</button></form></dialog>{below}</footer>"
    )


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
