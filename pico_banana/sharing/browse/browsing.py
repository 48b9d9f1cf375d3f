"""A browser on rows: a server in a thread of this process, until it is stopped."""

from __future__ import annotations

import secrets
import threading
from html import escape
from typing import TYPE_CHECKING, Any, Self

from pico_banana.errors import ConfigError
from pico_banana.sharing.browse.listing import Listing
from pico_banana.sharing.browse.marks import Marks
from pico_banana.sharing.browse.page import CardWriter
from pico_banana.sharing.browse.pictures import Pictures
from pico_banana.sharing.browse.server import Server
from pico_banana.sharing.browse.thumbnails import Thumbnails
from pico_banana.sharing.gallery.page import require_pictures
from pico_banana.sharing.gallery.scores import Scores
from pico_banana.telling import html_card

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    import pyarrow as pa

    from pico_banana.rows.foreign import Annotations
    from pico_banana.rows.sequence import RecordSequence


class Browsing:
    """A server that shows rows; it ends with `stop`, with its block, or with this process.

    Attributes:
        url: the address to open; whoever has it may look and mark.
        marks_file: where marks go.
    """

    def __init__(self, server: Server) -> None:
        """Serve from a thread; `browse` makes one."""
        self.url, self.marks_file = server.url, server.listing.marks.file
        self._server = server
        self._thread = threading.Thread(target=server.serve_forever, name="pico-banana-browse", daemon=True)
        self._thread.start()

    @property
    def marks(self) -> pa.Table:
        """The marks so far, as annotations: `ds.where("mark = 'keep'", browsing.marks)`."""
        return self._server.listing.marks.to_arrow()

    def stop(self) -> None:
        """End the server; then the marks are in their file."""
        if self._thread.is_alive():
            self._server.stop()
            self._thread.join()
            self._server.listing.marks.close()

    def __enter__(self) -> Self:
        """Browse in a block."""
        return self

    def __exit__(self, *_: object) -> None:
        """Stop at its end."""
        self.stop()

    def __repr__(self) -> str:
        """Say where to look."""
        rows = len(self._server.listing.rows)
        state = f"at {self.url}" if self._thread.is_alive() else "stopped"
        return f"Browsing({rows:,} rows, {state}, marks in {self.marks_file}; .stop() ends it)"

    def _repr_html_(self) -> str:
        if not self._thread.is_alive():
            return html_card("Browsing", {"marks": self.marks_file}, text="stopped")
        words = f"look at {len(self._server.listing.rows):,} rows"
        link = f"<a href='{escape(self.url)}' target=_blank rel=noopener>{words}</a>"
        return html_card("Browsing", {"marks": self.marks_file, "ends with": ".stop()"}, body=link)


def browse(
    rows: RecordSequence[Any],
    *,
    scores: Iterable[Annotations] = (),
    marks: str | Path = "marks.parquet",
    who: str | None = None,
    port: int = 0,
    fetch: bool = False,
) -> Browsing:
    """Look through rows in a browser, however many they are.

    Args:
        rows: the rows.
        scores: annotations as `where` takes them; the page finds and sorts rows by their numbers.
        marks: the Parquet file that marks go to; those that are there are shown.
        who: the name that marks get; None for the login name.
        port: of 127.0.0.1; 0 takes a free one.
        fetch: fetch pictures that are not here when they come into sight.

    Returns:
        The running server.

    Raises:
        ConfigError: the port is taken, or the marks' file holds other annotations.
        SelectionError: the rows have no pictures.
    """
    require_pictures(rows)
    listing = Listing(rows, Scores(rows, scores), Marks(marks, who=who))
    writer = CardWriter(listing, fetch=fetch, version=secrets.token_hex(4))
    try:
        return Browsing(Server(port, listing, writer, Pictures(listing, Thumbnails(), fetch=fetch)))
    except (OSError, OverflowError) as error:
        text = f"port={port} cannot be had ({getattr(error, 'strerror', None) or error}); 0 takes a free one"
        raise ConfigError(text, key="port") from error
