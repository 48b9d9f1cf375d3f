"""Two folders with the same file names and a caption beside each target: ai-toolkit and SimpleTuner read these.

A target and its condition must have the same name to the last letter. Where their codecs differ, the pair is
re-encoded to PNG, losslessly, unless the export already has one codec for both.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from pico_banana.sharing.export.pictures import Picture, as_png

if TYPE_CHECKING:
    from pico_banana.sharing.export.job import Job


def write_pairs(job: Job, target: str, condition: str) -> None:
    """Write targets with captions, and their conditions.

    Args:
        job: the export.
        target: the folder of targets and captions.
        condition: the folder of conditions.
    """
    folders = {"edited": target, "source": condition}
    for edit, pictures in job.with_pictures(replace(edit, rejected=()) for edit in job.edits()):
        pair = _alike({role: pictures[role] for role in folders})
        names = {role: f"{folder}/{edit.key}.{pair[role].suffix}" for role, folder in folders.items()}
        written = [job.place(pair[role], name) for role, name in names.items()]
        job.write(f"{target}/{edit.key}.txt", edit.instruction)
        job.count(written=any(written))


def _alike(pair: dict[str, Picture]) -> dict[str, Picture]:
    if len({picture.suffix for picture in pair.values()}) == 1:
        return pair
    return {role: picture if picture.suffix == "png" else as_png(picture) for role, picture in pair.items()}
