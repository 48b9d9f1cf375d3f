"""Read what a picture is from its first bytes: format, size, orientation; no pixel is decoded.

A size is known before anything is allocated, so a decompression bomb is refused by its header. The fields also say
whether a fast decoder may take the file, or whether Pillow has to.
"""

from __future__ import annotations

import io
import struct
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, TypeAlias

from pico_banana.errors import PictureCorruptError

if TYPE_CHECKING:
    from pathlib import Path

Size: TypeAlias = tuple[int, int]
Format: TypeAlias = Literal["jpeg", "png", "other"]

# Pillow's own limit, so that its warning never comes first; the largest photos have 20 megapixels.
MAX_PIXELS = 89_478_485
HEADER_BYTES = 64 * 1024
_PNG_SIGNATURE = b"\x89PNG\r\n\x1a\n"
_RGB_COLOUR_TYPE = 2
_PNG_HEADER_BYTES = 33
_ORIENTATION_TAG = 0x0112
SWAPS_SIDES = 5  # EXIF orientations 5 to 8 turn the picture by a quarter
_LAST_ORIENTATION = 8
# SOF0..SOF15 without DHT (C4), JPG (C8) and DAC (CC): ITU T.81, table B.1.
_FRAME_MARKERS = frozenset(range(0xC0, 0xD0)) - {0xC4, 0xC8, 0xCC}
_PLAIN_FRAMES = frozenset({0xC0, 0xC1, 0xC2})  # baseline, extended, progressive; what libjpeg-turbo decodes at 8 bits
_BARE_MARKERS = frozenset({0x01, *range(0xD0, 0xD9)})
_SCAN = 0xDA
# Pillow also finds an orientation in these; a file that has one is left to Pillow altogether.
_PNG_TEXT = frozenset({b"tEXt", b"zTXt", b"iTXt"})
_PNG_TEXT_EXIF = (b"Raw profile type", b"XML:com.adobe.xmp")
_JPEG_XMP = b"http://ns.adobe.com/xap/1.0/"


@dataclass(frozen=True, slots=True)
class Header:
    """What a picture is, before it is decoded.

    Attributes:
        format: "jpeg", "png", or "other" for what only Pillow reads.
        width: pixels as stored, before any EXIF rotation.
        height: pixels as stored, before any EXIF rotation.
        orientation: EXIF orientation, 1 to 8; 1 is upright.
        plain: True for 8-bit grey or colour JPEG and 8-bit RGB PNG without transparency or interlace.
    """

    format: Format
    width: int
    height: int
    orientation: int = 1
    plain: bool = False

    @property
    def size(self) -> Size:
        """(width, height) in pixels of the upright picture."""
        return (self.height, self.width) if self.orientation >= SWAPS_SIDES else (self.width, self.height)


def read_header(data: bytes, *, address: str = "", max_pixels: int = MAX_PIXELS) -> Header:
    """Read a picture's header.

    Args:
        data: the encoded picture, or at least its first `HEADER_BYTES`.
        address: what to call the picture in an error.
        max_pixels: refuse a picture with more pixels than this.

    Returns:
        Its format, size and orientation.

    Raises:
        PictureCorruptError: it is no picture, has no area, or is larger than `max_pixels`.
    """
    header = _read_png(data) or _read_jpeg(data) or _read_with_pillow(data, address)
    if header.width < 1 or header.height < 1 or header.width * header.height > max_pixels:
        text = (
            f"{address or 'picture'} claims {header.width} x {header.height} pixels; "
            f"from 1 to {max_pixels:,} pixels are accepted (raise max_pixels if it is genuine)"
        )
        raise PictureCorruptError(text, address=address)
    return header


