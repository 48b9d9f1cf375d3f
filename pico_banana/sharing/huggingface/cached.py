"""`prepare`: fill the cache of `datasets` so that its own `load_dataset` finds the rows by name."""

from __future__ import annotations

import os
import warnings
from pathlib import Path
from typing import TYPE_CHECKING

from pico_banana.errors import ConfigError
from pico_banana.records import Subset
from pico_banana.rows.choosing.selection import parse_subset
from pico_banana.sharing.huggingface.making import DATASET_NAME, make_builder

if TYPE_CHECKING:
    from collections.abc import Iterable

    from pico_banana.rows.building.rowstore import OnBadRows
    from pico_banana.rows.opening import Place


_IN_THE_WAY = (
    f'is what stock load_dataset("{DATASET_NAME}", ...) takes when it is called from here, not what is prepared: '
    "call it from another folder, rename that one, or use pico_banana.register(), which looks at no folder"
)


def folder_in_the_way() -> Path | None:
    """Look for a folder, such as a clone, that `datasets` would take for the dataset.

    Returns:
        The folder of the dataset's name in the working directory; None when there is none.
    """
    folder = Path.cwd() / DATASET_NAME
    return folder if folder.is_dir() else None


def prepare(  # noqa: PLR0913 - every keyword is one independent choice of the caller's
    subset: str | Subset | None = None,
    *,
    mirror: Place = None,
    rows: str | Path | None = None,
    on_bad_rows: OnBadRows = "error",
    splits: str | Iterable[str] = ("train",),
    num_proc: int | None = None,
    cache_dir: str | Path | None = None,
    embed: bool = False,
    force: bool = False,
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
        embed: put the pictures' bytes in, so that they decode where this package is not installed; without it they are
            addresses, which it must be there to open.
        force: write again what is there. What is not whole is written again anyway.

    Returns:
        Each subset's name to its folder in the cache.

    Raises:
        UnknownNameError: there is no such subset.
        SelectionError: there is no such split.
        ConfigError: `rows` without a subset.
        MirrorError: the mirror is not there or has no such rows.
        RowError: a line is no row.
        TransportError: the rows, or a picture to embed, could not be fetched this time.
        DiskFullError: there is no room for the cache.
        StoreError: the cache cannot be written.
    """
    if rows is not None and subset is None:
        raise ConfigError("rows= names a file with the rows of one subset; say which subset that is", key="rows")
    if (there := folder_in_the_way()) is not None:
        warnings.warn(f"{there} {_IN_THE_WAY}", stacklevel=2)
    prepared = {}
    mode = "force_redownload" if force else None
    for name in [parse_subset(subset)] if subset is not None else list(Subset):
        builder = make_builder(
            name, cache_dir=cache_dir, mirror=mirror, rows=rows, on_bad_rows=on_bad_rows, splits=splits, embed=embed
        )
        builder.settle(name.value)
        builder.download_and_prepare(num_proc=num_proc, download_mode=mode)
        os.utime(builder.cache_dir)  # `datasets` takes the newest folder; this may be an older one that is wanted again
        prepared[name.value] = Path(builder.cache_dir)
    return prepared
