"""Odd metadata: one orientation and one size whichever decoder is installed, and pixels wherever they can be had."""

from __future__ import annotations

import struct
import zlib

import numpy as np
import pytest
from odd_files import chunk, drawing, encoded
from PIL import Image, ImageCms

from pico_banana.errors import PictureCorruptError
from pico_banana.records import ImageRef
from pico_banana.records.decoding.decode import decode
from pico_banana.records.decoding.header import read_header, read_size
from pico_banana.training.loader import make_loader

pytestmark = pytest.mark.filterwarnings("ignore")  # Pillow warns of blocks it cannot read
JPEG = encoded(Image.new("RGB", (48, 32), "red"), "JPEG")
PNG = encoded(Image.new("RGB", (48, 32), "red"), "PNG")
PREFIX = b"Exif\0\0"
BEHIND_FRAME = JPEG.index(b"\xff\xc0") + 19
LYING, STANDING = (48, 32), (32, 48)


def tiff(kind=3, count=1, value=6, version=42):
    entry = struct.pack("<2sHIHHHI", b"II", version, 8, 1, 0x112, kind, count)
    return entry + struct.pack("<I", value) + bytes(4)


def segment(body):
    return b"\xff\xe1" + struct.pack(">H", len(body) + 2) + body


def jpeg(*segments, at=2):
    return JPEG[:at] + b"".join(segments) + JPEG[at:]


def before(*chunks):
    return PNG[:33] + b"".join(chunks) + PNG[33:]


def behind(*chunks):
    return PNG[:-12] + b"".join(chunks) + PNG[-12:]


def wrong_sum(kind, body):
    return struct.pack(">I", len(body)) + kind + body + bytes(4)


TURNED = {
    "JPEG SHORT": (jpeg(segment(PREFIX + tiff())), STANDING),
    "JPEG LONG": (jpeg(segment(PREFIX + tiff(4))), STANDING),
    "JPEG SSHORT": (jpeg(segment(PREFIX + tiff(8))), STANDING),
    "JPEG count 0": (jpeg(segment(PREFIX + tiff(count=0))), LYING),
    "JPEG a value of 9": (jpeg(segment(PREFIX + tiff(value=9))), LYING),
    "JPEG two segments, the first": (jpeg(segment(PREFIX + tiff()), segment(PREFIX + bytes(40))), STANDING),
    "JPEG two segments, 1 then 6": (jpeg(segment(PREFIX + tiff(value=1)), segment(PREFIX + tiff())), LYING),
    "JPEG prefix twice": (jpeg(segment(PREFIX + PREFIX + tiff())), STANDING),
    "JPEG behind the frame header": (jpeg(segment(PREFIX + tiff()), at=BEHIND_FRAME), STANDING),
    "JPEG version 0": (jpeg(segment(PREFIX + tiff(version=0))), LYING),
    "PNG eXIf": (before(chunk(b"eXIf", tiff())), STANDING),
    "PNG LONG": (before(chunk(b"eXIf", tiff(4))), STANDING),
    "PNG prefix": (before(chunk(b"eXIf", PREFIX + tiff())), STANDING),
    "PNG behind the pixels": (behind(chunk(b"eXIf", tiff())), STANDING),
    "PNG XMP behind the pixels": (
        behind(chunk(b"iTXt", b'XML:com.adobe.xmp\0\0\0\0\0<x tiff:Orientation="6"/>')),
        STANDING,
    ),
}
UNREADABLE = {
    "two megabytes of text": (before(chunk(b"zTXt", b"workflow\0\0" + zlib.compress(b"x" * 2_000_000))), LYING),
    "a gamma of one byte": (before(chunk(b"gAMA", b"\0")), LYING),
    "a gamma of one byte, turned": (before(chunk(b"gAMA", b"\0"), chunk(b"eXIf", tiff())), STANDING),
    "an empty sRGB": (before(chunk(b"sRGB", b"")), LYING),
    "a wrong checksum of text": (before(wrong_sum(b"tEXt", b"a\0b")), LYING),
    "an eXIf that is no TIFF": (before(chunk(b"eXIf", b"garbage!")), LYING),
    "a raw profile that is no hex": (before(chunk(b"tEXt", b"Raw profile type exif\0\nexif\n 8\nzz\n")), LYING),
    "a JFIF segment of five bytes": (JPEG[:2] + b"\xff\xe0\0\x07JFIF\0" + JPEG[20:], LYING),
}


@pytest.mark.parametrize("name", [*TURNED, *UNREADABLE])
def test_one_answer_whichever_decoder_is_installed(name, tmp_path):
    data, size = (TURNED | UNREADABLE)[name]
    ours = decode(data)
    assert ours.shape == (size[1], size[0], 3)
    np.testing.assert_array_equal(ours, decode(data, backend="pillow"))
    assert read_header(data).size == size
    (tmp_path / "picture").write_bytes(data)
    assert read_size(tmp_path / "picture") == size
    assert ImageRef(str(tmp_path / "picture"), "edited").image().size == size


