"""Two folders of targets and conditions with the same names, and a caption beside each target."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from pico_banana.sharing.export.folders import place_edits
from pico_banana.sharing.export.pictures import Picture, as_png

if TYPE_CHECKING:
    from pico_banana.sharing.export.edits import Edit
    from pico_banana.sharing.export.folders import Pictures
    from pico_banana.sharing.export.job import Job

_LOOKED_FOR = frozenset({"jpg", "png", "webp"})  # ostris/ai-toolkit, 27a03a91: a control of another ending is not found


def write_pairs(job: Job, target: str, condition: str, *, alike: bool = False) -> None:
    """Write targets with captions, and their conditions.

    Args:
        job: the export.
        target: the folder of targets and captions.
        condition: the folder of conditions.
        alike: whether the endings must agree as well, so that a pair of two codecs becomes PNG, losslessly, and
            captions be of one line, as SimpleTuner wants them.
    """
    folders = {"edited": target, "source": condition}

    def name_of(edit: Edit, role: str, picture: Picture) -> str:
        return f"{folders[role]}/{edit.key}.{picture.suffix}"

    for edit, _ in place_edits(job, name_of, fitted=alike_pictures if alike else found_pictures):
        job.write(f"{target}/{edit.key}.txt", one_line(edit.instruction) if alike else edit.instruction)


def one_line(text: str) -> str:
    """Give a caption that SimpleTuner takes for one: its releases (3.1.6) draw one of its lines.

    Args:
        text: an instruction.

    Returns:
        The same, with a space for every break.
    """
    return re.sub(r"\s*\n\s*", " ", text)


def alike_pictures(pair: Pictures) -> Pictures:
    """Give the pictures of one edit the same ending.

    Args:
        pair: by role.

    Returns:
        The same, or all of them as PNG, losslessly, where they were of several codecs.
    """
    if len({picture.suffix for picture in pair.values()}) == 1:
        return pair
    return {role: picture if picture.suffix == "png" else as_png(picture) for role, picture in pair.items()}


def found_pictures(pair: Pictures) -> Pictures:
    """Give the pictures of one edit endings that trainers look for: without its control a pair would be a target alone.

    Args:
        pair: by role.

    Returns:
        The same; a picture of a rare codec as PNG, losslessly.
    """
    return {role: picture if picture.suffix in _LOOKED_FOR else as_png(picture) for role, picture in pair.items()}
