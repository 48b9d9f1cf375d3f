"""Write a dataset repository's folder: Parquet for each config, the rows files, the index, the card, Croissant."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pico_banana.errors import ConfigError
from pico_banana.mirrors.addresses import RELEASE
from pico_banana.mirrors.catalog import resolve_mirror, rows_file
from pico_banana.mirrors.store import remove_leftovers
from pico_banana.pictures.packed import INDEX
from pico_banana.records import ImageRef, Subset
from pico_banana.rows.narrowing import parted
from pico_banana.rows.table.counting import count_rows
from pico_banana.sharing.export.forecast import Counter
from pico_banana.sharing.hub.card import card
from pico_banana.sharing.hub.charts import CHART_NAMES, write_charts
from pico_banana.sharing.hub.croissant import write_croissant
from pico_banana.sharing.hub.examples import example_names, write_examples
from pico_banana.sharing.hub.licence import Origin
from pico_banana.sharing.hub.pictures_index import write_pictures_index
from pico_banana.sharing.hub.published import CARD, CROISSANT, PublishedConfig, Repository
from pico_banana.sharing.hub.rows_files import write_rows_files
from pico_banana.sharing.hub.settling import Settling
from pico_banana.sharing.parquet.layout import Form, columns, rows
from pico_banana.sharing.parquet.writing import Limits, write_parquet

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from pico_banana.rows.sequence import RecordSequence
    from pico_banana.sharing.export.forecast import Progress
    from pico_banana.sharing.hub.licence import Terms
    from pico_banana.sharing.parquet.run import Written

_MB = 1_000_000
_TEXT_GROUP_ROWS = 20_000


@dataclass(frozen=True, slots=True)
class Publication:
    """What is to be published.

    Attributes:
        datasets: the rows of each config; the first is the default one.
        terms: what `licence.agreed_terms` gave.
        title: the repository's name for people.
        form: with pictures or with addresses.
        splits: percent of the photos in train, validation and test; None for one split, train.
        gated: whether the card asks visitors to agree to the terms first.
    """

    datasets: tuple[RecordSequence[Any], ...]
    terms: Terms
    title: str = "Pico-Banana-400K"
    form: Form = Form.PICTURES
    splits: tuple[int, int, int] | None = None
    gated: bool = False


def build_repository(
    publication: Publication,
    folder: str | Path,
    *,
    read: Callable[[ImageRef], bytes] | None = None,
    limits: Mapping[Subset, Limits] | None = None,
    progress: Callable[[Progress], None] | None = None,
) -> Repository:
    """Make the folder hold exactly this publication; what an earlier run wrote of the same rows is taken over.

    Args:
        publication: what is to be published.
        folder: where; what an earlier publication wrote and this one does not is deleted.
        read: gives the encoded bytes of a picture, from several threads; `ImageRef.bytes` when None.
        limits: where to cut files, by subset; those of `limits_of` when None.
        progress: told how far it is after every row group.

    Returns:
        What was written; pictures that could not be had are null cells, listed in `missing`.

    Raises:
        ConfigError: two datasets of one subset, or none at all; or files in the folder that are not ours.
        DiskFullError: there is no room; the next run goes on.
        StoreError: the folder cannot be written.
    """
    folder = Path(folder)
    names = [dataset.subset for dataset in publication.datasets]
    if not names or len(set(names)) != len(names):
        raise ConfigError("a publication needs one dataset for each config, and at least one")
    settling = Settling(folder)
    rows_files = (rows_file(name).path for name in names)
    settling.begin([CARD, CROISSANT, *CHART_NAMES, INDEX, *example_names(), *rows_files])
    remove_leftovers(folder)
    counted = _Counted(sum(map(len, publication.datasets)), progress)
    configs = tuple(
        _write_config(dataset, publication, folder, read or ImageRef.bytes, (limits or {}).get(dataset.subset), counted)
        for dataset in publication.datasets
    )
    pictured = publication.form is Form.PICTURES
    examples = write_examples(publication.datasets, configs, folder) if pictured else ()
    charts = write_charts(publication.datasets, configs, folder)
    repository = Repository(
        folder, publication.title, publication.form, publication.terms, configs, publication.gated, examples, charts
    )
    written = [name for example in examples for name in (example.source, example.edited)]
    written += [path.relative_to(folder).as_posix() for path in write_rows_files(publication.datasets, folder)]
    if pictured:
        write_pictures_index(configs, folder)
        written.append(INDEX)
    written += charts
    settling.card(card(repository))
    write_croissant(repository)
    shards = [shard.file for config in configs for split in config.splits for shard in split.shards]
    settling.finish([*shards, *written, CARD, CROISSANT])
    return repository


class _Counted:
    """Counts rows over all configs, and tells of it."""

    def __init__(self, total: int, progress: Callable[[Progress], None] | None) -> None:
        self._counter, self._progress, self._left_out = Counter(total), progress, 0

    def add(self, rows: int, size: int, left_out: int) -> None:
        self._left_out += left_out
        self._counter.skipped(rows, size)
        if self._progress is not None and rows:
            self._progress(self._counter.progress(self._left_out))


def limits_of(subset: Subset, form: Form) -> Limits:
    """Say where a config's files are cut.

    Args:
        subset: which rows.
        form: with pictures or without.

    Returns:
        Row groups of at most 100 MB; of at most 100 rows with pictures, 50 for sessions of up to six. The viewer reads
        whole groups and at most 300 MB for a page of 100 rows.
    """
    if form is Form.ROWS or subset is Subset.INSTRUCTIONS:
        return Limits(group_bytes=32 * _MB, group_rows=_TEXT_GROUP_ROWS)
    return Limits(group_rows=50 if subset is Subset.MULTI_TURN else 100)


def _write_config(
    dataset: RecordSequence[Any],
    publication: Publication,
    folder: Path,
    read: Callable[[ImageRef], bytes],
    limits: Limits | None,
    counted: _Counted,
) -> PublishedConfig:
    subset, form = dataset.subset, publication.form
    described = columns(subset, form)
    # A copy of the release names what everybody can open, not the folder it was read from.
    mirror = resolve_mirror(RELEASE) if publication.terms.origin is Origin.RELEASE else dataset.mirror
    key = f"{dataset.table.sha256}|{mirror}|{form}"
    written: list[Written] = []
    for name, part in _parts(dataset, publication.splits).items():
        cut = limits or limits_of(subset, form)
        written.append(
            write_parquet(
                rows(part, form, published_as=mirror),
                folder / subset.value,
                described,
                read=read,
                key=key,
                split=name,
                limits=cut,
                progress=counted.add,
            )
        )
    counts: Mapping[str, int] = (
        {} if subset is Subset.MULTI_TURN else count_rows(dataset.table, dataset.rows, by="edit_type")
    )
    return PublishedConfig(subset, described, tuple(written), counts)


def _parts(dataset: RecordSequence[Any], splits: Sequence[int] | None) -> dict[str, RecordSequence[Any]]:
    """Part the rows; an empty split is left out, because `datasets` raises on one ("corresponds to no data")."""
    if splits is None:
        return {"train": dataset}
    parts = {name: part for name, part in parted(dataset, *splits).items() if len(part)}
    return parts or {"train": dataset}
