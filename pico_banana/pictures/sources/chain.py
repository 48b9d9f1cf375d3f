"""Places for source photos in a row: the first that has a photo gives it.

A package adds a place under the group `pico_banana.sources`::

    [project.entry-points."pico_banana.sources"]
    mine = "my_package.my_photos:place"

where `place` takes the mirror and gives a `PhotoPlace`. It then works as `--sources mine`.
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Literal, TypeAlias, cast

from pico_banana.errors import ConfigError, unknown_name
from pico_banana.mirrors.addresses import RELEASE
from pico_banana.mirrors.catalog import Mirror, facts
from pico_banana.mirrors.fetch.item import COPY, ORIGINAL, Candidate
from pico_banana.mirrors.fetch.trust import host_of_root
from pico_banana.mirrors.inside import inside
from pico_banana.mirrors.plugins import load_plugin, plugin_names
from pico_banana.mirrors.store import area, home
from pico_banana.pictures.sources.index import INDEX_PATH, PhotoIndex
from pico_banana.pictures.sources.places import ById, Flickr, Folder, PhotoPlace, PublishedLayout

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

SOURCES_VARIABLE = "PICO_BANANA_SOURCES"
NAMES = ("open_images", "flickr", "mirror")
GROUP = "pico_banana.sources"
PhotoSize: TypeAlias = Literal["any", "1024", "original"]


@dataclass(frozen=True, slots=True)
class SourceChain:
    """Places in the order they are asked.

    Attributes:
        places: the places.
        size: "1024" or "original" takes only that size of a photo; "any" takes the first that comes, and reports which.
    """

    places: tuple[PhotoPlace, ...]
    size: PhotoSize = "any"

    def candidates(self, url: str) -> tuple[Candidate, ...]:
        """Say where a photo may be had.

        Args:
            url: the photo's URL.

        Returns:
            Addresses, best first; empty when no place can have it.
        """
        every = (candidate for place in self.places for candidate in place.candidates(url))
        return tuple(one for one in every if self.size == "any" or one.variant in {self.size, ""})


def make_chain(
    mirror: Mirror,
    sources: Sequence[str | PhotoPlace] | None = None,
    *,
    size: PhotoSize = "any",
    index: PhotoIndex | None = None,
) -> SourceChain:
    """Put a chain together.

    Args:
        mirror: whose photos are wanted.
        sources: names ("open_images", "flickr", "mirror"), folders, addresses with `{image_id}`, roots with the
            published layout, or places of one's own; None for `PICO_BANANA_SOURCES`, else the mirror's usual ones.
        size: which size of a photo is wanted.
        index: the photo index; None opens the one in the store when it is there.

    Returns:
        The chain.

    Raises:
        ConfigError: a source needs the index and there is none, or the size is not offered.
        UnknownNameError: there is no such source.
    """
    if size not in {"any", COPY, ORIGINAL}:
        problem = unknown_name("photo size", size, ["any", COPY, ORIGINAL])
        raise problem
    known = index or find_index(mirror)
    chosen = sources or os.environ.get(SOURCES_VARIABLE, "").split() or usual_sources(mirror, known)
    return SourceChain(tuple(_place(source, mirror, known) for source in chosen), size)


def usual_sources(mirror: Mirror, index: PhotoIndex | None) -> tuple[str, ...]:
    """Give the sources that are asked when nobody says otherwise.

    Args:
        mirror: whose photos are wanted.
        index: the photo index, or None while there is none.

    Returns:
        For the release the Open Images copies, then Flickr; without an index only Flickr. A mirror has its own.
    """
    if mirror.name != RELEASE:
        return ("mirror",)
    return ("flickr",) if index is None else ("open_images", "flickr")


def index_path(mirror: Mirror) -> Path:
    """Say where the photo index of a mirror lies.

    Args:
        mirror: the mirror.

    Returns:
        A path in the mirror's part of the store.
    """
    return area(mirror.name) / INDEX_PATH


def find_index(mirror: Mirror) -> PhotoIndex | None:
    """Open the photo index: the one built for the mirror, the mirror's own, else the release's.

    Args:
        mirror: the mirror.

    Returns:
        The index, or None when there is none.
    """
    own = None if mirror.folder is None else inside(mirror.folder, INDEX_PATH)
    places = (index_path(mirror), own, home() / INDEX_PATH)
    return next((PhotoIndex(path) for path in places if path is not None and path.is_file()), None)


def _place(source: str | PhotoPlace, mirror: Mirror, index: PhotoIndex | None) -> PhotoPlace:
    if not isinstance(source, str):
        return source
    if source == "flickr":
        return Flickr(index, near=host_of_root(mirror.root))
    if source == "mirror":
        return PublishedLayout(mirror.root)
    if source == "open_images" or "{image_id}" in source:
        return ById(facts()["open_images"]["object"] if source == "open_images" else source, _needed(index))
    if "://" in source:
        return PublishedLayout(source.rstrip("/"))
    folder = Path(source).expanduser()
    return Folder(folder, index) if folder.is_dir() else _registered(source, mirror)


def _registered(source: str, mirror: Mirror) -> PhotoPlace:
    make = cast("Callable[[Mirror], PhotoPlace] | None", load_plugin(GROUP, source))
    if make is not None:
        return make(mirror)
    known = (*NAMES, *plugin_names(GROUP))
    see = "docs/guides/sources.md; a folder must exist"
    if "," in source:  # an address or a folder may have one, so it parts nothing
        see += ", and several places are named one by one: --sources A --sources B"
    raise unknown_name("photo source", source, known, see=see)


def _needed(index: PhotoIndex | None) -> PhotoIndex:
    if index is None:
        text = (
            "photos by Open Images id need the photo index; build it once with `pico-banana photos index`, "
            "which reads a table of 609 MB, or copy somebody's with `pico-banana photos index --from FILE`"
        )
        raise ConfigError(text, key=SOURCES_VARIABLE)
    return index
