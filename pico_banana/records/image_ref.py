"""Where a picture is, as a value that can open it."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import IO, TYPE_CHECKING, Literal, TypeAlias

if TYPE_CHECKING:
    from PIL.Image import Image

Role: TypeAlias = Literal["source", "edited"]


@dataclass(frozen=True, slots=True)
class ImageRef:
    """Where a picture is, not the picture.

    Attributes:
        address: `picobanana://` address; any fsspec-aware library opens it.
        role: "source" (an Open Images photo) or "edited" (a model's output, accepted or rejected).
    """

    address: str
    role: Role

    def open(self) -> IO[bytes]:
        """Open the encoded picture for reading, fetching it on first use.

        Returns:
            A binary file; close it.

        Raises:
            PictureMissingError: nobody has this picture.
            TransportError: it could not be fetched this time.
        """
        import fsspec  # noqa: F401 - whole, before a part of it: our protocol is registered at its end
        from fsspec.core import url_to_fs

        from pico_banana.errors import PictureMissingError

        if "://" not in self.address and not Path(self.address).is_file():
            raise PictureMissingError(f"there is no file {self.address}", address=self.address)
        files, path = url_to_fs(self.address)  # fsspec.open would take a "*" or "[" in a name for a pattern
        file: IO[bytes] = files.open(path, "rb")
        return file

    @property
    def path(self) -> Path:
        """The local file of the encoded picture, whole; fetched on first use, with the errors of `open`."""
        with self.open() as file:
            return Path(file.name)

    @property
    def here(self) -> Path | None:
        """The local file of the encoded picture, or None when it is not on this machine; nothing is fetched."""
        if "://" not in self.address:
            return Path(self.address) if Path(self.address).is_file() else None
        import fsspec  # noqa: F401 - as in `open`
        from fsspec.core import url_to_fs

        files, path = url_to_fs(self.address)
        found: Path | None = files.here(path) if hasattr(files, "here") else None  # others keep nothing
        return found

    def _repr_html_(self) -> str:
        from pico_banana.records.html import picture_html

        return picture_html(self)

    @property
    def size(self) -> tuple[int, int]:
        """(width, height) in pixels of the upright picture, from its header; PictureCorruptError when it is none."""
        from pico_banana.records.decoding.header import read_size

        return read_size(self.path)

    @property
    def url(self) -> str:
        """Where its mirror publishes the picture, or the photo's own URL; a path where that is a folder."""
        from fsspec.core import url_to_fs

        files, path = url_to_fs(self.address)
        return str(files.sign(path)) if "://" in self.address else self.address

    def save(self, path: str | Path) -> Path:
        """Copy the encoded picture to a file, or under its own name into a folder, and give the file."""
        target = Path(path) / self.address.rsplit("/", 1)[-1] if Path(path).is_dir() else Path(path)
        target.write_bytes(self.bytes())
        return target

    def bytes(self) -> bytes:
        """Read the encoded picture (PNG or JPEG), fetching it on first use.

        Returns:
            The file as published, byte for byte.

        Raises:
            PictureMissingError: nobody has this picture.
            TransportError: it could not be fetched this time.
        """
        with self.open() as file:
            return file.read()

    def image(self) -> Image:
        """Decode the picture with Pillow, fetching it on first use.

        Returns:
            A loaded Pillow image in the file's own mode and size, upright, as `size` and every reader here have it.

        Raises:
            PictureMissingError: nobody has this picture.
            PictureCorruptError: the bytes are not a picture.
            TransportError: it could not be fetched this time.
        """
        from pico_banana.records.decoding.pillow import loaded, upright

        return upright(*loaded(self.bytes(), address=self.address))
