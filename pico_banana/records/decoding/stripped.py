"""A JPEG or PNG without its metadata: what is left is pixels, and what they need to be decoded.

For files whose metadata make a decoder give up: too much text, a gamma of one byte, a wrong checksum beside the pixels.
"""

from __future__ import annotations

import struct
import zlib
from dataclasses import dataclass
from typing import TYPE_CHECKING

from pico_banana.records.decoding.exif import likely_orientation

if TYPE_CHECKING:
    from collections.abc import Iterator

PNG_SIGNATURE = b"\x89PNG\r\n\x1a\n"
JPEG_START = b"\xff\xd8"
EXIF_PREFIX = b"Exif\0\0"
# ITU T.81, table B.1: markers without a body, the scan, APP0 to APP15, the comment.
BARE_MARKERS = frozenset({0x01, *range(0xD0, 0xD9)})
SCAN = 0xDA
APP1, APP14 = 0xE1, 0xEE  # Exif; Adobe's, which says what the colours mean
ADOBE_BYTES = 12  # of Adobe's segment: its name, a version, flags, what the colours mean
_APPS = range(0xE0, 0xF0)
_COMMENT = 0xFE
_PNG_PIXELS = frozenset({b"IHDR", b"PLTE", b"tRNS", b"IDAT", b"IEND"})


@dataclass(frozen=True, slots=True)
class Stripped:
    """A picture without its metadata.

    Attributes:
        data: the encoded picture.
        orientation: what the metadata said about it, 1 to 8.
    """

    data: bytes
    orientation: int


def stripped(data: bytes) -> Stripped | None:
    """Take the metadata out of a picture.

    Args:
        data: the encoded picture.

    Returns:
        The rest; None where there is nothing to take out, or it is neither JPEG nor PNG.
    """
    found = None
    if data.startswith(PNG_SIGNATURE):
        found = _stripped_png(data)
    elif data.startswith(JPEG_START):
        found = _stripped_jpeg(data)
    return found if found is not None and len(found.data) < len(data) else None


def jpeg_segments(data: bytes) -> Iterator[tuple[int, int, int]]:
    """Walk through a JPEG's segments up to its scan.

    Args:
        data: the encoded picture.

    Yields:
        The marker's code, and where its segment begins and ends; the scan last. Ends early where no marker is.
    """
    position = len(JPEG_START)
    while position + 4 <= len(data) and data[position] == 0xFF:
        marker = data[position + 1]
        if marker in BARE_MARKERS or marker == 0xFF:
            position += 1 if marker == 0xFF else 2
            continue
        (length,) = struct.unpack_from(">H", data, position + 2)
        end = position + 2 + length
        yield marker, position, end
        if marker == SCAN or length < 2:
            return
        position = end


def _stripped_jpeg(data: bytes) -> Stripped | None:
    kept, orientation = [JPEG_START], 1
    for marker, begin, end in jpeg_segments(data):
        if marker == SCAN:
            return Stripped(b"".join([*kept, data[begin:]]), orientation)
        body = data[begin + 4 : end]
        if marker == APP1 and body.startswith(EXIF_PREFIX):
            orientation = likely_orientation(body[len(EXIF_PREFIX) :])
        is_colour = marker == APP14 and (end - begin - 4) >= ADOBE_BYTES  # a shorter one makes Pillow give up
        if is_colour or (marker not in _APPS and marker != _COMMENT):
            kept.append(data[begin:end])
    return None


def _stripped_png(data: bytes) -> Stripped | None:
    kept, orientation, position = [PNG_SIGNATURE], 1, len(PNG_SIGNATURE)
    while position + 12 <= len(data):
        length, kind = struct.unpack_from(">I4s", data, position)
        end = position + 12 + length
        if kind in _PNG_PIXELS:
            kept.append(data[position:end])
        elif kind == b"eXIf" and end <= len(data):
            body = data[position + 4 : end - 4]
            if zlib.crc32(body).to_bytes(4, "big") == data[end - 4 : end]:
                orientation = likely_orientation(body[4:])
        position = end
    return Stripped(b"".join([*kept, data[position:]]), orientation)
