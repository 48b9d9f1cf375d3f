"""One row as a card of the page, and the facts by which the page finds it."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from html import escape
from typing import TYPE_CHECKING

from pico_banana.records import InstructionPair, MultiTurn

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pico_banana.records import Record
    from pico_banana.records.panels import Panel
    from pico_banana.taxonomy import EditType

FILTERS = {
    "category": "all categories",
    "kind": "all edit types",
    "flag": "with and without flags",
    "turns": "all turns",
}


@dataclass(slots=True)
class Cards:
    """The cards of a page, and how many of them each filter finds.

    Attributes:
        html: a card a row.
        counts: filter to value to rows.
    """

    html: list[str] = field(default_factory=list)
    counts: dict[str, Counter[str]] = field(default_factory=lambda: {name: Counter() for name in FILTERS})

    def add(self, record: Record, copies: Sequence[tuple[Panel, str]]) -> None:
        """Add a row.

        Args:
            record: the row.
            copies: its pictures, each with where the page finds it.
        """
        facts = _facts(record)
        for name, values in facts.items():
            self.counts[name].update(values)
        self.html.append(_card(record, copies, facts))

    def choices(self) -> str:
        """Give a list to choose from for every filter that would part the rows.

        Returns:
            HTML of the lists.
        """
        return "".join(_choice(name, self.counts[name]) for name in FILTERS if self.counts[name])


def _choice(name: str, counts: Counter[str]) -> str:
    options = "".join(
        f"<option value='{escape(value, quote=True)}'>{escape(value)} ({count:,})</option>"
        for value, count in sorted(counts.items())
    )
    return f"<select id={name} aria-label='{name}'><option value=''>{FILTERS[name]}</option>{options}</select>"


def _facts(record: Record) -> dict[str, list[str]]:
    """Give what a row can be found by; a session's types are inferred, each named once."""
    kinds = _kinds(record)
    return {
        "category": list(dict.fromkeys(str(kind.category) for kind in kinds)),
        "kind": list(dict.fromkeys(map(str, kinds))),
        "flag": sorted(record.flags),
        "turns": [str(len(record.turns))] if isinstance(record, MultiTurn) else [],
    }


def _kinds(record: Record) -> list[EditType]:
    if isinstance(record, MultiTurn):
        return [turn.inferred_edit_type for turn in record.turns if turn.inferred_edit_type is not None]
    return [] if isinstance(record, InstructionPair) else [record.edit_type]


def _card(record: Record, copies: Sequence[tuple[Panel, str]], facts: dict[str, list[str]]) -> str:
    data = "".join(f" data-{name}='{escape(' '.join(values), quote=True)}'" for name, values in facts.items())
    texts = "".join(f"<p>{escape(text)}</p>" for text in record.texts())
    flags = f"<p class=soft>{escape(', '.join(facts['flag']))}</p>" if record.flags else ""
    return (
        f"<article data-id='{escape(record.id, quote=True)}'{data}><div class=pictures>{_figures(record, copies)}</div>"
        f"{texts}{flags}<p><code>{escape(record.id)}</code></p></article>\n"
    )


def _figures(record: Record, copies: Sequence[tuple[Panel, str]]) -> str:
    figures = [_figure(panel, source) for panel, source in copies]
    for number, turn in enumerate(record.turns, 1) if isinstance(record, MultiTurn) else ():
        if turn.image is None:
            absent = f"<div class=absent>the release lacks this picture</div><figcaption>turn {number}</figcaption>"
            figures.insert(number, f"<figure>{absent}</figure>")
    return "".join(figures)


def _figure(panel: Panel, source: str) -> str:
    title, what = escape(panel.title, quote=True), panel.title.partition(" ")[0].rstrip(":")
    return (
        f"<figure class={what}><button type=button><img loading=lazy src='{source}' alt='{title}' "
        f"data-before={panel.before}></button><figcaption>{title}</figcaption></figure>"
    )
