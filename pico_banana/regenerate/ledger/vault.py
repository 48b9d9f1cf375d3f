"""Pictures by the hash of their content: one file a picture, whole or not there, flushed before anything refers to it.

Beside them lies a reserve, a file of zeros. When the disk fills up it is given back, so that replies that are already
paid for still find room while the run stops.
"""

from __future__ import annotations

import hashlib
import shutil
import threading
import time
from typing import TYPE_CHECKING, TypeVar

from pico_banana.errors import DiskFullError, PictureCorruptError, PictureMissingError
from pico_banana.mirrors.store import write_atomic
from pico_banana.regenerate.values import Picture

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

RESERVE_BYTES = 32 << 20
_ENDINGS = {"image/png": "png", "image/jpeg": "jpg", "image/gif": "gif", "image/webp": "webp"}
_MEGABYTE = 1_000_000
# Others give room back meanwhile: what they were writing in vain, or whoever looks after the disk.
_WAITS_S = (0.0, 0.05, 0.2, 1.0)

ResultT = TypeVar("ResultT")


class Vault:
    """The pictures of one ledger."""

    def __init__(self, folder: Path) -> None:
        """Name the folder; nothing is made before something is kept."""
        self._folder = folder / "pictures"
        self._reserve = folder / "reserve"
        self._giving_back = threading.Lock()

    def path(self, sha256: str, media_type: str) -> Path:
        """Say where a picture lies or would lie.

        Args:
            sha256: its hash, hexadecimal.
            media_type: e.g. "image/png"; an unknown one gets the ending "bin".

        Returns:
            The path.
        """
        return self._folder / sha256[:2] / f"{sha256}.{_ENDINGS.get(media_type, 'bin')}"

    def save(self, picture: Picture) -> None:
        """Keep a picture; afterwards it survives a crash and a power cut.

        Args:
            picture: the picture; one that is there already costs nothing.

        Raises:
            DiskFullError: there is no room, not even with the reserve given back.
            StoreError: the folder cannot be written.
        """
        path = self.path(picture.sha256, picture.media_type)
        if not path.exists():
            self.rescued(lambda: write_atomic(path, picture.data, durable=True))

    def load(self, sha256: str) -> Picture:
        """Read a picture.

        Args:
            sha256: its hash, hexadecimal.

        Returns:
            The picture.

        Raises:
            PictureMissingError: it is not here.
            PictureCorruptError: the file is not what was kept.
        """
        for path in sorted((self._folder / sha256[:2]).glob(f"{sha256}.*")):
            data = path.read_bytes()
            if hashlib.sha256(data).hexdigest() != sha256:
                text = f"{path} is not the picture that was kept: its content no longer has the hash it is named by"
                raise PictureCorruptError(f"{text}. Restore the file from a backup", address=sha256)
            return Picture(data, sha256)
        raise PictureMissingError(
            f"the ledger has no picture {sha256}; was its folder changed by hand?", address=sha256
        )

    def keep_reserve(self, *, size: int = RESERVE_BYTES) -> None:
        """Set room aside, at the start of a run.

        Args:
            size: bytes.

        Raises:
            DiskFullError: there is not even room for the reserve; do not start.
            StoreError: the folder cannot be written.
        """
        if not self._reserve.exists():
            write_atomic(self._reserve, bytes(size), durable=True)

    def rescued(self, write: Callable[[], ResultT]) -> ResultT:
        """Write something; when the disk is full, give the reserve back and try again.

        Args:
            write: does the writing.

        Returns:
            What `write` returned.

        Raises:
            DiskFullError: there is no room even so.
        """
        for wait_s in _WAITS_S:
            try:
                return write()
            except DiskFullError:
                # Many find the disk full at once: one gives the reserve back, and all of them may use it.
                with self._giving_back:
                    self._reserve.unlink(missing_ok=True)
                time.sleep(wait_s)
        return write()

    @property
    def reserve_spent(self) -> bool:
        """Whether the reserve was given back: the disk was full, and the run must stop."""
        return not self._reserve.exists()

    def free_mb(self) -> float:
        """Measure the free space.

        Returns:
            Megabytes.
        """
        return shutil.disk_usage(self._folder.parent).free / _MEGABYTE
