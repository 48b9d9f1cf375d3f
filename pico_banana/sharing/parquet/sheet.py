"""One Parquet file being written, for exports and publications alike: row groups go to a writing thread."""

from __future__ import annotations

import sys
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import ExitStack, contextmanager, suppress
from itertools import cycle
from typing import TYPE_CHECKING, Self

from pico_banana.mirrors.store import atomic_path
from pico_banana.sharing.parquet.arrays import Arena, record_batch
from pico_banana.sharing.parquet.columns import Columns, Picture, arrow_schema, leaves
from pico_banana.sharing.parquet.sink import Sink

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence
    from pathlib import Path

    import pyarrow.parquet as pq

    from pico_banana.sharing.parquet.pictures import FilledRow

_CHUNKING_SINCE = 21  # pyarrow's first version that cuts pages by content


class Pen:
    """What writes one row group while the next is gathered; a context manager.

    Attributes:
        thread: the one that writes.
        arenas: the memory of both row groups, in turn.
    """

    def __init__(self) -> None:
        """Start without memory."""
        self.thread = ThreadPoolExecutor(1, thread_name_prefix="pico-banana-pen")
        self.arenas = cycle((Arena(), Arena()))

    def __enter__(self) -> Self:
        """Give the pen."""
        return self

    def __exit__(self, *_: object) -> None:
        """Wait for what is being written."""
        self.thread.shutdown()


class Sheet:
    """A Parquet file that becomes visible when it is whole.

    Attributes:
        rows: written so far.
        size: bytes of pictures and texts written so far, about.
    """

    def __init__(self, file: Path, columns: Columns, pen: Pen) -> None:
        """Open the file under a temporary name.

        Args:
            file: where it belongs.
            columns: name and kind of each column.
            pen: the writing thread.
        """
        self.rows = self.size = 0
        self._file, self._columns, self._pen = file, columns, pen
        self._exit = ExitStack()
        self._temporary = self._exit.enter_context(atomic_path(file))
        self._sink = Sink(self._temporary, file)
        self._writer = open_writer(self._sink, columns)
        self._pending: Future[None] | None = None

    def write(self, group: Sequence[FilledRow]) -> int:
        """Hand a row group to the writing thread.

        Args:
            group: its rows.

        Returns:
            Its bytes as Arrow counts them.

        Raises:
            DiskFullError: there is no room for it, or was none for those before.
        """
        size = sum(row.size for row in group)
        self._sink.ask_room(size)
        batch = record_batch([row.row for row in group], self._columns, next(self._pen.arenas))
        self._wait()
        self._pending = self._pen.thread.submit(self._writer.write_batch, batch, row_group_size=max(1, len(group)))
        self.rows += len(group)
        self.size += size
        return int(batch.nbytes)

    def close(self) -> None:
        """Write what is left and the footer.

        Raises:
            DiskFullError: there is no room.
        """
        self._wait()
        self._writer.close()
        self._sink.close()
        self._sink.check()

    @contextmanager
    def whole(self) -> Iterator[Path]:
        """Give the closed file to be looked over; afterwards it becomes visible.

        Yields:
            Its temporary path.
        """
        with self._exit:
            yield self._temporary

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


def write_sheet(file: Path, columns: Columns, groups: Iterable[Sequence[FilledRow]], pen: Pen) -> int:
    """Write a whole file.

    Args:
        file: where it belongs.
        columns: name and kind of each column.
        groups: the rows of each row group.
        pen: what writes.

    Returns:
        How many rows are in it.

    Raises:
        DiskFullError: there is no room; nothing became visible.
    """
    sheet = Sheet(file, columns, pen)
    try:
        for group in groups:
            sheet.write(group)
        sheet.close()
    except BaseException:
        sheet.abandon()
        raise
    with sheet.whole():
        return sheet.rows


def open_writer(file: Sink, columns: Columns) -> pq.ParquetWriter:
    """Open a Parquet writer with the settings that every file of ours has.

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
        # Else a page would hold a whole row group: its end is looked for after so many values.
        **({"use_content_defined_chunking": True} if by_content else {"write_batch_size": 1}),
    )
