"""SHA-256 of the files of a repository's folder, computed once for a file that does not change."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Self

from pico_banana.mirrors.notes import read_note
from pico_banana.mirrors.store import sha256_of, write_atomic

if TYPE_CHECKING:
    from pathlib import Path

_NOTES = ".hashes.json"


class Hashes:
    """The hashes of one folder; a context manager that keeps what it learnt in `.hashes.json`."""

    def __init__(self, folder: Path) -> None:
        """Look at a folder.

        Args:
            folder: the repository's.
        """
        self._folder = folder
        self._known: dict[str, list[int | str]] = {}
        self._learnt = False

    def __enter__(self) -> Self:
        """Read the notes of earlier runs."""
        try:
            known = read_note(self._folder / _NOTES)
        except (FileNotFoundError, ValueError):
            known = {}
        told = known.items() if isinstance(known, dict) else ()
        self._known = {path: facts for path, facts in told if isinstance(facts, list)}
        return self

    def __exit__(self, *_: object) -> None:
        """Write the notes."""
        if self._learnt:
            write_atomic(self._folder / _NOTES, json.dumps(self._known).encode())

    def sha256(self, path: str) -> str:
        """Hash a file.

        Args:
            path: below the folder, with forward slashes.

        Returns:
            Its SHA-256, hexadecimal; remembered as long as its size and time do not change.
        """
        status = (self._folder / path).stat()
        size, changed, digest = [*self._known.get(path, []), 0, 0, ""][:3]
        if (size, changed) == (status.st_size, status.st_mtime_ns):
            return str(digest)
        found = sha256_of(self._folder / path)
        self._known[path] = [status.st_size, status.st_mtime_ns, found]
        self._learnt = True
        return found
