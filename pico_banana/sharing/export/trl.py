"""TRL's preference format with pictures: `prompt`, `chosen`, `rejected` as messages, and `images`.

TRL prefers one text to another, so the pair becomes a question about two pictures; to prefer one picture to another
use the format diffusion-dpo.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from pico_banana.sharing.export.choices import choice_of, each_pair, question
from pico_banana.sharing.export.embedding import Row, write_edits
from pico_banana.sharing.export.registry import PAIRS, Format
from pico_banana.sharing.parquet.columns import Columns, Fields, Many, Picture, Plain

if TYPE_CHECKING:
    from pico_banana.sharing.export import pictures
    from pico_banana.sharing.export.edits import Edit
    from pico_banana.sharing.export.job import Job

_MESSAGES = Many(Fields((("role", Plain()), ("content", Plain()))))
_COLUMNS: Columns = (
    ("prompt", _MESSAGES),
    ("chosen", _MESSAGES),
    ("rejected", _MESSAGES),
    ("images", Many(Picture())),
)


def _row(edit: Edit, made: dict[str, pictures.Picture]) -> Row:
    choice = choice_of(edit)
    return {
        "prompt": [{"role": "user", "content": question(edit)}],
        "chosen": [{"role": "assistant", "content": choice.chosen}],
        "rejected": [{"role": "assistant", "content": choice.rejected}],
        "images": [made["source"], made[choice.first], made[choice.second]],
    }


def _write(job: Job) -> None:
    write_edits(job, _COLUMNS, edits=list(each_pair(job.edits(rejected=True))), row_of=_row)


FORMAT = Format("trl", "Parquet for TRL's DPOTrainer with a vision model", PAIRS, _write, splits=True)
