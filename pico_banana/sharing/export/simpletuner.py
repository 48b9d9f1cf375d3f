"""SimpleTuner: two paired folders with identical file names, captions in `.txt` files, and a data backend file."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from pico_banana.sharing.export.paired import write_pairs
from pico_banana.sharing.export.registry import EDITS, Format

if TYPE_CHECKING:
    from pico_banana.sharing.export.job import Job


def _write(job: Job) -> None:
    write_pairs(job, "edited", "source", alike=True)
    edited = {"id": "edited", "type": "local", "instance_data_dir": "edited", "conditioning_data": ["source"]}
    # A caption is one, not lines to choose from: said to those who listen, and written so for those who do not.
    captions = {"caption_strategy": "textfile", "disable_multiline_split": True}
    # No caption strategy here: with one SimpleTuner looks for captions of the sources.
    source = {"id": "source", "type": "local", "instance_data_dir": "source", "dataset_type": "conditioning"}
    backends = [edited | captions, source | {"conditioning_type": "reference_strict"}]
    job.write("multidatabackend.json", json.dumps(backends, indent=1))


FORMAT = Format("simpletuner", "paired folders and multidatabackend.json for SimpleTuner", EDITS, _write)
