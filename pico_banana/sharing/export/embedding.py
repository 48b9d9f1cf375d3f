"""Parquet with pictures in it: byte for byte, uncompressed, in row groups that the Hub's viewer can open.

A picture is a struct of `bytes` and `path`, as `datasets` stores an Image. The bytes of one row group are read straight
into one buffer that Arrow then takes as it is; nothing is copied on the way, and nothing is compressed twice.
"""

from __future__ import annotations

import json
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeAlias

from pico_banana.errors import ConfigError
from pico_banana.mirrors.store import atomic_path
from pico_banana.sharing.export.shards import shard_names, write_shards

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    import pyarrow as pa

    from pico_banana.sharing.export.job import Job
    from pico_banana.sharing.export.pictures import Picture

# 64 pairs are about 90 MB: the Hub's viewer refuses row groups beyond 300 MB, and reads a whole one for each page.
GROUP_ROWS = 64
_MOST_GROUP_BYTES = 2**31 - 1  # offsets of Arrow's binary type are 32-bit
Row: TypeAlias = dict[str, Any]
Feature: TypeAlias = Any  # JSON: a dict, or a list of one for a list; it nests without end


@dataclass(frozen=True, slots=True)
class Layout:
    """The columns of a file with pictures.

    Attributes:
        features: for each column what `datasets` calls its feature, as JSON: a dict, or a list of one for a list.
    """

    features: dict[str, Any]

    def metadata(self) -> dict[bytes, bytes]:
        """Give the schema's metadata that makes `datasets` and the Hub see pictures."""
        return {b"huggingface": json.dumps({"info": {"features": self.features}}).encode()}


IMAGE = {"_type": "Image"}
BYTES = {"dtype": "binary", "_type": "Value"}  # a picture whose column is plain bytes
STRING = {"dtype": "string", "_type": "Value"}
INTEGER = {"dtype": "int64", "_type": "Value"}
FLOAT = {"dtype": "float32", "_type": "Value"}


def write_parquet(
    job: Job,
    layout: Layout,
    *,
    count: int,
    rows: Callable[[int, int], Iterator[tuple[str, Row]]],
    group_rows: int = GROUP_ROWS,
) -> None:
    """Write rows with pictures into Parquet shards under `data/`.

    Args:
        job: the export.
        layout: the columns.
        count: how many rows there are.
        rows: gives (id, row) from one place to another; a picture in a row is a `Picture`, a row without all its
            pictures is not given and noted in the report.
        group_rows: rows a row group.
    """
    size = job.options.shard_rows
    names = shard_names(count, size, f"data/{job.options.split}-{{number}}-of-{{count}}.parquet")

    def write(number: int, name: str) -> int:
        with atomic_path(job.folder / name) as temporary:
            part = rows(number * size, min(count, (number + 1) * size))
            return _write_shard(layout, part, str(temporary), group_rows)

    write_shards(job, names, write)


def _write_shard(layout: Layout, rows: Iterator[tuple[str, Row]], path: str, group_rows: int) -> int:
    import pyarrow.parquet as pq

    schema = _schema(layout)
    written = 0
    texts = [name for name, feature in layout.features.items() if not _has_pictures(feature)]
    options = {
        "compression": {name: "zstd" if name in texts else "none" for name in _leaves(schema)},
        "use_dictionary": texts,  # of bytes that never repeat a dictionary is only work
        "write_statistics": texts,
    }
    # A page is closed when it has a megabyte, which is looked at after so many values: after each, or a page would hold
    # a whole row group, and growing its buffer would cost more than writing it.
    with (
        ThreadPoolExecutor(1, thread_name_prefix="pico-banana-pen") as pen,
        pq.ParquetWriter(path, schema, write_page_index=True, write_batch_size=1, **options) as writer,
    ):
        writing: Future[None] | None = None
        for group in _groups(rows, group_rows):
            table = _table(layout, schema, group)  # read while the group before is written
            if writing is not None:
                writing.result()
            writing = pen.submit(writer.write_table, table, row_group_size=len(group))
            written += len(group)
        if writing is not None:
            writing.result()
    return written


def _groups(rows: Iterator[tuple[str, Row]], size: int) -> Iterator[list[Row]]:
    group: list[Row] = []
    for _, row in rows:
        group.append(row)
        if len(group) == size:
            yield group
            group = []
    if group:
        yield group


