"""Kinds of pictures that no camera makes: one answer whichever decoder is installed, and nothing undecodable passes."""

from __future__ import annotations

import struct
import zlib

import numpy as np
import pytest
from odd_files import drawing, encoded, png
from PIL import Image, ImageCms

from pico_banana.errors import PictureCorruptError
from pico_banana.records.decoding.decode import decode
from pico_banana.records.decoding.header import read_header, read_size
from pico_banana.records.decoding.whole import look_at, look_at_file

pytestmark = pytest.mark.filterwarnings("ignore")
WIDTH, HEIGHT = 50, 33
PHOTO = drawing(WIDTH, HEIGHT)
JPEG = encoded(PHOTO, "JPEG", quality=90)
FRAME = JPEG.index(b"\xff\xc0")


def segment(marker, body):
    return bytes((0xFF, marker)) + struct.pack(">H", len(body) + 2) + body


def jpeg(*segments):
    return JPEG[:2] + b"".join(segments) + JPEG[2:]


def put(at, data):
    return JPEG[:at] + data + JPEG[at + len(data) :]


def plane(count, *, bits=8):
    """Give the pixels of a PNG with so many samples a pixel, as they are stored."""
    row = b"\0" + bytes(range(256))[: -(-WIDTH * count * bits // 8)].ljust(-(-WIDTH * count * bits // 8), b"\x55")
    return zlib.compress(row * HEIGHT)


NEVER = {
    "depth 3": png(WIDTH, HEIGHT, plane(3), depth=3),
    "colour 1": png(WIDTH, HEIGHT, plane(3), colour=1),
    "colour 5": png(WIDTH, HEIGHT, plane(3), colour=5),
    "a palette that is not there": png(WIDTH, HEIGHT, b"junk", colour=3),
    "12 bits": put(FRAME + 4, b"\x0c"),
    "no components": put(FRAME + 9, b"\0"),
    "two components": put(FRAME + 9, b"\2"),
    "sampled by none": put(FRAME + 11, b"\0"),
    "sampled by five": put(FRAME + 11, b"\x55"),
    "a lossless frame": put(FRAME + 1, b"\xc3"),
}
ALIKE = {
    "Adobe's segment cut short": jpeg(segment(0xEE, b"Adobe\0")),
    "Adobe's segment twice": jpeg(segment(0xEE, b"Adobe\0\x64\0\0\0\0\1"), segment(0xEE, b"Adobe\0\x64\0\0\0\0\1")),
    "no JFIF": JPEG[:2] + JPEG[20:],
    "thirty comments": jpeg(*[segment(0xFE, b"x" * 60_000)] * 30),
    "a second picture behind": JPEG + JPEG,
    "restarts": encoded(PHOTO, "JPEG", restart_marker_blocks=1),
    "RGB kept": encoded(PHOTO, "JPEG", keep_rgb=True),
    "16 bits": png(WIDTH, HEIGHT, plane(3, bits=16), depth=16),
    "grey of one bit": png(WIDTH, HEIGHT, plane(1, bits=1), depth=1, colour=0),
    "an animation": encoded(
        PHOTO, "PNG", save_all=True, append_images=[PHOTO.transpose(Image.Transpose.FLIP_TOP_BOTTOM)]
    ),
}


@pytest.mark.parametrize("odd", NEVER)
def test_what_no_decoder_can_read_is_not_passed_on(tmp_path, odd):
    (tmp_path / "p").write_bytes(NEVER[odd])
    for look in (lambda: look_at(NEVER[odd]), lambda: look_at_file(tmp_path / "p"), lambda: decode(NEVER[odd])):
        with pytest.raises(PictureCorruptError):
            look()


@pytest.mark.parametrize("odd", ALIKE)
def test_every_decoder_gives_the_same(tmp_path, odd):
    data = ALIKE[odd]
    (tmp_path / "p").write_bytes(data)
    pixels = decode(data, backend="pillow")
    assert np.array_equal(decode(data), pixels)
    assert read_size(tmp_path / "p") == read_header(data).size == look_at(data).header.size == (WIDTH, HEIGHT)
    assert pixels.shape == (HEIGHT, WIDTH, 3)


def test_modes_that_pillow_converts_by_way_of_rgb_alone():
    srgb, lab_profile = ImageCms.createProfile("sRGB"), ImageCms.createProfile("LAB")
    turned = ImageCms.applyTransform(PHOTO, ImageCms.buildTransform(srgb, lab_profile, "RGB", "LAB"))
    lab = encoded(turned, "TIFF")
    assert decode(lab, mode="L").shape == (HEIGHT, WIDTH, 1)
    assert decode(lab, mode="RGBA").shape == (HEIGHT, WIDTH, 4)
    assert np.array_equal(decode(lab, mode="L")[..., 0], np.asarray(Image.fromarray(decode(lab)).convert("L")))


def test_more_transparency_than_colours_costs_no_pixels():
    chunk = struct.pack(">I", 3) + b"PLTE" + b"\xff\0\0" + struct.pack(">I", zlib.crc32(b"PLTE\xff\0\0"))
    clear = b"tRNS" + bytes(300)
    chunk += struct.pack(">I", 300) + clear + struct.pack(">I", zlib.crc32(clear))
    data = png(WIDTH, HEIGHT, zlib.compress(bytes(WIDTH + 1) * HEIGHT), colour=3, before=chunk)
    assert decode(data)[0, 0].tolist() == [255, 0, 0]
    assert decode(data, mode="RGBA")[0, 0].tolist() == [255, 0, 0, 0]
    assert decode(data, background=(1, 2, 3))[0, 0].tolist() == [1, 2, 3]
