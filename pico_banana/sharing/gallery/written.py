"""Which files of a gallery's folder we wrote: only those are ever replaced or removed.

A journal beside the page names every file with the SHA-256 of what was written into it, before it is written. A file
that is not named there, or whose content is another by now, is somebody else's.
"""

from __future__ import annotations

import re
from hashlib import sha256
from typing import TYPE_CHECKING

from pico_banana.errors import ExportError
from pico_banana.mirrors.store import sha256_of, write_atomic
from pico_banana.mirrors.writing import append_line

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

JOURNAL = "pico-banana-gallery.txt"
_NAME = re.compile(r"index\.html|pictures/\d+-\d+\.jpg")  # a journal that somebody edited leads nowhere else
_HEADING = "# What `pico-banana gallery` wrote here: SHA-256 and file. Other files are left alone."


class Written:
    """The files of ours in a folder.

    Attributes:
        folder: the gallery's folder.
    """

    def __init__(self, folder: Path) -> None:
        """Read the journal, if there is one.

        Args:
            folder: the gallery's folder.

        Raises:
            ExportError: something of the journal's name is no journal of ours.
        """
        self.folder = folder
        self._journal = folder / JOURNAL
        self._sums: dict[str, set[str]] = {}
        if not self._journal.exists():
            return
        heading, *lines = self._journal.read_text("utf-8", errors="replace").splitlines() or [""]
        if heading != _HEADING:
            raise ExportError(_not_ours(self._journal))
        for line in lines:
            digest, _, name = line.partition("  ")
            if _NAME.fullmatch(name):
                self._sums.setdefault(name, set()).add(digest)

    def require_ours(self, names: Iterable[str]) -> None:
        """Refuse to go on where a file would be replaced that we did not write.

        Args:
            names: files to be written, below the folder.

        Raises:
            ExportError: one is there and not ours.
        """
        for name in names:
            path = self.folder / name
            if (path.exists() or path.is_symlink()) and not self._is_ours(name):
                raise ExportError(_not_ours(path))

    def write(self, name: str, data: bytes) -> None:
        """Write a file, into the journal first.

        Args:
            name: below the folder.
            data: its content.

        Raises:
            ExportError: a file that is not ours is there.
            StoreError: it cannot be written.
        """
        self.require_ours([name])
        digest = sha256(data).hexdigest()
        if not self._journal.exists():
            write_atomic(self._journal, f"{_HEADING}\n".encode())
        if digest not in self._sums.setdefault(name, set()):
            self._sums[name].add(digest)
            append_line(self._journal, f"{digest}  {name}\n".encode())
        write_atomic(self.folder / name, data)

    def keep_only(self, names: Iterable[str]) -> None:
        """Remove what earlier galleries left here and this one does not have, and shorten the journal.

        Args:
            names: the files of this gallery.

        Raises:
            StoreError: a file cannot be removed, or the journal not be written.
        """
        kept = set(names)
        for name in set(self._sums) - kept:
            if self._is_ours(name):
                (self.folder / name).unlink()
        lines = [f"{sha256_of(self.folder / name)}  {name}\n" for name in sorted(kept)]
        write_atomic(self._journal, "".join([f"{_HEADING}\n", *lines]).encode())

    def _is_ours(self, name: str) -> bool:
        path = self.folder / name
        return path.is_file() and not path.is_symlink() and sha256_of(path) in self._sums.get(name, ())


def _not_ours(path: Path) -> str:
    return (
        f"{path} was not written by a gallery, or was changed since, so it is not replaced; "
        "choose another folder, or move that file away"
    )
