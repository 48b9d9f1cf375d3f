"""SimpleTuner's Flow-DPO: `edited/`, `rejected/` and `source/` with identical file names, and a data backend file.

Flow-DPO takes the rejected side from the first conditioning dataset, and refuses batches whose type is not
`reference_strict`. Of two types it calls a batch by either, as Python's hashes fall, so source and rejected have one.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from pico_banana.sharing.export.choices import each_pair
from pico_banana.sharing.export.folders import place_edits
from pico_banana.sharing.export.paired import alike_pictures, one_line
from pico_banana.sharing.export.registry import PAIRS, Format

if TYPE_CHECKING:
    from pico_banana.sharing.export.edits import Edit
    from pico_banana.sharing.export.job import Job
    from pico_banana.sharing.export.pictures import Picture

_FOLDERS = {"edited": "edited", "rejected0": "rejected", "source": "source"}


def _name_of(edit: Edit, role: str, picture: Picture) -> str:
    return f"{_FOLDERS[role]}/{edit.key}.{picture.suffix}"


def _write(job: Job) -> None:
    pairs = each_pair(job.edits(rejected=True))
    for edit, _ in place_edits(job, _name_of, edits=pairs, fitted=alike_pictures):
        job.write(f"edited/{edit.key}.txt", one_line(edit.instruction))
    edited = {"id": "edited", "type": "local", "dataset_type": "image", "instance_data_dir": "edited"}
    # A caption is one, not lines to choose from: said to those who listen, and written so for those who do not.
    captions = {"caption_strategy": "textfile", "disable_multiline_split": True}
    names = ["rejected", "source"]  # the rejected side first
    backends = [edited | captions | {"conditioning_data": names}, *map(_condition, names)]
    job.write("multidatabackend.json", json.dumps(backends, indent=1))


def _condition(name: str) -> dict[str, Any]:
    # No caption strategy: with one SimpleTuner looks for captions of its own, and refuses to combine the conditions.
    where = {"id": name, "type": "local", "dataset_type": "conditioning", "instance_data_dir": name}
    return where | {"conditioning_type": "reference_strict", "source_dataset_id": "edited"}


FORMAT = Format(
    "simpletuner-flow-dpo", "paired folders and multidatabackend.json for SimpleTuner's Flow-DPO", PAIRS, _write
)
