"""Which copy of each photo is in the store: the 1024-pixel one or the original, and from where.

One JSON line a photo in `photos.jsonl`, added when the photo becomes visible; the last line for an address counts.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, NamedTuple

from pico_banana.mirrors.notes import ODD_SHAPE, parse_note
from pico_banana.mirrors.writing import append_line

if TYPE_CHECKING:
    from pathlib import Path

    from pico_banana.mirrors.fetch.item import Candidate

NOTES = "photos.jsonl"


class Note(NamedTuple):
    """Which copy of a photo is in the store.

    Attributes:
        source: the place it came from.
        variant: "1024" or "original".
        size: bytes.
    """

    source: str
    variant: str
    size: int


def record(path: Path, address: str, candidate: Candidate, size: int) -> None:
    """Note which copy of a photo arrived.

    Args:
        path: the file of notes.
        address: the photo's address.
        candidate: where it came from.
        size: its length in bytes.

    Raises:
        DiskFullError: there is no room.
        StoreError: the note cannot be written.
    """
    note = {"address": address, "source": candidate.source, "variant": candidate.variant, "bytes": size}
    append_line(path, json.dumps(note).encode() + b"\n")


def recorded(path: Path) -> dict[str, Note]:
    """Read the notes.

    Args:
        path: the file of notes; it need not exist.

    Returns:
        By address.
    """
    notes: dict[str, Note] = {}
    if not path.is_file():
        return notes
    with path.open("rb") as file:
        for line in file:
            try:
                entry = parse_note(line)
                notes[entry["address"]] = Note(entry["source"], entry["variant"], int(entry["bytes"]))
            except ODD_SHAPE:
                continue  # a line that a crash cut off
    return notes
