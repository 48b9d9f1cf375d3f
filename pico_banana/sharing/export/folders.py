"""Folders of pictures with their names in a text beside them: what half of the trainers read."""

from __future__ import annotations

import json
import os
from typing import TYPE_CHECKING, Any, TypeAlias

from pico_banana.errors import ConfigError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator
    from pathlib import Path

    from pico_banana.sharing.export.edits import Edit
    from pico_banana.sharing.export.job import Job
    from pico_banana.sharing.export.pictures import Picture


Pictures: TypeAlias = dict[str, "Picture"]


def place_edits(
    job: Job,
    name_of: Callable[[Edit, str, Picture], str],
    *,
    edits: Iterable[Edit] | None = None,
    fitted: Callable[[Pictures], Pictures] | None = None,
) -> Iterator[tuple[Edit, dict[str, str]]]:
    """Make the pictures of every edit files of the export, in threads.

    Args:
        job: the export.
        name_of: gives a picture's path below the folder, from its edit and role.
        edits: which; None for all of the job's.
        fitted: makes of an edit's pictures those that are placed; None takes them as they are.

    Yields:
        Each edit with its pictures' names by role; those that failed are in the job's report.
    """

    def place(edit: Edit, pictures: Pictures) -> tuple[dict[str, str], bool, Pictures]:
        ready = pictures if fitted is None else fitted(pictures)
        names = {role: name_of(edit, role, picture) for role, picture in ready.items()}
        written = [job.place(picture, names[role]) for role, picture in ready.items()]
        return names, any(written), ready

    for edit, (names, written, placed) in job.each(job.edits() if edits is None else edits, place):
        job.count(written=written)
        job.note_changes(placed.values())
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


def lines(rows: Iterable[dict[str, Any]], *, escaped: bool = False) -> str:
    """Write rows as JSON Lines.

    Args:
        rows: the rows.
        escaped: whether everything but ASCII is.

    Returns:
        One JSON object a line.
    """
    return "".join(json.dumps(row, ensure_ascii=escaped) + "\n" for row in rows)


def root_of(job: Job) -> Path:
    """Give the export's folder as it is spelled in texts whose readers open paths as they are.

    Args:
        job: the export; its format is an `absolute` one.

    Returns:
        The absolute folder.

    Raises:
        ConfigError: its name is no UTF-8.
    """
    root = job.folder.resolve()
    try:
        os.fspath(root).encode()
    except UnicodeEncodeError as error:
        msg = (
            f"the folder {os.fsencode(root)!r} has a name that is no UTF-8, which TOML and JSON cannot hold; rename it"
        )
        raise ConfigError(msg, key="folder") from error
    return root
