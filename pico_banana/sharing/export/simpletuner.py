"""SimpleTuner: two paired folders with identical file names, captions in `.txt` files, and a data backend file."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from pico_banana.sharing.export.paired import write_pairs
from pico_banana.sharing.export.registry import EDITS, Format

if TYPE_CHECKING:
    from pico_banana.sharing.export.job import Job


def _write(job: Job) -> None:
    write_pairs(job, "edited", "source")
    common = {"type": "local", "caption_strategy": "textfile"}
    edited = {"id": "edited", "instance_data_dir": "edited", "conditioning_data": ["source"], **common}
    source = {"id": "source", "instance_data_dir": "source", "dataset_type": "conditioning", **common}
    job.write(
        "multidatabackend.json", json.dumps([edited, source | {"conditioning_type": "reference_strict"}], indent=1)
    )


FORMAT = Format("simpletuner", "paired folders and multidatabackend.json for SimpleTuner", EDITS, _write)
