"""`picobanana://` for fsspec: an address becomes bytes, from this machine if they are here, else fetched once and kept.

It is registered under the `fsspec.specs` entry points, so pandas, polars, PyArrow and a stock `datasets.Image()` open
addresses in any process without importing this package.
"""

from __future__ import annotations

import io
import os
import shutil
import threading
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any, ClassVar

from fsspec.callbacks import DEFAULT_CALLBACK, Callback

from pico_banana.errors import ConfigError
from pico_banana.mirrors.addresses import PROTOCOL, Address, parse_address
from pico_banana.mirrors.inside import is_held
from pico_banana.mirrors.known import recall
from pico_banana.mirrors.store import area, present
from pico_banana.pictures.packed import packed_path
from pico_banana.pictures.readonly import ReadOnlyFileSystem

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from pico_banana.mirrors.catalog import Mirror
    from pico_banana.pictures.readahead import ReadAhead

_ahead: ReadAhead | None = None
_ahead_lock = threading.Lock()


def _start_anew() -> None:
    """Forget the parent's read-ahead: its threads are not here, and its lock may be held by one of them for ever."""
    global _ahead, _ahead_lock  # noqa: PLW0603
    if _ahead is not None:
        _ahead = _ahead.anew()
    _ahead_lock = threading.Lock()


os.register_at_fork(after_in_child=_start_anew)


def stored_path(address: Address, mirror: Mirror) -> Path | None:
    """Find a picture on this machine.

    Args:
        address: the picture.
        mirror: the mirror the address names.

    Returns:
        The file, in the mirror's own folder or in the store; None when it is not here.
    """
    if (own := mirror.file_of(address)) is not None:
        return own
    kept = area(mirror.name) / address.relative_path
    return kept if present(kept) else None


def local_path(address: str) -> Path:
    """Give a picture's file on this machine, fetching it first when it is not here.

    Args:
        address: a `picobanana://` address, or the path of a file.

    Returns:
        The file, whole.

    Raises:
        PictureMissingError: nobody has this picture.
        TransportError: it could not be fetched this time.
        MirrorError: the address names a mirror this store does not know.
        ConfigError: it is no address.
    """
    if "://" not in address:
        return Path(address)
    if _ahead is not None:
        _ahead.opened(address)
    return _brought(address)


def expect(addresses: Sequence[str]) -> None:
    """Say which pictures will be opened, in order; once one is, the next few are fetched in the background.

    Args:
        addresses: pictures of one kind.
    """
    global _ahead  # noqa: PLW0603 - what is expected is of the whole process, like the pictures
    from pico_banana.pictures.readahead import ReadAhead

    with _ahead_lock:
        _ahead = _ahead or ReadAhead(_brought)
    _ahead.expect(addresses)


def _brought(address: str) -> Path:
    parsed = parse_address(address)
    mirror = recall(parsed.mirror)
    return stored_path(parsed, mirror) or packed_path(parsed, mirror) or _fetched(parsed, mirror)


def _fetched(address: Address, mirror: Mirror) -> Path:
    from pico_banana.mirrors.fetch import fetch_one
    from pico_banana.pictures.sources.chain import make_chain
    from pico_banana.pictures.sources.items import ItemMaker

    return fetch_one(ItemMaker(mirror, make_chain(mirror)).item(address))


class _Sized(io.FileIO):
    """A picture's file that knows its size, as caching file systems ask."""

    def __init__(self, path: Path) -> None:
        super().__init__(path, "rb")
        self.size = os.fstat(self.fileno()).st_size
        self.blocksize = io.DEFAULT_BUFFER_SIZE


