"""MosaicML Streaming: MDS shards with the encoded pictures as bytes columns, written by its own writer."""

from __future__ import annotations

import shutil
from typing import TYPE_CHECKING, Any

from pico_banana.errors import missing_extra
from pico_banana.mirrors.store import writing
from pico_banana.sharing.export.registry import EDITS, Format

if TYPE_CHECKING:
    from pico_banana.sharing.export.job import Job

_COLUMNS = dict.fromkeys(("id", "instruction", "edit_type", "category"), "str")
_SHARD_BYTES = 1 << 28  # the writer's default of 64 MB would make thousands of files of a subset


def _write(job: Job) -> None:
    rejected = {
        f"rejected{number}": "bytes"
        for number in range(max((len(edit.rejected) for edit in job.edits(rejected=True)), default=0))
    }
    columns = {"source": "bytes", "edited": "bytes", **rejected, **_COLUMNS}
    final, partial = job.folder / job.options.split, job.folder / f".{job.options.split}.part"
    shutil.rmtree(partial, ignore_errors=True)  # the writer cannot continue what was interrupted
    shutil.rmtree(final, ignore_errors=True)
    with writing(partial), _writer()(out=str(partial), columns=columns, size_limit=_SHARD_BYTES) as out:
        for edit, pictures in job.with_pictures(job.edits(rejected=True)):
            texts = {name: getattr(edit, name) for name in _COLUMNS}
            out.write(dict.fromkeys(rejected, b"") | {role: made.read() for role, made in pictures.items()} | texts)
            job.count(written=True)
    partial.replace(final)
    for path in sorted(final.rglob("*")):
        job.add(path.relative_to(job.folder).as_posix())


def _writer() -> Any:  # noqa: ANN401  a class without types
    try:
        from streaming import MDSWriter
    except ImportError as error:
        raise missing_extra("streaming", "mds", "the format mds") from error
    return MDSWriter


FORMAT = Format(
    "mds", "MDS shards for MosaicML Streaming (from start again when interrupted)", EDITS, _write, splits=True
)
