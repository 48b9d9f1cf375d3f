"""What is known about one source photo: its id at Open Images, its hash, its author and licence."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from PIL.Image import Image

UNKNOWN_ROTATION = 255


@dataclass(frozen=True, slots=True)
class Photo:
    """One row of the Open Images table.

    Attributes:
        url: the photo's URL, which the release names.
        image_id: 16 hexadecimal digits.
        md5: of the Flickr original and of no other copy, 32 hexadecimal digits; empty when not published.
        size: bytes of the Flickr original; 0 when not published.
        rotation: degrees counter-clockwise that bring it upright: 0, 90, 180, 270; None when nobody knows.
        licence: address of the licence text.
        author: name as its author gave it.
        author_url: the author's page.
        page: the photo's page.
        title: as its author gave it; often empty.
    """

    url: str
    image_id: str
    md5: str
    size: int
    rotation: int | None
    licence: str
    author: str
    author_url: str
    page: str
    title: str

    @property
    def attribution(self) -> str:
        """One line that gives credit as CC BY asks: title, author, where, licence."""
        title = f'"{self.title}"' if self.title else "Photo"
        return f"{title} by {self.author or 'an unnamed author'} ({self.page or self.url}), {self.licence}"


def url_key(url: str) -> int:
    """Give the key of a URL in an index.

    Args:
        url: the photo's URL.

    Returns:
        A 64-bit hash. That two of the table's 1.7 million URLs share one has a chance of one in ten million;
        building an index finds out.
    """
    return int.from_bytes(hashlib.blake2b(url.encode(), digest_size=8).digest(), "little")


def upright(image: Image, rotation: int | None) -> Image:
    """Turn a picture upright. Never done unasked: edits were made from the photos as they are.

    Args:
        image: the photo.
        rotation: `Photo.rotation`.

    Returns:
        The same image where nothing is known or needed, else a turned copy.
    """
    return image.rotate(rotation, expand=True) if rotation else image
