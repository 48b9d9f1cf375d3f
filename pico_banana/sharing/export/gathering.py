"""The pictures of one example, fetched where they must be, looked at, and brought to the form that was asked for."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeVar

from pico_banana.errors import MissingExtraError, PicoBananaError, StoreError
from pico_banana.records.reframing import told_to_reframe
from pico_banana.sharing.export.pictures import Picture, published, registered, remade

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from pathlib import Path

    from pico_banana.records import Record
    from pico_banana.records.decoding.frames import Registrar
    from pico_banana.sharing.export.options import ExportOptions

R = TypeVar("R")


@dataclass(frozen=True, slots=True)
class Gathering:
    """Gets pictures ready; several threads may use it.

    Attributes:
        options: the export's choices.
        local_path: gives the file of an address, fetching it where it must.
        registrar: finds what the pictures of an example share, where the geometry registers them.
    """

    options: ExportOptions
    local_path: Callable[[str], Path]
    registrar: Registrar | None = None

    def ready(self, addresses: dict[str, str]) -> dict[str, Picture]:
        """Get the pictures of one example ready.

        Args:
            addresses: by role; the source first, the edit second.

        Returns:
            The pictures by role.

        Raises:
            PictureError: one is missing, cut off, or none.
            OSError: one cannot be read.
        """
        paths = {role: (address, self.local_path(address)) for role, address in addresses.items()}
        if self.registrar is not None:
            return registered(paths, self.options, self.registrar)
        source = next(iter(paths), "")
        kept = paths if self.options.keeps_bytes else {source: paths[source]} if self.options.keeps_source else {}
        upright = self.options.exif == "upright"
        made = {role: published(address, path, upright=upright) for role, (address, path) in kept.items()}
        return made if len(made) == len(paths) else made | remade(paths, self.options, skip=made.keys())

    def can_be_had(self, addresses: list[str]) -> bool:
        """Say whether pictures that were missing are there by now.

        Args:
            addresses: the pictures of an example that was left out.

        Returns:
            Whether all of them can be had.
        """
        return not isinstance(tried(lambda: self.ready(dict(zip(addresses, addresses, strict=True)))), str)


def gathering_for(records: Iterable[Record], options: ExportOptions, local_path: Callable[[str], Path]) -> Gathering:
    """Describe how the pictures of an export are got ready.

    Args:
        records: the rows; looked through only where the geometry registers, for edits that were told to reframe.
        options: the export's choices.
        local_path: gives the file of an address, fetching it where it must.

    Returns:
        What gets them ready.

    Raises:
        MissingExtraError: the geometry registers, and OpenCV is not installed.
    """
    if not options.geometry.registered:
        return Gathering(options, local_path)
    from pico_banana.records.decoding.frames import Registrar
    from pico_banana.records.decoding.registration import opencv

    opencv()  # said before anything is written
    return Gathering(options, local_path, Registrar(told_to_reframe(records)))


def tried(work: Callable[[], R]) -> R | str:
    """Do what one example needs.

    Args:
        work: does it.

    Returns:
        Its result, or the reason why this example cannot be had.

    Raises:
        StoreError: nothing can be written, so that no other example could be had either.
        MissingExtraError: a package is missing.
    """
    try:
        return work()
    except (StoreError, MissingExtraError):
        raise
    except (OSError, PicoBananaError) as error:  # every picture and transport error is one
        return str(error)
