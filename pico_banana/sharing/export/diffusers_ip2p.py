"""diffusers' InstructPix2Pix example: columns `input_image`, `edit_prompt`, `edited_image`, its script's defaults."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pico_banana.sharing.export.embedding import Row, write_edits
from pico_banana.sharing.export.registry import EDITS, Format
from pico_banana.sharing.parquet.columns import Columns, Picture, Plain

if TYPE_CHECKING:
    from pico_banana.sharing.export import pictures
    from pico_banana.sharing.export.edits import Edit
    from pico_banana.sharing.export.job import Job

_COLUMNS: Columns = (("input_image", Picture()), ("edit_prompt", Plain()), ("edited_image", Picture()))


def _row(edit: Edit, made: dict[str, pictures.Picture]) -> Row:
    return {"input_image": made["source"], "edit_prompt": edit.instruction, "edited_image": made["edited"]}


def _write(job: Job) -> None:
    write_edits(job, _COLUMNS, edits=list(job.edits()), row_of=_row)


FORMAT = Format("diffusers-ip2p", "Parquet for diffusers' train_instruct_pix2pix.py", EDITS, _write, splits=True)
