"""The public columns of a subset as Arrow: what pandas, polars, DuckDB and `datasets` see.

Stored columns are compact (paths, codes, bits); the public ones say what they mean (addresses, slugs, flag names).
"""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from pico_banana.mirrors.addresses import address_prefix, key_of_url, written_key
from pico_banana.records import Role, Subset
from pico_banana.records.texts import clean_short_instruction
from pico_banana.rows.buffers import column, numbers
from pico_banana.rows.lines.flags import flags_of
from pico_banana.rows.lines.ids import id_maker
from pico_banana.rows.table.mapped import NO_TYPE, RowTable
from pico_banana.rows.table.stored import row_pieces, stored_column

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

NAMES = pa.dictionary(pa.int32(), pa.string())
_TURN = pa.struct(
    [
        ("instruction", pa.string()),
        ("image", pa.string()),
        ("inferred_edit_type", pa.string()),
        ("inferred_confidence", pa.float32()),
    ]
)
_TEXTS = {"instruction": pa.string(), "short_instruction": pa.string(), "clean_short_instruction": pa.string()}
_TYPES = {"edit_type": NAMES, "category": NAMES, "edit_type_label": NAMES}
_LAST = {"flags": pa.list_(pa.string())}
_FIELDS: dict[Subset, dict[str, pa.DataType]] = {
    Subset.SINGLE_TURN: {
        "id": pa.string(),
        "source_image": pa.string(),
        "edited_image": pa.string(),
        **_TEXTS,
        **_TYPES,
        **_LAST,
        "source_url": pa.string(),
    },
    Subset.PREFERENCE: {
        "id": pa.string(),
        "source_image": pa.string(),
        "edited_image": pa.string(),
        "rejected_images": pa.list_(pa.string()),
        **_TEXTS,
        **_TYPES,
        **_LAST,
        "source_url": pa.string(),
    },
    Subset.MULTI_TURN: {
        "id": pa.string(),
        "source_image": pa.string(),
        "turns": pa.list_(_TURN),
        **_LAST,
        "source_url": pa.string(),
    },
    Subset.INSTRUCTIONS: {"id": pa.string(), **_TEXTS, **_TYPES, **_LAST},
}
CHUNK_ROWS = 16_384


@cache
def public_schema(subset: Subset) -> pa.Schema:
    """Give the public columns of a subset.

    Args:
        subset: any of the four.

    Returns:
        Their names and Arrow types. Pictures are addresses; edit types and categories are slugs, null for an unknown
        type, whose published text is in `edit_type_label`.
    """
    return pa.schema(_FIELDS[subset])


def public_table(
    table: RowTable,
    rows: npt.NDArray[np.int64] | None,
    *,
    subset: Subset,
    mirror: str,
    columns: Sequence[str] | None = None,
) -> pa.Table:
    """Give the public columns of chosen rows.

    Args:
        table: the row store.
        rows: row numbers in the order wanted; None for all.
        subset: which columns there are; `instructions` over the store of `single_turn`.
        mirror: the mirror's name, which addresses carry.
        columns: only these, in this order; None for all.

    Returns:
        A table with the schema of `public_schema`, or that part of it.
    """
    schema = public_schema(subset)
    wanted = schema if columns is None else pa.schema([schema.field(name) for name in columns])
    maker = _Maker(table, subset, mirror)
    pieces = [
        pa.Table.from_arrays([maker.make(field.name, piece).cast(field.type) for field in wanted], schema=wanted)
        for piece in row_pieces(table.arrow(), rows)
    ]
    return pa.concat_tables([wanted.empty_table(), *pieces])


def public_batches(table: RowTable, rows: npt.NDArray[np.int64], *, subset: Subset, mirror: str) -> Iterator[pa.Table]:
    """Give the public columns of chosen rows in pieces, so that memory stays bounded.

    Args:
        table: the row store.
        rows: row numbers in the order wanted.
        subset: which columns there are.
        mirror: the mirror's name.

    Yields:
        Tables of at most `CHUNK_ROWS` rows.
    """
    for start in range(0, len(rows), CHUNK_ROWS):
        yield public_table(table, rows[start : start + CHUNK_ROWS], subset=subset, mirror=mirror)


