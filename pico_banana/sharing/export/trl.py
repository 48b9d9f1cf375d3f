"""TRL's preference format with pictures: `prompt`, `chosen`, `rejected` as messages, and `images`.

TRL prefers one text to another, so the pair becomes a question about two pictures; to prefer one picture to another
use the format diffusion-dpo.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pico_banana.sharing.export.choices import choice_of, each_pair, question
from pico_banana.sharing.export.embedding import IMAGE, STRING, Layout, Row
from pico_banana.sharing.export.registry import PAIRS, Format
from pico_banana.sharing.export.renamed import write_edits

if TYPE_CHECKING:
    from pico_banana.sharing.export.edits import Edit
    from pico_banana.sharing.export.job import Job
    from pico_banana.sharing.export.pictures import Picture

_MESSAGES: list[Any] = [{"role": STRING, "content": STRING}]
_LAYOUT = Layout({"prompt": _MESSAGES, "chosen": _MESSAGES, "rejected": _MESSAGES, "images": [IMAGE]})


def _row(edit: Edit, pictures: dict[str, Picture]) -> Row:
    choice = choice_of(edit)
    return {
        "prompt": [{"role": "user", "content": question(edit)}],
        "chosen": [{"role": "assistant", "content": choice.chosen}],
        "rejected": [{"role": "assistant", "content": choice.rejected}],
        "images": [pictures["source"], pictures[choice.first], pictures[choice.second]],
    }


def _write(job: Job) -> None:
    write_edits(job, _LAYOUT, edits=list(each_pair(job.edits(rejected=True))), row_of=_row)


FORMAT = Format("trl", "Parquet for TRL's DPOTrainer with a vision model", PAIRS, _write, splits=True)
