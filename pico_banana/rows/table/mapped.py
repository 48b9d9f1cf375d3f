"""The row store, opened: the columns of a memory-mapped Arrow file as plain views of memory.

Opening costs one small JSON file and imports neither NumPy nor pyarrow; a filter touches only the bytes of the columns
it asks about. See `build.py` for how the files come to be.
"""

from __future__ import annotations

import mmap
import os
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from struct import calcsize
from typing import TYPE_CHECKING, Any
from weakref import finalize

from pico_banana.errors import StoreError
from pico_banana.mirrors.inside import is_held
from pico_banana.mirrors.store import home
from pico_banana.records import Subset
from pico_banana.rows.bad import BadRow
from pico_banana.rows.table.damage import checksum, gaps, hold, read_index
from pico_banana.taxonomy import EditType, edit_type_from_label

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    import pyarrow as pa

TEXTS = ("edited", "source", "instruction", "short")  # the texts of an edit, in the order they lie in the file
NO_TYPE = 0xFFFF  # code of a turn whose instruction gives no hint of a type


@dataclass(frozen=True, slots=True)
class Strings:
    """One batch of a column of strings, as raw Arrow buffers.

    Attributes:
        offsets: int32 view, one more than there are strings.
        start: where the text begins in the mapped file.
        valid: bitmap of strings that are not null, or None when none is.
    """

    offsets: memoryview
    start: int
    valid: memoryview | None


