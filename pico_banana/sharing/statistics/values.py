"""The numbers of a selection, as plain values."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping


@dataclass(frozen=True, slots=True)
class Spread:
    """How some values are spread.

    Attributes:
        count: how many there are.
        mean: their mean.
        least: the least.
        low: 5 % are below.
        middle: the median.
        high: 5 % are above.
        most: the most.
        edges: of the bins of a histogram; what lies outside them is counted in the outermost bins.
        counts: of the bins.
    """

    count: int
    mean: float
    least: float
    low: float
    middle: float
    high: float
    most: float
    edges: tuple[float, ...] = field(repr=False)
    counts: tuple[int, ...] = field(repr=False)


@dataclass(frozen=True, slots=True)
class Numbers:
    """What a selection is made of.

    Attributes:
        subset: which of the four.
        mirror: where the rows come from.
        rows: how many there are.
        categories: slug to rows, most first; of sessions slug of the inferred types to turns.
        edit_types: the same for types; "undecided" for turns whose type nothing tells.
        turns: turns of a session to sessions.
        flags: known problems to rows that have them.
        words: "long", "short" (as published) or "turn" to how many words such instructions have.
        annotated: column of the given annotations to how many rows, edits or turns have a value there.
        unknown_ids: annotations about rows that are not in this selection.
        aspect: the edit's aspect ratio over the source's, from the column `aspect_change`; None without it.
        alignment: type to kind of alignment to edits, from the column `alignment`.
        scores: type to how scores are spread, from the column `score`.
        survival: type to the share of scored edits that reach each of `charts.SURVIVAL_STEPS`.
        accepted: type to (accepted, judged), from the column `accepted`.
        usd: type to what was paid, US dollars, from the column `usd`.
    """

    subset: str
    mirror: str
    rows: int
    categories: Mapping[str, int]
    edit_types: Mapping[str, int]
    turns: Mapping[str, int]
    flags: Mapping[str, int]
    words: Mapping[str, Spread]
    annotated: Mapping[str, int] = field(default_factory=dict)
    unknown_ids: int = 0
    aspect: Spread | None = None
    alignment: Mapping[str, Mapping[str, int]] = field(default_factory=dict)
    scores: Mapping[str, Spread] = field(default_factory=dict)
    survival: Mapping[str, tuple[float, ...]] = field(default_factory=dict)
    accepted: Mapping[str, tuple[int, int]] = field(default_factory=dict)
    usd: Mapping[str, float] = field(default_factory=dict)
