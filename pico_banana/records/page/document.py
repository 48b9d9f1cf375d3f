"""A page as one file that needs no server and no other host: its style and its script stand in it.

The script's parts are plain files, read in order into one module: browsers refuse `import` between files on a disk.
"""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

# A page whose cards all stand in it; each part is an idea, and the last one starts them.
LISTED = ("dom.js", "viewer.js", "listed.js", "form.js", "address.js", "keys.js")


@cache
def part(name: str) -> str:
    """Read a part of a page.

    Args:
        name: a file of this folder.

    Returns:
        Its text.
    """
    return (Path(__file__).parent / name).read_text("utf-8")


def script(names: Sequence[str] = LISTED) -> str:
    """Put parts of a script together.

    Args:
        names: files of this folder, in order.

    Returns:
        The script.
    """
    return "".join(map(part, names))


def document(title: str, body: str, *, head: str = "", tail: str = "") -> str:
    """Put a page together.

    Args:
        title: what it is, as HTML.
        body: header, main and the rest, as HTML.
        head: its style, as HTML.
        tail: its script, as HTML.

    Returns:
        The page.
    """
    first = "<!doctype html><html lang=en><meta charset=utf-8><meta name=viewport content='width=device-width'>"
    return f"{first}\n<title>{title}</title>{head}\n{body}\n{part('viewer.html')}{tail}</html>\n"


def whole_page(title: str, body: str, *, style: str = "") -> str:
    """Put a page together that is complete in itself.

    Args:
        title: what it is, as HTML.
        body: header, main with all its cards, and the rest, as HTML.
        style: CSS beyond that of all pages.

    Returns:
        The page.
    """
    return document(
        title,
        body,
        head=f"<style>\n{part('page.css')}{style}</style>",
        tail=f"<script type=module>\n{script()}</script>",
    )
