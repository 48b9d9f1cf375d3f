"""Where things lie on disk, and how a file becomes visible: whole or not at all.

The store is a folder, `PICO_BANANA_HOME` or `~/.cache/pico_banana`. It has the published layout, so a folder that
somebody downloaded by hand is a store::

    jsonl/sft.jsonl ...            rows, as published
    images/positive-edit/1.png ... edits, as published
    source/<host>/<path>           source photos, by their URL without the scheme
    rows/                          the row store, built from jsonl/
    mirrors/<name>/                the same folders again, one set for each mirror that is not the release

Nothing here runs at import; a folder is made when something is written into it.
"""

from __future__ import annotations

import errno
import hashlib
import os
import re
import stat
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING
from uuid import uuid4

from pico_banana.errors import ConfigError, DiskFullError, StoreError

if TYPE_CHECKING:
    from collections.abc import Iterator

HOME_VARIABLE = "PICO_BANANA_HOME"
HOSTS_VARIABLE = "PICO_BANANA_HOSTS"
_CHUNK_BYTES = 1 << 20
_RANDOM = 8  # letters in a temporary name
_NEW = os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_NOFOLLOW", 0)
_LEFTOVER = re.compile(r"\..+\.(?P<machine>[0-9a-f]{8})-(?P<process>\d+)\.\w+\.part")


def home() -> Path:
    """Give the folder of the store; it need not exist.

    Returns:
        `PICO_BANANA_HOME` when set, else `~/.cache/pico_banana`.

    Raises:
        ConfigError: the variable names a file.
    """
    named = os.environ.get(HOME_VARIABLE)
    folder = Path(named).expanduser() if named else Path.home() / ".cache" / "pico_banana"
    if folder.exists() and not folder.is_dir():
        text = f"{HOME_VARIABLE}={named} is a file; name a folder"
        raise ConfigError(text, key=HOME_VARIABLE)
    return folder


def area(mirror: str) -> Path:
    """Give the folder in which the store keeps what belongs to one mirror.

    Args:
        mirror: the mirror's name.

    Returns:
        The store itself for the release, else `mirrors/<name>` in it; with `PICO_BANANA_HOSTS` the release has such a
        folder too.
    """
    redirected = " ".join(os.environ.get(HOSTS_VARIABLE, "").split())
    if mirror != "release" or redirected:
        # What other servers give for the release's hosts is not the release, and never lies among its files.
        instead = f"release-via-{hashlib.blake2s(redirected.encode(), digest_size=4).hexdigest()}"
        return home() / "mirrors" / (instead if mirror == "release" else mirror)
    return home()


@contextmanager
def atomic_path(final: Path, *, durable: bool = False) -> Iterator[Path]:
    """Write a file beside its place and move it there when it is whole.

    Args:
        final: where the file belongs; missing parent folders are made.
        durable: also flush the file and its folder to the disk before and after the move.

    Yields:
        A temporary path in the same folder, named per process; write to it.

    Raises:
        DiskFullError: there is no room; nothing became visible.
        StoreError: the folder cannot be written.
        OSError: what the block raised, where it is one of our errors already.
    """
    temporary: Path | None = None
    try:
        with writing(final):
            final.parent.mkdir(parents=True, exist_ok=True)
            prefix = f".{final.name}.{_this_machine()}-{os.getpid()}."
            temporary = final.parent / f"{prefix}{uuid4().hex[:_RANDOM]}.part"
            os.close(os.open(temporary, _NEW, 0o666))  # the umask decides who may read it; a store may be shared
            yield temporary
            if durable:
                flush(temporary)
            temporary.replace(final)
            if durable:
                flush(final.parent)
    finally:
        if temporary is not None:
            temporary.unlink(missing_ok=True)


def remove_leftovers(folder: Path) -> int:
    """Remove what killed processes of this machine were writing, in a folder and those in it.

    Args:
        folder: where jobs wrote with `atomic_path`; need not exist.

    Returns:
        How many files were removed. Those of other machines stay: their processes may be alive.
    """
    removed = 0
    for parent, _, names in os.walk(folder):
        for name in names:
            found = _LEFTOVER.fullmatch(name)
            if found and found["machine"] == _this_machine() and not is_alive(int(found["process"])):
                Path(parent, name).unlink(missing_ok=True)
                removed += 1
    return removed


def _this_machine() -> str:
    return hashlib.sha256(os.uname().nodename.encode()).hexdigest()[:8]


