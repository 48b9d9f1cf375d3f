"""One zip of pairs `ROOT_before.ext`, `ROOT_after.ext` and `ROOT.txt`, as training services take it."""

from __future__ import annotations

from typing import TYPE_CHECKING
from zipfile import ZipFile, ZipInfo

from pico_banana.mirrors.store import atomic_path
from pico_banana.sharing.export.shards import write_shards

if TYPE_CHECKING:
    from pico_banana.sharing.export.job import Job


def write_zip(job: Job, *, before: str, after: str) -> None:
    """Write the edits into one zip, named after the split.

    Args:
        job: the export.
        before: what follows a pair's name in that of its source.
        after: the same for its edit.
    """

    def write(_: int, name: str) -> int:
        with atomic_path(job.folder / name) as temporary, ZipFile(temporary, "w") as archive:
            return _fill(archive, job, {"source": before, "edited": after})

    write_shards(job, [f"{job.options.split}.zip"], write)


def _fill(archive: ZipFile, job: Job, endings: dict[str, str]) -> int:
    written = 0
    for edit, pictures in job.with_pictures(job.edits(), tally=False):
        for role, picture in pictures.items():
            # Stored, as pictures are packed already; a ZipInfo has the same date in every run.
            archive.writestr(ZipInfo(f"{edit.key}_{endings[role]}.{picture.suffix}"), picture.read())
        archive.writestr(ZipInfo(f"{edit.key}.txt"), edit.instruction.encode("utf-8", "replace"))
        written += 1
    return written
