"""DiffSynth-Studio for Step1X-Edit, which calls the source `step1x_reference_image`."""

from __future__ import annotations

from functools import partial

from pico_banana.sharing.export.diffsynth import write_metadata
from pico_banana.sharing.export.registry import EDITS, Format

FORMAT = Format(
    "diffsynth-step1x",
    "metadata.jsonl for DiffSynth-Studio (Step1X-Edit)",
    EDITS,
    partial(write_metadata, source_key="step1x_reference_image"),
)
