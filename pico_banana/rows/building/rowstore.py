"""The row store of a mirror: found, and built anew exactly when the rows file has changed.

An index beside the Arrow file remembers the rows file's size, times, inode and SHA-256. While the status is the same
the store is current: a change in place moves the change time (`ctime`), which nobody can set back. When the status
differs, or is too young to be trusted, the content is hashed; only a different hash leads to a new build.
"""

from __future__ import annotations

import os
import sys
import time
import zlib
from contextlib import contextmanager, suppress
from functools import cache, partial
from hashlib import blake2s
from importlib.resources import files
from typing import TYPE_CHECKING, Any, Literal, TypeAlias

from pico_banana.errors import MirrorError, RowError, StoreError, unknown_name
from pico_banana.mirrors.addresses import RELEASE
from pico_banana.mirrors.catalog import COMPRESSED_ENDINGS, Mirror, rows_file
from pico_banana.mirrors.inside import inside
from pico_banana.mirrors.locking import locked
from pico_banana.mirrors.store import HOSTS_VARIABLE, area, present, sha256_of, status_facts, write_atomic
from pico_banana.records import Subset
from pico_banana.rows.table.damage import index_bytes, read_index
from pico_banana.rows.table.mapped import RowTable
from pico_banana.telling import watched

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

FORMAT = 5  # raise it when the stored columns change
# A file changed twice within one tick of the clock can show one status for two contents, as git knows ("racy").
RACY_NS = 2_000_000_000
_SHOWN_BYTES = 60
_FAR = 0.02  # of the published count; the release itself differs from its README by a few rows
PROGRESS_FROM_BYTES = 20_000_000

OnBadRows: TypeAlias = Literal["error", "skip"]


def open_rows(
    subset: Subset,
    mirror: Mirror,
    *,
    file: Path | None = None,
    on_bad_rows: OnBadRows = "error",
    verify: bool = False,
    progress: bool | None = None,
) -> RowTable:
    """Open the row store of a subset, building it first where it is missing or out of date.

    Args:
        subset: which rows; `instructions` are those of `single_turn`.
        mirror: where they come from.
        file: a rows file to read in place of the mirror's own.
        on_bad_rows: "error" raises for the first line that is no row; "skip" leaves such lines out and lists them in
            `RowTable.bad_rows`.
        verify: hash the rows file even when its status has not changed.
        progress: show a bar while building; None shows one for a large file on a terminal.

    Returns:
        The opened store.

    Raises:
        RowError: a line is no row and `on_bad_rows` is "error", or a compressed file is damaged.
        MirrorError: the mirror has no such rows file, or what it sent has no row in it.
        StoreError: the store cannot be written.
        UnknownNameError: `on_bad_rows` is neither.
    """
    if on_bad_rows not in {"error", "skip"}:
        error = unknown_name("way to treat bad rows", on_bad_rows, ["error", "skip"])
        raise error
    stored = Subset.SINGLE_TURN if subset is Subset.INSTRUCTIONS else subset
    source = file.absolute() if file is not None else locate_rows(stored, mirror)
    if not source.is_file():
        raise MirrorError(f"no rows file at {source}", mirror=mirror.root)
    index = _index_path(stored, mirror, file)
    table = _open_current(index, source, verify=verify)
    if table is None:
        with locked(index.with_suffix(".lock")):
            table = _open_current(index, source, verify=verify) or _build(
                stored, source, index, photos_below=_trusted(mirror, file), progress=progress
            )
    if file is None and mirror.folder is None and not len(table):
        refused = _refused(source, index, f"{mirror.root}/{rows_file(stored).path}")
        raise refused
    if table.bad_rows and on_bad_rows == "error":
        first = _first_error(table)
        raise first
    if file is None:
        _tell_of_count(len(table), stored, mirror, source)
    return table


def _tell_of_count(found: int, subset: Subset, mirror: Mirror, source: Path) -> None:
    """Say that rows of the release are far fewer or more than it has; Python shows warnings on stderr by itself."""
    published = rows_file(subset).count
    if mirror.name != RELEASE or published is None or os.environ.get(HOSTS_VARIABLE):
        return  # a mirror may hold any part of the release, and redirected hosts serve a rehearsal
    if abs(found - published) > published * _FAR:
        import logging

        logging.getLogger("pico_banana.rows").warning(
            "%s has %s rows, and the release %s: it was cut, or is somebody else's; delete it, and it is fetched again",
            source,
            f"{found:,}",
            f"{published:,}",
        )


def _refused(source: Path, index: Path, url: str) -> MirrorError:
    """Put away what a server sent in place of rows, so that the next run asks again."""
    with source.open("rb") as file:
        head = file.read(_SHOWN_BYTES)
    put_away = source.with_name(f"{source.name}.refused")
    source.replace(put_away)
    index.unlink(missing_ok=True)
    what = f"begins with {head!r}" if head else "is empty"
    text = f"{url} has no row in it: it {what}. It was put away as {put_away} and is fetched again the next time"
    return MirrorError(text, mirror=url)


