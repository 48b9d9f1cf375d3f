"""Decoding: the same pixels as Pillow for every odd file, and a clear error for every bad one."""

from __future__ import annotations

import io
import os
import struct
import zlib

import numpy as np
import pytest
from odd_files import corpus, drawing, encoded, interlaced, png, with_orientation
from PIL import Image, ImageOps

from pico_banana.errors import ConfigError, PictureCorruptError, UnknownNameError
from pico_banana.records.decoding import fast
from pico_banana.records.decoding.decode import decode, resize
from pico_banana.records.decoding.header import HEADER_BYTES, read_header, read_size

CORPUS = {**corpus(), "png interlaced": interlaced()}
FAST = pytest.mark.skipif("pillow" in fast.decoders().values(), reason="needs pico-banana[fast]")


def by_pillow(data: bytes, mode: str = "RGB") -> np.ndarray:
    return np.asarray(ImageOps.exif_transpose(Image.open(io.BytesIO(data))).convert(mode))


@pytest.mark.parametrize("name", CORPUS)
def test_full_size_is_bit_for_bit_pillow(name):
    ours = decode(CORPUS[name])
    assert ours.dtype == np.uint8
    np.testing.assert_array_equal(ours, by_pillow(CORPUS[name]))


@pytest.mark.parametrize("name", CORPUS)
def test_header_tells_the_upright_size(name):
    pixels = by_pillow(CORPUS[name])
    assert read_header(CORPUS[name]).size == (pixels.shape[1], pixels.shape[0])


@pytest.mark.parametrize("name", CORPUS)
def test_size_is_read_from_a_file(name, tmp_path):
    (tmp_path / "picture").write_bytes(CORPUS[name])
    pixels = by_pillow(CORPUS[name])
    assert read_size(tmp_path / "picture") == (pixels.shape[1], pixels.shape[0])


@pytest.mark.parametrize("mode", ["RGBA", "L"])
@pytest.mark.parametrize("name", ["png rgba", "png palette transparent", "jpeg grey", "jpeg turned 6"])
def test_other_modes(name, mode):
    expected = by_pillow(CORPUS[name], mode)
    np.testing.assert_array_equal(decode(CORPUS[name], mode=mode), expected.reshape(*expected.shape[:2], -1))


def test_sixteen_bit_grey_keeps_its_high_byte():
    values = np.array([[0, 255, 256, 32768, 65535]], dtype=np.uint16)
    data = encoded(Image.fromarray(values), "PNG")
    np.testing.assert_array_equal(decode(data)[0, :, 0], [0, 0, 1, 128, 255])


def test_background_shows_through_transparent_pixels():
    clear = encoded(Image.new("RGBA", (4, 3), (200, 10, 10, 0)), "PNG")
    assert (decode(clear, background=(0, 0, 255)) == (0, 0, 255)).all()
    assert (decode(clear) == (200, 10, 10)).all()


def test_profile_is_applied_on_request_only():
    plain = CORPUS["jpeg profile"]
    assert np.abs(decode(plain, srgb=True).astype(int) - decode(plain)).max() <= 2
    broken = encoded(drawing(), "JPEG", icc_profile=b"no profile")
    np.testing.assert_array_equal(decode(broken, srgb=True), decode(broken))


@FAST
@pytest.mark.parametrize("name", ["jpeg 4:2:0", "jpeg progressive", "jpeg turned 5", "png rgb", "png many chunks"])
def test_fast_decoders_take_the_plain_files(name, monkeypatch):
    def refuse(*_):
        raise AssertionError("fell back to Pillow")

    monkeypatch.setattr("pico_banana.records.decoding.decode._decode_with_pillow", refuse)
    assert decode(CORPUS[name]).shape[2] == 3


@pytest.mark.parametrize("backend", ["auto", "pillow"])
@pytest.mark.parametrize("name", ["jpeg 4:2:0", "jpeg turned 6", "png rgb", "png rgba", "png grey"])
def test_a_wanted_size_is_met_exactly(name, backend):
    for size in ((24, 15), (40, 70), (97, 61), (150, 90)):
        assert decode(CORPUS[name], size=size, backend=backend).shape == (size[1], size[0], 3)


def test_fast_resizing_is_pillows_but_for_rounding():
    pixels = np.asarray(drawing(400, 300))
    for size in ((200, 150), (133, 80), (500, 420)):
        for resample in ("bicubic", "lanczos", "bilinear", "box"):
            ours = resize(pixels, size, resample=resample).astype(int)
            theirs = Image.fromarray(pixels).resize(size, Image.Resampling[resample.upper()])
            difference = np.abs(ours - np.asarray(theirs))
            assert difference.max() <= 12
            assert difference.mean() <= 0.5


