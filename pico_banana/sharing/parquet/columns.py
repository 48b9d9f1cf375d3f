"""What a column is: its Arrow type, its `datasets` feature, its lines in a dataset card.

One description, three spellings, so that a Parquet file, its schema metadata and the card cannot disagree. Lists are
spelled the way `datasets` 3.6 to 5 all read (a list around the feature), not as `List`, which 3.6 does not know.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, Any, TypeAlias

if TYPE_CHECKING:
    from collections.abc import Iterator

    import pyarrow as pa


@dataclass(frozen=True, slots=True)
class Plain:
    """A plain value.

    Attributes:
        dtype: "string", "int32", "float32", "bool", …; the name is Arrow's and `datasets`'.
    """

    dtype: str = "string"


@dataclass(frozen=True, slots=True)
class Label:
    """One of a fixed list of names, kept as a number.

    Attributes:
        names: the names; a value's number is its place here.
    """

    names: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Picture:
    """An encoded picture, embedded byte for byte, with its published path."""


@dataclass(frozen=True, slots=True)
class PictureBytes:
    """An encoded picture, embedded byte for byte in a column of plain bytes, for readers that know no other.

    Attributes:
        dtype: as of a plain value.
    """

    dtype: str = "binary"


@dataclass(frozen=True, slots=True)
class Many:
    """A list.

    Attributes:
        item: what is in it.
    """

    item: Kind


@dataclass(frozen=True, slots=True)
class Fields:
    """Named values.

    Attributes:
        fields: name and kind of each.
    """

    fields: tuple[tuple[str, Kind], ...]


Kind: TypeAlias = Plain | Label | Picture | PictureBytes | Many | Fields
Columns: TypeAlias = tuple[tuple[str, Kind], ...]


def arrow_schema(columns: Columns) -> pa.Schema:
    """Give the schema of a file.

    Args:
        columns: name and kind of each column.

    Returns:
        An Arrow schema whose metadata tells `datasets` the features.
    """
    import pyarrow as pa

    features = {name: _feature(kind) for name, kind in columns}
    metadata = {"huggingface": json.dumps({"info": {"features": features}})}
    return pa.schema([pa.field(name, arrow_type(kind)) for name, kind in columns], metadata=metadata)


@cache
def arrow_type(kind: Kind) -> pa.DataType:
    """Give the Arrow type of a kind.

    Args:
        kind: the kind.

    Returns:
        The type `datasets` stores that feature in.
    """
    import pyarrow as pa

    match kind:
        case Plain(dtype) | PictureBytes(dtype):
            return pa.type_for_alias(dtype)
        case Label():
            return pa.int64()
        case Picture():
            return pa.struct({"bytes": pa.binary(), "path": pa.string()})
        case Many(item):
            return pa.list_(arrow_type(item))
        case Fields(fields):
            return pa.struct({name: arrow_type(inner) for name, inner in fields})


def kind_of(kind: pa.DataType) -> Kind:
    """Say what a column of a stranger's table holds.

    Args:
        kind: its Arrow type.

    Returns:
        The kind; plain values by Arrow's name for them.
    """
    import pyarrow as pa

    if pa.types.is_dictionary(kind):
        return kind_of(kind.value_type)
    if pa.types.is_list(kind) or pa.types.is_large_list(kind):
        return Many(kind_of(kind.value_type))
    if pa.types.is_struct(kind):
        fields = (kind.field(number) for number in range(kind.num_fields))
        return Fields(tuple((field.name, kind_of(field.type)) for field in fields))
    names = {"double": "float64", "float": "float32", "halffloat": "float16", "string_view": "string"}
    return Plain(names.get(str(kind), str(kind)))


def card_features(columns: Columns) -> list[dict[str, Any]]:
    """Give the `features` of a card's `dataset_info`.

    Args:
        columns: name and kind of each column.

    Returns:
        The entries as `datasets` writes them into YAML.
    """
    return [{"name": name, **_card_entry(kind)} for name, kind in columns]


def picture_leaves(columns: Columns) -> list[str]:
    """List the Parquet columns that hold picture bytes.

    Args:
        columns: name and kind of each column.

    Returns:
        Dotted Parquet column paths.
    """
    return [leaf for leaf, kind in leaves(columns) if kind is Picture]


def leaves(columns: Columns) -> Iterator[tuple[str, type[Kind]]]:
    """List the Parquet columns, the bytes of a picture apart from its path.

    Args:
        columns: name and kind of each column.

    Yields:
        Dotted Parquet column path and what it holds; `Picture` for picture bytes, `Plain` for their paths.
    """
    for name, kind in columns:
        yield from _leaves(name, kind)


def _leaves(path: str, kind: Kind) -> Iterator[tuple[str, type[Kind]]]:
    match kind:
        case Picture():
            yield f"{path}.bytes", Picture
            yield f"{path}.path", Plain
        case PictureBytes():
            yield path, Picture
        case Many(item):
            yield from _leaves(f"{path}.list.element", item)
        case Fields(fields):
            for name, inner in fields:
                yield from _leaves(f"{path}.{name}", inner)
        case _:
            yield path, type(kind)


def _feature(kind: Kind) -> dict[str, Any] | list[Any]:
    match kind:
        case Plain(dtype) | PictureBytes(dtype):
            return {"dtype": dtype, "_type": "Value"}
        case Label(names):
            return {"names": list(names), "_type": "ClassLabel"}
        case Picture():
            return {"_type": "Image"}
        case Many(item):
            return [_feature(item)]
        case Fields(fields):
            return {name: _feature(inner) for name, inner in fields}


def _card_entry(kind: Kind) -> dict[str, Any]:
    match kind:
        case Plain(dtype) | PictureBytes(dtype):
            return {"dtype": dtype}
        case Label(names):
            return {"dtype": {"class_label": {"names": {str(number): name for number, name in enumerate(names)}}}}
        case Picture():
            return {"dtype": "image"}
        case Many(Fields() as item):
            return {"list": card_features(item.fields)}
        case Many(item):
            inner = _card_entry(item)
            return {"list": inner["dtype"] if set(inner) == {"dtype"} else inner}
        case Fields(fields):
            return {"struct": card_features(fields)}
