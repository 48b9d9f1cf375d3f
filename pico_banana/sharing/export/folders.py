"""Folders of pictures with their names in a text beside them: what half of the trainers read."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from pico_banana.sharing.export.edits import Edit
    from pico_banana.sharing.export.job import Job
    from pico_banana.sharing.export.pictures import Picture


def place_edits(
    job: Job, name_of: Callable[[Edit, str, Picture], str], *, edits: Iterable[Edit] | None = None
) -> Iterator[tuple[Edit, dict[str, str]]]:
    """Make the pictures of every edit files of the export.

    Args:
        job: the export.
        name_of: gives a picture's path below the folder, from its edit and role.
        edits: which; None for all of the job's.

    Yields:
        Each edit with its pictures' names by role; those that failed are in the job's report.
    """
    for edit, pictures in job.with_pictures(job.edits() if edits is None else edits):
        names = {role: name_of(edit, role, picture) for role, picture in pictures.items()}
        written = [job.place(picture, names[role]) for role, picture in pictures.items()]
        job.count(written=any(written))
        yield edit, names


def by_role(edit: Edit, role: str, picture: Picture) -> str:
    """Name a picture `images/KEY.ROLE.SUFFIX`.

    Args:
        edit: whose picture it is.
        role: "source", "edited" or "rejected0".
        picture: the picture.

    Returns:
        Its path below the folder.
    """
    return f"images/{edit.key}.{role}.{picture.suffix}"


def lines(rows: Iterable[dict[str, Any]]) -> str:
    """Write rows as JSON Lines.

    Args:
        rows: the rows.

    Returns:
        One JSON object a line.
    """
    return "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows)
