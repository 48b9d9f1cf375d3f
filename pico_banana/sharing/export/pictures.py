"""The pictures of an export: a file as published where nothing changes, else new bytes; and how they get into place."""

from __future__ import annotations

import io
import os
from contextlib import suppress
from dataclasses import dataclass, replace
from hashlib import sha256
from pathlib import Path
from typing import IO, TYPE_CHECKING

from pico_banana.errors import ExportError
from pico_banana.mirrors.store import atomic_path, sha256_of, write_atomic
from pico_banana.mirrors.writing import write_whole
from pico_banana.records.decoding.decode import decode
from pico_banana.records.decoding.geometry import Placement, matched
from pico_banana.records.decoding.header import read_header
from pico_banana.records.decoding.whole import look_at_file

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence

    import numpy as np
    from numpy.typing import NDArray

    from pico_banana.records.decoding.frames import Registrar
    from pico_banana.records.decoding.header import Header
    from pico_banana.sharing.export.options import ExportOptions

_PNG_LEVEL = 4  # zlib 6 takes half as long again for 2 % less
_REMADE = "resized or re-encoded"
_UNDONE = {
    "aligned": _REMADE,
    "shifted": "shifted, moved back",
    "rescaled": "rescaled, brought back",
    "reframed": "reframed, cut to what is shared",
    "not_comparable": "not comparable, only resized",
    None: "told to show another frame, only resized",
}
_CHUNK_BYTES = 1 << 20
_READ_ONLY = 0o444
_PACKAGE = Path(__file__).resolve().parents[2]


@dataclass(frozen=True, slots=True)
class Picture:
    """One picture ready to be written.

    Attributes:
        address: where it came from.
        suffix: "jpg", "png", or what its file has, without the dot.
        size: bytes.
        path: the file that has exactly these bytes, or None.
        data: the bytes, where no file has them.
        change: what was done to the published bytes, such as "turned upright"; empty for nothing.
    """

    address: str
    suffix: str
    size: int
    path: Path | None = None
    data: bytes | None = None
    change: str = ""

    @property
    def name(self) -> str:
        """The file's name, with the ending that its content has."""
        stem = self.address.rpartition("/")[2].rpartition(".")[0] or "picture"
        return f"{stem}.{self.suffix}"

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

    def place(self, final: Path, *, link: bool = False, digest: bool = False) -> str | None:
        """Make the picture a file of its own, so that nobody who changes it changes the store.

        Args:
            final: where it belongs.
            link: make it a read-only hard link to its file instead, where that can be.
            digest: also hash it on the way.

        Returns:
            The SHA-256 of its bytes when it was asked for.
        """
        if self.path is None:
            write_atomic(final, self.data or b"")
            return sha256(self.data or b"").hexdigest() if digest else None
        if link and _linked(self.path.resolve(), final):
            return sha256_of(final) if digest else None
        with (
            atomic_path(final) as temporary,
            self.path.open("rb", buffering=0) as file,
            temporary.open("wb", buffering=0) as out,
        ):
            if digest:
                return _copied(file, out)
            send(file, out, self.size)
            return None


def send(file: IO[bytes], out: IO[bytes], size: int) -> None:
    """Copy inside the kernel where it can (Linux), which shares blocks where the file system can; else through memory.

    Args:
        file: what is copied, from where it stands; without a buffer, as `out`.
        out: where to.
        size: bytes.

    Raises:
        ExportError: the file has become shorter.
        OSError: there is no room.
    """
    left = size
    with suppress(OSError, AttributeError):  # another file system, a full one, another system
        while left and (sent := os.copy_file_range(file.fileno(), out.fileno(), left)):
            left -= sent
    while left and (chunk := file.read(min(left, _CHUNK_BYTES))):  # both files stand where the kernel left them
        write_whole(out, chunk)
        left -= len(chunk)
    if left:
        raise ExportError(f"{file.name} became shorter while it was copied; run the export again")


def _copied(file: IO[bytes], out: IO[bytes]) -> str:
    """Copy and hash in one go: the bytes are read once."""
    digest = sha256()
    while chunk := file.read(_CHUNK_BYTES):
        digest.update(chunk)
        write_whole(out, chunk)
    return digest.hexdigest()


def _linked(file: Path, final: Path) -> bool:
    """Link to a file, unless it belongs to others, whom its new mode would surprise."""
    if file.is_relative_to(_PACKAGE):  # the sample: it belongs to the installation
        return False
    try:
        file.chmod(_READ_ONLY)
        with atomic_path(final) as temporary:
            temporary.unlink()
            temporary.hardlink_to(file)
        final.chmod(_READ_ONLY)  # the links are one file, and it was just made writable
    except OSError:  # somebody else's file, another file system, or one without links
        return False
    return True


