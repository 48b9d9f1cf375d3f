"""The columns of a row store as they lie on disk, and the way back to one column per name.

The four texts of an edit lie behind one another, row by row, in one column of lists of four: a row read at random then
touches one stretch of memory instead of four. `texts_column` and `stored_column` take them apart again.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa

from pico_banana.buffers import column
from pico_banana.columns import schema
from pico_banana.records import Subset
from pico_banana.table import TEXTS

if TYPE_CHECKING:
    from collections.abc import Sequence


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
