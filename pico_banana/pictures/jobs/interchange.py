"""What people exchange: rows files with a path to each photo, and folders that somebody's script filled.

`sft_with_local_source_image_path.jsonl` is the published rows plus one key that names the photo's file, or null. `load`
reads such a file (`rows=`); here it is written. A folder in the published layout is adopted by linking, not by copying.
"""

from __future__ import annotations

import json
import os
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pico_banana.errors import PictureCorruptError, SelectionError, StoreError
from pico_banana.mirrors.addresses import RELEASE, UNFINISHED, parse_address
from pico_banana.mirrors.catalog import rows_file
from pico_banana.mirrors.fetch.verify import check_file
from pico_banana.mirrors.inside import ALLOW_VARIABLE, inside
from pico_banana.mirrors.store import area, atomic_path, present, translated
from pico_banana.pictures.filesystem import stored_path
from pico_banana.records import Subset
from pico_banana.rows.lines.published import LOCAL, published

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from pico_banana.mirrors.fetch.item import Kind
    from pico_banana.rows.sequence import RecordSequence

FILE_NAMES = {
    Subset.SINGLE_TURN: "sft_with_local_source_image_path.jsonl",
    Subset.PREFERENCE: "preference_with_local_source_image_path.jsonl",
    Subset.MULTI_TURN: "multi_turn_with_local_source_image_path.jsonl",
}
_CHUNK_ROWS = 4096
_READ_BYTES = 1 << 20
_FAR = 0.02  # of the published count, as for the row store
_FOLDERS: dict[str, Kind] = {"images": "png", "source": "jpeg"}


@dataclass(frozen=True, slots=True)
class Written:
    """What a rows file with paths holds.

    Attributes:
        path: the file.
        rows: rows in it.
        with_photo: of these, rows whose photo is on this machine; the others say null.
    """

    path: Path
    rows: int
    with_photo: int


@dataclass(frozen=True, slots=True)
class Adoption:
    """What became of the pictures in somebody's folder; `files` is the sum of the rest.

    Attributes:
        files: pictures found.
        adopted: linked into the store.
        present: in the store already.
        rejected: not whole, or led to by a link out of the folder, with the reason, by path.
    """

    files: int = 0
    adopted: int = 0
    present: int = 0
    rejected: Mapping[str, str] = field(default_factory=dict)


def write_rows_with_paths(dataset: RecordSequence[Any], path: Path, *, relative: bool = False) -> Written:
    """Write the rows of a dataset as people exchange them: as published, plus the path of each photo's file.

    Args:
        dataset: the rows.
        path: a file, or a folder for a file of the usual name.
        relative: write paths relative to the file, so that both can move together.

    Returns:
        What was written.

    Raises:
        SelectionError: the dataset is `instructions`, which has no photos.
        StoreError: the file cannot be written.
    """
    if dataset.subset not in FILE_NAMES:
        text = f"{dataset.subset.value} rows have no photos; load single_turn for the same rows with them"
        raise SelectionError(text)
    target = path / FILE_NAMES[dataset.subset] if path.is_dir() else path
    photos = 0
    with atomic_path(target) as temporary, temporary.open("wb") as file:
        for row in published_rows(dataset):
            photo = _photo_path(dataset, row.pop("address"))
            photos += photo is not None
            if photo is not None:
                row[LOCAL] = os.path.relpath(photo, target.parent.absolute()) if relative else str(photo)
            file.write(json.dumps(row, ensure_ascii=False).encode() + b"\n")
    return Written(target, len(dataset), photos)


def adopt(folder: Path, *, mirror: str = RELEASE, check: bool = True) -> Adoption:
    """Take the pictures of a folder in the published layout into the store without copying them.

    Args:
        folder: with `images/` or `source/` in it.
        mirror: the mirror whose pictures they are.
        check: look at both ends of each file first, since scripts leave cut-off ones; such files stay out.

    Returns:
        What became of each.

    Raises:
        StoreError: the folder holds nothing of the layout, or the store cannot be written.
    """
    if not any((folder / name).is_dir() for name in _FOLDERS):
        text = f"{folder} has neither images/ nor source/; give the folder that holds them"
        raise StoreError(text, path=str(folder))
    counts: Counter[str] = Counter()
    rejected: dict[str, str] = {}
    for path, kind in _pictures(folder):
        relative = path.relative_to(folder)
        target = area(mirror) / relative
        try:
            if present(target):
                counts["present"] += 1
                continue
            if inside(folder, relative.as_posix()) is None:
                rejected[str(path)] = (
                    f"{path} is no plain file, or a link out of {folder}; {ALLOW_VARIABLE} may name where to"
                )
                continue
            if check:
                check_file(path, kind=kind, address=str(path))
            _link(path, target)
            counts["adopted"] += 1
        except PictureCorruptError as error:
            rejected[str(path)] = str(error)
        except StoreError:
            raise
        except OSError as error:
            rejected[str(path)] = f"{path} cannot be read ({error.strerror or error})"
    return Adoption(counts.total() + len(rejected), counts["adopted"], counts["present"], rejected)


def require_of_the_release(folder: Path) -> None:
    """Refuse a folder whose rows tell that its pictures are not the release's: a rehearsal's have the same names.

    Args:
        folder: somebody's download.

    Raises:
        StoreError: it has a rows file of another length than the release's.
    """
    for subset in FILE_NAMES:
        about = rows_file(subset)
        rows = inside(folder, about.path)
        if about.count is None or rows is None:
            continue
        with rows.open("rb") as file:
            count = sum(chunk.count(b"\n") for chunk in iter(lambda: file.read(_READ_BYTES), b""))
        if abs(count - about.count) > about.count * _FAR:
            text = (
                f"{rows} has {count:,} lines, and the release {about.count:,}, so its pictures are not these; "
                f"use the folder as it is with --mirror {folder}, or say --mirror release if you know better"
            )
            raise StoreError(text, path=str(rows))


def published_rows(dataset: RecordSequence[Any]) -> Iterator[dict[str, Any]]:
    """Give the rows as published, the photo's key always there, with the photo's address as "address"."""
    from pico_banana.rows.table.stored import plain_columns, take_rows

    table = dataset.table.arrow()
    for start in range(0, len(dataset), _CHUNK_ROWS):
        rows = dataset.rows[start : start + _CHUNK_ROWS]
        addresses = dataset[start : start + _CHUNK_ROWS].to_arrow(columns=["source_image"])["source_image"].to_pylist()
        for stored, address in zip(plain_columns(take_rows(table, rows)).to_pylist(), addresses, strict=True):
            if "type" in stored:
                stored["label"] = dataset.table.labels[stored["type"]]
            yield published(dataset.subset, stored) | {LOCAL: None, "address": address}


def _photo_path(dataset: RecordSequence[Any], address: str) -> Path | None:
    if "://" not in address:
        return Path(address) if Path(address).is_file() else None
    found = stored_path(parse_address(address), dataset.mirror)
    return None if found is None else found.absolute()


def _pictures(folder: Path) -> Iterator[tuple[Path, Kind]]:
    for name, kind in _FOLDERS.items():
        for parent, _, files in os.walk(folder / name):
            yield from ((Path(parent) / file, kind) for file in sorted(files) if not file.endswith(UNFINISHED))


def _link(path: Path, target: Path) -> None:
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        target.unlink(missing_ok=True)  # an empty one that a power cut left
        try:
            os.link(path, target)
        except OSError:
            target.symlink_to(path.absolute())  # another disk
    except OSError as error:
        told = translated(error, target)
        raise told from error
