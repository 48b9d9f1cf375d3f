"""The part of a plan that is one shard's: the shards of a plan, one after the other, are the plan of one process.

Every shard makes the whole plan, which takes seconds, and keeps its part; so types are balanced over all photos, and
the number of shards changes nothing. With an `[inventory]` the plan is made of what a model saw, and no shard looks at
the photos of others: then each one plans its own photos, and balances its own types.
"""

from __future__ import annotations

import hashlib
from itertools import islice
from typing import TYPE_CHECKING

from pico_banana.regenerate.plan.items import make_items

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from pico_banana.regenerate.settings.config import Config
    from pico_banana.regenerate.values import Item, Photo
    from pico_banana.rows.sharding.shard import Shard


def shard_of_plan(
    config: Config, photos: Sequence[Photo], shard: Shard, *, able: frozenset[str] | None
) -> Iterator[Item]:
    """Give the items of one shard.

    Args:
        config: the run's configuration.
        photos: all photos of the run.
        shard: which shard.
        able: the types the backends can do; None for all.

    Returns:
        Its items, with the ids they have in the plan of one process.
    """
    count = sum(1 for _ in make_items(config, photos, able=able))
    span = shard.span(count)
    return islice(make_items(config, photos, able=able), span.start, span.stop)


def items_of_own_photos(
    config: Config, photos: Iterable[Photo], first: int, *, able: frozenset[str] | None
) -> Iterator[Item]:
    """Give the items of a shard that plans its own photos.

    Args:
        config: the run's configuration.
        photos: the shard's photos, with what was seen in them.
        first: how many photos the shards before it have.
        able: the types the backends can do; None for all.

    Returns:
        Its items, with ids that no other shard gives.
    """
    return make_items(config, photos, able=able, after=first * config.source.per_photo)


def fingerprint(photos: Iterable[Photo]) -> str:
    """Name the photos of a run, so that shards that found others are noticed.

    Args:
        photos: all photos of the run.

    Returns:
        Hexadecimal.
    """
    digest = hashlib.sha256()
    for photo in photos:
        digest.update(photo.url.encode("utf-8", "surrogatepass") + b"\n")
    return digest.hexdigest()[:16]
