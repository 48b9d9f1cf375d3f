"""How a picture lies in a pack: raw pixels, or pixels behind a codec that is quick to undo.

Decoding a 512-pixel picture costs 0.07 ms raw, 1.3 ms as JPEG; raw takes 0.6-0.8 MB, JPEG a tenth of it.
"""

from __future__ import annotations

import importlib
import io
from typing import TYPE_CHECKING, Any, Literal, Protocol, TypeAlias

from pico_banana.errors import missing_extra, unknown_name
from pico_banana.records.decoding import fast
from pico_banana.records.decoding.decode import decode

if TYPE_CHECKING:
    from collections.abc import Sequence

    import numpy as np
    from numpy.typing import NDArray

    Pixels: TypeAlias = NDArray[np.uint8]

Format: TypeAlias = Literal["raw", "zstd", "qoi", "jpeg"]
_JPEG_QUALITY = 95
_ZSTD_LEVEL = 1  # decoding speed hardly depends on it, and higher levels gain a few per cent on photos


class Codec(Protocol):
    """Turns pixels into bytes and back."""

    def encode(self, pixels: Pixels) -> bytes:
        """Encode uint8 pixels of any shape that ends in (height, width, 3)."""
        ...

    def decode(self, data: bytes | memoryview, shape: Sequence[int]) -> Pixels:
        """Decode to the shape that was encoded."""
        ...


class Raw:
    """The pixels themselves; decoding is a view of the file."""

    def encode(self, pixels: Pixels) -> bytes:
        """Give the pixels' bytes."""
        return pixels.tobytes()

    def decode(self, data: bytes | memoryview, shape: Sequence[int]) -> Pixels:
        """See the bytes as pixels; read-only."""
        import numpy as np

        return np.frombuffer(data, np.uint8).reshape(shape)


class Zstd:
    """The pixels behind Zstandard; lossless, a fifth smaller on photos, more on drawings."""

    def __init__(self) -> None:
        """Load the package."""
        self._zstandard = _needed("zstandard", "zstd", "a zstd pack")

    def encode(self, pixels: Pixels) -> bytes:
        """Compress the pixels' bytes."""
        compressed: bytes = self._zstandard.ZstdCompressor(level=_ZSTD_LEVEL).compress(pixels.tobytes())
        return compressed

    def decode(self, data: bytes | memoryview, shape: Sequence[int]) -> Pixels:
        """Decompress into pixels; read-only."""
        import numpy as np

        return np.frombuffer(self._zstandard.ZstdDecompressor().decompress(data), np.uint8).reshape(shape)


class Qoi:
    """The "Quite OK Image" format; lossless, a third smaller on photos."""

    def __init__(self) -> None:
        """Load the package."""
        self._qoi = _needed("qoi", "packs", "a QOI pack")

    def encode(self, pixels: Pixels) -> bytes:
        """Encode; several pictures are laid one below the other."""
        import numpy as np

        return bytes(self._qoi.encode(np.ascontiguousarray(_flat(pixels))))

    def decode(self, data: bytes | memoryview, shape: Sequence[int]) -> Pixels:
        """Decode."""
        pixels: Pixels = self._qoi.decode(bytes(data)).reshape(shape)
        return pixels


class Jpeg:
    """JPEG of quality 95 without chroma subsampling; lossy, a tenth of the size."""

    def encode(self, pixels: Pixels) -> bytes:
        """Encode; several pictures are laid one below the other."""
        from PIL import Image

        buffer = io.BytesIO()
        Image.fromarray(_flat(pixels)).save(buffer, "JPEG", quality=_JPEG_QUALITY, subsampling=0)
        return buffer.getvalue()

    def decode(self, data: bytes | memoryview, shape: Sequence[int]) -> Pixels:
        """Decode."""
        return decode(bytes(data)).reshape(shape)


_CODECS: dict[Format, type[Raw | Zstd | Qoi | Jpeg]] = {"raw": Raw, "zstd": Zstd, "qoi": Qoi, "jpeg": Jpeg}


def codec(name: str) -> Codec:
    """Find a codec.

    Args:
        name: "raw", "zstd", "qoi" or "jpeg".

    Returns:
        The codec, its package loaded.
    """
    return _known(name)()


def _known(name: str) -> type[Raw | Zstd | Qoi | Jpeg]:
    for known, kind in _CODECS.items():
        if known == name:
            return kind
    raise unknown_name("pack format", name, _CODECS)


def _flat(pixels: Pixels) -> Pixels:
    return pixels.reshape(-1, *pixels.shape[-2:])


def _needed(package: str, extra: str, purpose: str) -> Any:  # noqa: ANN401  a module without types
    if not fast.installed(package):
        raise missing_extra(package, extra, purpose)
    return importlib.import_module(package)
