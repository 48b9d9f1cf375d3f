"""Rows as Arrow arrays: pictures are copied once, into the buffer Parquet is written from."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import accumulate
from typing import TYPE_CHECKING, Any, Protocol

from pico_banana.errors import ConfigError
from pico_banana.sharing.parquet.columns import (
    Columns,
    Fields,
    Kind,
    Many,
    Picture,
    PictureBytes,
    arrow_schema,
    arrow_type,
)

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    import pyarrow as pa

_MOST_BYTES = 2**31 - 1  # offsets of Arrow's binary type are 32-bit


class Content(Protocol):
    """An encoded picture that lies in memory or in a file."""

    @property
    def size(self) -> int:
        """Bytes."""
        ...

    @property
    def name(self) -> str:
        """What the column `path` says."""
        ...

    def read_into(self, target: memoryview) -> None:
        """Copy the bytes to a place in memory that is `size` long."""
        ...


@dataclass(frozen=True, slots=True)
class Encoded:
    """An encoded picture in memory.

    Attributes:
        data: the file's content.
        name: its published path.
    """

    data: bytes
    name: str

    @property
    def size(self) -> int:
        """Bytes."""
        return len(self.data)

    def read_into(self, target: memoryview) -> None:
        """Copy the bytes.

        Args:
            target: as long as `size`.
        """
        target[:] = self.data


class Arena:
    """One piece of memory that the pictures of every second row group are gathered in.

    A fresh 100 MB for each row group costs more in page faults than the copying itself (60 ms against 15 ms).
    """

    def __init__(self) -> None:
        """Start without memory."""
        self._memory = memoryview(bytearray())
        self._used = 0

    def clear(self, size: int) -> None:
        """Make the memory free again.

        Args:
            size: how many bytes will be gathered next.
        """
        self._used = 0
        if size > len(self._memory):
            self._memory = memoryview(bytearray(size + size // 8))

    def join(self, pictures: Sequence[Content | None]) -> pa.Buffer:
        """Copy pictures one behind the other.

        Args:
            pictures: encoded pictures; they must fit what `clear` was told.

        Returns:
            A view of the memory, good until the next `clear`.
        """
        import pyarrow as pa

        start = self._used
        for picture in pictures:
            if picture is not None:
                end = self._used + picture.size
                picture.read_into(self._memory[self._used : end])
                self._used = end
        return pa.py_buffer(self._memory[start : self._used])


def record_batch(rows: Sequence[dict[str, Any]], columns: Columns, arena: Arena) -> pa.RecordBatch:
    """Build the Arrow form of some rows.

    Args:
        rows: a value for each column; a picture is a `Content` or None.
        columns: name and kind of each column.
        arena: where the pictures are gathered; what was in it is gone.

    Returns:
        One batch with the columns' schema.

    Raises:
        ConfigError: the pictures of one column are larger than a row group can be.
        OSError: a picture cannot be read.
    """
    import pyarrow as pa

    values = [[row[name] for row in rows] for name, _ in columns]
    arena.clear(
        sum(one.size for column, (_, kind) in zip(values, columns, strict=True) for one in inside(column, kind))
    )
    arrays = [array(column, kind, arena) for column, (_, kind) in zip(values, columns, strict=True)]
    return pa.RecordBatch.from_arrays(arrays, schema=arrow_schema(columns))


def inside(values: Iterable[Any], kind: Kind) -> Iterator[Content]:
    """List the pictures of a column in the order their bytes are written.

    Args:
        values: one value a row; None is null.
        kind: what the values are.

    Yields:
        Each picture.
    """
    match kind:
        case Picture() | PictureBytes():
            yield from (value for value in values if value is not None)
        case Many(item):
            yield from inside((one for value in values for one in value or ()), item)
        case Fields(fields):
            rows = list(values)
            for name, inner in fields:
                yield from inside((row[name] for row in rows), inner)


def array(values: Sequence[Any], kind: Kind, arena: Arena) -> pa.Array:
    """Build one Arrow array.

    Args:
        values: one value a row; None is null.
        kind: what the values are.
        arena: where pictures are gathered.

    Returns:
        An array of `arrow_type(kind)`.
    """
    import pyarrow as pa

    match kind:
        case Picture():
            return _pictures(values, arena)
        case PictureBytes():
            return _bytes(values, arena)
        case Many(item):
            inner = [value for values_of_row in values for value in values_of_row or ()]
            offsets = pa.array(_offsets([len(value or ()) for value in values]), pa.int32())
            return pa.ListArray.from_arrays(offsets, array(inner, item, arena), type=arrow_type(kind))
        case Fields(fields):
            parts = [array([value[name] for value in values], inner, arena) for name, inner in fields]
            return pa.StructArray.from_arrays(parts, fields=list(arrow_type(kind)))
        case _:
            return pa.array(values, arrow_type(kind))


def _pictures(values: Sequence[Content | None], arena: Arena) -> pa.Array:
    import pyarrow as pa

    data, absent = _bytes(values, arena), [value is None for value in values]
    paths = pa.array([None if value is None else value.name for value in values], pa.string())
    mask = pa.array(absent, pa.bool_()) if any(absent) else None
    return pa.StructArray.from_arrays([data, paths], fields=list(arrow_type(Picture())), mask=mask)


def _bytes(values: Sequence[Content | None], arena: Arena) -> pa.Array:
    import pyarrow as pa

    sizes = [0 if value is None else value.size for value in values]
    if sum(sizes) > _MOST_BYTES:
        msg = f"{len(values)} pictures of {sum(sizes):,} bytes do not fit a row group; export them resized"
        raise ConfigError(msg, key="geometry")
    present = pa.array([value is not None or None for value in values], pa.bool_()).buffers()[0]
    offsets = pa.array(_offsets(sizes), pa.int32()).buffers()[1]
    return pa.Array.from_buffers(pa.binary(), len(sizes), [present, offsets, arena.join(values)])


def _offsets(lengths: Sequence[int]) -> list[int]:
    return list(accumulate(lengths, initial=0))
