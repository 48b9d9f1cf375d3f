"""Credit for source photos, as their licence asks: who made each photo, where it is, under which licence."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pico_banana.errors import ConfigError
from pico_banana.mirrors.addresses import parse_address
from pico_banana.pictures.jobs.needed import needed_pictures
from pico_banana.pictures.sources.chain import find_index

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pico_banana.mirrors.fetch.provenance import Note
    from pico_banana.pictures.sources.index import PhotoIndex
    from pico_banana.pictures.sources.photo import Photo
    from pico_banana.rows.sequence import RecordSequence

_BATCH = 20_000


def photos_of(dataset: RecordSequence[Any], *, index: PhotoIndex | None = None) -> Iterator[tuple[str, Photo | None]]:
    """Look up every source photo of a dataset.

    Args:
        dataset: the rows.
        index: the photo index; None opens the one in the store.

    Yields:
        (address, photo), each photo once; the photo is None where the index does not know it.

    Raises:
        ConfigError: there is no photo index.
    """
    known = index or find_index(dataset.mirror)
    if known is None:
        text = "credit needs the photo index; build it once with `pico-banana photos index`"
        raise ConfigError(text, key="photos.index")
    addresses: list[str] = []
    for address in needed_pictures(dataset, ("source",)):
        addresses.append(address)
        if len(addresses) == _BATCH:
            yield from _looked_up(addresses, known)
            addresses.clear()
    yield from _looked_up(addresses, known)


def photo_as_dict(address: str, photo: Photo | None, note: Note | None = None) -> dict[str, object]:
    """Give what is known of a photo for a JSON line.

    Args:
        address: its address.
        photo: the photo, or None.
        note: which copy of it is in the store, or None.

    Returns:
        Plain values only; "known" says whether there is anything.
    """
    if photo is None:
        return {"address": address, "url": parse_address(address).source_url, "known": False}
    return {
        "address": address,
        "url": photo.url,
        "known": True,
        "image_id": photo.image_id,
        "author": photo.author,
        "author_url": photo.author_url,
        "page": photo.page,
        "title": photo.title,
        "licence": photo.licence,
        "rotation": photo.rotation,
        "stored_size": None if note is None else note.variant,
        "stored_from": None if note is None else note.source,
    }


def _looked_up(addresses: list[str], index: PhotoIndex) -> Iterator[tuple[str, Photo | None]]:
    urls = [parse_address(address).source_url for address in addresses]
    yield from zip(list(addresses), index.photos(urls), strict=True)
