"""imagefolder: pictures and `metadata.jsonl`, read by `load_dataset("imagefolder", data_dir=…)`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pico_banana.records import Subset
from pico_banana.sharing.export.folders import lines, place_edits
from pico_banana.sharing.export.registry import EDITS, Format

if TYPE_CHECKING:
    from pico_banana.sharing.export.edits import Edit
    from pico_banana.sharing.export.job import Job
    from pico_banana.sharing.export.pictures import Picture


def _write(job: Job) -> None:
    split = job.options.split

    def name_of(edit: Edit, role: str, picture: Picture) -> str:
        return f"{split}/{edit.key}.{role}.{picture.suffix}"

    rows, pairs = [], job.dataset.subset is Subset.PREFERENCE  # the same columns in every row, or `datasets` fails
    for edit, names in place_edits(job, name_of, edits=job.edits(rejected=True)):
        files = {role: name.removeprefix(f"{split}/") for role, name in names.items()}
        rejected = [name for role, name in files.items() if role.startswith("rejected")]
        rows.append(
            {
                "source_file_name": files["source"],
                "edited_file_name": files["edited"],
                **({"rejected_file_names": rejected} if pairs else {}),
                "id": edit.id,
                "instruction": edit.instruction,
                "edit_type": edit.edit_type,
                "category": edit.category,
            }
        )
    job.write(f"{split}/metadata.jsonl", lines(rows, escaped=job.options.ascii))


FORMAT = Format(
    "imagefolder", "pictures and metadata.jsonl for load_dataset('imagefolder')", EDITS, _write, splits=True
)
