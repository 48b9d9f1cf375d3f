"""ms-swift, preference: one question and answer, with `images` of the accepted edit and `rejected_images` of the other.

A model learns that the answer "yes" fits the accepted picture better (DPO), or to score that conversation higher (RM).
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from pico_banana.sharing.export.choices import each_pair
from pico_banana.sharing.export.folders import by_role, lines, place_edits, root_of
from pico_banana.sharing.export.registry import PAIRS, Format
from pico_banana.sharing.export.tokens import without_places

if TYPE_CHECKING:
    from pico_banana.sharing.export.edits import Edit
    from pico_banana.sharing.export.job import Job


def _write(job: Job) -> None:
    root, rows = root_of(job), []
    for edit, names in place_edits(job, by_role, edits=each_pair(job.edits(rejected=True))):
        paths = {role: os.fspath(root / name) for role, name in names.items()}
        rows.append(
            {
                "messages": [{"role": "user", "content": _question(edit)}, {"role": "assistant", "content": "Yes"}],
                "images": [paths["source"], paths["edited"]],
                "rejected_images": [paths["source"], paths["rejected0"]],
            }
        )
    job.write("pico_banana_preference.jsonl", lines(rows, escaped=job.options.ascii))


def _question(edit: Edit) -> str:
    return (
        f"<image><image>The first picture was to be edited as follows: {without_places(edit.instruction)}\n"
        "The second picture is the result. Does it follow the instruction well? Answer Yes or No."
    )


FORMAT = Format(
    "ms-swift-preference", "JSON Lines with rejected_images for ms-swift's DPO and RM", PAIRS, _write, absolute=True
)
