"""The pictures of an export: a file as published where nothing changes, else new bytes; and how they get into place."""

from __future__ import annotations

import io
import os
import shutil
from dataclasses import dataclass
from typing import TYPE_CHECKING

from pico_banana.mirrors.store import atomic_path, write_atomic
from pico_banana.pictures.images.decode import decode
from pico_banana.pictures.images.header import read_header

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    import numpy as np
    from numpy.typing import NDArray

    from pico_banana.pictures.images.header import Header
    from pico_banana.sharing.export.options import ExportOptions

_PNG_LEVEL = 4  # zlib 6 takes half as long again for 2 % less


@dataclass(frozen=True, slots=True)
class Picture:
    """One picture ready to be written.

    Attributes:
        address: where it came from.
        suffix: "jpg", "png", or what its file has, without the dot.
        size: bytes.
        path: the file that has exactly these bytes, or None.
        data: the bytes, where no file has them.
    """

    address: str
    suffix: str
    size: int
    path: Path | None = None
    data: bytes | None = None

    def read(self) -> bytes:
        """Give the bytes."""
        return self.path.read_bytes() if self.path is not None else self.data or b""

    def read_into(self, target: memoryview) -> None:
        """Read the bytes to a place in memory.

        Args:
            target: as long as `size`.

        Raises:
            OSError: the file has become shorter.
        """
        if self.path is None:
            target[:] = self.data or b""
            return
        with self.path.open("rb", buffering=0) as file:
            done = 0
            while done < self.size:
                read = file.readinto(target[done:])
                if not read:
                    msg = f"{self.path} became shorter while it was read; fetch it again"
                    raise OSError(msg)
                done += read

    def place(self, final: Path) -> None:
        """Make the picture a file: a hard link where possible, else a copy by the kernel.

        Args:
            final: where it belongs.
        """
        if self.path is None:
            write_atomic(final, self.data or b"")
            return
        with atomic_path(final) as temporary:
            temporary.unlink()
            try:
                temporary.hardlink_to(self.path.resolve())
            except OSError:  # another file system, or one without links
                shutil.copyfile(self.path, temporary)


def published(address: str, path: Path) -> Picture:
    """Take a picture as it is.

    Args:
        address: its address.
        path: its file.

    Returns:
        The picture, unread but for its first bytes.

    Raises:
        OSError: the file cannot be read.
    """
    with path.open("rb") as file:
        start = file.read(8)
        size = os.fstat(file.fileno()).st_size
    suffix = "jpg" if start.startswith(b"\xff\xd8") else "png" if start.startswith(b"\x89PNG") else path.suffix[1:]
    return Picture(address, suffix or "bin", size, path)


def remade(paths: Mapping[str, tuple[str, Path]], options: ExportOptions) -> dict[str, Picture]:
    """Decode the pictures of one row, bring them to their geometry, and encode them anew.

    Args:
        paths: (address, file) by role; the source first, the edit second.
        options: the export's.

    Returns:
        The pictures by role.

    Raises:
        PictureCorruptError: one cannot be decoded.
    """
    data = {role: path.read_bytes() for role, (_, path) in paths.items()}
    headers = {role: read_header(data[role], address=paths[role][0]) for role in data}
    plan = options.geometry.plan([header.size for header in headers.values()])
    made: dict[str, Picture] = {}
    for (role, header), placement in zip(headers.items(), plan, strict=True):
        size = None if placement.scaled == header.size else placement.scaled
        pixels = placement.place(decode(data[role], size=size, address=paths[role][0]), options.geometry.fill)
        made[role] = _encoded(pixels, paths[role][0], header, options)
    return made


def _encoded(pixels: NDArray[np.uint8], address: str, header: Header, options: ExportOptions) -> Picture:
    from PIL import Image

    form = options.codec if options.codec != "keep" else header.format
    if form != "jpeg":
        data = _as_png(pixels)
        return Picture(address, "png", len(data), data=data)
    buffer = io.BytesIO()
    Image.fromarray(pixels).save(buffer, "JPEG", quality=options.quality, subsampling=0)
    return Picture(address, "jpg", buffer.tell(), data=buffer.getvalue())


def as_png(picture: Picture) -> Picture:
    """Re-encode a picture as PNG, losslessly.

    Args:
        picture: any picture.

    Returns:
        The same pixels, upright, as PNG.

    Raises:
        PictureCorruptError: it cannot be decoded.
    """
    data = _as_png(decode(picture.read(), address=picture.address))
    return Picture(picture.address, "png", len(data), data=data)


def _as_png(pixels: NDArray[np.uint8]) -> bytes:
    from PIL import Image

    buffer = io.BytesIO()
    Image.fromarray(pixels).save(buffer, "PNG", compress_level=_PNG_LEVEL)
    return buffer.getvalue()
