"""ostris/ai-toolkit: `target/` with a caption of the same stem beside each picture, `control/` with the same names."""

from __future__ import annotations

from functools import partial

from pico_banana.sharing.export.paired import write_pairs
from pico_banana.sharing.export.registry import EDITS, Format

FORMAT = Format(
    "ai-toolkit",
    "target/ with captions and control/ for ostris/ai-toolkit (folder_path, control_path)",
    EDITS,
    partial(write_pairs, target="target", condition="control"),
)
