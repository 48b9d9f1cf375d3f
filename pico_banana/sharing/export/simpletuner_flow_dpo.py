"""SimpleTuner's Flow-DPO: `edited/`, `rejected/` and `source/` with identical file names, and a data backend file.

Flow-DPO takes the rejected side from the conditioning dataset of type `reference_strict`, so the source, which is a
condition too, is `reference_loose`.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from pico_banana.sharing.export.choices import each_pair
from pico_banana.sharing.export.folders import place_edits
from pico_banana.sharing.export.paired import alike_pictures
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
        job.write(f"edited/{edit.key}.txt", edit.instruction)
    edited = {"id": "edited", "type": "local", "dataset_type": "image", "instance_data_dir": "edited"}
    # An instruction of two lines is one caption, not two to choose from.
    captions = {"caption_strategy": "textfile", "disable_multiline_split": True}
    conditions = [_condition("rejected", "reference_strict"), _condition("source", "reference_loose")]
    pairing = {"conditioning_data": ["rejected", "source"]}
    job.write("multidatabackend.json", json.dumps([edited | captions | pairing, *conditions], indent=1))


def _condition(name: str, kind: str) -> dict[str, Any]:
    # No caption strategy: with one SimpleTuner looks for captions of its own, and refuses to combine the conditions.
    where = {"id": name, "type": "local", "dataset_type": "conditioning", "instance_data_dir": name}
    return where | {"conditioning_type": kind, "source_dataset_id": "edited"}


FORMAT = Format(
    "simpletuner-flow-dpo", "paired folders and multidatabackend.json for SimpleTuner's Flow-DPO", PAIRS, _write
)
