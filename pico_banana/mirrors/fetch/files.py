"""Files that are no pictures: rows, manifests, indexes. Large ones go on where an interrupted run stopped."""

from __future__ import annotations

import sys
import threading
from contextlib import contextmanager
from typing import TYPE_CHECKING

from pico_banana.errors import InterruptedTransferError, MirrorError, PictureCorruptError, PictureMissingError
from pico_banana.mirrors.fetch.item import Candidate, FetchItem, Kind
from pico_banana.mirrors.fetch.one import fetch_one
from pico_banana.mirrors.fetch.partial import SUFFIX
from pico_banana.telling import watched

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

_SHOWN_FROM_BYTES = 20_000_000
_TICK_S = 0.3


def fetch_file(url: str, path: Path, *, about_bytes: int = 0, kind: Kind = "file") -> Path:
    """Bring a file of a mirror, unless it is there.

    Args:
        url: its address.
        path: where it belongs.
        about_bytes: roughly how large it is; a large one shows a bar on a terminal.
        kind: what it must be: "rows", or "file" for anything.

    Returns:
        `path`.

    Raises:
        MirrorError: the mirror has no such file, or something else in its place.
        InterruptedTransferError: the mirror cannot be reached.
        TransportError: it could not be fetched this time.
        StoreError: it could not be written.
    """
    item = FetchItem(url, path, (Candidate("mirror", url),), kind=kind)
    try:
        with _bar(path, about_bytes):
            return fetch_one(item)
    except PictureMissingError as error:
        # The Hub hides what the caller may not see as if it were not there.
        login = ", or log in with `hf auth login` if it is private" if url.startswith("hf://") else ""
        text = f"the mirror has no {url}; check the address{login}, or name another mirror with PICO_BANANA_MIRROR"
        raise MirrorError(text, mirror=url) from error
    except PictureCorruptError as error:
        text = f"{error}; nothing of it was kept, so the next run asks again. Open the address in a browser to see why"
        raise MirrorError(text, mirror=url) from error
    except InterruptedTransferError as error:
        if not error.connected:
            error.args = (f'{error}; mirror="sample" needs no network',)
        raise


@contextmanager
def _bar(path: Path, about_bytes: int) -> Iterator[None]:
    """Show how much of a large file is there, by looking at its partial file now and then."""
    if about_bytes < _SHOWN_FROM_BYTES or not watched():
        yield
        return
    from tqdm import tqdm

    over = threading.Event()
    part = path.with_name(path.name + SUFFIX)

    def watch() -> None:
        with tqdm(total=about_bytes, unit="B", unit_scale=True, desc=path.name, file=sys.stderr) as bar:
            while not over.wait(_TICK_S):
                if part.exists():
                    bar.update(part.stat().st_size - bar.n)

    watcher = threading.Thread(target=watch, daemon=True)
    watcher.start()
    try:
        yield
    finally:
        over.set()
        watcher.join()
