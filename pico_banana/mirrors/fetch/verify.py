"""Whether the bytes that came are the picture that was meant.

Quick looks at both ends: a PNG must begin as one and end with its IEND chunk, a JPEG must begin as one and end with
its end marker. That finds every cut-off file without decoding. Deep decodes every pixel, so that it also finds damage
in the middle.
"""

from __future__ import annotations

import hashlib
import io
import os
import struct
from typing import IO, TYPE_CHECKING

from pico_banana.errors import PictureCorruptError
from pico_banana.records.decoding.pillow import border

if TYPE_CHECKING:
    from pathlib import Path

    from pico_banana.mirrors.fetch.item import Kind

_PNG_HEAD = b"\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR"
_PNG_TAIL = b"\x00\x00\x00\x00IEND\xaeB`\x82"
_IHDR_SIZE_END = 24  # where width and height end
_JPEG_HEAD = b"\xff\xd8\xff"
_JPEG_END = b"\xff\xd9"
_ENDS_BYTES = 64
_BOM = b"\xef\xbb\xbf"
_SHORTEST = 64  # bytes; no picture with pixels in it is smaller
_MOST_PIXELS = 400_000_000  # the largest Flickr originals have 20 megapixels; more is an attack on memory
_CHUNK_BYTES = 1 << 20
_PICTURES: frozenset[Kind] = frozenset({"png", "jpeg"})
_NEVER_A_PICTURE = ("text/", "application/json", "application/xml", "application/xhtml")
_NEVER_A_FILE = ("text/html", "application/xhtml")
_NEVER_ROWS = {b"<": "a page", b"\x1f\x8b": "gzip data", b"\x28\xb5\x2f\xfd": "Zstandard data", b"\x89PNG": "a PNG"}


def check_content_type(content_type: str, *, kind: Kind, address: str) -> None:
    """Refuse an answer that calls itself a page, before its body is read.

    Object stores label pictures "binary/octet-stream", so any other label is left to the bytes.

    Args:
        content_type: as the server sent it, lower-case.
        kind: what the bytes must be.
        address: the picture's address.

    Raises:
        PictureCorruptError: it is an error page with a good status.
    """
    if content_type.startswith(_NEVER_A_PICTURE if kind in _PICTURES else _NEVER_A_FILE):
        wanted = "a picture" if kind in _PICTURES else "the file"
        text = f"{address}: the server sent {content_type} in place of {wanted}; is a login or a notice in between?"
        raise PictureCorruptError(text, address=address)


def check_head(head: bytes | memoryview, *, kind: Kind, address: str) -> None:
    """Look at the first bytes.

    Args:
        head: the first bytes of the file, 64 of them if there are so many.
        kind: what they must be.
        address: the picture's address.

    Raises:
        PictureCorruptError: they are something else, or too large to be meant seriously.
    """
    start = bytes(head[:_ENDS_BYTES])
    expected = {"png": _PNG_HEAD, "jpeg": _JPEG_HEAD}.get(kind, b"")
    if kind == "rows":
        _check_rows_head(start.removeprefix(_BOM).lstrip(), address)
    if not start.startswith(expected):
        text = f"{address}: not a {kind.upper()} but {_guess(start)}"
        raise PictureCorruptError(text, address=address)
    if kind == "png" and len(start) >= _IHDR_SIZE_END:
        width, height = struct.unpack(">II", start[16:24])
        if not 0 < width * height <= _MOST_PIXELS:
            text = f"{address}: says it has {width} x {height} pixels; more than {_MOST_PIXELS:,} are not opened"
            raise PictureCorruptError(text, address=address)


def _check_rows_head(start: bytes, address: str) -> None:
    """Refuse what no rows file begins with.

    Raises:
        PictureCorruptError: it is a page, a picture, or compressed.
    """
    for magic, name in _NEVER_ROWS.items():
        if start.startswith(magic):
            text = f"{address}: {name} came in place of rows"
            raise PictureCorruptError(text, address=address)


def check_tail(tail: bytes | memoryview, *, kind: Kind, address: str) -> bool:
    """Look at the last bytes.

    Args:
        tail: the last bytes of the file.
        kind: what they must end.
        address: the picture's address.

    Returns:
        False for a JPEG that ends oddly: cameras append data of their own, so only decoding can tell.

    Raises:
        PictureCorruptError: a PNG without its end.
    """
    if kind == "png" and bytes(tail[-len(_PNG_TAIL) :]) != _PNG_TAIL:
        text = f"{address}: the PNG has no end; it was cut off"
        raise PictureCorruptError(text, address=address)
    return kind != "jpeg" or bytes(tail[-_ENDS_BYTES:]).rstrip(b"\x00").endswith(_JPEG_END)


