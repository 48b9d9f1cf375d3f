"""Embedding Atlas: Parquet with a row an edit: its texts and type, and both pictures as it shows them.

`embedding-atlas FILE --image edited` (or `--text instruction`) computes the map; it loads a model for that. Pictures go
into the browser, so `--geometry fit --size 256` is advised for more than a few hundred rows.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from pico_banana.sharing.export.embedding import Row, write_edits
from pico_banana.sharing.export.registry import EDITS, Format
from pico_banana.sharing.parquet.columns import Columns, Picture, Plain

if TYPE_CHECKING:
    from pico_banana.sharing.export import pictures
    from pico_banana.sharing.export.edits import Edit
    from pico_banana.sharing.export.job import Job

_TEXTS = ("id", "instruction", "edit_type", "category")
_COLUMNS: Columns = (*((name, Plain()) for name in _TEXTS), ("source", Picture()), ("edited", Picture()))


def _row(edit: Edit, made: dict[str, pictures.Picture]) -> Row:
    return {**{name: getattr(edit, name) for name in _TEXTS}, "source": made["source"], "edited": made["edited"]}


def _write(job: Job) -> None:
    write_edits(job, _COLUMNS, edits=list(job.edits()), row_of=_row)


FORMAT = Format("embedding-atlas", "Parquet for Embedding Atlas: texts, types, pictures", EDITS, _write, splits=True)