class _Maker:
    """Makes public columns out of stored ones."""

    def __init__(self, table: RowTable, subset: Subset, mirror: str) -> None:
        self._table, self._subset, self._mirror = table, subset, mirror
        self._makers: dict[str, Callable[[pa.Table], pa.Array | pa.ChunkedArray]] = {
            "id": self._ids,
            "source_image": self._sources,
            "edited_image": lambda stored: self._addresses(stored_column(stored, "edited"), "edited"),
            "rejected_images": lambda stored: self._listed(stored_column(stored, "rejected")),
            "instruction": lambda stored: stored_column(stored, "instruction"),
            "short_instruction": lambda stored: stored_column(stored, "short"),
            "clean_short_instruction": self._clean,
            "edit_type": lambda stored: self._names(
                stored, [str(kind) if kind.known else None for kind in table.edit_types]
            ),
            "category": lambda stored: self._names(
                stored, [str(kind.category) if kind.known else None for kind in table.edit_types]
            ),
            "edit_type_label": lambda stored: self._names(stored, list(table.labels)),
            "flags": self._flags,
            "source_url": lambda stored: stored_column(stored, "source"),
            "turns": self._turns,
        }

    def make(self, name: str, stored: pa.Table) -> pa.Array | pa.ChunkedArray:
        return self._makers[name](stored)

    def _ids(self, stored: pa.Table) -> pa.Array:
        identity = id_maker(self._subset)
        paths = stored_column(stored, "path" if self._subset is Subset.MULTI_TURN else "edited").to_pylist()
        twins = numbers(stored_column(stored, "twin"), np.uint32).tolist()
        return pa.array(map(identity, paths, twins), pa.string(), size=len(paths))

    def _sources(self, stored: pa.Table) -> pa.Array | pa.ChunkedArray:
        urls, local = stored_column(stored, "source"), stored_column(stored, "local_source")
        odd = pc.match_substring_regex(urls, r"::|[%\\]")
        plain = local.null_count == len(local) and not pc.any(odd).as_py()
        if plain and pc.all(pc.starts_with(urls, "https://")).as_py():
            return self._addresses(pc.utf8_slice_codeunits(urls, len("https://")), "source")
        prefix, local_photo = address_prefix(self._mirror, "source"), self._table.local_photo
        return pa.array(
            [
                (path and local_photo(path)) or prefix + written_key(key_of_url(url))
                for url, path in zip(urls.to_pylist(), local.to_pylist(), strict=True)
            ],
            pa.string(),
        )

    def _addresses(self, paths: pa.Array | pa.ChunkedArray, role: Role) -> pa.Array | pa.ChunkedArray:
        return pc.binary_join_element_wise(pa.scalar(address_prefix(self._mirror, role)), paths, pa.scalar(""))

    def _listed(self, lists: pa.ChunkedArray) -> pa.Array:
        whole = lists.combine_chunks()
        return pa.ListArray.from_arrays(_bounds(whole), self._addresses(pc.list_flatten(whole), "edited"))

    def _clean(self, stored: pa.Table) -> pa.Array:
        pairs = zip(
            stored_column(stored, "short").to_pylist(), stored_column(stored, "instruction").to_pylist(), strict=True
        )
        return pa.array([clean_short_instruction(short, long) for short, long in pairs], pa.string())

    def _names(self, stored: pa.Table, name_of_code: Sequence[str | None]) -> pa.Array:
        names = list(dict.fromkeys(name for name in name_of_code if name is not None))
        place = {name: index for index, name in enumerate(names)}
        index_of_code = np.array([-1 if name is None else place[name] for name in name_of_code], np.int32)
        indices = index_of_code[numbers(stored_column(stored, "type"), np.uint32)]
        return pa.DictionaryArray.from_arrays(pa.array(indices, mask=indices < 0), pa.array(names, pa.string()))

    def _flags(self, stored: pa.Table) -> pa.Array:
        bits = numbers(stored_column(stored, "flags"), np.uint32)
        different, places = np.unique(bits, return_inverse=True)
        lists = pa.array([sorted(map(str, flags_of(value))) for value in different.tolist()], pa.list_(pa.string()))
        return lists.take(column(places.reshape(-1).astype(np.int64)))

    def _turns(self, stored: pa.Table) -> pa.Array:
        texts = stored_column(stored, "turn_instruction").combine_chunks()
        codes = numbers(pc.list_flatten(stored_column(stored, "turn_type")), np.uint16)
        slugs = np.array([*(str(kind) for kind in self._table.edit_types), None], object)
        kinds = pa.array(slugs[np.where(codes == NO_TYPE, len(slugs) - 1, codes)].tolist(), pa.string())
        values = [
            pc.list_flatten(texts),
            self._addresses(pc.list_flatten(stored_column(stored, "turn_image").combine_chunks()), "edited"),
            kinds,
            pc.list_flatten(stored_column(stored, "turn_confidence").combine_chunks()),
        ]
        return pa.ListArray.from_arrays(_bounds(texts), pa.StructArray.from_arrays(values, fields=list(_TURN)))


def _bounds(lists: pa.ListArray) -> pa.Array:
    """Give the offsets of a list column that count within its flattened values."""
    offsets = numbers(lists.offsets, np.int32)
    return column(offsets - offsets[0] if len(offsets) else np.zeros(1, np.int32))
