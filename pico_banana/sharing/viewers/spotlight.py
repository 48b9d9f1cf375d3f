"""Spotlight by Renumics: a table in the browser with the pictures of each edit."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pico_banana.errors import missing_extra
from pico_banana.sharing.viewers.local import local_edits

if TYPE_CHECKING:
    from collections.abc import Iterable

    from pico_banana.records import Record

_TEXTS = ("id", "instruction", "edit_type", "category")


def to_spotlight(records: Iterable[Record], *, browser: bool = True) -> Any:  # noqa: ANN401 - a spotlight.Viewer
    """Show rows in Spotlight; pictures that are not here are fetched.

    Args:
        records: rows with pictures.
        browser: open it there.

    Returns:
        The viewer; `.df` is its table, `.close()` ends it. A row without its pictures says why in `problem`.

    Raises:
        missing_extra: Spotlight is not installed, a MissingExtraError.
        ConfigError: the rows have no pictures.
    """
    try:
        from renumics import spotlight
    except ImportError as absent:
        raise missing_extra("renumics-spotlight", "spotlight", "to_spotlight") from absent
    import pandas as pd

    found = local_edits(records)
    roles = list(dict.fromkeys(role for edit, _ in found for role in edit.pictures))
    rows = [
        {name: getattr(edit, name) for name in _TEXTS}
        | ({"problem": files} if isinstance(files, str) else {role: str(file) for role, file in files.items()})
        for edit, files in found
    ]
    frame = pd.DataFrame(rows, columns=[*_TEXTS, "problem", *roles])
    return spotlight.show(frame, dtype=dict.fromkeys(roles, spotlight.Image), no_browser=not browser, wait=False)
