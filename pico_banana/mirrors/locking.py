"""One process at a time: a lock that ends with the block, or with the process."""

from __future__ import annotations

import errno
import os
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING

from pico_banana.mirrors.store import writing

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

_LOOKS_AGAIN_S = 0.01  # somebody's key may wait for it; filelock has 0.05


@contextmanager
def locked(path: Path) -> Iterator[None]:
    """Hold a lock that only one process has at a time, until the block ends or the process dies.

    Args:
        path: the lock file; it is made, and stays.

    Yields:
        Nothing.

    Raises:
        StoreError: the lock file cannot be made, or there are no locks here.
        OSError: what the block raised, where it is one of our errors already.
    """
    from filelock import FileLock

    lock = FileLock(str(path))
    with writing(path):
        path.parent.mkdir(parents=True, exist_ok=True)
        try:
            lock.acquire(poll_interval=_LOOKS_AGAIN_S)
        except NotImplementedError as error:  # what filelock makes of ENOSYS
            raise OSError(errno.ENOSYS, os.strerror(errno.ENOSYS)) from error
    try:
        yield
    finally:
        lock.release()


@contextmanager
def locked_if_free(path: Path) -> Iterator[bool]:
    """Hold a lock if no other process has it, until the block ends or the process dies.

    Args:
        path: the lock file; it is made, and stays.

    Yields:
        Whether the lock is held: False when another process has it, or there are no locks here.

    Raises:
        StoreError: the lock file cannot be made.
    """
    from filelock import FileLock, Timeout

    lock = FileLock(str(path))
    held = False
    with writing(path):
        path.parent.mkdir(parents=True, exist_ok=True)
        with suppress(Timeout, NotImplementedError):
            lock.acquire(timeout=0)
            held = True
    try:
        yield held
    finally:
        if held:
            lock.release()