def is_alive(process: int) -> bool:
    """Say whether a process of this machine runs.

    Args:
        process: its number.

    Returns:
        True when it does, whoever it belongs to.
    """
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    except PermissionError:  # somebody else's process
        return True
    return True


def write_atomic(final: Path, data: bytes, *, durable: bool = False) -> None:
    """Write a whole file so that it is visible complete or not at all.

    Args:
        final: where the file belongs; missing parent folders are made.
        data: its content.
        durable: also flush it to the disk.

    Raises:
        DiskFullError: there is no room.
        StoreError: the folder cannot be written.
    """
    with atomic_path(final, durable=durable) as temporary:
        temporary.write_bytes(data)


@contextmanager
def writing(path: Path) -> Iterator[None]:
    """Turn what the operating system says while a file is written into errors that say what to do.

    Args:
        path: the file.

    Yields:
        Nothing.

    Raises:
        DiskFullError: there is no room.
        StoreError: it cannot be written.
        OSError: what the block raised, where it is one of our errors already.
    """
    try:
        yield
    except OSError as error:
        ours = translated(error, path)
        if ours is error:
            raise
        raise ours from error


def translated(error: OSError, path: Path) -> OSError:
    """Turn an error of the operating system into one that says what to do.

    Args:
        error: what was raised.
        path: the file that was being written.

    Returns:
        `error` itself when it is already ours, a `DiskFullError`, or a `StoreError`.
    """
    if isinstance(error, (StoreError, ConnectionError)) or error.errno is None:
        return error
    if error.errno in (errno.ENOSPC, errno.EDQUOT):
        larger = f"set {HOME_VARIABLE} to a larger disk" if _in_store(path) else "take a folder on a larger disk"
        text = f"no room left on the disk for {path}; free some space, or {larger}"
        return DiskFullError(text, path=str(path))
    if error.errno in {errno.ENOLCK, errno.ENOSYS, errno.EOPNOTSUPP}:
        text = (
            f"{path} lies on a file system without locks ({error.strerror}), which keep two processes off one file; "
            f"let {HOME_VARIABLE} name a folder on a local disk, "
            "or mount it with locks (NFS: version 4, or local_lock=flock)"
        )
        return StoreError(text, path=str(path))
    if error.errno in {errno.EEXIST, errno.ENOTDIR} and (blocking := _file_above(path)) is not None:
        return StoreError(f"{blocking} is a file; name a folder in its place", path=str(path))
    text = f"cannot write {path}: {error.strerror}"
    if error.errno in {errno.EACCES, errno.EPERM, errno.EROFS} and _in_store(path):
        text += f"; {HOME_VARIABLE} can name a folder that can be written"
    return StoreError(text, path=str(path))


def _in_store(path: Path) -> bool:
    """Say whether the variable decides where a file lies; a folder that a command was given does not depend on it."""
    return path.absolute().is_relative_to(home().absolute())


def _file_above(path: Path) -> Path | None:
    return next((parent for parent in path.parents if parent.is_file()), None)


def present(path: Path) -> bool:
    """Say whether a file is there; an empty one is what a power cut leaves, and counts as absent everywhere.

    Args:
        path: the file.

    Returns:
        True when it is there.
    """
    try:
        status = os.stat(path)  # noqa: PTH116 - Path.stat costs twice as much, a million times
        return status.st_size > 0 and stat.S_ISREG(status.st_mode)  # a folder has a size, too
    except (OSError, ValueError):  # a name that no file can have is none
        return False


def status_facts(status: os.stat_result) -> dict[str, int]:
    """Give what of a file's status tells that it may have changed.

    Args:
        status: what `Path.stat` gave.

    Returns:
        Size in bytes, modification and change time in nanoseconds, inode; ready for JSON.
    """
    return {
        "size": status.st_size,
        "mtime_ns": status.st_mtime_ns,
        "ctime_ns": status.st_ctime_ns,
        "inode": status.st_ino,
    }


def sha256_of(path: Path) -> str:
    """Hash a file.

    Args:
        path: the file.

    Returns:
        The SHA-256 of its content, in hexadecimal.
    """
    digest = hashlib.sha256()
    with path.open("rb") as file:
        while chunk := file.read(_CHUNK_BYTES):
            digest.update(chunk)
    return digest.hexdigest()


def flush(path: Path) -> None:
    """Wait until what was written to a file, or which files a folder has, is on the disk.

    Args:
        path: the file or folder.

    Raises:
        OSError: it cannot be said.
    """
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