def unwritable() -> bytes:
    """Orientation 6, and XResolution stored as text, which Pillow cannot write back; XMP sends the file to Pillow."""
    entries = struct.pack("<HHIHH", 0x112, 3, 1, 6, 0) + struct.pack("<HHI4s", 0x11A, 2, 3, b"72\0\0")
    exif = PREFIX + b"II*\0\x08\0\0\0" + struct.pack("<H", 2) + entries + bytes(4)
    return jpeg(segment(exif), segment(b'http://ns.adobe.com/xap/1.0/\0<x tiff:Orientation="6"/>'))


@pytest.mark.parametrize("options", [{}, {"backend": "pillow"}, {"mode": "L"}, {"mode": "RGBA"}, {"size": (16, 24)}])
def test_exif_that_cannot_be_written_back_only_turns(options):
    height, width = decode(unwritable(), **options).shape[:2]
    assert (width, height) == options.get("size", STANDING)


def test_pictures_of_every_kind_of_damage_are_skipped(tmp_path):
    from pico_banana.records import SingleTurn
    from pico_banana.taxonomy import edit_types

    bad = {"dds": odd_dds(), "eps": EPS, "html": b"<html>", "empty": b"", "cut": PNG[:60], "good": PNG}
    for name, data in bad.items():
        (tmp_path / name).write_bytes(data)
    (tmp_path / "source").write_bytes(unwritable())
    source = ImageRef("source", "source")
    kind = edit_types()[0]
    rows = [SingleTurn(name, source, ImageRef(name, "edited"), "Do it.", None, kind, ()) for name in bad]
    loader = make_loader(rows, size=16, batch_size=2, on_error="skip", local_path=lambda address: tmp_path / address)
    assert [name for batch in loader for name in batch["id"]] == ["good"]
    assert list(loader.report.failed) == ["dds", "eps", "html", "empty", "cut"]


def odd_dds() -> bytes:
    header = struct.pack("<7I", 124, 0x1007, 8, 8, 0, 0, 0) + bytes(44) + struct.pack("<8I", 32, 8, 0, 0, 0, 0, 0, 0)
    return b"DDS " + header + struct.pack("<5I", 0x1000, 0, 0, 0, 0)


EPS = b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 8 8\n%%EndComments\nshowpage\n"


@pytest.mark.parametrize("data", [odd_dds(), EPS])
def test_only_our_error_comes_out_of_a_record(data, tmp_path):
    (tmp_path / "picture").write_bytes(data)
    with pytest.raises(PictureCorruptError, match="picture"):
        ImageRef(str(tmp_path / "picture"), "edited").image()
    with pytest.raises(PictureCorruptError):
        decode(data)
    with pytest.raises(PictureCorruptError):
        read_size(tmp_path / "picture")


def exchanged_profile() -> bytes:
    """sRGB with its red and green primaries exchanged."""
    raw = bytearray(ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes())
    tags = {
        bytes(raw[at : at + 4]): int.from_bytes(raw[at + 4 : at + 8], "big") for at in range(132, 132 + 12 * 12, 12)
    }
    red, green = tags[b"rXYZ"], tags[b"gXYZ"]
    raw[red : red + 20], raw[green : green + 20] = raw[green : green + 20], raw[red : red + 20]
    return bytes(raw)


@pytest.mark.parametrize("mode", ["RGB", "RGBA", "P"])
def test_a_profile_is_applied_in_every_mode(mode):
    picture = Image.new("RGB", (8, 8), (200, 30, 30))
    picture = picture.quantize(4) if mode == "P" else picture.convert(mode)
    data = encoded(picture, "PNG", icc_profile=exchanged_profile())
    assert decode(data)[0, 0].tolist() == [200, 30, 30]
    assert np.abs(decode(data, srgb=True)[0, 0].astype(int) - (30, 200, 30)).max() <= 2


def test_alpha_survives_a_profile():
    picture = Image.new("RGBA", (8, 8), (200, 30, 30, 77))
    data = encoded(picture, "PNG", icc_profile=exchanged_profile())
    assert decode(data, mode="RGBA", srgb=True)[0, 0, 3] == 77


@pytest.mark.parametrize(("kind", "value"), [(np.uint8, 156), (np.uint16, 40000)])
def test_grey_keeps_its_transparent_value(kind, value):
    pixels = np.zeros((8, 8), kind)
    pixels[:, :4] = value
    opaque = encoded(Image.fromarray(pixels), "PNG")  # Pillow 10 writes no transparency of 16 bits
    data = opaque[:33] + chunk(b"tRNS", bytes(2)) + opaque[33:]
    assert decode(data, mode="RGBA")[0, 7].tolist() == [0, 0, 0, 0]
    assert decode(data, mode="RGBA")[0, 0].tolist() == [156, 156, 156, 255]
    assert decode(data, background=(255, 255, 255))[0, 7].tolist() == [255, 255, 255]


@pytest.mark.parametrize("orientation", range(1, 9))
@pytest.mark.parametrize("kind", ["TIFF", "WEBP", "PNG", "JPEG"])
def test_sizes_agree_with_pixels(kind, orientation, tmp_path):
    exif = Image.Exif()
    exif[0x112] = orientation
    (tmp_path / "picture").write_bytes(encoded(drawing(48, 32), kind, exif=exif))
    size = STANDING if orientation >= 5 else LYING
    assert read_size(tmp_path / "picture") == size
    assert decode((tmp_path / "picture").read_bytes()).shape[1::-1] == size
