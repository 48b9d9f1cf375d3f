"""From an example's files to arrays of the shape that a geometry asks for."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeAlias

from pico_banana.records.decoding.decode import Backend, Resample, decode
from pico_banana.records.decoding.geometry import Geometry, aspect_change
from pico_banana.records.decoding.header import Size, read_header, read_size

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from pico_banana.records.decoding.frames import Registrar

LocalPath: TypeAlias = Callable[[str], Path]


@dataclass(frozen=True, slots=True)
class Shaping:
    """Decodes the pictures of one example after another.

    Attributes:
        local_path: gives the file of an address, fetching it where it must.
        geometry: what becomes of the pictures.
        resample: the filter for resizing.
        backend: which decoders, see `decode`.
        background: what to put under transparent pixels; None drops the alpha channel.
        max_pixels: refuse larger pictures.
    """

    local_path: LocalPath
    geometry: Geometry
    resample: Resample
    backend: Backend
    background: tuple[int, int, int] | None
    max_pixels: int

    def planned(self, pictures: Mapping[str, str], shown: Mapping[str, str], *, change: bool) -> dict[str, Any]:
        """Decode pictures straight to their size, which follows from sizes alone.

        Args:
            pictures: the addresses of the example's pictures by name; the one before the edit first.
            shown: those that are wanted.
            change: also give "aspect_change".

        Returns:
            Arrays (height, width, 3) by name.
        """
        data = {name: self.local_path(address).read_bytes() for name, address in shown.items()}
        sizes = {name: self._size(name, pictures[name], data) for name in self._needed(pictures, shown, change=change)}
        plan = dict(zip(sizes, self.geometry.plan(list(sizes.values())), strict=True))
        out: dict[str, Any] = {}
        for name, encoded in data.items():
            placement = plan[name]
            size = None if placement.scaled == sizes[name] else placement.scaled
            out[name] = placement.place(self._decoded(encoded, pictures[name], size), self.geometry.fill)
        if change and len(sizes) > 1:
            out["aspect_change"] = aspect_change(*list(sizes.values())[:2])
        return out

    def registered(self, pictures: Mapping[str, str], shown: Mapping[str, str], registrar: Registrar) -> dict[str, Any]:
        """Decode pictures whole, find what they share, and bring that part to its size.

        Args:
            pictures: the addresses of the example's pictures by name; the one before the edit first.
            shown: those that are wanted.
            registrar: finds what they share.

        Returns:
            Arrays (height, width, 3) by name, "aspect_change", and "alignment": what kind of move was undone, one word
            for a pair, else as many as there are edits.
        """
        whole = {name: self._decoded(self.local_path(at).read_bytes(), at, None) for name, at in pictures.items()}
        sizes = [(pixels.shape[1], pixels.shape[0]) for pixels in whole.values()]
        frame = registrar.frame(list(pictures.values()), list(whole.values()))
        out: dict[str, Any] = {
            name: frame.placed(number, pixels, self.geometry, sizes, resample=self.resample, backend=self.backend)
            for number, (name, pixels) in enumerate(whole.items())
            if name in shown
        }
        kinds = frame.kinds[0] if len(frame.kinds) == 1 else frame.kinds
        return out | {"aspect_change": aspect_change(*sizes[:2]), "alignment": kinds}

    def _decoded(self, data: bytes, address: str, size: Size | None) -> NDArray[np.uint8]:
        return decode(
            data,
            size=size,
            resample=self.resample,
            backend=self.backend,
            background=self.background,
            address=address,
            max_pixels=self.max_pixels,
        )

    def _needed(self, pictures: Mapping[str, str], shown: Mapping[str, str], *, change: bool) -> list[str]:
        """The pictures whose sizes decide: the row's first two wherever one follows the other, and those shown."""
        leaders = [] if self.geometry.uniform is not None and not change else list(pictures)[:2]
        return [name for name in pictures if name in leaders or name in shown]

    def _size(self, name: str, address: str, data: Mapping[str, bytes]) -> Size:
        if name in data:
            return read_header(data[name], address=address, max_pixels=self.max_pixels).size
        return read_size(self.local_path(address), max_pixels=self.max_pixels)
