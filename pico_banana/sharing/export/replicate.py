"""Replicate's edit trainers: a zip of `ROOT_input.ext`, `ROOT_target.ext` and `ROOT.txt`."""

from __future__ import annotations

from functools import partial

from pico_banana.sharing.export.registry import EDITS, Format
from pico_banana.sharing.export.zipped import write_zip

FORMAT = Format(
    "replicate",
    "a zip of pairs (_input, _target) with captions for Replicate's edit trainers",
    EDITS,
    partial(write_zip, before="input", after="target"),
    splits=True,
)