def read_size(path: Path, *, max_pixels: int = MAX_PIXELS) -> Size:
    """Read the size of a picture file, upright.

    Args:
        path: the file; only its first `HEADER_BYTES` are read where they suffice.
        max_pixels: refuse a picture with more pixels than this.

    Returns:
        (width, height) in pixels.

    Raises:
        PictureCorruptError: it is no picture, has no area, or is larger than `max_pixels`.
    """
    with path.open("rb") as file:
        head = file.read(HEADER_BYTES)
        header = _read_png(head) or _read_jpeg(head)
        if header is None:  # a long profile before the frame, or a format of Pillow's
            head += file.read()
    return read_header(head, address=str(path), max_pixels=max_pixels).size


def _read_png(data: bytes) -> Header | None:
    if len(data) < _PNG_HEADER_BYTES or not data.startswith(_PNG_SIGNATURE) or data[12:16] != b"IHDR":
        return None
    width, height, depth, colour, _, _, interlace = struct.unpack(">IIBBBBB", data[16:29])
    plain = depth == 8 and colour == _RGB_COLOUR_TYPE and interlace == 0
    position = _PNG_HEADER_BYTES
    orientation = 1
    while position + 8 <= len(data):
        length, kind = struct.unpack_from(">I4s", data, position)
        if kind == b"IDAT":
            break
        if kind == b"eXIf":
            orientation = _exif_orientation(data[position + 8 : position + 8 + length])
        if kind in _PNG_TEXT and data.startswith(_PNG_TEXT_EXIF, position + 8):
            return None
        plain = plain and kind not in {b"tRNS", b"acTL"}
        position += 12 + length
    return Header("png", width, height, orientation, plain)


def _read_jpeg(data: bytes) -> Header | None:
    if not data.startswith(b"\xff\xd8"):
        return None
    orientation, adobe_transform, position = 1, 1, 2
    while position + 4 <= len(data):
        if data[position] != 0xFF:
            return None
        marker = data[position + 1]
        if marker in _BARE_MARKERS or marker == 0xFF:
            position += 1 if marker == 0xFF else 2
            continue
        (length,) = struct.unpack_from(">H", data, position + 2)
        body = data[position + 4 : position + 2 + length]
        if marker in _FRAME_MARKERS and len(body) >= 6:
            depth, height, width, components = struct.unpack_from(">BHHB", body)
            plain = marker in _PLAIN_FRAMES and depth == 8 and components in {1, 3} and adobe_transform == 1
            return Header("jpeg", width, height, orientation, plain)
        if marker == _SCAN:
            return None
        if marker == 0xE1 and body.startswith(_JPEG_XMP) and b"tiff:Orientation" in body:
            return None
        if marker == 0xE1 and body.startswith(b"Exif\0\0"):
            orientation = _exif_orientation(body[6:])
        if marker == 0xEE and body.startswith(b"Adobe") and len(body) >= 12:
            adobe_transform = body[11]
        position += 2 + length
    return None


def _exif_orientation(exif: bytes) -> int:
    """Find the orientation tag in the first directory of a TIFF block; 1 when there is none or it makes no sense."""
    order = {b"II": "<", b"MM": ">"}.get(exif[:2])
    if order is None or len(exif) < 8:
        return 1
    (start,) = struct.unpack_from(order + "I", exif, 4)
    if start + 2 > len(exif):
        return 1
    (count,) = struct.unpack_from(order + "H", exif, start)
    for entry in range(start + 2, min(start + 2 + 12 * count, len(exif) - 11), 12):
        tag, kind, _, value = struct.unpack_from(order + "HHIH", exif, entry)
        if tag == _ORIENTATION_TAG and kind == 3:
            return int(value) if 1 <= value <= _LAST_ORIENTATION else 1
    return 1


def _read_with_pillow(data: bytes, address: str) -> Header:
    from PIL import Image

    try:
        with Image.open(io.BytesIO(data)) as picture:
            orientation = picture.getexif().get(_ORIENTATION_TAG, 1)
            width, height = picture.size
    except (OSError, SyntaxError, ValueError, Image.DecompressionBombError) as error:
        text = f"{address or 'the data'} is not a picture this library can read ({error})"
        raise PictureCorruptError(text, address=address) from error
    return Header("other", width, height, orientation if orientation in range(1, 9) else 1)
