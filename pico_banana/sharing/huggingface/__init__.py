"""Into `datasets` and back: `load_dataset`, `prepare`, and what `PicoBanana.to_datasets` does.

`load_dataset` makes our builder and asks it; nothing in `datasets` is changed. `prepare` writes where a stock
`load_dataset("pico-banana-400k", …)` falls back to. See `registration.py` for the bare name with every argument.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Sequence
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, TypeAlias, Unpack, overload

from pico_banana.errors import ConfigError
from pico_banana.mirrors.store import atomic_path
from pico_banana.records import Subset
from pico_banana.rows.choosing.selection import RowOptions, parse_subset

if TYPE_CHECKING:
    from datasets import Dataset, DatasetDict, IterableDataset, IterableDatasetDict

    from pico_banana.rows.building.rowstore import OnBadRows
    from pico_banana.rows.opening import Place
    from pico_banana.rows.sequence import RecordSequence

DATASET_NAME = "pico-banana-400k"
# By name: the builder is a plug-in of `datasets` and stands to the right of this module.
BUILDER_MODULE = "pico_banana.builders.pico_banana_400k"

Splits: TypeAlias = str | Iterable[str]


@overload
def load_dataset(
    name: str | Subset = ...,
    *,
    split: None = ...,
    mirror: Place = ...,
    rows: str | Path | None = ...,
    on_bad_rows: OnBadRows = ...,
    streaming: Literal[False] = ...,
    num_proc: int | None = ...,
    cache_dir: str | Path | None = ...,
    **selection: Unpack[RowOptions],
) -> DatasetDict: ...


@overload
def load_dataset(
    name: str | Subset = ...,
    *,
    split: str,
    mirror: Place = ...,
    rows: str | Path | None = ...,
    on_bad_rows: OnBadRows = ...,
    streaming: Literal[False] = ...,
    num_proc: int | None = ...,
    cache_dir: str | Path | None = ...,
    **selection: Unpack[RowOptions],
) -> Dataset: ...


@overload
def load_dataset(
    name: str | Subset = ...,
    *,
    split: Sequence[str],
    mirror: Place = ...,
    rows: str | Path | None = ...,
    on_bad_rows: OnBadRows = ...,
    streaming: Literal[False] = ...,
    num_proc: int | None = ...,
    cache_dir: str | Path | None = ...,
    **selection: Unpack[RowOptions],
) -> list[Dataset]: ...


@overload
def load_dataset(
    name: str | Subset = ...,
    *,
    split: None = ...,
    mirror: Place = ...,
    rows: str | Path | None = ...,
    on_bad_rows: OnBadRows = ...,
    streaming: Literal[True],
    num_proc: None = ...,
    cache_dir: str | Path | None = ...,
    **selection: Unpack[RowOptions],
) -> IterableDatasetDict: ...


@overload
def load_dataset(
    name: str | Subset = ...,
    *,
    split: str,
    mirror: Place = ...,
    rows: str | Path | None = ...,
    on_bad_rows: OnBadRows = ...,
    streaming: Literal[True],
    num_proc: None = ...,
    cache_dir: str | Path | None = ...,
    **selection: Unpack[RowOptions],
) -> IterableDataset: ...


def load_dataset(  # noqa: PLR0913 - the arguments of datasets.load_dataset that mean something here
    name: str | Subset = Subset.SINGLE_TURN,
    *,
    split: str | Sequence[str] | None = None,
    mirror: Place = None,
    rows: str | Path | None = None,
    on_bad_rows: OnBadRows = "error",
    streaming: bool = False,
    num_proc: int | None = None,
    cache_dir: str | Path | None = None,
    **selection: Unpack[RowOptions],
) -> Any:
    """Load a subset with `datasets`: cached, memory-mapped, pictures read when they are decoded.

    Args:
        name: "single_turn", "multi_turn", "preference" or "instructions".
        split: "train" for everything, a split by photo such as "test_90_5_5", an expression of `datasets` such as
            "train[:100]", several of these, or None for a dictionary with "train".
        mirror: a folder, an address, "sample" for the embedded one; None for `PICO_BANANA_MIRROR`, else the release.
        rows: a rows file to read in place of the mirror's own.
        on_bad_rows: "error" raises for a line that is no row; "skip" leaves it out.
        streaming: give rows one after the other and write nothing.
        num_proc: so many processes write the cache; not with `streaming`.
        cache_dir: the cache of `datasets`; None for its own choice.
        **selection: which rows; see `Selection`.

    Returns:
        What `datasets.load_dataset` returns: a `Dataset` for a split, a `DatasetDict` without; with `streaming` the
        iterable kinds.

    Raises:
        UnknownNameError: a subset, type, category, flag or option that does not exist.
        SelectionError: parts of the selection contradict each other, or there is no such split.
        ConfigError: `num_proc` with `streaming`.
        MirrorError: the mirror is not there or has no such rows.
        RowError: a line is no row.
        TransportError: the rows could not be fetched this time.
    """
    from pico_banana.sharing.huggingface.request import ALL, splits_in

    if streaming and num_proc is not None:
        text = (
            "streaming writes nothing that num_proc processes could share; a DataLoader with workers reads in parallel"
        )
        raise ConfigError(text, key="num_proc")
    options = {"mirror": mirror, "rows": rows, "on_bad_rows": on_bad_rows, "splits": splits_in(split) or ALL}
    builder = _builder(name, cache_dir=cache_dir, **options, **selection)
    if streaming:
        return builder.as_streaming_dataset(split=split)
    builder.download_and_prepare(num_proc=num_proc)
    return builder.as_dataset(split=split)


def prepare(
    subset: str | Subset | None = None,
    *,
    mirror: Place = None,
    rows: str | Path | None = None,
    on_bad_rows: OnBadRows = "error",
    splits: Splits = ("train",),
    num_proc: int | None = None,
    cache_dir: str | Path | None = None,
) -> dict[str, Path]:
    """Make stock `load_dataset("pico-banana-400k", "multi_turn")` work in every process, also without importing us.

    The rows go to the cache of `datasets`, where it looks for a name it cannot find on the Hub. It takes what was
    prepared last.

    Args:
        subset: the subset; None for all four.
        mirror: see `load_dataset`.
        rows: see `load_dataset`; needs a `subset`.
        on_bad_rows: see `load_dataset`.
        splits: the splits to offer there; "train" is everything.
        num_proc: so many processes write the cache.
        cache_dir: the cache of `datasets`; None for its own choice.

    Returns:
        Each subset's name to its folder in the cache.

    Raises:
        UnknownNameError: there is no such subset.
        SelectionError: there is no such split.
        ConfigError: `rows` without a subset.
        MirrorError: the mirror is not there or has no such rows.
        RowError: a line is no row.
        TransportError: the rows could not be fetched this time.
    """
    if rows is not None and subset is None:
        raise ConfigError("rows= names a file with the rows of one subset; say which subset that is", key="rows")
    prepared = {}
    for name in [parse_subset(subset)] if subset is not None else list(Subset):
        builder = _builder(name, cache_dir=cache_dir, mirror=mirror, rows=rows, on_bad_rows=on_bad_rows, splits=splits)
        builder.settle(name.value)
        builder.download_and_prepare(num_proc=num_proc)
        os.utime(builder.cache_dir)  # `datasets` takes the newest folder; this may be an older one that is wanted again
        prepared[name.value] = Path(builder.cache_dir)
    return prepared


def to_datasets(dataset: RecordSequence[Any], *, cache_dir: str | Path | None = None) -> Dataset:
    """Give any narrowed dataset as a `datasets.Dataset`; see `PicoBanana.to_datasets`.

    Args:
        dataset: the rows.
        cache_dir: the cache of `datasets`; None for its own choice.

    Returns:
        The rows in the same order, memory-mapped.
    """
    import datasets
    from datasets.table import MemoryMappedTable

    from pico_banana.sharing.huggingface.features import features
    from pico_banana.sharing.huggingface.request import content_key

    fingerprint = content_key(dataset.table, dataset.mirror, dataset.subset.value, dataset.rows.tobytes())
    # Not below "pico-banana-400k": a stock load_dataset would take it for something that was prepared.
    folder = Path(cache_dir or datasets.config.HF_DATASETS_CACHE) / "pico_banana_rows" / fingerprint
    path = folder / f"{dataset.subset.value}.arrow"
    if not path.is_file():
        _write(dataset, path)
    info = datasets.DatasetInfo(features=features(dataset.subset), dataset_name=DATASET_NAME)
    return datasets.Dataset(MemoryMappedTable.from_file(str(path)), info=info, fingerprint=fingerprint)


def _write(dataset: RecordSequence[Any], path: Path) -> None:
    from datasets.arrow_writer import ArrowWriter

    from pico_banana.sharing.huggingface.features import feature_table, features, shard_ranges

    with atomic_path(path) as temporary, ArrowWriter(path=str(temporary), features=features(dataset.subset)) as writer:
        for start, stop in shard_ranges(len(dataset)):
            writer.write_table(feature_table(dataset[start:stop]))
        writer.finalize()


def _builder(name: str | Subset, *, cache_dir: str | Path | None, **options: Any) -> Any:  # noqa: ANN401 - datasets is untyped
    """Make the builder of one subset, with every name checked by us before `datasets` sees it."""
    from pico_banana.sharing.huggingface.request import Request

    Request.of(name, **options)
    kind = import_module(BUILDER_MODULE).PicoBanana400k
    return kind(
        cache_dir=None if cache_dir is None else str(cache_dir),
        dataset_name=DATASET_NAME,
        config_name=parse_subset(name).value,
        **options,
    )
