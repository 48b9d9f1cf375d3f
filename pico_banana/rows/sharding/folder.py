"""The folder of a work that is done in shards: `OUT.shards` beside the output `OUT`, on a disk or behind an address.

::

    OUT.shards/0003-of-0100/           what the shard wrote: a ledger, an export, a table
    OUT.shards/0003-of-0100.json       its note: what was asked, and, once it is finished, what came of it
    OUT.shards/0003-of-0100.lease-1    who is at it; the highest number counts, see `lease`

Notes and leases are small files, whole or not there. Nothing else is shared, so any disk and any object store will do.
"""

from __future__ import annotations

import json
import os
import time
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any
from uuid import uuid4

from pico_banana.errors import StoreError
from pico_banana.mirrors.notes import ODD_SHAPE, parse_note
from pico_banana.mirrors.store import write_atomic, writing
from pico_banana.rows.sharding.shard import Shard, shard_named

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

_SHOWN = 20  # shards named in one message


@dataclass(frozen=True, slots=True)
class Note:
    """What is known of a shard.

    Attributes:
        command: what is done, such as "export".
        asked: what of, as a hash: shards of one work have the same.
        by: the machine and process that wrote it.
        at: when, in seconds since the epoch.
        finished: whether the shard is whole.
        counts: what came of it.
        same: what must be the same in all shards, by name.
        why: why it is not finished, where somebody knows.
        spent: what it spent so far, the name of a budget to USD.
        settled: what it had spent when it was finished for the first time, see `share`; None before.
    """

    command: str
    asked: str
    by: str = ""
    at: float = 0.0
    finished: bool = False
    counts: Mapping[str, Any] = field(default_factory=dict)
    same: Mapping[str, str] = field(default_factory=dict)
    why: str = ""
    spent: Mapping[str, float] = field(default_factory=dict)
    settled: Mapping[str, float] | None = None


def this_process() -> str:
    """Name this machine and process."""
    import socket  # not with every command that can work in shards

    return f"{socket.gethostname()}:{os.getpid()}"


