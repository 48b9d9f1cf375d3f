"""`picobanana://` addresses: how a picture is named, wherever it lies.

::

    picobanana://edited/positive-edit/1.png                    an edit of the release
    picobanana://source/farm8.staticflickr.com/2915/1_a_o.jpg  a source photo: its URL without `https://`
    picobanana://sample/edited/positive-edit/1.png             the same, of the mirror named "sample"

An address says what a picture is, not where its bytes are: those may lie in the store, in a folder, or on a server.
In the address of a photo `::` and backslashes are written `:%3A` and `%5C`: fsspec takes the one for a chain of file
systems, `datasets` turns the other round. `key` and `relative_path` hold them as they are: one photo, one file.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from pico_banana.errors import ConfigError

if TYPE_CHECKING:
    from pico_banana.records import Role

PROTOCOL = "picobanana"
RELEASE = "release"
_ROLES: dict[str, Role] = {"edited": "edited", "source": "source"}
_SCHEME = re.compile(r"^([a-z][a-z0-9+.-]*)://", re.IGNORECASE)
_HTTPS = "https://"
_CODES = {"%3A": ":", "%5C": "\\", "%25": "%"}
_ODD = re.compile(r"(?<=:):|\\|%(?=3A|5C|25)")
_CODED = re.compile("|".join(_CODES))
# Room is left for what is put behind a name while it is written (`.part.from`), before it, and into exports.
LONGEST_NAME = 200
LONGEST_KEY = 1000
# What a file is called, or its note, while it comes: a picture of that name and one without it would be one file.
UNFINISHED = ".part"
UNFINISHED_ENDINGS = (UNFINISHED, f"{UNFINISHED}.from")
_LONGEST_LABEL = 63
_UNPRINTABLE = re.compile("[\x00-\x1f\x7f-\x9f\ud800-\udfff]")
# What needs no second look, for Python's `re` and Arrow's RE2 alike: no segment is empty or starts with a dot.
PLAIN_PATH = r"^[A-Za-z0-9_-][A-Za-z0-9_.-]*(?:/[A-Za-z0-9_-][A-Za-z0-9_.-]*)*$"
PLAIN_URL = r"^https?://[a-z0-9][a-z0-9-]{0,30}(?:\.[a-z0-9][a-z0-9-]{0,30}){0,5}(?:/[A-Za-z0-9_-][A-Za-z0-9_.-]*)+$"
PLAIN_LENGTH = 120  # in bytes; so no name in it is too long either


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
        key = written_key(self.key) if self.role == "source" else self.key
        return f"{address_prefix(self.mirror, self.role)}{key}"

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
    if first == "source":
        key = _CODED.sub(lambda code: _CODES[code[0]], key)
    climbs = not {"", ".", ".."}.isdisjoint((mirror, *key.split("/"))) or "\0" in rest
    if first not in _ROLES or climbs or (first == "edited" and ("::" in key or "\\" in key)):
        wanted = f"{PROTOCOL}://edited/positive-edit/1.png or {PROTOCOL}://<mirror>/source/<host>/<path>"
        error = f"{text!r} is not a picture's address; it should look like {wanted}"
        raise ConfigError(error)
    return Address(mirror, _ROLES[first], key)


def written_key(key: str) -> str:
    """Write the key of a photo as it stands in an address; no two keys are written alike.

    Args:
        key: what `key_of_url` gave.

    Returns:
        The key without `::` and backslashes.
    """
    return _ODD.sub(lambda odd: f"%{ord(odd[0]):02X}", key)


def key_of_url(url: str) -> str:
    """Turn a photo's URL into its key: where its file lies below `source/`.

    Args:
        url: the published URL.

    Returns:
        The URL without `https://`; another scheme is kept as a first folder, so that the way back is exact.
    """
    if url[:8].lower() == _HTTPS:
        return url[8:]
    return _SCHEME.sub(lambda scheme: f"{scheme[1].lower()}:/", url)


def url_of_key(key: str) -> str:
    """Turn the key of a photo back into its URL.

    Args:
        key: what `key_of_url` gave.

    Returns:
        The published URL.
    """
    scheme = re.match(r"^([a-z][a-z0-9+.-]*):/", key)
    return f"{scheme[1]}://{key[scheme.end() :]}" if scheme else f"https://{key}"


def problem_of_path(path: str) -> str:
    """Say why a path from data may not name a file, wherever it is put.

    Args:
        path: with forward slashes, below some folder.

    Returns:
        What is wrong with it, or an empty string.
    """
    names = path.split("/")
    if not {"", ".", ".."}.isdisjoint(names):
        return "has an empty name, '.' or '..' in its path, which could leave its folder or name another's file"
    if found := _UNPRINTABLE.search(path):
        return f"has the character {found[0]!r} in it, which no name may have"
    if path.endswith(UNFINISHED_ENDINGS):
        return f"ends as only unfinished downloads do ({UNFINISHED}), so that it could become another's file"
    longest = max((len(name.encode()) for name in names), default=0)
    if longest > LONGEST_NAME or len(path) > LONGEST_KEY:
        return f"has a name of {longest} bytes; file systems and exports take {LONGEST_NAME}"
    return ""


def problem_of_url(url: str) -> str:
    """Say why a URL from data may not name a photo: data chooses no scheme, no user, and no file.

    Args:
        url: as the row has it.

    Returns:
        What is wrong with it, or an empty string.
    """
    try:
        parts = urlsplit(url)
        host, port = parts.hostname or "", parts.port
        host.encode("ascii" if host.isascii() else "idna")
    except ValueError as error:  # a bracket that does not close, a port that is no number, a host that is no name
        return f"is no URL ({error})"
    if (
        url != url.strip()
        or parts.scheme not in {"http", "https"}
        or url[len(parts.scheme) : len(parts.scheme) + 3] != "://"
    ):
        return "does not start with http:// or https://, the only schemes that rows may name"
    if "@" in parts.netloc:
        return "has a user or password in it"
    labels = host.rstrip(".").split(".")
    if port == 0 or parts.netloc.endswith(":") or any(not 0 < len(label) <= _LONGEST_LABEL for label in labels):
        return "names no host that could exist"
    if ":" not in host and re.search(r"[^\w.-]", host):
        return "names no host that could exist"
    return problem_of_path(key_of_url(url)) if parts.path.strip("/") else "names a host and no photo"
