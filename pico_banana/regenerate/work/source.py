"""The photos of a run, and the items of a shard of it."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property
from typing import TYPE_CHECKING, Any

from pico_banana.regenerate.plan.photos import find_photos
from pico_banana.regenerate.plan.shards import fingerprint, items_of_own_photos, shard_of_plan
from pico_banana.regenerate.work.inventory import with_inventories
from pico_banana.rows.sharding.share import Share

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pico_banana.regenerate.backends.base import ModelSettings
    from pico_banana.regenerate.ledger.book import Ledger
    from pico_banana.regenerate.settings.config import Config
    from pico_banana.regenerate.values import Item, Photo
    from pico_banana.rows.sharding.shard import Shard


@dataclass(frozen=True)
class Source:
    """The photos of a run; nothing is looked for before it is needed.

    Attributes:
        config: the configuration.
        shard: which part of the run this is; None for all of it.
        given: the photos; None for those that the configuration names.
    """

    config: Config
    shard: Shard | None
    given: tuple[Photo, ...] | None

    @cached_property
    def every(self) -> tuple[Photo, ...]:
        """All photos of the run."""
        return tuple(find_photos(self.config.source)) if self.given is None else self.given

    @property
    def own(self) -> tuple[Photo, ...] | None:
        """The photos that a model looks at before the plan is made; None for those that the configuration names."""
        return self.given if self.shard is None else self.shard.of(self.every)

    def items(self, ledger: Ledger, shard: Shard, able: frozenset[str] | None) -> Iterator[Item]:
        """Plan a shard, and note in its ledger which photos the whole run has.

        Args:
            ledger: the shard's, open for writing; nothing is planned in it yet.
            shard: which.
            able: the types the backends can do; None for all.

        Returns:
            The shard's items.
        """
        # A process that was killed while it planned may have noted the photos of another day.
        ledger.database.execute("DELETE FROM facts WHERE name = 'photos'")
        ledger.append("facts", {"name": "photos", "value": fingerprint(self.every)})
        if self.config.inventory is None:
            return shard_of_plan(self.config, self.every, shard, able=able)
        seen = with_inventories(ledger, self.config, shard.of(self.every))
        return items_of_own_photos(self.config, seen, shard.span(len(self.every)).start, able=able)


def with_share(config: Config, shard: Shard, *, budget: str = "") -> Config:
    """Give a shard its share of the budget and of the rates, so that all together keep the whole ones.

    Args:
        config: the run's configuration.
        shard: the shard.
        budget: the name of the budget, where a work has several.

    Returns:
        The shard's configuration.

    Raises:
        ConfigError: a rate is too low to be shared by so many.
    """
    stages: dict[str, Any] = {name: _slowed(settings, shard, name) for name, settings in config.models.items()}
    share = shard.share or Share(shard.count)
    return replace(config, **stages, run=replace(config.run, budget_usd=share.usd(config.run.budget_usd, budget)))


def _slowed(settings: ModelSettings, shard: Shard, name: str) -> ModelSettings:
    return replace(
        settings,
        requests_per_minute=shard.rate(settings.requests_per_minute, of=f"{name}.requests_per_minute"),
        tokens_per_minute=shard.rate(settings.tokens_per_minute, of=f"{name}.tokens_per_minute"),
    )
