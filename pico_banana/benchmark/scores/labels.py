"""What people say of edits: a table with the edit's id and a label, as raters hand it in."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pico_banana.errors import ConfigError
from pico_banana.records.wording import turn_id
from pico_banana.rows.foreign import read_table
from pico_banana.rows.sidecar import ID

if TYPE_CHECKING:
    from collections.abc import Mapping

    from pico_banana.rows.foreign import Annotations

LABEL, TURN = "label", "turn"
_WORDS = {"good": 1.0, "yes": 1.0, "true": 1.0, "bad": 0.0, "no": 0.0, "false": 0.0}


def read_labels(
    source: Annotations, *, column: str = LABEL, lowest: float = 0.0, highest: float = 1.0
) -> Mapping[str, float]:
    """Read labels; an edit that several people labelled has the mean of what they say.

    Args:
        source: a .csv, .parquet or .jsonl file or a table, with a column `id`, and `turn` where ids are those of
            sessions and not of their turns (`<row>#turn2`).
        column: the column of the labels: numbers, or good/bad, yes/no, true/false. An empty one is left out.
        lowest: the number that says bad.
        highest: the number that says good.

    Returns:
        The edit's id to its label, 0 to 1.

    Raises:
        ConfigError: a column is missing, or a label is none.
    """
    table = read_table(source)
    if missing := [name for name in (ID, column) if name not in table.column_names]:
        text = f"labels need 'id' and {column!r}; there is no {missing[0]!r} in {', '.join(table.column_names)}"
        raise ConfigError(text, key="labels")
    if not lowest < highest:
        raise ConfigError(f"labels from {lowest:g} to {highest:g} are in no range; it must rise", key="labels")
    said: dict[str, list[float]] = {}
    for number, row in enumerate(table.to_pylist(), 1):
        if row[column] is not None and str(row[column]).strip():
            said.setdefault(_name(str(row[ID]), row.get(TURN), number), []).append(
                _read(row[column], lowest, highest, number)
            )
    return {name: sum(labels) / len(labels) for name, labels in said.items()}


def _name(row: str, turn: object, number: int) -> str:
    if turn is None or "#turn" in row:
        return row
    try:
        return turn_id(row, int(str(turn)))
    except ValueError:
        raise ConfigError(f"line {number} of the labels: the turn {turn!r} is no whole number", key="labels") from None


def _read(value: object, lowest: float, highest: float, number: int) -> float:
    text = str(value).strip().casefold()
    if text in _WORDS:
        return _WORDS[text]
    try:
        label = float(text)
    except ValueError:
        label = float("nan")
    if not lowest <= label <= highest:
        words = f"a number from {lowest:g} to {highest:g}, or one of {', '.join(_WORDS)}"
        raise ConfigError(f"label {number} is {value!r}; it must be {words}", key="labels")
    return (label - lowest) / (highest - lowest)