class PicoBananaFileSystem(ReadOnlyFileSystem):
    """Read-only access to pictures by address."""

    protocol: ClassVar[str] = PROTOCOL

    def info(self, path: str, **_: object) -> dict[str, Any]:
        """Describe a picture or a folder; a picture that is not here is fetched, since its size is part of the answer.

        Args:
            path: an address, or the start of addresses.

        Returns:
            "name", "size" in bytes, "type" ("file" or "directory").

        Raises:
            PictureMissingError: nobody has this picture.
            TransportError: it could not be fetched this time.
        """
        name = self._strip_protocol(path)
        if _is_root(name) or any(_folders(name)):
            return {"name": name, "size": 0, "type": "directory"}
        if name.rpartition("/")[2] in {"edited", "source"} and _is_root(name.rpartition("/")[0]):
            return {"name": name, "size": 0, "type": "directory"}
        return {"name": name, "size": local_path(f"{PROTOCOL}://{name}").stat().st_size, "type": "file"}

    def ls(self, path: str, detail: bool = True, **_: object) -> list[Any]:  # noqa: FBT001, FBT002 - fsspec's signature
        """List the pictures of a folder that are on this machine.

        Args:
            path: the start of addresses, e.g. "picobanana://sample/edited/positive-edit".
            detail: whether to give descriptions in place of names.

        Returns:
            Names, or what `info` gives, sorted.

        Raises:
            FileNotFoundError: nothing of it is on this machine.
        """
        name = self._strip_protocol(path)
        if _is_root(name):
            return [self.info(f"{name}/{role}") if detail else f"{name}/{role}" for role in ("edited", "source")]
        entries: dict[str, dict[str, Any]] = {}
        if not any(_folders(name)):
            return self._ls_file(name, detail=detail)
        for entry in _entries(name):
            size, kind = (0, "directory") if entry.is_dir() else (entry.stat().st_size, "file")
            full = f"{name}/{entry.name}"
            entries[full] = {"name": full, "size": size, "type": kind}
        return [entries[key] for key in sorted(entries)] if detail else sorted(entries)

    def _ls_file(self, name: str, *, detail: bool) -> list[Any]:
        if _here(name) is None:
            error = f"nothing of {PROTOCOL}://{name} is on this machine"
            raise FileNotFoundError(error)
        return [self.info(name) if detail else name]

    def get_file(self, rpath: str, lpath: Any, callback: Callback = DEFAULT_CALLBACK, **_: object) -> None:  # noqa: ANN401 - a path or an open file
        """Copy a picture to a path or an open file of one's own; of a folder the copy is a folder.

        Args:
            rpath: the address.
            lpath: where to copy it; missing folders are made.
            callback: told the size and the bytes copied.
        """
        name = self._strip_protocol(rpath)
        if self.isdir(name):
            Path(lpath).mkdir(parents=True, exist_ok=True)
            return
        file = local_path(f"{PROTOCOL}://{name}")
        size = file.stat().st_size
        callback.set_size(size)
        if hasattr(lpath, "write"):
            lpath.write(file.read_bytes())
        else:
            Path(lpath).parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(file, lpath)
        callback.relative_update(size)

    def here(self, path: str) -> Path | None:
        """Find a picture on this machine.

        Args:
            path: its address.

        Returns:
            Its file; None when it is not here, or is no address of a picture. Nothing is fetched.
        """
        return _here(self._strip_protocol(path))

    def sign(self, path: str, expiration: int = 100, **_: object) -> str:
        """Say where the picture is published; nothing there needs a signature.

        Args:
            path: the picture's address.
            expiration: means nothing here.

        Returns:
            A URL, or a path where the mirror is a folder.
        """
        del expiration
        address = parse_address(self.unstrip_protocol(path))
        return recall(address.mirror).url_of(address)

    def exists(self, path: str, **_: object) -> bool:
        """Say whether a picture or a folder is there; what is no address is not.

        Args:
            path: an address, or the start of addresses.

        Returns:
            True when it is; a picture that is not here is fetched to find out.
        """
        try:
            self.info(path)
        except (ConfigError, OSError):
            return False
        return True

    def cat_file(self, path: str, start: int | None = None, end: int | None = None, **_: object) -> bytes:
        """Read a picture, or a part of it.

        Args:
            path: its address.
            start: the first byte; negative ones count from the end.
            end: the byte behind the last; negative ones count from the end.

        Returns:
            The bytes.
        """
        data = local_path(f"{PROTOCOL}://{self._strip_protocol(path)}").read_bytes()
        return data[start:end]

    def _open(self, path: str, mode: str = "rb", **_: object) -> IO[bytes]:
        self.require_reading(path, mode)
        return _Sized(local_path(f"{PROTOCOL}://{self._strip_protocol(path)}"))


def _is_root(name: str) -> bool:
    """Say whether a name is a mirror's alone: a folder with `edited` and `source` in it."""
    if not name or "/" in name or name in {"edited", "source"}:
        return False
    try:
        recall(name)
    except OSError:
        return False
    return True


def _here(name: str) -> Path | None:
    try:
        address = parse_address(name)
        return stored_path(address, recall(address.mirror))
    except (ConfigError, OSError):
        return None


def _folders(name: str) -> Iterator[tuple[Path, Path | None]]:
    """Give the folders in which the addresses that start like this would lie, each with what links must stay in."""
    try:
        address = parse_address(f"{name}/x")
        mirror = recall(address.mirror)
    except (ConfigError, OSError):
        return
    for root, bound in ((mirror.folder, mirror.folder), (area(mirror.name), None)):  # the store's links are our own
        if root is not None:
            folder = (root / address.relative_path).parent
            if folder.is_dir() and (bound is None or is_held(str(folder), str(bound))):
                yield folder, bound


def _entries(name: str) -> Iterator[Path]:
    """Give what lies in these folders, without hidden files and links that lead nowhere or out of a mirror's folder."""
    for folder, bound in _folders(name):
        for entry in folder.iterdir():
            led = entry.is_symlink() and (not entry.exists() or (bound and not is_held(str(entry), str(bound))))
            if not entry.name.startswith(".") and not led:
                yield entry
