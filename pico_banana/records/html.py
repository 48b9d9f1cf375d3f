"""Records as HTML for notebooks: small copies of the pictures that are on this machine; nothing is fetched.

The copies stand in the HTML as `data:` addresses, so that a saved notebook shows them anywhere.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

from pico_banana.errors import PicoBananaError
from pico_banana.telling import html_card, in_html

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from pathlib import Path

THUMBNAIL_PIXELS = 160
_QUALITY = 80
_GAP = "display:flex;flex-wrap:wrap;gap:8px;margin:6px 0"


class Pictured(Protocol):
    """A picture that knows whether it is here."""

    @property
    def address(self) -> str:
        """Its address."""
        ...

    @property
    def role(self) -> str:
        """What it is."""
        ...

    @property
    def here(self) -> Path | None:
        """Its file on this machine."""
        ...


class Titled(Protocol):
    """A picture with a title."""

    @property
    def title(self) -> str:
        """What it is."""
        ...

    @property
    def picture(self) -> Pictured:
        """The picture."""
        ...


class Looked(Protocol):
    """A record with an id, pictures and texts."""

    @property
    def id(self) -> str:
        """Its id."""
        ...

    def panels(self) -> Sequence[Titled]:
        """List its pictures."""
        ...

    def texts(self) -> list[str]:
        """List its texts."""
        ...


def picture_html(picture: Pictured) -> str:
    """Show one picture.

    Args:
        picture: which.

    Returns:
        A card with its address, and a small copy where it is here.
    """
    return html_card(f"ImageRef ({picture.role})", {"address": picture.address}, body=_thumbnail(picture, picture.role))


def turn_html(instruction: str, picture: Pictured | None, inferred: str | None) -> str:
    """Show one turn of a session.

    Args:
        instruction: what was asked.
        picture: the picture after it, if there is one.
        inferred: the type that was read from the instruction.

    Returns:
        A card.
    """
    body = _thumbnail(picture, "after this turn") if picture else _words("the release lacks this picture")
    return html_card("Turn", {"inferred type": inferred}, text=instruction, body=body)


def record_html(record: Looked, facts: dict[str, object]) -> str:
    """Show one record: its pictures side by side, its texts, its facts.

    Args:
        record: the record.
        facts: what else to say of it.

    Returns:
        A card.
    """
    body = _pictures(record) + _texts(record)
    return html_card(f"{type(record).__name__} {record.id}", facts, body=body)


def rows_html(title: str, rows: Iterable[Looked], *, more: int) -> str:
    """Show the first rows of a dataset.

    Args:
        title: what the dataset says of itself.
        rows: the rows to show.
        more: how many follow.

    Returns:
        A card.
    """
    line = "border-top:1px solid #8884;padding:6px 0"
    shown = "".join(
        f"<div style='{line}'><code>{in_html(row.id)}</code>{_pictures(row)}{_texts(row)}</div>" for row in rows
    )
    rest = f"<div style='{line};opacity:.7'>and {more:,} more rows; .gallery() shows more of them</div>" if more else ""
    first, _, others = title.partition("\n")
    return html_card(first, {}, text=others, body=shown + rest)


def _pictures(record: Looked) -> str:
    figures = "".join(
        f"<figure style='margin:0;max-width:{THUMBNAIL_PIXELS}px'>{_thumbnail(panel.picture, panel.title)}"
        f"<figcaption style='opacity:.7'>{in_html(panel.title)}</figcaption></figure>"
        for panel in record.panels()
    )
    return f"<div style='{_GAP}'>{figures}</div>" if figures else ""


def _texts(record: Looked) -> str:
    return "".join(f"<div style='overflow-wrap:anywhere'>{in_html(text)}</div>" for text in record.texts())


def _thumbnail(picture: Pictured, title: str) -> str:
    """Give the small copy as an element; a picture that is not here, or is none, is said in words."""
    from pico_banana.records.decoding.images import image_of, jpeg_uri

    try:
        path = picture.here
        if path is None:
            return _words("not on this machine yet")
        data = jpeg_uri(image_of(path.read_bytes(), address=picture.address), side=THUMBNAIL_PIXELS, quality=_QUALITY)
        return f"<img alt='{in_html(title)}' style='display:block' src='{data}'>"
    except (PicoBananaError, OSError) as error:  # a notebook's display must not fail
        return _words(str(error))


def _words(text: str) -> str:
    box = f"width:{THUMBNAIL_PIXELS - 2}px;min-height:60px;border:1px dashed #8888;overflow-wrap:anywhere;opacity:.7"
    return f"<div style='{box}'>{in_html(text)}</div>"
