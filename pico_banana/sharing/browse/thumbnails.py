"""Small copies of pictures: made at the first look, kept in the store's folder, and never more than a bound of them."""

from __future__ import annotations

import os
import threading
import time
from contextlib import suppress
from hashlib import blake2s
from typing import TYPE_CHECKING

from pico_banana.errors import StoreError
from pico_banana.mirrors.store import home, remove_leftovers, write_atomic
from pico_banana.records.decoding.images import image_of, jpeg_of

if TYPE_CHECKING:
    from pathlib import Path

MOST_BYTES = 512 << 20  # some 30,000 copies
HEIGHT = 320
_QUALITY = 85
_LEFT_AFTER_CLEARING = 0.8
_LOOKED_AT_AGAIN_S = 3600.0  # a copy's time is set at most so often: it only tells old ones from new ones


class Thumbnails:
    """Small copies, by the file they were made of.

    Attributes:
        folder: where they are kept.
        most_bytes: how much of them is kept.
    """

    def __init__(self, folder: Path | None = None, *, most_bytes: int = MOST_BYTES) -> None:
        """Keep copies in a folder.

        Args:
            folder: which; None for `thumbnails` in the store.
            most_bytes: how much is kept; those not looked at for longest go first.
        """
        self.folder = home() / "thumbnails" if folder is None else folder
        self.most_bytes = most_bytes
        self._lock = threading.Lock()
        self._total: int | None = None
        self._decoding = threading.Semaphore(os.cpu_count() or 1)

    def of(self, file: Path, *, address: str) -> bytes:
        """Give the small copy of a picture, upright.

        Args:
            file: the picture's file.
            address: the picture's address.

        Returns:
            A JPEG.

        Raises:
            PictureCorruptError: the file is no picture.
        """
        status = file.stat()
        name = blake2s(f"{address} {status.st_size} {status.st_mtime_ns} {HEIGHT}".encode(), digest_size=16).hexdigest()
        kept = self.folder / name[:2] / f"{name[2:]}.jpg"
        with suppress(OSError):
            data = kept.read_bytes()
            if time.time() - kept.stat().st_mtime > _LOOKED_AT_AGAIN_S:
                os.utime(kept)
            return data
        with self._decoding:
            data = jpeg_of(image_of(file.read_bytes(), height=HEIGHT, address=address), quality=_QUALITY)
        with suppress(StoreError, OSError):  # a full disk costs the copy, not the look
            write_atomic(kept, data)
            self._count(len(data))
        return data

    def _count(self, more: int) -> None:
        with self._lock:
            self._total = self._bytes() if self._total is None else self._total + more
            if self._total > self.most_bytes:
                self._clear()

    def _bytes(self) -> int:
        remove_leftovers(self.folder)
        return sum(size for _, size, _ in self._copies())

    def _copies(self) -> list[tuple[float, int, Path]]:
        found = []
        for path in self.folder.glob("??/*.jpg"):
            with suppress(OSError):  # another process clears, too
                status = path.stat()
                found.append((status.st_mtime, status.st_size, path))
        return found

    def _clear(self) -> None:
        """Remove those not looked at for longest."""
        copies = sorted(self._copies())
        self._total = sum(size for _, size, _ in copies)
        for _, size, path in copies:
            if self._total <= self.most_bytes * _LEFT_AFTER_CLEARING:
                break
            path.unlink(missing_ok=True)
            self._total -= size
