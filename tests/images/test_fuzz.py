"""Mutated pictures: nothing but PictureCorruptError comes out, and every installed decoder gives the same pixels."""

from __future__ import annotations

import os
import random
import struct

import numpy as np
import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from odd_files import drawing, encoded
from PIL import Image

from pico_banana.errors import PictureCorruptError
from pico_banana.records import ImageRef
from pico_banana.records.decoding.decode import decode
from pico_banana.records.decoding.header import read_header, read_size

pytestmark = pytest.mark.filterwarnings("ignore")  # Pillow warns of what it repairs
MOST_PIXELS = 1_000_000
EXAMPLES = int(os.environ.get("PICO_BANANA_FUZZ", "150"))  # a border; more in a run of one's own
BOUNDED = settings(
    max_examples=EXAMPLES,
    deadline=None,
    derandomize=True,
    phases=[Phase.generate],
    suppress_health_check=list(HealthCheck),
)


def camera_exif() -> bytes:
    exif = Image.Exif()
    exif[0x0112], exif[0x010F], exif[0x011A], exif[0x0128] = 6, "Banana", 72.0, 2
    exif.get_ifd(0x8769)[0x829A] = 0.01
    exif.get_ifd(0x8825)[1] = "N"
    return exif.tobytes()


def dds() -> bytes:
    size = struct.pack("<7I", 124, 0x1007, 8, 8, 0, 0, 0)
    pixel_format = struct.pack("<8I", 32, 0x41, 0, 32, 0xFF0000, 0xFF00, 0xFF, 0xFF000000)
    return b"DDS " + size + bytes(44) + pixel_format + struct.pack("<5I", 0x1000, 0, 0, 0, 0) + bytes(range(256))


RGB = drawing(48, 32)
JPEGS = {
    "exif": encoded(RGB, "JPEG", exif=camera_exif()),
    "xmp": encoded(RGB, "JPEG", exif=camera_exif(), xmp=b'<x tiff:Orientation="6"/>'),
    "progressive": encoded(RGB, "JPEG", progressive=True, restart_marker_blocks=2),
    "grey": encoded(RGB.convert("L"), "JPEG", exif=camera_exif()),
    "cmyk": encoded(RGB.convert("CMYK"), "JPEG", exif=camera_exif()),
}
PNGS = {
    "exif": encoded(RGB, "PNG", exif=camera_exif()),
    "plain": encoded(RGB, "PNG", dpi=(72, 72)),
    "palette": encoded(RGB.quantize(8), "PNG", transparency=1),
    "grey 16": encoded(Image.fromarray(np.arange(1536, dtype=np.uint16).reshape(32, 48) * 40), "PNG"),
}
OTHERS = {
    "dds": dds(),
    "gif": encoded(RGB, "GIF"),
    "webp": encoded(RGB, "WEBP", exif=camera_exif()),
    "tiff": encoded(RGB, "TIFF", exif=camera_exif()),
    "tiff lzw": encoded(RGB, "TIFF", compression="tiff_lzw"),
    "bmp": encoded(RGB, "BMP"),
    "tga": encoded(RGB, "TGA"),
    "ico": encoded(RGB, "ICO"),
    "jp2": encoded(RGB, "JPEG2000"),
    "eps": b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 8 8\n%%EndComments\nshowpage\n",
}


@st.composite
def mutated(draw, files):
    """One of the files with a few bytes changed, dropped, doubled or moved, more often near its start."""
    data = bytearray(files[draw(st.sampled_from(sorted(files)))])
    chance = random.Random(draw(st.integers(0, 2**32)))
    for _ in range(chance.randint(1, 4)):
        place = int(len(data) * chance.random() ** chance.choice((1, 3)))
        kind = chance.randrange(6)
        if kind <= 2:
            data[place : place + 1] = bytes((chance.choice((0, 1, 255, chance.randrange(256))),))
        elif kind == 3:
            del data[place : place + chance.randint(1, 8)]
        elif kind == 4:
            data[place:place] = data[place : place + chance.randint(1, 40)]
        elif chance.random() < 0.3:
            del data[place:]
    return bytes(data)


def outcome(data: bytes, **options: str):
    try:
        pixels = decode(data, max_pixels=MOST_PIXELS, address="a", **options)
    except PictureCorruptError:
        return None
    return pixels.shape, pixels.tobytes()


def header(data: bytes):
    try:
        return read_header(data, max_pixels=MOST_PIXELS).size
    except PictureCorruptError:
        return None


def check(data, path):
    ours, pillows = outcome(data), outcome(data, backend="pillow")
    assert ours == pillows
    if ours is not None:
        assert header(data) == (ours[0][1], ours[0][0])
    path.write_bytes(data)
    try:
        assert read_size(path, max_pixels=MOST_PIXELS) == header(data)
    except PictureCorruptError:
        assert header(data) is None
    for options in ({"mode": "RGBA"}, {"mode": "L"}, {"srgb": True}):
        assert (outcome(data, **options) is None) == (ours is None)
    try:
        if header(data):
            ImageRef(str(path), "edited").image()
    except PictureCorruptError:
        assert ours is None


@BOUNDED
@given(data=mutated(JPEGS))
def test_mutated_jpegs(tmp_path_factory, data):
    check(data, tmp_path_factory.getbasetemp() / "mutated")


@BOUNDED
@given(data=mutated(PNGS))
def test_mutated_pngs(tmp_path_factory, data):
    check(data, tmp_path_factory.getbasetemp() / "mutated")


@BOUNDED
@given(data=mutated(OTHERS))
def test_mutated_others(tmp_path_factory, data):
    check(data, tmp_path_factory.getbasetemp() / "mutated")
