"""What annotations say about rows, for a page: numbers to filter and sort by, and everything else to read.

A row's own line has its id. A preference row's rejected edits and a session's turns have lines of their own,
`<id>#rejected1` and `<id>#turn2`, as `measure` and `scores` write them; they are shown below their pictures.
A session is found by any of its turns.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from pico_banana.errors import ConfigError, unknown_name
from pico_banana.records import Subset
from pico_banana.rows.sidecar import ID, read_annotations

if TYPE_CHECKING:
    from collections.abc import Iterable

    import numpy.typing as npt

    from pico_banana.rows.foreign import Annotations
    from pico_banana.rows.sequence import RecordSequence

_BOX_SIDES = 4
_SHIFT = ("shift_x", "shift_y")


class Scores:
    """The annotations of some rows.

    Attributes:
        names: the columns of numbers, by which rows can be found.
    """

    def __init__(self, rows: RecordSequence[Any], sources: Iterable[Annotations] = ()) -> None:
        """Read annotations.

        Args:
            rows: the rows, in the order in which the page has them.
            sources: files or tables with a column `id`, as `where` takes them.

        Raises:
            ConfigError: annotations that do not name each row once, or two of them with a column of one name.
        """
        given = list(sources)
        ids = rows.to_arrow(columns=[ID])[ID] if given else None
        self._sheets = [_Sheet(rows.subset, ids, source) for source in given]
        names = [name for sheet in self._sheets for name in sheet.table.column_names if name != ID]
        if twice := [name for name in names if names.count(name) > 1]:
            text = f"two of the annotations have a column {twice[0]!r}; rename one, so that a condition can mean one"
            raise ConfigError(text, key="scores")
        self.names = tuple(name for sheet in self._sheets for name in sheet.numbers)

    @property
    def say_something(self) -> bool:
        """Whether there are any annotations."""
        return bool(self._sheets)

    def within(self, name: str, least: float, most: float) -> npt.NDArray[np.bool_]:
        """Find the rows with a number in a range.

        Args:
            name: the column.
            least: the smallest number that counts.
            most: the largest.

        Returns:
            One truth a row; a row without a number is not in it.

        Raises:
            UnknownNameError: there is no such column of numbers.
        """
        sheet = self._sheet(name)
        values = sheet.numbers[name]
        return sheet.any_of_rows((values >= least) & (values <= most))

    def order(self, name: str, *, falling: bool) -> npt.NDArray[np.int64]:
        """Put the rows into the order of a column of numbers.

        Args:
            name: the column.
            falling: the largest first.

        Returns:
            The places of all rows; those without a number come last, equal ones keep their order.

        Raises:
            UnknownNameError: there is no such column of numbers.
        """
        keys = self._sheet(name).keys(name, falling=falling)
        return np.argsort(-keys if falling else keys, kind="stable")

    def numbers_of(self, place: int) -> dict[str, list[float]]:
        """Give the numbers by which a row is found.

        Args:
            place: the row's.

        Returns:
            Column to numbers: one, or one a turn.
        """
        found: dict[str, list[float]] = {}
        for sheet in self._sheets:
            for line in sheet.lines(place):
                if sheet.counts[line]:
                    for name, values in sheet.numbers.items():
                        if not np.isnan(values[line]):
                            found.setdefault(name, []).append(float(values[line]))
        return found

    def values(self, place: int, part: str) -> list[tuple[str, Any]]:
        """Give what is known of one picture of a row.

        Args:
            place: the row's.
            part: which picture: "" for the edit of the row, "turn2", "rejected1".

        Returns:
            Names and values, in the order of the annotations; those that say nothing are left out.
        """
        known: list[tuple[str, Any]] = []
        for sheet in self._sheets:
            for line in sheet.lines(place):
                if sheet.part(line) == part:
                    row = sheet.table.slice(line, 1).to_pylist()[0]
                    known += [fact for fact in row.items() if fact[0] != ID and fact[1] not in (None, "")]
        return known

    def only_own_lines(self, names: Iterable[str]) -> bool:
        """Say whether columns have numbers under the ids of rows alone, so that `where` finds the same rows.

        Args:
            names: the columns.

        Returns:
            False where turns have lines of their own.
        """
        return not any(self._sheet(name).has_turns for name in names)

    def source_of(self, name: str) -> str:
        """Say in Python where a column comes from.

        Args:
            name: the column.

        Returns:
            The file's name in quotes, or `scores` for a table.
        """
        return self._sheet(name).source

    def _sheet(self, name: str) -> _Sheet:
        for sheet in self._sheets:
            if name in sheet.numbers:
                return sheet
        error = unknown_name("score", name, self.names)
        raise error


def note_of(values: Iterable[tuple[str, Any]]) -> str:
    """Say in words what is known of a picture.

    Args:
        values: see `Scores.values`.

    Returns:
        Names and values; empty where nothing is known.
    """
    return ", ".join(f"{name} {_words(value)}" for name, value in values if not isinstance(value, list))


def change_of(values: Iterable[tuple[str, Any]]) -> dict[str, str]:
    """Say where a picture was changed, as far as it was measured.

    Args:
        values: see `Scores.values`.

    Returns:
        `box` (left, top, right, bottom) and `shift` (x, y), as shares of the sides.
    """
    known = dict(values)
    boxes = [value for name, value in known.items() if name.endswith("box") and _is_box(value)]
    found = {"box": " ".join(f"{share:.4f}" for share in boxes[0])} if boxes else {}
    if all(isinstance(known.get(name), float) for name in _SHIFT):
        found["shift"] = " ".join(f"{known[name]:.4f}" for name in _SHIFT)
    return found


class _Sheet:
    """One table of annotations, joined to rows: which of its lines are about which row."""

    def __init__(self, subset: Subset, row_ids: pa.ChunkedArray, source: Annotations) -> None:
        self.source = repr(str(source)) if isinstance(source, (str, Path)) else "scores"
        self.table = read_annotations(source).combine_chunks()
        ids = self.table[ID].cast(pa.string())
        pieces = pc.split_pattern(ids, "#", max_splits=1).combine_chunks()
        owners = pc.list_element(pieces, 0).dictionary_encode()
        whole = pc.equal(pc.list_value_length(pieces), 1).to_numpy(zero_copy_only=False)
        self.has_turns = subset is Subset.MULTI_TURN and not bool(whole.all())
        self.counts = np.ones(len(whole), np.bool_) if self.has_turns else whole  # lines that a row is found by
        self._codes = owners.indices.to_numpy(zero_copy_only=False)
        self._order = np.argsort(self._codes, kind="stable")
        self._starts = np.searchsorted(self._codes[self._order], np.arange(len(owners.dictionary) + 1))
        found = pc.index_in(row_ids, value_set=owners.dictionary).fill_null(-1)
        self._owner_of = found.to_numpy().astype(np.int64)
        self.numbers = {
            field.name: _floats(self.table[field.name]) for field in self.table.schema if _is_number(field.type)
        }

    def lines(self, place: int) -> npt.NDArray[np.int64]:
        """Give the lines about a row."""
        owner = self._owner_of[place]
        return self._order[:0] if owner < 0 else self._order[self._starts[owner] : self._starts[owner + 1]]

    def part(self, line: int) -> str:
        """Say which picture of its row a line is about."""
        return str(self.table[ID][int(line)].as_py()).partition("#")[2]

    def any_of_rows(self, good: npt.NDArray[np.bool_]) -> npt.NDArray[np.bool_]:
        """Say for each row whether a line that counts for it is good."""
        owners = np.zeros(len(self._starts), np.bool_)  # one more than there are owners, for rows without any
        owners[self._codes[good & self.counts]] = True
        found: npt.NDArray[np.bool_] = owners[self._owner_of]
        return found

    def keys(self, name: str, *, falling: bool) -> npt.NDArray[np.float64]:
        """Give each row's largest or smallest number; NaN where it has none."""
        owners = np.full(len(self._starts), np.nan)
        choose = np.fmax if falling else np.fmin
        choose.at(owners, self._codes[self.counts], self.numbers[name][self.counts])
        found: npt.NDArray[np.float64] = owners[self._owner_of]
        return found


def _is_number(kind: pa.DataType) -> bool:
    return bool(pa.types.is_integer(kind) or pa.types.is_floating(kind) or pa.types.is_decimal(kind))


def _floats(column: pa.ChunkedArray) -> npt.NDArray[np.float64]:
    values: npt.NDArray[np.float64] = column.cast(pa.float64(), safe=False).to_numpy().astype(np.float64)
    return values


def _is_box(value: object) -> bool:
    return isinstance(value, list) and len(value) == _BOX_SIDES and all(isinstance(one, float) for one in value)


def _words(value: object) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    return f"{value:.4g}" if isinstance(value, float) else str(value)
