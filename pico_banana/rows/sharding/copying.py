"""A shard's folder on this disk, and its copy behind an address.

Files are copied whole, pictures before the ledger that names them. A SQLite database is copied as SQLite copies it, one
consistent state while others write. A file that is there already with this size and time is not sent again.
"""

from __future__ import annotations

import hashlib
import os
import threading
import time
from contextlib import ExitStack, closing, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from pico_banana.mirrors.addresses import UNFINISHED
from pico_banana.mirrors.store import home

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from pico_banana.rows.sharding.folder import RunFolder
    from pico_banana.rows.sharding.lease import Lease
    from pico_banana.rows.sharding.shard import Shard

EVERY_S = 60.0
_SHARE = 0.1  # of the time at most is spent copying
_DATABASE = ".sqlite"
# What belongs to processes of this machine, and means nothing elsewhere.
_MARK = ".lease"  # with which lease the shard was last in work here
_LOCAL = ("-wal", "-shm", ".lock", UNFINISHED, "reserve", _MARK)


class Copy:
    """The folder of one shard, here and there.

    Args:
        folder: the folder of the work.
        shard: which shard.
    """

    def __init__(self, folder: RunFolder, shard: Shard) -> None:
        """Copy nothing yet."""
        self._folder, self._shard = folder, shard
        self._sent: dict[str, tuple[int, int]] = {}
        self._ended = threading.Event()
        self._lease: Lease | None = None

    @property
    def place(self) -> Path:
        """Where the shard is on this disk."""
        return local_place(self._folder, self._shard.name)

    @contextmanager
    def kept_up(self, lease: Lease) -> Iterator[Path]:
        """Fetch what is there, and copy up what is durable, now and then and at the end.

        Args:
            lease: what the shard is worked on with; once it is lost, nothing is copied up any more.

        Yields:
            The folder on this disk.
        """
        self.place.mkdir(parents=True, exist_ok=True)
        if self._folder.is_local:
            yield self.place
            return
        self._lease = lease
        # Whoever had the lease before worked here, or elsewhere; what it left behind is newer than its copy, or older.
        mark = self.place / _MARK
        if not (mark.is_file() and mark.read_text() == str(lease.number - 1)):
            fetch(self._folder, self._shard.name)
            self._sent = {name: _state(path) for name, path in self._files()}
        mark.write_text(str(lease.number))
        keeper = threading.Thread(target=self._keep_up, name=f"copy {self._shard}", daemon=True)
        keeper.start()
        try:
            yield self.place
        finally:  # also what came before a stop or an error is paid for
            self._ended.set()
            keeper.join()
            self.send()

    def send(self) -> None:
        """Copy what is new; a database as it was before the other files were listed, so that it names none too many.

        Raises:
            ShardHeldError: another process took the shard over.
        """
        if self._lease is not None:
            self._lease.require()
        with ExitStack() as stack:
            before = {
                name: (_state(path), stack.enter_context(_snapshot(path)))
                for name, path in self._files()
                if name.endswith(_DATABASE) and self._sent.get(name) != _state(path)
            }
            files = {name: (_state(path), path) for name, path in self._files() if not name.endswith(_DATABASE)}
            self._put({name: file for name, file in files.items() if self._sent.get(name) != file[0]})
            self._put(before)

    def _put(self, files: Mapping[str, tuple[tuple[int, int], Path]]) -> None:
        if files:
            here = [str(path) for _, path in files.values()]
            there = [self._folder.path(f"{self._shard.name}/{name}") for name in files]
            self._folder.files.put(here, there)  # many at a time, where the store can
            self._sent |= {name: state for name, (state, _) in files.items()}

    def _keep_up(self) -> None:
        wait_s = EVERY_S
        while not self._ended.wait(wait_s):
            began = time.monotonic()
            try:
                self.send()
            except OSError:  # tried again; the end of the work raises what lasts
                continue
            wait_s = max(EVERY_S, (time.monotonic() - began) / _SHARE)

    def _files(self) -> Iterator[tuple[str, Path]]:
        for parent, _, names in os.walk(self.place):
            for name in names:
                if not name.endswith(_LOCAL):
                    path = Path(parent, name)
                    yield path.relative_to(self.place).as_posix(), path


def local_place(folder: RunFolder, name: str) -> Path:
    """Say where a part of a work lies on this disk.

    Args:
        folder: the folder of the work.
        name: of the shard's folder.

    Returns:
        The folder itself, or its copy in the store.
    """
    if folder.is_local:
        return Path(folder.root) / name
    return home() / "runs" / hashlib.sha256(folder.address.encode()).hexdigest()[:16] / name


def fetch(folder: RunFolder, name: str, *, only: str = "") -> Path:
    """Bring the copy of a shard's folder up to date; what is here already with the same size stays.

    Args:
        folder: the folder of the work.
        name: of the shard's folder.
        only: fetch only files with this ending.

    Returns:
        The folder on this disk.
    """
    place = local_place(folder, name)
    if folder.is_local:
        return place
    root = folder.path(name)
    folder.files.invalidate_cache()
    for path, about in folder.files.find(root, detail=True).items():
        inside = path.removeprefix(root).lstrip("/")
        target = place / inside
        database = inside.endswith(_DATABASE)
        if not inside.endswith(only) or (target.is_file() and not database and target.stat().st_size == about["size"]):
            continue
        target.parent.mkdir(parents=True, exist_ok=True)
        if database:  # what another process left beside the older state would be mixed into it
            for rest in ("-wal", "-shm"):
                target.with_name(target.name + rest).unlink(missing_ok=True)
        temporary = target.with_name(f".{target.name}.{os.getpid()}.part")
        folder.files.get_file(path, str(temporary))
        temporary.replace(target)
    return place


@contextmanager
def _snapshot(database: Path) -> Iterator[Path]:
    import sqlite3
    import tempfile

    with tempfile.TemporaryDirectory() as folder:
        whole = Path(folder) / database.name
        with closing(sqlite3.connect(database)) as source, closing(sqlite3.connect(whole)) as target:
            source.backup(target)
        yield whole


def _state(path: Path) -> tuple[int, int]:
    """Say what tells a file from an earlier one; a database's newest rows are in the file beside it."""
    found = [path, path.with_name(path.name + "-wal")] if path.name.endswith(_DATABASE) else [path]
    stats = [one.stat() for one in found if one.exists()]
    return sum(stat.st_size for stat in stats), max((stat.st_mtime_ns for stat in stats), default=0)