def _table(layout: Layout, schema: pa.Schema, group: list[Row]) -> pa.Table:
    import pyarrow as pa

    columns = []
    for name, feature in layout.features.items():
        values = [row[name] for row in group]
        columns.append(_column(feature, values, schema.field(name).type))
    return pa.Table.from_arrays(columns, schema=schema)


def _column(feature: Feature, values: Sequence[Any], kind: pa.DataType) -> pa.Array:
    import pyarrow as pa

    if feature == IMAGE:
        return pictures_array(values)
    if feature == BYTES:
        return bytes_array(values)
    if not _has_pictures(feature):
        return pa.array(values, kind)
    (inner,) = feature  # a list of pictures, or of structs with pictures
    flat = [item for value in values for item in value]
    if inner in (IMAGE, BYTES):
        items = _column(inner, flat, kind.value_type)
    else:
        fields = [
            _column(part, [item[name] for item in flat], kind.value_type.field(name).type)
            for name, part in inner.items()
        ]
        items = pa.StructArray.from_arrays(fields, fields=[kind.value_type.field(name) for name in inner])
    offsets = [0]
    for value in values:
        offsets.append(offsets[-1] + len(value))
    return pa.ListArray.from_arrays(pa.array(offsets, pa.int32()), items, type=kind)


def pictures_array(pictures: Sequence[Picture | None]) -> pa.Array:
    """Make a column of pictures.

    Args:
        pictures: the pictures; None is null.

    Returns:
        A struct array of `bytes` and `path`.

    Raises:
        ConfigError: together they are larger than a row group may be.
    """
    import pyarrow as pa

    sizes = [0 if picture is None else picture.size for picture in pictures]
    total = sum(sizes)
    if total > _MOST_GROUP_BYTES:
        msg = f"{len(pictures)} pictures of {total:,} bytes do not fit a row group; export them resized"
        raise ConfigError(msg, key="geometry")
    buffer, place, offsets = pa.allocate_buffer(total), 0, [0]
    memory = memoryview(buffer).cast("B") if total else memoryview(bytearray())
    for picture, size in zip(pictures, sizes, strict=True):
        if picture is not None:
            picture.read_into(memory[place : place + size])
        place += size
        offsets.append(place)
    edges = pa.array(offsets, pa.int32()).buffers()[1]
    data = pa.Array.from_buffers(pa.binary(), len(pictures), [None, edges, buffer])
    paths = pa.array([None if picture is None else _file_name(picture) for picture in pictures], pa.string())
    missing = pa.array([picture is None for picture in pictures], pa.bool_())
    return pa.StructArray.from_arrays([data, paths], names=["bytes", "path"], mask=missing)


def bytes_array(pictures: Sequence[Picture | None]) -> pa.Array:
    """Make a column of pictures as plain bytes.

    Args:
        pictures: the pictures; None is null.

    Returns:
        A binary array.
    """
    return pictures_array(pictures).flatten()[0]  # `field` would forget which are null


def _file_name(picture: Picture) -> str:
    stem = picture.address.rpartition("/")[2].rpartition(".")[0] or "picture"
    return f"{stem}.{picture.suffix}"


def _schema(layout: Layout) -> pa.Schema:
    import pyarrow as pa

    fields = [pa.field(name, _type(feature)) for name, feature in layout.features.items()]
    return pa.schema(fields, metadata=layout.metadata())


def _type(feature: Feature) -> pa.DataType:
    import pyarrow as pa

    if isinstance(feature, list):
        return pa.list_(_type(feature[0]))
    if feature == IMAGE:
        return pa.struct([("bytes", pa.binary()), ("path", pa.string())])
    if feature.get("_type") == "Value":
        return {"binary": pa.binary(), "string": pa.string(), "int64": pa.int64(), "float32": pa.float32()}[
            feature["dtype"]
        ]
    return pa.struct([(name, _type(part)) for name, part in feature.items()])


def _has_pictures(feature: Feature) -> bool:
    if isinstance(feature, list):
        return _has_pictures(feature[0])
    if feature.get("_type") is not None:
        return feature in (IMAGE, BYTES)
    return any(_has_pictures(part) for part in feature.values())


def _leaves(schema: pa.Schema) -> list[str]:
    """The names of a schema's leaf columns, as Parquet spells them."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    sink = pa.BufferOutputStream()
    with pq.ParquetWriter(sink, schema):
        pass
    written = pq.ParquetFile(pa.BufferReader(sink.getvalue())).schema
    return [written.column(number).path for number in range(len(written))]
