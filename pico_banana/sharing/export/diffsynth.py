"""DiffSynth-Studio: `metadata.jsonl` with `prompt`, `image` (the target) and `edit_image` (the source)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pico_banana.sharing.export.folders import by_role, lines, place_edits
from pico_banana.sharing.export.registry import EDITS, Format

if TYPE_CHECKING:
    from pico_banana.sharing.export.job import Job


def write_metadata(job: Job, *, source_key: str = "edit_image") -> None:
    """Write the pictures and `metadata.jsonl`.

    Args:
        job: the export.
        source_key: what the model to be trained calls the source.
    """
    rows = [
        {"prompt": edit.instruction, "image": names["edited"], source_key: names["source"]}
        for edit, names in place_edits(job, by_role)
    ]
    job.write("metadata.jsonl", lines(rows, escaped=job.options.ascii))


FORMAT = Format("diffsynth", "metadata.jsonl for DiffSynth-Studio (Qwen-Image-Edit)", EDITS, write_metadata)
