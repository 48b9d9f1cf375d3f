"""kohya's musubi-tuner: JSON Lines with `image_path`, `control_path`, `caption`, and a dataset file that names them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pico_banana.sharing.export.folders import by_role, lines, place_edits
from pico_banana.sharing.export.registry import EDITS, Format

if TYPE_CHECKING:
    from pico_banana.sharing.export.job import Job

# Its trainer opens the paths as they are, so they are absolute; the file is small and can be made anew after a move.
_DATASET = """\
[general]
caption_extension = ".txt"
batch_size = 1
enable_bucket = true
bucket_no_upscale = false

[[datasets]]
image_jsonl_file = '{rows}'
cache_directory = '{cache}'
"""


def _write(job: Job) -> None:
    root = job.folder.resolve()
    rows = [
        {
            "image_path": str(root / names["edited"]),
            "control_path": str(root / names["source"]),
            "caption": edit.instruction,
        }
        for edit, names in place_edits(job, by_role)
    ]
    job.write("dataset.jsonl", lines(rows))
    job.write("dataset.toml", _DATASET.format(rows=root / "dataset.jsonl", cache=root / "cache"))


FORMAT = Format("musubi-tuner", "JSON Lines and dataset.toml for kohya's musubi-tuner", EDITS, _write)
