"""Read what a picture is from its markers and chunks: format, size, orientation; no pixel is decoded.

A size is known before anything is allocated, so a decompression bomb is refused by its header. The fields also say
whether a fast decoder may take the file, or whether Pillow has to. Only what every reader would read alike is read
here; wherever there is room for two opinions (several Exif segments, an orientation that is no SHORT, chunks out of
order), Pillow's is the one that counts, so that it makes no difference which decoders are installed.
"""

from __future__ import annotations

import io
import struct
import zlib
from dataclasses import dataclass
from typing import TYPE_CHECKING, BinaryIO, Literal, TypeAlias

from pico_banana.errors import PictureCorruptError
from pico_banana.records.decoding.exif import sure_orientation
from pico_banana.records.decoding.pillow import upright_size
from pico_banana.records.decoding.stripped import (
    ADOBE_BYTES,
    APP1,
    APP14,
    EXIF_PREFIX,
    JPEG_START,
    PNG_SIGNATURE,
    SCAN,
    jpeg_segments,
)

if TYPE_CHECKING:
    from pathlib import Path

Size: TypeAlias = tuple[int, int]
Format: TypeAlias = Literal["jpeg", "png", "other"]

# Pillow's own limit, so that its warning never comes first; the largest photos have 20 megapixels.
MAX_PIXELS = 89_478_485
HEADER_BYTES = 64 * 1024
_PNG_FIRST = PNG_SIGNATURE + struct.pack(">I4s", 13, b"IHDR")
_LONGEST_METADATA = 1 << 20  # longer texts are Pillow's to judge
_RGB_COLOUR_TYPE = 2
_PNG_HEADER_BYTES = 33
SWAPS_SIDES = 5  # EXIF orientations 5 to 8 turn the picture by a quarter
# SOF0..SOF15 without DHT (C4), JPG (C8) and DAC (CC): ITU T.81, table B.1.
_FRAME_MARKERS = frozenset(range(0xC0, 0xD0)) - {0xC4, 0xC8, 0xCC}
_PLAIN_FRAMES = frozenset({0xC0, 0xC1, 0xC2})  # baseline, extended, progressive; what libjpeg-turbo decodes at 8 bits
# Pillow also finds an orientation in these; a file that has one is left to Pillow altogether.
_PNG_TEXT = frozenset({b"tEXt", b"zTXt", b"iTXt"})
_PNG_TEXT_EXIF = (b"Raw profile type", b"XML:com.adobe.xmp", b"exif")
_PNG_ANIMATED = frozenset({b"acTL", b"fcTL", b"fdAT", b"DDAT"})
_APP2 = 0xE2
_JPEG_XMP = b"http://ns.adobe.com/xap/1.0/"
_JPEG_SEVERAL = b"MPF\0"  # more pictures in one file, with metadata of their own


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
        data: the encoded picture.
        address: what to call the picture in an error.
        max_pixels: refuse a picture with more pixels than this.

    Returns:
        Its format, size and orientation.

    Raises:
        PictureCorruptError: it is no picture, has no area, or is larger than `max_pixels`.
    """
    header = _read_png(io.BytesIO(data)) or _read_jpeg(data) or _read_with_pillow(data, address, max_pixels)
    return _checked(header, address, max_pixels)


def read_header_of(file: BinaryIO, *, address: str = "", max_pixels: int = MAX_PIXELS) -> Header:
    """Read the header of a picture file; only a part of it is read where that suffices.

    Args:
        file: the open file, at its start.
        address: what to call the picture in an error.
        max_pixels: refuse a picture with more pixels than this.

    Returns:
        Its format, size and orientation; the same as `read_header` gives of its whole content.

    Raises:
        PictureCorruptError: it is no picture, has no area, or is larger than `max_pixels`.
    """
    header = _read_png(file)  # from chunk to chunk: an orientation may stand behind the pixels
    if header is not None:
        return _checked(header, address, max_pixels)
    file.seek(0)
    head = file.read(HEADER_BYTES)
    header = _read_jpeg(head)
    if header is not None:
        return _checked(header, address, max_pixels)
    return read_header(head + file.read(), address=address, max_pixels=max_pixels)


def read_size(path: Path, *, max_pixels: int = MAX_PIXELS) -> Size:
    """Read the size of a picture file, upright.

    Args:
        path: the file; only a part of it is read where that suffices.
        max_pixels: refuse a picture with more pixels than this.

    Returns:
        (width, height) in pixels.

    Raises:
        PictureCorruptError: it is no picture, has no area, or is larger than `max_pixels`.
    """
    with path.open("rb") as file:
        return read_header_of(file, address=str(path), max_pixels=max_pixels).size


def require_room(size: Size, *, address: str = "") -> None:
    """Refuse to make a picture with more pixels than one may have that is read.

    A strip of 65,500 x 1 pixels that has to cover 512 x 512 would be scaled to 51 GB on the way.

    Args:
        size: (width, height) that a picture is to be scaled to.
        address: what to call the picture in an error.

    Raises:
        PictureCorruptError: it is too large.
    """
    if size[0] * size[1] > MAX_PIXELS:
        text = (
            f"{address or 'picture'} would have to be scaled to {size[0]:,} x {size[1]:,} pixels; at most "
            f"{MAX_PIXELS:,} are made: ask for a smaller size, or leave out pictures that are so long and narrow"
        )
        raise PictureCorruptError(text, address=address)


def _checked(header: Header, address: str, max_pixels: int) -> Header:
    if header.width < 1 or header.height < 1 or header.width * header.height > max_pixels:
        text = (
            f"{address or 'picture'} claims {header.width} x {header.height} pixels; "
            f"from 1 to {max_pixels:,} pixels are accepted (raise max_pixels if it is genuine)"
        )
        raise PictureCorruptError(text, address=address)
    return header


def _read_png(file: BinaryIO) -> Header | None:
    """Read a PNG from its first chunk to its last; None wherever Pillow has to decide."""
    first = file.read(_PNG_HEADER_BYTES)
    if len(first) < _PNG_HEADER_BYTES or not first.startswith(_PNG_FIRST) or not _sound(first[12:29], first[29:]):
        return None
    width, height, depth, colour, _, method, interlace = struct.unpack(">IIBBBBB", first[16:29])
    chunks = _PngChunks(plain=depth == 8 and colour == _RGB_COLOUR_TYPE and interlace == method == 0)
    while chunks.known:
        start = file.read(8)
        if len(start) < 8:
            return None
        length, kind = struct.unpack(">I4s", start)
        if kind == b"IEND":
            return Header("png", width, height, chunks.orientation or 1, chunks.plain) if chunks.pixels else None
        chunks.see(kind, length, file)
    return None


@dataclass(slots=True)
class _PngChunks:
    """What the chunks of a PNG said so far.

    `known` is False as soon as Pillow has to decide; `pixels` counts the runs of IDAT chunks.
    """

    plain: bool
    known: bool = True
    orientation: int | None = None
    pixels: int = 0
    last: bytes = b""

    def see(self, kind: bytes, length: int, file: BinaryIO) -> None:
        if kind == b"IDAT":
            self.pixels += self.last != kind
            self.known = self.pixels == 1
        elif kind in _PNG_ANIMATED or kind == b"IHDR" or not kind.isalpha():
            self.known = False
        if self.known and (kind == b"eXIf" or kind in _PNG_TEXT):
            self._read(kind, file.read(min(length, _LONGEST_METADATA)), file.read(4))
        else:
            self.plain = self.plain and kind != b"tRNS"
            file.seek(length + 4, io.SEEK_CUR)
        self.last = kind

    def _read(self, kind: bytes, body: bytes, checksum: bytes) -> None:
        # A longer body was cut, so that its checksum is none.
        if not _sound(kind + body, checksum):
            self.known = False
        elif kind == b"eXIf":
            again = self.orientation is not None
            self.orientation = sure_orientation(body)
            self.known = self.orientation is not None and not again
        else:
            self.known = not body.startswith(_PNG_TEXT_EXIF)


def _sound(chunk: bytes, checksum: bytes) -> bool:
    return zlib.crc32(chunk).to_bytes(4, "big") == checksum


def _read_jpeg(data: bytes) -> Header | None:  # noqa: C901, PLR0911  a branch a kind of segment
    """Read a JPEG up to its scan; None wherever Pillow has to decide."""
    if not data.startswith(JPEG_START):
        return None
    frame, orientation, adobe_transform, xmp = b"", None, 1, False
    for marker, begin, end in jpeg_segments(data):
        body = data[begin + 4 : end]
        if marker == SCAN:
            return _jpeg_header(frame, adobe_transform, orientation, xmp=xmp)
        if marker in _FRAME_MARKERS:
            if frame or len(body) < 6:
                return None
            frame = bytes((marker,)) + body
        elif marker == APP1 and body.startswith(EXIF_PREFIX):
            if orientation is not None:
                return None
            orientation = sure_orientation(body[len(EXIF_PREFIX) :])
            if orientation is None:
                return None
        elif marker == _APP2 and body.startswith(_JPEG_SEVERAL):
            return None
        elif marker == APP14 and body.startswith(b"Adobe"):
            if len(body) < ADOBE_BYTES:
                return None
            adobe_transform = body[ADOBE_BYTES - 1]
        xmp = xmp or (marker == APP1 and body.startswith(_JPEG_XMP) and b"tiff:Orientation" in body)
    return None


def _jpeg_header(frame: bytes, adobe_transform: int, orientation: int | None, *, xmp: bool) -> Header | None:
    if not frame or (xmp and not orientation):
        return None
    marker, depth, height, width, components = struct.unpack_from(">BBHHB", frame)
    sampled = frame[8 : 8 + 3 * components : 3]  # of each component across and down, 1 to 4: ITU T.81, B.2.2
    possible = len(sampled) == components and all(1 <= one >> 4 <= 4 and 1 <= one & 15 <= 4 for one in sampled)
    plain = marker in _PLAIN_FRAMES and depth == 8 and components in {1, 3} and adobe_transform == 1 and possible
    return Header("jpeg", width, height, orientation or 1, plain)


def _read_with_pillow(data: bytes, address: str, max_pixels: int) -> Header:
    return Header("other", *upright_size(data, max_pixels=max_pixels, address=address))
