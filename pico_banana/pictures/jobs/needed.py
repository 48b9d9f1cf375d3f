"""Which pictures the rows of a dataset need, each named once, as a stream."""

from __future__ import annotations

from array import array
from typing import TYPE_CHECKING, Any

import numpy as np

from pico_banana.records import Role, Subset

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    import pyarrow as pa

    from pico_banana.rows.sequence import RecordSequence

ROLES: tuple[Role, ...] = ("source", "edited")
_CHUNK_ROWS = 16_384
_COLUMNS: dict[Subset, tuple[str, ...]] = {
    Subset.SINGLE_TURN: ("source_image", "edited_image"),
    Subset.PREFERENCE: ("source_image", "edited_image", "rejected_images"),
    Subset.MULTI_TURN: ("source_image", "turns"),
    Subset.INSTRUCTIONS: (),
}


def needed_pictures(dataset: RecordSequence[Any], roles: Sequence[Role] = ROLES) -> Iterator[str]:
    """Name every picture that the rows need.

    Several rows share a photo, and a few share an edit. To name each once without keeping the names, 16 bytes a picture
    are kept: a hash and a place.

    Args:
        dataset: the rows.
        roles: "source", "edited", or both.

    Yields:
        `picobanana://` addresses in the order of the rows. Pictures that rows name by a path of their own are left out.
    """
    hashes = array("q", map(hash, _all(dataset, roles)))
    _, first = np.unique(np.frombuffer(hashes, np.int64), return_index=True)
    fresh = np.zeros(len(hashes), bool)
    fresh[first] = True
    del hashes, first
    for address, is_fresh in zip(_all(dataset, roles), fresh, strict=True):
        if is_fresh:
            yield address


def row_pictures(dataset: RecordSequence[Any], roles: Sequence[Role] = ROLES) -> Iterator[tuple[str, ...]]:
    """Name the pictures of every row.

    Args:
        dataset: the rows.
        roles: "source", "edited", or both.

    Yields:
        For each row its addresses: source first, then edits in their order.
    """
    columns = [name for name in _COLUMNS[dataset.subset] if (name == "source_image") is False or "source" in roles]
    columns = [name for name in columns if name == "source_image" or "edited" in roles]
    for start in range(0, len(dataset), _CHUNK_ROWS):
        table = dataset[start : start + _CHUNK_ROWS].to_arrow(columns=columns)
        parts = [_READ[name](table[name]) for name in columns]
        for row in zip(*parts, strict=True):
            yield tuple(address for part in row for address in part if address and "://" in address)


def _all(dataset: RecordSequence[Any], roles: Sequence[Role]) -> Iterator[str]:
    return (address for row in row_pictures(dataset, roles) for address in row)


def _single(column: pa.ChunkedArray) -> list[tuple[str, ...]]:
    return [(value,) for value in column.to_pylist()]


def _listed(column: pa.ChunkedArray) -> list[list[str]]:
    lists: list[list[str]] = column.to_pylist()
    return lists


def _turns(column: pa.ChunkedArray) -> list[list[str]]:
    return [[turn["image"] for turn in turns] for turns in column.to_pylist()]


_READ: dict[str, Callable[[pa.ChunkedArray], Sequence[Sequence[str]]]] = {
    "source_image": _single,
    "edited_image": _single,
    "rejected_images": _listed,
    "turns": _turns,
}
