"""The places that may have a source photo. Each is usable alone; `chain.py` puts them in a row."""

from __future__ import annotations

import os
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from pico_banana.mirrors.addresses import key_of_url
from pico_banana.mirrors.fetch.item import COPY, ORIGINAL, Candidate
from pico_banana.mirrors.inside import inside

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pico_banana.pictures.sources.index import PhotoIndex


def below(root: str, path: str, name: str) -> Iterator[Candidate]:
    """Say where a root with the published layout has a file that a row names.

    Args:
        root: a folder, or an address that fsspec understands; the user named it.
        path: the file's path below it; a row chose it.
        name: the place as reports show it.

    Yields:
        The file's address: of a folder only what lies in it, links followed; of a web server with `%` written out,
        since the path is a file's and no URL's, then as it stands, for servers that keep such names undecoded; of
        another file system nothing that would start a chain (`::`).
    """
    if root.startswith(("http://", "https://")):
        yield Candidate(name, f"{root}/{path.replace('%', '%25').replace('?', '%3F').replace('#', '%23')}")
        if "%" in path or "?" in path:
            yield Candidate(name, f"{root}/{path}")
    elif "://" in root:
        if "::" not in path:
            yield Candidate(name, f"{root}/{path}")
    elif not os.path.lexists(f"{root}/{path}") or inside(Path(root), path) is not None:
        yield Candidate(name, f"{root}/{path}")


class PhotoPlace(Protocol):
    """Somewhere photos are."""

    @property
    def name(self) -> str:
        """The place as reports show it."""
        ...

    def candidates(self, url: str) -> Iterator[Candidate]:
        """Say where this place would have a photo.

        Args:
            url: the photo's URL, which the release names.

        Yields:
            Addresses to ask; none when this place cannot have it.
        """
        ...


@dataclass(frozen=True, slots=True)
class PublishedLayout:
    """A mirror that holds photos at `source/<host>/<path>`.

    Attributes:
        root: the mirror's root.
        name: as reports show it.
    """

    root: str
    name: str = "mirror"

    def candidates(self, url: str) -> Iterator[Candidate]:
        """Say where this place would have a photo.

        Args:
            url: the photo's URL.

        Yields:
            One address.
        """
        yield from below(self.root, f"source/{key_of_url(url)}", self.name)


@dataclass(frozen=True, slots=True)
class ById:
    """Objects named by Open Images id: the public bucket, or a copy of it.

    Attributes:
        template: address with `{image_id}` in it.
        index: knows the ids.
        name: as reports show it.
    """

    template: str
    index: PhotoIndex
    name: str = "open_images"

    def candidates(self, url: str) -> Iterator[Candidate]:
        """Say where this place would have a photo.

        Args:
            url: the photo's URL.

        Yields:
            One address for a photo that the index knows.
        """
        facts = self.index.facts(url)
        if facts is not None:
            # OriginalMD5 is of the Flickr original: it says nothing about this copy (dataset.md).
            yield Candidate(self.name, self.template.format(image_id=facts[0]), variant=COPY)


@dataclass(frozen=True, slots=True)
class Flickr:
    """The photo's own URL. Some are dead, and Flickr answers 429 even to one connection: the last resort.

    Attributes:
        index: knows size and hash of the originals, so that they can be checked; None checks only that they decode.
        name: as reports show it.
        near: the host of the mirror whose rows name these URLs.
    """

    index: PhotoIndex | None = None
    name: str = "flickr"
    near: str = ""

    def candidates(self, url: str) -> Iterator[Candidate]:
        """Say where this place would have a photo.

        Args:
            url: the photo's URL.

        Yields:
            The URL itself.
        """
        facts = self.index.facts(url) if self.index is not None else None
        md5 = (facts[1] or None) if facts else None
        yield Candidate(self.name, url, md5=md5, variant=ORIGINAL, by_row=True, near=self.near)


@dataclass(slots=True)
class Folder:
    """A folder that somebody filled: ids flat or in `train_0/`…, the published layout, or Flickr's own file names.

    Attributes:
        root: the folder.
        index: knows the ids; without it only layouts with names from the URL are found.
        name: as reports show it.
    """

    root: Path
    index: PhotoIndex | None = None
    name: str = "folder"
    _parts: list[Path] | None = field(default=None, repr=False)

    def candidates(self, url: str) -> Iterator[Candidate]:
        """Say where this place has a photo.

        Args:
            url: the photo's URL.

        Yields:
            The file, when it is there.
        """
        found = self.find(url)
        if found is not None:
            yield Candidate(self.name, found[0].absolute().as_uri(), variant=found[1])

    def find(self, url: str) -> tuple[Path, str] | None:
        """Find a photo's file.

        Args:
            url: the photo's URL.

        Returns:
            The file and its size variant ("" when the name does not tell), or None.
        """
        facts = self.index.facts(url) if self.index is not None else None
        named = [] if facts is None else [(folder / f"{facts[0]}.jpg", COPY) for folder in self._folders(facts[0])]
        by_url = [(self.root / "source" / key_of_url(url), ""), (self.root / url.rsplit("/", 1)[-1], ORIGINAL)]
        return next(((path, variant) for path, variant in (*named, *by_url) if self._holds(path)), None)

    def _holds(self, path: Path) -> bool:
        """Say whether a file is there, and no link leads out of the folder."""
        return inside(self.root, path.relative_to(self.root).as_posix()) is not None

    def _folders(self, image_id: str) -> list[Path]:
        """Give the folders an id may lie in, likeliest first: the tars are parted by the id's first digit."""
        if self._parts is None:
            self._parts = sorted(path for path in self.root.glob("train*") if path.is_dir())
        likely = f"train_{image_id[0]}"
        return [self.root, *sorted(self._parts, key=lambda path: path.name != likely)]
