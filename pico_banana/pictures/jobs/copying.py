"""A mirror of one's own: rows and pictures of a selection in the published layout, in a folder or a bucket."""

from __future__ import annotations

import json
import shutil
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING

from pico_banana.errors import PictureError, StoreError, TransportError
from pico_banana.mirrors.addresses import parse_address
from pico_banana.mirrors.catalog import rows_file
from pico_banana.mirrors.fetch.item import Candidate
from pico_banana.mirrors.fetch.one import shared_fetcher
from pico_banana.mirrors.fetch.reasons import reason_of
from pico_banana.mirrors.fetch.remote import filesystem_of
from pico_banana.mirrors.fetch.report import Ledger, Outcome, Report, report_path
from pico_banana.mirrors.store import atomic_path, present
from pico_banana.pictures.jobs.interchange import published_rows
from pico_banana.rows.lines.published import LOCAL

if TYPE_CHECKING:
    from collections.abc import Callable

    from fsspec.spec import AbstractFileSystem

    from pico_banana.mirrors.fetch.item import FetchItem
    from pico_banana.mirrors.fetch.progress import Progress
    from pico_banana.pictures.jobs.download import Download

_UPLOADS = 16
_BATCH = 256
_COMPARED_BYTES = 1 << 20


def copy_mirror(
    download: Download,
    target: str,
    *,
    replace_rows: bool = False,
    progress: Callable[[Progress], None] | None = None,
) -> Report:
    """Copy rows and pictures of a dataset; what is there is not copied again.

    Args:
        download: the rows, and how their pictures are fetched.
        target: a folder, or an address that fsspec can write, e.g. `s3://bucket/pico-banana`.
        replace_rows: let these rows take the place of other ones that the target has; pictures stay in any case.
        progress: called a few times a second; only for a folder.

    Returns:
        Totals that add up.

    Raises:
        DiskFullError: there is no room.
        StoreError: the target cannot be written, or has other rows.
    """
    rows = rows_file(download.dataset.subset).path
    filesystem, root = filesystem_of(target.rstrip("/"))
    with atomic_path(download.root / "copies" / rows) as temporary:
        _write_rows(download, temporary)
        if not replace_rows:
            _require_same(filesystem, temporary, f"{root}/{rows}")
        if "://" in target:
            _put(filesystem, temporary, f"{root}/{rows}")
        else:
            with atomic_path(Path(target) / rows) as placed:
                shutil.copyfile(temporary, placed)
    if "://" in target:
        return _upload(download, filesystem, root)
    return download.job(progress).run(_placed(item, Path(target)) for item in download.items())


def _require_same(filesystem: AbstractFileSystem, path: Path, target: str) -> None:
    """Refuse to put rows in the place of others.

    Raises:
        StoreError: there are others.
    """
    if not filesystem.exists(target):
        return
    with path.open("rb") as ours, filesystem.open(target, "rb") as theirs:
        while (part := ours.read(_COMPARED_BYTES)) == theirs.read(_COMPARED_BYTES):
            if not part:
                return
    text = f"{target} has other rows; say replace_rows=True to put these in their place, or name another target"
    raise StoreError(text, path=target)


def _write_rows(download: Download, path: Path) -> None:
    dataset = download.dataset
    path.parent.mkdir(parents=True, exist_ok=True)
    with atomic_path(path) as temporary:
        if len(dataset) == len(dataset.table) and dataset.table.source.suffix == ".jsonl":
            shutil.copyfile(dataset.table.source, temporary)  # byte for byte, bad lines and all
            return
        with temporary.open("wb") as file:
            for row in published_rows(dataset):
                kept = {key: value for key, value in row.items() if key not in {"address", LOCAL}}
                file.write(json.dumps(kept, ensure_ascii=False).encode() + b"\n")


def _placed(item: FetchItem, folder: Path) -> FetchItem:
    """Send an item to another folder; a picture that is in the store comes from there."""
    if item.problem is not None:
        return item
    relative = parse_address(item.address).relative_path
    here = (Candidate("store", item.path.absolute().as_uri()),) if present(item.path) else ()
    return replace(item, path=folder / relative, candidates=(*here, *item.candidates))


def _upload(download: Download, filesystem: AbstractFileSystem, root: str) -> Report:
    ledger = Ledger(report_path(download.root, "copy"))
    sizes = {name: info["size"] for name, info in filesystem.find(root, detail=True).items()}
    items = download.items()
    with ThreadPoolExecutor(_UPLOADS) as pool:
        while batch := list(islice(items, _BATCH)):
            for outcome in pool.map(lambda item: _upload_one(item, filesystem, root, sizes), batch):
                ledger.add(outcome)
    ledger.close()
    return ledger.report()


def _upload_one(item: FetchItem, filesystem: AbstractFileSystem, root: str, sizes: dict[str, int]) -> Outcome:
    if item.problem is not None:
        return Outcome(item.address, "", "failed", reason=reason_of(item.problem), detail=str(item.problem))
    target = f"{root}/{parse_address(item.address).relative_path}"
    if sizes.get(target, 0) > 0:
        return Outcome(item.address, target, "reused", size=sizes[target])
    try:
        path = shared_fetcher().fetch(item)
        _put(filesystem, path, target)
    except (PictureError, TransportError, StoreError) as error:
        return Outcome(item.address, target, "failed", reason=reason_of(error), detail=str(error))
    return Outcome(item.address, target, "done", source="store", size=path.stat().st_size)


def _put(filesystem: AbstractFileSystem, path: Path, target: str) -> None:
    try:
        filesystem.makedirs(target.rsplit("/", 1)[0], exist_ok=True)
        filesystem.put_file(str(path), target)
    except OSError as error:
        text = f"cannot write {target}: {error}"
        raise StoreError(text, path=target) from error
