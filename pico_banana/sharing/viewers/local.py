"""Edits whose pictures are on this machine, as viewers want them: paths by role, and texts."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

from pico_banana.pictures.filesystem import local_path
from pico_banana.sharing.export.edits import edits_of
from pico_banana.sharing.export.gathering import tried

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from pico_banana.records import Record
    from pico_banana.sharing.export.edits import Edit

_WORKERS = 8


def local_edits(records: Iterable[Record]) -> list[tuple[Edit, dict[str, Path] | str]]:
    """Fetch the pictures of rows that are not here.

    Args:
        records: rows with pictures.

    Returns:
        Each edit with its files by role ("source", "edited", "rejected0" and on), or with the reason why it has none.

    Raises:
        ConfigError: the rows have no pictures.
        StoreError: nothing can be kept, so that no other edit could be had either.
    """

    def here(edit: Edit) -> dict[str, Path] | str:
        return tried(lambda: {role: local_path(address) for role, address in edit.pictures.items()})

    edits = list(edits_of(records, "long"))
    with ThreadPoolExecutor(_WORKERS) as pool:
        return list(zip(edits, pool.map(here, edits), strict=True))
