"""Packs that were made apart become one: their shards are independent, and only get other numbers."""

from __future__ import annotations

import hashlib
import os
import shutil
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from pico_banana.errors import ConfigError, StoreError
from pico_banana.mirrors.store import atomic_path
from pico_banana.training.packs.layout import PACK_FILE, PackInfo, Shard, damaged, read_info, write_info

if TYPE_CHECKING:
    from collections.abc import Sequence


def merge_packs(folders: Sequence[str | Path], out: str | Path) -> PackInfo:
    """Join packs in their order; files are linked where the disk is the same, else copied.

    Args:
        folders: whole packs, of one format and geometry.
        out: where the joined pack goes; empty, missing, or an earlier merge.

    Returns:
        What is in it.

    Raises:
        ConfigError: there are no packs, or they are of different formats or geometries.
        StoreError: a pack is not whole, a file of one is damaged, or `out` holds something else.
    """
    target, places = Path(out), [Path(folder) for folder in folders]
    infos = [read_info(place) for place in places]
    _require_alike(places, infos)
    _require_own(target)
    shards: list[Shard] = []
    for place, info in zip(places, infos, strict=True):
        for name, reason in damaged(place, info.shards).items():
            raise StoreError(f"{place / name} {reason}; pack that shard again", path=str(place / name))
        for shard in info.shards:
            renumbered = replace(shard, number=len(shards))
            _take(place / shard.pictures_file, target / renumbered.pictures_file)
            _take(place / shard.rows_file, target / renumbered.rows_file)
            shards.append(renumbered)
    # A loader's position is kept by this name: another number of parts is another order of nothing.
    ids = hashlib.sha256("\n".join(info.name for info in infos).encode()).hexdigest()[:16]
    merged = PackInfo(f"merged {ids}", infos[0].format, infos[0].geometry, tuple(shards))
    write_info(target, merged)
    return merged


def _require_alike(places: Sequence[Path], infos: Sequence[PackInfo]) -> None:
    if not infos:
        raise ConfigError("there are no packs to merge", key="folders")
    for place, info in zip(places, infos, strict=True):
        if (info.format, info.geometry) != (infos[0].format, infos[0].geometry):
            text = f"{place} is of {info.format} and {info.geometry}, and {places[0]} is not; merge packs of one kind"
            raise ConfigError(text, key="folders")


def _require_own(target: Path) -> None:
    if target.is_dir() and any(target.iterdir()) and not (target / PACK_FILE).is_file():
        text = f"{target} is not empty and holds no pack; name a new folder"
        raise StoreError(text, path=str(target))


def _take(source: Path, target: Path) -> None:
    with atomic_path(target) as temporary:
        temporary.unlink()
        try:
            os.link(source, temporary)
        except OSError:  # another disk, or one without links
            shutil.copyfile(source, temporary)