class RowTable:
    """The rows of one published file.

    The file's size is looked at when it is opened, the checksum of a column's batch when that is first touched: opening
    costs nothing for it, and what is damaged is never given out.

    Attributes:
        subset: whose rows these are; never `instructions`, which is a view of `single_turn`.
        folder: the folder of the store's files.
        path: the Arrow file.
        labels: the published label for each edit type code.
        bad_rows: the lines that were skipped when the store was built.
        sha256: hash of the rows file the store was built from.
        source: the path of that rows file.
        type_counts: how many rows have each edit type code.
        unmatched: ids that were to be marked and name no row here, see `marked`.
    """

    unmatched: tuple[str, ...] = ()

    def __init__(
        self, index_path: Path, index: dict[str, Any] | None = None, rebuild: Callable[[], dict[str, Any]] | None = None
    ) -> None:
        """Map the file that an index names; `rebuild` builds a damaged one anew and gives its index."""
        self._index_path, self._rebuild = index_path, rebuild
        self._open(index or read_index(index_path))

    def _open(self, index: dict[str, Any]) -> None:
        self._index = index
        index_path = self._index_path
        self.subset = Subset(index["subset"])
        self.folder = index_path.parent
        self.path = self.folder / index["arrow"]
        self.labels: tuple[str, ...] = tuple(index["labels"])
        self.bad_rows = tuple(BadRow(**bad) for bad in index["bad_rows"])
        self.sha256: str = index["source"]["sha256"]
        self.source = Path(index["source"]["path"])
        self._rows: int = index["rows"]
        self.batch_rows: int = index["batch_rows"]
        self._places: dict[str, list[list[list[int] | None]]] = index["places"]
        self.type_counts: list[int] = index["type_counts"]
        self._sums: dict[str, list[int]] = index["sums"]
        self._sound: set[tuple[str, int]] = set()
        self._handle = os.open(self.path, os.O_RDONLY | getattr(os, "O_BINARY", 0))
        finalize(self, os.close, self._handle)
        hold(self._handle)
        if os.fstat(self._handle).st_size != index["bytes"]:
            raise StoreError(f"{self.path} is cut off", path=str(self.path))
        self.data = mmap.mmap(self._handle, 0, access=mmap.ACCESS_READ)

    def __len__(self) -> int:
        """Give the number of rows."""
        return self._rows

    def __reduce__(self) -> tuple[Any, ...]:
        """Travel to another process as a path and the index; the rows stay where they are."""
        return _reopened, (self._index_path, self._index, self._rebuild)

    def local_photo(self, path: str) -> str | None:
        """Give the photo that a row names by a path of its own.

        Args:
            path: as the row has it, absolute or relative to the rows file.

        Returns:
            The path; None where it does not count: the rows file is a mirror's own and not one the user named, or the
            path leads out of that file's folder, the mirror's, the store, and the folders in `PICO_BANANA_ALLOW`.
        """
        trusted: list[str] | None = self._index.get("photos_below")
        if trusted is None:
            return None
        full = os.path.normpath(self.source.parent / path)
        return full if any(is_held(full, folder) for folder in (*trusted, str(home()))) else None

    @cached_property
    def edit_types(self) -> tuple[EditType, ...]:
        """The edit type for each code, unknown labels included."""
        return tuple(edit_type_from_label(label) for label in self.labels)

    @property
    def batches(self) -> int:
        """How many batches the rows lie in."""
        return -(-self._rows // self.batch_rows)

    def starts(self) -> Iterator[tuple[int, int]]:
        """Give each batch with the number of its first row.

        Yields:
            (batch, first row).
        """
        for batch in range(self.batches):
            yield batch, batch * self.batch_rows

    def view(self, column: str, batch: int, kind: str, *, buffer: int = 1) -> memoryview:
        """View one batch of a column of numbers.

        Args:
            column: its name.
            batch: which batch.
            kind: the numbers' type as `struct` writes it: "H" uint16, "I" uint32, "Q" uint64, "i" int32, "f" float32.
            buffer: which Arrow buffer; 1 for plain numbers and for the offsets of a list, 3 for the numbers in a list.

        Returns:
            The numbers; those of a list's buffers may be more than the batch has rows.
        """
        self._require(column, batch)
        offset, size = self._places[column][batch][buffer] or (0, 0)
        numbers: memoryview = memoryview(self.data)[offset : offset + size - size % calcsize(kind)].cast(kind)  # type: ignore[call-overload]  # its stub wants literal formats
        return numbers[: self.length(batch)] if len(self._places[column][batch]) == 2 else numbers  # noqa: PLR2004

    def copy(self, column: str, batch: int) -> bytes:
        """Read one batch of a column of numbers without mapping it, so that a scan of all batches needs no memory.

        It is not compared with its checksum: that would take as long again. Who scans compares with `type_counts`.

        Args:
            column: its name.
            batch: which batch.

        Returns:
            The numbers as they lie in the file.
        """
        offset, size = self._places[column][batch][1] or (0, 0)
        return os.pread(self._handle, size, offset) if hasattr(os, "pread") else self.data[offset : offset + size]

    def strings(self, column: str, batch: int, *, buffer: int = 0) -> Strings:
        """View one batch of a column of strings.

        Args:
            column: its name.
            batch: which batch.
            buffer: the first of its three Arrow buffers; 0 for plain strings, 2 for the strings in a list.

        Returns:
            The raw buffers.
        """
        self._require(column, batch)
        valid, offsets, text = self._places[column][batch][buffer : buffer + 3]
        view = memoryview(self.data)
        return Strings(
            offsets=view[offsets[0] : offsets[0] + offsets[1]].cast("i")
            if offsets
            else memoryview(b"\0\0\0\0").cast("i"),
            start=text[0] if text else 0,
            valid=view[valid[0] : valid[0] + valid[1]] if valid and valid[1] else None,
        )

    def arrow(self) -> pa.Table:
        """Open the stored columns with pyarrow, still mapped.

        Returns:
            The physical columns as `build.py` describes them; `dataset.to_arrow` gives the public ones.
        """
        import pyarrow as pa

        for column in self._sums:
            for batch in range(len(self._sums[column])):
                self._require(column, batch)
        # The mapping itself, not the path: another process may have put another file in its place.
        return pa.ipc.open_file(pa.BufferReader(pa.py_buffer(self.data))).read_all()

    def damaged(self) -> list[str]:
        """Compare everything with its checksum.

        Returns:
            The damaged columns.
        """
        batches = {column: range(len(sums)) for column, sums in self._sums.items()}
        return [column for column, all_of in batches.items() if not all(self._is_sound(column, one) for one in all_of)]

    def mend(self, column: str) -> None:
        """Build the store anew, because a column is damaged.

        Args:
            column: which one.

        Raises:
            StoreError: the rows file is gone or is another one now, or the store cannot be written.
        """
        if self._rebuild is None:
            self._index_path.unlink(missing_ok=True)
            text = f"{self.path} is damaged ({column}); open the rows again, which builds the store anew"
            raise StoreError(text, path=str(self.path))
        self._open(self._rebuild())

    def _require(self, column: str, batch: int) -> None:
        if (column, batch) in self._sound:
            return
        if not self._is_sound(column, batch):
            self.mend(column)
        self._sound.add((column, batch))

    def _is_sound(self, column: str, batch: int) -> bool:
        buffers = self._places[column][batch] if column else gaps(self._places, len(self.data))
        return checksum(self.data, buffers) == self._sums[column][batch]

    def length(self, batch: int) -> int:
        """Count the rows of one batch.

        Args:
            batch: which batch.

        Returns:
            `batch_rows`, or fewer for the last one.
        """
        return min(self.batch_rows, self._rows - batch * self.batch_rows)


def _reopened(index_path: Path, index: dict[str, Any], rebuild: Callable[[], dict[str, Any]] | None) -> RowTable:
    """Open a table that came from another process, which may have ended and its file with it.

    Raises:
        OSError: it cannot be opened, nor built anew.
    """
    try:
        return RowTable(index_path, index, rebuild)
    except OSError:
        if rebuild is None:
            raise
        return RowTable(index_path, rebuild(), rebuild)
