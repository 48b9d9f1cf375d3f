"""Encoded bytes in, pixels out: one function for every picture of the release and the odd ones among them.

At full size the result is bit for bit what Pillow gives after `exif_transpose` and `convert("RGB")`, whichever decoder
was at work, with two exceptions: 16-bit grey is brought to 8 bits, where Pillow's `convert` clips it to white, and a
file whose metadata Pillow cannot read is decoded without them.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Literal, TypeAlias

from pico_banana.errors import ConfigError, unknown_name
from pico_banana.records.decoding import fast
from pico_banana.records.decoding.colours import to_srgb
from pico_banana.records.decoding.header import MAX_PIXELS, SWAPS_SIDES, Header, Size, read_header, require_room
from pico_banana.records.decoding.pillow import border, loaded

if TYPE_CHECKING:
    from collections.abc import Callable

    import numpy as np
    from numpy.typing import NDArray
    from PIL.Image import Image as PillowImage

Mode: TypeAlias = Literal["RGB", "RGBA", "L"]
Resample: TypeAlias = Literal["bicubic", "lanczos", "bilinear", "box"]
Backend: TypeAlias = Literal["auto", "torch", "pillow"]
Colour: TypeAlias = tuple[int, int, int]
BACKENDS: tuple[Backend, ...] = ("auto", "torch", "pillow")
RESAMPLES: tuple[Resample, ...] = ("bicubic", "lanczos", "bilinear", "box")
_MODES: tuple[Mode, ...] = ("RGB", "RGBA", "L")
_RGB = 3
_BY_WAY_OF_RGB = frozenset({"LAB", "HSV"})  # Pillow converts them to nothing else
_MOST_COLOURS = 256  # of a palette
_TRANSPARENT_MODES = frozenset({"RGBA", "LA", "PA", "La", "RGBa"})


def decode(  # noqa: PLR0913  every keyword is one independent choice of the caller's
    data: bytes,
    *,
    size: Size | None = None,
    mode: Mode = "RGB",
    resample: Resample = "bicubic",
    background: Colour | None = None,
    srgb: bool = False,
    backend: Backend = "auto",
    address: str = "",
    max_pixels: int = MAX_PIXELS,
) -> NDArray[np.uint8]:
    """Decode a picture, upright, and resize it where asked.

    Args:
        data: the encoded picture: JPEG, PNG, or anything else Pillow reads.
        size: (width, height) wanted; None keeps the picture's own. A JPEG twice as large or more is first halved in
            the DCT, which is cheaper than decoding what is thrown away.
        mode: "RGB", "RGBA" or "L".
        resample: the filter when `size` is given; applied with antialiasing.
        background: what to put under transparent pixels; None drops the alpha channel as Pillow does.
        srgb: convert from an embedded ICC profile to sRGB, whatever the mode; off, as in every peer.
        backend: "auto" takes the fast decoders that are installed; "torch" does too, and resizes with torch, which is
            quicker still, where torch has code for this processor; "pillow" takes Pillow alone.
        address: what to call the picture in an error.
        max_pixels: refuse a picture with more pixels than this.

    Returns:
        uint8 array (height, width, channels); for mode "L" (height, width, 1).

    Raises:
        ConfigError: `mode`, `resample` or `size` cannot be used.
        PictureCorruptError: the bytes are cut off, damaged, hostile or no picture, or `size` is too large.
    """
    _check(size, mode, resample)
    if size is not None:
        require_room(size, address=address)
    header = read_header(data, address=address, max_pixels=max_pixels)
    pixels: NDArray[np.uint8] | None = None
    if backend != "pillow" and mode == "RGB" and header.plain and not srgb:
        pixels = _decode_fast(data, header, size)
    if pixels is None:
        pixels = _decode_with_pillow(data, header, size, _Wish(mode, background, srgb, address))
    return pixels if size is None else resize(pixels, size, resample=resample, backend=backend)


def resize(
    pixels: NDArray[np.uint8], size: Size, *, resample: Resample = "bicubic", backend: Backend = "auto"
) -> NDArray[np.uint8]:
    """Resize a picture with antialiasing.

    The filters are the same in every library; rounding is not: a pixel differs from Pillow's by a quarter of a level on
    average, by a few at sharp edges. Name `backend="pillow"` where it has to be the same bit for bit everywhere.

    Args:
        pixels: uint8 array (height, width, channels).
        size: (width, height) wanted.
        resample: the filter.
        backend: "auto", "torch" or "pillow".

    Returns:
        uint8 array (size[1], size[0], channels); `pixels` itself when the size is already right.
    """
    import numpy as np

    if (pixels.shape[1], pixels.shape[0]) == size:
        return pixels
    quick = backend != "pillow" and pixels.shape[2] == _RGB
    library = fast.resizer(resample, with_torch=backend == "torch") if quick else "pillow"
    if library == "torch":
        return fast.resize_with_torch(np.ascontiguousarray(pixels), size)
    if library == "cykooz_resizer":
        return fast.resize_with_cykooz(pixels, size, resample)
    if library == "kornia_rs":
        return fast.resize_with_kornia(np.ascontiguousarray(pixels), size, resample)
    return _resize_with_pillow(pixels, size, resample)


def turn_upright(pixels: NDArray[np.uint8], orientation: int) -> NDArray[np.uint8]:
    """Undo an EXIF orientation.

    Args:
        pixels: array (height, width, channels) as stored.
        orientation: EXIF orientation, 1 to 8.

    Returns:
        The upright picture, contiguous.
    """
    import numpy as np

    if orientation == 1:
        return pixels
    if orientation >= SWAPS_SIDES:  # 5 to 8 are 1, 4, 2... of the picture with its axes swapped: EXIF 2.3, 4.6.4
        pixels = pixels.swapaxes(0, 1)
    flip_rows = orientation in {3, 4, 7, 8}
    flip_columns = orientation in {2, 3, 6, 7}
    return np.ascontiguousarray(pixels[:: -1 if flip_rows else 1, :: -1 if flip_columns else 1])


@dataclass(frozen=True, slots=True)
class _Wish:
    """What the caller wants of Pillow, in one value."""

    mode: Mode
    background: Colour | None
    srgb: bool
    address: str


def _check(size: Size | None, mode: str, resample: str) -> None:
    if mode not in _MODES:
        raise unknown_name("picture mode", mode, _MODES)
    if resample not in RESAMPLES:
        raise unknown_name("resampling filter", resample, RESAMPLES)
    if size is not None and (size[0] < 1 or size[1] < 1):
        msg = f"size={size} has no area; give (width, height) of at least 1 x 1"
        raise ConfigError(msg, key="size")


def _decode_fast(data: bytes, header: Header, size: Size | None) -> NDArray[np.uint8] | None:
    """Decode with a fast decoder; None when none is installed for this format, or it declines the file.

    Raises:
        KeyboardInterrupt: somebody asked to stop.
        SystemExit: somebody asked to stop.
    """
    turned = size is not None and header.size != (header.width, header.height)
    at_least = (size[1], size[0]) if turned and size else size
    decoder: Callable[[], NDArray[np.uint8]]
    if header.format == "jpeg" and fast.installed("simplejpeg"):
        decoder = partial(fast.decode_jpeg, data, at_least)
    elif header.format == "png" and fast.installed("kornia_rs"):
        decoder = partial(fast.decode_png, data, header)
    else:
        return None
    try:
        pixels = decoder()
    except (KeyboardInterrupt, SystemExit):
        raise
    except BaseException:  # noqa: BLE001  a panic in Rust is no Exception; whatever went wrong, Pillow decides
        return None
    return turn_upright(pixels, header.orientation)


def _decode_with_pillow(data: bytes, header: Header, size: Size | None, wish: _Wish) -> NDArray[np.uint8]:
    import numpy as np

    draft = None
    if size is not None and header.format == "jpeg" and header.plain:
        draft = size if header.size == (header.width, header.height) else (size[1], size[0])
    picture, orientation = loaded(data, address=wish.address, draft=draft)
    with border(wish.address):
        pixels = np.asarray(_converted(picture, wish))
    return turn_upright(pixels[:, :, None] if wish.mode == "L" else pixels, orientation)


def _converted(picture: PillowImage, wish: _Wish) -> PillowImage:
    from PIL import Image

    if picture.mode.startswith("I"):  # 16-bit grey; Pillow's convert clips at 255
        picture = _high_byte(picture)
    picture = to_srgb(picture) if wish.srgb else picture
    if picture.mode in _BY_WAY_OF_RGB:
        picture = picture.convert("RGB")
    clear = picture.info.get("transparency")
    if isinstance(clear, bytes):  # more of it than a palette has makes Pillow give up
        picture.info["transparency"] = clear[:_MOST_COLOURS]
    if wish.background is not None and (picture.mode in _TRANSPARENT_MODES or "transparency" in picture.info):
        front = picture.convert("RGBA")
        picture = Image.alpha_composite(Image.new("RGBA", front.size, (*wish.background, 255)), front)
    if wish.mode != "RGBA":  # a transparency that is none would stop a conversion that has no use for it
        picture.info.pop("transparency", None)
    return picture if picture.mode == wish.mode else picture.convert(wish.mode)


def _high_byte(picture: PillowImage) -> PillowImage:
    """Bring 16-bit grey to 8 bits; the value that stands for transparent becomes an alpha channel."""
    import numpy as np
    from PIL import Image

    values = np.asarray(picture).astype(np.uint32)
    grey = Image.fromarray((values >> 8).clip(0, 255).astype(np.uint8))
    clear = picture.info.get("transparency")
    if isinstance(clear, int):
        grey.putalpha(Image.fromarray(np.where(values == clear, 0, 255).astype(np.uint8)))
    if "icc_profile" in picture.info:
        grey.info["icc_profile"] = picture.info["icc_profile"]
    return grey


def _resize_with_pillow(pixels: NDArray[np.uint8], size: Size, resample: Resample) -> NDArray[np.uint8]:
    import numpy as np
    from PIL import Image

    grey = pixels.shape[2] == 1
    picture = Image.fromarray(np.ascontiguousarray(pixels[:, :, 0] if grey else pixels))
    resized = np.asarray(picture.resize(size, Image.Resampling[resample.upper()]))
    return resized[:, :, None] if grey else resized
