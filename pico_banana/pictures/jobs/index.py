"""The photo index of a store: built from the published table, or taken from a small file that somebody shared."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING, Any, cast

from pico_banana.errors import ConfigError
from pico_banana.mirrors.addresses import parse_address
from pico_banana.mirrors.catalog import Mirror, facts
from pico_banana.mirrors.fetch.stream import ResumingStream
from pico_banana.mirrors.fetch.transport import Transport
from pico_banana.mirrors.store import atomic_path
from pico_banana.pictures.jobs.needed import needed_pictures
from pico_banana.pictures.sources.chain import index_path
from pico_banana.pictures.sources.index import PhotoIndex
from pico_banana.pictures.sources.index_build import build_index
from pico_banana.pictures.sources.index_file import MAGIC

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from pathlib import Path
    from typing import IO

    from pico_banana.rows.sequence import RecordSequence

_READ_BYTES = 1 << 20
_MOST_BYTES = 4 << 30  # the index of all nine million photos of Open Images has some 1.5 GB


def install_index(
    mirror: Mirror,
    *,
    source: str | None = None,
    only: Iterable[RecordSequence[Any]] | None = None,
    target: Path | None = None,
    transport: Transport | None = None,
    progress: Callable[[int], None] | None = None,
) -> PhotoIndex:
    """Put a photo index in place.

    Args:
        mirror: the mirror it serves.
        source: the table (CSV) or an index file, as an address or a path; None for the published table, 609 MB.
        only: keep only the photos of these datasets: a few megabytes, to share; None keeps all.
        target: where it goes; None for its place in the store.
        transport: what asks.
        progress: called with the number of table rows read so far.

    Returns:
        The index.

    Raises:
        TransportError: the table could not be read to its end.
        RowError: it is no such table.
        ConfigError: it is no index this version reads.
        StoreError: the index cannot be written.
    """
    address = source or facts()["open_images"]["index"]
    place = target or index_path(mirror)
    stream = ResumingStream(transport or Transport(), address)
    with io.BufferedReader(stream, _READ_BYTES) as file:
        if file.peek(len(MAGIC))[: len(MAGIC)] == MAGIC:
            with atomic_path(place, durable=True) as temporary:
                _copy(file, temporary)
                PhotoIndex(temporary)  # checked before it gets its name
        else:
            urls = None if only is None else _photo_urls(only)
            place.parent.mkdir(parents=True, exist_ok=True)
            build_index(cast("IO[bytes]", file), place, about=address, only=urls, progress=progress)
    return PhotoIndex(place)


def _copy(file: IO[bytes], path: Path) -> None:
    """Copy an index that somebody shares.

    Raises:
        ConfigError: it is longer than any index.
    """
    with path.open("wb") as copy:
        while data := file.read(_READ_BYTES):
            copy.write(data)
            if copy.tell() > _MOST_BYTES:
                text = f"this is no photo index: it has more than {_MOST_BYTES:,} bytes"
                raise ConfigError(text, key="photos.index")


def _photo_urls(datasets: Iterable[RecordSequence[Any]]) -> Iterable[str]:
    for dataset in datasets:
        for address in needed_pictures(dataset, ("source",)):
            yield parse_address(address).source_url
