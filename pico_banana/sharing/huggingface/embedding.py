"""The pictures' bytes in the place of their addresses, for readers that do not have this package."""

from __future__ import annotations

import warnings
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any

from pico_banana.errors import PictureError
from pico_banana.pictures.filesystem import local_path
from pico_banana.records.decoding.whole import look_at

if TYPE_CHECKING:
    from collections.abc import Iterator

    import pyarrow as pa

EMBEDDED_ROWS = 32  # a batch; its pictures are in memory at once, up to some 150 MB
_WORKERS = 8
_PICTURE = {"bytes", "path"}


def embedded(table: pa.Table) -> pa.Table:
    """Read the pictures of a table of `feature_table`, several at a time, and put them in.

    Args:
        table: rows with pictures as `{"bytes": None, "path": address}`; few enough that their pictures fit in memory.

    Returns:
        The same rows with `{"bytes": the encoded file, "path": its name}`. A picture that nobody has, or that is no
        whole picture, is null, and a warning says so.

    Raises:
        TransportError: a picture could not be fetched this time.
    """
    import pyarrow as pa

    rows = table.to_pylist()
    addresses = dict.fromkeys(_addresses(rows))
    with ThreadPoolExecutor(_WORKERS, thread_name_prefix="pictures") as pool:
        pictures = dict(zip(addresses, pool.map(_picture, addresses), strict=True))
    return pa.Table.from_pylist([_filled(row, pictures) for row in rows], schema=table.schema)


def _picture(address: str) -> dict[str, Any] | None:
    try:
        data = local_path(address).read_bytes()
        look_at(data, address=address)
    except PictureError as error:
        warnings.warn(f"left out, null in its row: {error}", stacklevel=2)
        return None
    return {"bytes": data, "path": address.rpartition("/")[2]}


def _addresses(value: object) -> Iterator[str]:
    if isinstance(value, list):
        for item in value:
            yield from _addresses(item)
    elif isinstance(value, dict):
        if set(value) != _PICTURE:
            yield from _addresses(list(value.values()))
        elif value["path"] is not None:
            yield value["path"]


def _filled(value: Any, pictures: dict[str, dict[str, Any] | None]) -> Any:  # noqa: ANN401 - what Arrow gives
    if isinstance(value, list):
        return [_filled(item, pictures) for item in value]
    if not isinstance(value, dict):
        return value
    if set(value) == _PICTURE:
        return pictures.get(value["path"])
    return {name: _filled(item, pictures) for name, item in value.items()}
