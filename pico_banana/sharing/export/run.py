"""Run an export: find the format, check that it can hold the rows, write, and leave a manifest."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pico_banana.errors import ConfigError
from pico_banana.mirrors.locking import locked
from pico_banana.pictures.filesystem import local_path
from pico_banana.records import Subset
from pico_banana.records.wording import MADE_ANEW, check_wording, taken_texts
from pico_banana.sharing.export.job import Job
from pico_banana.sharing.export.options import ExportOptions
from pico_banana.sharing.export.registry import Format, find_format

if TYPE_CHECKING:
    from collections.abc import Callable

    from pico_banana.rows.sequence import RecordSequence
    from pico_banana.sharing.export.forecast import Progress
    from pico_banana.sharing.export.report import ExportReport


def export(
    dataset: RecordSequence[Any],
    form: str | Format,
    folder: str | Path,
    *,
    options: ExportOptions | None = None,
    local_path: Callable[[str], Path] = local_path,
    progress: Callable[[Progress], None] | None = None,
) -> ExportReport:
    """Write a dataset into a folder, or finish doing so.

    Args:
        dataset: the rows.
        form: a format's name, or a Format of one's own.
        folder: where it goes; empty, missing, with the same export, or with another split of it.
        options: the choices.
        local_path: gives the file of an address, fetching it where it must.
        progress: told how far it is after every example.

    Returns:
        What was written, reused and left out; also in the folder's `export.json`.

    Raises:
        UnknownNameError: there is no such format.
        ConfigError: the format cannot hold this subset, or it has no rejected edits to match, or the wanted
            texts were not given with the rows.
        ExportError: the folder holds another export, or files that are of none.
        MissingExtraError: the format needs a package that is not installed.
        DiskFullError: there is no room; what is whole is kept and reused.
        StoreError: the folder cannot be written.
    """
    chosen = form if isinstance(form, Format) else find_format(form)
    if dataset.subset not in chosen.subsets:
        able = ", ".join(sorted(subset.value for subset in chosen.subsets))
        msg = f"{chosen.name} cannot hold {dataset.subset.value} rows; it takes {able}"
        raise ConfigError(msg, key="subset")
    target, choices = Path(folder), options or ExportOptions()
    if choices.match != "none" and dataset.subset is not Subset.PREFERENCE:
        msg = f"match={choices.match!r} is for preferences; {dataset.subset.value} rows have no rejected edits to match"
        raise ConfigError(msg, key="match")
    _check_wording(dataset, chosen, choices)
    choices = replace(choices, split=choices.split or _split_of(dataset))
    job = Job(dataset, target, form=chosen, options=choices, local_path=local_path, progress=progress)
    with locked(target / ".export.lock"):
        if job.begin():
            chosen.write(job)
            job.report.texts = _taken_texts(dataset, choices)
            job.finish()
    return job.report


def _check_wording(dataset: RecordSequence[Any], form: Format, options: ExportOptions) -> None:
    if options.wording not in MADE_ANEW:
        return
    check_wording(options.wording, dataset.texts)
    if not form.words:
        msg = f"{form.name} writes every text as published; wording={options.wording!r} is for formats of edits"
        raise ConfigError(msg, key="wording")


def _taken_texts(dataset: RecordSequence[Any], options: ExportOptions) -> dict[str, int]:
    wording = options.wording
    if wording == "both" or wording not in MADE_ANEW:
        return {}
    return dict(taken_texts(dataset, wording, dataset.texts))


def _split_of(dataset: RecordSequence[Any]) -> str:
    """Name the split as its readers will: `test_90_5_5` is their `test`."""
    chosen = [split for selection in dataset.selections if (split := selection.split)]
    return chosen[-1].partition("_")[0] if chosen else "train"
