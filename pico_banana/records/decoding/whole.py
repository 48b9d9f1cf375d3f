"""Whether bytes are a whole picture: one look for exports and publications, so that nothing else is passed on.

A page of a login, a file that was cut off and an empty one lie under a picture's name as well as a picture does. The
ends tell nearly all of them: a PNG closes with its IEND chunk, a JPEG with its end marker, and both say their size at
the start. What ends oddly, or is of another format or kind than photos and edits are (8-bit grey or RGB), is decoded,
and the decoder has the last word: its header may promise what no decoder can do.
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from typing import TYPE_CHECKING

from pico_banana.errors import PictureCorruptError
from pico_banana.records.decoding.header import Header, read_header, read_header_of

if TYPE_CHECKING:
    from pathlib import Path

_PNG_HEAD, _JPEG_HEAD = b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR", b"\xff\xd8\xff"
_PNG_END = b"\0\0\0\0IEND\xaeB`\x82"
_JPEG_END = b"\xff\xd9"
_END_BYTES = 64  # some cameras pad with zeros
_FIRST_BYTES = 4096
_SUFFIXES = ((b"GIF8", "gif"), (b"BM", "bmp"), (b"II*\0", "tif"), (b"MM\0*", "tif"), (b"\0\0\0\x0cjP", "jp2"))


@dataclass(frozen=True, slots=True)
class Look:
    """What a whole picture is.

    Attributes:
        suffix: the ending that fits its content, without the dot: "jpg", "png", "webp", …
        size: bytes.
        header: its format, its width and height in pixels, its EXIF orientation.
    """

    suffix: str
    size: int
    header: Header


def look_at(data: bytes, *, address: str = "") -> Look:
    """Make sure that bytes are a whole picture.

    Args:
        data: the encoded picture.
        address: what to call it in an error.

    Returns:
        What it is.

    Raises:
        PictureCorruptError: it is empty, a page, cut off, or nothing that this library can decode.
    """
    _check_start(data[:_FIRST_BYTES], len(data), address)
    header = read_header(data, address=address)
    if not header.plain or not _ends_well(data[:_FIRST_BYTES], data[-_END_BYTES:]):
        _decode(data, address)
    return Look(_suffix(data[:_END_BYTES], header), len(data), header)


def look_at_file(path: Path, *, address: str = "") -> Look:
    """Make sure that a file is a whole picture; of a PNG or JPEG in order only its two ends are read.

    Args:
        path: the file.
        address: what to call it in an error; its path when empty.

    Returns:
        What it is.

    Raises:
        PictureCorruptError: it is empty, a page, cut off, or nothing that this library can decode.
        OSError: it cannot be read.
    """
    name = address or str(path)
    with path.open("rb", buffering=0) as file:
        number = file.fileno()
        size = os.fstat(number).st_size
        start = os.pread(number, _FIRST_BYTES, 0)
        _check_start(start, size, name)
        if not _ends_well(start, os.pread(number, _END_BYTES, max(0, size - _END_BYTES))):
            return look_at(path.read_bytes(), address=name)
        header = read_header_of(file, address=name)
        if not header.plain:
            return look_at(path.read_bytes(), address=name)
        return Look(_suffix(start, header), size, header)


def _check_start(start: bytes, size: int, address: str) -> None:
    name = address or "the picture"
    if not size:
        raise PictureCorruptError(f"{name} is empty; fetch it again", address=address)
    if start.lstrip()[:1] in {b"<", b"{"}:
        raise PictureCorruptError(f"{name} is a page or a text and no picture; fetch it again", address=address)


def _ends_well(start: bytes, end: bytes) -> bool:
    if start.startswith(_PNG_HEAD):
        return end.endswith(_PNG_END)
    return start.startswith(_JPEG_HEAD) and end.rstrip(b"\0").endswith(_JPEG_END)


def _decode(data: bytes, address: str) -> None:
    """Decide about a picture that ends oddly; Pillow alone would take a PNG whose last pixels are there.

    Raises:
        PictureCorruptError: it is cut off or damaged.
    """
    from pico_banana.records.decoding.decode import decode

    if data.startswith(_PNG_HEAD) and _PNG_END not in data:
        raise PictureCorruptError(f"{address or 'the picture'} is cut off: a PNG without its end", address=address)
    try:
        decode(data, address=address, backend="pillow")
    except PictureCorruptError as error:
        text = f"{address or 'the picture'} is cut off or damaged; fetch it again ({error})"
        raise PictureCorruptError(text, address=address) from error


def _suffix(start: bytes, header: Header) -> str:
    if start.startswith(_JPEG_HEAD):
        return "jpg"
    if start.startswith(_PNG_HEAD):
        return "png"
    if start[:4] == b"RIFF" and start[8:12] == b"WEBP":
        return "webp"
    known = [suffix for magic, suffix in _SUFFIXES if start.startswith(magic)]
    return known[0] if known else {"jpeg": "jpg", "png": "png", "other": "bin"}[header.format]