def test_torch_resizes_where_it_is_asked():
    torch = pytest.importorskip("torch")
    if torch.backends.cpu.get_cpu_capability() not in {"AVX2", "AVX512"}:
        pytest.skip("torch has no vector code for this processor")
    pixels = np.asarray(drawing(400, 300))  # as Pillow gives it, read-only
    assert fast.resizer("bicubic", with_torch=True) == "torch"
    assert fast.resizer("lanczos", with_torch=True) != "torch"
    assert fast.resizer("bicubic") != "torch"  # an import elsewhere in the program changes no pixel
    for size in ((200, 150), (133, 80), (500, 420), (1, 1)):
        ours, theirs = (
            resize(pixels, size, backend="torch"),
            Image.fromarray(pixels).resize(size, Image.Resampling.BICUBIC),
        )
        difference = np.abs(ours.astype(int) - np.asarray(theirs))
        assert ours.flags.c_contiguous
        assert difference.max() <= 2
        assert difference.mean() <= 0.02


def test_scaling_in_the_dct_stays_close_to_scaling_all_pixels():
    data = encoded(drawing(512, 384), "JPEG", quality=95)
    scaled = decode(data, size=(128, 96)).astype(int)
    whole = np.asarray(Image.fromarray(decode(data)).resize((128, 96), Image.Resampling.BICUBIC)).astype(int)
    assert np.abs(scaled - whole).mean() < 3


def test_turned_jpeg_scales_along_the_right_sides():
    data = with_orientation(drawing(512, 256), "JPEG", 6)
    whole = np.asarray(Image.fromarray(decode(data)).resize((64, 128), Image.Resampling.BICUBIC)).astype(int)
    assert np.abs(decode(data, size=(64, 128)).astype(int) - whole).mean() < 4


@pytest.mark.parametrize("backend", ["auto", "pillow"])
@pytest.mark.parametrize("name", ["jpeg 4:2:0", "png rgb", "png large", "webp", "png palette"])
@pytest.mark.parametrize("kept", [0.0, 0.1, 0.6, 0.95])
def test_truncated_is_an_error_that_names_the_picture(name, kept, backend):
    data = CORPUS[name][: int(len(CORPUS[name]) * kept)]
    with pytest.raises(PictureCorruptError, match=r"picobanana://edited/1\.png") as caught:
        decode(data, address="picobanana://edited/1.png", backend=backend)
    assert caught.value.address == "picobanana://edited/1.png"


@pytest.mark.parametrize("name", ["jpeg 4:2:0", "png rgb"])
def test_damage_is_judged_as_pillow_judges_it(name):
    rng = np.random.default_rng(3)
    for position in rng.integers(20, len(CORPUS[name]), 150):
        data = bytearray(CORPUS[name])
        data[position] ^= int(rng.integers(1, 256))
        assert outcome(bytes(data), "auto") == outcome(bytes(data), "pillow"), position


def outcome(data: bytes, backend: str) -> bytes | None:
    try:
        pixels = decode(data, backend=backend, max_pixels=1_000_000)
    except PictureCorruptError:
        return None
    return pixels.tobytes() + str(pixels.shape).encode()


def test_absurd_dimensions_are_refused_before_anything_is_allocated():
    for width, height in ((2**31 - 1, 2**31 - 1), (65_000, 65_000), (0, 10)):
        with pytest.raises(PictureCorruptError, match="pixels"):
            decode(png(width, height, zlib.compress(b"\0")))
    jpeg = bytearray(CORPUS["jpeg 4:2:0"])
    frame = jpeg.index(b"\xff\xc0")
    struct.pack_into(">HH", jpeg, frame + 5, 65_000, 65_000)
    with pytest.raises(PictureCorruptError, match="65000 x 65000"):
        decode(bytes(jpeg))


def test_a_bomb_behind_a_small_header_is_not_inflated():
    bomb = zlib.compress(bytes(50_000_000), 9)
    data = png(4, 4, bomb)
    assert len(data) < 60_000
    assert outcome(data, "auto") == outcome(data, "pillow")


@pytest.mark.parametrize(
    "data", [b"", b"<html>not found</html>", b"\xff\xd8\xff", b"\x89PNG\r\n\x1a\n", bytes(HEADER_BYTES)]
)
def test_what_is_no_picture_is_an_error(data):
    with pytest.raises(PictureCorruptError, match="not a picture"):
        decode(data)


def test_wrong_wishes_are_named():
    data = CORPUS["png rgb"]
    with pytest.raises(UnknownNameError, match="bicubic"):
        decode(data, resample="bicubik")
    with pytest.raises(UnknownNameError, match="mode"):
        decode(data, mode="CMYK")
    with pytest.raises(ConfigError, match="no area"):
        decode(data, size=(0, 5))


def test_decoders_are_named():
    assert set(fast.decoders()) == {"jpeg", "png", "resize"}


@FAST
@pytest.mark.filterwarnings("ignore:This process .* is multi-threaded:DeprecationWarning")
def test_a_forked_child_resizes_without_its_parents_threads():
    pixels = np.asarray(drawing(200, 150))
    expected = resize(pixels, (100, 75))
    child = os.fork()
    if child == 0:
        close = np.abs(resize(pixels, (100, 75)).astype(int) - expected).mean() <= 0.5
        os._exit(0 if close else 1)
    assert os.waitpid(child, 0)[1] == 0
