"""The border to Pillow: whatever it raises is a PictureCorruptError here, and odd metadata costs nobody the pixels.

A picture is opened as it is; where its metadata make Pillow give up, once more without them. A turn is taken from the
number alone: `ImageOps.exif_transpose` also rewrites the EXIF block, and thousands of real blocks cannot be rewritten.
"""

from __future__ import annotations

import io
from contextlib import contextmanager
from typing import TYPE_CHECKING

from pico_banana.errors import PicoBananaError, PictureCorruptError
from pico_banana.records.decoding.stripped import EXIF_PREFIX, stripped

if TYPE_CHECKING:
    from collections.abc import Iterator

    from PIL.Image import Image as PillowImage

ORIENTATION_TAG = 0x0112
LAST_ORIENTATION = 8
_WIDTH_TAG, _HEIGHT_TAG = 256, 257  # TIFF 6.0, section 3
# What undoes each orientation, EXIF 2.3, 4.6.4, by the names of Pillow's transposes.
_UNDONE_BY = {
    2: "FLIP_LEFT_RIGHT",
    3: "ROTATE_180",
    4: "FLIP_TOP_BOTTOM",
    5: "TRANSPOSE",
    6: "ROTATE_270",
    7: "TRANSVERSE",
    8: "ROTATE_90",
}
_SAYS_SO = ("exif", "xmp", "XML:com.adobe.xmp", "Raw profile type exif", "raw profile type exif")  # in a picture's info
_RUNS_A_PROGRAM = frozenset({"EPS"})  # Pillow hands it to Ghostscript, and data of others start no programs
_SIZE_KNOWN_AT_ONCE = frozenset({"JPEG", "MPO", "WEBP", "GIF", "BMP", "PPM", "TIFF"})


@contextmanager
def border(address: str) -> Iterator[None]:
    """Turn whatever a decoder raises into one error.

    Args:
        address: what to call the picture in the error.

    Yields:
        Nothing.

    Raises:
        PicoBananaError: the code inside raised one of ours, which passes.
        PictureCorruptError: the code inside raised anything else.
    """
    try:
        yield
    except PicoBananaError:
        raise
    except Exception as error:  # damaged files make Pillow raise nearly every builtin error
        kind = type(error).__name__
        text = (
            f"{address or 'the data'} is not a picture this library can read ({kind}: {error}); "
            "fetch it again or leave the row out"
        )
        raise PictureCorruptError(text, address=address) from error


def loaded(data: bytes, *, address: str = "", draft: tuple[int, int] | None = None) -> tuple[PillowImage, int]:
    """Decode a picture, as stored.

    Args:
        data: the encoded picture.
        address: what to call the picture in an error.
        draft: (width, height) of the stored picture that suffices, where a JPEG may be halved in the DCT.

    Returns:
        The loaded picture, and the EXIF orientation that is still to be undone, 1 to 8.

    Raises:
        PictureCorruptError: it cannot be decoded, with or without its metadata.
    """
    with border(address):
        try:
            picture = _open(data)
            return _load(picture, draft), orientation_of(picture)
        except Exception:  # judged below: without its metadata, or not at all
            bare = stripped(data)
            if bare is None:
                raise
        return _load(_open(bare.data), draft), bare.orientation


def upright(picture: PillowImage, orientation: int) -> PillowImage:
    """Turn a picture upright.

    Args:
        picture: as stored.
        orientation: what is still to be undone, 1 to 8.

    Returns:
        The picture, without the metadata that would have it turned again; itself where nothing is to be done.
    """
    from PIL import Image

    if orientation not in _UNDONE_BY:
        return picture
    turned = picture.transpose(Image.Transpose[_UNDONE_BY[orientation]])
    for name in _SAYS_SO:
        turned.info.pop(name, None)
    return turned


def upright_size(data: bytes, *, max_pixels: int, address: str = "") -> tuple[int, int, int]:
    """Read a picture's size and orientation with Pillow.

    Args:
        data: the encoded picture.
        max_pixels: larger pictures are not decoded, even where only that tells their orientation.
        address: what to call the picture in an error.

    Returns:
        Width and height in pixels as stored, and the EXIF orientation, 1 to 8.

    Raises:
        PictureCorruptError: it cannot be opened, with or without its metadata.
    """
    with border(address):
        try:
            return _measured(_open(data), max_pixels)
        except Exception:  # judged below, as in `loaded`
            bare = stripped(data)
            if bare is None:
                raise
        width, height, _ = _measured(_open(bare.data), max_pixels)
        return width, height, bare.orientation


def orientation_of(picture: PillowImage) -> int:
    """Read a picture's EXIF orientation.

    Args:
        picture: opened; a PNG loaded, for its metadata may lie behind its pixels.

    Returns:
        1 to 8; 1 where there is none, or nothing that makes sense.
    """
    try:
        value = _behind_prefixes(picture) or picture.getexif().get(ORIENTATION_TAG, 1)
        return int(value) if value in range(1, LAST_ORIENTATION + 1) else 1
    except Exception:  # noqa: BLE001  a block that cannot be read says nothing
        return 1


def _behind_prefixes(picture: PillowImage) -> int | None:
    """Read the orientation of an EXIF block with several prefixes; Pillow 10 skips one alone."""
    from PIL import Image

    block = picture.info.get("exif")
    if not isinstance(block, bytes) or not block.startswith(EXIF_PREFIX * 2):
        return None
    while block.startswith(EXIF_PREFIX * 2):
        block = block[len(EXIF_PREFIX) :]
    exif = Image.Exif()
    exif.load(block)
    value: int | None = exif.get(ORIENTATION_TAG)
    return value


def _open(data: bytes) -> PillowImage:
    from PIL import Image

    picture = Image.open(io.BytesIO(data))
    if picture.format in _RUNS_A_PROGRAM:
        msg = f"{picture.format} is a program, not a picture"
        raise ValueError(msg)
    return picture


def _load(picture: PillowImage, draft: tuple[int, int] | None) -> PillowImage:
    if draft is not None:
        picture.draft("RGB", draft)
    picture.load()
    return picture


def _measured(picture: PillowImage, max_pixels: int) -> tuple[int, int, int]:
    width, height = picture.size
    if width * height > max_pixels:
        return width, height, 1
    if picture.format == "TIFF":  # turned by Pillow itself, when it is loaded or before; the tags are as stored
        tags = picture.tag_v2  # type: ignore[attr-defined]  # of the TIFF plugin
        return int(tags[_WIDTH_TAG]), int(tags[_HEIGHT_TAG]), orientation_of(picture)
    if picture.format not in _SIZE_KNOWN_AT_ONCE:
        picture.load()
    return (*picture.size, orientation_of(picture))
