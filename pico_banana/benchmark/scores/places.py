"""Where ledgers of scores lie: one for each judge in a folder, and the same in every shard of it.

::

    scores/openai-critic--paper/all/ledger.sqlite
    scores.shards/0001-of-0008/openai-critic--paper/all/ledger.sqlite
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from pico_banana.regenerate.ledger.layout import DATABASE
from pico_banana.rows.sharding.copying import fetch
from pico_banana.rows.sharding.folder import RunFolder

if TYPE_CHECKING:
    from collections.abc import Iterator

ALL = "all"


def ledgers_in(place: str | Path) -> list[Path]:
    """Find the ledgers of a folder of scores, and of its shards; those behind an address are fetched.

    Args:
        place: a path or an address.

    Returns:
        Their files on this disk, in order.
    """
    return [file for folder in _folders(place) for file in sorted(folder.rglob(DATABASE))]


def _folders(place: str | Path) -> Iterator[Path]:
    if "://" not in str(place):
        yield Path(place)
    run = RunFolder(place)
    for shard, _ in run.folders():
        yield fetch(run, shard.name, only=DATABASE)
