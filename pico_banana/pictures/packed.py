"""Pictures inside the Parquet files of a published repository: found by its index, read with one Range request.

What `pico-banana publish` writes is a mirror whose `images/` and `source/` lie inside Parquet. `index/pictures.parquet`
says for each published path in which file it lies, at which byte, and how long it is; see `hub/pictures_index.py`.
"""

from __future__ import annotations

from bisect import bisect_left
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING

from pico_banana.errors import InterruptedTransferError, MirrorError
from pico_banana.mirrors.addresses import RELEASE, Address, problem_of_path
from pico_banana.mirrors.catalog import SAMPLE, Mirror
from pico_banana.mirrors.fetch.verify import check_head
from pico_banana.mirrors.inside import inside
from pico_banana.mirrors.store import area, write_atomic

if TYPE_CHECKING:
    import pyarrow as pa

_MOST_BYTES = 256 << 20  # as for pictures that are fetched, see `transfer`
_MOST_INDEX_BYTES = 1 << 30  # the release's has some 40 MB
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
        MirrorError: the index points outside the file, because the repository changed since the index was fetched, or
            out of the repository.
        PictureCorruptError: what lies there is no picture.
        StoreError: it could not be written.
    """
    place = find_packed(mirror, address.relative_path)
    if place is None:
        return None
    data = _read(_file_of(mirror, place), place.offset, place.size)
    if len(data) != place.size:
        text = f"{mirror.root} changed since its index was fetched; delete {area(mirror.name) / INDEX} and try again"
        raise MirrorError(text, mirror=mirror.root)
    check_head(data, kind="png" if address.role == "edited" else "jpeg", address=str(address))
    kept = area(mirror.name) / address.relative_path
    write_atomic(kept, data)
    return kept


def _file_of(mirror: Mirror, place: PackedPicture) -> str:
    """Give the address of a file that an index names; the index is data, and names files of its own mirror alone.

    Raises:
        MirrorError: it names anything else, or a length that no picture has.
    """
    file, problem = place.file, problem_of_path(place.file)
    if "::" in file or "\\" in file or ":/" in file:
        problem = "is an address and no path"
    if not problem and (place.offset < 0 or not 0 < place.size <= _MOST_BYTES):
        problem = f"is to be read from {place.offset} for {place.size} bytes, which no picture has"
    if (
        not problem
        and mirror.folder is not None
        and (mirror.folder / file).exists()
        and not inside(mirror.folder, file)
    ):
        problem = "is a link out of the mirror's folder"
    if problem:
        text = f"the index of {mirror.root} names {file!r}, which {problem}; nothing was read"
        raise MirrorError(text, mirror=mirror.root)
    return f"{mirror.root}/{file}"


def find_packed(mirror: Mirror, path: str) -> PackedPicture | None:
    """Look a picture up in a mirror's index.

    Args:
        mirror: any mirror.
        path: the picture's published path, `images/…` or `source/…`.

    Returns:
        Where it lies, or None.

    Raises:
        InterruptedTransferError: the index could not be read this time.
        MirrorError: what the mirror has in its place is no index.
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
    file, offset, size = (index[name][row].as_py() for name in ("file", "offset", "size"))
    return PackedPicture(str(file), int(offset or 0), int(size or 0))


@lru_cache(maxsize=8)
def _index(name: str, root: str) -> pa.Table | None:
    """Open the index of a mirror, fetching it where it is remote; None for a mirror that has none.

    Raises:
        MirrorError: it is no index.
    """
    import pyarrow.parquet as pq

    kept = area(name) / INDEX
    if "://" not in root and inside(Path(root), INDEX) is None:
        return None  # not there, or a link out of the folder
    if not kept.is_file():
        try:
            write_atomic(kept, _read(f"{root}/{INDEX}", 0, None))
        except FileNotFoundError:
            return None
    try:
        return pq.read_table(kept, columns=["path", "file", "offset", "size"]).cast(_schema()).combine_chunks()
    except Exception as error:  # Arrow raises its own, ValueErrors and OSErrors over files that are no index
        kept.unlink(missing_ok=True)
        text = f"{root}/{INDEX} is no index of pictures ({error}); it is fetched again the next time"
        raise MirrorError(text, mirror=root) from error


def _schema() -> pa.Schema:
    import pyarrow as pa

    return pa.schema([("path", pa.string()), ("file", pa.string()), ("offset", pa.int64()), ("size", pa.int64())])


def _read(url: str, offset: int, size: int | None) -> bytes:
    # cache_type="none": fsspec would read megabytes ahead
    from fsspec.core import url_to_fs

    try:
        filesystem, path = url_to_fs(url)
        with filesystem.open(path, "rb", cache_type="none") as file:
            file.seek(offset)
            data: bytes = file.read(size if size is not None else _MOST_INDEX_BYTES + 1)
            if size is None and len(data) > _MOST_INDEX_BYTES:
                raise ValueError(f"it has more than {_MOST_INDEX_BYTES:,} bytes, which no index has")  # noqa: TRY301
            return data
    except FileNotFoundError:
        raise
    except Exception as error:  # each filesystem raises the errors of its own client
        text = f"{url} could not be read ({error}); try again"
        raise InterruptedTransferError(text, url=url) from error
