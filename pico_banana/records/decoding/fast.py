"""The fast decoders, each behind one function, and which of them are installed.

They are optional (`pip install 'pico-banana[fast]'`) and only ever take plain files: 8-bit JPEG in grey or YCbCr, 8-bit
RGB PNG. A fast decoder may decline a file, by raising, never judge it: Pillow then has the last word, so that the
result is the same with and without them. Chosen by measurement, see `docs/benchmarks.md`:

- JPEG: simplejpeg, bit-identical to Pillow, scales in the DCT, releases the GIL.
- PNG: kornia_rs is the quickest but holds the GIL. ISA-L inflates at twice zlib's speed without the GIL, so the pixels
  are inflated there, wrapped as a PNG with stored blocks, and kornia_rs only undoes the row filters. Two threads then
  decode 1.3 times as many pictures as with kornia_rs alone.
- Resizing: torch where asked for, else cykooz_resizer, else kornia_rs, see `resizer`.
"""

from __future__ import annotations

import importlib.util
import os
import struct
from functools import cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from pico_banana.records.decoding.header import Header, Size

_SIGNATURE_AND_HEADER = 33  # 8 bytes of signature, then IHDR: 4 length, 4 name, 13 body, 4 checksum
_pool_owner: dict[str, int] = {}  # the process whose kornia_rs threads are running
_END = b"\0\0\0\0IEND\xaeB`\x82"
_KORNIA_FILTERS = frozenset({"bicubic", "lanczos"})
_CYKOOZ_FILTERS = {"bicubic": "catmull_rom", "lanczos": "lanczos3", "bilinear": "bilinear", "box": "box"}
_TORCH_TESTED = (2, 13)  # the floor in pyproject.toml
_TORCH_VECTORS = frozenset({"AVX2", "AVX512"})
_STORED_BLOCK = 65535  # the longest stored block of deflate, RFC 1951, 3.2.4


@cache
def installed(package: str) -> bool:
    """Tell whether a package can be imported, without importing it.

    Args:
        package: its import name.

    Returns:
        True when it is there.
    """
    return importlib.util.find_spec(package) is not None


def decoders() -> dict[str, str]:
    """Say which library decodes what in this environment.

    Returns:
        For "jpeg", "png" and "resize" the names of the packages at work.
    """
    png = ("isal+kornia_rs" if installed("isal") else "kornia_rs") if installed("kornia_rs") else "pillow"
    return {
        "jpeg": "simplejpeg" if installed("simplejpeg") else "pillow",
        "png": png,
        "resize": resizer("bicubic"),
    }


def decode_jpeg(data: bytes, at_least: Size | None) -> NDArray[np.uint8]:
    """Decode a plain JPEG with simplejpeg.

    Args:
        data: the whole file.
        at_least: (width, height) of the stored picture that suffices; the DCT halves while it stays that large.

    Returns:
        uint8 array (height, width, 3), as stored, not turned upright.
    """
    import simplejpeg

    width, height = at_least or (0, 0)
    pixels: NDArray[np.uint8] = simplejpeg.decode_jpeg(
        data, colorspace="RGB", min_width=width, min_height=height, min_factor=2 if at_least else 1
    )
    return pixels


def decode_png(data: bytes, header: Header) -> NDArray[np.uint8]:
    """Decode a plain PNG with kornia_rs, inflated by ISA-L where that is installed.

    Args:
        data: the whole file.
        header: its header.

    Returns:
        uint8 array (height, width, 3), as stored.
    """
    from kornia_rs.io import decode_image_png_u8

    inflated = _inflate(data, header) if installed("isal") else data
    pixels: NDArray[np.uint8] = decode_image_png_u8(inflated, (header.height, header.width), "rgb")
    return pixels


def resizer(resample: str, *, with_torch: bool = False) -> str:
    """Say which library resizes.

    Torch is the quickest and releases the GIL, but only on a processor for which it has vector code. cykooz_resizer
    takes a fifth of Pillow's time and half of kornia_rs', and resizes without the GIL and without threads of its own.
    The thread pool of kornia_rs does not survive a fork: a child of a process that has resized would wait for it
    forever, so such a child takes Pillow.

    Args:
        resample: the filter.
        with_torch: whether torch may be imported for this.

    Returns:
        "torch", "cykooz_resizer", "kornia_rs" or "pillow".
    """
    if with_torch and resample == "bicubic" and _torch_has_vector_code():
        return "torch"
    if installed("cykooz_resizer"):
        return "cykooz_resizer"
    own_pool = _pool_owner.get("pid", os.getpid()) == os.getpid()
    return "kornia_rs" if resample in _KORNIA_FILTERS and installed("kornia_rs") and own_pool else "pillow"


def resize_with_cykooz(pixels: NDArray[np.uint8], size: Size, resample: str) -> NDArray[np.uint8]:
    """Resize with cykooz_resizer, whose filters are Pillow's but for rounding (a quarter of a level on average).

    Args:
        pixels: uint8 array (height, width, 3).
        size: (width, height) wanted.
        resample: "bicubic", "lanczos", "bilinear" or "box".

    Returns:
        uint8 array (size[1], size[0], 3); read-only.
    """
    import cykooz_resizer as cykooz
    import numpy as np

    height, width = pixels.shape[:2]
    stored = cykooz.ImageData(width, height, cykooz.PixelType.U8x3, pixels.tobytes())
    resized = cykooz.ImageData(*size, cykooz.PixelType.U8x3)
    algorithm = cykooz.ResizeAlg.convolution(cykooz.FilterType[_CYKOOZ_FILTERS[resample]])
    cykooz.Resizer().resize(stored, resized, cykooz.ResizeOptions(algorithm))
    return np.frombuffer(resized.get_buffer(), np.uint8).reshape(size[1], size[0], 3)