def check_file(
    path: Path, *, kind: Kind, address: str, size: int | None = None, md5: str | None = None, deep: bool = False
) -> None:
    """Check a whole file on disk.

    Args:
        path: the file.
        kind: what it must be.
        address: the picture's address.
        size: its length in bytes, when known.
        md5: its MD5 as 32 hexadecimal digits, when known.
        deep: decode every pixel.

    Raises:
        PictureCorruptError: it is not what it must be.
    """
    with path.open("rb", buffering=0) as file:
        check_open_file(file.fileno(), kind=kind, address=address, size=size, md5=md5, deep=deep)


def check_open_file(
    number: int, *, kind: Kind, address: str, size: int | None = None, md5: str | None = None, deep: bool = False
) -> None:
    """Check a whole file that is open.

    Args:
        number: its descriptor; the position is left alone.
        kind: what it must be.
        address: the picture's address.
        size: its length in bytes, when known.
        md5: its MD5 as 32 hexadecimal digits, when known.
        deep: decode every pixel.

    Raises:
        PictureCorruptError: it is not what it must be.
    """
    length = os.fstat(number).st_size
    check_length(length, size, kind=kind, address=address)
    check_head(os.pread(number, _ENDS_BYTES, 0), kind=kind, address=address)
    certain = check_tail(os.pread(number, _ENDS_BYTES, max(0, length - _ENDS_BYTES)), kind=kind, address=address)
    if md5 is not None:
        check_md5(_md5_of(number, length), md5, address=address)
    if kind in _PICTURES and (deep or not certain):
        with os.fdopen(os.dup(number), "rb") as file:
            file.seek(0)
            _decode(file, address)


def check_length(length: int, expected: int | None, *, kind: Kind, address: str) -> None:
    """Compare lengths.

    Args:
        length: bytes that came.
        expected: bytes that should have come, or None when nobody knows.
        kind: what the bytes must be.
        address: the picture's address.

    Raises:
        PictureCorruptError: they differ, or there is nothing.
    """
    if expected is not None and length != expected:
        text = f"{address}: {length} bytes came, {expected} were expected"
        raise PictureCorruptError(text, address=address)
    if length == 0:
        text = f"{address}: an empty file came"
        raise PictureCorruptError(text, address=address)
    if kind in _PICTURES and length < _SHORTEST:
        text = f"{address}: {length} bytes are no picture"
        raise PictureCorruptError(text, address=address)


def check_md5(found: str, expected: str, *, address: str) -> None:
    """Compare hashes.

    Args:
        found: of the bytes that came, 32 hexadecimal digits.
        expected: as published.
        address: the picture's address.

    Raises:
        PictureCorruptError: they differ.
    """
    if found != expected.lower():
        text = f"{address}: MD5 is {found}, published is {expected}"
        raise PictureCorruptError(text, address=address)


def _md5_of(number: int, length: int) -> str:
    digest = hashlib.md5(usedforsecurity=False)
    for start in range(0, length, _CHUNK_BYTES):
        digest.update(os.pread(number, _CHUNK_BYTES, start))
    return digest.hexdigest()


def check_decodes(data: bytes, *, address: str) -> None:
    """Decode every pixel of a picture in memory.

    Args:
        data: the whole file.
        address: the picture's address.

    Raises:
        PictureCorruptError: it does not decode.
    """
    _decode(io.BytesIO(data), address)


def _decode(file: IO[bytes], address: str) -> None:
    from PIL import Image

    with border(address), Image.open(file, formats=("PNG", "JPEG", "MPO")) as picture:
        picture.load()


def _guess(start: bytes) -> str:
    known = {b"\x89PNG": "a PNG", b"\xff\xd8": "a JPEG", b"GIF8": "a GIF", b"RIFF": "a WebP", b"PK": "a ZIP archive"}
    for magic, name in known.items():
        if start.startswith(magic):
            return name
    return "a page" if start.lstrip()[:1] == b"<" else f"bytes that begin {start[:8]!r}"
