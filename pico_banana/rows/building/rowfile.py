"""Writing a row store: an Arrow file in batches of equal length, and an index of where each buffer lies in it.

The Arrow file is an ordinary one; anything that reads Arrow reads it. The index lets `table.py` filter and make records
from the mapped file with NumPy alone, without importing pyarrow.
"""

from __future__ import annotations

import mmap
from typing import TYPE_CHECKING, TypeAlias, cast

import pyarrow as pa

from pico_banana.mirrors.store import writing

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from pathlib import Path

BATCH_ROWS = 1 << 14

Place: TypeAlias = tuple[int, int] | None
Places: TypeAlias = dict[str, list[list[Place]]]


class RowFileWriter:
    """Writes tables of any length as batches of `BATCH_ROWS`.

    Attributes:
        rows: how many rows were taken so far.
    """

    def __init__(self, path: Path, schema: pa.Schema) -> None:
        """Open a file for writing rows of one schema.

        Raises:
            StoreError: it cannot be written.
        """
        self.rows = 0
        self._path, self._schema = path, schema
        with writing(path):
            self._sink = pa.OSFile(str(path), "wb")
            self._writer = pa.ipc.new_file(self._sink, schema)
        self._waiting: list[pa.Table] = []
        self._waiting_rows = 0

    def write(self, table: pa.Table) -> None:
        """Take some rows.

        Args:
            table: rows with the writer's schema.
        """
        self.rows += table.num_rows
        self._waiting.append(table)
        self._waiting_rows += table.num_rows
        while self._waiting_rows >= BATCH_ROWS:
            self._flush(BATCH_ROWS)

    def close(self) -> Places:
        """Write what is left and close the file.

        Returns:
            For each column and batch, the (offset, length) in bytes of each of its Arrow buffers, None where absent.
        """
        if self._waiting_rows:
            self._flush(self._waiting_rows)
        with writing(self._path):
            self._writer.close()
            self._sink.close()
        return _places(self._path)

    def abandon(self) -> None:
        """Close the file without caring for its content."""
        self._sink.close()

    def _flush(self, rows: int) -> None:
        table = pa.concat_tables(self._waiting)
        batch = table.slice(0, rows).combine_chunks().to_batches(max_chunksize=rows)[0]
        with writing(self._path):
            self._writer.write_batch(batch)
        pa.default_memory_pool().release_unused()
        rest = table.slice(rows)
        self._waiting, self._waiting_rows = ([rest] if rest.num_rows else []), rest.num_rows


def _places(path: Path) -> Places:
    with pa.memory_map(str(path)) as file:
        base = file.read_buffer(1).address
        file.seek(0)
        reader = pa.ipc.open_file(file)
        names = reader.schema.names
        places: Places = {name: [] for name in names}
        for number in range(reader.num_record_batches):
            batch = reader.get_batch(number)
            for name, column in zip(names, batch.columns, strict=True):
                places[name].append(
                    [None if buffer is None else (buffer.address - base, buffer.size) for buffer in column.buffers()]
                )
    return places


def patch(path: Path, places: Places, changes: Mapping[str, Iterable[tuple[int, int]]]) -> None:
    """Change single values of uint32 columns in a written file.

    Args:
        path: the file.
        places: what `close` gave.
        changes: column to (row, new value).
    """
    with path.open("r+b") as file, mmap.mmap(file.fileno(), 0) as data:
        for column, values in changes.items():
            for row, value in values:
                offset, _ = cast("tuple[int, int]", places[column][row // BATCH_ROWS][1])
                start = offset + 4 * (row % BATCH_ROWS)
                data[start : start + 4] = value.to_bytes(4, "little")
