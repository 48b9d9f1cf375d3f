"""A corpus of odd pictures, drawn here: every format feature a decoder gets wrong once."""

from __future__ import annotations

import io
import struct
import zlib

import numpy as np
from PIL import Image, ImageCms


def drawing(width: int = 97, height: int = 61, *, seed: int = 7) -> Image.Image:
    """A picture with smooth colour, edges and noise; its sides are odd, so that no block fits."""
    rng = np.random.default_rng(seed)
    y, x = np.mgrid[0:height, 0:width]
    planes = [128 + 90 * np.sin(x / 9 + k) * np.cos(y / (7 + k)) for k in range(3)]
    pixels = np.stack(planes, axis=-1) + rng.normal(0, 6, (height, width, 3))
    pixels[10:30, 20:50] = (250, 20, 60)
    return Image.fromarray(pixels.clip(0, 255).astype(np.uint8))


def encoded(picture: Image.Image, kind: str, **options: object) -> bytes:
    buffer = io.BytesIO()
    picture.save(buffer, kind, **options)
    return buffer.getvalue()


def with_orientation(picture: Image.Image, kind: str, orientation: int) -> bytes:
    exif = Image.Exif()
    exif[0x0112] = orientation
    return encoded(picture, kind, exif=exif)


def chunk(kind: bytes, body: bytes) -> bytes:
    return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))


def png(width: int, height: int, stream: bytes, *, depth: int = 8, colour: int = 2, before: bytes = b"") -> bytes:
    """A PNG written by hand, with any header and any pixel stream."""
    header = struct.pack(">IIBBBBB", width, height, depth, colour, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + before + chunk(b"IDAT", stream) + chunk(b"IEND", b"")


def split_idat(data: bytes, size: int) -> bytes:
    """The same PNG with its pixels in many chunks."""
    start = data.index(b"IDAT") - 4
    (length,) = struct.unpack_from(">I", data, start)
    stream = data[start + 8 : start + 8 + length]
    chunks = b"".join(chunk(b"IDAT", stream[i : i + size]) for i in range(0, length, size))
    return data[:start] + chunks + chunk(b"IEND", b"")


def corpus() -> dict[str, bytes]:
    """Every odd but valid file, by name."""
    rgb = drawing()
    grey = rgb.convert("L")
    half_clear = rgb.copy()
    half_clear.putalpha(Image.fromarray(np.tile(np.linspace(0, 255, 97).astype(np.uint8), (61, 1))))
    profile = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    files = {
        "jpeg 4:2:0": encoded(rgb, "JPEG", quality=90),
        "jpeg 4:4:4": encoded(rgb, "JPEG", quality=95, subsampling=0),
        "jpeg progressive": encoded(rgb, "JPEG", quality=85, progressive=True),
        "jpeg grey": encoded(grey, "JPEG"),
        "jpeg cmyk": encoded(rgb.convert("CMYK"), "JPEG"),
        "jpeg profile": encoded(rgb, "JPEG", icc_profile=profile),
        "jpeg long profile": encoded(rgb, "JPEG", icc_profile=profile + bytes(150_000)),
        "jpeg restart": encoded(rgb, "JPEG", restart_marker_blocks=2),
        "jpeg then garbage": encoded(rgb, "JPEG") + b"garbage",
        "jpeg one pixel": encoded(drawing(1, 1), "JPEG"),
        "jpeg xmp turned": encoded(rgb, "JPEG", xmp=b'<x tiff:Orientation="6"/>'),
        "png rgb": encoded(rgb, "PNG"),
        "png many chunks": split_idat(encoded(rgb, "PNG"), 100),
        "png stored": encoded(rgb, "PNG", compress_level=0),
        "png large": encoded(drawing(700, 300), "PNG"),
        "png palette": encoded(rgb.quantize(16), "PNG"),
        "png palette transparent": encoded(rgb.quantize(16), "PNG", transparency=3),
        "png two colours": encoded(grey.convert("1"), "PNG"),
        "png grey": encoded(grey, "PNG"),
        "png grey alpha": encoded(half_clear.convert("LA"), "PNG"),
        "png rgba": encoded(half_clear, "PNG"),
        "png transparent colour": encoded(rgb, "PNG", transparency=(250, 20, 60)),
        "png profile": encoded(rgb, "PNG", icc_profile=profile),
        "png 16-bit rgb": png(2, 1, zlib.compress(b"\0" + struct.pack(">6H", 65535, 0, 256, 511, 32768, 9)), depth=16),
        "gif": encoded(rgb, "GIF"),
        "webp": encoded(rgb, "WEBP", lossless=True),
        "bmp": encoded(rgb, "BMP"),
        "tiff": encoded(rgb, "TIFF"),
    }
    for orientation in range(9):
        files[f"jpeg turned {orientation}"] = with_orientation(rgb, "JPEG", orientation)
    files["png turned 6"] = with_orientation(rgb, "PNG", 6)
    return files


def interlaced(width: int = 8, height: int = 8) -> bytes:
    """An Adam7 PNG of one colour; Pillow reads but does not write them."""
    passes = [(0, 0, 8, 8), (4, 0, 8, 8), (0, 4, 4, 8), (2, 0, 4, 4), (0, 2, 2, 4), (1, 0, 2, 2), (0, 1, 1, 2)]
    raw = b""
    for x, y, dx, dy in passes:
        columns, rows = -(-(width - x) // dx), -(-(height - y) // dy)
        raw += (b"\0" + bytes((10, 200, 30)) * columns) * rows
    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 1)
    body = chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(raw)) + chunk(b"IEND", b"")
    return b"\x89PNG\r\n\x1a\n" + body
