"""Keeping a store in order: check what is there, fetch again what is broken, remove what is not needed."""

from __future__ import annotations

import os
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pico_banana.errors import PictureCorruptError
from pico_banana.mirrors.addresses import RELEASE, UNFINISHED_ENDINGS, parse_address
from pico_banana.mirrors.fetch.verify import check_file
from pico_banana.mirrors.store import area, present
from pico_banana.pictures.jobs.needed import needed_pictures

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping

    from pico_banana.mirrors.fetch.item import FetchItem
    from pico_banana.mirrors.fetch.report import Report
    from pico_banana.pictures.jobs.download import Download
    from pico_banana.rows.sequence import RecordSequence

PICTURE_FOLDERS = ("images", "source")
_TELL_EVERY = 500
_BATCH = 4096


@dataclass(frozen=True, slots=True)
class Health:
    """What a check of stored pictures found; `files == good + missing + broken + unusable`.

    Attributes:
        files: pictures looked for.
        good: there and whole.
        missing: not there.
        broken: path and reason of each that is there and not whole.
        unusable: lines that are no rows, addresses that are none, each with its reason.
    """

    files: int = 0
    good: int = 0
    missing: int = 0
    broken: Mapping[str, str] = field(default_factory=dict)
    unusable: Mapping[str, str] = field(default_factory=dict)

    def as_dict(self) -> dict[str, object]:
        """Give the result for `--json`.

        Returns:
            Plain values only.
        """
        counted: dict[str, object] = {"files": self.files, "good": self.good, "missing": self.missing}
        return counted | {"broken": dict(self.broken), "unusable": dict(self.unusable)}


@dataclass(frozen=True, slots=True)
class Cleaning:
    """What was, or would be, removed.

    Attributes:
        removed: pictures.
        bytes: their length.
        kept: pictures that stay.
        leftovers: files of interrupted downloads that nobody is working on.
    """

    removed: int = 0
    bytes: int = 0
    kept: int = 0
    leftovers: int = 0

    def as_dict(self) -> dict[str, object]:
        """Give the result for `--json`.

        Returns:
            Plain values only.
        """
        return {"removed": self.removed, "bytes": self.bytes, "kept": self.kept, "leftovers": self.leftovers}


def verify(download: Download, *, deep: bool = False, progress: Callable[[int], None] | None = None) -> Health:
    """Check the stored pictures of a dataset; nobody is asked.

    Args:
        download: which pictures, and where they are.
        deep: decode every pixel; without it both ends of each file are looked at, which finds every cut-off one.
        progress: called now and then with how many were checked.

    Returns:
        What was found.
    """
    files: Counter[str] = Counter()
    broken: dict[str, str] = {}
    unusable: dict[str, str] = {}
    items = download.items()
    with ThreadPoolExecutor(max_workers=os.cpu_count() or 1) as pool:  # decoders let go of the interpreter's lock
        while batch := list(islice(items, _BATCH)):
            for item, (state, reason) in zip(batch, pool.map(lambda one: _look(one, deep=deep), batch), strict=True):
                files[state] += 1
                if item.problem is not None:
                    unusable[item.address] = reason
                elif reason:
                    broken[str(item.path)] = reason
                if progress is not None and files.total() % _TELL_EVERY == 0:
                    progress(files.total())
    return Health(files.total(), files["good"], files["missing"], broken, unusable)


def repair(download: Download, *, deep: bool = False) -> tuple[Health, Report]:
    """Check the stored pictures of a dataset, and fetch those again that are missing or broken.

    Args:
        download: which pictures, and how they are fetched.
        deep: decode every pixel.

    Returns:
        What the check found, and what became of it.
    """
    found = verify(download, deep=deep)
    for path in found.broken:
        Path(path).unlink(missing_ok=True)
    return found, download.run()


def clean(keep: Iterable[RecordSequence[Any]], *, mirror: str = RELEASE, dry_run: bool = False) -> Cleaning:
    """Remove stored pictures that no row of some datasets needs. Rows, indexes and reports stay.

    Args:
        keep: datasets of one mirror.
        mirror: the mirror's name.
        dry_run: count, and remove nothing.

    Returns:
        What was, or would be, removed.
    """
    root = area(mirror)
    needed = {parse_address(address).relative_path for dataset in keep for address in needed_pictures(dataset)}
    removed = size = kept = leftovers = 0
    for path in stored_pictures(root):
        if path.name.endswith(UNFINISHED_ENDINGS):
            leftovers += 1
        elif path.relative_to(root).as_posix() in needed:
            kept += 1
            continue
        else:
            removed += 1
        size += path.stat().st_size
        if not dry_run:
            path.unlink()
    return Cleaning(removed, size, kept, leftovers)


def stored_pictures(root: Path) -> Iterator[Path]:
    """Give every file in the picture folders of a store.

    Args:
        root: the store's folder.

    Yields:
        Paths.
    """
    for name in PICTURE_FOLDERS:
        for folder, _, files in os.walk(root / name):
            yield from (Path(folder) / file for file in files)


def _look(item: FetchItem, *, deep: bool) -> tuple[str, str]:
    if item.problem is not None:
        return "unusable", str(item.problem)
    if not present(item.path):
        return "missing", ""
    try:
        check_file(item.path, kind=item.kind, address=item.address, size=item.expected_size, deep=deep)
    except PictureCorruptError as error:
        return "broken", str(error)
    except OSError as error:  # a folder in its place, no right to read it, a bad disk
        return "broken", f"{item.address}: {item.path} cannot be read ({error.strerror or error})"
    return "good", ""
