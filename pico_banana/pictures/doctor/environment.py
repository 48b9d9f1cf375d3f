"""Is this machine ready: versions, optional packages, decoders, disk, the store."""

from __future__ import annotations

import platform
import tempfile
from collections import Counter
from importlib.metadata import PackageNotFoundError, requires, version
from typing import TYPE_CHECKING

from pico_banana.mirrors.fetch.failures import FILE_NAME, Failures
from pico_banana.mirrors.fetch.partial import SUFFIX
from pico_banana.mirrors.fetch.plan import free_bytes
from pico_banana.mirrors.fetch.sizes import readable
from pico_banana.mirrors.store import area
from pico_banana.pictures.doctor.findings import Finding, Verdict
from pico_banana.pictures.jobs.upkeep import stored_pictures
from pico_banana.pictures.sources.chain import find_index
from pico_banana.pictures.sources.inflate import library

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from pico_banana.mirrors.catalog import Mirror

_LITTLE_ROOM_BYTES = 5_000_000_000
_DECODERS = ("simplejpeg", "imagecodecs", "pyspng", "kornia_rs", "cv2")
_PACKAGE = "pico-banana"
_FOR_DEVELOPERS = {"bench", "test"}


def environment(mirror: Mirror) -> Iterator[Finding]:
    """Look at this machine; nobody is asked.

    Args:
        mirror: the mirror whose part of the store is looked at.

    Yields:
        Findings.
    """
    yield Finding("python", Verdict.OK, f"{platform.python_version()} on {platform.system()} {platform.machine()}")
    yield from _packages()
    yield _decoders()
    yield _zlib()
    yield from _store(mirror)


def _packages() -> Iterator[Finding]:
    named = [(name, extra) for name, extra in map(_parsed, _requirements()) if extra not in _FOR_DEVELOPERS]
    # Of several extras that bring a package, the one with the fewest packages is advised.
    sizes = Counter(extra for _, extra in named if extra)
    extras: dict[str, str] = {}
    for name, extra in sorted(named, key=lambda pair: sizes[pair[1]]):
        extras.setdefault(name, extra)
    for name, extra in extras.items():
        try:
            yield Finding(name, Verdict.OK, version(name))
        except PackageNotFoundError:
            if extra:
                advice = f"pip install 'pico-banana[{extra}]'"
                yield Finding(name, Verdict.NOTE, "not installed; only its own features need it", advice=advice)
            else:
                yield Finding(name, Verdict.PROBLEM, "not installed", advice=f"pip install {name}")


def _requirements() -> list[str]:
    try:
        return requires(_PACKAGE) or []
    except PackageNotFoundError:  # run from a checkout that was not installed
        return []


def _parsed(requirement: str) -> tuple[str, str]:
    """Give the name and the extra of a requirement such as `duckdb>=1.1; extra == "sql"`."""
    head, _, marker = requirement.partition(";")
    name = head
    for sign in "<>=!~[( ":
        name = name.split(sign, 1)[0]
    extra = marker.partition("extra ==")[2].strip().strip("\"'")
    return name, extra


def _decoders() -> Finding:
    from importlib.util import find_spec

    found = [name for name in _DECODERS if find_spec(name) is not None]
    text = f"Pillow, {', '.join(found)}" if found else "Pillow only; it always works, others are faster"
    return Finding("decoders", Verdict.OK if found else Verdict.NOTE, text)


def _zlib() -> Finding:
    if library() is not None:
        return Finding("zlib", Verdict.OK, "a new run of `photos tars` goes on in the middle of a tar")
    advice = "install zlib where the system finds it, e.g. with conda; only `photos tars` uses it"
    return Finding("zlib", Verdict.NOTE, "no library; a new run of `photos tars` begins at the start", advice=advice)


def _store(mirror: Mirror) -> Iterator[Finding]:
    root = area(mirror.name)
    trouble = _trouble_writing(_existing(root))
    advice = "set PICO_BANANA_HOME to a folder you may write" if trouble else ""
    about = f"{root} ({trouble})" if trouble else str(root)
    yield Finding("store", Verdict.PROBLEM if trouble else Verdict.OK, about, advice=advice)
    room = free_bytes(root)
    advice = (
        "" if room > _LITTLE_ROOM_BYTES else "all edits of the release are 260 to 520 GB; select before you download"
    )
    yield Finding("disk", Verdict.NOTE if advice else Verdict.OK, f"{readable(room)} free", advice=advice)
    names = [path.name for path in stored_pictures(root)]
    leftovers = sum(SUFFIX in name for name in names)
    yield Finding("pictures", Verdict.OK, f"{len(names) - leftovers:,} in the store, {leftovers:,} unfinished")
    gone = len(Failures(root / FILE_NAME))
    yield Finding("gone", Verdict.NOTE if gone else Verdict.OK, f"{gone:,} addresses remembered as gone")
    index = find_index(mirror)
    if index is None:
        advice = "source photos come from Flickr alone, slowly; `pico-banana photos index` opens the faster way"
        yield Finding("photo index", Verdict.NOTE, "none", advice=advice)
    else:
        yield Finding("photo index", Verdict.OK, f"{len(index):,} photos")


def _trouble_writing(folder: Path) -> str:
    """Write a file, because permissions alone do not tell: a file system may be read-only, and root may do anything."""
    try:
        with tempfile.TemporaryFile(dir=folder):
            return ""
    except OSError as error:
        return error.strerror or str(error)


def _existing(path: Path) -> Path:
    return next(folder for folder in (path, *path.parents) if folder.exists())
