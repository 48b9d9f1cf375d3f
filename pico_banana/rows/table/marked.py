"""A row store with more flags than the rows themselves show: what somebody found out and wrote down, by row number.

Nothing is written to the store. Whoever asks a table for its flags is told these as well, so that filters, counts,
records and tables need not know of them.
"""

from __future__ import annotations

from array import array
from typing import TYPE_CHECKING, Any

from pico_banana.rows.table.mapped import RowTable

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

    import pyarrow as pa

_FLAGS = "flags"


class MarkedTable(RowTable):
    """The rows of one published file, some of them with more flags.

    Attributes:
        marks: row number to the bits of its further flags.
        unmatched: ids that were to be marked and name no row here.
    """

    def __init__(
        self,
        index_path: Path,
        index: dict[str, Any] | None,
        rebuild: Callable[[], dict[str, Any]] | None,
        marks: Mapping[int, int],
        unmatched: tuple[str, ...] = (),
    ) -> None:
        """Map the file again, and keep the marks beside it; made by `marked`."""
        super().__init__(index_path, index, rebuild)
        self.marks, self.unmatched = marks, unmatched
        self._marked: dict[int, memoryview] = {}

    def __reduce__(self) -> tuple[Any, ...]:
        """Travel as the table does, with the marks."""
        return _reopened, (super().__reduce__(), self.marks, self.unmatched)

    def view(self, column: str, batch: int, kind: str, *, buffer: int = 1) -> memoryview:
        """View one batch of a column of numbers, flags with the marks.

        Args:
            column: see `RowTable.view`.
            batch: see there.
            kind: see there.
            buffer: see there.

        Returns:
            The numbers.
        """
        if column != _FLAGS:
            return super().view(column, batch, kind, buffer=buffer)
        if batch not in self._marked:
            self._marked[batch] = self._flags_of(batch, super().view(column, batch, kind, buffer=buffer))
        return self._marked[batch]

    def arrow(self) -> pa.Table:
        """Open the stored columns with pyarrow, flags with the marks.

        Returns:
            The physical columns.
        """
        import pyarrow as pa

        table = super().arrow()
        place = table.schema.get_field_index(_FLAGS)
        chunks = [pa.array(self.view(_FLAGS, batch, "I").tolist(), pa.uint32()) for batch, _ in self.starts()]
        return table.set_column(place, table.schema.field(place), pa.chunked_array(chunks, pa.uint32()))

    def _flags_of(self, batch: int, stored: memoryview) -> memoryview:
        first = batch * self.batch_rows
        here = [row for row in self.marks if first <= row < first + self.length(batch)]
        if not here:
            return stored
        flags = array("I", stored.tobytes())
        for row in here:
            flags[row - first] |= self.marks[row]
        return memoryview(flags)


def marked(table: RowTable, marks: Mapping[int, int], unmatched: tuple[str, ...] = ()) -> MarkedTable:
    """Give a table whose rows have further flags.

    Args:
        table: the rows.
        marks: row number to the bits of flags.
        unmatched: ids that name no row of the table, to be told.

    Returns:
        A table of the same file; the other one stays as it is.
    """
    _, (index_path, index, rebuild) = table.__reduce__()
    return MarkedTable(index_path, index, rebuild, marks, unmatched)


def _reopened(
    plain: tuple[Callable[..., RowTable], tuple[Any, ...]], marks: Mapping[int, int], unmatched: tuple[str, ...]
) -> MarkedTable:
    reopen, given = plain
    return marked(reopen(*given), marks, unmatched)
