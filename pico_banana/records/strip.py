"""The pictures of one row side by side, each with what it is, and the instruction below."""

from __future__ import annotations

from itertools import accumulate
from typing import TYPE_CHECKING, Protocol

from pico_banana.errors import SelectionError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from PIL.Image import Image
    from PIL.ImageFont import FreeTypeFont, ImageFont

    from pico_banana.records.panels import Panel

MARGIN, LINE, FONT_PIXELS, MIN_WIDTH = 12, 22, 16, 560
BACKGROUND, INK, FAINT = (250, 249, 246), (34, 34, 34), (120, 116, 108)


class Seen(Protocol):
    """A row that can be drawn."""

    @property
    def id(self) -> str:
        """Its id."""
        ...

    def panels(self) -> list[Panel]:
        """List its pictures."""
        ...

    def texts(self) -> list[str]:
        """List its texts."""
        ...


def draw_strip(record: Seen, *, height: int = 384) -> Image:
    """Draw the pictures of a row side by side.

    Args:
        record: a row with pictures.
        height: of each picture in pixels; widths keep the shapes.

    Returns:
        An RGB picture.

    Raises:
        SelectionError: the row has no pictures (`instructions`).
        PictureMissingError: nobody has one of them.
    """
    from PIL import Image, ImageDraw

    panels = [(panel.title, panel.scaled(height)) for panel in record.panels()]
    if not panels:
        raise SelectionError(f"{record.id} has no pictures: its subset is text only")
    font = _font()
    widths = [max(picture.width, round(font.getlength(title))) + MARGIN for title, picture in panels]
    width = max(sum(widths), MIN_WIDTH) + MARGIN
    lines = [line for text in record.texts() for line in _wrapped(text, font, width - 2 * MARGIN)]
    top = MARGIN + LINE
    sheet = Image.new("RGB", (width, top + height + MARGIN + LINE * len(lines) + MARGIN), BACKGROUND)
    draw = ImageDraw.Draw(sheet)
    for (title, picture), left in zip(panels, accumulate(widths, initial=MARGIN), strict=False):
        draw.text((left, MARGIN), title, FAINT, font)
        sheet.paste(picture, (left, top))
    for number, line in enumerate(lines):
        draw.text((MARGIN, top + height + MARGIN + LINE * number), line, INK, font)
    return sheet


def _font() -> FreeTypeFont | ImageFont:
    """Give a font with as many letters as this machine has; Pillow's own knows little more than ASCII."""
    from PIL import ImageFont

    for name in ("DejaVuSans.ttf", "NotoSans-Regular.ttf", "Arial Unicode.ttf", "Arial.ttf", "arial.ttf"):
        try:
            return ImageFont.truetype(name, FONT_PIXELS)
        except OSError:
            continue
    return ImageFont.load_default(FONT_PIXELS)


def _wrapped(text: str, font: FreeTypeFont | ImageFont, width: int) -> Iterator[str]:
    """Break a text into lines that fit, words that do not fit a line included."""
    line = ""
    for word in text.split():
        tried = f"{line} {word}".strip()
        if line and font.getlength(tried) > width:
            yield line
            tried = word
        while font.getlength(tried) > width and len(tried) > 1:
            fits = max(1, int(len(tried) * width / font.getlength(tried)))
            yield tried[:fits]
            tried = tried[fits:]
        line = tried
    if line:
        yield line
