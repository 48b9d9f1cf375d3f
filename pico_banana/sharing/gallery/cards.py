"""One row as a card of the page, and the facts by which the page finds it."""

from __future__ import annotations

import json
from html import escape
from typing import TYPE_CHECKING, Any

from pico_banana.records import InstructionPair, MultiTurn
from pico_banana.records.page.cards import Figure, card_html
from pico_banana.sharing.gallery.scores import change_of, note_of

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from pico_banana.records import Record
    from pico_banana.records.panels import Panel
    from pico_banana.sharing.gallery.scores import Scores
    from pico_banana.taxonomy import EditType

_OWN = ("edited", "chosen")  # the pictures that a row's own id stands for in annotations


def row_card(
    record: Record,
    figure: Callable[[int, Panel], Figure],
    facts: Mapping[str, list[str]],
    *,
    numbers: Mapping[str, list[float]] | None = None,
    data: Mapping[str, str] | None = None,
    below: str = "",
) -> str:
    """Write a row as a card.

    Args:
        record: the row.
        figure: shows one of its pictures, given its place.
        facts: what the page finds it by, see `facts_of`.
        numbers: the scores by which the page finds it.
        data: more facts by which the page finds it.
        below: what stands at the card's end, as HTML.

    Returns:
        HTML of the card.
    """
    figures = [figure(place, panel) for place, panel in enumerate(record.panels())]
    for number, turn in enumerate(record.turns, 1) if isinstance(record, MultiTurn) else ():
        if turn.image is None:
            figures.insert(number, Figure(f"turn {number}", absent="the release lacks this picture", never=True))
    said = {name: " ".join(values) for name, values in facts.items()}
    if numbers:
        said["scores"] = json.dumps(numbers)
    texts = "".join(f"<p>{escape(text)}</p>" for text in record.texts())
    flags = f"<p class=soft>{escape(said['flag'].replace(' ', ', '))}</p>" if record.flags else ""
    words = f"<div class=texts>{texts}{flags}</div><p><code>{escape(record.id)}</code></p>{below}"
    return card_html(figures, words, identity=record.id, data={**said, **(data or {})})


def measured(figure: Figure, scores: Scores, place: int) -> dict[str, Any]:
    """Say what annotations know of a picture, as fields of its figure.

    Args:
        figure: the picture.
        scores: the annotations.
        place: the row's place.

    Returns:
        `note` and `changed`.
    """
    part = part_of(figure.title)
    values = scores.values(place, part)
    return {"note": note_of(values), "changed": change_of(values)}


def part_of(title: str) -> str:
    """Name a picture as annotations do.

    Args:
        title: its title on the card.

    Returns:
        "" for the edit of the row, else "source", "turn2", "rejected1".
    """
    part = title.partition(":")[0].replace(" ", "")
    return "" if part in _OWN else part


def facts_of(record: Record) -> dict[str, list[str]]:
    """Give what a row can be found by; a session's types are inferred, each named once.

    Args:
        record: the row.

    Returns:
        Filter to values.
    """
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
