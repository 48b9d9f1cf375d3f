"""`to_datasets`: any rows of ours as a `datasets.Dataset`."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from pico_banana.mirrors.store import atomic_path
from pico_banana.sharing.huggingface.keeping import kept_in, rows_in
from pico_banana.sharing.huggingface.making import DATASET_NAME

if TYPE_CHECKING:
    from datasets import Dataset

    from pico_banana.rows.sequence import RecordSequence


def to_datasets(dataset: RecordSequence[Any], *, cache_dir: str | Path | None = None, embed: bool = False) -> Dataset:
    """Give any narrowed dataset as a `datasets.Dataset`; see `PicoBanana.to_datasets`.

    Args:
        dataset: the rows.
        cache_dir: the cache of `datasets`; None for its own choice.
        embed: put the pictures' bytes in.

    Returns:
        The rows in the same order, memory-mapped.

    Raises:
        TransportError: a picture to embed could not be fetched this time.
        DiskFullError: there is no room for the cache.
        StoreError: the cache cannot be written.
    """
    import datasets
    from datasets.table import MemoryMappedTable

    from pico_banana.sharing.huggingface.features import features
    from pico_banana.sharing.huggingface.request import content_key

    more = ("embedded",) if embed else ()
    fingerprint = content_key(dataset.table, dataset.mirror, dataset.subset.value, dataset.rows.tobytes(), *more)
    # Not below "pico-banana-400k": a stock load_dataset would take it for something that was prepared.
    folder = Path(cache_dir or datasets.config.HF_DATASETS_CACHE) / "pico_banana_rows" / fingerprint
    path = folder / f"{dataset.subset.value}.arrow"
    if rows_in([path]) != len(dataset):
        with kept_in(path):
            _write(dataset, path, embed=embed)
    info = datasets.DatasetInfo(features=features(dataset.subset), dataset_name=DATASET_NAME)
    return datasets.Dataset(MemoryMappedTable.from_file(str(path)), info=info, fingerprint=fingerprint)


def _write(dataset: RecordSequence[Any], path: Path, *, embed: bool) -> None:
    from datasets.arrow_writer import ArrowWriter

    from pico_banana.sharing.huggingface.features import features, shard_ranges, tables_of

    with atomic_path(path) as temporary, ArrowWriter(path=str(temporary), features=features(dataset.subset)) as writer:
        for start, stop in shard_ranges(len(dataset)):
            for _, table in tables_of(dataset, start, stop, embed=embed):
                writer.write_table(table)
        writer.finalize()
