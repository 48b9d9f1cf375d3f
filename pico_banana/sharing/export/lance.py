"""Lance: one dataset with the encoded pictures as binary columns, written by its own writer, batch by batch."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pico_banana.errors import PicoBananaError, StoreError, missing_extra
from pico_banana.sharing.export.registry import EDITS, Format
from pico_banana.sharing.parquet.arrays import Arena, record_batch
from pico_banana.sharing.parquet.columns import PictureBytes, Plain, arrow_schema

if TYPE_CHECKING:
    from collections.abc import Iterator

    import pyarrow as pa

    from pico_banana.sharing.export.job import Job
    from pico_banana.sharing.parquet.columns import Columns

_TEXTS = ("id", "instruction", "edit_type", "category")
_BATCH_ROWS = 32


def _write(job: Job) -> None:
    width = max((len(edit.rejected) for edit in job.edits(rejected=True)), default=0)
    roles = ["source", "edited", *(f"rejected{number}" for number in range(width))]
    columns: Columns = (*((role, PictureBytes()) for role in roles), *((name, Plain()) for name in _TEXTS))
    name = f"{job.options.split}.lance"
    # Overwriting commits a new version when it is whole; what an interrupted run left is not part of any.
    try:
        batches, schema = _batches(job, columns), arrow_schema(columns)
        _lance().write_dataset(batches, str(job.folder / name), schema=schema, mode="overwrite")
    except OSError as error:  # what its writer says of a full disk has no number
        if isinstance(error, PicoBananaError):
            raise
        msg = f"lance could not write {job.folder / name}: {error}"
        raise StoreError(msg, path=str(job.folder / name)) from error
    for path in sorted(path for path in (job.folder / name).rglob("*") if path.is_file()):
        job.add(path.relative_to(job.folder).as_posix())


def _batches(job: Job, columns: Columns) -> Iterator[pa.RecordBatch]:
    waiting: list[dict[str, Any]] = []
    for edit, made in job.with_pictures(job.edits(rejected=True)):
        texts = {name: getattr(edit, name) for name in _TEXTS}
        waiting.append({**{name: made.get(name) for name, _ in columns}, **texts})
        job.count(written=True)
        if len(waiting) == _BATCH_ROWS:
            yield record_batch(waiting, columns, Arena())  # memory of its own: Lance says not when it is done with it
            waiting = []
    if waiting:
        yield record_batch(waiting, columns, Arena())


def _lance() -> Any:  # noqa: ANN401  a module without types
    try:
        import lance
    except ImportError as error:
        raise missing_extra("lance", "lance", "the format lance") from error
    return lance


FORMAT = Format(
    "lance",
    "one Lance dataset with the pictures as bytes (from start again when interrupted)",
    EDITS,
    _write,
    splits=True,
)
