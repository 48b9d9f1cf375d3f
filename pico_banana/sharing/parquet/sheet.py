"""One Parquet file being written: row groups go to a writing thread, and what is learnt on the way is kept."""

from __future__ import annotations

import mmap
import sys
from contextlib import ExitStack, suppress
from typing import TYPE_CHECKING

from pico_banana.mirrors.store import atomic_path
from pico_banana.sharing.parquet.arrays import Arena, Encoded, record_batch
from pico_banana.sharing.parquet.columns import Columns, Picture, arrow_schema, leaves
from pico_banana.sharing.parquet.places import Mark, find_places, mark
from pico_banana.sharing.parquet.run import Shard, hash_of_ids
from pico_banana.sharing.parquet.sink import Sink

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence
    from concurrent.futures import Future, ThreadPoolExecutor
    from pathlib import Path

    import pyarrow.parquet as pq

    from pico_banana.sharing.parquet.pictures import FilledRow, Missing

_CHUNKING_SINCE = 21  # pyarrow's first version that cuts pages by content


class Sheet:
    """A Parquet file that becomes visible when it is whole.

    Attributes:
        size: bytes of pictures and texts written so far, about.
    """

    def __init__(self, file: Path, columns: Columns) -> None:
        """Open the file under a temporary name.

        Args:
            file: where it belongs.
            columns: name and kind of each column.
        """
        self.size = 0
        self._file, self._columns = file, columns
        self._exit = ExitStack()
        self._temporary = self._exit.enter_context(atomic_path(file))
        self._sink = Sink(self._temporary, file)
        self._writer = open_writer(self._sink, columns)
        self._pending: Future[None] | None = None
        self._ids: list[str] = []
        self._data_bytes = 0
        self._missing: list[Missing] = []
        self._marks: list[dict[str, list[Mark]]] = []

    def write(self, group: Sequence[FilledRow], arena: Arena, pen: ThreadPoolExecutor) -> None:
        """Hand a row group to the writing thread.

        Args:
            group: its rows.
            arena: where to gather pictures; not that of the group before, which may still be read from.
            pen: the writing thread.

        Raises:
            DiskFullError: there is no room for it, or was none for those before.
        """
        size = sum(row.size for row in group)
        self._sink.ask_room(size)
        arena.clear(size)
        batch = record_batch([row.row for row in group], self._columns, arena)
        self._wait()
        self._pending = pen.submit(self._writer.write_batch, batch, row_group_size=max(1, len(group)))
        self.size += size
        self._data_bytes += batch.nbytes
        self._ids.extend(str(row.row["id"]) for row in group)
        self._missing.extend(missing for row in group for missing in row.missing)
        self._marks.append({name: _marks(row.row[name] for row in group) for name, _ in self._columns})

    def close(self) -> None:
        """Write what is left and the footer.

        Raises:
            DiskFullError: there is no room.
        """
        self._wait()
        self._writer.close()
        self._sink.close()
        self._sink.check()

    def finish(self, root: Path) -> Shard:
        """Look over the closed file and let it become visible.

        Args:
            root: the repository's folder.

        Returns:
            What is in it.

        Raises:
            ExportError: a picture is not in one piece in it.
        """
        with self._exit:
            places = tuple(find_places(self._temporary, self._chunks()))
            digest, size = digest_of(self._temporary), self._temporary.stat().st_size
        name = self._file.relative_to(root).as_posix()
        ids = hash_of_ids(self._ids)
        return Shard(name, len(self._ids), size, self._data_bytes, digest, ids, tuple(self._missing), places)

    def abandon(self) -> None:
        """Drop the file; call it while the exception that ends the run is being handled."""
        with suppress(Exception):
            self._wait()
        with suppress(Exception):
            self._writer.close()
        self._sink.close()
        self._exit.__exit__(*sys.exc_info())

    def _wait(self) -> None:
        pending, self._pending = self._pending, None
        if pending is not None:
            pending.result()
        self._sink.check()

    def _chunks(self) -> Iterator[tuple[int, list[Mark]]]:
        """Give where each column chunk of pictures starts, and its pictures in order."""
        import pyarrow.parquet as pq

        metadata = pq.read_metadata(self._temporary)
        for number, marks in enumerate(self._marks):
            group = metadata.row_group(number)
            for position, (leaf, kind) in enumerate(leaves(self._columns)):
                if kind is Picture:
                    yield group.column(position).data_page_offset, marks[leaf.split(".", 1)[0]]


def open_writer(file: Sink, columns: Columns) -> pq.ParquetWriter:
    """Open a Parquet writer with the settings of a published file.

    Args:
        file: where to write.
        columns: name and kind of each column.

    Returns:
        The writer; close it.
    """
    import pyarrow as pa
    import pyarrow.parquet as pq

    plain = [leaf for leaf, kind in leaves(columns) if kind is not Picture]
    by_content = int(pa.__version__.split(".")[0]) >= _CHUNKING_SINCE
    return pq.ParquetWriter(
        file,
        arrow_schema(columns),
        compression={leaf: "none" if kind is Picture else "snappy" for leaf, kind in leaves(columns)},
        use_dictionary=plain,
        write_statistics=plain,  # the least and greatest picture help nobody and would be written into the footer
        write_page_index=True,
        **({"use_content_defined_chunking": True} if by_content else {}),
    )


def digest_of(file: Path) -> str:
    """Hash a file's content, to tell whether it changed.

    Args:
        file: a file that is not empty.

    Returns:
        XXH3 of 128 bits, hexadecimal.
    """
    import xxhash  # `datasets` brings it; ten times the speed of SHA-256

    with file.open("rb") as handle, mmap.mmap(handle.fileno(), 0, access=mmap.ACCESS_READ) as data:
        return xxhash.xxh3_128_hexdigest(data)


def _marks(values: Iterable[object]) -> list[Mark]:
    """List the pictures of one column in the order their bytes are written."""
    found: list[Mark] = []
    for value in values:
        match value:
            case Encoded():
                found.append(mark(value.path, value.data))
            case list():
                found.extend(_marks(value))
            case dict():
                found.extend(_marks(value.values()))
    return found
