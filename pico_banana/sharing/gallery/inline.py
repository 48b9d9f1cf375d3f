"""The gallery inside a notebook: the whole page, pictures and all, in a frame of its own."""

from __future__ import annotations

from dataclasses import dataclass
from html import escape
from typing import TYPE_CHECKING, Any

from pico_banana.sharing.gallery.page import gallery_html

if TYPE_CHECKING:
    from collections.abc import Iterable

    from pico_banana.rows.foreign import Annotations
    from pico_banana.rows.sequence import RecordSequence
    from pico_banana.sharing.gallery.page import GalleryReport


@dataclass(frozen=True, slots=True, repr=False)
class InlineGallery:
    """A gallery that a notebook shows below its cell.

    Attributes:
        html: the page, complete in itself.
        report: what is shown and what is not.
    """

    html: str
    report: GalleryReport

    def __repr__(self) -> str:
        """Say what a terminal cannot show."""
        return f"InlineGallery({self.report.shown:,} of {self.report.of:,} rows; .gallery(FOLDER) writes a page)"

    def _repr_html_(self) -> str:
        # A sandbox without an origin: the page runs its own script and reaches nothing of the notebook.
        frame = "width:100%;height:680px;border:1px solid #8886;border-radius:8px"
        return f"<iframe sandbox='allow-scripts' style='{frame}' srcdoc='{escape(self.html, quote=True)}'></iframe>"


def inline_gallery(
    rows: RecordSequence[Any], *, limit: int, height: int, scores: Iterable[Annotations] = ()
) -> InlineGallery:
    """Make a gallery for a notebook.

    Args:
        rows: the rows.
        limit: at most so many, the first ones.
        height: of each picture in pixels.
        scores: annotations as `where` takes them; the page finds and sorts rows by their numbers.

    Returns:
        What the notebook shows.

    Raises:
        ConfigError: the height or limit is none, or the annotations do not name each row once.
        SelectionError: the rows have no pictures.
    """
    return InlineGallery(*gallery_html(rows, limit=limit, height=height, scores=scores))
