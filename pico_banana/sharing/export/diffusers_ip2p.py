"""diffusers' InstructPix2Pix example: columns `input_image`, `edit_prompt`, `edited_image`, its script's defaults."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pico_banana.sharing.export.embedding import IMAGE, STRING, Layout, Row
from pico_banana.sharing.export.registry import EDITS, Format
from pico_banana.sharing.export.renamed import write_edits

if TYPE_CHECKING:
    from pico_banana.sharing.export.edits import Edit
    from pico_banana.sharing.export.job import Job
    from pico_banana.sharing.export.pictures import Picture

_LAYOUT = Layout({"input_image": IMAGE, "edit_prompt": STRING, "edited_image": IMAGE})


def _row(edit: Edit, pictures: dict[str, Picture]) -> Row:
    return {"input_image": pictures["source"], "edit_prompt": edit.instruction, "edited_image": pictures["edited"]}


def _write(job: Job) -> None:
    write_edits(job, _LAYOUT, edits=list(job.edits()), row_of=_row)


FORMAT = Format("diffusers-ip2p", "Parquet for diffusers' train_instruct_pix2pix.py", EDITS, _write, splits=True)
