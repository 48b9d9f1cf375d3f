"""Pictures inside the Parquet files of a published repository: found by its index, read with one Range request.

What `pico-banana publish` writes is a mirror whose `images/` and `source/` lie inside Parquet. `index/pictures.parquet`
says for each published path in which file it lies, at which byte, and how long it is; see `hub/pictures_index.py`.
"""

from __future__ import annotations

from bisect import bisect_left
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING

from pico_banana.errors import InterruptedTransferError, MirrorError
from pico_banana.mirrors.addresses import RELEASE, Address
from pico_banana.mirrors.catalog import SAMPLE, Mirror
from pico_banana.mirrors.store import area, write_atomic

if TYPE_CHECKING:
    from pathlib import Path

    import pyarrow as pa

INDEX = "index/pictures.parquet"
_PLAIN_WEB = ("http://", "https://")  # such mirrors have the published layout; repositories are read by hf://


@dataclass(frozen=True, slots=True)
class PackedPicture:
    """Where a picture lies.

    Attributes:
        file: the Parquet file, below the mirror's root.
        offset: its first byte.
        size: bytes.
    """

    file: str
    offset: int
    size: int


def packed_path(address: Address, mirror: Mirror) -> Path | None:
    """Take a picture out of a published repository, and keep it in the store.

    Args:
        address: the picture.
        mirror: the mirror the address names.

    Returns:
        The file, whole; None when the mirror is no published repository or has no such picture.

    Raises:
        InterruptedTransferError: it could not be read this time.
        MirrorError: the index points outside the file: the repository changed since the index was fetched.
        StoreError: it could not be written.
    """
    place = find_packed(mirror, address.relative_path)
    if place is None:
        return None
    data = _read(f"{mirror.root}/{place.file}", place.offset, place.size)
    if len(data) != place.size:
        text = f"{mirror.root} changed since its index was fetched; delete {area(mirror.name) / INDEX} and try again"
        raise MirrorError(text, mirror=mirror.root)
    kept = area(mirror.name) / address.relative_path
    write_atomic(kept, data)
    return kept


def find_packed(mirror: Mirror, path: str) -> PackedPicture | None:
    """Look a picture up in a mirror's index.

    Args:
        mirror: any mirror.
        path: the picture's published path, `images/…` or `source/…`.

    Returns:
        Where it lies, or None.

    Raises:
        InterruptedTransferError: the index could not be read this time.
    """
    if mirror.name in {RELEASE, SAMPLE} or mirror.root.startswith(_PLAIN_WEB):
        return None
    index = _index(mirror.name, mirror.root)
    if index is None:
        return None
    paths = index["path"]
    row = bisect_left(range(len(paths)), path, key=lambda place: paths[place].as_py())
    if row == len(paths) or paths[row].as_py() != path:
        return None
    return PackedPicture(*(index[name][row].as_py() for name in ("file", "offset", "size")))


@lru_cache(maxsize=8)
def _index(name: str, root: str) -> pa.Table | None:
    """Open the index of a mirror, fetching it where it is remote; None for a mirror that has none."""
    import pyarrow.parquet as pq

    kept = area(name) / INDEX
    if not kept.is_file():
        try:
            write_atomic(kept, _read(f"{root}/{INDEX}", 0, None))
        except FileNotFoundError:
            return None
    return pq.read_table(kept).combine_chunks()


def _read(url: str, offset: int, size: int | None) -> bytes:
    # cache_type="none": fsspec would read megabytes ahead
    from fsspec.core import url_to_fs

    try:
        filesystem, path = url_to_fs(url)
        with filesystem.open(path, "rb", cache_type="none") as file:
            file.seek(offset)
            data: bytes = file.read(size if size is not None else -1)
            return data
    except FileNotFoundError:
        raise
    except (OSError, ValueError) as error:
        text = f"{url} could not be read ({error}); try again"
        raise InterruptedTransferError(text, url=url) from error
