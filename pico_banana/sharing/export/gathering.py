"""The pictures of one example, fetched where they must be, looked at, and brought to the form that was asked for."""

from __future__ import annotations

from functools import cached_property
from threading import Lock
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


class Gathering:
    """Gets pictures ready; several threads may use it."""

    def __init__(self, records: Iterable[Record], options: ExportOptions, local_path: Callable[[str], Path]) -> None:
        """Say how pictures are got ready; no row and no picture is looked at yet.

        Args:
            records: the rows; looked through only where the geometry registers, for edits that were told to reframe.
            options: the export's choices.
            local_path: gives the file of an address, fetching it where it must.

        Raises:
            MissingExtraError: the geometry registers, and OpenCV is not installed.
        """
        self._records, self._options, self._local_path = records, options, local_path
        self._looking = Lock()
        if options.geometry.registered:
            from pico_banana.records.decoding.registration import opencv

            opencv()  # said before anything is written

    @cached_property
    def _registrar(self) -> Registrar | None:
        """What finds the part that the pictures of an example share, where the geometry registers them."""
        if not self._options.geometry.registered:
            return None
        from pico_banana.records.decoding.frames import Registrar

        return Registrar(told_to_reframe(self._records))

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
        options = self._options
        paths = {role: (address, self._local_path(address)) for role, address in addresses.items()}
        with self._looking:  # by one thread, for all
            registrar = self._registrar
        if registrar is not None:
            return registered(paths, options, registrar)
        source = next(iter(paths), "")
        kept = paths if options.keeps_bytes else {source: paths[source]} if options.keeps_source else {}
        upright = options.exif == "upright"
        made = {role: published(address, path, upright=upright) for role, (address, path) in kept.items()}
        return made if len(made) == len(paths) else made | remade(paths, options, skip=made.keys())

    def can_be_had(self, addresses: list[str]) -> bool:
        """Say whether pictures that were missing are there by now.

        Args:
            addresses: the pictures of an example that was left out.

        Returns:
            Whether all of them can be had.
        """
        return not isinstance(tried(lambda: self.ready(dict(zip(addresses, addresses, strict=True)))), str)


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
