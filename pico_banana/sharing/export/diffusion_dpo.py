"""Diffusion-DPO (pickapic): pictures `jpg_0` and `jpg_1`, the accepted one labelled 1, and `caption`.

`input_image` holds the source, for models that take one. The columns are called jpg whatever the codec, as there.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from pico_banana.sharing.export.choices import choice_of, each_pair
from pico_banana.sharing.export.embedding import Row, write_edits
from pico_banana.sharing.export.registry import PAIRS, Format
from pico_banana.sharing.parquet.columns import Columns, PictureBytes, Plain

if TYPE_CHECKING:
    from pico_banana.sharing.export.edits import Edit
    from pico_banana.sharing.export.job import Job
    from pico_banana.sharing.export.pictures import Picture

_COLUMNS: Columns = (
    ("input_image", PictureBytes()),
    ("jpg_0", PictureBytes()),
    ("jpg_1", PictureBytes()),
    ("label_0", Plain("int64")),
    ("label_1", Plain("int64")),
    ("caption", Plain()),
)


def _row(edit: Edit, pictures: dict[str, Picture]) -> Row:
    choice = choice_of(edit)
    first = int(choice.chosen == "A")
    return {
        "input_image": pictures["source"],
        "jpg_0": pictures[choice.first],
        "jpg_1": pictures[choice.second],
        "label_0": first,
        "label_1": 1 - first,
        "caption": edit.instruction,
    }


def _write(job: Job) -> None:
    write_edits(job, _COLUMNS, edits=list(each_pair(job.edits(rejected=True))), row_of=_row)


FORMAT = Format("diffusion-dpo", "Parquet in the shape of pickapic for Diffusion-DPO", PAIRS, _write, splits=True)
