"""DiffSynth-Studio: `metadata.jsonl` with `prompt`, `image` (the target) and `edit_image` (the source)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pico_banana.sharing.export.folders import by_role, lines, place_edits
from pico_banana.sharing.export.registry import EDITS, Format

if TYPE_CHECKING:
    from pico_banana.sharing.export.job import Job


def _write(job: Job) -> None:
    rows = [
        {"prompt": edit.instruction, "image": names["edited"], "edit_image": names["source"]}
        for edit, names in place_edits(job, by_role)
    ]
    job.write("metadata.jsonl", lines(rows, escaped=job.options.ascii))


FORMAT = Format("diffsynth", "metadata.jsonl for DiffSynth-Studio", EDITS, _write)
