"""Lance: one dataset with the encoded pictures as binary columns, written by its own writer, batch by batch."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pico_banana.errors import PicoBananaError, StoreError, missing_extra
from pico_banana.sharing.export.embedding import BYTES, STRING, Layout, bytes_array
from pico_banana.sharing.export.registry import EDITS, Format

if TYPE_CHECKING:
    from collections.abc import Iterator

    import pyarrow as pa

    from pico_banana.sharing.export.edits import Edit
    from pico_banana.sharing.export.job import Job
    from pico_banana.sharing.export.pictures import Picture

_TEXTS = ("id", "instruction", "edit_type", "category")
_BATCH_ROWS = 32


def _write(job: Job) -> None:
    import pyarrow as pa

    width = max((len(edit.rejected) for edit in job.edits(rejected=True)), default=0)
    roles = ["source", "edited", *(f"rejected{number}" for number in range(width))]
    layout = Layout({**dict.fromkeys(roles, BYTES), **dict.fromkeys(_TEXTS, STRING)})
    fields = [(name, pa.binary() if feature == BYTES else pa.string()) for name, feature in layout.features.items()]
    schema = pa.schema(fields)
    name = f"{job.options.split}.lance"
    # Overwriting commits a new version when it is whole; what an interrupted run left is not part of any.
    try:
        _lance().write_dataset(_batches(job, roles, schema), str(job.folder / name), schema=schema, mode="overwrite")
    except OSError as error:  # what its writer says of a full disk has no number
        if isinstance(error, PicoBananaError):
            raise
        msg = f"lance could not write {job.folder / name}: {error}"
        raise StoreError(msg, path=str(job.folder / name)) from error
    for path in sorted(path for path in (job.folder / name).rglob("*") if path.is_file()):
        job.add(path.relative_to(job.folder).as_posix())


def _batches(job: Job, roles: list[str], schema: pa.Schema) -> Iterator[pa.RecordBatch]:
    waiting: list[tuple[Edit, dict[str, Picture]]] = []
    for pair in job.with_pictures(job.edits(rejected=True)):
        waiting.append(pair)
        job.count(written=True)
        if len(waiting) == _BATCH_ROWS:
            yield _batch(waiting, roles, schema)
            waiting = []
    if waiting:
        yield _batch(waiting, roles, schema)


def _batch(rows: list[tuple[Edit, dict[str, Picture]]], roles: list[str], schema: pa.Schema) -> pa.RecordBatch:
    import pyarrow as pa

    pictures = [bytes_array([made.get(role) for _, made in rows]) for role in roles]
    texts = [pa.array([getattr(edit, name) for edit, _ in rows], pa.string()) for name in _TEXTS]
    return pa.RecordBatch.from_arrays(pictures + texts, schema=schema)


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
