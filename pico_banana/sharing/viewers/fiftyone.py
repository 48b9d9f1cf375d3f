"""FiftyOne: a grouped dataset, one group an edit, with the slices source, edited and rejected0."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pico_banana.errors import missing_extra
from pico_banana.sharing.viewers.local import local_edits

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from pico_banana.records import Record
    from pico_banana.sharing.export.edits import Edit

_FIELD = "edit"  # what groups are called: `dataset.group_field`


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
    dataset.add_group_field(_FIELD, default="edited")
    dataset.add_samples(samples_of(found), progress=False)
    dataset.info["failed"] = {edit.id: files for edit, files in found if isinstance(files, str)}
    dataset.save()
    return dataset


def samples_of(found: Iterable[tuple[Edit, dict[str, Path] | str]]) -> list[Any]:
    """Give edits as samples of FiftyOne, those of one edit in a group.

    Args:
        found: what `local_edits` gave; edits without pictures have no samples.

    Returns:
        The `fiftyone.Sample`s.
    """
    import fiftyone

    samples = []
    for edit, files in found:
        if isinstance(files, str):
            continue
        group = fiftyone.Group()
        told: dict[str, Any] = {"row": edit.id, "instruction": edit.instruction}
        for name in ("edit_type", "category"):
            if label := getattr(edit, name):
                told[name] = fiftyone.Classification(label=label)
        samples += [fiftyone.Sample(str(file), **{_FIELD: group.element(role)}, **told) for role, file in files.items()]
    return samples
