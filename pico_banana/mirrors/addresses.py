"""`picobanana://` addresses: how a picture is named, wherever it lies.

::

    picobanana://edited/positive-edit/1.png                    an edit of the release
    picobanana://source/farm8.staticflickr.com/2915/1_a_o.jpg  a source photo: its URL without `https://`
    picobanana://sample/edited/positive-edit/1.png             the same, of the mirror named "sample"

An address says what a picture is, not where its bytes are: those may lie in the store, in a folder, or on a server.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from pico_banana.errors import ConfigError

if TYPE_CHECKING:
    from pico_banana.records import Role

PROTOCOL = "picobanana"
RELEASE = "release"
_ROLES: dict[str, Role] = {"edited": "edited", "source": "source"}
_SCHEME = re.compile(r"^([a-z][a-z0-9+.-]*):/+", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Address:
    """One picture of one mirror.

    Attributes:
        mirror: the mirror's name; "release" for the published data.
        role: "edited" or "source".
        key: for an edit its published path below `images/`; for a photo its URL without `https://`.
    """

    mirror: str
    role: Role
    key: str

    def __str__(self) -> str:
        """Write the address out."""
        return f"{address_prefix(self.mirror, self.role)}{self.key}"

    @property
    def relative_path(self) -> str:
        """Where the picture lies in a folder of the published layout, with forward slashes."""
        folder = "images" if self.role == "edited" else "source"
        return f"{folder}/{self.key}"

    @property
    def source_url(self) -> str:
        """The URL a source photo was published under; only for role "source"."""
        return url_of_key(self.key)


def address_prefix(mirror: str, role: Role) -> str:
    """Give what every address of one mirror and role starts with.

    Args:
        mirror: the mirror's name.
        role: "edited" or "source".

    Returns:
        The address up to its key.
    """
    return f"{PROTOCOL}://{role}/" if mirror == RELEASE else f"{PROTOCOL}://{mirror}/{role}/"


def parse_address(text: str) -> Address:
    """Read an address.

    Args:
        text: an address, with or without `picobanana://`.

    Returns:
        Its parts.

    Raises:
        ConfigError: it is no address of ours, or climbs out of its folder.
    """
    rest = text.removeprefix(f"{PROTOCOL}://").strip("/")
    first, _, key = rest.partition("/")
    mirror = RELEASE
    if first not in _ROLES:
        mirror, (first, _, key) = first, key.partition("/")
    climbs = ".." in (mirror, *key.split("/")) or "\0" in rest
    if first not in _ROLES or not key or climbs:
        wanted = f"{PROTOCOL}://edited/positive-edit/1.png or {PROTOCOL}://<mirror>/source/<host>/<path>"
        error = f"{text!r} is not a picture's address; it should look like {wanted}"
        raise ConfigError(error)
    return Address(mirror, _ROLES[first], key)


def key_of_url(url: str) -> str:
    """Turn a photo's URL into the key of its address.

    Args:
        url: the published URL.

    Returns:
        The URL without `https://`; another scheme is kept as a first folder, so that the way back is exact.
    """
    if url.startswith("https://"):
        return url[8:]
    return _SCHEME.sub(lambda scheme: f"{scheme[1].lower()}:/", url)


def url_of_key(key: str) -> str:
    """Turn the key of a photo's address back into its URL.

    Args:
        key: what `key_of_url` gave.

    Returns:
        The published URL.
    """
    scheme = re.match(r"^([a-z][a-z0-9+.-]*):/", key)
    return f"{scheme[1]}://{key[scheme.end() :]}" if scheme else f"https://{key}"