def resize_with_kornia(pixels: NDArray[np.uint8], size: Size, resample: str) -> NDArray[np.uint8]:
    """Resize with kornia_rs, whose bicubic and Lanczos filters are Pillow's but for rounding (half a level on average).

    Args:
        pixels: uint8 array (height, width, 3), contiguous.
        size: (width, height) wanted.
        resample: "bicubic" or "lanczos".

    Returns:
        uint8 array (size[1], size[0], 3).
    """
    import numpy as np
    from kornia_rs import imgproc

    _pool_owner["pid"] = os.getpid()
    out: NDArray[np.uint8] = np.asarray(imgproc.resize(pixels, (size[1], size[0]), resample, antialias=True), np.uint8)
    return out


def resize_with_torch(pixels: NDArray[np.uint8], size: Size) -> NDArray[np.uint8]:
    """Resize with torch, whose bicubic filter is Pillow's but for one pixel in thousands, off by a level.

    Args:
        pixels: uint8 array (height, width, 3), contiguous.
        size: (width, height) wanted.

    Returns:
        uint8 array (size[1], size[0], 3).
    """
    import torch

    writable = pixels if pixels.flags.writeable else pixels.copy()  # torch has no read-only tensors, and warns
    planes = torch.from_numpy(writable)[None].permute(0, 3, 1, 2)
    resized = torch.nn.functional.interpolate(planes, (size[1], size[0]), mode="bicubic", antialias=True)
    out: NDArray[np.uint8] = resized[0].permute(1, 2, 0).numpy()
    return out


@cache
def _torch_has_vector_code() -> bool:
    if not installed("torch"):
        return False
    import torch

    release = tuple(int(part) for part in torch.__version__.split("+")[0].split(".")[:2])
    return release >= _TORCH_TESTED and torch.backends.cpu.get_cpu_capability() in _TORCH_VECTORS


def _inflate(data: bytes, header: Header) -> bytes:
    """Rewrite a PNG so that its pixels are stored, not compressed.

    Raises:
        ValueError: there are more or fewer pixels than the header says; ISA-L has errors of its own for damage.
    """
    from isal import isal_zlib

    expected = header.height * (1 + 3 * header.width)
    engine = isal_zlib.decompressobj()
    # One byte more than the picture may have: a longer stream is a bomb or another picture than the header says.
    filtered = engine.decompress(_pixel_stream(data), expected + 1)
    if len(filtered) != expected or not engine.eof:
        msg = f"{len(filtered)} bytes of pixels where {expected} belong"
        raise ValueError(msg)
    pieces = _stored(filtered, isal_zlib.adler32(filtered))
    checksum = isal_zlib.crc32(b"IDAT")
    for piece in pieces:
        checksum = isal_zlib.crc32(piece, checksum)
    start = struct.pack(">I4s", sum(map(len, pieces)), b"IDAT")
    _leave_wide_registers()
    # Joined once: every further buffer of this size costs a millisecond in fresh pages.
    return b"".join((data[:_SIGNATURE_AND_HEADER], start, *pieces, struct.pack(">I", checksum), _END))


def _leave_wide_registers() -> None:
    """Undo what ISA-L leaves behind on x86: the upper halves of the vector registers in use.

    It returns without VZEROUPPER, and every SSE instruction after that waits for those halves: kornia_rs takes 5.4 ms
    in place of 3.2 for a picture. NumPy's loops clear them when they end; a short one takes half a microsecond.
    """
    lanes = _lanes()
    _ = lanes + lanes


@cache
def _lanes() -> NDArray[np.float32]:
    import numpy as np

    return np.zeros(64, np.float32)


def _pixel_stream(data: bytes) -> bytes:
    """Join the IDAT chunks."""
    view, parts, position = memoryview(data), [], _SIGNATURE_AND_HEADER
    while True:
        length, kind = struct.unpack_from(">I4s", data, position)
        if kind == b"IDAT":
            parts.append(view[position + 8 : position + 8 + length])
        elif parts:
            return bytes(parts[0]) if len(parts) == 1 else b"".join(parts)
        position += 12 + length


def _stored(filtered: bytes, checksum: int) -> list[bytes | memoryview]:
    """Part bytes into a zlib stream of stored blocks, RFC 1950 and 1951, without copying them."""
    view, pieces = memoryview(filtered), list[bytes | memoryview]([b"\x78\x01"])
    for start in range(0, len(filtered), _STORED_BLOCK):
        block = view[start : start + _STORED_BLOCK]
        last = start + _STORED_BLOCK >= len(filtered)
        pieces += (struct.pack("<BHH", last, len(block), len(block) ^ 0xFFFF), block)
    return [*pieces, struct.pack(">I", checksum)]
