"""EditReward: a JSON list of pairs, `path1` preferred to `path2`.

The release says which edit is better and gives no scores, while its reader wants some: 1 and 0 say the order, no more.
"""

from __future__ import annotations

import json
import os
from typing import TYPE_CHECKING, Any

from pico_banana.sharing.export.choices import each_pair
from pico_banana.sharing.export.folders import by_role, place_edits, root_of
from pico_banana.sharing.export.registry import PAIRS, Format

if TYPE_CHECKING:
    from pico_banana.sharing.export.job import Job

_EDITOR = "nano-banana"  # both edits of a row are its
_AXES = ("dim1", "dim2", "overall")
# One vote, and sure of it: with null its reader leaves every pair out where it wants soft labels, and fails on a bound.
_VOTE = {"tie_case": False, "choice_dist": [1, 0], "confidence": 1.0}


def _write(job: Job) -> None:
    root, rows = root_of(job), []
    for edit, names in place_edits(job, by_role, edits=each_pair(job.edits(rejected=True))):
        paths = {
            "path_src": os.fspath(root / names["source"]),
            "path1": os.fspath(root / names["edited"]),
            "path2": os.fspath(root / names["rejected0"]),
        }
        rows.append({"prompt": edit.instruction, **paths, "model1": _EDITOR, "model2": _EDITOR, **_scores(), **_VOTE})
    job.write("train.json", json.dumps(rows, ensure_ascii=job.options.ascii, indent=1))


def _scores() -> dict[str, Any]:
    return {f"model{number}_{axis}_score": 2 - number for number in (1, 2) for axis in _AXES}


FORMAT = Format("edit-reward", "train.json with pairs for EditReward", PAIRS, _write, absolute=True)
