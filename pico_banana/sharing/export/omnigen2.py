"""OmniGen2 and OmniGen2-RL: JSON Lines with absolute paths, and the YAML file of a mixture that has them alone."""

from __future__ import annotations

import json
import os
from typing import TYPE_CHECKING

from pico_banana.records.decoding.whole import look_at_file
from pico_banana.sharing.export.folders import by_role, lines, place_edits, root_of
from pico_banana.sharing.export.registry import EDITS, Format

if TYPE_CHECKING:
    from pathlib import Path

    from pico_banana.sharing.export.job import Job


def _write(job: Job) -> None:
    root, rows = root_of(job), []
    for edit, names in place_edits(job, by_role):
        header = look_at_file(root / names["edited"]).header  # as stored: its reader does not turn pictures
        rows.append(
            {
                "task_type": "edit",
                "instruction": edit.instruction,
                "input_images": [os.fspath(root / names["source"])],
                "output_image": os.fspath(root / names["edited"]),
                "target_img_size": [header.width, header.height],  # what RL, which draws its own, is to draw at
                "meta_data": json.dumps({"instruction": edit.instruction}),  # what RL's judge is told, as text
            }
        )
    job.write("edit.jsonl", lines(rows, escaped=job.options.ascii))
    job.write("mix.yml", _mixture(root / "edit.jsonl"))


def _mixture(path: Path) -> str:
    # A JSON string is a YAML one; the ratio is a float as YAML reads it, with a dot.
    return (
        f"ratio_type: inside_ratio\n\ndata:\n  - path: {json.dumps(os.fspath(path))}\n    type: edit\n    ratio: 1.0\n"
    )


FORMAT = Format("omnigen2", "JSON Lines and mix.yml for OmniGen2 and OmniGen2-RL", EDITS, _write, absolute=True)
