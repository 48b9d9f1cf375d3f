"""The index of a publication's pictures: where in the Parquet files each one lies.

With it one Range request reads one picture, so a published repository serves single pictures as a mirror does.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from pico_banana.mirrors.store import atomic_path
from pico_banana.pictures.packed import INDEX
from pico_banana.sharing.parquet.places import places_table
from pico_banana.sharing.parquet.sink import Sink

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from pico_banana.sharing.hub.published import PublishedConfig


def write_pictures_index(configs: Iterable[PublishedConfig], folder: Path) -> int:
    """Write where each picture lies.

    Args:
        configs: the configs, written.
        folder: the repository's.

    Returns:
        How many pictures there are; one that lies in several files is listed once.
    """
    import pyarrow as pa
    import pyarrow.parquet as pq

    shards = [shard for config in configs for split in config.splits for shard in split.shards]
    whole = pa.concat_tables([places_table(shard.places, shard.file) for shard in shards])
    numbered = whole.append_column("number", pa.array(range(len(whole)), pa.int64()))
    first = numbered.group_by("path").aggregate([("number", "min")])["number_min"]
    chosen = whole.take(first).sort_by("path")
    with atomic_path(folder / INDEX) as temporary, Sink(temporary, folder / INDEX) as out:
        pq.write_table(chosen, out, compression="zstd", use_dictionary=["file"])
    return len(chosen)
