"""Flow-Factory: `train.jsonl` or `test.jsonl` with `prompt` and `image`, and the source photos below `images/`.

It makes the edits itself and rewards them, so no edit is fetched or written.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from pico_banana.sharing.export.folders import lines
from pico_banana.sharing.export.registry import EDITS, Format

if TYPE_CHECKING:
    from pico_banana.sharing.export.edits import Edit
    from pico_banana.sharing.export.job import Job
    from pico_banana.sharing.export.pictures import Picture


@dataclass(frozen=True, slots=True)
class _Prompt:
    """An instruction and the picture it is for."""

    edit: Edit

    @property
    def id(self) -> str:
        return self.edit.id

    @property
    def row(self) -> str:
        return self.edit.row

    @property
    def pictures(self) -> dict[str, str]:
        return {"source": self.edit.source}


def _write(job: Job) -> None:
    def place(prompt: _Prompt, pictures: dict[str, Picture]) -> tuple[str, bool, Picture]:
        picture = pictures["source"]
        name = f"{job.options.split}/{prompt.edit.key}.{picture.suffix}"
        return name, job.place(picture, f"images/{name}"), picture

    rows = []
    for prompt, (name, written, picture) in job.each(map(_Prompt, job.edits()), place):
        job.count(written=written)
        job.note_changes([picture])
        rows.append({"prompt": prompt.edit.instruction, "image": name})  # below images/, where it looks
    job.write(f"{job.options.split}.jsonl", lines(rows, escaped=job.options.ascii))


FORMAT = Format("flow-factory", "prompts and source photos for Flow-Factory's RL", EDITS, _write, splits=True)
