"""What calls cost, and the hard limit: no call starts that could exceed it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from pico_banana.errors import BudgetError, ConfigError
from pico_banana.regenerate.settings.config import Config, Price
from pico_banana.regenerate.values import Stage, Usage

if TYPE_CHECKING:
    from collections.abc import Mapping

    from pico_banana.regenerate.backends.base import ModelSettings

# Backends that run here; their calls cost nothing a service would bill.
FREE_BACKENDS = frozenset({"procedural", "diffusers"})
_MILLION = 1_000_000


def cost_usd(price: Price, usage: Usage) -> float:
    """Price one call.

    Args:
        price: the model's price.
        usage: what the call used.

    Returns:
        USD.
    """
    tokens = usage.input_tokens * price.input_per_million + usage.output_tokens * price.output_per_million
    return tokens / _MILLION + usage.pictures * price.per_picture


def most_usd(price: Price, settings: ModelSettings, stage: Stage) -> float:
    """Give what one call can cost at most, by its stage's limits.

    Args:
        price: the model's price.
        settings: the stage's settings, for `max_input_tokens` and `max_output_tokens`.
        stage: an edit makes one picture, the others none.

    Returns:
        USD.
    """
    pictures = 1 if stage is Stage.EDIT else 0
    return cost_usd(price, Usage(settings.max_input_tokens, settings.max_output_tokens, pictures))


def price_of(config: Config, settings: ModelSettings) -> Price:
    """Look up a model's price.

    Args:
        config: the run's configuration.
        settings: the stage's settings.

    Returns:
        Its price; zero for a backend that runs here.

    Raises:
        ConfigError: there is a budget and the model has no price, so it could not be kept.
    """
    price = config.prices.get(settings.model)
    if price is not None:
        return price
    if config.run.budget_usd and settings.backend not in FREE_BACKENDS:
        key = f'prices."{settings.model}"'
        numbers = "input_per_million, output_per_million, per_picture"
        text = f"a budget needs the price of every model: add [{key}] with {numbers}"
        raise ConfigError(text, key=key)
    return Price()


@dataclass(slots=True)
class Budget:
    """Money spent, money reserved for calls in flight, and the limit.

    Attributes:
        limit_usd: the limit, 0 for none.
        spent_usd: what finished calls cost, and what calls lost in flight may have cost.
        reserved_usd: what the calls in flight can cost at most.
    """

    limit_usd: float
    spent_usd: float = 0.0
    reserved_usd: float = 0.0

    def reserve(self, most: float) -> None:
        """Set money aside for a call.

        Args:
            most: what it can cost at most, USD.

        Raises:
            BudgetError: the call could exceed the limit; it must not start.
        """
        if self.limit_usd and self.spent_usd + self.reserved_usd + most > self.limit_usd:
            text = (
                f"the budget of {self.limit_usd:.2f} USD could be exceeded: {self.spent_usd:.4f} spent, "
                f"{self.reserved_usd:.4f} in flight, {most:.4f} for the next call. Raise --budget-usd and run "
                f"again to go on"
            )
            raise BudgetError(text)
        self.reserved_usd += most

    def settle(self, most: float, actual: float) -> None:
        """Exchange what was set aside for what the call cost.

        Args:
            most: what was reserved, USD.
            actual: what it cost, USD; 0 when it was not answered.
        """
        self.reserved_usd -= most
        self.spent_usd += actual


def prices(config: Config) -> Mapping[str, Price]:
    """Give the price of every stage's model.

    Args:
        config: the run's configuration.

    Returns:
        Stage table name to price.

    Raises:
        ConfigError: there is a budget and a model has no price.
    """
    return {name: price_of(config, settings) for name, settings in config.models.items()}
