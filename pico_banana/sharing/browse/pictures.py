"""The pictures of a listing, by the numbers of row and card: small, whole, or as a mask of what was changed.

An `<img>` says nothing of an answer that is no picture, so a picture that cannot be had is drawn as its reason.
"""

from __future__ import annotations

import io
import textwrap
from html import escape
from typing import TYPE_CHECKING

from pico_banana.errors import PicoBananaError, PictureMissingError
from pico_banana.records.decoding.change import change_mask
from pico_banana.records.decoding.decode import decode
from pico_banana.records.decoding.images import image_of, jpeg_of

if TYPE_CHECKING:
    from pathlib import Path

    import numpy as np
    from numpy.typing import NDArray

    from pico_banana.records.panels import Panel
    from pico_banana.sharing.browse.listing import Listing
    from pico_banana.sharing.browse.thumbnails import Thumbnails

_KINDS = {b"\x89PNG\r\n\x1a\n": "image/png", b"\xff\xd8\xff": "image/jpeg"}  # browsers turn these upright themselves
_CHANGED = (255, 59, 127, 130)  # RGBA of a point that was changed
_LINE, _MOST_LINES = 34, 8  # letters and lines of a reason


class Pictures:
    """Gives pictures of rows; what is not here is fetched only where that was asked for."""

    def __init__(self, listing: Listing, thumbnails: Thumbnails, *, fetch: bool) -> None:
        """Get ready; nothing is read."""
        self._listing, self._thumbnails, self._fetch = listing, thumbnails, fetch

    def give(self, kind: str, number: int, place: int) -> tuple[bytes, str]:
        """Give a picture.

        Args:
            kind: "small", "whole" or "changed".
            number: of the row.
            place: of the picture on its card.

        Returns:
            The encoded picture and its media type; of a picture that cannot be had, the reason, drawn.
        """
        try:
            panels = self._panels(number, place)
            if kind == "changed":
                return self._mask(panels, place), "image/png"
            return self._small(panels[place]) if kind == "small" else self._whole(panels[place])
        except (PicoBananaError, OSError) as error:
            return _drawn(str(error)), "image/svg+xml"

    def _panels(self, number: int, place: int) -> list[Panel]:
        rows = self._listing.rows
        found: list[Panel] = rows[number].panels() if number < len(rows) else []
        if place >= len(found):
            raise PictureMissingError(f"row {number} has no picture {place}", address="")
        return found

    def _file(self, panel: Panel) -> Path:
        picture = panel.picture
        path = picture.path if self._fetch else picture.here
        if path is None:
            raise PictureMissingError("not on this machine", address=picture.address)
        return path

    def _small(self, panel: Panel) -> tuple[bytes, str]:
        return self._thumbnails.of(self._file(panel), address=panel.picture.address), "image/jpeg"

    def _whole(self, panel: Panel) -> tuple[bytes, str]:
        data = self._file(panel).read_bytes()
        for start, kind in _KINDS.items():
            if data.startswith(start):
                return data, kind
        return jpeg_of(image_of(data, address=panel.picture.address), quality=92), "image/jpeg"

    def _mask(self, panels: list[Panel], place: int) -> bytes:
        def pixels(panel: Panel) -> NDArray[np.uint8]:
            return decode(self._file(panel).read_bytes(), address=panel.picture.address)

        from PIL import Image

        mask = change_mask(pixels(panels[panels[place].before]), pixels(panels[place]))
        layer = Image.new("RGBA", (mask.shape[1], mask.shape[0]))
        layer.paste(_CHANGED, mask=Image.fromarray(mask))
        held = io.BytesIO()
        layer.save(held, "PNG")
        return held.getvalue()


def _drawn(reason: str) -> bytes:
    lines = textwrap.wrap(reason, _LINE)[:_MOST_LINES]
    texts = "".join(f"<text x='12' y='{28 + 20 * at}'>{escape(line)}</text>" for at, line in enumerate(lines))
    return (
        "<svg xmlns='http://www.w3.org/2000/svg' width='320' height='200'>"
        "<rect width='320' height='200' fill='#f5f6f9'/>"
        f"<g font-family='sans-serif' font-size='15' fill='#566072'>{texts}</g></svg>"
    ).encode()
