"""Every published file as data, and the mirrors they can come from.

A *mirror* is a root with the published layout: a folder, an address (`https://`, `s3://`, `hf://`), or the word
`sample` for the one embedded here. Without one, the release itself is meant. `catalog.json` holds the facts.
"""

from __future__ import annotations

import json
import os
import re
from dataclasses import dataclass
from functools import cache
from hashlib import blake2s
from importlib.resources import files
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

from pico_banana.errors import MirrorError
from pico_banana.mirrors.addresses import RELEASE, Address, parse_address
from pico_banana.mirrors.inside import inside
from pico_banana.records import ImageRef, Subset
from pico_banana.telling import redacted

MIRROR_VARIABLE = "PICO_BANANA_MIRROR"
SAMPLE = "sample"
_LOCAL = ("file://", "local://")
_LONGEST_NAME = 80
COMPRESSED_ENDINGS = ("", ".gz", ".zst")


@dataclass(frozen=True, slots=True)
class Mirror:
    """Where rows and pictures come from.

    Attributes:
        name: how addresses name it: "release", "sample", or a name made from the root.
        root: an absolute folder, or an address that fsspec understands, without a closing slash.
    """

    name: str
    root: str

    @property
    def folder(self) -> Path | None:
        """The root as a folder, or None when it is remote."""
        return None if "://" in self.root else Path(self.root)

    def file_of(self, address: Address) -> Path | None:
        """Find a picture in the mirror's own folder; a link out of that folder is not followed.

        Args:
            address: an edit or a source photo.

        Returns:
            The file; None where it is not there, or the mirror is remote.
        """
        return inside(self.folder, address.relative_path) if self.folder is not None else None

    def url_of(self, picture: Address | ImageRef | str) -> str:
        """Give where this mirror publishes a picture.

        Args:
            picture: a record's picture, or its address, read or not.

        Returns:
            A URL or a path. For a photo of the release it is the photo's own URL: the release ships no photos. A
            picture that a row names by a path of its own has no other place.

        Raises:
            ConfigError: it is no address.
        """
        named = picture.address if isinstance(picture, ImageRef) else picture
        if isinstance(named, str) and "://" not in named:
            return named
        address = parse_address(named) if isinstance(named, str) else named
        if address.role == "edited" and address.key.startswith("@"):  # published as a URL elsewhere, see rows.py
            return f"https://{address.key[1:]}"
        if address.role == "source" and self.name == RELEASE:
            return address.source_url
        return f"{self.root}/{address.relative_path}"


@dataclass(frozen=True, slots=True)
class RowsFile:
    """One published rows file.

    Attributes:
        path: its path below the mirror's root.
        manifest: the path of its list of pictures.
        count: how many rows the release has, or None where nobody published it.
        about_bytes: an estimate of its size.
    """

    path: str
    manifest: str
    count: int | None
    about_bytes: int


@cache
def facts() -> dict[str, Any]:
    """Read `catalog.json`.

    Returns:
        Its content; treat it as read-only.
    """
    content: dict[str, Any] = json.loads(files("pico_banana.mirrors").joinpath("catalog.json").read_text("utf-8"))
    return content


def rows_file(subset: Subset) -> RowsFile:
    """Give the published file a subset's rows are in.

    Args:
        subset: any of the four; `instructions` reads the single-turn file.

    Returns:
        The file's facts.
    """
    key = Subset.SINGLE_TURN if subset is Subset.INSTRUCTIONS else subset
    entry = facts()["files"][key.value]
    return RowsFile(entry["rows"], entry["manifest"], entry["count"], entry["about_bytes"])


def sample_mirror() -> Mirror:
    """Give the embedded mirror.

    Returns:
        The mirror named "sample".
    """
    return Mirror(SAMPLE, str(files("pico_banana").joinpath("rehearsal", "sample")))


def resolve_mirror(mirror: str | Path | Mirror | None = None) -> Mirror:
    """Turn what a user said into a mirror.

    Args:
        mirror: a folder, an address, "sample", "release", a Mirror, or None for `PICO_BANANA_MIRROR`, else the release.

    Returns:
        The mirror; whether it holds anything is found out on first use.

    Raises:
        MirrorError: a folder that does not exist, or an address that is none.
    """
    if isinstance(mirror, Mirror):
        return mirror
    text = str(mirror or os.environ.get(MIRROR_VARIABLE) or RELEASE)
    if text == RELEASE:
        return Mirror(RELEASE, facts()["base"].rstrip("/"))
    if text == SAMPLE:
        return sample_mirror()
    if text.startswith(_LOCAL):  # so that it is a folder everywhere, and links out of it are not followed
        text = unquote(urlsplit(text).path) or "/"
    if "://" not in text:
        folder = Path(text).expanduser().absolute()
        if not folder.is_dir():
            right = "give a folder with jsonl/ and images/, an address, or 'sample'"
            error = f"no mirror at {folder}: the folder does not exist; {right}"
            raise MirrorError(error, mirror=text)
        text = str(folder)
    else:
        _require_address(text)
    root = text.rstrip("/")
    return Mirror(_name_of(root), root)


def _require_address(root: str) -> None:
    """Refuse what looks like an address and is none.

    Raises:
        MirrorError: it is none.
    """
    try:
        parts = urlsplit(root)
        if parts.scheme not in {"http", "https"} or (parts.hostname and parts.port != 0):
            return
        problem = "it names no host"
    except ValueError as error:
        problem = str(error)
    shown = redacted(root)
    text = f"no mirror at {shown}: {problem}; give a folder with jsonl/ and images/, an address, or 'sample'"
    raise MirrorError(text, mirror=shown)


def _name_of(root: str) -> str:
    """Name a mirror after its root: readable, and different for every root."""
    shown = redacted(root).partition("?")[0].rsplit("/", 1)[-1].rpartition("@")[2]
    last = re.sub(r"[^a-z0-9]+", "-", shown.lower()).strip("-")[:_LONGEST_NAME] or "mirror"
    return f"{last}-{blake2s(root.encode(), digest_size=4).hexdigest()}"
