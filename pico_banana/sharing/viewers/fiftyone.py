"""FiftyOne: a grouped dataset, one group an edit, with the slices source, edited and rejected0."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pico_banana.errors import missing_extra
from pico_banana.sharing.viewers.local import local_edits

if TYPE_CHECKING:
    from collections.abc import Iterable

    from pico_banana.records import Record


def to_fiftyone(records: Iterable[Record], name: str | None = None) -> Any:  # noqa: ANN401 - a fiftyone.Dataset
    """Give rows as a grouped dataset of FiftyOne; pictures that are not here are fetched.

    Args:
        records: rows with pictures.
        name: the dataset's name; None for one that FiftyOne makes up.

    Returns:
        The `fiftyone.Dataset`; edits without their pictures are in its `info["failed"]`, with their reasons.

    Raises:
        missing_extra: FiftyOne is not installed, a MissingExtraError.
        ConfigError: the rows have no pictures.
    """
    try:
        import fiftyone
    except ImportError as absent:
        raise missing_extra("fiftyone", "fiftyone", "to_fiftyone") from absent
    found = local_edits(records)
    dataset = fiftyone.Dataset(name)
    dataset.add_group_field("edit", default="edited")
    samples = []
    failed = {edit.id: files for edit, files in found if isinstance(files, str)}
    for edit, files in found:
        if isinstance(files, str):
            continue
        group = fiftyone.Group()
        told = {"row": edit.id, "instruction": edit.instruction}
        kinds = {field: fiftyone.Classification(label=getattr(edit, field)) for field in ("edit_type", "category")}
        told |= {field: kind for field, kind in kinds.items() if kind.label}
        samples += [fiftyone.Sample(str(file), edit=group.element(role), **told) for role, file in files.items()]
    dataset.add_samples(samples, progress=False)
    dataset.info["failed"] = failed
    dataset.save()
    return dataset
