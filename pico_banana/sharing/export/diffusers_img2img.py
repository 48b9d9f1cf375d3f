"""diffusers' image-to-image LoRA scripts (FLUX.2, Qwen-Image): an imagefolder with target, condition and caption.

Use it with `--dataset_name FOLDER --image_column image --cond_image_column cond_image --caption_column caption`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from pico_banana.sharing.export.folders import lines, place_edits
from pico_banana.sharing.export.registry import EDITS, Format

if TYPE_CHECKING:
    from pico_banana.sharing.export.edits import Edit
    from pico_banana.sharing.export.job import Job
    from pico_banana.sharing.export.pictures import Picture


def _write(job: Job) -> None:
    split = job.options.split

    def name_of(edit: Edit, role: str, picture: Picture) -> str:
        return f"{split}/{role}/{edit.key}.{picture.suffix}"

    rows = [
        {
            "image_file_name": names["edited"].removeprefix(f"{split}/"),
            "cond_image_file_name": names["source"].removeprefix(f"{split}/"),
            "caption": edit.instruction,
        }
        for edit, names in place_edits(job, name_of)
    ]
    job.write(f"{split}/metadata.jsonl", lines(rows, escaped=job.options.ascii))


FORMAT = Format(
    "diffusers-img2img", "imagefolder for diffusers' image-to-image LoRA scripts", EDITS, _write, splits=True
)