def published(address: str, path: Path, *, upright: bool = True) -> Picture:
    """Take a picture as it is, once it is known to be one.

    Args:
        address: its address.
        path: its file.
        upright: whether one that lies on its side is turned, which makes it a PNG.

    Returns:
        The picture; of one in order only the ends were read.

    Raises:
        PictureCorruptError: it is empty, a page, cut off, or no picture.
        OSError: the file cannot be read.
    """
    look = look_at_file(path, address=address)
    picture = Picture(address, look.suffix, look.size, path)
    if upright and look.header.orientation != 1:
        return replace(as_png(picture), change="turned upright")
    return picture


def remade(
    paths: Mapping[str, tuple[str, Path]], options: ExportOptions, *, skip: Collection[str] = ()
) -> dict[str, Picture]:
    """Decode the pictures of one row, bring them to their geometry, and encode them anew.

    Args:
        paths: (address, file) by role; the source first, the edit second.
        options: the export's.
        skip: roles that are left out.

    Returns:
        The pictures by role.

    Raises:
        PictureCorruptError: one cannot be decoded.
    """
    data = {role: path.read_bytes() for role, (_, path) in paths.items()}
    headers = {role: read_header(data[role], address=paths[role][0]) for role in data}
    made: dict[str, Picture] = {}
    for (role, header), placement in zip(headers.items(), _plan(list(headers.values()), options), strict=True):
        if role not in skip:
            size = None if placement.scaled == header.size else placement.scaled
            pixels = placement.place(decode(data[role], size=size, address=paths[role][0]), options.geometry.fill)
            alike = options.match != "none" and bool(made or skip)  # all but the source, which comes first
            made[role] = _encoded(pixels, paths[role][0], "png" if alike else header.format, options)
    return made


def registered(
    paths: Mapping[str, tuple[str, Path]], options: ExportOptions, registrar: Registrar
) -> dict[str, Picture]:
    """Decode the pictures of one row, cut them to what they share, and encode them anew.

    Args:
        paths: (address, file) by role; the source first, then the edits.
        options: the export's.
        registrar: finds what they share.

    Returns:
        The pictures by role.

    Raises:
        PictureCorruptError: one cannot be decoded.
        MissingExtraError: OpenCV is not installed.
    """
    addresses = [address for address, _ in paths.values()]
    data = [path.read_bytes() for _, path in paths.values()]
    whole = [decode(encoded, address=address) for encoded, address in zip(data, addresses, strict=True)]
    sizes = [(pixels.shape[1], pixels.shape[0]) for pixels in whole]
    frame = registrar.frame(addresses, whole)
    changes = (_REMADE, *(_UNDONE[kind] for kind in frame.kinds))
    made: dict[str, Picture] = {}
    for number, (role, address) in enumerate(zip(paths, addresses, strict=True)):
        usual = read_header(data[number], address=address).format
        alike = options.match != "none" and number > 0
        pixels = frame.placed(number, whole[number], options.geometry, sizes)
        picture = _encoded(pixels, address, "png" if alike else usual, options)
        made[role] = replace(picture, change=changes[number])
    return made


def _plan(headers: Sequence[Header], options: ExportOptions) -> list[Placement]:
    sizes = [header.size for header in headers]
    if options.match == "size" and options.geometry.policy == "none" and len(sizes) > 1:
        return [Placement(sizes[0], sizes[0]), *matched(sizes[1:])]  # any other geometry makes one size of all
    return options.geometry.plan(sizes)


def _encoded(pixels: NDArray[np.uint8], address: str, usual: str, options: ExportOptions) -> Picture:
    from PIL import Image

    form = options.codec if options.codec != "keep" else usual
    if form != "jpeg":
        data = _as_png(pixels)
        return Picture(address, "png", len(data), data=data, change=_REMADE)
    buffer = io.BytesIO()
    Image.fromarray(pixels).save(buffer, "JPEG", quality=options.quality, subsampling=0)
    return Picture(address, "jpg", buffer.tell(), data=buffer.getvalue(), change=_REMADE)


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
    return Picture(picture.address, "png", len(data), data=data, change="re-encoded as PNG")


def _as_png(pixels: NDArray[np.uint8]) -> bytes:
    from PIL import Image

    buffer = io.BytesIO()
    Image.fromarray(pixels).save(buffer, "PNG", compress_level=_PNG_LEVEL)
    return buffer.getvalue()
