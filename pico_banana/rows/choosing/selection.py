"""Which rows: one value with the same meaning in Python, in `load_dataset` arguments and on the command line.

The parts apply in this order, whatever the order they are written in: filters, then `shuffle`, then `balance`, then
`limit`. A Selection only says which rows; `query.py` finds them.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, fields, replace
from hashlib import sha256
from typing import TYPE_CHECKING, Any, Literal, TypedDict

from pico_banana.errors import SelectionError, unknown_name
from pico_banana.mirrors.notes import parse_note
from pico_banana.records import Flag, Subset
from pico_banana.rows.choosing.options import READERS, Names, read_member

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from pico_banana.taxonomy import Category, EditType

Wording = Literal["any", "long", "short"]
Balance = Literal["edit_type", "category"]


class RowOptions(TypedDict, total=False):
    """What `load_dataset` takes to choose rows beside its `split`; the fields of `Selection`, written loosely."""

    categories: Names
    edit_types: Names
    inferred_edit_types: Names
    min_confidence: float
    turns: int | Iterable[int]
    contains: Names
    regex: str | None
    wording: Wording
    has_flags: Names
    lacks_flags: Names
    ids: Names | None
    shuffle: int | None
    balance: Balance | None
    limit: int | None
    exclude: str | Path | None


class SelectionOptions(RowOptions, total=False):
    """What `load` and `select` take to choose rows."""

    split: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Selection:
    """Which rows of a subset.

    Make one with `Selection.of`, which takes names in any spelling and single names for lists.

    Attributes:
        subset: the subset.
        split: "train" for everything, or a split by source photo such as "test_90_5_5"; see `splits.parse_split`.
            "train_without_benchmark" is what the benchmark leaves to train on, "benchmark" the rows of its photos.
        categories: only these categories; not for multi_turn.
        edit_types: only these edit types; not for multi_turn, whose rows have none.
        inferred_edit_types: only sessions with a turn whose *inferred* type is one of these; only for multi_turn.
        min_confidence: how sure the inference must be for that, 0 to 1.
        turns: only sessions of so many turns; only for multi_turn.
        contains: only rows whose instruction contains each of these, upper and lower case alike.
        regex: only rows whose instruction matches this (RE2 syntax, case counts; begin with "(?i)" if it shall not).
        wording: where `contains` and `regex` look: the "long" or the "short" instruction, or "any" of the two.
        has_flags: only rows with all of these flags.
        lacks_flags: only rows with none of these flags.
        ids: only the rows with these ids, each of which must exist in the subset; None for all.
        shuffle: the seed of a random order; None keeps the order of the file.
        balance: the same number of rows for each "edit_type" or "category"; rows of an unknown type are left out.
        limit: at most so many rows.
        exclude: leave out every row whose photo is in a benchmark: "benchmark" for the one that is drawn from the
            mirror's rows, or a file of `pico-banana benchmark make`.
    """

    subset: Subset = Subset.SINGLE_TURN
    split: str = "train"
    categories: tuple[Category, ...] = ()
    edit_types: tuple[EditType, ...] = ()
    inferred_edit_types: tuple[EditType, ...] = ()
    min_confidence: float = 0.0
    turns: tuple[int, ...] = ()
    contains: tuple[str, ...] = ()
    regex: str | None = None
    wording: Wording = "any"
    has_flags: tuple[Flag, ...] = ()
    lacks_flags: tuple[Flag, ...] = ()
    ids: tuple[str, ...] | None = None
    shuffle: int | None = None
    balance: Balance | None = None
    limit: int | None = None
    exclude: str | None = None

    @classmethod
    def of(cls, subset: str | Subset = Subset.SINGLE_TURN, /, **options: Any) -> Selection:  # noqa: ANN401 - checked below
        """Make a Selection from loosely written options.

        Args:
            subset: the subset's name.
            **options: see `SelectionOptions`.

        Returns:
            The Selection, checked.

        Raises:
            UnknownNameError: an option, subset, type, category or flag that does not exist.
            SelectionError: parts that contradict each other or do not fit the subset.
        """
        known = [field.name for field in fields(cls) if field.name != "subset"]
        for name in options:
            if name not in known:
                error = unknown_name("option of a selection", name, known)
                raise error
        parsed = {name: READERS[name](value) for name, value in options.items() if value is not None}
        selection = cls(subset=parse_subset(subset), **parsed)
        _check(selection)
        return selection

    def narrowed(self, **options: Any) -> Selection:  # noqa: ANN401 - checked by `of`
        """Give this Selection with other parts.

        Args:
            **options: see `SelectionOptions`; each replaces the part of that name.

        Returns:
            A new Selection.

        Raises:
            UnknownNameError: a name that does not exist.
            SelectionError: the parts do not fit together.
        """
        changes = Selection.of(self.subset, **options)
        merged = replace(self, **{name: getattr(changes, name) for name in options})
        _check(merged)
        return merged

    def parts(self) -> dict[str, Any]:
        """Give what differs from "all rows of the subset", as plain values.

        Returns:
            Field name to value, JSON-ready, in the order of the fields.
        """
        found = {field.name: getattr(self, field.name) for field in fields(self) if field.name != "subset"}
        default = Selection(subset=self.subset)
        return {
            name: list(map(_plain, value)) if isinstance(value, tuple) else value
            for name, value in found.items()
            if value != getattr(default, name)
        }

    def to_json(self) -> str:
        """Write the Selection as JSON.

        Returns:
            One line; the same for equal Selections.
        """
        return json.dumps({"subset": self.subset.value, **self.parts()}, ensure_ascii=False)

    @classmethod
    def from_json(cls, text: str) -> Selection:
        """Read what `to_json` wrote.

        Args:
            text: the JSON.

        Returns:
            An equal Selection.

        Raises:
            SelectionError: no JSON object, or parts that do not fit.
            UnknownNameError: a name that does not exist.
        """
        try:
            content = parse_note(text)
        except ValueError as error:
            raise SelectionError(f"a Selection must be a JSON object; this is no JSON ({error})") from error
        if not isinstance(content, dict):
            raise SelectionError('a Selection must be a JSON object such as {"subset": "single_turn", "limit": 10}')
        return cls.of(content.pop("subset", Subset.SINGLE_TURN), **content)

    @property
    def digest(self) -> str:
        """A hash of the Selection, 16 hexadecimal digits; the same in every process and release of this format."""
        return sha256(self.to_json().encode()).hexdigest()[:16]

    def __str__(self) -> str:
        """Write the Selection so that a person can read it."""
        parts = [f"{name}={_brief(value)}" for name, value in self.parts().items()]
        return f"{self.subset.value}({', '.join(parts)})"


def parse_subset(name: str | Subset) -> Subset:
    """Read the name of a subset.

    Args:
        name: the name, "-" or "_", upper or lower case.

    Returns:
        The subset.

    Raises:
        UnknownNameError: there is no such subset.
    """
    return read_member(Subset, "subset", str(name))


def _check(selection: Selection) -> None:
    if selection.limit is not None and selection.limit < 0:
        raise SelectionError(f"limit={selection.limit} is negative; leave it out for all rows")
    if set(selection.has_flags) & set(selection.lacks_flags):
        both = ", ".join(sorted(set(selection.has_flags) & set(selection.lacks_flags)))
        raise SelectionError(f"no row both has and lacks a flag: {both}")
    if selection.subset is Subset.MULTI_TURN:
        _check_sessions(selection)
        return
    for part in ("turns", "inferred_edit_types"):
        if getattr(selection, part):
            raise SelectionError(
                f"{part} is for multi_turn; rows of {selection.subset.value} are single edits with a type"
            )


def _check_sessions(selection: Selection) -> None:
    for part in ("edit_types", "categories"):
        if getattr(selection, part):
            text = (
                f"{part} cannot choose among sessions: the release gives multi_turn no edit types. "
                "inferred_edit_types chooses by types that a classifier reads from the instructions"
            )
            raise SelectionError(text)
    if selection.balance is not None:
        raise SelectionError("balance needs one edit type a row; sessions of multi_turn have several, all inferred")
    if selection.wording == "short":
        raise SelectionError("wording='short' finds nothing in multi_turn: its turns have one instruction each")


def _plain(value: object) -> object:
    return str(value) if isinstance(value, str) else value


def _brief(value: object) -> str:
    if isinstance(value, list) and len(value) > 4:  # noqa: PLR2004 - what fits a line
        return f"[{', '.join(map(str, value[:3]))}, … {len(value)} in all]"
    return f"[{', '.join(map(str, value))}]" if isinstance(value, list) else str(value)
