"""`load_dataset`: the shape of the function in `datasets`, our rows, nothing changed in `datasets`."""

from __future__ import annotations

import inspect
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any, Literal, TypeAlias, Unpack, overload

from pico_banana.errors import ConfigError

if TYPE_CHECKING:
    from pathlib import Path

    from datasets import Dataset, DatasetDict, Features, IterableDataset, IterableDatasetDict

    from pico_banana.records import Subset
    from pico_banana.rows.building.rowstore import OnBadRows
    from pico_banana.rows.choosing.selection import RowOptions
    from pico_banana.rows.opening import Place

Splits: TypeAlias = str | Iterable[str]
DownloadMode: TypeAlias = Literal["reuse_dataset_if_exists", "reuse_cache_if_exists", "force_redownload"]
VerificationMode: TypeAlias = Literal["no_checks", "basic_checks", "all_checks"]

if TYPE_CHECKING:

    class LoadOptions(RowOptions, total=False):
        """The keywords that do not change what kind of thing is given."""

        splits: Splits | None
        mirror: Place
        rows: str | Path | None
        on_bad_rows: OnBadRows
        num_proc: int | None
        cache_dir: str | Path | None
        features: Features | None
        download_mode: DownloadMode | None
        verification_mode: VerificationMode | None
        keep_in_memory: bool


@overload
def load_dataset(
    path: str | Subset | None = ...,
    name: str | Subset | None = ...,
    *,
    split: None = ...,
    streaming: Literal[False] = ...,
    **options: Unpack[LoadOptions],
) -> DatasetDict: ...


@overload
def load_dataset(
    path: str | Subset | None = ...,
    name: str | Subset | None = ...,
    *,
    split: str,
    streaming: Literal[False] = ...,
    **options: Unpack[LoadOptions],
) -> Dataset: ...


@overload
def load_dataset(
    path: str | Subset | None = ...,
    name: str | Subset | None = ...,
    *,
    split: Sequence[str],
    streaming: Literal[False] = ...,
    **options: Unpack[LoadOptions],
) -> list[Dataset]: ...


@overload
def load_dataset(
    path: str | Subset | None = ...,
    name: str | Subset | None = ...,
    *,
    split: None = ...,
    streaming: Literal[True],
    **options: Unpack[LoadOptions],
) -> IterableDatasetDict: ...


@overload
def load_dataset(
    path: str | Subset | None = ...,
    name: str | Subset | None = ...,
    *,
    split: str,
    streaming: Literal[True],
    **options: Unpack[LoadOptions],
) -> IterableDataset: ...


@overload
def load_dataset(
    path: str | Subset | None = ...,
    name: str | Subset | None = ...,
    *,
    split: Sequence[str],
    streaming: Literal[True],
    **options: Unpack[LoadOptions],
) -> list[IterableDataset]: ...


def load_dataset(  # noqa: PLR0913 - the arguments of datasets.load_dataset that mean something here
    path: str | Subset | None = None,
    name: str | Subset | None = None,
    *,
    split: str | Sequence[str] | None = None,
    splits: Splits | None = None,
    streaming: bool = False,
    mirror: Place = None,
    rows: str | Path | None = None,
    on_bad_rows: OnBadRows = "error",
    num_proc: int | None = None,
    cache_dir: str | Path | None = None,
    features: Features | None = None,
    download_mode: DownloadMode | None = None,
    verification_mode: VerificationMode | None = None,
    keep_in_memory: bool = False,
    **selection: Unpack[RowOptions],
) -> Any:
    """Load a subset with `datasets`: cached, memory-mapped, pictures read when they are decoded.

    Args:
        path: "single_turn", "multi_turn", "preference" or "instructions"; or "pico-banana-400k", as code written for
            `datasets` says it, with the subset as `name`.
        name: the subset; None for what `path` says, else "single_turn".
        split: "train" for everything, a split by photo such as "test_90_5_5", an expression of `datasets` such as
            "train[:100]", several of these, or None for a dictionary of `splits`.
        splits: the splits of that dictionary; None for "train".
        streaming: give rows one after the other and write nothing.
        mirror: a folder, an address, "sample" for the embedded one; None for `PICO_BANANA_MIRROR`, else the release.
        rows: a rows file to read in place of the mirror's own.
        on_bad_rows: "error" raises for a line that is no row; "skip" leaves it out.
        num_proc: so many processes write the cache; not with `streaming`.
        cache_dir: the cache of `datasets`; None for its own choice.
        features: the same columns with other features, such as `Image(decode=False)`; None for the subset's own.
        download_mode: whether what is in the cache is used, as in `datasets`; "force_redownload" writes it anew.
        verification_mode: which checks `datasets` makes of what was written.
        keep_in_memory: read the rows into memory in place of mapping their file.
        **selection: which rows; see `Selection`.

    Returns:
        What `datasets.load_dataset` returns: a `Dataset` for a split, a `DatasetDict` without; with `streaming` the
        iterable kinds.

    Raises:
        UnknownNameError: a subset, type, category, flag or option that does not exist.
        SelectionError: parts of the selection contradict each other, or there is no such split.
        ConfigError: `num_proc` with `streaming`, `features` of other columns, or an argument of `datasets` that would
            mean nothing here, such as `revision`.
        MirrorError: the mirror is not there or has no such rows.
        RowError: a line is no row.
        TransportError: the rows could not be fetched this time.
    """
    from pico_banana.sharing.huggingface.making import make_builder
    from pico_banana.sharing.huggingface.refused import check_features, reject_foreign, reject_unknown, subset_of
    from pico_banana.sharing.huggingface.request import ALL, splits_in

    subset = subset_of(path, name)
    wished: dict[str, Any] = reject_foreign(dict(selection))
    reject_unknown(wished, inspect.signature(load_dataset).parameters)
    check_features(features, subset)
    wished |= {"mirror": mirror, "rows": rows, "on_bad_rows": on_bad_rows, "splits": splits or splits_in(split) or ALL}
    builder = make_builder(subset, cache_dir=cache_dir, features=features, **wished)
    if streaming:
        _reject_processes(num_proc)
        return builder.as_streaming_dataset(split=split)
    builder.download_and_prepare(num_proc=num_proc, download_mode=download_mode, verification_mode=verification_mode)
    return builder.as_dataset(split=split, in_memory=keep_in_memory)


def _reject_processes(num_proc: int | None) -> None:
    if num_proc is not None:
        text = (
            "streaming writes nothing that num_proc processes could share; a DataLoader with workers reads in parallel"
        )
        raise ConfigError(text, key="num_proc")
