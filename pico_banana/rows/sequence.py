"""Rows as a sequence of records: how many there are, one of them, some of them, all in order."""

from __future__ import annotations

from array import array
from collections.abc import Sequence
from functools import cached_property
from typing import TYPE_CHECKING, Any, Self, TypeVar, cast, overload

from pico_banana.errors import SelectionError, UnknownNameError, unknown_name
from pico_banana.records import Record, Subset
from pico_banana.records.wording import NO_TEXTS, Texts
from pico_banana.rows.choosing.definition import IN_BENCHMARK, OUTSIDE
from pico_banana.rows.choosing.selection import Selection
from pico_banana.rows.table.finding import Masks, find_rows
from pico_banana.rows.table.reading import RecordReader

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    import numpy as np
    import numpy.typing as npt
    import pyarrow as pa

    from pico_banana.mirrors.catalog import Mirror
    from pico_banana.rows.bad import BadRow
    from pico_banana.rows.table.mapped import RowTable

R = TypeVar("R", bound=Record)
_SHOWN_ROWS = 4  # in a notebook, whose cells should stay small


class RecordSequence(Sequence[R]):
    """Rows of one subset, by place, by id, or in order; `dataset.PicoBanana` is what users get.

    Attributes:
        subset: which of the four.
        mirror: where rows and pictures come from.
        selections: what was selected, step by step.
        table: the row store underneath.
        texts: texts made anew that were given with the rows, see `records.wording`.
    """

    def __init__(
        self,
        table: RowTable,
        *,
        subset: Subset,
        mirror: Mirror,
        rows: memoryview | Masks | None = None,
        selections: tuple[Selection, ...] = (),
        texts: Texts = NO_TEXTS,
    ) -> None:
        """Show the numbered rows of a table, or all of them; users call `load`."""
        self.table, self.subset, self.mirror, self.selections = table, subset, mirror, selections
        self.texts = texts
        self._given = rows
        self._count = len(table) if rows is None else len(rows)

    @property
    def rows(self) -> npt.NDArray[np.int64]:
        """The number of each row in the table, in the order of this dataset."""
        import numpy as np

        return np.arange(len(self.table)) if self._rows is None else np.asarray(self._rows)

    @property
    def ids(self) -> list[str]:
        """The id of each row, in order."""
        return self.column("id")

    @property
    def columns(self) -> tuple[str, ...]:
        """The names of the public columns, as `to_arrow` gives them."""
        from pico_banana.rows.table.arrow import public_schema

        return tuple(public_schema(self.subset).names)

    def column(self, name: str) -> list[Any]:
        """Give one public column as plain values.

        Args:
            name: the column.

        Returns:
            A value a row, in order.

        Raises:
            UnknownNameError: there is no such column.
        """
        values: list[Any] = self.to_arrow(columns=[name])[name].to_pylist()
        return values

    @property
    def bad_rows(self) -> tuple[BadRow, ...]:
        """The lines of the rows file that were left out because they are no rows."""
        return self.table.bad_rows

    def __len__(self) -> int:
        """Count the rows."""
        return self._count

    @overload
    def __getitem__(self, index: int | str) -> R: ...

    @overload
    def __getitem__(self, index: slice | Sequence[int] | npt.NDArray[Any]) -> Self: ...

    def __getitem__(self, index: int | str | slice | Sequence[int] | npt.NDArray[Any]) -> R | Self:
        """Give one record, or a dataset of some rows.

        Args:
            index: a place, an id, a slice, places, or one True or False a row.

        Returns:
            The record for a place or an id, else a dataset.

        Raises:
            IndexError: there are fewer rows.
            UnknownNameError: no row of this dataset has that id.
        """
        if self._rows is None and isinstance(index, int) and 0 <= index < self._count:  # the commonest, kept short
            return self._read(index)  # type: ignore[return-value]  # cast() would cost a tenth of the time
        if isinstance(index, int):
            return self._record(index)
        if isinstance(index, str):
            return self._by_id(index)
        if hasattr(index, "__index__") and not hasattr(index, "__len__"):  # a NumPy number
            return self._record(int(index))
        return self._at(index if isinstance(index, slice) else _places(index))

    def __iter__(self) -> Iterator[R]:
        """Give every record in order."""
        return cast("Iterator[R]", self._reader.many(self._rows))

    def __repr__(self) -> str:
        """Say what this is and what of it was selected."""
        size = f"{len(self):,} rows" if len(self) == len(self.table) else f"{len(self):,} of {len(self.table):,} rows"
        steps = "".join(f"\n  {selection}" for selection in self.selections if selection.parts())
        skipped = f"\n  {len(self.bad_rows)} bad lines left out, see .bad_rows" if self.bad_rows else ""
        lost = self.table.unmatched
        unmatched = f"\n  known trouble of {len(lost):,} rows that are not here, see .table.unmatched" if lost else ""
        return (
            f"{type(self).__name__}({self.subset.value}, {size}, mirror={self.mirror.name}){steps}{skipped}{unmatched}"
        )

    def _repr_html_(self) -> str:
        from pico_banana.records.html import rows_html

        shown = list(self[:_SHOWN_ROWS])
        return rows_html(repr(self), shown, more=len(self) - len(shown))

    def __reduce__(self) -> tuple[Any, ...]:
        """Travel to another process as the place of the table and the row numbers."""
        rows = None if self._rows is None else array("q", self._rows.tobytes())
        state = {"subset": self.subset, "mirror": self.mirror, "rows": rows, "selections": self.selections}
        state["texts"] = self.texts
        return _rebuilt, (type(self), self.table, state)

    def to_arrow(self, *, columns: Sequence[str] | None = None) -> pa.Table:
        """Give the rows as an Arrow table with the public columns; pictures are addresses.

        Args:
            columns: only these; None for all.

        Returns:
            The table.

        Raises:
            UnknownNameError: there is no such column.
        """
        from pico_banana.rows.table.arrow import public_schema, public_table

        known = public_schema(self.subset).names
        for name in columns or ():
            if name not in known:
                error = unknown_name(f"column of {self.subset.value}", name, known)
                raise error
        rows = None if self._rows is None else self.rows
        return public_table(self.table, rows, subset=self.subset, mirror=self.mirror.name, columns=columns)

    @cached_property
    def _rows(self) -> memoryview | None:
        return self._given.numbers() if isinstance(self._given, Masks) else self._given

    @cached_property
    def _reader(self) -> RecordReader:
        return RecordReader(self.table, self.subset, self.mirror.name)

    @cached_property
    def _read(self) -> Callable[[int], Record]:
        return self._reader.read

    def _record(self, place: int) -> R:
        count = len(self)
        if not 0 <= place < count:
            if not -count <= place < 0:
                raise IndexError(f"row {place} of a dataset of {count:,} rows")
            place += count
        return cast("R", self._read(place if self._rows is None else self._rows[place]))

    def _by_id(self, identity: str) -> R:
        found = find_rows(self.table, Selection(subset=self.subset, ids=(identity,)), among=self._rows)
        if not isinstance(found, memoryview) or not len(found):
            text = f"no row of this dataset has the id {identity!r}"
            raise UnknownNameError(text, kind="row id", name=identity)
        return cast("R", self._read(found[0]))

    def narrowed(self, selection: Selection) -> Self:
        """Narrow the dataset by a Selection.

        Args:
            selection: of the same subset; applied to the rows of this dataset, in its order.

        Returns:
            A new dataset.

        Raises:
            SelectionError: it is for another subset.
        """
        if selection.subset is not self.subset:
            raise SelectionError(f"a selection of {selection.subset.value} cannot choose {self.subset.value} rows")
        return self._with_rows(find_rows(self.table, selection, among=self._allowed(selection)), selection)

    def _allowed(self, selection: Selection) -> memoryview | None:
        """Leave out what a benchmark holds, before anything is counted, shuffled or balanced."""
        if selection.exclude is None and selection.split not in {IN_BENCHMARK, OUTSIDE}:
            return self._rows
        from pico_banana.rows.held_out import held_out

        left = held_out(selection, self.table, None if self._rows is None else self.rows, self.mirror)
        return None if left is None else left.data

    def told_anew(self, texts: Texts) -> Self:
        """Give the same rows with texts made anew.

        Args:
            texts: those that count from now on.

        Returns:
            A new sequence.
        """
        return self._with_rows(self._given, texts=texts)

    def of_rows(self, rows: npt.NDArray[np.int64]) -> Self:
        """Show other rows of the same table.

        Args:
            rows: their numbers in the table, int64.

        Returns:
            A new sequence, in that order.
        """
        import numpy as np

        return self._with_rows(np.ascontiguousarray(rows).data)

    def _at(self, places: slice | npt.NDArray[Any]) -> Self:
        return self.of_rows(self.rows[places])

    def _with_rows(self, rows: memoryview | Masks | None, *selections: Selection, texts: Texts | None = None) -> Self:
        narrowed = type(self)(
            self.table,
            subset=self.subset,
            mirror=self.mirror,
            rows=rows,
            selections=(*self.selections, *selections),
            texts=self.texts if texts is None else texts,
        )
        if "_reader" in self.__dict__:
            narrowed.__dict__["_reader"] = self._reader
        return narrowed


def _places(index: Sequence[int] | npt.NDArray[Any]) -> npt.NDArray[Any]:
    """Make an array to index with: numbers, or one truth a row; all else would silently be cut down to numbers.

    Raises:
        TypeError: it is neither.
    """
    import numpy as np

    places = np.asarray(index)
    if not places.size and places.dtype.kind == "f":  # NumPy's type of an empty list
        return places.astype(np.int64)
    if places.ndim != 1 or places.dtype.kind not in "iub":
        raise TypeError(f"rows are chosen by whole numbers or by True and False in one list, not by {index!r}")
    return places


def _rebuilt(kind: type[RecordSequence[Any]], table: RowTable, state: dict[str, Any]) -> RecordSequence[Any]:
    rows = state["rows"]
    return kind(table, **{**state, "rows": None if rows is None else memoryview(rows)})