class RunFolder:
    """The folder of one work in shards.

    Attributes:
        out: the output, a path or an address.
        address: the folder.
        is_local: whether it is on a disk.
    """

    def __init__(self, out: str | Path) -> None:
        """Name the folder; nothing is made.

        Args:
            out: the output, a path or an address such as `s3://bucket/runs/a`.
        """
        import fsspec  # noqa: F401 - whole, before a part of it: our protocol is registered at its end
        from fsspec.core import url_to_fs
        from fsspec.implementations.local import LocalFileSystem

        self.out = str(out).rstrip("/")
        self.address = f"{self.out}.shards"
        self.files, self.root = url_to_fs(self.address)
        self.is_local = isinstance(self.files, LocalFileSystem)

    def __repr__(self) -> str:
        """Name it."""
        return f"RunFolder({self.address!r})"

    def exists(self) -> bool:
        """Whether any shard was begun."""
        return bool(self.files.isdir(self.root))

    def path(self, name: str) -> str:
        """Give the path of something in the folder, as its file system wants it.

        Args:
            name: such as `0003-of-0100.json`.
        """
        return f"{self.root}/{name}"

    def names(self) -> list[str]:
        """List what lies in the folder, by name."""
        self.files.invalidate_cache()
        if not self.exists():
            return []
        return sorted(path.rstrip("/").rpartition("/")[2] for path in self.files.ls(self.root, detail=False))

    def read(self, name: str) -> dict[str, Any] | None:
        """Read a small file.

        Args:
            name: in the folder.

        Returns:
            Its JSON, or None when it is not there.

        Raises:
            StoreError: it is no JSON.
        """
        try:
            found: dict[str, Any] = parse_note(self.files.cat_file(self.path(name)))
        except FileNotFoundError:
            return None
        except ValueError as error:
            problem = self._damaged(name, error)
            raise problem from error
        return found

    def _damaged(self, name: str, error: Exception) -> StoreError:
        text = f"{self.address}/{name} is damaged ({error}); delete it, and run that shard again"
        return StoreError(text, path=self.address)

    def write(self, name: str, content: Mapping[str, Any]) -> None:
        """Write a small file, or replace it.

        Args:
            name: in the folder.
            content: JSON values.
        """
        data = json.dumps(content, indent=1).encode()
        if self.is_local:
            write_atomic(Path(self.root) / name, data)
        else:
            self.files.pipe_file(self.path(name), data)

    def create(self, name: str, content: Mapping[str, Any]) -> bool:
        """Write a small file where there is none: of several that try at once, one succeeds.

        Args:
            name: in the folder.
            content: JSON values.

        Returns:
            Whether it was this call.
        """
        data = json.dumps(content).encode()
        if self.is_local:
            return _created(Path(self.root) / name, data)
        try:
            self.files.pipe_file(self.path(name), data, mode="create")
        except FileExistsError:
            return False
        return True

    def note(self, shard: Shard) -> Note | None:
        """Read what is known of a shard.

        Args:
            shard: which.

        Returns:
            Its note, or None when nobody began it.
        """
        name = f"{shard.name}.json"
        found = self.read(name)
        try:
            return None if found is None else Note(**found)
        except ODD_SHAPE as error:
            problem = self._damaged(name, error)
            raise problem from error

    def write_note(self, shard: Shard, note: Note) -> None:
        """Write what is known of a shard.

        Args:
            shard: which.
            note: its note; who writes it and when is filled in.
        """
        self.write(f"{shard.name}.json", {**asdict(note), "by": this_process(), "at": time.time()})

    def begun(self) -> dict[Shard, Note]:
        """Read the notes of all shards that were begun.

        Returns:
            Shard to note, in order.

        Raises:
            StoreError: there are shards of works with different numbers of shards.
        """
        shards = [shard for name in self.names() if name.endswith(".json") and (shard := shard_named(name[:-5]))]
        counts = sorted({shard.count for shard in shards})
        if len(counts) > 1:
            text = (
                f"{self.address} holds shards of {' and of '.join(map(str, counts))}; delete those of the wrong number"
            )
            raise StoreError(text, path=self.address)
        return {shard: note for shard in shards if (note := self.note(shard)) is not None}

    def unfinished(self) -> dict[Shard, str]:
        """Say which shards are not finished.

        Returns:
            Shard to the reason; empty when all are.

        Raises:
            StoreError: no shard was begun.
        """
        return _left(self._any_begun())

    def require_whole(self) -> dict[Shard, Note]:
        """Require that all shards are finished, and were asked the same.

        Returns:
            Shard to note, in order.

        Raises:
            StoreError: some are missing, and the text names them; or they are of different works.
        """
        begun = self._any_begun()
        if left := _left(begun):
            named = "; ".join(f"{shard}: {why}" for shard, why in list(left.items())[:_SHOWN])
            more = f"; and {len(left) - _SHOWN} more" if len(left) > _SHOWN else ""
            count = next(iter(left)).count
            text = f"{len(left)} of {count} shards of {self.out} are not finished: {named}{more}"
            raise StoreError(
                f"{text}. Run them again with --shard I/{count}, or all with any/{count}", path=self.address
            )
        _require_alike(self, begun)
        return begun

    def _any_begun(self) -> dict[Shard, Note]:
        if begun := self.begun():
            return begun
        raise StoreError(f"{self.address} holds no shards; make them with --shard I/N", path=self.address)

    def folders(self) -> Iterator[tuple[Shard, str]]:
        """Give the folders of the shards that were begun.

        Yields:
            Shard and its path or address, in order.
        """
        for name in self.names():
            shard = shard_named(name)
            if shard is not None:
                yield shard, f"{self.address}/{name}"


def _created(path: Path, data: bytes) -> bool:
    """Make a file appear with its whole content, or not at all: a link, which fails where a file is."""
    with writing(path):
        path.parent.mkdir(parents=True, exist_ok=True)
        temporary = path.with_name(f".{path.name}.{uuid4().hex}")
        temporary.write_bytes(data)
        try:
            path.hardlink_to(temporary)
        except FileExistsError:
            return False
        finally:
            temporary.unlink()
    return True


def _left(begun: Mapping[Shard, Note]) -> dict[Shard, str]:
    count = next(iter(begun)).count
    return {shard: why for shard in map(Shard, range(count), [count] * count) if (why := _lacking(begun.get(shard)))}


def _lacking(note: Note | None) -> str:
    if note is None:
        return "not begun"
    return "" if note.finished else note.why or f"begun by {note.by} and not finished"


def _require_alike(folder: RunFolder, notes: Mapping[Shard, Note]) -> None:
    first, begun = next(iter(notes.items()))
    for shard, note in notes.items():
        if (note.command, note.asked, note.same) != (begun.command, begun.asked, begun.same):
            text = (
                f"shards {first} and {shard} of {folder.out} were made of different rows or with different options; "
                f"delete {folder.address}/{shard.name}* or the other, and run it again"
            )
            raise StoreError(text, path=folder.address)
