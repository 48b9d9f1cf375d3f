"""Pictures into the mirror: hard links to the ledger's where they can be, copies where they must be."""

from __future__ import annotations

import io
import os
import shutil
from typing import TYPE_CHECKING

from pico_banana.mirrors.store import atomic_path, write_atomic

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


def place(kept: Path, target: Path, media_type: str) -> None:
    """Put a ledger's picture in the mirror; one that is no PNG becomes one, pixel for pixel.

    Args:
        kept: the ledger's file.
        target: where it goes.
        media_type: what `kept` is.
    """
    if media_type == "image/png":
        link(kept, target)
        return
    from PIL import Image

    from pico_banana.records.decoding.pillow import border

    buffer = io.BytesIO()
    with border(str(kept)), Image.open(kept) as image:
        image.save(buffer, "PNG")
    write_atomic(target, buffer.getvalue())


def link(kept: Path, target: Path) -> None:
    """Give a file a second name, or a copy where the disk has no links; what was there is replaced.

    Args:
        kept: the file; it must be there.
        target: its other name; missing parent folders are made.

    Raises:
        FileNotFoundError: `kept` is not there.
        StoreError: the copy failed.
        DiskFullError: there was no room for it.
    """
    try:
        os.link(kept, target)
    except FileExistsError:
        if not target.samefile(kept):
            target.unlink()
            link(kept, target)
    except FileNotFoundError:
        if target.parent.is_dir():
            raise
        target.parent.mkdir(parents=True, exist_ok=True)
        link(kept, target)
    except OSError:  # another disk, or one without links
        with atomic_path(target) as temporary:
            shutil.copyfile(kept, temporary)


def remove_unnamed(images: Path, named: set[str]) -> None:
    """Remove the pictures that an earlier assembly left and no row names.

    Args:
        images: the folder `images`.
        named: the paths below it that stay.
    """
    for path in _files(images):
        if path.relative_to(images).as_posix() not in named:
            path.unlink()


def _files(folder: Path) -> Iterator[Path]:
    return (path for path in folder.glob("*/*.png") if path.is_file())
