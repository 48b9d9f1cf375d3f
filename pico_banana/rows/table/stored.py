"""The columns of a row store as they lie on disk, and the way back to one column per name.

The four texts of an edit lie behind one another, row by row, in one column of lists of four: a row read at random then
touches one stretch of memory instead of four. `texts_column` and `stored_column` take them apart again.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa

from pico_banana.records import Subset
from pico_banana.rows.buffers import column
from pico_banana.rows.lines.columns import schema
from pico_banana.rows.table.mapped import TEXTS

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    import numpy.typing as npt

PIECE_ROWS = 1 << 16  # of 400 bytes each: 26 MB


def stored_schema(subset: Subset) -> pa.Schema:
    """Give the columns of a row store.

    Args:
        subset: any but `instructions`.

    Returns:
        The columns of the rows file, the texts of an edit together in `texts` and `label` as the code `type`; and
        `path` (of a session's last edit), `flags` (bits), `twin` (see `ids.py`), `photo` (see `splits.py`).
    """
    fields = {field.name: field.type for field in schema(subset)}
    if subset is Subset.MULTI_TURN:
        del fields["pictures_left_over"]
        fields |= {"path": pa.string(), "turn_type": pa.list_(pa.uint16()), "turn_confidence": pa.list_(pa.float32())}
    else:
        fields = {"texts": pa.list_(pa.string(), len(TEXTS))} | {
            name: kind for name, kind in fields.items() if name not in {*TEXTS, "label"}
        }
        fields["type"] = pa.uint32()  # a broken file may have a label of its own on every line
        fields["low_type"] = pa.uint8()  # its low byte: what the usual filter reads, a quarter of the bytes
    return pa.schema({**fields, "flags": pa.uint32(), "twin": pa.uint32(), "photo": pa.uint64()})


def texts_column(columns: Sequence[pa.ChunkedArray]) -> pa.Array:
    """Lay texts behind one another, row by row.

    Args:
        columns: one column of strings for each of `TEXTS`, all of one length.

    Returns:
        A column of lists of four.
    """
    rows = len(columns[0])
    behind = pa.concat_arrays([chunk for texts in columns for chunk in texts.chunks])
    order = np.arange(rows * len(TEXTS)).reshape(len(TEXTS), rows).T.reshape(-1)
    return pa.FixedSizeListArray.from_arrays(behind.take(column(order)), len(TEXTS))


def stored_column(table: pa.Table, name: str) -> pa.ChunkedArray:
    """Give one column by name.

    Args:
        table: columns with the stored schema.
        name: a stored column, or one of `TEXTS`.

    Returns:
        The column, in as many chunks as the table has.
    """
    if name not in TEXTS or name in table.column_names:
        return table[name]
    place = TEXTS.index(name)
    chunks = [
        chunk.flatten().take(column(np.arange(place, len(TEXTS) * len(chunk), len(TEXTS))))
        for chunk in table["texts"].chunks
    ]
    return pa.chunked_array(chunks, pa.string())


def stored_columns(table: pa.Table, names: Sequence[str]) -> pa.Table:
    """Give columns by name.

    Args:
        table: columns with the stored schema.
        names: stored columns, or any of `TEXTS`.

    Returns:
        A table of these.
    """
    return pa.Table.from_arrays([stored_column(table, name) for name in names], names=list(names))


def plain_columns(table: pa.Table) -> pa.Table:
    """Give every column, one per name.

    Args:
        table: columns with the stored schema.

    Returns:
        The same rows, the texts apart.
    """
    together = "texts" in table.column_names
    return stored_columns(
        table, [*(TEXTS if together else ()), *(name for name in table.column_names if name != "texts")]
    )


def value_lists(table: pa.Table, names: Sequence[str]) -> list[list[object]]:
    """Give columns as Python lists, the quick way.

    Args:
        table: columns with the stored schema.
        names: stored columns, or any of `TEXTS`.

    Returns:
        One list per name.
    """
    together = (
        [text for chunk in table["texts"].chunks for text in chunk.flatten().to_pylist()]
        if "texts" in table.column_names
        else []
    )
    return [
        together[TEXTS.index(name) :: len(TEXTS)] if together and name in TEXTS else table[name].to_pylist()
        for name in names
    ]


def row_pieces(table: pa.Table, rows: npt.NDArray[np.int64] | None) -> Iterator[pa.Table]:
    """Give rows in pieces of bounded size.

    Arrow's own `take` joins all chunks first: it copies columns of which it needs ten rows, and from 2 GB of text on it
    fails (26.0 still does).

    Args:
        table: a table of many chunks.
        rows: row numbers in the order wanted; None for all.

    Yields:
        Tables of at most `PIECE_ROWS` rows, or of one chunk.
    """
    if rows is None or _is_run(rows):
        run = table if rows is None else table.slice(int(rows[0]), len(rows))
        yield from (pa.Table.from_batches([batch]) for batch in run.to_batches())
        return
    batches = table.to_batches()
    bounds = np.cumsum([0, *(batch.num_rows for batch in batches)])
    for start in range(0, len(rows), PIECE_ROWS):
        yield _piece(batches, bounds, rows[start : start + PIECE_ROWS])


def take_rows(table: pa.Table, rows: npt.NDArray[np.int64]) -> pa.Table:
    """Give some rows.

    Args:
        table: a table of many chunks.
        rows: row numbers in the order wanted.

    Returns:
        A table of as many rows.
    """
    return pa.concat_tables([table.slice(0, 0), *row_pieces(table, rows)])


def _is_run(rows: npt.NDArray[np.int64]) -> bool:
    return len(rows) > 0 and rows[-1] - rows[0] == len(rows) - 1 and bool((np.diff(rows) == 1).all())


def _piece(batches: Sequence[pa.RecordBatch], bounds: npt.NDArray[np.int64], rows: npt.NDArray[np.int64]) -> pa.Table:
    """Take rows batch by batch, then put them into the order wanted."""
    order = np.argsort(rows, kind="stable")
    ordered = rows[order]
    cuts = np.searchsorted(ordered, bounds)
    parts = [
        batch.take(column(ordered[cuts[number] : cuts[number + 1]] - bounds[number]))
        for number, batch in enumerate(batches)
        if cuts[number] < cuts[number + 1]
    ]
    places = np.empty(len(rows), np.int64)
    places[order] = np.arange(len(rows))
    return pa.Table.from_batches(parts).combine_chunks().take(column(places))
