"""fal's edit trainers: a zip of `ROOT_start.ext`, `ROOT_end.ext` and `ROOT.txt`."""

from __future__ import annotations

from functools import partial

from pico_banana.sharing.export.registry import EDITS, Format
from pico_banana.sharing.export.zipped import write_zip

FORMAT = Format(
    "fal",
    "a zip of pairs (_start, _end) with captions for fal's edit trainers",
    EDITS,
    partial(write_zip, before="start", after="end"),
    splits=True,
)
