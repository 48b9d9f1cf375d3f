"""DiffSynth-Studio for FLUX.1 Kontext, which calls the source `kontext_images`."""

from __future__ import annotations

from functools import partial

from pico_banana.sharing.export.diffsynth import write_metadata
from pico_banana.sharing.export.registry import EDITS, Format

FORMAT = Format(
    "diffsynth-kontext",
    "metadata.jsonl for DiffSynth-Studio (FLUX.1 Kontext)",
    EDITS,
    partial(write_metadata, source_key="kontext_images"),
)
