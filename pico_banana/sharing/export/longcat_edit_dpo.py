"""LongCat-Image's edit DPO: JSON Lines with the accepted edit, the rejected one and the source by absolute paths.

`height` and `width` are the accepted edit's; its reader skips lines without, and takes the training size from them.
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from pico_banana.records.decoding.whole import look_at_file
from pico_banana.sharing.export.choices import each_pair
from pico_banana.sharing.export.folders import by_role, lines, place_edits, root_of
from pico_banana.sharing.export.registry import PAIRS, Format

if TYPE_CHECKING:
    from pico_banana.sharing.export.job import Job


def _write(job: Job) -> None:
    root, rows = root_of(job), []
    for edit, names in place_edits(job, by_role, edits=each_pair(job.edits(rejected=True))):
        header = look_at_file(root / names["edited"]).header  # as stored: its reader does not turn pictures
        rows.append(
            {
                "img_path_win": os.fspath(root / names["edited"]),
                "img_path_lose": os.fspath(root / names["rejected0"]),
                "ref_img_path": os.fspath(root / names["source"]),
                "prompt": edit.instruction,
                "height": header.height,
                "width": header.width,
            }
        )
    job.write("train_data_info.txt", lines(rows, escaped=job.options.ascii))


FORMAT = Format("longcat-edit-dpo", "JSON Lines for LongCat-Image's edit_dpo", PAIRS, _write, absolute=True)
