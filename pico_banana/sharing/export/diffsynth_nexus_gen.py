"""DiffSynth-Studio for Nexus-Gen, which calls the source `nexus_gen_reference_image`."""

from __future__ import annotations

from functools import partial

from pico_banana.sharing.export.diffsynth import write_metadata
from pico_banana.sharing.export.registry import EDITS, Format

FORMAT = Format(
    "diffsynth-nexus-gen",
    "metadata.jsonl for DiffSynth-Studio (Nexus-Gen)",
    EDITS,
    partial(write_metadata, source_key="nexus_gen_reference_image"),
)