def locate_rows(subset: Subset, mirror: Mirror) -> Path:
    """Find the rows file of a subset on this machine, fetching it where it is remote.

    Args:
        subset: any but `instructions`.
        mirror: where it comes from.

    Returns:
        The file; plain, or with `.gz` or `.zst` behind its name.

    Raises:
        MirrorError: the mirror has no such file.
        TransportError: it could not be fetched this time.
    """
    path = rows_file(subset).path
    kept = area(mirror.name)
    own = mirror.folder
    folders = [folder for folder in (own, kept) if folder is not None]
    for folder in folders:
        for ending in COMPRESSED_ENDINGS:
            found = inside(folder, f"{path}{ending}") if folder is own else folder / f"{path}{ending}"
            if found is not None and (folder is own or present(found)):  # an empty one of the user's own is his
                return found
    if mirror.folder is not None:
        text = f"the mirror {mirror.root} has no {path}, nor {path}.gz or {path}.zst; it offers no {subset.value} rows"
        raise MirrorError(text, mirror=mirror.root)
    from pico_banana.mirrors.fetch.files import fetch_file

    return fetch_file(f"{mirror.root}/{path}", kept / path, about_bytes=rows_file(subset).about_bytes, kind="rows")


@cache
def layout() -> str:
    """Name what a stored row depends on besides its file: this format, the taxonomy and the inference rules.

    Returns:
        A short text; stores with another one are built anew.
    """
    check = 0
    for name in ("taxonomy.json", "rows/inference/cues.json"):
        check = zlib.crc32(files("pico_banana").joinpath(name).read_bytes(), check)
    return f"{FORMAT}-{check:08x}"


def _index_path(subset: Subset, mirror: Mirror, file: Path | None) -> Path:
    name = subset.value
    if file is not None:
        name += f"-{blake2s(str(file.absolute()).encode(), digest_size=6).hexdigest()}"
    return area(mirror.name) / "rows" / f"{name}.json"


def _open_current(index_path: Path, source: Path, *, verify: bool) -> RowTable | None:
    """Open the store if it was built from what the rows file holds now."""
    try:
        index = read_index(index_path)
        if index["layout"] != layout() or index["source"]["path"] != str(source):
            return None
        table = RowTable(index_path, index, _rebuild(index, index_path, source))
    except (OSError, ValueError, KeyError, TypeError):  # missing, half-removed by a newer build, or not ours
        return None
    return table if _unchanged(index, index_path, source, verify=verify) else None


def _unchanged(index: dict[str, Any], index_path: Path, source: Path, *, verify: bool) -> bool:
    stamp = index["source"]
    status = source.stat()
    facts = status_facts(status)
    same = all(stamp[name] == value for name, value in facts.items())
    settled = max(status.st_mtime_ns, status.st_ctime_ns) < stamp["checked_ns"] - RACY_NS
    if same and settled and not verify:
        return True
    if stamp["size"] != status.st_size:
        return False
    checked = time.time_ns()
    if sha256_of(source) != stamp["sha256"]:
        return False
    stamp |= facts | {"checked_ns": checked}
    with suppress(OSError):  # a store that cannot be written is still good to read
        write_atomic(index_path, index_bytes(index))
    return True


def _trusted(mirror: Mirror, file: Path | None) -> list[str] | None:
    """Give the folders that a rows file may name photos in: none, unless the user named that very file."""
    if file is None:
        return None
    return [str(folder.absolute()) for folder in (file.parent, mirror.folder) if folder is not None]


def _build(
    subset: Subset, source: Path, index: Path, *, photos_below: list[str] | None, progress: bool | None
) -> RowTable:
    from pico_banana.rows.building.build import build

    with _bar(source, progress=progress) as on_bytes:
        build(subset, source, index, layout=layout(), photos_below=photos_below, on_bytes=on_bytes)
    return _mapped(index, source)


def _mapped(index_path: Path, source: Path) -> RowTable:
    index = read_index(index_path)
    return RowTable(index_path, index, _rebuild(index, index_path, source))


def _rebuild(index: dict[str, Any], index_path: Path, source: Path) -> Callable[[], dict[str, Any]]:
    """Give what builds a damaged store anew; a value that can travel to another process with the table."""
    return partial(
        _built_anew,
        Subset(index["subset"]),
        source,
        index_path,
        sha256=index["source"]["sha256"],
        photos_below=index.get("photos_below"),
    )


def _built_anew(
    subset: Subset, source: Path, index_path: Path, *, sha256: str, photos_below: list[str] | None
) -> dict[str, Any]:
    from pico_banana.rows.building.build import build

    if not source.is_file() or sha256_of(source) != sha256:
        text = f"the row store {index_path} is damaged or gone, and {source} is not what it was built from; load anew"
        raise StoreError(text, path=str(index_path))
    with locked(index_path.with_suffix(".lock")):
        build(subset, source, index_path, layout=layout(), photos_below=photos_below)
        return read_index(index_path)


@contextmanager
def _bar(source: Path, *, progress: bool | None) -> Iterator[Callable[[int], object] | None]:
    size = source.stat().st_size
    if not (watched() and size >= PROGRESS_FROM_BYTES if progress is None else progress and sys.stderr):
        yield None
        return
    from tqdm import tqdm

    with tqdm(total=size, unit="B", unit_scale=True, desc=f"reading {source.name}", file=sys.stderr) as bar:
        yield bar.update


def _first_error(table: RowTable) -> RowError:
    first, count = table.bad_rows[0], len(table.bad_rows)
    error = first.error()
    if count == 1:
        return error
    return RowError(f"{error} ({count} lines are bad)", file=first.file, line=first.line, field=first.field)
